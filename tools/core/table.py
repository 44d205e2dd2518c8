"""A candidate table with the counts and decisions that the steps of a release add to it. Data plane: cells hold members.

Every value here is frozen. A step takes one table and returns the next (`tools.release.pipeline`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from index.snapshots.snapshot import Rows
from tools.core.candidate import CandidateTable


@dataclass(frozen=True, slots=True)
class Cell:
    """One count under decision. `rows` are the members that the released count stands for, `accounts` how many they
    are of; `count` is of the cell itself. `released` is the rounded count to show; None: suppressed."""

    rows: Rows
    count: int
    accounts: int
    released: int | None
    is_primary: bool = False
    """Suppressed by a threshold or dominance (primary suppression), not to protect another cell."""
    was_released: bool = False
    """Its count left in an earlier release, so that suppressing it here hides nothing."""
    is_whole_row: bool = False
    """Released as all of its row, because too little of the row lies elsewhere."""
    is_nearly_all: bool = False
    """Released as the total of its column or row, because too little of that lies elsewhere."""


@dataclass(frozen=True, slots=True)
class Total:
    """The released total of a column and the members it stands for."""

    rows: Rows
    released: int


@dataclass(frozen=True, slots=True)
class DecidedTable:
    """A candidate table as far as it is decided. `cells` are in the order of its groups, row by row."""

    candidate: CandidateTable
    cells: tuple[Cell, ...]
    outside: Cell | None
    totals: tuple[Total, ...] = ()

    @property
    def width(self) -> int:
        return len(self.candidate.columns)

    @property
    def lines(self) -> list[tuple[Cell, ...]]:
        """The cells of each group."""
        width = self.width
        return [self.cells[start : start + width] for start in range(0, len(self.cells), width)]

    def line(self, place: int) -> tuple[Cell, ...]:
        """The cells of one group."""
        return self.cells[place * self.width : (place + 1) * self.width]

    @property
    def all_cells(self) -> tuple[Cell, ...]:
        """Every cell, and behind them the rest that is in no group."""
        return self.cells if self.outside is None else (*self.cells, self.outside)

    @property
    def released_totals(self) -> tuple[int, ...]:
        return tuple(total.released for total in self.totals)

    def with_cells(self, cells: Sequence[Cell]) -> Self:
        """The same with other cells, in the order of `all_cells`."""
        outside = None if self.outside is None else cells[-1]
        return replace(self, cells=tuple(cells[: len(self.cells)]), outside=outside)
