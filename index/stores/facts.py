"""Facts at rest (DuckDB): drafts, summaries, closed facets, accounts as keyed hashes, and attested words.

It holds no raw text: a draft's specifics are keyed hashes until enough accounts attest them (`index.privacy.sealing`), and
drafts, the accounts of each rare word and the forms of requests are encrypted as well (`index.privacy.cipher`). Every
public method is one transaction, so a kill leaves all of it or nothing. Batches of summaries are pending until the
vector store has them too.
"""

from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from index.core.errors import IndexFault
from index.privacy.cipher import Cipher
from index.privacy.sealing import EDGE_BITS, SUMMARY, Attested, marks_of
from index.privacy.sketch import shared_forms, unpacked
from index.stores.rewriting import written_anew
from index.stores.schema import FACETS, PLAIN_PAGES, bring_to_today, quoted
from index.stores.support import Support
from index.vocabulary import UNCLEAR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection
from index.stores.rows import UNNESTED, DraftRow, Forgetting, Staged, facet_columns, facets_of, other_texts

_LAST = "last_number"
"""In the manifest: the highest summary number ever given, because none is given twice, not even after an erasure."""

_PAGE = 50_000


def _connected(path: Path) -> "DuckDBPyConnection":
    import duckdb

    try:
        return duckdb.connect(str(path))
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise IndexFault(
                "Another process is writing to this index.", "Wait for it to finish, or stop it, then run again."
            ) from error
        raise IndexFault(f"{path} cannot be opened as an index.", "Restore it, or ingest into a new index.") from error


