"""The gate: random partitions of the small index against the rules written plainly."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.handle import Index
from index.snapshots.snapshot import Rows
from tests.fakes.corpus import context, is_enough, records, rounded, small_index
from tests.fakes.policy import SHARP
from tools.context import ToolContext
from tools.core.candidate import CandidateTable, Group
from tools.core.errors import PrivacyViolation, ToolRefusal
from tools.core.finding import Finding, Value, digest_of, with_present_names
from tools.core.policy import PrivacyPolicy
from tools.core.scope import Resolved, Scope
from tools.core.wording import UNNAMED
from tools.registry import call
from tools.release.nearly_all import NOTE as NEARLY_ALL
from tools.statistics.measures import over_and_under


@pytest.fixture(scope="module", autouse=True)
def built(index: Index) -> None:
    """The small index stands before a strategy draws from it: making it draws at random, which no strategy may."""


EVERYTHING = np.arange(len(records()), dtype=np.int64)


def accounts(rows: Rows) -> list[str]:
    made = records()
    return [made[row].account for row in rows.tolist()]


def raw(groups: tuple[Group, ...], rows: Rows = EVERYTHING, **more: Any) -> CandidateTable:
    fields: dict[str, Any] = {"columns": ("conversations",), "shape": "table", **more}
    return CandidateTable(
        "count_by", {}, "made", resolved=Resolved(Scope(), rows), groups=groups, method="made", **fields
    )


def released(made: CandidateTable, policy: PrivacyPolicy | None = None) -> Finding:
    """One release with a ledger of its own."""
    with tempfile.TemporaryDirectory() as folder:
        gate = context(small_index(), Path(folder) / "ledger" / "x.sqlite3", policy).gate
        finding = gate.release(made)
        gate.ledger.close()
    return finding


def released_unless_a_side_is_small(table: list[list[Rows]], **more: Any) -> Finding | None:
    """A table of several columns; None when it was refused, which it may be only for a side that is too small."""
    try:
        return released(raw(_named(table), columns=("one", "other", "third")[: len(table[0])], **more))
    except ToolRefusal:
        sides = [np.concatenate([cells[side] for cells in table]) for side in range(len(table[0]))]
        assert not all(is_enough(accounts(side)) for side in sides)
        return None


@st.composite
def partitions(draw: st.DrawFn, columns: int = 1) -> list[list[Rows]]:
    """A random scope, divided into groups of very different sizes, each divided into columns; whole accounts may be
    kept together, so that some groups have few accounts and some are dominated."""
    chance = np.random.default_rng(draw(st.integers(0, 10_000)))
    groups = draw(st.integers(1, 9))
    by_account = draw(st.booleans())
    kept = np.sort(chance.permutation(EVERYTHING)[: draw(st.integers(20, len(EVERYTHING)))])
    weights = chance.dirichlet(np.full(groups, draw(st.sampled_from([0.2, 1.0, 5.0]))))
    held = small_index().snapshot.accounts
    of_account = chance.choice(groups, held.max() + 1, p=weights)
    labels = of_account[held[kept]] if by_account else chance.choice(groups, len(kept), p=weights)
    sides = chance.choice(columns, len(kept), p=chance.dirichlet(np.ones(columns)))
    return [[kept[(labels == group) & (sides == side)] for side in range(columns)] for group in range(groups)]


def _named(table: list[list[Rows]]) -> tuple[Group, ...]:
    return tuple(Group(f"g{place}", tuple(cells)) for place, cells in enumerate(table))


def _stands_for_itself(finding: Finding, value: Value, whole: int) -> bool:
    """Whether a number is shown, and not in the place of the total that it is nearly all of."""
    return value.count is not None and not (NEARLY_ALL in finding.notes and value.count == rounded(whole))


def _hold(finding: Finding, table: list[list[Rows]], column: int) -> None:
    """R3, R4 and R7 of one column of a partition."""
    whole = sum(len(cells[column]) for cells in table)
    values = {row.label: row.values[column] for row in finding.rows}
    shown = {label: value.count for label, value in values.items() if _stands_for_itself(finding, value, whole)}
    hidden: list[str] = []
    for place, cells in enumerate(table):
        who = accounts(cells[column])
        if f"g{place}" in shown:
            assert is_enough(who)
            assert shown[f"g{place}"] == rounded(len(who))
        else:
            hidden += who
    assert not shown or not hidden or is_enough(hidden)


@settings(max_examples=60, deadline=None)
@given(table=partitions())
def test_no_shown_cell_is_below_a_threshold_and_what_is_hidden_is_nothing_or_enough(table: list[list[Rows]]) -> None:
    finding = released(raw(_named(table)))
    _hold(finding, table, 0)
    assert finding.totals == (rounded(sum(len(accounts(cells[0])) for cells in table)),)


@settings(max_examples=40, deadline=None)
@given(table=partitions(columns=2))
def test_both_columns_of_a_split_table_hold_to_the_thresholds_on_their_own(table: list[list[Rows]]) -> None:
    finding = released_unless_a_side_is_small(table, statistic=over_and_under)
    if finding is not None:
        _hold(finding, table, 0)
        _hold(finding, table, 1)


@settings(max_examples=60, deadline=None)
@given(table=partitions(columns=3))
def test_of_two_facets_crossed_no_suppressed_cell_follows_from_its_row_or_its_column(table: list[list[Rows]]) -> None:
    finding = released_unless_a_side_is_small(table, has_row_totals=True)
    if finding is None:
        return
    wholes = {f"g{place}": sum(map(len, cells)) for place, cells in enumerate(table)}
    shown = {
        row.label: [
            value.count if _stands_for_itself(finding, value, wholes[row.label]) else None for value in row.values
        ]
        for row in finding.rows
    }
    said = [shown.get(f"g{place}", [None] * 3) for place in range(len(table))]
    lines = [[(place, column) for column in range(3)] for place in range(len(table))]
    lines += [[(place, column) for place in range(len(table))] for column in range(3)]
    for line in lines:
        hidden = [
            who for place, column in line if said[place][column] is None for who in accounts(table[place][column])
        ]
        any_shown = any(said[place][column] is not None for place, column in line)
        assert not any_shown or not hidden or is_enough(hidden)


@settings(max_examples=40, deadline=None)
@given(table=partitions())
def test_what_lies_outside_the_groups_is_suppressed_together_with_them(table: list[list[Rows]]) -> None:
    outside, *groups = table
    finding = released(raw(_named(groups), outside=outside[0]))
    whole = sum(len(cells[0]) for cells in table)
    rows = {row.label: row for row in finding.rows if _stands_for_itself(finding, row.values[0], whole)}
    hidden = [who for place, cells in enumerate(groups) if f"g{place}" not in rows for who in accounts(cells[0])]
    if finding.outside is None:
        hidden += accounts(outside[0])
    elif finding.outside:
        assert is_enough(accounts(outside[0]))
    assert not rows or not hidden or is_enough(hidden)


@settings(max_examples=40, deadline=None)
@given(table=partitions(columns=3))
def test_the_children_of_a_shown_group_are_suppressed_among_themselves(table: list[list[Rows]]) -> None:
    groups: list[Group] = []
    for place, cells in enumerate(table):
        groups.append(Group(f"g{place}", (np.unique(np.concatenate(cells)),), id=f"T{place}"))
        groups += [Group(f"g{place}-{child}", (rows,), id=f"C{place}-{child}", parent=f"T{place}")
                   for child, rows in enumerate(cells)]  # fmt: skip
    finding = released(raw(tuple(groups), shape="tree"))
    shown = {row.label for row in finding.rows}
    for place, cells in enumerate(table):
        children = [f"g{place}-{child}" for child in range(3)]
        assert f"g{place}" in shown or not shown & set(children)
        hidden = [
            who for name, rows in zip(children, cells, strict=True) if name not in shown for who in accounts(rows)
        ]
        assert all(is_enough(accounts(rows)) for name, rows in zip(children, cells, strict=True) if name in shown)
        assert not shown & set(children) or not hidden or is_enough(hidden)


@settings(max_examples=40, deadline=None)
@given(table=partitions(columns=2))
def test_a_part_and_its_whole_are_shown_together_only_when_their_difference_is_enough(table: list[list[Rows]]) -> None:
    groups = tuple(
        Group(f"g{place}", (first, np.sort(np.concatenate([first, rest])))) for place, (first, rest) in enumerate(table)
    )
    finding = released(raw(groups, columns=("in scope", "all"), shape="trend", within=True))
    parts = dict(zip((group.label for group in groups), table, strict=True))
    labels = [row.label for row in finding.rows]
    begin = list(parts).index(labels[0]) if labels else 0
    assert labels == list(parts)[begin : begin + len(labels)]  # from the first released bucket to the last
    for row in finding.rows:
        first, rest = parts[row.label]
        if row.values[0].count is not None:
            assert is_enough(accounts(first))
            assert row.values[1].count in (None, row.values[0].count) or not len(rest) or is_enough(accounts(rest))


@settings(max_examples=40, deadline=None)
@given(table=partitions())
def test_an_overlapping_group_is_shown_only_when_the_rest_of_the_whole_is_enough(table: list[list[Rows]]) -> None:
    whole = np.sort(np.concatenate([cells[0] for cells in table]))
    finding = released(raw(_named(table), wholes=(whole,)))
    for place, cells in enumerate(table):
        rest = np.setdiff1d(whole, cells[0])
        if finding.row(f"g{place}") is not None:
            assert is_enough(accounts(cells[0]))
            assert not len(rest) or is_enough(accounts(rest))


@settings(max_examples=40, deadline=None)
@given(table=partitions(columns=2))
def test_every_share_follows_from_the_numbers_that_leave(table: list[list[Rows]]) -> None:
    finding = released_unless_a_side_is_small(table)
    for row in finding.rows if finding else ():
        for value, total in zip(row.values, finding.totals if finding else (), strict=True):
            assert value.share == (None if value.count is None or not total else round(100 * value.count / total, 1))


def test_a_stricter_policy_shows_no_more_than_the_default(index: Index) -> None:
    codes = np.arange(len(EVERYTHING)) % 12
    table = [[EVERYTHING[codes == code][: 10 + 6 * code]] for code in range(12)]
    loose = {row.label for row in released(raw(_named(table))).rows}
    strict = released(raw(_named(table)), SHARP.with_values(min_conversations=40, round_to=10))
    assert {row.label for row in strict.rows} < loose
    assert all(value.count is not None and value.count % 10 == 0 for row in strict.rows for value in row.values)


def test_more_crossed_facets_than_the_policy_allows_are_refused(ctx: ToolContext) -> None:
    facets = frozenset({"language", "surface", "flagged"})
    with pytest.raises(ToolRefusal, match="crosses 3 facets"):
        ctx.gate.release(raw((Group("g", (EVERYTHING,)),), facets=facets))
    assert ctx.gate.ledger.releases() == []


def test_a_name_of_unattested_words_is_suppressed_and_counted_as_unnamed(ctx: ToolContext) -> None:
    letters = np.array([row for row, record in enumerate(records()) if record.theme == "letters"])
    for name in (
        "cover letter of Zephyrine",
        "beehive",
        "cover letter jane@example.com",
        None,
        "",
    ):
        finding = ctx.gate.release(raw((Group(name, (letters,), is_text=True),), letters))
        assert [row.label for row in finding.rows] == [UNNAMED]
        assert finding.suppressed.unnamed == 1


def test_a_name_is_attested_by_the_accounts_of_its_own_group_and_not_of_another(ctx: ToolContext) -> None:
    letters = np.array([row for row, record in enumerate(records()) if record.theme == "letters"])
    recipes = np.array([row for row, record in enumerate(records()) if record.theme == "recipes"])
    groups = (Group("Cover letter", (letters,), is_text=True), Group("Cover letters", (recipes,), is_text=True))
    finding = ctx.gate.release(raw(groups, np.sort(np.concatenate([letters, recipes]))))
    assert [row.label for row in finding.rows] == ["Cover letter", UNNAMED]


async def test_a_released_finding_is_restored_from_its_stored_form(ctx: ToolContext) -> None:
    for name, arguments in (
        ("overview", {}),
        ("count_by", {"by": "month"}),
        ("trend", {"scope": {"language": "English"}}),
    ):
        finding = await call(name, arguments, ctx)
        assert ctx.gate.restore(finding.as_dict()) == finding


async def test_a_stored_finding_of_another_ledger_is_refused(ctx: ToolContext, index: Index, tmp_path: Path) -> None:
    finding = await call("count_by", {"by": "language"}, ctx)
    other = context(index, tmp_path / "other" / "x.sqlite3")
    with pytest.raises(ToolRefusal, match="ledger"):
        other.gate.restore(finding.as_dict())


async def test_a_stored_finding_with_any_field_changed_is_refused(ctx: ToolContext) -> None:
    stored = (await call("count_by", {"by": "language"}, ctx)).as_dict()
    changed = {
        "id": "F99", "tool": "overview", "title": "x", "shape": "tree", "scope": "x", "period": "x", "columns": ["x"],
        "rows": stored["rows"][:1], "totals": [7], "suppressed": {**stored["suppressed"], "groups": 9}, "outside": 1.0,
        "method": "x", "notes": ["x"], "policy": "x", "snapshot": 9, "digest": "0" * 64,
    }  # fmt: skip
    assert set(changed) == set(stored)
    for name, value in changed.items():
        with pytest.raises(ToolRefusal):
            ctx.gate.restore({**stored, name: value})


async def test_a_stored_finding_that_lost_or_gained_a_field_is_refused_and_not_a_crash(ctx: ToolContext) -> None:
    stored = (await call("count_by", {"by": "language"}, ctx)).as_dict()
    for spoiled in ({**stored, "note": "x"}, {key: value for key, value in stored.items() if key != "rows"}):
        with pytest.raises(ToolRefusal):
            ctx.gate.restore(spoiled)


async def test_a_finding_that_was_stored_under_the_old_name_of_what_is_suppressed_is_restored(ctx: ToolContext) -> None:
    stored = (await call("count_by", {"by": "language"}, ctx)).as_dict()
    old = {"withheld" if name == "suppressed" else name: value for name, value in stored.items()}
    old["digest"] = digest_of(old)
    with pytest.raises(ToolRefusal):
        ctx.gate.restore(old)  # this ledger did not release it
    entry = {"run": "", "tool": "x", "scope": "x", "arguments": "{}", "policy": "{}", "snapshot": 1, "asked": 0, "shown": 0,
             "withheld": 0, "smallest": None, "to_model": 0, "bytes": 0, "digest": old["digest"]}  # fmt: skip
    with ctx.gate.ledger.exclusive():
        ctx.gate.ledger.append(entry, [])
    restored = ctx.gate.restore(old)
    assert restored.suppressed.groups == stored["suppressed"]["groups"]
    assert ctx.gate.restore(with_present_names(old)) == restored
    with pytest.raises(ToolRefusal):
        ctx.gate.restore({**old, "totals": [1]})


async def test_handles_count_up_and_start_where_a_resumed_session_says(ctx: ToolContext) -> None:
    first = await call("count_by", {"by": "language"}, ctx)
    ctx.handles.start_at(7)
    later = await call("count_by", {"by": "surface"}, ctx)
    assert (first.id, later.id) == ("F1", "F7")


async def test_the_ledger_tells_what_was_asked_shown_and_suppressed(ctx: ToolContext) -> None:
    ctx = replace(ctx, run="run-1", gate=replace(ctx.gate, to_model=True))
    finding = await call("overview", {}, ctx)
    (release,) = ctx.gate.ledger.releases("run-1")
    assert (release.tool, release.shown, release.suppressed) == (
        "overview",
        len(finding.rows),
        finding.suppressed.groups,
    )
    assert release.to_model
    assert release.digest == finding.digest
    assert release.asked > release.shown


async def test_copying_a_finding_with_other_numbers_stops_the_run(ctx: ToolContext) -> None:
    finding = await call("count_by", {"by": "language"}, ctx)
    with pytest.raises(PrivacyViolation):
        replace(finding, totals=(1,))
