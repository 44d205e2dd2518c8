"""Writes once what many entries of the ledger hold: members and signatures of sets that are released again and again.

A team asks much the same of one index, so nearly all sets of a long ledger are repeats. A repeat is kept as a reference to the
first place of the same bytes. The reference is what the chain is made of, and so are the bytes in their first place. Where
the first place is, is looked up in a table that nobody needs to trust: what it points to is compared before it is used.
"""

import hashlib
import sqlite3
from collections.abc import Sequence
from typing import Literal

SCHEMA = """
CREATE TABLE IF NOT EXISTS firsts (
    digest BLOB PRIMARY KEY, seq INTEGER NOT NULL, place INTEGER NOT NULL) WITHOUT ROWID;
"""

_REFERENCE = 7
"""Bytes of a reference: five of the entry's number and two of the place in it. A bitmap has at least eight bytes."""
_WITHIN = 4
"""Bytes of a place in the same entry, as an older Shoal wrote a repeat of members."""
_ENTRY = 5

Column = Literal["members", "signature"]
_TABLES: dict[Column, str] = {"members": "sets", "signature": "signatures"}


class Blobs:
    """Bytes of one ledger's sets. Use it under the ledger's lock."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def written(self, column: Column, seq: int, blobs: Sequence[bytes]) -> list[bytes]:
        """What is stored for an entry's blobs, one a place: each whole in its first place, and a reference to that in others."""
        digests = [_digest(column, blob) for blob in blobs]
        firsts = self._firsts(column, dict(zip(digests, blobs, strict=True)))
        stored = []
        for place, (digest, blob) in enumerate(zip(digests, blobs, strict=True)):
            # What is no longer than a reference is none.
            first = firsts.setdefault(digest, (seq, place)) if len(blob) > _REFERENCE else (seq, place)
            stored.append(blob if first == (seq, place) else _reference(*first))
        self._connection.executemany(
            "INSERT OR REPLACE INTO firsts VALUES (?, ?, ?)",
            [(digest, *first) for digest, first in firsts.items() if first[0] == seq],
        )
        return stored

    def _firsts(self, column: Column, blobs: dict[bytes, bytes]) -> dict[bytes, tuple[int, int]]:
        found = self._connection.execute(
            f"SELECT digest, seq, place, {column} FROM firsts JOIN {_TABLES[column]} USING (seq, place) "
            f"WHERE digest IN ({', '.join('?' * len(blobs))})",
            [*blobs],
        )
        return {digest: (seq, place) for digest, seq, place, stored in found if stored == blobs[digest]}

    def whole(self, column: Column, seq: int, stored: bytes) -> bytes:
        """The bytes that are stored for a place of an entry, themselves or by reference."""
        if len(stored) == _REFERENCE:
            return self.at(column, int.from_bytes(stored[:_ENTRY], "big"), int.from_bytes(stored[_ENTRY:], "big"))
        if column == "members" and len(stored) == _WITHIN:
            return self.at(column, seq, int.from_bytes(stored, "little"))
        return stored

    def at(self, column: Column, seq: int, place: int) -> bytes:
        """What one place of an entry stores."""
        found: tuple[bytes] = self._connection.execute(
            f"SELECT {column} FROM {_TABLES[column]} WHERE seq = ? AND place = ?", [seq, place]
        ).fetchone()
        return found[0]


def _digest(column: Column, blob: bytes) -> bytes:
    return hashlib.sha256(column.encode() + blob).digest()[:16]


def _reference(seq: int, place: int) -> bytes:
    return seq.to_bytes(_ENTRY, "big") + place.to_bytes(_REFERENCE - _ENTRY, "big")