class Facts:
    """The writer's handle. One process at a time; readers use snapshots."""

    def __init__(self, path: Path, cipher: Cipher) -> None:
        self._cipher = cipher
        self._connection = _connected(path)
        bring_to_today(self._connection, cipher)
        if self.manifest(PLAIN_PAGES):
            self._connection.close()
            written_anew(path)
            self._connection = _connected(path)
            self._connection.execute("DELETE FROM manifest WHERE key = ?", [PLAIN_PAGES])
        self._open_support()

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

    def _open_support(self) -> None:
        """Who used which rare word, in memory: on disk it lies in sealed parts, one for each batch, made one part here."""
        self._connection.execute("SET temp_file_encryption = true")
        self._connection.execute("CREATE TEMP TABLE rare (mark BIGINT, account INTEGER)")
        parts = [Support.opened(self._cipher.open(part)) for (part,) in self._rows("SELECT part FROM support")]
        with self._transaction():
            for part in parts:
                self._connection.execute("INSERT INTO rare SELECT unnest(?), unnest(?)", [part.marks, part.accounts])
            self._connection.execute("DELETE FROM rare WHERE mark IN (SELECT mark FROM vocabulary)")
            if len(parts) > 1:
                self._seal_support()

    def _seal_support(self) -> None:
        """Write all of it anew, in one part."""
        self._connection.execute("DELETE FROM support")
        self._add_support("SELECT mark, account FROM rare")

    def _add_support(self, sql: str) -> None:
        found = self._connection.execute(sql).fetchnumpy()
        if len(found["mark"]):
            part = Support(found["mark"], found["account"]).packed()
            self._connection.execute("INSERT INTO support VALUES (?)", [self._cipher.seal(part)])

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

    def stage(
        self,
        batch: Sequence[Staged],
        clear: dict[int, str],
        min_accounts: int,
        broad_accounts: int,
        failed: Mapping[str, str] = MappingProxyType({}),
        scores: Mapping[tuple[str, int], int] = MappingProxyType({}),
    ) -> int:
        """Keep a batch of drafts and count its words; words that now have `min_accounts` accounts become vocabulary. Of words
        with a capital (marks below zero) it is counted on up to between `broad_accounts` and twice that (`edge_of`).
        Beside it keep which conversations could not be extracted (id to reason) and counts of privacy scores. Returns
        how many shorter forms are not counted any more.

        `clear` maps the batch's marks to their words. A word that stays under the threshold is not written.
        """
        with self._transaction():
            self._note_failures(failed, [item.id for item in batch])
            self._add_scores(scores)
            if not batch:
                return 0
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
                "CREATE OR REPLACE TEMP TABLE fresh AS SELECT DISTINCT mark, account FROM seen "
                "WHERE mark NOT IN (SELECT mark FROM vocabulary) "
                "EXCEPT SELECT mark, account FROM rare"
            )
            self._connection.execute("INSERT INTO rare SELECT * FROM fresh")
            self._add_support("SELECT * FROM fresh")
            attested = self._rows(
                # Its uses so far: one for each account of earlier batches, and every use in this one.
                "SELECT mark, count(*) - fresh.accounts + fresh.n FROM rare JOIN "
                "(SELECT mark, count(*) AS n, count(DISTINCT account) AS accounts FROM seen GROUP BY mark) fresh "
                "USING (mark) GROUP BY mark, fresh.accounts, fresh.n "
                f"HAVING count(*) >= CASE WHEN mark < 0 THEN ? * (1 + (~mark & {(1 << EDGE_BITS) - 1}) / {1 << EDGE_BITS}) "
                "ELSE ? END",
                broad_accounts,
                min_accounts,
            )
            if attested:
                self._connection.execute(
                    "INSERT INTO vocabulary SELECT unnest(?::BIGINT[]), unnest(?::VARCHAR[]), unnest(?::INTEGER[])",
                    [[mark for mark, _ in attested], [clear[mark] for mark, _ in attested], [n for _, n in attested]],
                )
                self._connection.execute("DELETE FROM rare WHERE mark IN (SELECT mark FROM vocabulary)")
            shorter = [identity for item in batch for identity in item.shorter]
            return self._outgrow([*shorter, *self._resumed(batch)])

    def _resumed(self, batch: Sequence[Staged]) -> list[str]:
        """Keep how these end, and find those that they go on from. What goes on began on the day of the earlier one."""
        endings = [(item.ending, item.id) for item in batch if item.ending is not None]
        if endings:
            self._connection.execute(
                "INSERT INTO endings SELECT unnest(?::VARCHAR[]), unnest(?::VARCHAR[])",
                [[ending for ending, _ in endings], [identity for _, identity in endings]],
            )
        begun = [(item.id, key) for item in batch for key in item.beginnings]
        if not begun:
            return []
        self._connection.execute(
            "CREATE OR REPLACE TEMP TABLE resumed AS SELECT DISTINCT later.id AS id, endings.id AS earlier FROM "
            "(SELECT unnest(?::VARCHAR[]) AS id, unnest(?::VARCHAR[]) AS ending) later JOIN endings USING (ending) "
            "WHERE endings.id <> later.id",
            [[identity for identity, _ in begun], [key for _, key in begun]],
        )
        self._connection.execute(
            "UPDATE drafts SET day = first.day FROM (SELECT resumed.id, min(held.day) AS day FROM resumed JOIN "
            "(SELECT id, day FROM drafts UNION ALL SELECT id, day FROM summaries) held ON held.id = resumed.earlier "
            "GROUP BY resumed.id) first WHERE drafts.id = first.id AND first.day < drafts.day"
        )
        return [row[0] for row in self._rows("SELECT DISTINCT earlier FROM resumed")]

    def _outgrow(self, shorter: Sequence[str]) -> int:
        """Count these no more. Their rows stay, for a published snapshot still shows them."""
        grown = sorted(self.known(shorter)) if shorter else []
        before = self._count("SELECT count(*) FROM outgrown")
        if grown:
            self._connection.execute("INSERT OR IGNORE INTO outgrown SELECT unnest(?::VARCHAR[])", [grown])
        return self._count("SELECT count(*) FROM outgrown") - before

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
            f"INSERT INTO drafts SELECT unnest(?::VARCHAR[]), unnest(?::INTEGER[]), {UNNESTED}, unnest(?::BLOB[]), "
            "unnest(?::BLOB[]), unnest(?::VARCHAR[])",
            [
                [item.id for item in batch],
                [numbers[item.account_hash] for item in batch],
                *facet_columns([item.facets for item in batch]),
                [self._cipher.seal(item.draft.encode()) for item in batch],
                [self._sealed(item.sketch) for item in batch],
                [item.kind for item in batch],
            ],
        )

    def _note_failures(self, failed: Mapping[str, str], taken: Sequence[str]) -> None:
        if failed:
            self._connection.execute(
                "INSERT INTO failures SELECT unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), 1 "
                "ON CONFLICT DO UPDATE SET reason = excluded.reason, tries = tries + 1",
                [list(failed), list(failed.values())],
            )
        if self._count("SELECT count(*) FROM failures"):
            self._connection.execute("DELETE FROM failures WHERE id IN (SELECT unnest(?::VARCHAR[]))", [list(taken)])

    def _add_scores(self, scores: Mapping[tuple[str, int], int]) -> None:
        if scores:
            self._connection.execute(
                "INSERT INTO privacy_scores SELECT unnest(?::VARCHAR[]), unnest(?::INTEGER[]), unnest(?::INTEGER[]) "
                "ON CONFLICT DO UPDATE SET conversations = conversations + excluded.conversations",
                [[stage for stage, _ in scores], [score for _, score in scores], list(scores.values())],
            )

    def privacy_scores(self) -> dict[tuple[str, int], int]:
        """Conversations by stage and privacy score."""
        return {(row[0], row[1]): row[2] for row in self._rows("SELECT * FROM privacy_scores ORDER BY stage, score")}

    def failures(self) -> dict[str, int]:
        """Conversations that could not be extracted and wait for another ingest, by reason."""
        return dict(self._rows("SELECT reason, count(*) FROM failures GROUP BY reason ORDER BY 2 DESC"))

    def drafts_waiting(self) -> int:
        return self._count("SELECT count(*) FROM drafts")

    def drafts(self, limit: int, skip: int = 0) -> list[DraftRow]:
        """The oldest drafts, after `skip` older ones."""
        found = self._rows(
            f"SELECT id, account, draft, sketch, coalesce(kind, '{UNCLEAR}'), {FACETS} FROM drafts ORDER BY rowid LIMIT ? OFFSET ?",
            limit,
            skip,
        )
        opened = [(self._cipher.open(row[2]).decode(), self._opened(row[3])) for row in found]
        return [
            DraftRow(row[0], row[1], facets_of(row[5:]), draft, sketch, row[4])
            for row, (draft, sketch) in zip(found, opened, strict=True)
        ]

    def _sealed(self, sketch: bytes | None) -> bytes | None:
        return self._cipher.seal(sketch) if sketch is not None else None

    def _opened(self, sketch: bytes | None) -> bytes | None:
        return self._cipher.open(sketch) if sketch is not None else None

    def vocabulary(self) -> dict[int, Attested]:
        """Every attested word by its mark."""
        return {mark: Attested(word, uses) for mark, word, uses in self._rows("SELECT * FROM vocabulary")}

    def cased(self) -> dict[int, int]:
        """By an attested word's mark how many accounts wrote it with a capital inside a sentence, as long as these are not
        broad."""
        return dict(
            self._rows(
                "SELECT ~mark, count(*) FROM rare WHERE mark < 0 AND ~mark IN (SELECT mark FROM vocabulary) GROUP BY mark"
            )
        )

    def held_accounts(self) -> int:
        """Accounts with conversations in this index."""
        return self._count("SELECT count(*) FROM accounts WHERE hash IS NOT NULL")

    def open_batch(self, rows: Sequence[DraftRow], texts: Sequence[Mapping[str, str]]) -> tuple[int, list[int]]:
        """Write a pending batch of summaries, each with its texts by facet. Returns the batch and the summaries' numbers."""
        with self._transaction():
            batch = self._count("SELECT max(no) FROM batches") + 1
            first = self.last_number() + 1
            numbers = list(range(first, first + len(rows)))
            self._connection.execute("INSERT INTO batches VALUES (?, FALSE)", [batch])
            self._connection.execute(
                "INSERT INTO summaries SELECT unnest(?::INTEGER[]), unnest(?::VARCHAR[]), unnest(?::INTEGER[]), "
                f"{UNNESTED}, unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), ?, unnest(?::BLOB[]), unnest(?::VARCHAR[])",
                [
                    numbers,
                    [row.id for row in rows],
                    [row.account for row in rows],
                    *facet_columns([row.facets for row in rows]),
                    [text.get(SUMMARY, "") for text in texts],
                    [other_texts(text) for text in texts],
                    batch,
                    [self._sealed(row.sketch) for row in rows],
                    [row.kind for row in rows],
                ],
            )
        return batch, numbers

    def complete_batch(self, batch: int, scores: Mapping[tuple[str, int], int]) -> None:
        """The vectors are in: make the batch visible and let its drafts go."""
        with self._transaction():
            self._add_scores(scores)
            self._connection.execute("UPDATE batches SET complete = TRUE WHERE no = ?", [batch])
            self._connection.execute(
                "DELETE FROM drafts WHERE id IN (SELECT id FROM summaries WHERE batch = ?)", [batch]
            )

    def holds(self, what: Forgetting) -> bool:
        """Whether there is anything to erase."""
        tables = ("drafts", "summaries")
        return any(
            self._count(f"SELECT count(*) FROM {table} WHERE {what.condition}", *what.parameters) for table in tables
        )

    def account_number(self, hashed: bytes) -> int | None:
        """The number of an account by its keyed hash; None: the index does not know it."""
        found = self._rows("SELECT no FROM accounts WHERE hash = ?", hashed)
        return int(found[0][0]) if found else None

    def forget(self, what: Forgetting) -> tuple[int, int, int]:
        """Erase rows in one transaction. An account of which nothing is left loses its hash; its number is never given
        to another. Returns summaries, waiting drafts and accounts erased."""
        with self._transaction():
            summaries = self._count(f"SELECT count(*) FROM summaries WHERE {what.condition}", *what.parameters)
            waiting = self._count(f"SELECT count(*) FROM drafts WHERE {what.condition}", *what.parameters)
            self.set_manifest(_LAST, str(self.last_number()))
            for table in ("summaries", "drafts"):
                self._connection.execute(f"DELETE FROM {table} WHERE {what.condition}", what.parameters)
            gone = (
                "SELECT no FROM accounts WHERE hash IS NOT NULL AND no NOT IN (SELECT account FROM summaries) "
                "AND no NOT IN (SELECT account FROM drafts)"
            )
            accounts = self._count(f"SELECT count(*) FROM ({gone})")
            self._connection.execute(f"DELETE FROM rare WHERE account IN ({gone})")
            self._seal_support()
            self._connection.execute(f"UPDATE accounts SET hash = NULL WHERE no IN ({gone})")
            # Keyed hashes of conversations that failed; whose they are is not known, so all of them go.
            self._connection.execute("DELETE FROM failures")
            for table in ("outgrown", "endings"):
                self._connection.execute(
                    f"DELETE FROM {table} WHERE id NOT IN (SELECT id FROM summaries UNION SELECT id FROM drafts)"
                )
        return summaries, waiting, accounts

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
        """Numbers of all complete summaries that count, ascending."""
        return [row[0] for row in self._rows("SELECT no FROM complete ORDER BY no")]

    def last_number(self) -> int:
        """The highest number that a summary was ever given, also one that was erased since."""
        return max(self._count("SELECT max(no) FROM summaries"), int(self.manifest(_LAST) or 0))

    def held_numbers(self) -> list[int]:
        """The same with those that a longer form has taken the place of: an older snapshot shows them."""
        return [row[0] for row in self._rows("SELECT no FROM summaries ORDER BY no")]

    def totals(self) -> tuple[int, int]:
        """Summaries and accounts with at least one summary."""
        row = self._rows("SELECT count(*), count(DISTINCT account) FROM complete")[0]
        return int(row[0]), int(row[1])

    def accounts_after(self, number: int) -> int:
        """Accounts with a summary beyond this number that had none up to it, outgrown or not."""
        return self._count(
            "SELECT count(*) FROM (SELECT account FROM summaries GROUP BY account HAVING min(no) > ?)", number
        )

    def copy_members(self, target: Path, numbers: Sequence[int], min_accounts: int) -> None:
        """Write the summaries of these numbers into another DuckDB file, ordered by number. Of their forms the numbers that at
        least `min_accounts` accounts share go with them (`shared_forms`)."""
        self._connection.execute("CREATE OR REPLACE TEMP TABLE wanted AS SELECT unnest(?) AS no", [np.asarray(numbers)])
        self._share_forms(min_accounts)
        self._connection.execute(f"ATTACH {quoted(target)} AS target")
        try:
            self._connection.execute(
                f"CREATE TABLE target.members AS SELECT no, account, {FACETS}, text, texts, forms.sketch, kind "
                "FROM summaries JOIN wanted USING (no) LEFT JOIN forms USING (no) ORDER BY no"
            )
        finally:
            self._connection.execute("DETACH target")
            self._connection.execute("DROP TABLE forms; DROP TABLE wanted")

    def _share_forms(self, min_accounts: int) -> None:
        found = self._rows(
            "SELECT no, account, sketch FROM summaries JOIN wanted USING (no) WHERE sketch IS NOT NULL ORDER BY no"
        )
        self._connection.execute("CREATE OR REPLACE TEMP TABLE forms (no INTEGER, sketch BLOB)")
        if not found:
            return
        forms = unpacked([self._cipher.open(row[2]) for row in found])
        shared = shared_forms(forms, np.array([row[1] for row in found]), min_accounts)
        for start in range(0, len(found), _PAGE):
            page = slice(start, start + _PAGE)
            self._connection.execute(
                "INSERT INTO forms SELECT unnest(?::INTEGER[]), unnest(?::BLOB[])",
                [[row[0] for row in found[page]], [form.tobytes() for form in shared[page].astype("<u4")]],
            )
