"""What the numbers that are said confine a withheld one to (R4): exact arithmetic of intervals, no member in sight.

A reader knows that a said number stands for an interval of rounding, that totals are sums of their cells, and which
cells are withheld for being small. A withheld number is exposed when these leave less open than withholding alone
may: when fewer values remain possible than the policy's protection asks for. Source: the handbook of
statistical disclosure control (Hundepool et al. 2012); in tables of rows and columns the range of a cell is a maximal
flow through the other ones (Gusfield 1988).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_ENDLESS = 1_000_000
"""Conversations; more than any room that is asked for."""


@dataclass(frozen=True, slots=True)
class Room:
    """By how much a number may be lower, or higher, than it is, as far as a reader can tell."""

    down: int
    up: int


FREE = Room(_ENDLESS, _ENDLESS)


def rounding_room(count: int, said: int, step: int) -> Room:
    """Around a number that was said as `said`."""
    low = said - step // 2
    return Room(max(0, count - low), max(0, low + step - 1 - count))


def withheld_room(count: int, least: int, *, is_small: bool) -> Room:
    """Around a withheld number: anything from 0, up to just under the threshold where a reader is told that."""
    return Room(count, least - 1 - count if is_small else _ENDLESS)


def exposed_of_sum(rooms: Sequence[Room], asked: Sequence[int], total: Room, width: int) -> bool:
    """Whether some number of a sum is exposed by the others and their total. `asked`: places of those to look at;
    `width`: the room that each must have."""
    downs, ups = sum(room.down for room in rooms), sum(room.up for room in rooms)
    return any(
        min(rooms[place].down, ups - rooms[place].up + total.down)
        + min(rooms[place].up, downs - rooms[place].down + total.up)
        < width
        for place in asked
    )


class TableRooms:
    """A table of numbers with totals of rows, columns and the whole.

    A cell that grows must be made up for along its row and its column: the changes are a circulation through it, so
    that the most it can change is a maximal flow between its row and its column without it.
    """

    def __init__(
        self, rooms: Sequence[Sequence[Room]], rows: Sequence[Room], columns: Sequence[Room], whole: Room
    ) -> None:
        self._height = len(rows)
        self._capacity = _capacities(rooms, rows, columns, whole)

    def set(self, row: int, place: int, room: Room) -> None:
        """A cell that is withheld from now on."""
        column = self._height + place
        self._capacity[row, column], self._capacity[column, row] = room.up, room.down

    def width(self, row: int, place: int, enough: int) -> int:
        """How many values a cell can have besides its own; what is at least `enough` is not counted further."""
        column = self._height + place
        up, down = int(self._capacity[row, column]), int(self._capacity[column, row])
        sure, most = self._around(self._capacity, row, column, enough)
        least, most = min(down, sure), min(down, most)
        if least < enough:
            sure, back = self._around(self._capacity.T, row, column, enough)
            least, most = least + min(up, sure), most + min(up, back)
        if least >= enough or most < enough:
            return least
        return self._flow(row, column, up, down, enough)

    def _around(self, capacity: NDArray[np.int32], row: int, column: int, enough: int) -> tuple[int, int]:
        """What surely flows from a row to a column, by each other column, or the rows' total, and the other rows, as far
        as it is not enough; and what can flow at most, by what leaves the one and gets to the other."""
        left = capacity[: self._height, column].copy()
        left[row] = 0
        others = [by for by in range(self._height, len(capacity) - 1) if by != column]
        out = capacity[row, others].tolist()
        most = min(sum(out), int(left.sum(dtype=np.int64)) + int(capacity[-1, column]))
        flow = 0
        # The widest first: most often it is enough.
        for leaving, by in sorted(zip(out, others, strict=True), reverse=True):
            if not leaving or flow >= enough:
                break
            until = np.minimum(np.cumsum(np.minimum(capacity[by, : self._height], left)), leaving)
            left -= np.diff(until, prepend=0).astype(np.int32)
            flow += int(until[-1])
        return flow, most

    def _flow(self, row: int, column: int, up: int, down: int, enough: int) -> int:
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import maximum_flow

        without = np.minimum(self._capacity, enough)
        without[row, column] = without[column, row] = 0
        graph = csr_matrix(without)
        found = min(down, int(maximum_flow(graph, row, column).flow_value))
        if found < enough:
            found += min(up, int(maximum_flow(graph, column, row).flow_value))
        return found


def _capacities(
    rooms: Sequence[Sequence[Room]], rows: Sequence[Room], columns: Sequence[Room], whole: Room
) -> NDArray[np.int32]:
    """Nodes: rows, columns, the rows' total, the columns' total. An arc from row to column lets the cell grow."""
    height, width = len(rows), len(columns)
    capacity = np.zeros((height + width + 2, height + width + 2), dtype=np.int32)
    of_rows, of_columns = height + width, height + width + 1
    for row, line in enumerate(rooms):
        for place, room in enumerate(line):
            capacity[row, height + place], capacity[height + place, row] = room.up, room.down
    for row, room in enumerate(rows):
        capacity[of_rows, row], capacity[row, of_rows] = room.up, room.down
    for place, room in enumerate(columns):
        capacity[height + place, of_columns], capacity[of_columns, height + place] = room.up, room.down
    capacity[of_columns, of_rows], capacity[of_rows, of_columns] = whole.up, whole.down
    return capacity
