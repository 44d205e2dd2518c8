"""Writes once what many entries of the ledger hold: members and signatures of sets that are released again and again.

A team asks much the same of one index, so nearly all sets of a long ledger are repeats. A repeat is kept as a reference to the
first place of the same bytes. The reference is what the chain is made of, and so are the bytes in their first place. Where
the first place is, is looked up in a table that nobody needs to trust: what it points to is compared before it is used.
"""

import hashlib
import sqlite3
from collections.abc import Sequence
from typing import Literal

from tools.core.errors import LedgerFault

SCHEMA = """
CREATE TABLE IF NOT EXISTS firsts (
    digest BLOB PRIMARY KEY, seq INTEGER NOT NULL, place INTEGER NOT NULL) WITHOUT ROWID;
"""

_REFERENCE = 7
"""Bytes of a reference: five of the entry's number and two of the place in it. A bitmap has at least eight bytes."""
_WITHIN = 4
"""Bytes of a place in the same entry, as an older Shoal wrote a repeat of members."""
_ENTRY = 5
_PLACES = 1 << 16
"""Places that a reference can name."""
_AT_ONCE = 10_000
"""Digests of one look-up."""

Column = Literal["members", "signature"]
_TABLES: dict[Column, str] = {"members": "sets", "signature": "signatures"}


class Blobs:
    """Bytes of one ledger's sets. Use it under the ledger's lock."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def written(self, column: Column, seq: int, blobs: Sequence[bytes]) -> list[bytes]:
        """What is stored for an entry's blobs, one a place: each whole in its first place, and a reference to that in others.
        Raises ValueError where one would be taken for a reference."""
        if any(_is_reference(column, blob) for blob in blobs):
            raise ValueError(f"{column} as short as a reference")
        digests = [_digest(column, blob) for blob in blobs]
        firsts = self._firsts(column, dict(zip(digests, blobs, strict=True)))
        stored = []
        for place, (digest, blob) in enumerate(zip(digests, blobs, strict=True)):
            # What is no longer than a reference is none.
            can_be_first = len(blob) > _REFERENCE and (digest in firsts or place < _PLACES)
            first = firsts.setdefault(digest, (seq, place)) if can_be_first else (seq, place)
            stored.append(blob if first == (seq, place) else _reference(*first))
        self._connection.executemany(
            "INSERT OR REPLACE INTO firsts VALUES (?, ?, ?)",
            [(digest, *first) for digest, first in firsts.items() if first[0] == seq],
        )
        return stored

    def _firsts(self, column: Column, blobs: dict[bytes, bytes]) -> dict[bytes, tuple[int, int]]:
        digests = [*blobs]
        firsts: dict[bytes, tuple[int, int]] = {}
        for at in range(0, len(digests), _AT_ONCE):
            some = digests[at : at + _AT_ONCE]
            found = self._connection.execute(
                f"SELECT digest, seq, place, {column} FROM firsts JOIN {_TABLES[column]} USING (seq, place) "
                f"WHERE digest IN ({', '.join('?' * len(some))})",
                some,
            )
            firsts |= {digest: (seq, place) for digest, seq, place, stored in found if stored == blobs[digest]}
        return firsts

    def whole(self, column: Column, seq: int, stored: bytes) -> bytes:
        """The bytes that are stored for a place of an entry, themselves or by reference."""
        return self.at(column, *_place(seq, stored)) if _is_reference(column, stored) else stored

    def at(self, column: Column, seq: int, place: int) -> bytes:
        """What one place of an entry stores."""
        found: tuple[bytes] | None = self._connection.execute(
            f"SELECT {column} FROM {_TABLES[column]} WHERE seq = ? AND place = ?", [seq, place]
        ).fetchone()
        if found is None:
            raise LedgerFault(
                f"The ledger refers to a set of entry {seq} that is not there.", "Restore it from a backup: shoal audit"
            )
        return found[0]

    def holds(self, column: Column, seq: int, place: int, stored: bytes) -> bool:
        """Whether what a place stores is whole, or refers to an earlier place that is."""
        if not _is_reference(column, stored):
            return True
        target = _place(seq, stored)
        try:
            return target < (seq, place) and not _is_reference(column, self.at(column, *target))
        except LedgerFault:
            return False


def _is_reference(column: Column, stored: bytes) -> bool:
    return len(stored) == _REFERENCE or (column == "members" and len(stored) == _WITHIN)


def _place(seq: int, reference: bytes) -> tuple[int, int]:
    """The entry and the place that a reference in an entry means."""
    if len(reference) == _WITHIN:
        return seq, int.from_bytes(reference, "little")
    return int.from_bytes(reference[:_ENTRY], "big"), int.from_bytes(reference[_ENTRY:], "big")


def _digest(column: Column, blob: bytes) -> bytes:
    return hashlib.sha256(column.encode() + blob).digest()[:16]


def _reference(seq: int, place: int) -> bytes:
    return seq.to_bytes(_ENTRY, "big") + place.to_bytes(_REFERENCE - _ENTRY, "big")
