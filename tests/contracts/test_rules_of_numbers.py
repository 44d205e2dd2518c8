"""The rules of the design about what may be counted, R3 to R5 and R7: each test fails when its rule is broken."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from index.core.records import Conversation, Turn
from index.handle import Index
from index.snapshots.snapshot import Rows
from tests.fakes.corpus import (
    FIRST_DAY,
    LARGEST,
    FakeEncoder,
    build,
    context,
    is_enough,
    on,
    records,
    rounded,
)
from tests.fakes.questions import MID, POLICY, accounts, every_tool, raw, rows_where
from tests.fakes.worlds import Told, answer, asked_in, crowd
from tools.context import ToolContext
from tools.core.candidate import CandidateTable, Group
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding
from tools.core.scope import Resolved, Scope, resolve
from tools.core.wording import UNNAMED
from tools.registry import call


async def test_the_largest_group_opens_where_nothing_was_said_that_it_would_have_to_guard(ctx: ToolContext) -> None:
    opened = await call("drill_down", on(ctx.index, {"cluster": LARGEST}), ctx)
    assert len(opened.rows) >= 2
    assert opened.totals[0] >= POLICY.min_conversations


# R3


async def test_r3_every_number_of_conversations_or_accounts_that_leaves_is_at_least_the_threshold(
    ctx: ToolContext,
) -> None:
    for finding in await every_tool(ctx):
        for row in finding.rows:
            assert all(value.count is None or value.count >= POLICY.min_conversations for value in row.values)
            assert row.accounts is None or row.accounts >= POLICY.min_accounts


@pytest.mark.parametrize(
    ("conversations", "people", "shown"),
    [(15, 5, True), (14, 5, False), (20, 4, False), (40, 3, False), (16, 16, True)],
)
def test_r3_a_group_needs_fifteen_conversations_of_five_accounts(
    ctx: ToolContext, conversations: int, people: int, shown: bool
) -> None:
    group = _made(conversations, people)
    finding = ctx.gate.release(raw([Group("group", (group,))]))
    assert bool(finding.rows) is shown


def _made(conversations: int, people: int) -> Rows:
    """Rows of the small index: so many conversations, spread over so many accounts."""
    by_account: dict[str, list[int]] = {}
    for row, record in enumerate(records()):
        by_account.setdefault(record.account, []).append(row)
    need = -(-conversations // people)
    chosen = [rows[:need] for rows in by_account.values() if len(rows) >= need][:people]
    assert len(chosen) == people
    spread = [rows[turn] for turn in range(need) for rows in chosen]
    return np.sort(np.array(spread[:conversations], dtype=np.int64))


@pytest.mark.parametrize(
    ("conversations", "people", "named"), [(25, 10, True), (24, 10, False), (40, 9, False), (40, 20, True)]
)
def test_r3_a_name_needs_twenty_five_conversations_of_ten_accounts(
    index: Index, tmp_path: Path, conversations: int, people: int, named: bool
) -> None:
    said = [
        Conversation((Turn("user", f"merge pandas dataframes, case {place:b}"),), f"a{place % people}", FIRST_DAY)
        for place in range(conversations)
    ]
    others = [
        Conversation((Turn("user", f"gazpacho receta {place:b}"),), f"b{place}", FIRST_DAY) for place in range(40)
    ]
    built = build(tmp_path / "home", [*said, *others])
    gate = context(Index(built.path, FakeEncoder()), tmp_path / "ledger" / "x.sqlite3").gate
    rows = np.arange(conversations, dtype=np.int64)
    made = CandidateTable("count_by", {}, "made", "table", Resolved(Scope(), rows), ("conversations",),
               (Group("Pandas", (rows,), is_text=True),), "made")  # fmt: skip
    finding = gate.release(made)
    assert [row.label for row in finding.rows] == ["Pandas" if named else UNNAMED]


def test_r3_a_scope_whose_complement_is_too_small_is_refused(ctx: ToolContext, index: Index) -> None:
    strict = ctx.gate.with_policy(POLICY.with_values(min_conversations=60))
    with pytest.raises(ToolRefusal, match="Nearly all conversations match"):
        strict.admit(Scope(since=FIRST_DAY.date() + timedelta(days=4)))


def _late_day_with_few() -> date:
    """A day since which there are some conversations, but fewer than the threshold."""
    for back in range(1, 30):
        late = [record.account for record in records() if record.day is not None and record.day >= 184 - back]
        if 3 <= len(late) < 15:
            found = FIRST_DAY.date() + timedelta(days=184 - back)
    return found


@pytest.mark.parametrize("by", ["language", "theme", "topic"])
async def test_r3_the_total_of_a_column_is_a_group_too(ctx: ToolContext, by: str) -> None:
    day = _late_day_with_few()
    periods = {"first": {"since": str(day)}, "second": {"until": str(day - timedelta(days=1))}}
    try:
        finding = await call("compare", {**periods, "by": by}, ctx)
    except ToolRefusal:
        return
    assert not 0 < (finding.totals[0] or 0) < POLICY.min_conversations


# R4


async def test_r4_counts_leave_rounded_and_shares_follow_from_what_leaves(ctx: ToolContext) -> None:
    for finding in await every_tool(ctx):
        numbers = [value.count for row in finding.rows for value in row.values if value.count is not None]
        numbers += [row.accounts for row in finding.rows if row.accounts is not None] + list(finding.totals)
        assert all(number % POLICY.round_to == 0 for number in numbers)
        if finding.shape == "trend":
            continue
        for row in finding.rows:
            for value, total in zip(row.values, finding.totals, strict=True):
                assert value.share == (None if value.count is None else round(100 * value.count / total, 1))


async def test_r4_the_share_suppressed_follows_from_rounded_numbers_too(ctx: ToolContext) -> None:
    for finding in await every_tool(ctx):
        whole = sum(finding.totals)
        possible = {round(100 * count / whole, 1) for count in range(0, whole + 5, 5)}
        assert finding.suppressed.share in possible, finding.tool


def test_r4_one_suppressed_cell_takes_the_smallest_shown_one_with_it(ctx: ToolContext) -> None:
    few = _made(8, 4)
    rest = np.setdiff1d(rows_where([record.account != "account-loud" for record in records()]), few)
    parts = [rest[:60], rest[60:200], rest[200:500]]
    groups = [Group("few", (few,)), *(Group(f"part {place}", (part,)) for place, part in enumerate(parts))]
    finding = ctx.gate.release(raw(groups))
    assert [row.label for row in finding.rows] == ["part 1", "part 2"]
    assert finding.suppressed.groups == 2


# R5


def _guarding() -> list[Group]:
    """A few conversations, the next larger group, which has to be suppressed with them, and two large ones."""
    place = 0
    groups = []
    for name, size in (("few", 8), ("guard", 60), ("many", 300), ("most", 500)):
        groups.append(Group(name, (np.arange(place, place + size, dtype=np.int64),)))
        place += size
    return groups


@pytest.mark.parametrize("changed", [0, 3], ids=["the same", "but for three conversations"])
def test_r4_what_was_suppressed_for_anothers_sake_is_no_side_of_a_later_split(ctx: ToolContext, changed: int) -> None:
    groups = _guarding()
    few, guard, many, most = (group.members for group in groups)
    sides = (guard[changed:], many)

    def halves() -> Finding:
        made = [Group(str(part), tuple(side[part::2] for side in sides)) for part in (0, 1)]
        both = np.sort(np.concatenate(sides))
        return ctx.gate.release(raw(made, columns=("one", "other"), resolved=Resolved(Scope(), both)))

    assert ctx.gate.is_releasable(sides[0], "side")
    everything = np.concatenate([few, guard, many, most])
    finding = ctx.gate.release(raw(groups, resolved=Resolved(Scope(), everything)))
    assert [row.label for row in finding.rows] == ["many", "most"]
    assert not ctx.gate.is_releasable(sides[0], "side")
    assert ctx.gate.is_releasable(many, "side")
    with pytest.raises(ToolRefusal, match="One side of the split") as refused:
        halves()
    assert refused.value.reason == "a side too small"


def test_r4_a_split_by_what_nobody_suppressed_says_each_sides_size(ctx: ToolContext) -> None:
    _, guard, many, _ = (group.members for group in _guarding())
    made = [Group(str(part), (guard[part::2], many[part::2])) for part in (0, 1)]
    both = np.sort(np.concatenate([guard, many]))
    finding = ctx.gate.release(raw(made, columns=("one", "other"), resolved=Resolved(Scope(), both)))
    assert all(finding.totals)


def _quiet_days() -> list[int]:
    """Days on which at least one and fewer than five accounts asked something, away from both ends."""
    asked: dict[int, set[str]] = {}
    for record in records():
        if record.day is not None and 20 <= record.day < 150:
            asked.setdefault(record.day, set()).add(record.account)
    return sorted(day for day, who in asked.items() if len(who) < 5)


def _around(day: int) -> tuple[str, str]:
    """The day and the next: periods since either differ by that one day."""
    return str(FIRST_DAY.date() + timedelta(days=day)), str(FIRST_DAY.date() + timedelta(days=day + 1))


@pytest.mark.parametrize("day", _quiet_days()[::2])
async def test_r5_a_scope_that_differs_by_fewer_than_five_accounts_gets_the_earlier_answer(
    ctx: ToolContext, day: int
) -> None:
    before, after = [
        await call("count_by", {"by": "surface", "scope": {"since": since}}, ctx) for since in _around(day)
    ]
    assert (after.rows, after.totals, after.suppressed) == (before.rows, before.totals, before.suppressed)


async def test_r5_the_same_question_gets_the_same_answer_from_every_agent_on_the_ledger(
    ctx: ToolContext, index: Index, tmp_path: Path
) -> None:
    first = await call("count_by", {"by": "language", "scope": {"since": MID}}, ctx)
    other = context(index, tmp_path / "ledger" / "x.sqlite3")
    later = str(date.fromisoformat(MID) + timedelta(days=1))
    moved = {record.account for record in records() if record.day == 90}
    second = await call("count_by", {"by": "language", "scope": {"since": MID}}, other)
    assert second.rows == first.rows
    if len(moved) < 5:
        third = await call("count_by", {"by": "language", "scope": {"since": later}}, other)
        assert third.rows == first.rows


def _differing() -> tuple[Rows, Rows]:
    """Two sets that one account tells apart, chosen so that its conversations and it cross a rounding boundary."""
    made = records()
    by_account: dict[str, list[int]] = {}
    for row, record in enumerate(made):
        if record.account != "account-loud":
            by_account.setdefault(record.account, []).append(row)
    names = [name for name, rows in by_account.items() if 4 <= len(rows) <= 9]
    for most in range(12, len(names)):
        rows = [row for name in names[:most] for row in by_account[name]]
        more = rows + by_account[names[most]]
        if most % 5 == 2 and (len(rows) + 2) // 5 != (len(more) + 2) // 5:
            return np.sort(np.array(rows)), np.sort(np.array(more))
    raise AssertionError("no such sets in the corpus")


@pytest.mark.parametrize("larger_first", [False, True])
def test_r5_a_group_that_differs_by_one_account_gets_the_earlier_row_whole(
    ctx: ToolContext, larger_first: bool
) -> None:
    smaller, larger = _differing()
    sets = (larger, smaller) if larger_first else (smaller, larger)
    first, second = (ctx.gate.release(raw([Group("group", (rows,))])) for rows in sets)
    assert second.rows[0].values[0].count == first.rows[0].values[0].count
    assert second.rows[0].accounts == first.rows[0].accounts


@pytest.mark.parametrize("larger_first", [False, True])
def test_r5_the_total_of_a_group_that_differs_by_one_account_is_the_earlier_total(
    ctx: ToolContext, larger_first: bool
) -> None:
    smaller, larger = _differing()
    sets = (larger, smaller) if larger_first else (smaller, larger)
    first, second = (ctx.gate.release(raw([Group("group", (rows,))])) for rows in sets)
    assert second.totals == first.totals
    assert second.rows == first.rows


def test_r5_two_overlapping_groups_of_one_finding_that_one_account_tells_apart_get_one_answer(
    ctx: ToolContext,
) -> None:
    smaller, larger = _differing()
    whole = np.arange(len(records()), dtype=np.int64)
    finding = ctx.gate.release(raw([Group("one", (smaller,)), Group("other", (larger,))], wholes=(whole,)))
    (one, other) = finding.rows
    assert one.values[0].count == other.values[0].count
    assert one.accounts == other.accounts


def test_r5_a_scope_asked_again_after_a_near_one_is_still_itself(ctx: ToolContext) -> None:
    day = FIRST_DAY.date() + timedelta(days=100)
    first = ctx.gate.admit(Scope(since=day))
    ctx.gate.release(raw([Group("scope", (first.rows,))], resolved=first))
    one, *_ = accounts(first.rows)
    near = first.rows[np.array([account != one for account in accounts(first.rows)])]
    ctx.gate.release(raw([Group("near", (near,))]))
    assert ctx.gate.admit(Scope(since=day)).rows.tolist() == first.rows.tolist()


@pytest.mark.parametrize("by", ["theme", "topic"])
async def test_r5_the_columns_of_a_split_that_moves_by_a_day_of_few_accounts_keep_their_totals(
    index: Index, tmp_path: Path, by: str
) -> None:
    told = []
    for day in _quiet_days()[::5]:
        ctx = context(index, tmp_path / str(day) / "x.sqlite3")
        before, after = [await call("emerging", {"by": by, "since": since}, ctx) for since in _around(day)]
        if before.totals != after.totals:
            told.append((day, before.totals, after.totals))
    assert told == []


async def test_r5_a_differencing_attack_on_one_person_recovers_nothing(index: Index, tmp_path: Path) -> None:
    """The attacker knows the target's days and asks for the scope with and without each of them."""
    quiet = set(_quiet_days())
    days: dict[str, set[int]] = {}
    for record in records():
        if record.day in quiet:
            days.setdefault(record.account, set()).add(record.day)
    target = max(sorted(set(days) - {"account-loud"}), key=lambda account: len(days[account]))
    assert len(days[target]) >= 2
    for day in days[target]:
        ctx = context(index, tmp_path / str(day) / "x.sqlite3")
        answers = []
        for since in _around(day):
            asked = [await call("count_by", {"by": by, "scope": {"since": since}}, ctx) for by in ("language", "turns")]
            asked.append(await call("count_by", {"by": "topic", "scope": {"since": since}}, ctx))
            answers.append([(found.rows, found.totals, found.suppressed, found.period) for found in asked])
        assert answers[0] == answers[1]


