"""Secondary suppression of sums, trees and tables (R4): which further counts are suppressed so that no suppressed one follows.

Pure decisions over frozen cells, named by their places: a function takes the places that are shown and returns those that
stay shown. What is suppressed by a threshold is protected by suppressing more, the smallest first, until what is shown
leaves it open (`tools.suppression.intervals`). Source: Hundepool et al. 2012, complementary suppression.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from index.snapshots.snapshot import Rows
from tools.core.counting import complement_of, distinct
from tools.core.table import Cell
from tools.suppression.intervals import (
    Interval,
    TableIntervals,
    is_disclosed_by_sum,
    rounding_interval,
    suppressed_interval,
)

Shown = frozenset[int]
"""Places of the cells whose count is shown."""
Meets = Callable[[Rows], bool]
"""Whether a set of summaries meets the thresholds."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A cell of a tree, by its place, and the places of the cells that add up to it."""

    place: int
    children: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """What the decisions go by: the thresholds, the minimum of conversations, the same up to a third higher by a draw of a set, the
    rounding base and the room that it leaves around a number, and whether cells together are a set that another finding
    suppresses, though none of them is that set."""

    meets: Meets
    threshold: int
    most_small: Callable[[Rows], int]
    base: int
    room: tuple[int, int]
    is_suppressed_together: Callable[[Sequence[Cell]], bool]

    @property
    def width(self) -> int:
        """Values that must remain possible for a suppressed number besides its own: from none to the threshold, less
        what rounding leaves open of every released number."""
        return max(1, self.threshold - self.base)

    def interval(self, cell: Cell, *, is_shown: bool, is_known_small: bool = False) -> Interval:
        """What a reader can tell of a cell."""
        if is_shown and cell.released is not None:
            known = rounding_interval(cell.count, cell.released, self.room)
            if not cell.is_whole_row:
                return known
            # Up to as many as are too few may lie elsewhere in the row.
            low = max(0, cell.released - self.room[0] - (self.threshold - 1))
            return Interval(max(0, cell.count - low), known.up)
        if is_known_small and self.threshold <= cell.count < self.most_small(cell.rows):
            # As if it were just under the threshold: between that and endless room there must be no exact number.
            return Interval(cell.count, 0)
        return suppressed_interval(cell.count, self.threshold, is_small=is_known_small and cell.count < self.threshold)

    def must_protect(self, cell: Cell, *, is_shown: bool) -> bool:
        """Whether a cell must be protected. An empty cell too: whether few are in it or nobody must not show."""
        return not is_shown and cell.is_primary

    def total_interval(self, count: int, released: int) -> Interval:
        return rounding_interval(count, released, self.room)


def suppress_complements(meets: Meets, cells: Sequence[Cell], lines: Sequence[Sequence[int]], shown: Shown) -> Shown:
    """Where a count and the whole it lies in are both shown, their difference is a group too (R3)."""
    for first, *_, whole in lines:
        rest = complement_of(cells[first].rows, cells[whole].rows)
        if whole not in shown or (first in shown and not meets(rest)):
            shown -= {first}
    return shown


def suppress_rests(
    meets: Meets, cells: Sequence[Cell], lines: Sequence[Sequence[int]], wholes: Sequence[Rows], shown: Shown
) -> Shown:
    """Overlapping groups are no partition; the complement of each in its column is checked (R3)."""
    for line in lines:
        for place, whole in zip(line, wholes, strict=True):
            if not meets(complement_of(cells[place].rows, whole)):
                shown -= {place}
    return shown


def suppress_tree(
    rules: Rules, cells: Sequence[Cell], top: Sequence[Branch], outside: int | None, total: Interval, shown: Shown
) -> Shown:
    """Cells that add up to a total, and the parts of each. What a suppressed cell is made of is suppressed with it,
    because its parts would add up to it again."""
    line = [branch.place for branch in top] + ([outside] if outside is not None else [])
    shown = suppress_sum(rules, cells, line, total, shown)
    for branch in top:
        released = cells[branch.place].released
        if branch.place not in shown or released is None:
            shown -= set(branch.children)
        elif branch.children:
            whole = rules.total_interval(cells[branch.place].count, released)
            shown = suppress_sum(rules, cells, branch.children, whole, shown)
    return shown


def suppress_sum(rules: Rules, cells: Sequence[Cell], line: Sequence[int], total: Interval, shown: Shown) -> Shown:
    """What is suppressed of a sum follows together from what is shown of it: it must meet the thresholds, and be none that
    is suppressed elsewhere; and nothing protected may be disclosed. Else the smallest shown cell is suppressed too, one
    that was never released before if there is any. Empty cells are suppressed cells like any other, so that nobody can tell
    from what else is suppressed whether somebody is in them."""
    while not _is_safe(rules, cells, line, total, shown):
        smallest = _smallest(cells, [place for place in line if place in shown])
        if smallest is None:
            break
        shown -= {smallest}
    return shown


