"""R8 attacked: what a sentence may say of findings, on findings that the gate released over the small index."""

import asyncio
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.answer import Draft, LeadCard
from agent.engine.plan_check import without_names
from agent.grounding.verify import check, check_draft, handles
from agent.roles.protocols import Brief, Plan, Task
from tests.fakes.corpus import context, small_index
from tools.core.finding import Finding, Row
from tools.core.wording import UNNAMED
from tools.registry import call


@cache
def findings() -> dict[str, Finding]:
    """F1 overview, F2 languages, F3 a month's course, F4 a comparison."""
    ctx = context(small_index(), Path(mkdtemp()) / "ledger.sqlite3")

    async def made() -> list[Finding]:
        return [
            await call("overview", {}, ctx),
            await call("count_by", {"by": "language"}, ctx),
            await call("trend", {"by": "month", "scope": {"language": "English"}}, ctx),
            await call("compare", {"first": {"language": "Spanish"}, "by": "topic"}, ctx),
        ]

    return {finding.id: finding for finding in asyncio.run(made())}


@pytest.fixture(scope="module")
def themes() -> list[Row]:
    return rows_of(findings()["F1"])


def rows_of(finding: Finding) -> list[Row]:
    return [row for row in finding.rows if row.label != UNNAMED and row.values[0].count is not None]


def languages() -> list[Row]:
    """Rows of different counts, the largest first."""
    rows = sorted(rows_of(findings()["F2"]), key=lambda row: -(row.values[0].count or 0))
    return list({row.values[0].count: row for row in rows}.values())


def passes(sentence: str) -> bool:
    return not check(sentence, findings()).problems


def count(row: Row) -> int:
    assert row.values[0].count is not None
    return row.values[0].count


def share(row: Row) -> float:
    assert row.values[0].share is not None
    return row.values[0].share


def test_what_a_finding_says_passes_in_many_wordings() -> None:
    one, other, *_ = languages()
    total = findings()["F2"].totals[0]
    for sentence in (
        f"“{one.label}” has {count(one):,} conversations [F2].",
        f"“{one.label}” makes up {share(one)} % [F2].",
        f"“{one.label}” makes up {share(one)} percent [F2].",
        f"“{one.label}” makes up {share(one):.0f} % [F2].",
        f"{one.label} makes up {share(one)} % [F2].",
        f"Of {total:,} conversations, {count(one)} are “{one.label}” and {count(other)} are “{other.label}” [F2].",
        f"“{one.label}” ({count(one)}, {share(one)} %), “{other.label}” ({count(other)}, {share(other)} %) [F2].",
        f"“{one.label}” and “{other.label}” have {count(one)} and {count(other)} conversations [F2].",
        f"“{one.label}” and “{other.label}” together have {count(one) + count(other)} conversations [F2].",
        f"“{one.label}” has {count(one) - count(other)} conversations more than “{other.label}” [F2].",
        f"“{one.label}” is {count(one) / count(other):.1f} times as large as “{other.label}” [F2].",
        f"“{one.label}” lies {share(one) - share(other):.1f} points above “{other.label}” [F2].",
        f"There are about {total / 1000:.1f} thousand of them [F2].",
        f"More than {total - 5} conversations were counted [F2].",
        f"The two largest are “{one.label}” and “{other.label}” [F2].",
        f"It spreads over {len(findings()['F2'].rows)} languages [F2].",
        f"“{one.label}” leads. [F2]",
    ):
        assert passes(sentence), check(sentence, findings()).problems


def test_ashare_of_may_be_computed_from_two_counts_that_the_sentence_states() -> None:
    whole, part = map(count, languages())
    share = 100 * part / whole
    assert all(
        abs(share + more - known) > 1 for known in [row.values[0].share or 0 for row in languages()] for more in (0, 3)
    )
    assert passes(f"About {part} of about {whole:,} conversations: {share:.1f} % [F2].")
    for false in (
        f"About {part} of about {whole:,} conversations: {share + 3:.1f} % [F2].",  # another share
        f"That is {share:.1f} % of about {whole:,} conversations [F2].",  # a count that is not stated
    ):
        assert not passes(false), false


