"""What was released before counts (R5): looks up earlier sets that a new one nearly repeats, and answers with them.

It holds what the ledger holds, as far as this snapshot sees it, and the sets of the release at hand. Use it under the
ledger's lock. Data plane: it holds members.
"""

import itertools
from array import array
from collections.abc import Collection, Iterable

import numpy as np
from pyroaring import BitMap

from index.snapshot import Rows, Snapshot
from tools.combinations import Combination, Combinations
from tools.ledger import Ledger, ReleasedSet
from tools.overlap import Overlap

HELD = "held"
"""Kind of a set that was withheld so that another one stays hidden: it stays withheld wherever it is asked for."""


class Recall:
    """Released sets of a ledger and of the release at hand. `few`: accounts from which two sets are told apart."""

    def __init__(self, snapshot: Snapshot, few: int, ledger: Ledger) -> None:
        self._snapshot = snapshot
        self._few = few
        self._ledger = ledger
        self._earlier = Overlap(snapshot, few)
        self._now = Overlap(snapshot, few)
        self._combinations = Combinations(snapshot, few)

    def look_up(self) -> None:
        """Take in what every agent has released by now, and begin a release."""
        for item in self._ledger.new_sets(len(self._earlier)):
            rows = self._earlier.add(item)
            if rows is not None:
                self._combinations.add(item, rows)
        self._now = Overlap(self._snapshot, self._few)

    def note(self, kind: str, accounts: int, count: int | None, rows: Rows) -> None:
        """A set of the release at hand, so that the next one of it is held against this one too."""
        self._now.add(ReleasedSet(kind, accounts, count, self.members(rows)))

    def withdraw(self, kind: str) -> None:
        """Take back what was noted of a kind, which is counted once more."""
        noted, self._now = self._now.sets, Overlap(self._snapshot, self._few)
        for item in noted:
            if item.kind != kind:
                self._now.add(item)

    def near(self, rows: Rows, kinds: Collection[str]) -> Iterable[tuple[ReleasedSet, bool]]:
        """Sets released before, and in this release, that fewer than `few` accounts tell apart from the rows, oldest
        first; True: identical."""
        members = self.members(rows)
        return itertools.chain(self._earlier.near(rows, members, kinds), self._now.near(rows, members, kinds))

    def nearest(self, rows: Rows, kinds: Collection[str]) -> ReleasedSet | None:
        """The first released set that this one nearly repeats, or the one that earlier sets make of it together; None
        when it is new, or the very same as one that was released."""
        nearest: ReleasedSet | None = None
        for earlier, identical in self.near(rows, kinds):
            if identical:
                return None
            nearest = nearest or earlier
        return nearest

    def said(self, rows: Rows) -> int | None:
        """What was said in earlier releases of these rows as a cell, or of the first set that they nearly repeat; None
        when nothing was."""
        first: int | None = None
        for earlier, identical in self._earlier.near(rows, self.members(rows), ("cell",)):
            if identical:
                return earlier.count
            first = earlier.count if first is None else first
        return first

    def combined(self, rows: Rows) -> Combination | None:
        """What two or three sets of earlier releases nearly make together of these rows; None when nothing does, or
        when their own number was said."""
        return self._combinations.of(rows)

    def is_held(self, rows: Rows) -> bool:
        """Whether this set, or nearly this set, was withheld for another's sake, and was not said before that."""
        return any(True for _ in self._earlier.near(rows, self.members(rows), (HELD,)))

    def is_known(self, rows: Rows) -> bool:
        """Whether the size of this very set was said in an earlier release."""
        found = self._earlier.near(rows, self.members(rows), ("cell",))
        return any(identical for _, identical in found)

    def members(self, rows: Rows) -> BitMap:
        # An array, because a list of Python's numbers takes many times as long.
        return BitMap(array("I", self._snapshot.numbers[rows].astype(np.uint32).tobytes()))

    def rows_of(self, earlier: ReleasedSet) -> Rows:
        return self._snapshot.rows_of(np.array(earlier.members.to_array(), dtype=np.int64))[0]
