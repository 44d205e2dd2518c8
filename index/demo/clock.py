"""Chooses when a demo conversation takes place: days with weekends and slow growth, hours that people are awake.

Background traffic must never show bursts or sudden shifts of its own, because those are what the planted stories are
recognised by; so no state is kept here and every day is drawn independently.
"""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache
from itertools import accumulate
from random import Random

from index.demo.model import FIRST_DAY, LAST_DAY, midnight

DAYS = (LAST_DAY - FIRST_DAY).days + 1
_GROWTH = 0.4
_USUAL_WEEKEND = 0.8
_WEEKEND = {
    "coding": 0.5,
    "work": 0.3,
    "data": 0.4,
    "career": 0.6,
    "security": 0.5,
    "translation": 0.5,
    "cooking": 1.3,
    "games": 1.5,
    "travel": 1.1,
    "daily-life": 1.2,
    "creative": 1.3,
    "relationships": 1.1,
}
_HOURS = (2.0, 1.2, 0.7, 0.5, 0.5, 0.8, 1.8, 3.5, 5.5, 7.0, 7.6, 7.4, 6.4, 6.8, 7.2, 7.2, 6.9, 6.4, 6.2, 6.6, 7.0)
_HOUR_WEIGHTS = (*_HOURS, 6.4, 5.0, 3.4)


def day_number(day: date) -> int:
    return (day - FIRST_DAY).days


def day_of(number: int) -> date:
    return FIRST_DAY + timedelta(days=number)


@cache
def _running(weekend: float) -> tuple[float, ...]:
    weights = ((1 + _GROWTH * n / DAYS) * (weekend if day_of(n).weekday() >= 5 else 1.0) for n in range(DAYS))
    return (0.0, *accumulate(weights))


def usual_day(rng: Random, category: str, first: int = 0, last: int = DAYS - 1) -> int:
    """A day between the two (inclusive), busier on the days on which people have this kind of question."""
    running = _running(_WEEKEND.get(category, _USUAL_WEEKEND))
    point = running[first] + rng.random() * (running[last + 1] - running[first])
    return min(max(bisect_left(running, point) - 1, first), last)


def ramping_day(rng: Random, first: int, ramp_days: int) -> int:
    """A day from `first` on: rising over the ramp, then level, a little quieter at weekends."""
    weights = [
        min(1.0, 0.15 + 0.85 * n / max(ramp_days, 1)) * (0.7 if day_of(first + n).weekday() >= 5 else 1.0)
        for n in range(DAYS - first)
    ]
    return first + rng.choices(range(len(weights)), weights)[0]


def moment(rng: Random, day: int, offset: float = 0.0, earliest: date = FIRST_DAY) -> datetime:
    """A waking hour of that day in the account's own time zone, as UTC and inside the period of the corpus."""
    hour = rng.choices(range(24), _HOUR_WEIGHTS)[0]
    return _inside(midnight(day_of(day)) + timedelta(hours=hour - offset, seconds=rng.randrange(3600)), earliest)


def any_moment(rng: Random) -> datetime:
    """Any second of the whole period, as a machine would use it."""
    return midnight(FIRST_DAY) + timedelta(seconds=rng.randrange(DAYS * 86_400))


def moments_of_bursts(rng: Random, days: Sequence[tuple[date, int]]) -> list[datetime]:
    return [moment(rng, day_number(day)) for day, count in days for _ in range(count)]


def _inside(time: datetime, earliest: date) -> datetime:
    if time < midnight(earliest):
        return time + timedelta(days=1)
    if time >= midnight(LAST_DAY) + timedelta(days=1):
        return time - timedelta(days=1)
    return time
