"""The built-in auditor's judgements on findings of the small index, and the writer's answer from what it leaves."""

import asyncio
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

from agent.core.answer import LeadCard
from agent.grounding.verify import check_draft, handles
from agent.roles.builtin import sentences
from agent.roles.builtin.auditor import BuiltinAuditor
from agent.roles.builtin.writer import BuiltinWriter
from agent.roles.protocols import Claim, Evidence, Task, Verdict
from tests.fakes.corpus import context, small_index
from tools.context import ToolContext
from tools.core.finding import Finding
from tools.core.scope import Scope
from tools.core.wording import UNNAMED
from tools.registry import call


@cache
def ctx() -> ToolContext:
    return context(small_index(), Path(mkdtemp()) / "ledger.sqlite3")


@cache
def found(tool: str, **arguments: str) -> Finding:
    given = {name: {"language": value} if name in ("first", "scope") else value for name, value in arguments.items()}
    return asyncio.run(call(tool, given, ctx()))


def judged(text: str, *findings: Finding, earlier: tuple[Finding, ...] = (), least: int = 15) -> Verdict:
    claim = Claim(text=text, findings=tuple(handles(text)))
    evidence = Evidence("q", (claim,), findings, earlier=earlier, least=least)
    (verdict,) = asyncio.run(BuiltinAuditor().audit(evidence)).verdicts
    return verdict


def test_what_the_finding_says_is_supported() -> None:
    finding = found("count_by", by="language")
    row = finding.rows[0]
    assert (
        judged(f"“{row.label}” has {row.values[0].count} conversations [{finding.id}].", finding).judgement
        == "supported"
    )


@pytest.mark.parametrize(
    "words",
    ["This proves that everyone does it", "It is so because of the holidays", "Bots are definitely behind it", "It was caused by a course",
     "Nobody else asks this", "The growth is due to one client"],
)  # fmt: skip
def test_cause_and_certainty_are_too_strong_for_a_count(words: str) -> None:
    finding = found("count_by", by="language")
    verdict = judged(f"There are {finding.totals[0]} conversations [{finding.id}]. {words} [{finding.id}].", finding)
    assert verdict.judgement == "too strong"
    assert verdict.text == f"There are {finding.totals[0]} conversations [{finding.id}]."


def test_a_cause_is_cut_off_where_the_rest_stands_alone() -> None:
    finding = found("count_by", by="language")
    verdict = judged(f"There are {finding.totals[0]} conversations because of the holidays [{finding.id}].", finding)
    assert verdict.text == f"There are {finding.totals[0]} conversations [{finding.id}]."


def test_a_name_in_quotes_is_no_judgement_of_ours() -> None:
    finding = found("search_topics", phrase="cover letter")
    assert (
        judged(f"About {finding.totals[0]} conversations lie near “cover letter” [{finding.id}].", finding).judgement
        == "supported"
    )


def test_another_rows_number_and_a_missing_group_are_contradicted() -> None:
    finding = found("count_by", by="language")
    one, other = finding.rows[0], finding.rows[-1]
    assert one.values[0].count != other.values[0].count
    assert (
        judged(f"“{one.label}” has {other.values[0].count} conversations [{finding.id}].", finding).judgement
        == "contradicted"
    )
    assert judged(f"“Bank robbery” is frequent [{finding.id}].", finding).judgement == "contradicted"


def test_a_direction_against_the_interval_or_the_sign_is_contradicted() -> None:
    finding = found("compare", first="Spanish", by="theme")
    rows = [row for row in finding.rows if row.label != UNNAMED and row.measures]
    over = next(row for row in rows if row.measures[0].verdict == "over")
    assert judged(f"“{over.label}” is over-represented [{finding.id}].", finding).judgement == "supported"
    assert judged(f"“{over.label}” is under-represented [{finding.id}].", finding).judgement == "contradicted"