def _is_safe(rules: Rules, cells: Sequence[Cell], line: Sequence[int], total: Interval, shown: Shown) -> bool:
    hidden = [cells[place] for place in line if place not in shown]
    if not hidden:
        return True
    if not rules.meets(distinct(np.concatenate([cell.rows for cell in hidden]))):
        return False
    if rules.is_suppressed_together(hidden):
        return False
    intervals = [rules.interval(cells[place], is_shown=place in shown) for place in line]
    protected = [at for at, place in enumerate(line) if rules.must_protect(cells[place], is_shown=place in shown)]
    return not is_disclosed_by_sum(intervals, protected, total, rules.width)


def _smallest(cells: Sequence[Cell], places: Sequence[int]) -> int | None:
    """The cell to suppress next; None when none is shown."""
    return min(places, key=lambda place: _size(cells, place), default=None)


def _size(cells: Sequence[Cell], place: int) -> tuple[bool, int, int]:
    """By what is released, never by the count itself: which cell is suppressed must not tell what rounding hides."""
    return cells[place].was_released, cells[place].released or 0, -place


def suppress_table(rules: Rules, table: "CrossTable", shown: Shown) -> Shown:
    """Columns, and rows too where they have totals, until what is suppressed in each is safe; then whatever all sums
    together still disclose."""
    shown = _suppress_lines(rules, table, shown)
    shown = _Disclosed(rules, table, shown).suppress()
    return _suppress_lines(rules, table, shown)


@dataclass(frozen=True, slots=True)
class CrossTable:
    """Cells in rows and columns, and what a reader can tell of the totals. `rows`: of the rows' totals, which another
    finding may release (`UNBOUNDED`: none does). `tells_small`: a row that shows something tells which of its suppressed
    cells are below the threshold."""

    cells: Sequence[Cell]
    lines: Sequence[Sequence[int]]
    rows: Sequence[Interval]
    columns: Sequence[Interval]
    whole: Interval
    has_row_totals: bool
    tells_small: bool = False


def _suppress_lines(rules: Rules, table: CrossTable, shown: Shown) -> Shown:
    columns = [list(column) for column in zip(*table.lines, strict=True)]
    sums = list(zip(columns, table.columns, strict=True))
    if table.has_row_totals:
        sums += list(zip(map(list, table.lines), table.rows, strict=True))
    before = None
    while before != (before := shown):
        for line, total in sums:
            shown = suppress_sum(rules, table.cells, line, total, shown)
    return shown


class _Disclosed:
    """Cells that the sums of a table disclose together, and what is suppressed for them."""

    def __init__(self, rules: Rules, table: CrossTable, shown: Shown) -> None:
        self._rules, self._table, self._shown = rules, table, shown
        self._intervals = [self._line(line) for line in table.lines]
        self._together = TableIntervals(self._intervals, table.rows, table.columns, table.whole)

    def _line(self, line: Sequence[int]) -> list[Interval]:
        is_told = self._table.tells_small and any(place in self._shown for place in line)
        return [
            self._rules.interval(self._table.cells[place], is_shown=place in self._shown, is_known_small=is_told)
            for place in line
        ]

    def suppress(self) -> Shown:
        """Suppress more, for each disclosed cell, until it is not. One pass is enough, because suppressing never narrows
        the interval of another cell."""
        width = self._rules.width
        for row, line in enumerate(self._table.lines):
            for column, place in enumerate(line):
                cell = self._table.cells[place]
                while (
                    self._rules.must_protect(cell, is_shown=place in self._shown)
                    and self._together.width(row, column, width) < width
                ):
                    if not self._suppress_beside(row, column):
                        # Nothing is left to suppress: what still bounds it are totals that other findings release.
                        break
        return self._shown

    def _suppress_beside(self, row: int, column: int) -> bool:
        """Suppress the smallest shown cell of the row where the row alone discloses the cell, of the column where that
        does, else of both."""
        table, width = self._table, self._rules.width
        in_row = [(row, other) for other in range(len(table.columns))]
        in_column = [(other, column) for other in range(len(table.rows))]
        by_row = is_disclosed_by_sum(self._intervals[row], [column], table.rows[row], width)
        beside = [line[column] for line in self._intervals]
        by_column = is_disclosed_by_sum(beside, [row], table.columns[column], width)
        cross = in_row if by_row else in_column if by_column else [*in_row, *in_column]
        candidates = self._shown_of(cross)
        if not candidates and self._helps(row, column):
            everywhere = [(at, other) for at in range(len(table.rows)) for other in range(len(table.columns))]
            candidates = self._shown_of(everywhere)
        if not candidates:
            return False
        place, at = min(candidates, key=lambda item: _size(table.cells, item[0]))
        self._shown -= {place}
        self._intervals[at] = self._line(table.lines[at])
        for other, interval in enumerate(self._intervals[at]):
            self._together.set(at, other, interval)
        return True

    def _shown_of(self, places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Cells that are shown among these, each with its row."""
        found = ((self._table.lines[at][other], at) for at, other in places)
        return [(place, at) for place, at in found if place in self._shown]

    def _helps(self, row: int, column: int) -> bool:
        """Whether suppressing everything would leave the cell open."""
        table, width = self._table, self._rules.width
        bare = [
            [suppressed_interval(table.cells[place].count, self._rules.threshold, is_small=False) for place in line]
            for line in table.lines
        ]
        return TableIntervals(bare, table.rows, table.columns, table.whole).width(row, column, width) >= width
