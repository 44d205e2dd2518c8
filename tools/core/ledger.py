"""The ledger: every release, append-only and hash-chained (R9), one per index, whoever asks.

It remembers which sets were released, as compressed bitmaps of summary numbers kept with the index's protection, so
that many questions together cannot isolate what one question may not (R5). Nothing is ever changed or removed here;
a broken chain is reported, never repaired. The chain's end is noted outside the index's folder: a ledger that was deleted,
replaced or rolled back does not have it, and then nothing more is released.
"""

import fcntl
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from math import fsum
from pathlib import Path
from typing import Any

from pyroaring import BitMap

from index.core.database import opened
from index.core.files import written_whole
from index.core.home import private_folder
from tools.core.errors import PHRASES_SPENT, LedgerFault
from tools.core.ledger_blobs import SCHEMA as BLOBS
from tools.core.ledger_blobs import Blobs
from tools.core.ledger_chain import FIELDS, REDACTED, Seal, Spending, link

_SCHEMA = """
CREATE TABLE IF NOT EXISTS releases (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, run TEXT NOT NULL, tool TEXT NOT NULL, scope TEXT NOT NULL,
    arguments TEXT NOT NULL, policy TEXT NOT NULL, snapshot INTEGER NOT NULL, asked INTEGER NOT NULL,
    shown INTEGER NOT NULL, withheld INTEGER NOT NULL, smallest INTEGER, to_model INTEGER NOT NULL,
    bytes INTEGER NOT NULL, digest TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sets (
    seq INTEGER NOT NULL, place INTEGER NOT NULL, kind TEXT NOT NULL, accounts INTEGER NOT NULL, count INTEGER,
    members BLOB NOT NULL,
    PRIMARY KEY (seq, place));
CREATE TABLE IF NOT EXISTS signatures (
    seq INTEGER NOT NULL, place INTEGER NOT NULL, signature BLOB NOT NULL, PRIMARY KEY (seq, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spendings (
    seq INTEGER PRIMARY KEY, epsilon REAL NOT NULL, question TEXT NOT NULL UNIQUE, answer TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS analysts (seq INTEGER PRIMARY KEY, analyst TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS seals (seq INTEGER PRIMARY KEY, salt TEXT NOT NULL, digest TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS releases_stay BEFORE UPDATE OF seq, at, run, tool, policy, snapshot, asked, shown,
    withheld, smallest, to_model, bytes, digest, previous, hash ON releases
    BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER IF NOT EXISTS typed_stays BEFORE UPDATE OF scope, arguments ON releases
    WHEN new.scope <> '[redacted]' OR new.arguments <> '[redacted]' OR new.seq NOT IN (SELECT seq FROM seals)
    BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER IF NOT EXISTS seals_stay BEFORE UPDATE ON seals WHEN new.salt <> '' OR new.digest <> old.digest
    BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER IF NOT EXISTS seals_kept BEFORE DELETE ON seals BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER IF NOT EXISTS releases_kept BEFORE DELETE ON releases BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER IF NOT EXISTS sets_stay BEFORE UPDATE ON sets BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER IF NOT EXISTS sets_kept BEFORE DELETE ON sets BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER IF NOT EXISTS signatures_stay BEFORE UPDATE ON signatures BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER IF NOT EXISTS signatures_kept BEFORE DELETE ON signatures BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER IF NOT EXISTS spendings_stay BEFORE UPDATE ON spendings BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER IF NOT EXISTS spendings_kept BEFORE DELETE ON spendings BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER IF NOT EXISTS analysts_stay BEFORE UPDATE ON analysts BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER IF NOT EXISTS analysts_kept BEFORE DELETE ON analysts BEGIN SELECT RAISE(ABORT, 'append-only'); END;
"""
"""Spendings, signatures, analysts and seals came later, in tables of their own: entries without one hash as they did before."""
REFUSED = "refused"
"""Digest of an entry that is no release: a question that was refused. Its `scope` says why, in a closed list's word."""
NOTED = "noted"
"""Digest of an entry that says what became of earlier releases: an export, a hand-over."""
_GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Release:
    """One row of the ledger, as people read it."""

    seq: int
    at: str
    run: str
    tool: str
    scope: str
    arguments: str
    policy: str
    snapshot: int
    asked: int
    shown: int
    suppressed: int
    smallest: int | None
    to_model: int
    bytes: int
    digest: str
    epsilon: float = 0.0
    """What it cost of the index's ε; 0 where no noise was drawn."""
    analyst: str = ""
    """Who asked, for the record; empty where an older Shoal wrote none."""


