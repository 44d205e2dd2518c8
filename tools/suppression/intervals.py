"""Feasibility intervals: the bounds on a suppressed count that a reader can compute from what is released (R4).

A reader knows that a released count stands for an interval of rounding, that totals are sums of their cells, and which
cells are suppressed for being small. A suppressed count is disclosed when its interval holds fewer values than the policy's
protection asks for. Exact arithmetic; no member in sight. Sources: Hundepool et al. 2012; in tables of rows and columns the
range of a cell is a maximal flow through the other ones (Gusfield 1988).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_ENDLESS = 1_000_000
"""Conversations; more than any interval that is asked for."""


@dataclass(frozen=True, slots=True)
class Interval:
    """By how much a number may be lower, or higher, than it is, as far as a reader can tell."""

    down: int
    up: int


UNBOUNDED = Interval(_ENDLESS, _ENDLESS)


def rounding_interval(count: int, released: int, room: tuple[int, int]) -> Interval:
    """Around a number that was released as `released`. `room`: by how many it may be lower, and higher, than that."""
    lower, higher = room
    return Interval(max(0, count - released + lower), max(0, released + higher - count))


def suppressed_interval(count: int, threshold: int, *, is_small: bool) -> Interval:
    """Around a suppressed number: anything from 0, up to just under the threshold where a reader knows that."""
    return Interval(count, threshold - 1 - count if is_small else _ENDLESS)


def is_disclosed_by_sum(intervals: Sequence[Interval], protected: Sequence[int], total: Interval, width: int) -> bool:
    """Whether some number of a sum is disclosed by the others and their total. `protected`: places of those to look at;
    `width`: the interval that each must have."""
    downs, ups = sum(interval.down for interval in intervals), sum(interval.up for interval in intervals)
    return any(
        min(intervals[place].down, ups - intervals[place].up + total.down)
        + min(intervals[place].up, downs - intervals[place].down + total.up)
        < width
        for place in protected
    )


class TableIntervals:
    """A table of numbers with totals of rows, columns and the whole.

    A cell that grows must be made up for along its row and its column: the changes are a circulation through it, so
    that the most it can change is a maximal flow between its row and its column without it.
    """

    def __init__(
        self,
        intervals: Sequence[Sequence[Interval]],
        rows: Sequence[Interval],
        columns: Sequence[Interval],
        whole: Interval,
    ) -> None:
        self._height = len(rows)
        self._capacity = _capacities(intervals, rows, columns, whole)

    def set(self, row: int, place: int, interval: Interval) -> None:
        """A cell that is suppressed from now on."""
        column = self._height + place
        self._capacity[row, column], self._capacity[column, row] = interval.up, interval.down

    def width(self, row: int, place: int, wanted: int) -> int:
        """How many values a cell can have besides its own; above `wanted` they are not counted further."""
        column = self._height + place
        up, down = int(self._capacity[row, column]), int(self._capacity[column, row])
        sure, most = self._around(self._capacity, row, column, wanted)
        lowest, most = min(down, sure), min(down, most)
        if lowest < wanted:
            sure, back = self._around(self._capacity.T, row, column, wanted)
            lowest, most = lowest + min(up, sure), most + min(up, back)
        if lowest >= wanted or most < wanted:
            return lowest
        return self._flow(row, column, up, down, wanted)

    def _around(self, capacity: NDArray[np.int32], row: int, column: int, wanted: int) -> tuple[int, int]:
        """What surely flows from a row to a column, by each other column, or the rows' total, and the other rows, as far
        as it is less than wanted; and what can flow at most, by what leaves the one and gets to the other."""
        left = capacity[: self._height, column].copy()
        left[row] = 0
        others = [by for by in range(self._height, len(capacity) - 1) if by != column]
        out = capacity[row, others].tolist()
        most = min(sum(out), int(left.sum(dtype=np.int64)) + int(capacity[-1, column]))
        flow = 0
        # The widest first: most often it is enough.
        for leaving, by in sorted(zip(out, others, strict=True), reverse=True):
            if not leaving or flow >= wanted:
                break
            until = np.minimum(np.cumsum(np.minimum(capacity[by, : self._height], left)), leaving)
            left -= np.diff(until, prepend=0).astype(np.int32)
            flow += int(until[-1])
        return flow, most

    def _flow(self, row: int, column: int, up: int, down: int, wanted: int) -> int:
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import maximum_flow

        complement_of = np.minimum(self._capacity, wanted)
        complement_of[row, column] = complement_of[column, row] = 0
        graph = csr_matrix(complement_of)
        found = min(down, int(maximum_flow(graph, row, column).flow_value))
        if found < wanted:
            found += min(up, int(maximum_flow(graph, column, row).flow_value))
        return found


def _capacities(
    intervals: Sequence[Sequence[Interval]], rows: Sequence[Interval], columns: Sequence[Interval], whole: Interval
) -> NDArray[np.int32]:
    """Nodes: rows, columns, the rows' total, the columns' total. An arc from row to column lets the cell grow."""
    height, width = len(rows), len(columns)
    capacity = np.zeros((height + width + 2, height + width + 2), dtype=np.int32)
    of_rows, of_columns = height + width, height + width + 1
    for row, line in enumerate(intervals):
        for place, interval in enumerate(line):
            capacity[row, height + place], capacity[height + place, row] = interval.up, interval.down
    for row, interval in enumerate(rows):
        capacity[of_rows, row], capacity[row, of_rows] = interval.up, interval.down
    for place, interval in enumerate(columns):
        capacity[height + place, of_columns], capacity[of_columns, height + place] = interval.up, interval.down
    capacity[of_columns, of_rows], capacity[of_rows, of_columns] = whole.up, whole.down
    return capacity
