"""The room of a number in a table is what a maximal flow finds, also where less work than that tells that it is enough."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_flow

from tools.suppression.intervals import UNBOUNDED, Interval, TableIntervals

ENOUGH = 10


def _room(chance: np.random.Generator) -> Interval:
    kinds = [Interval(0, 0), Interval(2, 2), Interval(4, 0), Interval(*chance.integers(0, 15, 2).tolist()), UNBOUNDED]
    return kinds[int(chance.choice(5, p=[0.3, 0.2, 0.2, 0.2, 0.1]))]


def _slow(
    table: list[list[Interval]], rows: list[Interval], columns: list[Interval], whole: Interval, at: tuple[int, int]
) -> int:
    """How far the cell can go down and up, at most ENOUGH of each: the changes are a flow around it."""
    height, width = len(rows), len(columns)
    arcs = np.zeros((height + width + 2,) * 2, dtype=np.int32)

    def arc(start: int, end: int, room: Interval) -> None:
        arcs[start, end], arcs[end, start] = room.up, room.down

    for row, line in enumerate(table):
        for place, room in enumerate(line):
            if (row, place) != at:
                arc(row, height + place, room)
        arc(height + width, row, rows[row])
    for place, room in enumerate(columns):
        arc(height + place, height + width + 1, room)
    arc(height + width + 1, height + width, whole)
    row, column, cell = at[0], height + at[1], table[at[0]][at[1]]
    down = min(cell.down, ENOUGH, int(maximum_flow(csr_matrix(arcs), row, column).flow_value))
    return down + min(cell.up, ENOUGH, int(maximum_flow(csr_matrix(arcs), column, row).flow_value))


@settings(max_examples=200)
@given(seed=st.integers(0, 1_000_000))
def test_a_cell_has_enough_room_where_the_largest_flow_around_it_is_enough(seed: int) -> None:
    chance = np.random.default_rng(seed)
    height, width = int(chance.integers(2, 6)), int(chance.integers(2, 5))
    table = [[_room(chance) for _ in range(width)] for _ in range(height)]
    rows, columns, whole = [_room(chance) for _ in range(height)], [_room(chance) for _ in range(width)], _room(chance)
    rooms = TableIntervals(table, rows, columns, whole)
    for row in range(height):
        for place in range(width):
            expected = _slow(table, rows, columns, whole, (row, place))
            assert (rooms.width(row, place, ENOUGH) >= ENOUGH) == (expected >= ENOUGH)
