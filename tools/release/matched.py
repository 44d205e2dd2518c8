"""Step 3 of a release: each count is matched with the release history (R5), then the totals of the columns.

What was released before of nearly the same members is released again, members and all, so that two answers never differ
by a few accounts.
"""

from dataclasses import replace

from tools.core.errors import ToolRefusal
from tools.core.table import Cell, DecidedTable, Total
from tools.history.release_history import CurrentRelease, ReleaseHistory
from tools.release.counted import below
from tools.suppression.thresholds import Thresholds


def matched(table: DecidedTable, thresholds: Thresholds, history: ReleaseHistory) -> DecidedTable:
    """The table with its cells as the history asks for them. A later cell is matched with the earlier ones too."""
    groups = table.candidate.groups
    history.prepare(
        [rows for group in groups for rows in group.columns if thresholds.meets(rows)],
        [group.whole for group in groups if group.whole is not None],
    )
    current = history.begin()
    return table.with_cells([_matched(cell, thresholds, history, current) for cell in table.all_cells])


def _matched(cell: Cell, thresholds: Thresholds, history: ReleaseHistory, current: CurrentRelease) -> Cell:
    if cell.is_primary or cell.released is None:
        return cell
    earlier = current.match(cell.rows)
    if earlier is not None:
        # Its earlier numbers; counting its members anew would miss those that were forgotten since. The cell's own count
        # stays, because sums are judged by what is there.
        rows = history.rows_of(earlier)
        again = thresholds.counted(rows)
        released = thresholds.rounded(again.conversations, rows) if earlier.count is None else earlier.count
        cell = replace(cell, rows=rows, accounts=earlier.accounts or again.accounts, released=released)
    was_released = earlier is not None or history.was_released(cell.rows)
    cell = replace(cell, was_released=was_released)
    if history.is_suppressed(cell.rows) or (not was_released and history.discloses(cell.rows)):
        cell = replace(cell, released=None)
    if not was_released and cell.released is not None:
        cell = _combined(cell, thresholds, history)
    if not cell.is_primary:
        current.add("cell", cell.released, cell.rows)
    return cell


def _combined(cell: Cell, thresholds: Thresholds, history: ReleaseHistory) -> Cell:
    """The cell as if nobody told it from what earlier sets together make of it, so that no answer tells few from none."""
    together = history.combination_of(cell.rows)
    if together is None:
        return cell
    if together.is_unchecked or not thresholds.meets(together.rows):
        return below(cell.rows, thresholds)
    made, accounts = thresholds.counted_of(together, [together.rows])
    return replace(cell, rows=together.rows, accounts=accounts, released=thresholds.rounded(made, together.rows))


def with_totals(table: DecidedTable, thresholds: Thresholds, history: ReleaseHistory) -> DecidedTable:
    """The table with each column's total: all its conversations; or what was released of a total of
    the same kind that fewer than `min_accounts` accounts tell apart from it, or what earlier sets make of it. With the
    members that it is the number of: what later sets are matched with is what was released."""
    kind, current = f"total: {table.candidate.unit}", history.begin()
    totals = []
    for place in range(table.width):
        total = _total(table, place, kind, thresholds, history, current)
        totals.append(total)
        current.add(kind, total.released, total.rows)
    return replace(table, totals=tuple(totals))


def _total(
    table: DecidedTable,
    place: int,
    kind: str,
    thresholds: Thresholds,
    history: ReleaseHistory,
    current: CurrentRelease,
) -> Total:
    candidate = table.candidate
    whole = candidate.column_wholes[place]
    earlier = current.matches(whole, (kind,))
    if earlier and earlier[0].count is not None:
        return Total(history.rows_of(earlier[0]), earlier[0].count)
    if (together := history.combination_of(whole)) is not None:
        if together.is_unchecked:
            raise ToolRefusal(
                "This scope can be made of too many earlier ones to check them all. Ask for another period or a wider scope.",
                "too few or too close",
            )
        parts = [whole] if candidate.wholes is not None else candidate.column_parts(place)
        return Total(together.rows, thresholds.rounded(thresholds.counted_of(together, parts)[0], together.rows))
    return Total(whole, thresholds.rounded(len(whole), whole))
