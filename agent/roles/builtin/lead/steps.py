"""The steps of a trend: as the question asks, or as its period suggests."""

from datetime import date, timedelta
from typing import Literal

import regex

Step = Literal["day", "week", "month"]
STEPS: tuple[Step, ...] = ("day", "week", "month")

_ADVERBS: dict[Step, str] = {"day": "daily", "week": "weekly", "month": "monthly"}
_MOST: dict[Step, timedelta] = {"day": timedelta(days=79), "week": timedelta(weeks=78)}
"""The longest time that fits into the buckets of one trend."""
_SUITS: dict[Step, timedelta] = {"day": timedelta(days=21), "week": timedelta(weeks=16)}
"""The longest time for which a step is chosen unasked: shorter ones say more, longer ones have too few in each bucket."""


def step_of(question: str, first: date | None, last: date | None) -> Step:
    """The step of a trend from `first` to `last`: the one that the question names, or the next longer one of which there
    are not too many; else by the length of the period."""
    wanted = named_step(question)
    if first is None or last is None:
        return wanted or "month"
    span, limits = last - first, _SUITS if wanted is None else _MOST
    return next(step for step in longer_from(wanted) if span <= limits.get(step, span))


def named_step(question: str) -> Step | None:
    """The step that a question (in lower case) asks for, if any."""
    return next((step for step in STEPS if _is_named(step, question)), None)


def longer_from(step: str | None) -> tuple[Step, ...]:
    """This step and the longer ones; all of them for None."""
    return STEPS if step is None else tuple(STEPS[list[str](STEPS).index(step) :])


def _is_named(step: Step, question: str) -> bool:
    cue = rf"\b(?:by|per|each|every|a|which|what|busiest|{step} by) {step}\b|\b{step}-by-{step}\b|\b{_ADVERBS[step]}\b"
    return regex.search(cue, question) is not None
