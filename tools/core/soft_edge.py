"""The soft edge of thresholds: how much higher a threshold is for one set or one word, secret and always the same (R3, R6).

An exact threshold is a test for whoever supplies all but one of a group: it is released when the last one is there, and not
before. Rounding to the nearest is such a test too, and so is an exact number of accounts by which two sets must differ. Here
each set of conversations draws for itself from a secret of the index. The same set draws the same, so that asking again tells
nothing; a set that differs by one conversation draws anew (as cell keys do: Fraser & Wooton 2005). Data plane.
"""

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from index.snapshots.snapshot import Rows

_STEPS = 1 << 32

Purpose = Literal["threshold", "difference", "rounding", "dominance", "readings", "choice"]
"""What a set draws for: its threshold; whether it tells two sets apart; how its numbers are rounded; from which share on an
account dominates it; how many accounts a reading of it needs; what a tool chooses by its size."""
_KINDS: dict[Purpose, bytes] = {
    "threshold": b"set", "difference": b"apart", "rounding": b"round", "dominance": b"most", "readings": b"read",
    "choice": b"choice",
}  # fmt: skip


@dataclass(frozen=True)
class SoftEdge:
    """Draws for the sets of one snapshot. `secret`: of the index; `numbers`: of the snapshot's conversations, which stay the
    same from snapshot to snapshot, shape (n,)."""

    secret: str
    numbers: NDArray[np.int64]

    def of_set(self, rows: Rows, purpose: Purpose = "threshold") -> float:
        """From 0 to 1, evenly, for a set of distinct conversations: another number for another purpose."""
        return self._even(self.key_of(rows), _KINDS[purpose])

    def of_value(self, value: int) -> float:
        """From 0 to 1, evenly, for a value of a facet, whoever has it."""
        return self._even(value.to_bytes(8, "big"), b"value")

    def of_word(self, word: str, rows: Rows) -> float:
        """From 0 to 1, evenly, for a word in the name of a set. In another set it draws anew: else somebody could find the
        word's edge in a group of invented accounts, and use it in one with a person."""
        return self._even(self.key_of(rows) + word.encode("utf-8", "surrogatepass"), b"word")

    def key_of(self, rows: Rows) -> bytes:
        """Eight bytes that tell sets of conversations apart; who does not know the secret cannot make two alike."""
        return int(self._keys[rows].sum(dtype=np.uint64)).to_bytes(8, "big")

    def _even(self, data: bytes, kind: bytes) -> float:
        digest = blake2b(data, key=self.secret.encode(), digest_size=4, person=b"shoal-" + kind).digest()
        return int.from_bytes(digest, "big") / _STEPS

    @cached_property
    def _keys(self) -> NDArray[np.uint64]:
        """A secret number for each conversation; sets are told apart by their sums."""
        seed = int.from_bytes(blake2b(self.secret.encode(), digest_size=16, person=b"shoal-edge").digest(), "big")
        drawn = np.random.Philox(seed).random_raw(int(self.numbers.max(initial=0)) + 1)
        keys: NDArray[np.uint64] = drawn[self.numbers]
        return keys