def test_a_course_that_falls_did_not_rise() -> None:
    finding = found("trend", by="month", scope="Spanish")
    shares = [row.values[0].share for row in finding.rows if row.values[0].share is not None]
    rising = shares[-1] > shares[0]
    right, wrong = ("rose", "fell") if rising else ("fell", "rose")
    assert judged(f"Its share {wrong} [{finding.id}].", finding).judgement == "contradicted"
    assert judged(f"Its share {right} [{finding.id}].", finding).judgement == "supported"


def test_a_count_below_the_threshold_discloses() -> None:
    finding = found("count_by", by="language")
    assert judged(f"That leaves 4 conversations [{finding.id}].", finding).judgement == "discloses"


def test_two_counts_of_nested_scopes_disclose_the_few_between_them_also_across_questions() -> None:
    wide, narrow = found("count_by", by="language"), found("count_by", by="outcome", scope="English")
    larger, smaller = wide.totals[0], narrow.totals[0]
    text = f"Of {larger} conversations, {smaller} are in English [{wide.id}, {narrow.id}]."
    assert judged(text, wide, narrow, least=15).judgement == "supported"
    assert judged(text, wide, narrow, least=larger).judgement == "discloses"
    across = f"There are {larger} conversations, {smaller} of them in English [{wide.id}, {narrow.id}]."
    assert judged(across, narrow, earlier=(wide,), least=larger).judgement == "discloses"


def test_the_writer_sets_out_answer_findings_doubts_and_a_lead_card_that_all_pass_r8() -> None:
    finding = found("count_by", by="language")
    row = finding.rows[0]
    sentence = f"“{row.label}” has {row.values[0].count} conversations [{finding.id}]."
    claims = (
        Claim(text=sentence, findings=(finding.id,), kind="answer"),
        Claim(text=f"There are {finding.totals[0]} in all [{finding.id}].", findings=(finding.id,)),
        Claim(text="Nothing is known of the weekends.", findings=(), kind="limit"),
        Claim(text=sentence, findings=(finding.id,), lead=LeadCard(claim=sentence, clusters=(sentence,))),
    )
    task = Task(
        id="t1",
        specialist="abuse",
        focus="coordination",
        objective="x",
        scope=Scope(near="x"),
        disconfirmer="many accounts",
    )
    evidence = Evidence("q", claims, (finding,), ("A worker failed.",), tasks=(task,))
    draft = asyncio.run(BuiltinWriter().write(evidence, (), lambda _: None))
    assert draft.answer == sentence
    assert draft.findings == (claims[1].text,)
    assert draft.confidence == "low"
    assert draft.left_out == ("Nothing is known of the weekends.",)
    assert draft.reason.startswith("Part of the work was not done.")
    assert [lead.claim for lead in draft.leads] == [sentence]
    assert draft.byline == sentences.sentence("built_in", "English")
    assert draft.suggestions
    assert check_draft(draft, {finding.id: finding}).removed == ()


def test_looks_at_one_theme_are_one_lead_whatever_the_theme_is_called_in_each() -> None:
    def lead(*themes: str) -> Claim:
        lines = tuple(f"{theme}: 25 conversations of about 20 accounts [F1]." for theme in themes)
        return Claim(text=themes[0], findings=("F1",), lead=LeadCard(claim=themes[0], clusters=lines))

    claims = (
        lead("“Backlinks: linking” (C43)"),
        lead("“Backlinks: linking and wording” (C43)", "“Articles” (C11)"),
        lead("“Backlinks: linking” (C7)"),
        lead("“Notices”"),
        lead("“Notices”", "“Refunds”"),
    )
    draft = asyncio.run(BuiltinWriter().write(Evidence("q", claims, ()), (), lambda _: None))
    assert [[line.split(": 25")[0] for line in lead.clusters] for lead in draft.leads] == [
        ["“Backlinks: linking” (C43)", "“Articles” (C11)"],
        ["“Backlinks: linking” (C7)"],
        ["“Notices”", "“Refunds”"],
    ]
