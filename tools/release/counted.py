"""Steps 1 and 2 of a release: counts, and primary suppression by thresholds and dominance (R3, R7)."""

from index.snapshots.snapshot import Rows
from tools.core.candidate import CandidateTable
from tools.core.table import Cell, DecidedTable
from tools.suppression.thresholds import Thresholds


def counted(candidate: CandidateTable, thresholds: Thresholds) -> DecidedTable:
    """The table with every cell counted, and released where it meets the thresholds."""
    # By what is asked: one column of everything is each row's whole.
    has_more = len(candidate.columns) > 1 or len(candidate.resolved.rows) < len(thresholds.snapshot)
    cells = [
        _cell(rows, group.whole if has_more else None, thresholds)
        for group in candidate.groups
        for rows in group.columns
    ]
    outside = _cell(candidate.outside, None, thresholds) if candidate.outside is not None else None
    return DecidedTable(candidate, tuple(cells), outside)


def _cell(rows: Rows, whole: Rows | None, thresholds: Thresholds) -> Cell:
    if not thresholds.meets(rows):
        return below(rows, thresholds)
    leaves_few = whole is not None and _leaves_few(rows, whole, thresholds)
    is_whole_row = leaves_few and whole is not None and thresholds.is_most_of(rows, whole)
    if leaves_few and not is_whole_row:
        # The row's size would tell what it holds beside this cell, and is too far from the cell's to stand for it.
        return Cell(rows, len(rows), thresholds.counted(rows).accounts, None)
    told = whole if is_whole_row and whole is not None else rows
    accounts = thresholds.counted(told).accounts
    return Cell(told, len(rows), accounts, thresholds.rounded(len(told), told), is_whole_row=is_whole_row)


def below(rows: Rows, thresholds: Thresholds) -> Cell:
    """A cell that is suppressed by a threshold or dominance."""
    found = thresholds.counted(rows)
    return Cell(rows, found.conversations, found.accounts, None, is_primary=True)


def _leaves_few(rows: Rows, whole: Rows, thresholds: Thresholds) -> bool:
    """Whether what a row, whose size other findings release, holds beside a cell is below the thresholds, be it nothing: it
    would be their difference (R3). Then the cell stands as the whole row where it is most of it."""
    return thresholds.meets(whole) and not thresholds.complement_meets(rows, whole)
