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
    is_whole_row = whole is not None and _is_nearly(rows, whole, thresholds)
    told = whole if is_whole_row and whole is not None else rows
    accounts = thresholds.counted(told).accounts
    return Cell(told, len(rows), accounts, thresholds.rounded(len(told), told), is_whole_row=is_whole_row)


def below(rows: Rows, thresholds: Thresholds) -> Cell:
    """A cell that is suppressed by a threshold or dominance."""
    found = thresholds.counted(rows)
    return Cell(rows, found.conversations, found.accounts, None, is_primary=True)


def _is_nearly(rows: Rows, whole: Rows, thresholds: Thresholds) -> bool:
    """Whether a row's cell is released as the whole row, whose size other findings release: what the row holds beside it
    is below the thresholds, be it nothing, and would be their difference (R3)."""
    return thresholds.meets(whole) and not thresholds.complement_meets(rows, whole)
