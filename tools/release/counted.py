"""Steps 1 and 2 of a release: counts with each account bounded, and primary suppression by thresholds and dominance (R3, R7)."""

from index.snapshots.snapshot import Rows
from tools.core.candidate import CandidateTable
from tools.core.table import Cell, DecidedTable
from tools.suppression.thresholds import Thresholds


def counted(candidate: CandidateTable, thresholds: Thresholds) -> DecidedTable:
    """The table with every cell counted, and released where it meets the thresholds."""
    cells = [_cell(rows, group.whole, thresholds) for group in candidate.groups for rows in group.columns]
    outside = _cell(candidate.outside, None, thresholds) if candidate.outside is not None else None
    return DecidedTable(candidate, tuple(cells), outside)


def _cell(rows: Rows, whole: Rows | None, thresholds: Thresholds) -> Cell:
    count, accounts, _ = thresholds.counted(rows)
    if not thresholds.meets(rows):
        return below(rows, count, accounts, thresholds)
    is_whole_row = whole is not None and len(rows) < len(whole) and _is_nearly(rows, whole, thresholds)
    if is_whole_row and whole is not None:
        rows = whole
        count, accounts, _ = thresholds.counted(rows)
    return Cell(rows, count, accounts, thresholds.rounded(count), is_whole_row=is_whole_row)


def below(rows: Rows, count: int, accounts: int, thresholds: Thresholds) -> Cell:
    """A cell that is suppressed by a threshold or dominance."""
    is_small = count < thresholds.policy.min_conversations
    return Cell(rows, count, accounts, None, is_small, is_primary=True)


def _is_nearly(rows: Rows, whole: Rows, thresholds: Thresholds) -> bool:
    """Whether a row's cell is released as the whole row, whose size other findings release: what the row holds beside it
    is below the thresholds, and would be their difference (R3)."""
    return thresholds.meets(whole) and not thresholds.complement_meets(rows, whole)
