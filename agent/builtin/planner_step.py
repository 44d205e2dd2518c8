"""In which steps a course is told: as the question asks, or as its period suggests."""

from datetime import date, timedelta
from typing import Literal

import regex

Step = Literal["day", "week", "month"]

_ASKED: tuple[tuple[Step, str], ...] = (
    ("day", r"\b(?:by|per|each|every|a|day by) day\b|\bdaily\b|\bday-by-day\b"),
    ("week", r"\b(?:by|per|each|every|a|week by) week\b|\bweekly\b|\bweek-by-week\b"),
    ("month", r"\b(?:by|per|each|every|a|month by) month\b|\bmonthly\b|\bmonth-by-month\b"),
)
_MOST = {"day": timedelta(days=79), "week": timedelta(weeks=78)}
"""The longest time that fits into the buckets of one trend."""
_SUITS = {"day": timedelta(days=21), "week": timedelta(weeks=16)}
"""The longest time for which a step is chosen unasked: shorter ones say more, longer ones have too few in each bucket."""


def step_of(question: str, first: date | None, last: date | None) -> Step:
    """The step of a trend from `first` to `last`: the one that the question names, where its buckets are not too many;
    else by the length of the period."""
    span = last - first if first is not None and last is not None else None
    wanted = next((step for step, cue in _ASKED if regex.search(cue, question)), None)
    for step in ("day", "week"):
        if wanted == step and (span is None or span <= _MOST[step]):
            return step
        if wanted is None and span is not None and span <= _SUITS[step]:
            return step
        wanted = "week" if wanted == step == "day" else wanted
    return "month"
