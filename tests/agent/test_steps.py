"""In which steps a course is told."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.events import AnswerMade, ToolEnded
from agent.roles.builtin.lead.steps import step_of
from tests.agent.conftest import MakeSession, collect

FIRST = date(2026, 1, 1)


@pytest.mark.parametrize(
    ("question", "days", "step"),
    [
        ("how has cooking developed", 240, "month"),
        ("how has cooking developed", 90, "week"),
        ("how has cooking developed", 14, "day"),
        ("how has cooking developed by month", 14, "month"),
        ("weekly trend of coding", 240, "week"),
        ("coding per day", 60, "day"),
        ("coding per day", 240, "week"),
        ("coding day by day", 2_000, "month"),
        ("coding each week", 2_000, "month"),
    ],
)
def test_a_step_is_the_one_asked_for_or_suits_the_period(question: str, days: int, step: str) -> None:
    assert step_of(question, FIRST, FIRST + timedelta(days=days)) == step


@given(
    question=st.sampled_from(["a trend", "by day", "weekly", "every month"]), days=st.integers(0, 2_400)
)  # fmt: skip
def test_no_step_makes_more_buckets_than_a_trend_may_have(question: str, days: int) -> None:
    step = step_of(question, FIRST, FIRST + timedelta(days=days))
    assert days / {"day": 1, "week": 7, "month": 30.4}[step] <= 79


def test_without_dates_months_are_told() -> None:
    assert step_of("a trend", None, None) == "month"


async def test_steps_in_which_nothing_can_be_told_are_given_up_for_longer_ones_and_that_is_said(
    make_session: MakeSession,
) -> None:
    events = await collect(make_session().ask("How have conversations in Spanish developed by week?"))
    trends = [
        event.finding for event in events if isinstance(event, ToolEnded) and event.finding and event.tool == "trend"
    ]
    told = [sum(row["values"][0]["count"] is not None for row in finding["rows"]) for finding in trends]
    assert [finding["method"].split("counts by ")[1].split(";")[0] for finding in trends] == ["week", "month"]
    assert all(count < 2 for count in told[:-1])
    (answer,) = [event for event in events if isinstance(event, AnswerMade)]
    assert "Too few conversations per week, so longer steps are shown" in answer.text
    assert not answer.removed