# R7


@pytest.mark.parametrize(("others", "count"), [(4, None), (5, 45)])
def test_r7_one_account_counts_at_most_ten_times_towards_a_threshold_and_is_counted_whole(
    ctx: ToolContext, others: int, count: int | None
) -> None:
    loud = rows_where([record.account == "account-loud" for record in records()])[:40]
    quiet = rows_where([record.theme == "letters" for record in records()])
    _, first = np.unique([records()[row].account for row in quiet], return_index=True)
    both = np.sort(np.concatenate([loud, quiet[first[:others]]]))
    undominated = POLICY.with_values(max_dominance=1.0, max_dominance_of_two=1.0, min_unknown=0.0)
    finding = ctx.gate.with_policy(undominated).release(raw([Group("both", (both,))]))
    assert [row.values[0].count for row in finding.rows] == ([] if count is None else [count])


@pytest.mark.parametrize(("second", "third", "shown"), [(10, 20, True), (36, 20, False), (25, 5, False)])
def test_r7_a_cell_whose_two_largest_accounts_know_each_other_is_suppressed(
    second: int, third: int, shown: bool
) -> None:
    # The largest account has 30 of them; the (n, k) rule with n = 2 and the p % rule look at what is left beside two.
    made = [0] * 30 + [1] * second + [2 + place % 6 for place in range(third)]
    with asked_in([Told(account, day=place % 40) for place, account in enumerate(made)]) as ctx:
        assert ctx.gate.is_releasable(np.arange(len(made))) is shown


