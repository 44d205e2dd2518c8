"""Last step of a release: a cell that holds nearly all of its column, or of its row, is given as all of it.

Where one cell alone meets the thresholds, its count would give what its column or row holds beside it, whether that is few or
nobody. So it is suppressed, and then nothing is left to read. The total is released anyway, so the cell may stand with that
number: it says that everything else together is below the threshold, and no more.
"""

from collections.abc import Sequence
from dataclasses import replace

from index.snapshots.snapshot import Rows
from tools.core.counting import complement_of
from tools.core.table import Cell, DecidedTable, Total
from tools.history.release_history import ReleaseHistory
from tools.suppression.thresholds import Thresholds

_TIMES = 3
"""A total must be so many times what may be suppressed beside the cell, so that "nearly all" is at least two of three."""

NOTE = (
    "a number that is nearly all of its total stands as the total: what lies beside it is too few to show, or nothing"
)


def with_nearly_all(table: DecidedTable, thresholds: Thresholds, history: ReleaseHistory) -> DecidedTable:
    """The table with such cells shown. Decided by what is suppressed already, so it changes no other cell."""
    if table.candidate.wholes is not None:
        return table
    cells = list(table.cells)
    for places, whole in _lines(table, thresholds, history):
        _show(cells, places, whole, thresholds)
    return replace(table, cells=tuple(cells))


def _lines(
    table: DecidedTable, thresholds: Thresholds, history: ReleaseHistory
) -> list[tuple[Sequence[int], Total | None]]:
    """Places of cells that add up to a released number, and that number."""
    candidate, width = table.candidate, table.width
    starts = range(0, len(table.cells), width)
    if candidate.within:
        wholes = [table.cells[start + width - 1] for start in starts]
        return [([start], _said(whole.rows, whole.released)) for start, whole in zip(starts, wholes, strict=True)]
    if candidate.has_row_totals:
        return [
            (range(start, start + width), _row_total(group.members, thresholds, history))
            for start, group in zip(starts, candidate.groups, strict=True)
        ]
    top = [place for place, group in enumerate(candidate.groups) if group.parent is None]
    return [([place * width + column for place in top], total) for column, total in enumerate(table.totals)]


def _said(rows: Rows, released: int | None) -> Total | None:
    return None if released is None else Total(rows, released)


def _row_total(rows: Rows, thresholds: Thresholds, history: ReleaseHistory) -> Total | None:
    """What another finding releases of a row; None where none may."""
    if not thresholds.meets(rows) or history.is_suppressed(rows):
        return None
    earlier = history.released_count(rows)
    return Total(rows, thresholds.rounded(len(rows), rows) if earlier is None else earlier)


def _show(cells: list[Cell], places: Sequence[int], whole: Total | None, thresholds: Thresholds) -> None:
    """Put the whole in the place of the only cell that meets the thresholds, where no cell is shown."""
    if whole is None or whole.released < _TIMES * thresholds.policy.always_shown:
        return
    meeting = [place for place in places if not cells[place].is_primary]
    if len(meeting) != 1 or any(cells[place].released is not None for place in places):
        return
    if not thresholds.meets(complement_of(cells[meeting[0]].rows, whole.rows)):
        accounts = thresholds.counted(whole.rows).accounts
        cells[meeting[0]] = Cell(whole.rows, len(whole.rows), accounts, whole.released, is_nearly_all=True)
