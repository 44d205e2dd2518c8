"""Which values of a table must stay unsaid so that others can be said (R3, R4).

Pure decisions over cells: nothing is counted, built or written here. What is withheld for its own sake is guarded by
withholding more, the smallest first, until what is said leaves it open (`tools.suppression.intervals`). Source: the handbook of
statistical disclosure control (Hundepool et al. 2012) for complementary suppression.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from index.snapshots.snapshot import Rows
from tools.core.counting import distinct, without
from tools.suppression.intervals import Room, TableRooms, exposed_of_sum, rounding_room, withheld_room

IsEnough = Callable[[Rows], bool]
"""Whether a set of summaries may be shown as a group."""


@dataclass(slots=True)
class Cell:
    """A value under decision. `count` is capped by account; `said` is what will be shown; None is withheld."""

    rows: Rows
    count: int
    accounts: int
    said: int | None
    is_small: bool = False
    is_sensitive: bool = False
    """Withheld for its own sake, not for another's."""
    is_known: bool = False
    """Said in an earlier release, so that withholding it here hides nothing."""
    is_whole: bool = False
    """Said for all of its row, because too little of the row lies elsewhere."""


@dataclass(slots=True)
class Node:
    """A cell of a tree and the cells that add up to it."""

    cell: Cell
    children: list["Node"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the decisions go by: when a set is a group, the threshold, the step of rounding, and whether cells together are
    a set that another finding withholds, though none of them is that set."""

    is_enough: IsEnough
    least: int
    step: int
    is_held_together: "Callable[[Sequence[Cell]], bool]"

    @property
    def width(self) -> int:
        """Values that must remain possible for a withheld number besides its own: from none to the threshold, less
        what rounding leaves open of every said number."""
        return max(1, self.least - self.step)

    def room(self, cell: Cell, *, is_told_small: bool = False) -> Room:
        if cell.said is not None:
            return rounding_room(cell.count, cell.said, self.step)
        return withheld_room(cell.count, self.least, is_small=is_told_small and cell.count < self.least)

    def is_asked(self, cell: Cell) -> bool:
        """Whether a cell must be protected. Nobody is in an empty cell, so nobody is exposed by it."""
        return cell.said is None and cell.is_sensitive and cell.count > 0

    def total_room(self, count: int, said: int) -> Room:
        return rounding_room(count, said, self.step)


def hide_complements(is_enough: IsEnough, table: list[list[Cell]]) -> None:
    """Where a value and the whole it lies in are both shown, their difference is a group too (R3)."""
    for first, *_, whole in table:
        rest = without(first.rows, whole.rows)
        if first.said is not None and len(rest) and not is_enough(rest):
            first.said = None
        if whole.said is None:
            first.said = None


def hide_rests(is_enough: IsEnough, table: list[list[Cell]], wholes: tuple[Rows, ...]) -> None:
    """Overlapping groups are no partition; each is held against its column's whole (R3)."""
    for cells in table:
        for cell, whole in zip(cells, wholes, strict=True):
            rest = without(cell.rows, whole)
            if len(rest) and not is_enough(rest):
                cell.said = None


def suppress_tree(rules: Rules, top: Sequence[Node], outside: Cell | None, total: Room) -> None:
    """Complementary suppression over cells that add up to a total, and over the parts of each (R4). What a withheld
    cell is made of is withheld with it, because its parts would add up to it again."""
    cells = [node.cell for node in top] + ([outside] if outside is not None else [])
    suppress_sum(rules, cells, total)
    for node in top:
        if node.cell.said is None:
            for child in node.children:
                child.cell.said = None
        elif node.children:
            parts = [child.cell for child in node.children]
            suppress_sum(rules, parts, rules.total_room(node.cell.count, node.cell.said))


def suppress_sum(rules: Rules, cells: Sequence[Cell], total: Room) -> None:
    """What is withheld of a sum follows together from what is said of it: it must be enough to be a group, and none that
    is withheld elsewhere; and nothing withheld may be exposed. Else the smallest shown value is withheld too, one that was
    never said before if there is any."""
    while True:
        hidden = [cell for cell in cells if cell.said is None and cell.count]
        if not hidden:
            return
        together = rules.is_enough(distinct(np.concatenate([cell.rows for cell in hidden])))
        together = together and not rules.is_held_together(hidden)
        counted = [cell for cell in cells if cell.count]
        asked = [place for place, cell in enumerate(counted) if rules.is_asked(cell)]
        rooms = [rules.room(cell) for cell in counted]
        if together and not exposed_of_sum(rooms, asked, total, rules.width):
            return
        if not _hide_smallest(cells):
            return


def _hide_smallest(cells: Sequence[Cell]) -> bool:
    """Withhold the smallest shown cell; False when there is none."""
    shown = [cell for cell in cells if cell.said is not None]
    if shown:
        min(shown, key=lambda cell: (cell.is_known, cell.count)).said = None
    return bool(shown)


def suppress_table(
    rules: Rules,
    table: list[list[Cell]],
    rows: Sequence[Room],
    columns: Sequence[Room],
    whole: Room,
    *,
    margins: bool,
    tells_small: bool = False,
) -> None:
    """Columns, and with `margins` rows too, until what is withheld in each is a group; then whatever all sums together
    still expose. `rows`: room of the rows' totals, which another finding may say (`FREE`: none does). `tells_small`:
    a row that shows something tells which of its withheld cells are under the threshold."""
    _suppress_lines(rules, table, rows, columns, margins=margins)
    _Exposed(rules, table, rows, columns, whole, tells_small).withhold()
    _suppress_lines(rules, table, rows, columns, margins=margins)


def _suppress_lines(
    rules: Rules, table: list[list[Cell]], rows: Sequence[Room], columns: Sequence[Room], *, margins: bool
) -> None:
    lines = [(list(column), total) for column, total in zip(zip(*table, strict=True), columns, strict=True)]
    if margins:
        lines += list(zip(table, rows, strict=True))
    before = -1
    while before != (before := sum(cell.said is None for cells in table for cell in cells)):
        for line, total in lines:
            suppress_sum(rules, line, total)


class _Exposed:
    """Cells that the sums of a table expose together, and what is withheld for them."""

    def __init__(
        self,
        rules: Rules,
        table: list[list[Cell]],
        rows: Sequence[Room],
        columns: Sequence[Room],
        whole: Room,
        tells_small: bool,
    ) -> None:
        self._rules, self._table, self._rows, self._columns, self._whole = rules, table, rows, columns, whole
        self._tells_small = tells_small
        self._rooms = [self._line(cells) for cells in table]
        self._together = TableRooms(self._rooms, rows, columns, whole)

    def _line(self, cells: list[Cell]) -> list[Room]:
        told = self._tells_small and any(cell.said is not None for cell in cells)
        return [self._rules.room(cell, is_told_small=told) for cell in cells]

    def withhold(self) -> None:
        """Withhold more, for each exposed cell, until it is not. One pass is enough, because withholding never narrows
        the room of another cell."""
        width = self._rules.width
        for row, cells in enumerate(self._table):
            for place, cell in enumerate(cells):
                while self._rules.is_asked(cell) and self._together.width(row, place, width) < width:
                    if not self._withhold_beside(row, place):
                        # Bare already: what still confines it are totals that other findings say.
                        break

    def _withhold_beside(self, row: int, place: int) -> bool:
        """Withhold the smallest said value of the row where the row alone exposes the cell, of the column where that
        does, else of both."""
        width = self._rules.width
        in_row = [(row, other) for other in range(len(self._columns))]
        in_column = [(other, place) for other in range(len(self._rows))]
        by_row = exposed_of_sum(self._rooms[row], [place], self._rows[row], width)
        column = [line[place] for line in self._rooms]
        by_column = exposed_of_sum(column, [row], self._columns[place], width)
        cross = in_row if by_row else in_column if by_column else [*in_row, *in_column]
        said = self._said(cross)
        if not said and self._helps(row, place):
            said = self._said([(at, other) for at in range(len(self._rows)) for other in range(len(self._columns))])
        if not said:
            return False
        cell, at, _ = min(said, key=lambda item: (item[0].is_known, item[0].count))
        cell.said = None
        self._rooms[at] = self._line(self._table[at])
        for other, room in enumerate(self._rooms[at]):
            self._together.set(at, other, room)
        return True

    def _said(self, places: Sequence[tuple[int, int]]) -> list[tuple[Cell, int, int]]:
        return [(self._table[at][other], at, other) for at, other in places if self._table[at][other].said is not None]

    def _helps(self, row: int, place: int) -> bool:
        """Whether withholding everything would leave the cell open."""
        bare = [[withheld_room(cell.count, self._rules.least, is_small=False) for cell in line] for line in self._table]
        width = self._rules.width
        return TableRooms(bare, self._rows, self._columns, self._whole).width(row, place, width) >= width
