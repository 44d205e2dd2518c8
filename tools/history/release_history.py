"""What was released before counts (R5): looks up earlier sets that a new one nearly repeats, and answers with them.

It holds what the ledger holds, as far as this snapshot sees it, and the sets of the release at hand. Use it under the
ledger's lock. Data plane: it holds members.
"""

from array import array
from collections.abc import Callable, Collection, Sequence
from functools import partial

import numpy as np
from pyroaring import BitMap

from index.snapshots.snapshot import Rows, Snapshot
from tools.core.ledger import KeptSet, Ledger
from tools.core.memo import Remembered
from tools.history.combinations import Combination, Combinations
from tools.history.overlap import Near, Overlap
from tools.history.signatures import Signer

HELD = "held"
"""Kind of a set that was withheld so that another one stays hidden: it stays withheld wherever it is asked for."""


class Recall:
    """Released sets of a ledger and of the release at hand. `few`: accounts from which two sets are told apart.
    `accounts_of`: how many a set has, where somebody counts them anyhow."""

    def __init__(
        self, snapshot: Snapshot, few: int, ledger: Ledger, accounts_of: Callable[[Rows], int] | None = None
    ) -> None:
        self._snapshot = snapshot
        self._few = few
        self._ledger = ledger
        self._signer = Signer(snapshot, few, accounts_of)
        self._earlier = Overlap(snapshot, few)
        self._now = Overlap(snapshot, few)
        self._combinations = Combinations(snapshot, few)
        self._known = 0
        self.members = Remembered(self._members)
        self._near_earlier = Remembered(self._compared)

    def look_up(self) -> None:
        """Take in what every agent has released by now, and begin a release."""
        for item in self._ledger.new_sets(self._known):
            self._file(item)
            self._known += 1
        self._now = Overlap(self._snapshot, self._few)
        self._near_earlier = Remembered(self._compared)

    def _file(self, item: KeptSet) -> None:
        read = partial(self._ledger.members_of, item)
        signature, lacks = self._signer.unpacked(item.signature), 0
        if signature is None:
            numbers = np.array(read().to_array(), dtype=np.int64)
            rows, held = self._snapshot.rows_of(numbers)
            signature = self._signer.of(rows)
            lacks = self._lacking(numbers[~held])
        self._earlier.add(item.kind, item.count, signature, read, lacks)
        if item.count is not None and not lacks:
            self._combinations.add(signature, read)
        elif item.kind == HELD and not lacks:
            self._combinations.hold(signature)

    def _lacking(self, gone: Rows) -> int:
        """Accounts that these numbers count as, which this snapshot does not hold: forgotten ones as one, so that before
        and after are not two answers; those that came later as many."""
        if not len(gone):
            return 0
        return self._few if gone.max() > self._snapshot.numbers.max(initial=0) else 1

    def note(self, kind: str, count: int | None, rows: Rows) -> None:
        """A set of the release at hand, so that the next one of it is held against this one too."""
        self._now.add(kind, count, self._signer.of(rows), partial(self.members, rows))

    def withdraw(self, kind: str) -> None:
        """Take back what was noted of a kind, which is counted once more."""
        self._now.drop(kind)

    def near(self, rows: Rows, kinds: Collection[str]) -> list[Near]:
        """Sets released before, and in this release, that fewer than `few` accounts tell apart from the rows, oldest
        first."""
        now = self._now.near(self._signer.of(rows), partial(self.members, rows))
        return [near for near in (*self._near_earlier(rows), *now) if near.kind in kinds]

    def nearest(self, rows: Rows, kinds: Collection[str]) -> Near | None:
        """The first released set that this one nearly repeats; None when it is new, or the very same as one that was
        released."""
        found = self.near(rows, kinds)
        return None if not found or any(near.is_identical for near in found) else found[0]

    def said(self, rows: Rows) -> int | None:
        """What was said in earlier releases of these rows as a cell, or of the first set that they nearly repeat; None
        when nothing was."""
        found = self._near_before(rows, "cell")
        same = [near for near in found if near.is_identical]
        return (same or found)[0].count if found else None

    def combined(self, rows: Rows) -> Combination | None:
        """What two or three sets of earlier releases nearly make together of these rows; None when nothing does, or
        when their own number was said."""
        return self._combinations.of(rows, self._signer.of(rows))

    def foresee(self, sets: Sequence[Rows], wholes: Sequence[Rows]) -> None:
        """Compute for many sets, and for wholes that they lie in, what will be asked of each: at once it takes less."""
        self._signer.learn([*sets, *wholes])
        self._combinations.foresee([self._signer.of(rows) for rows in sets])

    def guard(self, sets: Sequence[Rows]) -> None:
        """Sets too small to be said, from now on not to be uncovered by two numbers that are."""
        self._signer.learn(sets)
        for rows in sets:
            self._combinations.hold(self._signer.of(rows), exactly=True)

    def uncovers(self, rows: Rows) -> bool:
        """Whether these rows' number, beside one that was said, would give the number of a set that is withheld for
        another's sake, or is too small to be said."""
        return self._combinations.uncovers(self._signer.of(rows))

    def _near_before(self, rows: Rows, kind: str) -> list[Near]:
        return [near for near in self._near_earlier(rows) if near.kind == kind]

    def _compared(self, rows: Rows) -> list[Near]:
        return self._earlier.near(self._signer.of(rows), partial(self.members, rows))

    def is_held(self, rows: Rows) -> bool:
        """Whether this set, or nearly this set, was withheld for another's sake, and was not said before that."""
        return bool(self.held(rows))

    def held(self, rows: Rows) -> set[int]:
        """Which sets that were withheld for another's sake this one is, or nearly is, by their age."""
        return {near.age for near in self._near_before(rows, HELD)}

    def is_known(self, rows: Rows) -> bool:
        """Whether the size of this very set was said in an earlier release."""
        return any(near.is_identical for near in self._near_before(rows, "cell"))

    def signature(self, rows: Rows) -> bytes:
        """What the ledger keeps beside a set, so that the next handle need not read its members."""
        return self._signer.packed(rows)

    def rows_of(self, earlier: Near) -> Rows:
        return self._snapshot.rows_of(np.array(earlier.read().to_array(), dtype=np.int64))[0]

    def _members(self, rows: Rows) -> BitMap:
        # An array, because a list of Python's numbers takes many times as long.
        return BitMap(array("I", self._snapshot.numbers[rows].astype(np.uint32).tobytes()))
