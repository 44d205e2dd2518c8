"""Time expressions: a table of them, and properties that hold for any day and any text."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.roles.builtin.lead.period import month_days, read_period

NEWEST = date(2026, 10, 31)
LANDMARKS = {"launch": date(2026, 8, 3)}
MONTHS = "january february march april may june july august september october november december".split()
days = st.dates(min_value=date(2001, 1, 1), max_value=date(2099, 12, 31))


def read(text: str, newest: date | None = NEWEST) -> tuple[str | None, str | None]:
    period = read_period(text, newest, LANDMARKS)
    return period.since.isoformat() if period.since else None, period.until.isoformat() if period.until else None


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("since the launch", "2026-08-03", None),
        ("before the launch", None, "2026-08-02"),
        ("before the launch on 2024-10-22", None, "2024-10-21"),
        ("since may before the launch", "2026-05-01", "2026-08-02"),
        ("between may and july", "2026-05-01", "2026-07-31"),
        ("from may to july", "2026-05-01", "2026-07-31"),
        ("from 3 august to 5 september 2026", "2026-08-03", "2026-09-05"),
        ("on august 3rd", "2026-08-03", "2026-08-03"),
        ("after 2026-08-03", "2026-08-04", None),
        ("until june", None, "2026-06-30"),
        ("in q2", "2026-04-01", "2026-06-30"),
        ("in the first quarter of 2025", "2025-01-01", "2025-03-31"),
        ("in december", "2025-12-01", "2025-12-31"),
        ("in 2025", "2025-01-01", "2025-12-31"),
        ("yesterday", "2026-10-30", "2026-10-30"),
        ("today", "2026-10-31", "2026-10-31"),
        ("this week", "2026-10-26", "2026-11-01"),
        ("last week", "2026-10-19", "2026-10-25"),
        ("last month", "2026-09-01", "2026-09-30"),
        ("last year", "2025-01-01", "2025-12-31"),
        ("the last two weeks", "2026-10-18", None),
        ("the past 30 days", "2026-10-02", None),
        ("in the last few months", "2026-08-01", None),
        ("since monday", "2026-10-26", None),
        ("two weeks ago", "2026-10-12", "2026-10-18"),
        ("from 1/9/2026 to 30/9/2026", "2026-09-01", "2026-09-30"),
        ("on 15.09.2026", "2026-09-15", "2026-09-15"),
        ("on 9/15/2026", "2026-09-15", "2026-09-15"),
        ("on 45.67.2026", None, None),
        ("1-15 august", "2026-08-01", "2026-08-15"),
        ("between 1 and 15 august", "2026-08-01", "2026-08-15"),
        ("from august 1 to 15", "2026-08-01", "2026-08-15"),
        ("from august 3 to 5 september", "2026-08-03", "2026-09-05"),
        ("from may 1 to 15 june", "2026-05-01", "2026-06-15"),
        ("from 2026-05-01 to 15 june", "2026-05-01", "2026-06-15"),
        ("in the first 3 weeks after 9999-12-20", "9999-12-21", None),
        ("in the first week of october", "2026-10-01", "2026-10-07"),
        ("the week after the launch", "2026-08-03", "2026-08-09"),
        ("in the first three months after 2026-03-01", "2026-03-01", "2026-05-31"),
        ("first week after august 3rd", "2026-08-04", "2026-08-10"),
        ("the two weeks after 3 august", "2026-08-04", "2026-08-17"),
        ("the first week since 3 august", "2026-08-03", "2026-08-09"),
        ("in the second half of 2026", "2026-07-01", "2026-12-31"),
        ("week of 9999-12-31", "9999-12-27", "9999-12-31"),
        ("in the week of 17 june", "2026-06-15", "2026-06-21"),
        ("during the week beginning 2026-07-06", "2026-07-06", "2026-07-12"),
        ("the week of june 15", "2026-06-15", "2026-06-21"),
        ("since mid-july", "2026-07-01", None),
        ("what may people ask", None, None),
        ("the second one", None, None),
        ("since 2026-13-45", None, None),
    ],
)
def test_an_expression_is_read_as(text: str, since: str | None, until: str | None) -> None:
    assert read(text) == (since, until)


@given(st.text(max_size=80), days)
def test_no_text_breaks_it_and_bounds_stay_in_order(text: str, newest: date) -> None:
    period = read_period(text.casefold(), newest, LANDMARKS)
    assert period.since is None or period.until is None or period.since <= period.until


@given(
    st.lists(
        st.sampled_from(
            ["since", "before", "after", "until", "between", "and", "in", "last", "the", "3", "two", "week", "weeks",
             "month", "days", "ago", "may", "june 2026", "2026-05-01", "q3", "launch", "yesterday", "from", "to", "year",
             "999 years", "31 february", "0000-00", "9999-12", "q4 9999"]
        ),
        max_size=9,
    ),
    days,
)  # fmt: skip
def test_no_row_of_time_words_breaks_it(parts: list[str], newest: date) -> None:
    period = read_period(" ".join(parts), newest, LANDMARKS)
    assert period.since is None or period.until is None or period.since <= period.until


@given(days)
def test_an_iso_day_is_read_as_itself(day: date) -> None:
    assert read(f"since {day}") == (day.isoformat(), None)
    assert read(f"before {day}") == (None, (day - timedelta(days=1)).isoformat())


@given(days, st.integers(min_value=1, max_value=400))
def test_the_last_so_many_days_hold_so_many(newest: date, count: int) -> None:
    since, _ = read(f"in the last {count} days", newest)
    assert since is not None
    assert (newest - date.fromisoformat(since)).days + 1 == count


@given(days, st.sampled_from(MONTHS))
def test_a_month_without_a_year_never_begins_after_the_newest_day(newest: date, month: str) -> None:
    since, until = read(f"in {month}", newest)
    assert since is not None
    assert until is not None
    first = date.fromisoformat(since)
    assert first <= newest
    assert (newest - first).days < 366
    assert month_days(first.year, first.month) == (first, date.fromisoformat(until))


@given(days, days)
def test_between_two_days_is_both_of_them(one: date, other: date) -> None:
    first, last = sorted((one, other))
    assert read(f"between {first} and {last}") == (first.isoformat(), last.isoformat())
