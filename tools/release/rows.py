"""A finding's rows from decided cells: counts as said, shares and statistics from what leaves (R4). Nothing here counts a
member."""

from collections.abc import Sequence, Set
from dataclasses import replace

from index.snapshots.snapshot import Snapshot
from tools.core.candidate import Group, Raw
from tools.core.finding import Measure, Row, Value
from tools.core.policy import PrivacyPolicy
from tools.statistics.measures import Said, Statistics
from tools.suppression.secondary import Cell
from tools.suppression.thresholds import Support


def row_of(
    raw: Raw,
    group: Group,
    label: str,
    cells: list[Cell],
    totals: tuple[int, ...],
    measures: tuple[Measure, ...],
    support: Support,
) -> Row:
    """The row of one group; `accounts` only where there is a single column."""
    values = tuple(_value(cell.said, _base(raw, cells, place, totals)) for place, cell in enumerate(cells))
    accounts = support.rounded(cells[0].accounts) if len(cells) == 1 and cells[0].said is not None else None
    return Row(label, values, accounts, group.id, group.parent, measures, group.place)


def _value(said: int | None, base: int) -> Value:
    return Value(said, round(100 * said / base, 1) if said is not None and base else None)


def _base(raw: Raw, cells: list[Cell], place: int, totals: tuple[int, ...]) -> int:
    """What a share is a share of: the column's total, or for a trend with exposure the whole of its bucket."""
    if raw.within and place == 0:
        return cells[-1].said or 0
    return totals[place]


def outside_share(raw: Raw, outside: Cell | None, totals: tuple[int, ...]) -> float | None:
    """Percent of the scope outside any cluster; None where nothing was clustered or it is withheld."""
    if outside is None or len(raw.columns) != 1 or not totals[0] or (outside.count and outside.said is None):
        return None
    return round(100 * (outside.said or 0) / totals[0], 1)


def statistics_of(
    raw: Raw, labels: Sequence[str], table: list[list[Cell]], totals: tuple[int, ...], policy: PrivacyPolicy
) -> Statistics:
    """Measures of what is said, and the bands of groups that are shown."""
    found = Statistics([()] * len(raw.groups))
    if raw.statistic is not None:
        found = raw.statistic(
            Said(
                labels,
                raw.columns,
                [[cell.said for cell in cells] for cells in table],
                [[cell.is_small for cell in cells] for cells in table],
                totals,
                policy.min_conversations,
                policy.round_to,
            )
        )
    banded = [
        (*measures, *(Measure(name, verdict=verdict) for name, verdict in group.bands))
        for measures, group in zip(found.rows, raw.groups, strict=True)
    ]
    return replace(found, rows=banded)


GRADED_BY_RULES = "grades of concern and categories of harm are by built-in rules, which know English best"
_GRADED = frozenset({"concern", "harm"})


def source_notes(snapshot: Snapshot, facets: Set[str]) -> tuple[str, ...]:
    """What a reader must know of the source and of how the facets that a finding rests on were read from it."""
    found = []
    if snapshot.meta.get("accounts") == "none":
        found.append("the source states no accounts: each conversation counts as its own account")
    if facets & _GRADED and snapshot.meta.get("extractor") == "built-in":
        found.append(GRADED_BY_RULES)
    return tuple(found)
