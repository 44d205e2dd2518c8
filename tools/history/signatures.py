"""Signatures of sets: a few words from which it follows that two sets, or sums of sets, cannot be near (R5).

Accounts lie in k buckets, by a hash. A set has in each bucket the sum, modulo 2^64, of random words of its members
there. Sums are additive, so those of A + B - C follow from those of A, B and C. What differs from a set by fewer than k accounts
leaves one of k buckets as it is: there the sums are equal. So whoever looks for equal sums, in any bucket, misses
nothing; what it finds is compared in full. Each bucket is divided into finer ones, of which fewer than k differ too.

The sums follow from the numbers and accounts of members alone. A later snapshot has the same unless something was
forgotten, so that the ledger can keep signatures with the sets. Beside them the ledger keeps in which of 64 classes of themes a set
has members: most sets lie in one theme and need not be looked at for another one's. A later snapshot has other themes; there
it is not known of a kept set, which then is looked at always. Data plane: it sees members.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from index.snapshots.snapshot import Rows, Snapshot
from tools.core.counting import how_many
from tools.core.memo import MemoByArray

FINER = 4
"""Buckets within one of the k."""

Words = NDArray[np.uint64]

_ACCOUNTS = np.uint64(0x5DEECE66D)
"""So that the hash of an account is not the word of a conversation of the same number."""

CLASSES = 64
"""Of themes: one bit of a word each."""

EVERYWHERE, NOWHERE = np.uint64(2**64 - 1), np.uint64(0)

_BASIS = 4
"""Words by which a kept signature tells what it was made from: the snapshot's last number, and a digest."""

_VERSION = b"signature 1"

_HALF, _HALF_BITS = np.uint64(0xFFFFFFFF), np.uint64(32)


@dataclass(frozen=True, slots=True)
class Signature:
    """`fine`: shape (k x FINER,). `coarse`: shape (k,), the sums of each bucket. `accounts`: how many the set has. `reach`:
    the classes of themes in which it may have members, a bit each; `roots`: those in which it surely has members in k finer
    buckets, so that no set without that class is near it, nor contains it but for fewer than k accounts."""

    fine: Words
    coarse: Words
    accounts: int
    reach: np.uint64 = EVERYWHERE
    roots: np.uint64 = NOWHERE


class Signer:
    """Signatures of a snapshot's sets. `few`: k, accounts from which two sets are told apart. `accounts_of`: how many a set
    has, where somebody counts them anyhow."""

    def __init__(self, snapshot: Snapshot, few: int, accounts_of: Callable[[Rows], int] | None = None) -> None:
        self._snapshot, self._few = snapshot, few
        self._accounts_of = accounts_of or (lambda rows: how_many(snapshot.accounts[rows]))
        words = mixed(snapshot.numbers.astype(np.uint64))
        # Halves, because sums of 32 bits stay exact in a float.
        self._low, self._high = (words & _HALF).astype(np.float64), (words >> _HALF_BITS).astype(np.float64)
        hashed = mixed(snapshot.accounts.astype(np.uint64) ^ _ACCOUNTS)
        self._bucket = (hashed % np.uint64(few * FINER)).astype(np.int32)
        self._spot = (snapshot.base_labels % CLASSES).astype(np.int32) * (few * FINER) + self._bucket
        """Class of themes and finer bucket of each summary."""
        self._fits: dict[bytes, bool] = {}
        self.of = MemoByArray(self._signed)

    def learn(self, sets: Sequence[Rows]) -> None:
        """Make the signatures of many sets at once."""
        self.of.learn(sets, self._all_signed)

    def _signed(self, rows: Rows) -> Signature:
        return self._all_signed([rows])[0]

    def _all_signed(self, sets: Sequence[Rows]) -> list[Signature]:
        if not sets:
            return []
        many, fine = len(sets), self._few * FINER
        rows = np.concatenate(sets) if many > 1 else sets[0]
        own: NDArray[np.int64] = np.repeat(np.arange(many), list(map(len, sets)))
        places = own * fine + self._bucket[rows]
        low, high = (np.bincount(places, half[rows], many * fine).astype(np.uint64) for half in (self._low, self._high))
        sums = (low + (high << _HALF_BITS)).reshape(many, fine)
        occupied = np.zeros(many * CLASSES * fine, dtype=bool)
        occupied[own * (CLASSES * fine) + self._spot[rows]] = True
        buckets = np.count_nonzero(occupied.reshape(many, CLASSES, fine), axis=2)
        reach, roots = (_bits(buckets >= least) for least in (1, self._few))
        accounts = [self._accounts_of(rows) for rows in sets]
        return [self._made(*parts) for parts in zip(sums, accounts, reach, roots, strict=True)]

    def _made(self, fine: Words, accounts: int, reach: np.uint64, roots: np.uint64) -> Signature:
        coarse = fine.reshape(self._few, FINER).sum(axis=1, dtype=np.uint64)
        return Signature(fine, coarse, accounts, reach, roots)

    def packed(self, rows: Rows) -> bytes:
        """The rows' signature for the ledger, with what it was made from."""
        signature = self.of(rows)
        more = np.array([signature.accounts, self._themes, signature.reach, signature.roots], dtype="<u8")
        return self._basis + signature.fine.astype("<u8").tobytes() + more.tobytes()

    def unpacked(self, packed: bytes) -> Signature | None:
        """The signature that a set of the ledger has in this snapshot; None when it has to be made anew, because not
        all that it was made from is here as it was."""
        basis = packed[: 8 * _BASIS]
        if basis not in self._fits:
            self._fits[basis] = self._is_here(basis)
        if not self._fits[basis]:
            return None
        words = np.frombuffer(packed, dtype="<u8")[_BASIS:].astype(np.uint64)
        fine, (accounts, *themes) = words[: self._few * FINER], words[self._few * FINER :]
        # An older Shoal kept no themes.
        is_of_these = bool(themes) and themes[0] == self._themes
        reach, roots = themes[1:] if is_of_these else (EVERYWHERE, NOWHERE)
        return self._made(fine, int(accounts), reach, roots)

    @cached_property
    def _themes(self) -> np.uint64:
        """By which it is known whether a kept set's classes are those of this snapshot's themes."""
        digest = hashlib.sha256(self._snapshot.base_labels.astype("<i4").tobytes()).digest()
        return np.uint64(int.from_bytes(digest[:8], "little"))

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


def _bits(flags: NDArray[np.bool_]) -> Words:
    """One machine word for each row of flags, shape (any, CLASSES)."""
    return np.packbits(flags, axis=1).view(np.uint64)[:, 0]


def mixed(numbers: Words) -> Words:
    """Well-spread words of numbers (splitmix64: Steele, Lea & Flood 2014)."""
    spread = (numbers + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    spread = (spread ^ (spread >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    spread = (spread ^ (spread >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    found: Words = spread ^ (spread >> np.uint64(31))
    return found
