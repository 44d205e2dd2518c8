"""What the built-in roles answer to everyday questions, where the first reading of them once went wrong."""

from dataclasses import replace
from datetime import timedelta

import pytest

from agent.core.events import AnswerMade, PlanMade
from agent.core.quantities import quantities
from agent.roles.builtin.sentences import figures
from agent.roles.protocols import Plan, Task
from tests.agent.conftest import MakeSession, collect
from tests.fakes.corpus import FIRST_DAY, records
from tools.core.scope import Scope


async def asked(make_session: MakeSession, question: str) -> AnswerMade:
    events = await collect(make_session().ask(question))
    (answer,) = [event for event in events if isinstance(event, AnswerMade)]
    assert not answer.removed
    return answer


async def test_a_scope_that_is_too_small_is_the_answer_and_not_a_failure(make_session: MakeSession) -> None:
    answer = await asked(make_session, "How many people ask about zeppelin maintenance?")
    assert answer.text.strip().startswith(
        "Too few or none to show, or hidden to protect another group: conversations near zeppelin maintenance"
    )


async def test_a_share_is_told_beside_the_number(make_session: MakeSession) -> None:
    answer = await asked(
        make_session, "What share of conversations is about “clinical experience cover letter position”?"
    )
    first = answer.text.strip().splitlines()[0]
    assert "conversations are near “clinical experience cover letter position”" in first
    assert " % of " in first


async def test_volume_is_told_in_numbers_and_without_weeks_that_are_cut_short(make_session: MakeSession) -> None:
    answer = await asked(make_session, "How many conversations are there per week?")
    first = answer.text.strip().splitlines()[0]
    assert "all conversations went from" in first
    assert "(number per week)" in first
    days = [on for record in records() if (on := record.moment) is not None]
    assert (min(days) - timedelta(days=min(days).weekday())).date().isoformat() not in first
    assert (max(days) - timedelta(days=max(days).weekday())).date().isoformat() not in first


async def test_weeks_that_are_left_out_of_a_course_are_not_told_as_suppressed(make_session: MakeSession) -> None:
    since = FIRST_DAY.date() + timedelta(days=42 - FIRST_DAY.weekday())
    answer = await asked(make_session, f"weekly trend of conversations from {since} to {since + timedelta(days=55)}")
    assert "(number per week)" in answer.text
    assert "cells by week" not in answer.text


async def test_themes_that_are_marked_most_are_set_against_all_others(make_session: MakeSession) -> None:
    answer = await asked(make_session, "Which languages have the highest concern?")
    first = "By language, the share of all conversations that are graded as concerning: “English” (5.9 %, 50 of 850)"
    assert answer.text.strip().startswith(f"{first}; in the others it is suppressed")
    assert "Grades are by built-in rules, which know English best." in answer.text


async def test_a_summary_begins_with_what_it_is_used_for(make_session: MakeSession) -> None:
    answer = await asked(make_session, "make me a short summary for my boss")
    assert answer.text.strip().startswith("By field, of ")


async def test_everything_worth_knowing_is_signs_news_gaps_and_themes(make_session: MakeSession) -> None:
    events = await collect(make_session().ask("What should I look at first?"))
    (plan,) = [event for event in events if isinstance(event, PlanMade)]
    assert [task.specialist for task in plan.tasks] == ["abuse", "watch", "abuse", "usage"]


async def test_examples_are_refused_with_the_reason(make_session: MakeSession) -> None:
    answer = await asked(make_session, "Can you show me some examples?")
    assert answer.text.startswith("Single conversations are never shown")


async def test_a_question_for_false_positives_is_answered_with_them_and_not_with_the_misses(
    make_session: MakeSession,
) -> None:
    gaps = (await asked(make_session, "Where do the grade and the classifier's flag disagree?")).text
    answer = (await asked(make_session, "Are there false positives?")).text.strip()
    assert answer.startswith("Of what is flagged in all themes, at least 84.6 % are graded as harmless")
    assert "Concerning and not flagged:" not in answer
    assert gaps.strip().splitlines()[0] != answer.splitlines()[0]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("How much of the traffic is not English, in percent?", ["are not “English”", "%"]),
        ("Did the volume go up from June to July?", ["in 2026-07", "than in 2026-06"]),
        ("which month was the quietest", ["The months with the fewest conversations"]),
        ("a table of surfaces by month", ["“web” by month", "“mobile” by month"]),
    ],
)
async def test_a_number_that_follows_from_the_shown_ones_is_said(
    make_session: MakeSession, question: str, said: list[str]
) -> None:
    answer = (await asked(make_session, question)).text
    assert "not supported" not in answer
    for words in said:
        assert words in answer


@pytest.mark.parametrize(
    ("spoken", "written"),
    [("German", "9.400 und 11,0 %"), ("French", "9\u202f400 und 11,0 %"), ("Japanese", "9,400 und 11.0 %")],
)
def test_numbers_are_written_as_the_language_does_and_read_back_the_same(spoken: str, written: str) -> None:
    text = "“v 1.5” 2026-08: 9,400 und 11.0 %"
    assert figures(text, spoken) == f"“v 1.5” 2026-08: {written}"
    assert [(item.value, item.unit) for item in quantities(written)] == [(9400.0, 1.0), (11.0, 0.1)]


class _TwoCounts:
    """A lead that has two languages counted side by side."""

    async def plan(self, *_: object) -> Plan:
        scopes = (Scope(language="Spanish"), Scope(language="English"))
        return Plan(
            tasks=tuple(
                Task(id=f"T{number}", specialist="usage", focus="size", objective="How many there are", scope=scope)
                for number, scope in enumerate(scopes, start=1)
            )
        )


async def test_which_of_two_counted_scopes_is_larger_is_the_answer(make_session: MakeSession) -> None:
    session = make_session(change=lambda roles: replace(roles, planner=_TwoCounts()))
    (answer,) = [event for event in await collect(session.ask("Who asks more?")) if isinstance(event, AnswerMade)]
    assert not answer.removed
    first, _, _ = answer.text.partition("\n")
    assert "Of the two, conversations in English are more: about 8" in first


async def test_a_rank_is_by_size_also_where_the_smallest_is_asked_for(make_session: MakeSession) -> None:
    answer = await asked(make_session, "Is English the least used language?")
    assert answer.text.strip().startswith("By language, the largest is “English”")


async def test_whether_something_is_most_of_the_rest_is_answered_yes_or_no(make_session: MakeSession) -> None:
    assert (await asked(make_session, "Are most conversations in English?")).text.strip().startswith("Yes: ")
    assert (await asked(make_session, "Are most conversations in Spanish?")).text.strip().startswith("No: ")