@dataclass(frozen=True, slots=True)
class ReleasedSet:
    """A set whose size left. `kind`: "scope", "cell", or "total: " and what was counted. `count` is what was said."""

    kind: str
    accounts: int
    count: int | None
    members: BitMap
    signature: bytes = b""
    """By which the set is looked up without its members (`tools.history.signatures`); bytes of no meaning here."""


@dataclass(frozen=True, slots=True)
class KeptSet:
    """A released set as the ledger keeps it. Its members stay in the file until they are needed: those of a long ledger
    would fill the memory. `signature` is empty where an older Shoal wrote none."""

    seq: int
    place: int
    kind: str
    accounts: int
    count: int | None
    signature: bytes


class Ledger:
    """Opens, appends, reads and verifies. Safe for parallel agents of one process and for several processes. `anchor` is
    the file that keeps the chain's end, beside the database where none is given. `analyst` is written into each entry."""

    def __init__(self, path: Path, anchor: Path | None = None, analyst: str = "") -> None:
        private_folder(path.parent)
        self.path = path
        self._analyst = analyst
        self._lock = threading.RLock()
        self._connection = opened(path, "the ledger")
        self._connection.executescript(_SCHEMA + BLOBS)
        self._blobs = Blobs(self._connection)
        (trigger,) = self._connection.execute("SELECT sql FROM sqlite_master WHERE name = 'releases_stay'").fetchone()
        if "UPDATE OF" not in trigger:
            # An older Shoal had nothing that may be redacted.
            self._connection.executescript(f"DROP TRIGGER releases_stay; {_SCHEMA}")
        self._anchor_file = anchor or path.with_suffix(".head")
        self._turn = path.with_suffix(".lock")
        self._anchored = ""

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the ledger from looking up earlier sets to appending, so that two agents cannot pass each other. Raises
        LedgerFault when the chain does not have the end that was noted."""
        with self._lock, self._turn.open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._require_end()
                yield
                last = self._connection.execute(
                    "SELECT hash, previous FROM releases ORDER BY seq DESC LIMIT 1"
                ).fetchone()
                if last is not None and last[0] != self._anchored:
                    self._anchor(*last)
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
            if last is not None and last[0] != self._anchored:
                self._anchor(last[0])
                self._anchored = last[0]

    def _anchor(self, *links: str) -> None:
        """Note the chain's end: a chain can prove that nothing within it changed, not that its end is still there. Before
        a commit both ends are noted, after it the new one, so a crash between is no alarm."""
        with written_whole(self._anchor_file) as partial:
            partial.write_text("\n".join(links), "utf-8")

    def _noted_ends(self) -> list[str]:
        """The hash of the last entry as it was noted, or of the last two; empty where nothing was released yet."""
        return self._anchor_file.read_text("utf-8").split() if self._anchor_file.exists() else []

    def _require_end(self) -> None:
        """Whoever deletes entries takes back what protects later releases, so nothing leaves without them."""
        noted = self._noted_ends()
        if not noted or noted == [self._anchored]:
            return
        marks = ", ".join("?" * len(noted))
        found = self._connection.execute(f"SELECT 1 FROM releases WHERE hash IN ({marks}) LIMIT 1", noted).fetchone()
        if found is None and noted != [_GENESIS]:
            raise LedgerFault(
                f"The ledger of this index ({self.path}) was deleted, replaced or rolled back: its last entry is not there.",
                "Restore it from a backup that is as new. Without it, new answers could disclose a small group together "
                f"with earlier ones. Only the owner of the index should remove {self._anchor_file} and begin again.",
            )

    def new_sets(self, after: int = 0) -> Sequence[KeptSet]:
        """Released sets, oldest first, of the entries after this one. Call inside `exclusive`."""
        return self._kept("seq > ?", after)

    def _kept(self, where: str, entry: int) -> list[KeptSet]:
        rows = self._connection.execute(
            "SELECT seq, place, kind, accounts, count, coalesce(signature, x'') FROM sets LEFT JOIN signatures "
            f"USING (seq, place) WHERE {where} ORDER BY seq, place",
            [entry],
        ).fetchall()
        # Nearly all are the same few ones, so each of these is read, and held, once.
        signatures = {row[-1]: self._blobs.whole("signature", row[0], row[-1]) for row in rows}
        return [
            KeptSet(seq, place, kind, many, count, signatures[held]) for seq, place, kind, many, count, held in rows
        ]

    def members_of(self, kept: KeptSet) -> BitMap:
        """The members of a set."""
        with self._lock:
            stored = self._blobs.at("members", kept.seq, kept.place)
            return BitMap.deserialize(self._blobs.whole("members", kept.seq, stored))

    def append(
        self, entry: dict[str, Any], sets: Sequence[ReleasedSet], spending: Spending | None = None, analyst: str = ""
    ) -> int:
        """Add a release, its sets, and the noise that was drawn for it. Call inside `exclusive`."""
        analyst = analyst or self._analyst
        last = self._connection.execute("SELECT seq, hash FROM releases ORDER BY seq DESC LIMIT 1").fetchone()
        previous = last[1] if last else _GENESIS
        seq = (last[0] if last else 0) + 1
        values = {"at": datetime.now(UTC).isoformat(timespec="seconds"), **entry}
        members = self._blobs.written("members", seq, [item.members.serialize() for item in sets])
        signatures = self._blobs.written("signature", seq, [item.signature for item in sets])
        stored = [
            (item.kind, item.accounts, item.count, blob, signature)
            for item, blob, signature in zip(sets, members, signatures, strict=True)
        ]
        seal = Seal.of(values)
        digest = link(previous, values, stored, spending, analyst, seal)
        self._connection.execute("INSERT INTO seals VALUES (?, ?, ?)", [seq, *astuple(seal)])
        self._connection.execute(
            f"INSERT INTO releases (seq, {', '.join(FIELDS)}, previous, hash) VALUES ({', '.join('?' * 17)})",
            [seq, *(values[name] for name in FIELDS), previous, digest],
        )
        self._connection.executemany(
            "INSERT INTO sets VALUES (?, ?, ?, ?, ?, ?)",
            [(seq, place, *parts) for place, (*parts, _) in enumerate(stored)],
        )
        self._connection.executemany(
            "INSERT INTO signatures VALUES (?, ?, ?)",
            [(seq, place, signature) for place, (*_, signature) in enumerate(stored) if signature],
        )
        if spending is not None:
            self._connection.execute("INSERT INTO spendings VALUES (?, ?, ?, ?)", [seq, *astuple(spending)])
        if analyst:
            self._connection.execute("INSERT INTO analysts VALUES (?, ?)", [seq, analyst])
        return seq

    def redact(self, seq: int) -> bool:
        """Take what was typed out of an entry; the chain still holds. False where there is no such entry, or it is one of an
        older Shoal, whose chain has the words themselves."""
        with self.exclusive():
            found = self._connection.execute("SELECT 1 FROM seals WHERE seq = ?", [seq]).fetchone()
            if found is not None:
                self._connection.execute("PRAGMA secure_delete = ON")
                self._connection.execute(
                    "UPDATE releases SET scope = ?, arguments = ? WHERE seq = ?", [REDACTED, REDACTED, seq]
                )
                self._connection.execute("UPDATE seals SET salt = '' WHERE seq = ?", [seq])
        return found is not None

    def copies(self) -> Iterator[tuple[dict[str, Any], list[ReleasedSet], Spending | None]]:
        """What `append` needs to make each entry again, oldest first."""
        for (seq,) in self._connection.execute("SELECT seq FROM releases ORDER BY seq").fetchall():
            row = self._connection.execute(f"SELECT {', '.join(FIELDS)} FROM releases WHERE seq = ?", [seq]).fetchone()
            spent = self._connection.execute(
                "SELECT epsilon, question, answer FROM spendings WHERE seq = ?", [seq]
            ).fetchone()
            released = [
                ReleasedSet(item.kind, item.accounts, item.count, self.members_of(item), item.signature)
                for item in self._kept("seq = ?", seq)
            ]
            yield dict(zip(FIELDS, row, strict=True)), released, Spending(*spent) if spent is not None else None

    def answer(self, question: str) -> list[int] | None:
        """The noisy counts that a question was answered with, or None when it was not asked yet."""
        with self._lock:
            found = self._connection.execute("SELECT answer FROM spendings WHERE question = ?", [question]).fetchone()
        return None if found is None else [int(count) for count in json.loads(found[0])]

    def spent(self, analyst: str | None = None) -> float:
        """ε spent in all, or for one analyst: releases add up (sequential composition)."""
        where, parameters = ("JOIN analysts USING (seq) WHERE analyst = ?", [analyst]) if analyst else ("", [])
        with self._lock:
            rows = self._connection.execute(f"SELECT epsilon FROM spendings {where}", parameters)
            return fsum(epsilon for (epsilon,) in rows)

    def releases(self, run: str | None = None, analyst: str | None = None, most: int = -1) -> list[Release]:
        """Releases, newest first; at most so many."""
        return self._entries({"run": run, "analyst": analyst}, f"digest NOT IN ('{REFUSED}', '{NOTED}')", most)

    def refusals(self) -> list[Release]:
        """Questions that were refused, newest first."""
        return self._entries({}, f"digest = '{REFUSED}'")

    def entries(self, run: str | None = None, analyst: str | None = None) -> list[Release]:
        """Releases, refusals and notes, newest first; of one run, or for one analyst."""
        return self._entries({"run": run, "analyst": analyst})

    def _entries(self, asked: dict[str, str | None], condition: str = "TRUE", most: int = -1) -> list[Release]:
        given = {column: value for column, value in asked.items() if value}
        where = " AND ".join([condition, *(f"{column} = ?" for column in given)])
        with self._lock:
            rows = self._connection.execute(
                f"SELECT seq, {', '.join(FIELDS)}, coalesce(epsilon, 0.0), coalesce(analyst, '') FROM releases "
                f"LEFT JOIN spendings USING (seq) LEFT JOIN analysts USING (seq) WHERE {where} ORDER BY seq DESC LIMIT ?",
                [*given.values(), most],
            ).fetchall()
        return [Release(*row) for row in rows]

    def asked_since(self, day: str, after: int) -> list[tuple[int, str]]:
        """Numbers and arguments of the entries behind `after` that were written on this day or later, oldest first; without
        what a spent budget refused."""
        with self._lock:
            return self._connection.execute(
                "SELECT seq, arguments FROM releases WHERE seq > ? AND at >= ? AND (digest, scope) <> (?, ?) ORDER BY seq",
                [after, day, REFUSED, PHRASES_SPENT],
            ).fetchall()

    def digest_known(self, digest: str) -> bool:
        """Whether a finding of this digest was released here."""
        if digest in (REFUSED, NOTED):
            return False
        with self._lock:
            found = self._connection.execute("SELECT 1 FROM releases WHERE digest = ? LIMIT 1", [digest]).fetchone()
        return found is not None

    def verify(self, report: Callable[[int], None] = lambda _: None) -> int | None:
        """Recompute the chain. Returns the first broken entry, or None when all hold."""
        previous = _GENESIS
        with self._lock:
            rows = self._connection.execute(
                f"SELECT seq, previous, hash, {', '.join(FIELDS)} FROM releases ORDER BY seq"
            ).fetchall()
        for expected, (seq, stored_previous, stored_hash, *values) in enumerate(rows, start=1):
            with self._lock:
                placed = self._connection.execute(
                    "SELECT place, kind, accounts, count, members, coalesce(signature, x'') FROM sets "
                    "LEFT JOIN signatures USING (seq, place) WHERE seq = ? ORDER BY place",
                    [seq],
                ).fetchall()
                are_there = all(
                    place == expected_place
                    and self._blobs.holds("members", seq, place, members)
                    and self._blobs.holds("signature", seq, place, signature)
                    for expected_place, (place, *_, members, signature) in enumerate(placed)
                )
                spent = self._connection.execute(
                    "SELECT epsilon, question, answer FROM spendings WHERE seq = ?", [seq]
                ).fetchone()
                analyst = self._connection.execute("SELECT analyst FROM analysts WHERE seq = ?", [seq]).fetchone()
                sealed = self._connection.execute("SELECT salt, digest FROM seals WHERE seq = ?", [seq]).fetchone()
            spending = Spending(*spent) if spent is not None else None
            seal, entry = Seal(*sealed) if sealed is not None else None, dict(zip(FIELDS, values, strict=True))
            sets = [item[1:] for item in placed]
            computed = link(previous, entry, sets, spending, analyst[0] if analyst is not None else "", seal)
            is_typed = seal is None or seal.holds(entry)
            if (
                seq != expected
                or stored_previous != previous
                or stored_hash != computed
                or not (is_typed and are_there)
            ):
                return int(seq)
            previous = stored_hash
            report(seq)
        noted = self._noted_ends()
        if noted and previous not in noted:
            return len(rows) + 1
        return self._part_of_no_entry()

    def _part_of_no_entry(self) -> int | None:
        with self._lock:
            found = self._connection.execute(
                "SELECT min(seq) FROM (SELECT seq FROM sets WHERE seq NOT IN (SELECT seq FROM releases) "
                "UNION SELECT seq FROM spendings WHERE seq NOT IN (SELECT seq FROM releases) "
                "UNION SELECT seq FROM analysts WHERE seq NOT IN (SELECT seq FROM releases) "
                "UNION SELECT seq FROM seals WHERE seq NOT IN (SELECT seq FROM releases) "
                "UNION SELECT seq FROM signatures LEFT JOIN sets USING (seq, place) WHERE kind IS NULL)"
            ).fetchone()
        return int(found[0]) if found[0] is not None else None

    def close(self) -> None:
        self._connection.close()
