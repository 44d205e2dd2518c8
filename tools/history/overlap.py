"""Finds, among sets that were released, those that a new set nearly repeats (R5), without looking at the members of each.

Sets that differ by fewer than k accounts have the same signature in one of k buckets (`tools.history.signatures`); only those
are compared in full. Sets with the same members are kept once, with the first of each kind. Data plane: it holds members.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from pyroaring import BitMap

from index.snapshots.snapshot import Rows, Snapshot
from tools.core.counting import how_many
from tools.history.signatures import FINER, Signature

_ROOM = 16

IsNear = Callable[[Rows, int], bool]
"""Whether two sets are nearly the same that differ by these rows, and by so many accounts that have none here."""


@dataclass(frozen=True, slots=True)
class Match:
    """A released set that fewer than `few` accounts tell from a new one, or none (`is_identical`). `age`: its place
    among the sets that were filed."""

    kind: str
    count: int | None
    age: int
    is_identical: bool
    read: Callable[[], BitMap]
    """Gives its members."""
    accounts: int = 0
    """Accounts that it had when it was released; 0: of the release that is being made, so they can be counted."""


@dataclass(slots=True)
class _Filed:
    """Released sets of the same members. `lacks`: accounts by which they surely differ from any set of this snapshot."""

    read: Callable[[], BitMap]
    lacks: int
    firsts: dict[str, tuple[int, int | None, int]] = field(default_factory=dict)
    """By kind, the first one's age, count and accounts."""


class Overlap:
    """Released sets by signature. `few`: only sets that differ by fewer accounts can be near; `is_near`: whether those are that
    differ by these rows and so many accounts more. None: all are."""

    def __init__(self, snapshot: Snapshot, few: int, is_near: IsNear | None = None) -> None:
        self._snapshot, self._few = snapshot, few
        self._is_near = is_near or self._differs_by_few
        self._fine = np.zeros((_ROOM, few * FINER), dtype=np.uint64)
        self._under: list[dict[int, tuple[int, ...]]] = [{} for _ in range(few)]
        """Places of sets by their signature in a bucket."""
        self._filed: list[_Filed] = []
        self._place: dict[tuple[bytes, int], int] = {}
        self._many = 0
        self.different = 0
        """How many were filed that tell something new: no set of their kind had the same members."""

    def add(
        self,
        kind: str,
        count: int | None,
        signature: Signature,
        read: Callable[[], BitMap],
        lacks: int = 0,
        accounts: int = 0,
    ) -> None:
        """File a set. `signature`: of what this snapshot holds of it. `read` gives its members when they are needed.
        `lacks`: accounts that it has beside those, which may stand for more that are gone."""
        age, self._many = self._many, self._many + 1
        if lacks >= self._few:
            return
        place = self._place.setdefault((signature.fine.tobytes(), lacks), len(self._filed))
        if place == len(self._filed):
            self._filed.append(_Filed(read, lacks))
            if place == len(self._fine):
                self._fine = np.concatenate([self._fine, np.zeros_like(self._fine)])
            self._fine[place] = signature.fine
            for under, word in zip(self._under, signature.coarse.tolist(), strict=True):
                under[word] = (*under.get(word, ()), place)
        firsts = self._filed[place].firsts
        if kind not in firsts:
            firsts[kind] = (age, count, accounts)
            self.different += 1

    def near(self, signature: Signature, members: Callable[[], BitMap]) -> list[Match]:
        """Sets that differ from one of this signature and these members by fewer than `few` accounts, oldest first."""
        same = self._place.get((signature.fine.tobytes(), 0))
        found = [] if same is None else list(self._nears(self._filed[same], is_identical=True))
        for place in self._possible(signature, same):
            found += self._compared(self._filed[place], members())
        return sorted(found, key=lambda near: near.age)

    def _possible(self, signature: Signature, same: int | None) -> list[int]:
        alike: set[int] = set()
        for under, word in zip(self._under, signature.coarse.tolist(), strict=True):
            alike.update(under.get(word, ()))
        alike.discard(-1 if same is None else same)
        if not alike:
            return []
        places = np.array(sorted(alike))
        differs = np.count_nonzero(self._fine[places] != signature.fine, axis=1)
        found: list[int] = places[differs < self._few].tolist()
        return found

    def _compared(self, filed: _Filed, members: BitMap) -> Iterator[Match]:
        rows, _ = self._snapshot.rows_of(np.array((members ^ filed.read()).to_array(), dtype=np.int64))
        if self._is_near(rows, filed.lacks):
            yield from self._nears(filed, is_identical=not len(rows) and not filed.lacks)

    def _differs_by_few(self, rows: Rows, more: int) -> bool:
        return how_many(self._snapshot.accounts[rows]) + more < self._few

    @staticmethod
    def _nears(filed: _Filed, *, is_identical: bool) -> Iterator[Match]:
        for kind, (age, count, accounts) in filed.firsts.items():
            yield Match(kind, count, age, is_identical, filed.read, accounts)
