"""Facts at rest (DuckDB): drafts, summaries, closed facets, accounts as keyed hashes, and attested words.

It holds no raw text: a draft's specifics are keyed hashes until enough accounts attest them (`index.sealing`). Every
public method is one transaction, so a kill leaves all of it or nothing. Batches of summaries are pending until the
vector store has them too.
"""

from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.errors import IndexFault
from index.records import Facets
from index.sealing import Attested, marks_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

SCHEMA_VERSION = "1"

_SCHEMA = """
CREATE TABLE manifest (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL);
CREATE TABLE accounts (no INTEGER PRIMARY KEY, hash BLOB NOT NULL);
CREATE TABLE drafts (id VARCHAR, account INTEGER, language VARCHAR, concern TINYINT, turns INTEGER, day INTEGER,
    flagged BOOLEAN, surface VARCHAR, draft VARCHAR);
CREATE TABLE summaries (no INTEGER, id VARCHAR, account INTEGER, language VARCHAR, concern TINYINT, turns INTEGER,
    day INTEGER, flagged BOOLEAN, surface VARCHAR, text VARCHAR, batch INTEGER);
CREATE TABLE batches (no INTEGER PRIMARY KEY, complete BOOLEAN NOT NULL);
CREATE VIEW complete AS SELECT summaries.* FROM summaries JOIN batches ON summaries.batch = batches.no WHERE complete;
CREATE TABLE support (mark BIGINT, account INTEGER);
CREATE TABLE vocabulary (mark BIGINT, word VARCHAR, uses INTEGER);
"""

_FACET_COLUMNS = "language, concern, turns, day, flagged, surface"


@dataclass(frozen=True, slots=True)
class Staged:
    """A conversation read and sealed, ready to be staged. `account_hash` is the keyed hash of its account."""

    id: str
    account_hash: bytes
    facets: Facets
    draft: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A staged draft waiting to become a summary. `account` is the account's number in this index."""

    id: str
    account: int
    facets: Facets
    draft: str = field(repr=False)


