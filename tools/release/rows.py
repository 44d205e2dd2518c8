"""Step 6 of a release: the rows of a finding from decided cells. Shares and statistics are computed from what leaves (R4).

Nothing here counts a member.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

from index.snapshots.snapshot import Snapshot
from tools.core.candidate import Group
from tools.core.finding import Measure, Row, Suppressed, Value
from tools.core.statistic import ReleasedCounts, Statistics
from tools.core.table import Cell, DecidedTable
from tools.core.wording import GRADED_BY_RULES, NO_ACCOUNTS, UNNAMED
from tools.dp.noisy_release import NOT_COVERED
from tools.release.nearly_all import NOTE as NEARLY_ALL
from tools.suppression.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class RenderedTable:
    """What a finding says of a table: rows, totals, what was suppressed, and notes."""

    rows: tuple[Row, ...]
    totals: tuple[int, ...]
    suppressed: Suppressed
    outside: float | None
    notes: tuple[str, ...]


def rendered(table: DecidedTable, labels: Sequence[str], thresholds: Thresholds) -> RenderedTable:
    """The rows in their order, with what is suppressed counted. A trend keeps its empty buckets."""
    if table.candidate.shape == "trend":
        table, labels = _within_released(table, labels)
    candidate, policy = table.candidate, thresholds.policy
    statistics = _statistics(table, labels, thresholds)
    lines = table.lines
    order = statistics.order or range(len(lines))
    visible = _visible(table)
    kept = [place for place in order if place in visible or candidate.shape == "trend"]
    hidden = [lines[place] for place in order if place not in visible]
    rows = [_row(table, place, labels[place], statistics.rows[place], thresholds) for place in kept]
    if not statistics.order and any(group.is_text for group in candidate.groups):
        # By what is released, not by exact size: an order can tell what rounding hides.
        rows.sort(key=lambda row: (-(row.values[0].count or 0), row.label, row.id or ""))
    # A part of the index is in few of all themes: whether few or nobody of it are in the others must not show.
    is_countable = len(candidate.resolved.rows) == len(thresholds.snapshot) or not any(
        group.is_text for group in candidate.groups
    )
    suppressed = Suppressed(
        len(hidden) if is_countable else 0,
        sum(value.count is None for row in rows for value in row.values),
        _suppressed_share(table, visible),
        sum(row.label == UNNAMED for row in rows),
    )
    is_nearly_all = any(cell.is_nearly_all for cell in table.cells)
    notes = (
        *statistics.notes,
        *candidate.notes,
        *((NEARLY_ALL,) if is_nearly_all else ()),
        *((NOT_COVERED,) if policy.adds_noise else ()),
    )
    return RenderedTable(tuple(rows), table.released_totals, suppressed, _outside_share(table), notes)


def _within_released(table: DecidedTable, labels: Sequence[str]) -> tuple[DecidedTable, Sequence[str]]:
    """A series from its first released bucket to its last: a suppressed one at an end would tell when somebody was there
    first, or last."""
    showing = [place for place, line in enumerate(table.lines) if _shows(line)]
    first, after = (showing[0], showing[-1] + 1) if showing else (0, 0)
    candidate = replace(table.candidate, groups=table.candidate.groups[first:after])
    cells = table.cells[first * table.width : after * table.width]
    return replace(table, candidate=candidate, cells=cells), labels[first:after]


def _visible(table: DecidedTable) -> set[int]:
    """Groups that show a count, and whose own group does."""
    groups = table.candidate.groups
    showing = {place for place, line in enumerate(table.lines) if _shows(line)}
    shown_ids = {groups[place].id for place in showing}
    return {place for place in showing if groups[place].parent is None or groups[place].parent in shown_ids}


def _shows(line: Sequence[Cell]) -> bool:
    return any(cell.released is not None for cell in line)


def _suppressed_share(table: DecidedTable, visible: Set[int]) -> float:
    """Percent of the counted conversations in groups that are not shown: what the totals leave beside what is shown."""
    candidate, totals = table.candidate, table.released_totals
    if candidate.within:
        totals = totals[:1]
    if candidate.wholes is not None or not any(totals) or all(cell.released is not None for cell in table.all_cells):
        return 0.0
    top = [place for place, group in enumerate(candidate.groups) if group.parent is None]
    cells = [cell for place in top if place in visible for cell in table.line(place)[: len(totals)]]
    shown = sum(cell.released or 0 for cell in cells) + (table.outside.released or 0 if table.outside else 0)
    return max(0.0, round(100 * (sum(totals) - shown) / sum(totals), 1))


def _row(table: DecidedTable, place: int, label: str, measures: tuple[Measure, ...], thresholds: Thresholds) -> Row:
    """The row of one group; `accounts` only where there is a single column."""
    group: Group = table.candidate.groups[place]
    cells = table.line(place)
    values = tuple(_value(cell.released, _base(table, cells, column)) for column, cell in enumerate(cells))
    is_single = len(cells) == 1 and cells[0].released is not None
    accounts = thresholds.rounded_accounts(cells[0].accounts, cells[0].rows) if is_single else None
    return Row(label, values, accounts, group.id, group.parent, measures, group.place)


def _value(released: int | None, base: int) -> Value:
    return Value(released, round(100 * released / base, 1) if released is not None and base else None)


def _base(table: DecidedTable, cells: Sequence[Cell], column: int) -> int:
    """What a share is a share of: the column's total, or for a trend with exposure the whole of its bucket."""
    if table.candidate.within and column == 0:
        return cells[-1].released or 0
    return table.released_totals[column]


def _outside_share(table: DecidedTable) -> float | None:
    """Unclustered percent of the scope; None where nothing was clustered or it is suppressed."""
    outside, totals = table.outside, table.released_totals
    if outside is None or outside.released is None or table.width != 1 or not totals[0]:
        return None
    return round(100 * outside.released / totals[0], 1)


def _statistics(table: DecidedTable, labels: Sequence[str], thresholds: Thresholds) -> Statistics:
    """Measures of what is released, and the bands of groups that are shown."""
    policy = thresholds.policy
    candidate, lines = table.candidate, table.lines
    found = Statistics([()] * len(candidate.groups))
    if candidate.statistic is not None:
        found = candidate.statistic(
            ReleasedCounts(
                labels,
                candidate.columns,
                # A number in the place of its total says too little of the cell to compute from.
                [[None if cell.is_nearly_all else cell.released for cell in line] for line in lines],
                # A cell that an account dominates may be large: nothing bounds it, as with one that protects another.
                [
                    [cell.is_primary and cell.count < thresholds.most_suppressed(cell.rows) for cell in line]
                    for line in lines
                ],
                table.released_totals,
                policy.always_shown,
                policy.round_to,
            )
        )
    banded = [
        (*measures, *(Measure(name, verdict=verdict) for name, verdict in group.bands))
        for measures, group in zip(found.rows, candidate.groups, strict=True)
    ]
    return replace(found, rows=banded)


_GRADED = frozenset({"concern", "harm"})


def source_notes(snapshot: Snapshot, facets: Set[str]) -> tuple[str, ...]:
    """What a reader must know of the source and of how the facets that a finding rests on were read from it."""
    found = []
    if snapshot.meta.get("accounts") == "none":
        found.append(NO_ACCOUNTS)
    if facets & _GRADED and snapshot.meta.get("extractor") == "built-in":
        found.append(GRADED_BY_RULES)
    return tuple(found)
