"""The tools that set one thing against another: columns against plain counts, verdicts, and what must be refused."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from index.core.home import Home
from index.core.records import Conversation
from index.handle import Index, open_writer
from index.snapshots.snapshot import Rows
from tests.fakes.corpus import (
    FIRST_DAY,
    LARGEST,
    FakeEncoder,
    context,
    is_enough,
    on,
    publish_of,
    records,
    rounded,
    take,
)
from tests.fakes.span import follows
from tests.tools.test_tools import FACETS, MID, by, counts, expected
from tools.context import ToolContext
from tools.core.errors import PrivacyViolation, ToolRefusal
from tools.core.finding import Row, Value
from tools.history.release_history import SECONDARY
from tools.registry import call
from tools.suppression.small_cells import small_cells
from tools.suppression.thresholds import Thresholds


async def test_compare_counts_each_scope_on_its_own(ctx: ToolContext) -> None:
    finding = await call("compare", {"first": {"language": "Spanish"}, "by": "surface"}, ctx)
    assert finding.columns == ("in Spanish", "all others")
    assert counts(finding) == expected(by(FACETS["surface"], lambda record: record.language == "Spanish"))
    assert counts(finding, 1) == expected(by(FACETS["surface"], lambda record: record.language != "Spanish"))


async def test_compare_of_two_periods_leaves_the_undated_out_of_both(ctx: ToolContext) -> None:
    scopes = {"first": {"since": str(MID)}, "second": {"until": str(MID - timedelta(days=1))}}
    finding = await call("compare", {**scopes, "by": "language"}, ctx)
    after = by(FACETS["language"], lambda record: record.day is not None and record.day >= 90)
    before = by(FACETS["language"], lambda record: record.day is not None and record.day < 90)
    assert (counts(finding), counts(finding, 1)) == (expected(after), expected(before))


async def test_what_lies_in_both_scopes_counts_in_the_first_alone(ctx: ToolContext) -> None:
    finding = await call(
        "compare", {"first": {"language": "Spanish"}, "second": {"since": str(MID)}, "by": "month"}, ctx
    )
    rest = by(FACETS["month"], lambda record: record.language != "Spanish" and (record.day or 0) >= 90)
    assert counts(finding, 1).items() <= expected(rest).items()


async def test_a_language_fills_its_own_themes_and_the_verdict_says_so(ctx: ToolContext) -> None:
    for language, clear in (("Spanish", "over"), ("English", "under")):
        finding = await call("compare", {"first": {"language": language}}, ctx)
        measures = [measure for row in finding.rows for measure in row.measures]
        verdicts = [measure.verdict for measure in measures]
        assert {clear} <= set(verdicts) <= {clear, "no clear difference"}
        assert verdicts == sorted(verdicts, key=["over", "no clear difference", "under"].index)
        for measure in measures:
            assert (measure.low or 0) <= (measure.value or 0) <= (measure.high or 0)


@pytest.mark.parametrize("language", ["Spanish", "English"])
async def test_after_an_overview_a_comparison_by_theme_suppresses_cells_and_is_not_refused(
    ctx: ToolContext, language: str
) -> None:
    await call("overview", {}, ctx)
    finding = await call("compare", {"first": {"language": language}}, ctx)
    assert finding.rows
    said, held = released(ctx)
    assert held
    thresholds = Thresholds(ctx.index, ctx.gate.policy)
    small = small_cells(ctx.index.snapshot, thresholds.meets, thresholds.always_met_from)
    assert [rows for rows in small if follows(said, rows)] == []


def released(ctx: ToolContext) -> tuple[list[Rows], list[Rows]]:
    """The sets whose number the ledger said, and those that stay suppressed for another's sake."""
    ledger, snapshot = ctx.gate.ledger, ctx.index.snapshot
    with ledger.exclusive():
        kept = list(ledger.new_sets(0))
    members = [snapshot.rows_of(np.array(ledger.members_of(item).to_array(), dtype=np.int64))[0] for item in kept]
    pairs = list(zip(kept, members, strict=True))
    return (
        [rows for item, rows in pairs if item.count is not None],
        [rows for item, rows in pairs if item.kind == SECONDARY],
    )


async def test_emerging_counts_what_is_dated_in_each_period(ctx: ToolContext) -> None:
    finding = await call("emerging", {"since": str(MID), "by": "topic"}, ctx)
    late = [record.account for record in records() if record.day is not None and record.day >= 90]
    early = [record.account for record in records() if record.day is not None and record.day < 90]
    assert finding.totals == tuple(rounded(len(side)) for side in (late, early))


