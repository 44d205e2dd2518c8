"""flag_gaps on a small index whose flags are set on purpose, against plain counts of the generator's truth."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from index.handle import Index
from tests.fakes.corpus import FakeEncoder, Record, build, context, is_enough, records, rounded
from tools.catalog.flag_gaps import CAUGHT, CONCERNING, FALSE, FLAGGED, MISSED, NEITHER
from tools.context import ToolContext
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding, Measure, Row
from tools.registry import call

Flags = Callable[[int, Record], bool]

FLAGS: dict[str, Flags] = {
    "half": lambda place, record: (
        (record.concern >= 3 and place % 2 == 0) or (record.theme == "travel" and place % 3 > 0)
    ),
    "misses": lambda place, record: record.theme == "travel" and place % 3 > 0,
    "exact": lambda place, record: record.concern >= 3 and place % 2 == 0,
    "alarmed": lambda place, record: record.concern >= 3 or (record.theme == "travel" and place % 3 > 0),
    "silent": lambda place, record: False,
}
"""A classifier that finds half, one that finds nothing concerning, one without false alarms, one that misses nothing, and
one that flags nothing."""


@pytest.fixture(scope="module")
def flagged(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], ToolContext]:
    built: dict[str, Path] = {}

    def of(name: str) -> ToolContext:
        if name not in built:
            marked = [
                replace(record, flagged=FLAGS[name](place, record)).conversation()
                for place, record in enumerate(records())
            ]
            built[name] = build(tmp_path_factory.mktemp(name), marked, name).path
        ledger = tmp_path_factory.mktemp("ledger") / "analyst.sqlite3"
        return context(Index(built[name], FakeEncoder()), ledger)

    return of


def side(record: Record, *, is_flagged: bool) -> str:
    if record.concern >= 3:
        return CAUGHT if is_flagged else MISSED
    return FALSE if is_flagged else NEITHER


def plainly(ctx: ToolContext, name: str) -> dict[str, dict[str, list[str]]]:
    """Accounts of each side by cluster id, one name a conversation."""
    snapshot = ctx.index.snapshot
    found: dict[str, dict[str, list[str]]] = {}
    for place, record in enumerate(records()):
        label = int(snapshot.base_labels[place])
        if label >= 0:
            sides = found.setdefault(snapshot.base_clusters[label].id, {})
            sides.setdefault(side(record, is_flagged=FLAGS[name](place, record)), []).append(record.account)
    return found


def told(finding: Finding) -> dict[str, dict[str, int]]:
    return {
        row.id or "": {
            column: value.count
            for column, value in zip(finding.columns, row.values, strict=True)
            if value.count is not None
        }
        for row in finding.rows
    }


MADE: dict[str, dict[str, tuple[str, ...]]] = {
    "half": {MISSED: (MISSED,), CAUGHT: (CAUGHT,), FALSE: (FALSE,), NEITHER: (NEITHER,)},
    "misses": {MISSED: (MISSED,), FLAGGED: (CAUGHT, FALSE), NEITHER: (NEITHER,)},
    "exact": {MISSED: (MISSED,), FLAGGED: (CAUGHT, FALSE), NEITHER: (NEITHER,)},
    "alarmed": {CONCERNING: (MISSED, CAUGHT), FALSE: (FALSE,), NEITHER: (NEITHER,)},
}


@pytest.mark.parametrize("name", MADE)
async def test_every_count_is_what_a_plain_count_gives_of_the_sides_it_is_made_of(
    flagged: Callable[[str], ToolContext], name: str
) -> None:
    ctx = flagged(name)
    finding = await call("flag_gaps", {}, ctx)
    assert finding.columns == tuple(MADE[name])
    plain = plainly(ctx, name)
    shown = 0
    for cluster, counts in told(finding).items():
        for column, count in counts.items():
            accounts = [account for part in MADE[name][column] for account in plain[cluster].get(part, [])]
            everybody = [account for part in plain[cluster].values() for account in part]
            # What lies nearly all in one column is told as the whole theme.
            is_whole = 0 < len(everybody) - len(accounts) < 15
            assert count == rounded(len(everybody if is_whole else accounts))
            assert not accounts or is_enough(accounts)
            shown += count > 0
    assert shown >= 3


def gap(finding: Finding, name: str) -> tuple[Row, Measure]:
    """The row with the largest count in the first column, and its share of that name."""
    found = [(row, measure) for row in finding.rows for measure in row.measures if measure.name == name]
    return found[0]


async def test_what_a_classifier_misses_entirely_is_named_with_a_lower_bound(
    flagged: Callable[[str], ToolContext],
) -> None:
    finding = await call("flag_gaps", {}, flagged("misses"))
    row, measure = gap(finding, "not flagged")
    assert (row.values[0].count or 0) >= 15
    assert measure.is_bound
    assert measure.low is not None
    assert measure.value is not None
    assert 0 < measure.low < measure.value
    assert measure.high == 100.0
    assert any("fewer than 15 conversations are concerning and flagged" in note for note in finding.notes)


async def test_the_truth_lies_in_the_interval_of_every_share(flagged: Callable[[str], ToolContext]) -> None:
    for name in MADE:
        ctx = flagged(name)
        plain = plainly(ctx, name)
        for row in (await call("flag_gaps", {}, ctx)).rows:
            sides = {part: len(plain[row.id or ""].get(part, [])) for part in (MISSED, CAUGHT, FALSE)}
            for measure in row.measures:
                part = sides[MISSED if measure.name == "not flagged" else FALSE]
                share = 100 * part / (part + sides[CAUGHT])
                assert measure.low is not None
                assert measure.high is not None
                assert measure.low <= share <= measure.high


async def test_where_nothing_is_flagged_the_tool_says_what_to_ask_instead(
    flagged: Callable[[str], ToolContext],
) -> None:
    with pytest.raises(ToolRefusal, match="count_by"):
        await call("flag_gaps", {}, flagged("silent"))


async def test_a_threshold_that_leaves_two_sides_too_small_is_refused(flagged: Callable[[str], ToolContext]) -> None:
    with pytest.raises(ToolRefusal, match="below the threshold"):
        await call("flag_gaps", {"concern_at_least": 5}, flagged("half"))