@pytest.mark.parametrize(("loud_ones", "shown"), [(40, True), (41, False), (200, False)])
def test_r7_a_cell_that_one_account_dominates_is_suppressed(ctx: ToolContext, loud_ones: int, shown: bool) -> None:
    loud = rows_where([record.account == "account-loud" for record in records()])[:loud_ones]
    quiet = rows_where([record.theme == "letters" for record in records()])[:40]
    finding = ctx.gate.release(raw([Group("both", (np.sort(np.concatenate([loud, quiet])),))]))
    assert bool(finding.rows) is shown
    assert is_enough(accounts(np.concatenate([loud, quiet]))) is shown


async def test_r7_the_theme_that_one_account_dominates_is_in_no_finding(ctx: ToolContext) -> None:
    words = str([finding.as_dict() for finding in await every_tool(ctx)]).casefold()
    assert "cover letter" in words
    assert not any(word in words for word in ("horoscope", "tarot", "zodiac"))


@pytest.mark.parametrize("scope", [{}, {"language": "German"}, {"surface": "web", "flagged": "no"}, {"cluster": "T1"}])
def test_r7_every_table_of_a_scope_has_the_same_total(scope: dict[str, str]) -> None:
    # One account wrote fifty: it counts at most ten times towards a threshold, and fifty times in every total.
    told = [*crowd(5, people=300), *[Told(7_777, "German", day=place % 60) for place in range(50)]]
    with asked_in(told) as ctx:
        asked = [("count_by", {"by": by}) for by in ("language", "surface", "flagged", "turns", "month", "theme")]
        asked += [("count_by", {"by": "topic"}), ("coverage", {}), ("topic_map", {})]
        said = [answer(ctx, tool, {**arguments, "scope": scope}) for tool, arguments in asked]
        trend = answer(ctx, "trend", {"by": "week", "scope": scope})
        held = len(resolve(ctx.index, Scope.model_validate(scope)).rows)
    answered = [found["totals"][0] for found in [*said, trend] if "totals" in found]
    assert len(answered) >= 5
    assert set(answered) == {rounded(held)}