async def test_a_theme_that_only_the_later_period_has_is_new(home: Home, tmp_path: Path) -> None:
    old = [record.conversation() for record in records() if record.day is not None and record.day < 90]
    fresh = [
        replace(conversation, account=f"f{place % 20}", time=FIRST_DAY + timedelta(days=120 + place % 30))
        for place, conversation in enumerate(_repeated("explain quantum annealing hardware", 60))
    ]
    late = [replace(item, time=FIRST_DAY + timedelta(days=120 + place % 30)) for place, item in enumerate(old[:300])]
    writer = open_writer(home.index_path("made"), home)
    await take(writer, [*old, *fresh, *[replace(item, account=f"l{item.account}") for item in late]])
    await publish_of(writer)
    writer.close()
    ctx = context(Index(home.index_path("made"), FakeEncoder()), tmp_path / "l" / "x.sqlite3")
    finding = await call("emerging", {"since": str(MID)}, ctx)
    new = [row for row in finding.rows if row.measures and row.measures[0].verdict == "new"]
    # The built-in lexicon knows "quantum" as physics, and names by its own word. An index's key is drawn, and with it
    # the order of its summaries, so a small cluster at the threshold may look new beside it.
    found = [row for row in new if any(word in row.label.casefold() for word in ("annealing", "quantum", "physics"))]
    assert len(found) == 1
    assert len(new) <= 2
    assert found[0].measures[0].is_bound


def _repeated(text: str, times: int) -> list[Conversation]:
    from index.core.records import Turn

    endings = ("please", "today", "for me", "quickly", "again", "in short")
    return [
        Conversation((Turn("user", f"{text} {endings[place % 6]} {place // 6}"),), "x", FIRST_DAY)
        for place in range(times)
    ]


async def test_a_group_opens_into_its_published_clusters(ctx: ToolContext) -> None:
    tree = await call("overview", {}, ctx)
    top = on(ctx.index, {"cluster": LARGEST})["cluster"]
    finding = await call("drill_down", {"cluster": top}, ctx)
    assert {row.id for row in finding.rows} <= {row.id for row in tree.rows if row.parent == top}
    assert finding.rows
    assert finding.outside in (None, 0.0)


async def test_coverage_says_how_much_lies_outside_by_value(ctx: ToolContext) -> None:
    snapshot = ctx.index.snapshot
    finding = await call("coverage", {"by": "language"}, ctx)
    for row in finding.rows:
        inside, whole = row.values
        assert whole.count is not None
        if inside.count is not None:
            assert inside.share == round(100 * inside.count / whole.count, 1)
    plain = await call("coverage", {}, ctx)
    outside = [records()[place].account for place in range(len(snapshot)) if snapshot.base_labels[place] < 0]
    said = plain.row("unclustered")
    assert (said is not None and said.values[0].count is not None) == is_enough(outside)


async def test_a_claim_that_holds_holds_and_one_that_does_not_does_not(ctx: ToolContext) -> None:
    finding = await call("count_by", {"by": "language"}, ctx)
    row = finding.rows[0]
    share = row.values[0].share or 0.0
    numbers = [
        {"row": row.label, "stated": share},
        {"row": row.label, "stated": share + 7},
        {"row": row.label, "kind": "count", "stated": row.values[0].count},
        {"row": "Klingon, said a person of that name", "stated": 12},
    ]
    checked = await call("audit_claim", {"tool": "count_by", "arguments": {"by": "language"}, "numbers": numbers}, ctx)
    assert [item.measures[0].verdict for item in checked.rows] == ["holds", "does not hold", "holds", "suppressed"]
    assert "Klingon" not in str(checked.as_dict())
    assert ctx.gate.ledger.digest_known(checked.digest)
    assert ctx.gate.restore(checked.as_dict()) == checked


async def test_a_number_does_not_become_citable_by_being_checked(ctx: ToolContext) -> None:
    numbers = [{"row": "English", "stated": 77.7}]
    checked = await call("audit_claim", {"tool": "count_by", "arguments": {"by": "language"}, "numbers": numbers}, ctx)
    assert "77.7" not in str(checked.as_dict())


async def test_only_what_was_released_can_be_restated(ctx: ToolContext) -> None:
    finding = await call("count_by", {"by": "language"}, ctx)
    with pytest.raises(PrivacyViolation):
        ctx.gate.restate(finding, "audit_claim", "x", [Row("English", (Value(3, 0.1),))])


async def test_precedent_finds_a_theme_in_the_earlier_snapshot_and_counts_what_it_held(
    home: Home, tmp_path: Path
) -> None:
    path = home.index_path("made")
    everything = [record.conversation() for record in records()]
    writer = open_writer(path, home)
    await take(writer, everything[:700])
    await publish_of(writer)
    await take(writer, everything[700:])
    await publish_of(writer)
    writer.close()
    index = Index(path, FakeEncoder())
    ctx = context(index, tmp_path / "l" / "x.sqlite3")
    finding = await call("precedent", {"scope": {"language": "Spanish"}}, ctx)
    top = [row for row in finding.rows if row.parent is None]
    before = [record.account for record in records()[:700] if record.language == "Spanish"]
    assert [row.label[:10] for row in top] == ["snapshot 1"]
    assert top[0].values[0].count == rounded(sum(min(before.count(who), 10) for who in set(before)))
    assert any(row.parent == "S1" for row in finding.rows)


async def test_without_an_earlier_snapshot_precedent_says_so(ctx: ToolContext) -> None:
    with pytest.raises(ToolRefusal, match="earlier snapshot"):
        await call("precedent", {"scope": {"language": "Spanish"}}, ctx)
