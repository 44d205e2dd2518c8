"""Which accounts used which rare words, as bytes: what is sealed before it is written."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_PAIR = np.dtype([("mark", "<i8"), ("account", "<i4")])


@dataclass(frozen=True, slots=True)
class Support:
    """Pairs of a word's mark and the number of an account that used it, each of shape (n,)."""

    marks: NDArray[np.int64]
    accounts: NDArray[np.int32]

    def packed(self) -> bytes:
        pairs = np.empty(len(self.marks), dtype=_PAIR)
        pairs["mark"], pairs["account"] = self.marks, self.accounts
        return pairs.tobytes()

    @classmethod
    def opened(cls, packed: bytes) -> "Support":
        pairs = np.frombuffer(packed, dtype=_PAIR)
        return cls(pairs["mark"].astype(np.int64), pairs["account"].astype(np.int32))
