"""Finds, among sets that were released, those that a new set nearly repeats (R5), without looking at each.

Two sets that differ by fewer than k accounts share, in any fixed order of all accounts, one of the first k of each
(prefix filter: Chaudhuri, Ganti & Kaushik 2006). So every set is filed under its first k accounts, in an order drawn
by a hash, and a new one is compared with what lies under its own. Data plane: it holds members.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
from pyroaring import BitMap

from index.snapshot import Rows, Snapshot
from tools.counting import distinct
from tools.ledger import ReleasedSet

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""Fibonacci hashing (Knuth, TAOCP 6.4): low account numbers are no hot keys."""

_ENOUGH = 256
"""Lowest ranks looked at first: they nearly always hold enough accounts, and sorting all of a large set is slow."""


@dataclass(frozen=True, slots=True)
class _Filed:
    """A released set as this snapshot sees it. `held`: what the snapshot still holds of it."""

    item: ReleasedSet
    held: BitMap
    lacks: int
    """Accounts by which it surely differs: those forgotten since count as one, so that before and after are not two
    answers; those that came later than this snapshot count as many."""


class Overlap:
    """Released sets, filed by account. `few`: sets that differ by fewer accounts are near."""

    def __init__(self, snapshot: Snapshot, few: int) -> None:
        self._snapshot = snapshot
        self._few = few
        self._ranks = snapshot.accounts.astype(np.uint64) * _MULTIPLIER
        self._most_rows = (few - 1) * int(np.bincount(snapshot.accounts).max(initial=1))
        self._filed: list[_Filed] = []
        self._under: dict[int, list[int]] = defaultdict(list)
        self._tiny: list[int] = []
        """Sets of fewer than `few` accounts: two of them may be near and share nothing."""

    def __len__(self) -> int:
        return len(self._filed)

    @property
    def sets(self) -> list[ReleasedSet]:
        """Oldest first."""
        return [filed.item for filed in self._filed]

    def add(self, item: ReleasedSet) -> Rows | None:
        """File a set. Returns its rows; None when not all of it lies in this snapshot."""
        numbers = np.array(item.members.to_array(), dtype=np.int64)
        rows, held = self._snapshot.rows_of(numbers)
        gone = numbers[~held]
        lacks, known = 0, item.members
        if len(gone):
            lacks = self._few if gone.max() > self._snapshot.numbers.max(initial=0) else 1
            known = BitMap(numbers[held].tolist())
        keys = self._first_accounts(rows)
        for key in keys:
            self._under[key].append(len(self._filed))
        if len(keys) < self._few:
            self._tiny.append(len(self._filed))
        self._filed.append(_Filed(item, known, lacks))
        return None if lacks else rows

    def near(self, rows: Rows, members: BitMap, kinds: Collection[str]) -> Iterator[tuple[ReleasedSet, bool]]:
        """Sets of these kinds that differ from the rows' by fewer than `few` accounts, oldest first; True: identical."""
        keys = self._first_accounts(rows)
        places = {place for key in keys for place in self._under.get(key, ())}
        if len(keys) < self._few:
            places.update(self._tiny)
        for place in sorted(places):
            filed = self._filed[place]
            if filed.item.kind not in kinds or filed.lacks >= self._few:
                continue
            changed = members.symmetric_difference_cardinality(filed.held)
            if not changed and not filed.lacks:
                yield filed.item, True
            elif changed <= self._most_rows and self._accounts_of(members ^ filed.held) + filed.lacks < self._few:
                yield filed.item, False

    def _first_accounts(self, rows: Rows) -> list[int]:
        """The first `few` accounts of these rows, in the hash's order."""
        ranks = self._ranks[rows]
        if len(ranks) > _ENOUGH:
            lowest = np.unique(np.partition(ranks, _ENOUGH)[:_ENOUGH])
            ranks = lowest if len(lowest) >= self._few else ranks
        found: list[int] = np.unique(ranks)[: self._few].tolist()
        return found

    def _accounts_of(self, members: BitMap) -> int:
        rows, _ = self._snapshot.rows_of(np.array(members.to_array(), dtype=np.int64))
        return len(distinct(self._snapshot.accounts[rows]))
