"""`shoal eval`: how answers are judged, what a record keeps, and what a report and a comparison say."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.answer import Draft
from agent.core.events import AnswerMade, ClarificationAsked, Event, RunEnded
from agent.evaluation import compare, report, suite
from agent.evaluation.abuse import FALSE_ALARM, MISSED, corpus
from agent.evaluation.abuse import judged as judged_leads
from agent.evaluation.answers import ASKED_BACK, FALSE, MISREAD, NOT_ANSWERED, WRONG_NUMBER, Expected, judged, questions
from agent.evaluation.bench import Bench
from agent.evaluation.items import Item, Measured, Result
from agent.evaluation.record import ITEMS, Record
from index.core.errors import IndexFault, SettingsError
from index.ingest.pipeline import Progress

SETTING = {
    "date": "2026-12-02",
    "version": "0.1.0",
    "roles": "built-in roles",
    "index": "demo",
    "quick": False,
    "machine": "a",
}
ENDED = RunEnded(state="done", elapsed_s=1.0)


def answered(text: str, cited: tuple[str, ...] = ("F1",), removed: tuple[str, ...] = ()) -> list[Event]:
    return [AnswerMade(text=text, cited=cited, removed=removed, parts=Draft(answer=text)), ENDED]


def measured(
    identity: str, right: int, *, suite: str = "answers", title: str = "?", value: float | None = None
) -> Measured:
    result = Result(right, 1, verdict="" if right else WRONG_NUMBER) if value is None else Result(value=value, unit="s")
    return Measured(suite, identity, "total", "en", title, 0, 0.1, result)


def test_there_are_enough_questions_in_seven_languages_and_each_has_a_truth() -> None:
    asked = questions()
    assert len(asked) >= 150
    assert len({one.id for one in asked}) == len(asked)
    kinds = {one.kind for one in asked}
    for kind in kinds:
        assert {one.language for one in asked if one.kind == kind} == {"en", "de", "es", "fr", "ja", "zh", "pt"}
    assert all("{" not in one.question for one in asked)
    (total,) = [one for one in asked if one.id == "total: How many conversations are there in total?"]
    assert total.expected == Expected(9_400)


@pytest.mark.parametrize(
    ("expected", "text", "verdict"),
    [
        (Expected(9_400), "There are about 9,400 conversations [F1].", ""),
        (Expected(9_400), "There are about 9,405 conversations from 2026-03-01 on [F1].", ""),
        (Expected(9_400), "There are about 2,490 conversations [F1].", WRONG_NUMBER),
        (Expected(9_400), "Most of it is about code [F1].", MISREAD),
        (Expected(17), "There are many [F17].", MISREAD),
        (Expected(share=6.9, within=0.25), "会話の 6.9 % です [F1].", ""),
        (Expected(share=6.9, within=0.25), "About 655 conversations (7.5 %) [F1].", WRONG_NUMBER),
        (Expected(share=6.9, within=0.25), "About 655 conversations [F1].", MISREAD),
        (Expected(first=("Spanish",), others=("German",)), "“Spanish” (645) and “German” (455) [F1].", ""),
        (Expected(first=("Spanish",), others=("German",)), "“German” (455) and “Spanish” (645) [F1].", MISREAD),
        (Expected(first=("Spanish",), others=("German",)), "Neither.", MISREAD),
        (Expected(nothing=True), "There are 17 [F1].", MISREAD),
    ],
)
def test_an_answer_is_judged_by_its_number_its_share_or_its_first_name(
    expected: Expected, text: str, verdict: str
) -> None:
    assert judged(expected, answered(text)).verdict == verdict


def test_what_is_no_answer_is_told_apart() -> None:
    expected = Expected(nothing=True)
    assert judged(expected, answered("This is not recorded.", cited=())).verdict == ""
    assert (
        judged(expected, [ClarificationAsked(question="Which?"), RunEnded(state="waiting", elapsed_s=1)]).verdict
        == ASKED_BACK
    )
    assert judged(expected, [RunEnded(state="failed", elapsed_s=1)]).verdict == NOT_ANSWERED
    assert judged(Expected(5), answered("5 [F1].", removed=("a false one",))).verdict == FALSE


def test_leads_are_judged_by_whether_something_is_planted() -> None:
    none = [AnswerMade(text="No sign.", cited=(), parts=Draft(answer="No sign."))]
    assert judged_leads(none, is_abusive=False).verdict == ""
    assert judged_leads(none, is_abusive=True).verdict == MISSED
    assert judged_leads([], is_abusive=True).verdict == "not answered"
    called = [
        AnswerMade(text="A.", cited=(), parts=Draft.model_validate({"answer": "A.", "leads": [{"claim": "A ring"}]}))
    ]
    assert judged_leads(called, is_abusive=False).verdict == FALSE_ALARM
    assert judged_leads(called, is_abusive=True).verdict == ""


def test_a_corpus_holds_its_story_and_is_the_same_for_the_same_seed() -> None:
    ring, plain = corpus(11, "seo-ring", 300), corpus(11, None, 300)
    assert len(ring) > len(plain) + 300
    assert plain == corpus(11, None, 300)
    assert plain != corpus(12, None, 300)


@given(
    st.lists(
        st.tuples(st.text(min_size=1, max_size=8), st.integers(0, 1), st.text(max_size=20)),
        max_size=8,
        unique_by=lambda one: one[0],
    )
)
def test_a_record_gives_back_what_was_measured(
    tmp_path_factory: pytest.TempPathFactory, made: list[tuple[str, int, str]]
) -> None:
    folder = tmp_path_factory.mktemp("record")
    record = Record.begin(folder, SETTING)
    for identity, right, title in made:
        record = record.add(measured(identity, right, title=title))
    assert Record.read(folder).measured == record.measured


def test_a_line_that_a_kill_cut_short_is_measured_again(tmp_path: Path) -> None:
    record = Record.begin(tmp_path, SETTING).add(measured("one", 1)).add(measured("two", 1))
    text = (tmp_path / ITEMS).read_text("utf-8")
    (tmp_path / ITEMS).write_text(text[:-20], "utf-8")
    found = Record.begin(tmp_path, SETTING)
    assert [one.id for one in found.measured] == ["one"]
    again = found.add(measured("two", 1))
    assert Record.read(tmp_path).measured == again.measured == record.measured


def test_a_record_of_another_setting_or_none_is_refused(tmp_path: Path) -> None:
    Record.begin(tmp_path / "a", SETTING)
    with pytest.raises(SettingsError, match="another setting \\(roles\\)"):
        Record.begin(tmp_path / "a", {**SETTING, "roles": "a model"})
    with pytest.raises(SettingsError, match="holds no record"):
        Record.read(tmp_path / "b")


async def test_what_is_on_record_is_not_measured_again_and_a_fault_keeps_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def items(_: Bench) -> Sequence[Item]:
        async def ok() -> Result:
            ran.append("ok")
            return Result(1, 1)

        async def fails() -> Result:
            ran.append("fails")
            raise IndexFault("The index is gone.", "Look for it.")

        return [Item("answers", "fails", "k", "g", "t", fails), Item("answers", "ok", "k", "g", "t", ok)]

    monkeypatch.setattr(suite, "SUITES", {"answers": items})
    steps: list[Progress] = []
    bench = object.__new__(Bench)
    record = await suite.run(bench, ["answers"], Record.begin(tmp_path, SETTING), steps.append, repeat=2)
    assert ran == ["fails", "ok", "fails", "ok"]
    assert [one.result.verdict for one in record.measured] == ["failed", "", "failed", ""]
    assert (steps[-1].done, steps[-1].total) == (4, 4)
    await suite.run(bench, ["answers"], Record.read(tmp_path), steps.append, repeat=2)
    assert len(ran) == 4


def test_a_report_says_the_rate_its_interval_and_what_was_wrong_and_names_are_text(tmp_path: Path) -> None:
    hostile = '<script>alert(1)</script> \x1b[2J $x$ | `"'
    record = Record.begin(tmp_path, SETTING)
    for number in range(10):
        record = record.add(measured(f"q{number}", int(number > 0), title=hostile))
    page, text = report.html(record), report.markdown(record)
    assert "9 of 10 answers are right (90 %); 1 hold a wrong number." in page
    assert "59.6 to 98.2" in text  # Wilson's interval of 9 of 10
    assert "<script" not in page
    assert "<script" not in text
    assert "\x1b" not in page + text
    for loads in ('src="', "@import", "<link"):
        assert loads not in page
    assert "<svg" in report.html(record.add(replace(measured("other", 1), kind="accounts")))


def test_a_rate_below_the_last_release_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = Record.begin(tmp_path, SETTING)
    for number in range(30):
        record = record.add(measured(f"q{number}", int(number < 15)))
    monkeypatch.setattr(report, "released", lambda: {"answers/total/%": 95.0})
    assert report.regressions(record) == ["Answers to questions with known truth: total 50 %, the last release 95 %"]
    monkeypatch.setattr(report, "released", lambda: {"answers/total/%": 60.0})
    assert report.regressions(record) == []


def test_a_comparison_is_of_pairs_and_says_what_is_clear(tmp_path: Path) -> None:
    first, second = Record.begin(tmp_path / "a", SETTING), Record.begin(tmp_path / "b", SETTING)
    for number in range(40):
        first = first.add(measured(f"q{number}", int(number % 2)))
        second = second.add(measured(f"q{number}", 1))
        first = first.add(measured(f"s{number}", 0, suite="speed", value=1.0))
        second = second.add(measured(f"s{number}", 0, suite="speed", value=2.0))
    second = second.add(measured("alone", 0))
    rates, ratio = compare.changes(first, second)
    assert (rates.before, rates.after, rates.change, rates.pairs) == (50.0, 100.0, 50.0, 40)
    assert 30 < rates.low < 50 < rates.high < 70
    assert rates.is_clear
    assert rates.chance is not None
    assert rates.chance < 1e-4
    assert (ratio.change, ratio.low, ratio.high) == pytest.approx((2.0, 2.0, 2.0))
    same = compare.changes(first, first)
    assert not any(one.is_clear for one in same)
    assert "| answers: total | 50.0 % | 100.0 % | +50.0 points |" in compare.markdown(first, second)


def test_suites_are_chosen_by_name_and_by_what_an_index_has_truth_for() -> None:
    assert suite.chosen([], "demo") == list(suite.SUITES)
    assert "answers" not in suite.chosen([], "mine")
    assert suite.chosen(["speed"], "mine") == ["speed"]
    for names, index, message in (
        (["speeds"], "demo", "no suite 'speeds'"),
        (["answers"], "mine", "needs known truth"),
    ):
        with pytest.raises(SettingsError, match=message):
            suite.chosen(names, index)


def test_the_last_release_is_on_record() -> None:
    assert json.dumps(dict(report.released()))
    assert any(key.startswith("answers/") for key in report.released())
