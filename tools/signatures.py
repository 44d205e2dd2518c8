"""Signatures of sets: a few words from which it follows that two sets, or sums of sets, cannot be near (R5).

Accounts lie in k buckets, by a hash. A set has in each bucket the sum, modulo 2^64, of random words of its members
there. Sums are additive, so those of A + B - C follow from those of A, B and C. What differs from a set by fewer than k accounts
leaves one of k buckets as it is: there the sums are equal. So whoever looks for equal sums, in any bucket, misses
nothing; what it finds is compared in full. Each bucket is divided into finer ones, of which fewer than k differ too.

A signature follows from the numbers and accounts of members alone. A later snapshot has the same unless something was
forgotten, so that the ledger can keep signatures with the sets. Data plane: it sees members.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from index.snapshot import Rows, Snapshot
from tools.counting import how_many
from tools.remembered import Remembered

FINER = 4
"""Buckets within one of the k."""

Words = NDArray[np.uint64]

_ACCOUNTS = np.uint64(0x5DEECE66D)
"""So that the hash of an account is not the word of a conversation of the same number."""

_BASIS = 4
"""Words by which a kept signature tells what it was made from: the snapshot's last number, and a digest."""

_VERSION = b"signature 1"


@dataclass(frozen=True, slots=True)
class Signature:
    """`fine`: shape (k x FINER,). `coarse`: shape (k,), the sums of each bucket. `accounts`: how many the set has."""

    fine: Words
    coarse: Words
    accounts: int


class Signer:
    """Signatures of a snapshot's sets. `few`: k, accounts from which two sets are told apart."""

    def __init__(self, snapshot: Snapshot, few: int) -> None:
        self._snapshot, self._few = snapshot, few
        words = mixed(snapshot.numbers.astype(np.uint64))
        # Halves, because sums of 32 bits stay exact in a float.
        self._low = (words & np.uint64(0xFFFFFFFF)).astype(np.float64)
        self._high = (words >> np.uint64(32)).astype(np.float64)
        hashed = mixed(snapshot.accounts.astype(np.uint64) ^ _ACCOUNTS)
        self._bucket = (hashed % np.uint64(few * FINER)).astype(np.int64)
        self._fits: dict[bytes, bool] = {}
        self.of = Remembered(self._signed)

    def _signed(self, rows: Rows) -> Signature:
        buckets, fine = self._bucket[rows], self._few * FINER
        low = np.bincount(buckets, self._low[rows], fine).astype(np.uint64)
        high = np.bincount(buckets, self._high[rows], fine).astype(np.uint64)
        return self._made(low + (high << np.uint64(32)), how_many(self._snapshot.accounts[rows]))

    def _made(self, fine: Words, accounts: int) -> Signature:
        return Signature(fine, fine.reshape(self._few, FINER).sum(axis=1, dtype=np.uint64), accounts)

    def packed(self, rows: Rows) -> bytes:
        """The rows' signature for the ledger, with what it was made from."""
        signature = self.of(rows)
        return self._basis + signature.fine.astype("<u8").tobytes() + signature.accounts.to_bytes(8, "little")

    def unpacked(self, packed: bytes) -> Signature | None:
        """The signature that a set of the ledger has in this snapshot; None when it has to be made anew, because not
        all that it was made from is here as it was."""
        basis = packed[: 8 * _BASIS]
        if basis not in self._fits:
            self._fits[basis] = self._is_here(basis)
        if not self._fits[basis]:
            return None
        words = np.frombuffer(packed, dtype="<u8")[_BASIS:].astype(np.uint64)
        return self._made(words[:-1], int(words[-1]))

    @cached_property
    def _basis(self) -> bytes:
        return self._basis_until(int(self._snapshot.numbers.max(initial=0)))

    def _basis_until(self, last: int) -> bytes:
        """The number, and a digest of numbers and accounts up to it."""
        until = int(np.searchsorted(self._snapshot.numbers, last, side="right"))
        digest = hashlib.sha256(_VERSION + self._few.to_bytes(8, "little"))
        digest.update(self._snapshot.numbers[:until].astype("<i8").tobytes())
        digest.update(self._snapshot.accounts[:until].astype("<i8").tobytes())
        return last.to_bytes(8, "little") + digest.digest()[: 8 * (_BASIS - 1)]

    def _is_here(self, basis: bytes) -> bool:
        return len(basis) == 8 * _BASIS and self._basis_until(int.from_bytes(basis[:8], "little")) == basis


def mixed(numbers: Words) -> Words:
    """Well-spread words of numbers (splitmix64: Steele, Lea & Flood 2014)."""
    spread = (numbers + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    spread = (spread ^ (spread >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    spread = (spread ^ (spread >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    found: Words = spread ^ (spread >> np.uint64(31))
    return found
