"""Closed counts with noise, through the tools: what is said, what it costs, and that asking again tells nothing more."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.handle import Index
from tests.fakes.corpus import capped, context, records
from tests.fakes.policy import SHARP
from tools.context import ToolContext
from tools.core.candidate import CandidateTable, Group
from tools.core.errors import PrivacyViolation, ToolRefusal
from tools.core.finding import Finding
from tools.core.ledger import Ledger
from tools.core.scope import Resolved, Scope
from tools.dp.noise import Noise
from tools.dp.noisy_release import NOT_COVERED, released_of
from tools.registry import call
from tools.statistics.measures import over_and_under

POLICY = SHARP.with_values(epsilon_per_release=1.0, epsilon_total=4.0)
CLOSED: list[tuple[str, dict[str, Any]]] = [
    ("count_by", {"by": "language"}),
    ("count_by", {"by": "month"}),
    ("count_by", {"by": "surface", "scope": {"language": "English"}}),
    ("count_by", {"by": "turns", "across": "surface"}),
    ("trend", {"by": "month"}),
    ("trend", {"by": "month", "scope": {"language": "English"}}),
    ("compare", {"by": "surface", "first": {"language": "Spanish"}}),
    ("coverage", {}),
    ("coverage", {"by": "language"}),
]
TEXT: list[tuple[str, dict[str, Any]]] = [
    ("overview", {}),
    ("count_by", {"by": "theme"}),
    ("count_by", {"by": "topic"}),
]


@pytest.fixture
def noisy(index: Index, tmp_path: Path) -> ToolContext:
    return context(index, tmp_path / "ledger" / "analyst.sqlite3", POLICY)


def counts(finding: Finding) -> list[list[int | None]]:
    return [[value.count for value in row.values] for row in finding.rows]


@pytest.mark.parametrize(("tool", "arguments"), CLOSED)
async def test_every_closed_count_leaves_with_an_interval_and_its_cost(
    noisy: ToolContext, tool: str, arguments: dict[str, Any]
) -> None:
    finding = await call(tool, arguments, noisy)
    assert finding.rows
    for row in finding.rows:
        of = [f", {name}" if len(finding.columns) > 1 else "" for name in finding.columns]
        noisy_table = {measure.name: measure for measure in row.measures}
        for name, value in zip(of, row.values, strict=True):
            for kind, number in (("count", value.count), ("share", value.share)):
                if number is not None:
                    measure = noisy_table[f"{kind}{name}"]
                    assert measure.low is not None
                    assert measure.high is not None
                    assert measure.low <= number <= measure.high
                    assert measure.low < measure.high
    cost = next(note for note in finding.notes if note.startswith("differential privacy"))
    assert "ε = 1 for this release, 3 of 4 left" in cost
    assert "an account, of which at most 10 conversations" in cost
    assert noisy.gate.ledger.spent() == 1.0
    (entry,) = noisy.gate.ledger.releases()
    assert entry.epsilon == 1.0
    assert noisy.gate.ledger.verify() is None


@pytest.mark.parametrize(("tool", "arguments"), CLOSED)
async def test_no_noisy_count_under_the_threshold_is_said(
    noisy: ToolContext, tool: str, arguments: dict[str, Any]
) -> None:
    finding = await call(tool, arguments, noisy)
    released = [count for line in counts(finding) for count in line if count is not None]
    # Rounding may carry the least count that is said down by half a step.
    assert all(count >= POLICY.noisy_threshold - POLICY.round_to // 2 for count in released)
    assert all(count % POLICY.round_to == 0 for count in released)


async def test_the_threshold_asks_for_so_many_conversations_that_few_accounts_cannot_bring_them() -> None:
    assert POLICY.noisy_threshold == 41
    assert POLICY.with_values(max_per_account=2).noisy_threshold == 15


@pytest.mark.parametrize(("tool", "arguments"), TEXT)
async def test_text_is_held_by_the_usual_rules_and_says_that_it_is_not_covered(
    noisy: ToolContext, ctx: ToolContext, tool: str, arguments: dict[str, Any]
) -> None:
    finding, plain = await call(tool, arguments, noisy), await call(tool, arguments, ctx)
    assert NOT_COVERED in finding.notes
    assert NOT_COVERED not in plain.notes
    assert (finding.rows, finding.totals, finding.suppressed) == (plain.rows, plain.totals, plain.suppressed)
    assert noisy.gate.ledger.spent() == 0.0


@pytest.mark.parametrize("most", [3, 10])
async def test_noisy_counts_lie_around_the_counts_with_each_account_bounded(
    index: Index, tmp_path: Path, most: int
) -> None:
    noisy = context(index, tmp_path / "x.sqlite3", SHARP.with_values(epsilon_per_release=10.0, max_per_account=most))
    finding = await call("count_by", {"by": "surface"}, noisy)
    # The loud account has hundreds of conversations and counts `most` times over the whole table, not in each cell.
    true = capped([record.account for record in records()], most)
    width = Noise(10.0, most).half_width(len(finding.rows), 1 - 1e-6) + POLICY.round_to
    assert abs(finding.totals[0] - true) <= width
    assert true + width < len(records())


async def test_the_same_question_again_has_the_same_answer_and_costs_nothing(noisy: ToolContext) -> None:
    first = await call("count_by", {"by": "surface"}, noisy)
    for _ in range(20):
        again = await call("count_by", {"by": "surface"}, noisy)
        assert (counts(again), again.totals) == (counts(first), first.totals)
    assert noisy.gate.ledger.spent() == 1.0
    assert "answered as before: nothing was spent" in again.notes
    assert [entry.epsilon for entry in noisy.gate.ledger.releases()] == [0.0] * 20 + [1.0]
    assert noisy.gate.ledger.verify() is None


async def test_asking_in_other_words_is_paid_for_until_nothing_is_left(noisy: ToolContext) -> None:
    words = ("English", "english", "ENGLISH", "eNGLISH", "EnGLISH")
    for word in words[:4]:
        await call("count_by", {"by": "surface", "scope": {"language": word}}, noisy)
    with pytest.raises(ToolRefusal, match="budget") as refused:
        await call("count_by", {"by": "surface", "scope": {"language": words[4]}}, noisy)
    assert refused.value.reason == "privacy budget spent"
    assert noisy.gate.ledger.spent() == 4.0
    # What was answered can be asked again, and text does not draw on it.
    await call("count_by", {"by": "surface", "scope": {"language": words[0]}}, noisy)
    await call("count_by", {"by": "theme"}, noisy)
    assert [entry.scope for entry in noisy.gate.ledger.refusals()] == ["privacy budget spent"]


async def test_two_questions_of_the_same_set_do_not_tell_so_by_the_same_answer(index: Index, tmp_path: Path) -> None:
    path = tmp_path / "ledger" / "x.sqlite3"
    noisy = context(index, path, SHARP.with_values(epsilon_per_release=0.1))
    for word in ("English", "english"):
        await call("count_by", {"by": "surface", "scope": {"language": word}}, noisy)
    with closing(sqlite3.connect(path)) as raw:
        answers = {answer for (answer,) in raw.execute("SELECT answer FROM spendings")}
    # By chance the same only once in many millions of runs: three cells of noise that is hundreds wide.
    assert len(answers) == 2


async def test_a_restart_finds_what_was_spent_and_answered(index: Index, tmp_path: Path) -> None:
    path = tmp_path / "ledger" / "x.sqlite3"
    before = context(index, path, POLICY)
    first = await call("count_by", {"by": "surface"}, before)
    before.gate.ledger.close()
    after = context(index, path, POLICY)
    again = await call("count_by", {"by": "surface"}, after)
    assert counts(again) == counts(first)
    assert after.gate.ledger.spent() == 1.0


async def test_a_tenth_ten_times_is_the_whole_and_no_more(index: Index, tmp_path: Path) -> None:
    noisy = context(index, tmp_path / "x.sqlite3", SHARP.with_values(epsilon_per_release=0.1, epsilon_total=1.0))
    days = [f"2026-03-{day:02d}" for day in range(1, 12)]
    for day in days[:10]:
        await call("count_by", {"by": "surface", "scope": {"since": day}}, noisy)
    with pytest.raises(ToolRefusal, match="budget"):
        await call("count_by", {"by": "surface", "scope": {"since": days[10]}}, noisy)


async def test_a_scope_of_nobody_is_answered_like_a_scope_of_few(noisy: ToolContext) -> None:
    shapes = set()
    for scope in ({"language": "Klingon"}, {"near": "beehive varroa honeycomb"}):
        finding = await call("count_by", {"by": "surface", "scope": scope}, noisy)
        shapes.add(finding.columns)
    assert len(shapes) == 1
    with pytest.raises(ToolRefusal):
        await call("count_by", {"by": "theme", "scope": {"language": "Klingon"}}, noisy)


def test_a_scope_that_was_not_checked_serves_noisy_counts_alone(noisy: ToolContext) -> None:
    rows = np.arange(3, dtype=np.int64)
    made = CandidateTable(
        "count_by", {}, "made", "table", Resolved(Scope(), rows, is_unchecked=True), ("conversations",),
        (Group("g", (rows,)),), "made",
    )  # fmt: skip
    with pytest.raises(PrivacyViolation):
        noisy.gate.release(made)


async def test_without_the_mode_nothing_is_drawn_or_spent(ctx: ToolContext) -> None:
    for tool, arguments in CLOSED[:3]:
        finding = await call(tool, arguments, ctx)
        assert not any("ε" in note for note in finding.notes)
        assert not any(measure.name == "count" for row in finding.rows for measure in row.measures)
    assert ctx.gate.ledger.spent() == 0.0


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE spendings SET epsilon = 0.0",
        "UPDATE spendings SET answer = '[1]'",
        "UPDATE spendings SET question = 'x'",
        "DELETE FROM spendings",
        "INSERT INTO spendings VALUES (99, 1.0, 'q', '[]')",
        "UPDATE spendings SET seq = 2",
    ],
)
async def test_spending_cannot_be_changed_unseen(noisy: ToolContext, tmp_path: Path, edit: str) -> None:
    await call("count_by", {"by": "surface"}, noisy)
    await call("count_by", {"by": "theme"}, noisy)
    noisy.gate.ledger.close()
    path = tmp_path / "ledger" / "analyst.sqlite3"
    with closing(sqlite3.connect(path)) as raw:
        if not edit.startswith("INSERT"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                raw.execute(edit)
        raw.executescript(f"DROP TRIGGER spendings_stay; DROP TRIGGER spendings_kept; {edit};")
        raw.commit()
    assert Ledger(path).verify() is not None


async def test_a_ledger_from_before_there_was_noise_opens_verifies_and_goes_on(
    ctx: ToolContext, tmp_path: Path
) -> None:
    await call("count_by", {"by": "surface"}, ctx)
    ctx.gate.ledger.close()
    path = tmp_path / "ledger" / "analyst.sqlite3"
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript("DROP TABLE spendings;")
    noisy = context(ctx.index, path, POLICY)
    assert noisy.gate.ledger.verify() is None
    await call("count_by", {"by": "surface"}, noisy)
    assert noisy.gate.ledger.verify() is None
    assert [entry.epsilon for entry in noisy.gate.ledger.entries()] == [1.0, 0.0]


async def test_which_rows_there_are_does_not_follow_from_the_scope(noisy: ToolContext) -> None:
    asked: list[tuple[str, ...]] = []
    for scope in ({}, {"language": "Spanish"}, {"language": "Klingon"}):
        finding = await call("count_by", {"by": "turns", "across": "language", "scope": scope}, noisy)
        asked.append((*finding.columns, str(len(finding.rows) + finding.suppressed.groups)))
    assert len(set(asked)) == 1
    assert set(asked[0][:-1]) == {record.language for record in records()}


@pytest.mark.parametrize(
    ("more", "verdict", "others"), [(1.0, "no clear difference", "no clear difference"), (3.0, "over", "under")]
)
async def test_a_comparison_is_called_clear_only_where_it_is_whatever_the_noise_was(
    more: float, verdict: str, others: str
) -> None:
    """Twenty values, one of them `more` times as frequent in the first column as in the second: all noise, no members."""
    chance = np.random.default_rng(5)
    shares = np.array([0.5, *[0.5 / 19] * 19])
    first = shares * np.array([1, more, *[1] * 18])
    policy = SHARP.with_values(epsilon_per_release=2.0)
    noise = Noise(2.0, 10)
    groups = tuple(Group(f"v{place}", ()) for place in range(20))
    made = CandidateTable(
        "compare", {}, "made", "table", Resolved(Scope(), np.arange(0)), ("one", "other"), groups, "made",
        statistic=over_and_under, cells_per_conversation=1,
    )  # fmt: skip
    for _ in range(30):
        drawn = zip(
            noise.add(chance.multinomial(9_000, first / first.sum()).tolist()),
            noise.add(chance.multinomial(9_000, shares).tolist()),
            strict=True,
        )
        rows = released_of(policy, made, [count for pair in drawn for count in pair], noise).rows
        noisy_table = {
            row.label: measure.verdict for row in rows for measure in row.measures if measure.name == "odds ratio"
        }
        assert noisy_table["v1"] == verdict
        # Where one grows the shares of all others shrink, and none of them may be said to grow.
        assert {found for label, found in noisy_table.items() if label != "v1"} <= {"no clear difference", others}