def test_what_no_finding_says_fails_in_many_disguises() -> None:
    one, other, *_ = languages()
    for sentence in (
        f"“{one.label}” has {count(one) + 5:,} conversations [F2].",
        f"“{one.label}” has {count(other):,} conversations [F2].",
        f"“{one.label}” ({count(other)}), “{other.label}” ({count(one)}) [F2].",
        f"{one.label} has {count(other):,} conversations [F2].",
        f"“{one.label}” makes up {share(one) + 1:.1f} % [F2].",
        f"“{one.label}” makes up {count(one)} % [F2].",
        f"“{one.label}” makes up ninety-seven percent [F2].",
        f"“{one.label}” makes up 97 per cent [F2].",
        f"“{one.label}” makes up 97 pct [F2].",
        f"“{one.label}” makes up ９７ % [F2].",
        f"“{one.label}” makes up ٩٧ % [F2].",
        f"“{one.label}” makes up 9\u200b7 % [F2].",
        f"“{one.label}” has nine thousand conversations [F2].",
        f"“{one.label}” has 9k conversations [F2].",
        f"“{one.label}” has 987th place [F2].",
        "It is 41 times as large [F2].",
        "It rose by 41 points [F2].",
        "It rose by 41 % [F2].",
        f"“{one.label}” is seven times as large as “{other.label}” [F2].",
        f"“{one.label}” leads [F1].",
        f"“{one.label}” leads [F99].",
        f"“{one.label}” leads.",
        f"As F98 says, “{one.label}” leads [F2].",
        "“Bank robbery planning” is a theme [F1].",
        '"Bank robbery planning" is a theme [F1].',
        "«Bank robbery planning» is a theme [F1].",
        "It began on 2019-03-04 [F3].",
        "It began on 4 March 2019 [F3].",
        "It began in March 2019 [F3].",
        "It began in Q1 2019 [F3].",
        "It began in 2019 [F3].",
        "It began on 03/04/2026 [F3].",
        "There are 640 conversations.",
        "Forty-two conversations were flagged.",
        "It happened in March 2026.",
        "C9876 is the largest [F1].",
        "- 97 % are written in a hurry",
        "97 out of 100 agree [F2].",
        "Three in ten agree [F2].",
    ):
        assert not passes(sentence), sentence


def test_numbers_of_the_policy_are_no_numbers_of_the_data() -> None:
    one, *_ = languages()
    assert passes("Cells under the threshold of 15 conversations are suppressed by the policy [F2].")
    assert not passes(f"“{one.label}” has 15 conversations [F2].") or count(one) == 15


def test_dates_and_months_of_a_finding_pass_however_written() -> None:
    (first, *_) = rows_of(findings()["F3"])
    assert passes(f"In {first.label} there were {count(first)} conversations [F3].")
    assert passes("It begins in March 2026 [F3].")
    assert passes("It begins in March [F3].")
    assert not passes("It begins in January [F3].")


def test_a_course_gives_each_month_its_own_number() -> None:
    rows = rows_of(findings()["F3"])
    different = [row for row in rows if row.values[0].share != rows[0].values[0].share]
    one, other = rows[0], different[-1]
    assert passes(f"It goes from {share(one)} % in {one.label} to {share(other)} % in {other.label} [F3].")
    assert not passes(f"It goes from {share(other)} % in {one.label} to {share(one)} % in {other.label} [F3].")


def test_an_uncited_sentence_may_not_name_a_theme_without_quotes(themes: list[Row]) -> None:
    theme = next(row for row in themes if " " in row.label and len(row.label) > 8)
    assert not passes(f"{theme.label} is growing fast.")
    assert passes("There are two readings of this.")
    assert passes("A course or a shared prompt can read the same.")


def test_a_comparison_may_state_its_ratio_with_the_interval() -> None:
    row = next(row for row in rows_of(findings()["F4"]) if row.measures and row.measures[0].value)
    odds = row.measures[0]
    assert passes(f"“{row.label}” has {odds.value}× ({odds.low} to {odds.high}) the odds elsewhere [F4].")
    assert not passes(f"“{row.label}” has {(odds.value or 0) * 3 + 7:.2f}× the odds elsewhere [F4].")


@st.composite
def stated(draw: st.DrawFn) -> tuple[Finding, Row, str, float]:
    """A finding, one of its rows, and a number of that row in a sentence's words."""
    finding = draw(st.sampled_from([findings()["F1"], findings()["F2"]]))
    row = draw(st.sampled_from(rows_of(finding)))
    template, value = draw(
        st.sampled_from(
            [
                ("“{label}” has {number:,.0f} conversations [{id}].", float(count(row))),
                ("About {number:,.0f} conversations are in “{label}” [{id}].", float(count(row))),
                ("“{label}” makes up {number:.1f} % [{id}].", share(row)),
                ("{number:.1f} percent are “{label}” [{id}].", share(row)),
            ]
        )
    )
    return finding, row, template, value


@given(stated())
def test_a_sentence_made_from_a_finding_passes(made: tuple[Finding, Row, str, float]) -> None:
    finding, row, template, value = made
    assert passes(template.format(label=row.label, number=value, id=finding.id))


