"""The release history (R5): finds earlier sets that a new one nearly repeats, or that together nearly make it.

It holds what the ledger holds, as far as this snapshot sees it. Use it under the ledger's lock. Data plane: it holds members.
"""

from array import array
from collections.abc import Callable, Collection, Sequence
from functools import partial

import numpy as np
from pyroaring import BitMap

from index.snapshots.snapshot import Rows, Snapshot
from tools.core.ledger import KeptSet, Ledger
from tools.core.memo import MemoByArray
from tools.history.candidates import Combination
from tools.history.combinations import Combinations
from tools.history.overlap import IsNear, Match, Overlap
from tools.history.signatures import Signer

SECONDARY = "held"
"""Kind of a set that was suppressed to protect another one (as ledgers name it): it stays suppressed wherever it is asked for."""
ANSWERS = ("scope", "cell")
"""Kinds of sets whose members a question can be about."""


class ReleaseHistory:
    """Released sets of a ledger. `few`: accounts that tell any two sets apart. `accounts_of`: how many a set has, where somebody
    counts them anyhow. `is_near`: whether sets that differ by fewer are nearly the same (None: all are), and `surely`: the
    number under which they are in any case."""

    def __init__(
        self,
        snapshot: Snapshot,
        few: int,
        ledger: Ledger,
        accounts_of: Callable[[Rows], int] | None = None,
        is_near: IsNear | None = None,
        surely: int | None = None,
    ) -> None:
        self._snapshot = snapshot
        self._few, self._is_near = few, is_near
        self._ledger = ledger
        self._signer = Signer(snapshot, few, accounts_of)
        self._earlier = Overlap(snapshot, few, is_near)
        self._combinations = Combinations(snapshot, few, is_near, surely)
        self._known = 0
        self._has_protected = False
        self.members = MemoByArray(self._members)
        self._compared = MemoByArray(self._compare)

    def catch_up(self) -> None:
        """Take in what every agent has released by now."""
        for item in self._ledger.new_sets(self._known):
            self._file(item)
            self._known = item.seq
        self._compared = MemoByArray(self._compare)

    @property
    def version(self) -> tuple[int, int, int]:
        """Changes with everything that a question to the history could be answered differently for."""
        return self._earlier.different, len(self._combinations), self._combinations.held

    def _file(self, item: KeptSet) -> None:
        read = partial(self._ledger.members_of, item)
        signature, lacks = self._signer.unpacked(item.signature), 0
        if signature is None:
            numbers = np.array(read().to_array(), dtype=np.int64)
            rows, contributions = self._snapshot.rows_of(numbers)
            signature = self._signer.of(rows)
            lacks = self._lacking(numbers[~contributions])
        self._earlier.add(item.kind, item.count, signature, read, lacks, item.accounts)
        if item.count is not None and not lacks:
            self._combinations.add(signature, read)
        elif item.kind == SECONDARY and not lacks:
            self._combinations.hold(signature)

    def _lacking(self, gone: Rows) -> int:
        """Accounts that these numbers count as, which this snapshot does not hold: forgotten ones as one, so that before
        and after are not two answers; those that came later as many."""
        if not len(gone):
            return 0
        return self._few if gone.max() > self._snapshot.last_number else 1

    def begin(self) -> "CurrentRelease":
        """The sets of a release that is being made, which its later cells are matched with too."""
        return CurrentRelease(self, Overlap(self._snapshot, self._few, self._is_near))

    def matches(self, rows: Rows, kinds: Collection[str]) -> list[Match]:
        """Earlier sets that fewer than `few` accounts tell apart from the rows, oldest first."""
        return [near for near in self._compared(rows) if near.kind in kinds]

    def match(self, rows: Rows) -> Match | None:
        """The first earlier set that this one nearly repeats; None when it is new, or the very same as an earlier one."""
        return first_match(self.matches(rows, ANSWERS))

    def released_count(self, rows: Rows) -> int | None:
        """What was released of these rows as a cell, or of the first set that they nearly repeat; None when nothing was."""
        found = self.matches(rows, ("cell",))
        same = [near for near in found if near.is_identical]
        return (same or found)[0].count if found else None

    def was_released(self, rows: Rows) -> bool:
        """Whether the size of this very set was released, as a cell or as a total: then suppressing it hides nothing."""
        return any(near.is_identical and near.count is not None for near in self._compared(rows))

    def combination_of(self, rows: Rows) -> Combination | None:
        """What two or three earlier sets nearly make together of these rows; None when nothing does, or when their own
        number was released."""
        return self._combinations.of(rows, self._signer.of(rows))

    def prepare(self, sets: Sequence[Rows], wholes: Sequence[Rows]) -> None:
        """Compute for many sets, and for wholes that they lie in, what will be asked of each: at once it takes less."""
        self._signer.learn([*sets, *wholes])
        self._combinations.prepare([self._signer.of(rows) for rows in sets])

    def protect_once(self, small_cells: Callable[[], Sequence[Rows]]) -> None:
        """Sets below the thresholds, from now on not to be the difference of two released ones. Asked for only once."""
        if self._has_protected:
            return
        self._has_protected = True
        sets = small_cells()
        self._signer.learn(sets)
        for rows in sets:
            self._combinations.hold(self._signer.of(rows), exactly=True)

    def discloses(self, rows: Rows) -> bool:
        """Whether these rows' number, beside a released one, would give the number of a suppressed set."""
        return self._combinations.discloses(self._signer.of(rows))

    def is_suppressed(self, rows: Rows) -> bool:
        """Whether this set, or nearly this set, was suppressed to protect another, and was not released before that."""
        return bool(self.suppressed(rows))

    def suppressed(self, rows: Rows) -> set[int]:
        """Which of the sets that were suppressed to protect others this one is, or nearly is, by their age."""
        return {near.age for near in self.matches(rows, (SECONDARY,))}

    def signature(self, rows: Rows) -> bytes:
        """What the ledger keeps beside a set, so that the next handle need not read its members."""
        return self._signer.packed(rows)

    def rows_of(self, earlier: Match) -> Rows:
        """The rows of this snapshot that an earlier set holds."""
        return self._snapshot.rows_of(np.array(earlier.read().to_array(), dtype=np.int64))[0]

    def _compare(self, rows: Rows) -> list[Match]:
        return self._earlier.near(self._signer.of(rows), partial(self.members, rows))

    def _members(self, rows: Rows) -> BitMap:
        # An array, because a list of Python's numbers takes many times as long.
        return BitMap(array("I", self._snapshot.numbers[rows].astype(np.uint32).tobytes()))

    def compare_with(self, overlap: Overlap, rows: Rows) -> list[Match]:
        """The sets of another collection that these rows nearly repeat."""
        return overlap.near(self._signer.of(rows), partial(self.members, rows))

    def file_in(self, overlap: Overlap, kind: str, count: int | None, rows: Rows) -> None:
        """Add a set to another collection."""
        overlap.add(kind, count, self._signer.of(rows), partial(self.members, rows))


class CurrentRelease:
    """The sets of one release so far, beside the history."""

    def __init__(self, history: ReleaseHistory, sets: Overlap) -> None:
        self._history, self._sets = history, sets

    def add(self, kind: str, count: int | None, rows: Rows) -> None:
        """A set of this release, so that the next one of it is matched with this one too."""
        self._history.file_in(self._sets, kind, count, rows)

    def matches(self, rows: Rows, kinds: Collection[str]) -> list[Match]:
        """Sets of the history and of this release that the rows nearly repeat, oldest first."""
        now = self._history.compare_with(self._sets, rows)
        return [*self._history.matches(rows, kinds), *(near for near in now if near.kind in kinds)]

    def match(self, rows: Rows) -> Match | None:
        """The first of them; None when the rows are new, or the very same as one of them."""
        return first_match(self.matches(rows, ANSWERS))


def first_match(found: Sequence[Match]) -> Match | None:
    return None if not found or any(near.is_identical for near in found) else found[0]