class Facts:
    """The writer's handle. One process at a time; readers use snapshots."""

    def __init__(self, path: Path) -> None:
        import duckdb

        try:
            self._connection: DuckDBPyConnection = duckdb.connect(str(path))
        except duckdb.IOException as error:
            if "lock" in str(error).lower():
                raise IndexFault(
                    "Another process is writing to this index.", "Wait for it to finish, or stop it, then run again."
                ) from error
            raise IndexFault(
                f"{path} cannot be opened as an index.", "Restore it, or ingest into a new index."
            ) from error
        tables = self._connection.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'manifest'"
        ).fetchone()
        if tables == (0,):
            with self._transaction():
                self._connection.execute(_SCHEMA)
                self.set_manifest("schema", SCHEMA_VERSION)
        if (found := self.manifest("schema")) != SCHEMA_VERSION:
            raise IndexFault(
                f"The index has schema {found}, this Shoal reads {SCHEMA_VERSION}.", "Ingest into a new index."
            )

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _transaction(self) -> "Iterator[None]":
        self._connection.begin()
        try:
            yield
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()

    def _rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, list(parameters)).fetchall()

    def _count(self, sql: str, *parameters: object) -> int:
        return int(self._rows(sql, *parameters)[0][0] or 0)

    def manifest(self, key: str) -> str | None:
        found = self._rows("SELECT value FROM manifest WHERE key = ?", key)
        return str(found[0][0]) if found else None

    def set_manifest(self, key: str, value: str) -> None:
        self._connection.execute("INSERT OR REPLACE INTO manifest VALUES (?, ?)", [key, value])

    def known(self, ids: Sequence[str]) -> set[str]:
        """Which of these conversations the index already holds, as drafts or summaries."""
        found = self._rows(
            "SELECT id FROM drafts WHERE id IN (SELECT unnest($1::VARCHAR[])) "
            "UNION SELECT id FROM summaries WHERE id IN (SELECT unnest($1::VARCHAR[]))",
            list(ids),
        )
        return {row[0] for row in found}

    def stage(self, batch: Sequence[Staged], clear: dict[int, str], min_accounts: int) -> None:
        """Keep a batch of drafts and count its words; words that now have `min_accounts` accounts become vocabulary.

        `clear` maps the batch's marks to their words. A word that stays under the threshold is not written.
        """
        with self._transaction():
            numbers = self._number_accounts({item.account_hash for item in batch})
            marks = [(mark, numbers[item.account_hash]) for item in batch for mark in sorted(marks_of(item.draft))]
            self._insert_drafts(batch, numbers)
            self._connection.execute(
                "CREATE OR REPLACE TEMP TABLE seen AS SELECT unnest(?::BIGINT[]) AS mark, unnest(?::INTEGER[]) AS account",
                [[mark for mark, _ in marks], [account for _, account in marks]],
            )
            self._connection.execute(
                "UPDATE vocabulary SET uses = uses + fresh.n FROM (SELECT mark, count(*) AS n FROM seen GROUP BY mark) fresh "
                "WHERE vocabulary.mark = fresh.mark"
            )
            self._connection.execute(
                "INSERT INTO support SELECT DISTINCT mark, account FROM seen "
                "WHERE mark NOT IN (SELECT mark FROM vocabulary) "
                "EXCEPT SELECT mark, account FROM support"
            )
            attested = self._rows(
                "SELECT mark, count(*) FROM support WHERE mark IN (SELECT mark FROM seen) GROUP BY mark HAVING count(*) >= ?",
                min_accounts,
            )
            if attested:
                self._connection.execute(
                    "INSERT INTO vocabulary SELECT unnest(?::BIGINT[]), unnest(?::VARCHAR[]), unnest(?::INTEGER[])",
                    [[mark for mark, _ in attested], [clear[mark] for mark, _ in attested], [n for _, n in attested]],
                )
                self._connection.execute("DELETE FROM support WHERE mark IN (SELECT mark FROM vocabulary)")

    def _number_accounts(self, hashes: set[bytes]) -> dict[bytes, int]:
        ordered = sorted(hashes)
        known = dict(self._rows("SELECT hash, no FROM accounts WHERE hash IN (SELECT unnest(?::BLOB[]))", ordered))
        next_no = self._count("SELECT max(no) FROM accounts") + 1
        fresh = [value for value in ordered if value not in known]
        if fresh:
            numbers = list(range(next_no, next_no + len(fresh)))
            self._connection.execute(
                "INSERT INTO accounts SELECT unnest(?::INTEGER[]), unnest(?::BLOB[])", [numbers, fresh]
            )
            known.update(zip(fresh, numbers, strict=True))
        return known

    def _insert_drafts(self, batch: Sequence[Staged], numbers: dict[bytes, int]) -> None:
        self._connection.execute(
            "INSERT INTO drafts SELECT unnest(?::VARCHAR[]), unnest(?::INTEGER[]), unnest(?::VARCHAR[]), "
            "unnest(?::TINYINT[]), unnest(?::INTEGER[]), unnest(?::INTEGER[]), unnest(?::BOOLEAN[]), "
            "unnest(?::VARCHAR[]), unnest(?::VARCHAR[])",
            [
                [item.id for item in batch],
                [numbers[item.account_hash] for item in batch],
                *_facet_columns([item.facets for item in batch]),
                [item.draft for item in batch],
            ],
        )

    def drafts_waiting(self) -> int:
        return self._count("SELECT count(*) FROM drafts")

    def drafts(self, limit: int, skip: int = 0) -> list[DraftRow]:
        """The oldest drafts, after `skip` older ones."""
        found = self._rows(
            f"SELECT id, account, draft, {_FACET_COLUMNS} FROM drafts ORDER BY rowid LIMIT ? OFFSET ?", limit, skip
        )
        return [DraftRow(row[0], row[1], Facets(*row[3:]), row[2]) for row in found]

    def vocabulary(self) -> dict[int, Attested]:
        """Every attested word by its mark."""
        return {mark: Attested(word, uses) for mark, word, uses in self._rows("SELECT * FROM vocabulary")}

    def open_batch(self, rows: Sequence[DraftRow], texts: Sequence[str]) -> tuple[int, list[int]]:
        """Write a pending batch of summaries. Returns the batch and the summaries' numbers."""
        with self._transaction():
            batch = self._count("SELECT max(no) FROM batches") + 1
            first = self._count("SELECT max(no) FROM summaries") + 1
            numbers = list(range(first, first + len(rows)))
            self._connection.execute("INSERT INTO batches VALUES (?, FALSE)", [batch])
            self._connection.execute(
                "INSERT INTO summaries SELECT unnest(?::INTEGER[]), unnest(?::VARCHAR[]), unnest(?::INTEGER[]), "
                "unnest(?::VARCHAR[]), unnest(?::TINYINT[]), unnest(?::INTEGER[]), unnest(?::INTEGER[]), "
                "unnest(?::BOOLEAN[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), ?",
                [
                    numbers,
                    [row.id for row in rows],
                    [row.account for row in rows],
                    *_facet_columns([row.facets for row in rows]),
                    list(texts),
                    batch,
                ],
            )
        return batch, numbers

    def complete_batch(self, batch: int) -> None:
        """The vectors are in: make the batch visible and let its drafts go."""
        with self._transaction():
            self._connection.execute("UPDATE batches SET complete = TRUE WHERE no = ?", [batch])
            self._connection.execute(
                "DELETE FROM drafts WHERE id IN (SELECT id FROM summaries WHERE batch = ?)", [batch]
            )

    def pending(self) -> list[int]:
        """Numbers of summaries whose batch never completed."""
        found = self._rows("SELECT s.no FROM summaries s JOIN batches b ON s.batch = b.no WHERE NOT b.complete")
        return [row[0] for row in found]

    def drop_pending(self) -> None:
        """Undo batches that never completed; their drafts are still there and will be done again."""
        with self._transaction():
            self._connection.execute("DELETE FROM summaries WHERE batch IN (SELECT no FROM batches WHERE NOT complete)")
            self._connection.execute("DELETE FROM batches WHERE NOT complete")

    def numbers(self) -> list[int]:
        """Numbers of all complete summaries, ascending."""
        return [row[0] for row in self._rows("SELECT no FROM complete ORDER BY no")]

    def totals(self) -> tuple[int, int]:
        """Summaries and accounts with at least one summary."""
        row = self._rows("SELECT count(*), count(DISTINCT account) FROM complete")[0]
        return int(row[0]), int(row[1])

    def accounts_after(self, number: int) -> int:
        """Accounts with a summary beyond this number that have none up to it."""
        return self._count(
            "SELECT count(*) FROM (SELECT account FROM complete GROUP BY account HAVING min(no) > ?)", number
        )

    def copy_members(self, target: Path, table: str = "members") -> None:
        """Write the complete summaries into another DuckDB file, ordered by number."""
        self._connection.execute(f"ATTACH '{str(target).replace(chr(39), chr(39) * 2)}' AS target")
        try:
            self._connection.execute(
                f"CREATE TABLE target.{table} AS SELECT no, account, {_FACET_COLUMNS}, text FROM complete ORDER BY no"
            )
        finally:
            self._connection.execute("DETACH target")


def _facet_columns(facets: Sequence[Facets]) -> list[list[object]]:
    return [
        [item.language for item in facets],
        [item.concern for item in facets],
        [item.turns for item in facets],
        [item.day for item in facets],
        [item.flagged for item in facets],
        [item.surface for item in facets],
    ]
