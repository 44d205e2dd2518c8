"""Which values of a table must stay unsaid so that others can be said (R3, R4).

Pure decisions over cells: nothing is counted, built or written here. Source: the handbook of statistical disclosure
control (Hundepool et al. 2012) for complementary suppression.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from index.snapshot import Rows
from tools.raw import Raw

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


def hide_complements(is_enough: IsEnough, table: list[list[Cell]]) -> None:
    """Where a value and the whole it lies in are both shown, their difference is a group too (R3)."""
    for first, *_, whole in table:
        rest = np.setdiff1d(whole.rows, first.rows, assume_unique=True)
        if first.said is not None and len(rest) and not is_enough(rest):
            first.said = None
        if whole.said is None:
            first.said = None


def hide_rests(is_enough: IsEnough, table: list[list[Cell]], wholes: tuple[Rows, ...]) -> None:
    """Overlapping groups are no partition; each is held against its column's whole (R3)."""
    for cells in table:
        for cell, whole in zip(cells, wholes, strict=True):
            rest = np.setdiff1d(whole, cell.rows, assume_unique=True)
            if len(rest) and not is_enough(rest):
                cell.said = None


def suppress(is_enough: IsEnough, raw: Raw, table: list[list[Cell]], outside: Cell | None) -> None:
    """Complementary suppression (R4): within each group of siblings and column, what is withheld must together be
    enough to be a group itself, or the smallest shown value is withheld too."""
    families: dict[str | None, list[int]] = defaultdict(list)
    for place, group in enumerate(raw.groups):
        families[group.parent].append(place)
    for parent, places in families.items():
        for column in range(len(raw.columns)):
            cells = [table[place][column] for place in places]
            if parent is None and outside is not None and len(raw.columns) == 1:
                cells.append(outside)
            _suppress_family(is_enough, cells)
    if raw.margins:
        _suppress_crossed(is_enough, table)


def _suppress_crossed(is_enough: IsEnough, table: list[list[Cell]]) -> None:
    """Rows and columns in turn, until neither withholds more: each cell withheld for a row can open a column."""
    families = [*table, *(list(column) for column in zip(*table, strict=True))]
    before = -1
    while before != (before := sum(cell.said is None for cells in table for cell in cells)):
        for family in families:
            _suppress_family(is_enough, family)


def _suppress_family(is_enough: IsEnough, cells: list[Cell]) -> None:
    while True:
        hidden = [cell for cell in cells if cell.said is None and cell.count]
        if not hidden or is_enough(np.unique(np.concatenate([cell.rows for cell in hidden]))):
            return
        shown = [cell for cell in cells if cell.said is not None]
        if not shown:
            return
        min(shown, key=lambda cell: cell.count).said = None