@given(stated(), st.integers(min_value=1, max_value=400))
def test_the_same_sentence_with_one_number_changed_fails(made: tuple[Finding, Row, str, float], step: int) -> None:
    finding, row, template, value = made
    changed = value + 0.37 * value + 3.3 + step
    whole = [*finding.totals, finding.suppressed.groups, finding.suppressed.unnamed, finding.suppressed.cells]
    if any(abs(changed - number) <= max(2.0, 0.15 * number) for number in whole):
        return
    assert not passes(template.format(label=row.label, number=changed, id=finding.id))


@given(st.text(max_size=200))
def test_no_text_breaks_the_check_and_what_is_kept_passes_again(text: str) -> None:
    checked = check(text, findings())
    assert not check(checked.text, findings()).removed
    assert set(handles(checked.text)) <= set(findings())


def test_every_part_of_a_draft_and_a_lead_card_is_checked() -> None:
    one, *_ = languages()
    good = f"“{one.label}” has {count(one):,} conversations [F2]."
    bad = "There are 987,654 of them [F2]."
    card = LeadCard(
        claim=good, clusters=(good, bad), signals=(bad,), benign=("A course could explain it.", bad), unknown=(bad,),
        purpose=f"To look. {bad}", scope=bad, necessity="Aggregates cannot tell.",
    )  # fmt: skip
    draft = Draft(
        answer=f"{good} {bad}", findings=(bad, good), reason=bad, would_change=(bad,), left_out=(bad,), byline=bad,
        leads=(card, card.model_copy(update={"claim": bad})),
        suggestions=("Open “Bank robbery planning”", f"Open “{one.label}”"),
    )  # fmt: skip
    checked = check_draft(draft, findings())
    kept = checked.draft
    assert "987,654" not in kept.model_dump_json()
    assert kept.answer == good
    assert kept.findings == (good,)
    assert kept.suggestions == (f"Open “{one.label}”",)
    (lead,) = kept.leads
    assert lead.clusters == (good,)
    assert lead.benign == ("A course could explain it.",)
    assert (lead.purpose, lead.scope) == ("To look.", "")
    assert len(checked.removed) == len(checked.problems) == 13


FALSE_NAMES = (
    "Jane Doe of Lidl suffers from diabetes [F2].",
    "One of them, Jane Doe, suffers from depression [F2].",
    "Most of these ask about Acme Ltd [F2].",
    "These users are Muslims from Riyadh [F2].",
    "Among the rest, one nurse has HIV [F2].",
    "The account belongs to Müller [F2].",
    "It was written by Dr. Smith [F2].",
    "Conversations come from O'Brien's clinic [F2].",
    "Jane Doe asked for it.",
)


@pytest.mark.parametrize("sentence", FALSE_NAMES)
def test_a_models_sentence_that_names_somebody_is_removed_though_it_has_no_number(sentence: str) -> None:
    assert check(sentence, findings(), by_model=True).text == ""
    assert check(sentence, {}, by_model=True).text == ""


@pytest.mark.parametrize(
    "sentence",
    [
        "Most conversations are in English [F2].",
        "Spanish speakers ask about other topics than Japanese ones [F2].",
        "The share is higher in March than in April [F3].",
        "Shoal counts each account at most ten times.",
        "**Confidence: moderate.** Some of the intervals are wide.",
        "No finding shows a cause.",
    ],
)
def test_a_models_sentence_about_findings_passes_the_check_of_names(sentence: str) -> None:
    assert not [
        problem
        for problem in check(sentence, findings(), by_model=True).problems
        if "name" in problem or "somebody" in problem
    ]


def test_a_plan_of_a_model_names_nobody_that_the_analyst_did_not() -> None:
    task = Task(id="t1", specialist="usage", focus="top", objective="What Jane Doe asks")
    made = Plan(
        tasks=(task,),
        assumptions=("This is about Acme Ltd.", "All languages count."),
        suggestions=("What of Jane Doe?",),
    )
    brief = Brief("What do people ask in German?", ("German",), {}, None, None)
    checked = without_names(made, brief)
    assert checked.tasks[0].objective == "all conversations"
    assert (checked.assumptions, checked.suggestions) == (("All languages count.",), ())
    asked = without_names(Plan(clarification="Do you mean Jane Doe of Lidl?"), brief).clarification
    assert asked is not None
    assert "Jane" not in asked
    own = Brief("How often is Nintendo asked about?", (), {}, None, None)
    assert without_names(Plan(assumptions=("The topic is Nintendo.",)), own).assumptions == ("The topic is Nintendo.",)
