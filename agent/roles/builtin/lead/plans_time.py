"""Plans for time: how something develops, what is new, what grew or fell, what stands out."""

from collections.abc import Iterator
from datetime import date, timedelta

from agent.roles.builtin.lead.rates import part_of_subject, rate_of
from agent.roles.builtin.lead.reading import Reading
from agent.roles.builtin.lead.tasks import (
    FACET_OF,
    breakdown_of,
    compare_of,
    contrast_of,
    marked,
    new_of,
    size_of,
    trend_of,
    unmarked,
)
from agent.roles.builtin.recipe import has_room
from agent.roles.protocols import Task
from tools.core.scope import Scope

FELL = "fell"
"""Facet of a task that looks for what is new, where what became rarer is asked for."""
GREW = "grew"
"""The same, where what grew is asked for."""
_MONTH_DAYS = 31
RECENT_DAYS = 28
"""What "new" means where a question names no period."""


def trend(reading: Reading) -> Iterator[Task]:
    since = reading.slots.period.pivot or reading.base.since
    is_by_step = reading.facet("month", "week", "day") is not None
    if (
        since is not None
        and reading.base.until is None
        and reading.slots.marks
        and not reading.slots.subjects
        and not is_by_step
    ):
        # A share since a day, and the same before it.
        facet = FACET_OF[reading.slots.marks[0]]
        yield trend_of(marked(reading.slots.marks, reading.base.model_copy(update={"since": None})))
        for side in ({"since": since}, {"since": None, "until": since - timedelta(days=1)}):
            yield breakdown_of(unmarked(reading.base, facet).model_copy(update=side), facet)
        return
    oldest = reading.known.oldest
    if (
        since is not None
        and reading.base.until is None
        and reading.slots.subjects
        and (oldest is None or since > oldest)
    ):
        # Since a day: its share from then on beside its share before, then the whole course.
        whole = reading.base.model_copy(update={"since": since})
        before = reading.base.model_copy(update={"since": None, "until": since - timedelta(days=1)})
        yield rate_of(whole, part_of_subject(reading.slots.subjects[0]), against=before)
        yield trend_of(reading.scopes[0].model_copy(update={"since": None}))
        return
    for scope in reading.scopes:
        if not reading.slots.subjects:
            scope = marked(reading.slots.marks, scope)
        if _is_month(scope) and not is_by_step:
            # One month has no course: it is said how it stands among the others.
            yield trend_of(scope.model_copy(update={"since": None, "until": None})).model_copy(
                update={"facet": "month"}
            )
            continue
        yield _in_months(reading, trend_of(scope))


def _is_month(scope: Scope) -> bool:
    """Whether a scope is about one month, or less."""
    return scope.since is not None and scope.until is not None and (scope.until - scope.since).days < _MONTH_DAYS


def volume(reading: Reading) -> Iterator[Task]:
    scope = marked(reading.slots.marks, reading.scope)
    if reading.slots.says("least"):
        yield breakdown_of(scope, "month").model_copy(update={"smallest": True})
        return
    since = reading.slots.period.pivot or scope.since
    oldest = reading.known.oldest
    has_before = since is not None and (oldest is None or since > oldest)
    if since is None or not has_before or scope.until is not None or not reading.slots.says("change"):
        yield _in_months(reading, trend_of(scope))
        return
    # Since a day: the whole course, then how much there is from then on, and how much there was before.
    yield trend_of(scope.model_copy(update={"since": None}))
    yield size_of(scope.model_copy(update={"since": since}))
    yield size_of(scope.model_copy(update={"since": None, "until": since - timedelta(days=1)}))


def _in_months(reading: Reading, made: Task) -> Task:
    """By month, where it is asked what changed from one whole month to the next."""
    since, until = made.scope.since, made.scope.until
    asks = any(reading.slots.says(cue) for cue in ("growth", "fall", "share"))
    if not asks or since is None or until is None or reading.facet("week", "day"):
        return made
    is_two = (until.year - since.year) * 12 + until.month - since.month == 1
    is_whole = since.day == 1 and (until + timedelta(days=1)).day == 1
    return made.model_copy(update={"facet": "month"}) if is_two and is_whole else made


def new(reading: Reading) -> Iterator[Task]:
    if reading.against is not None and reading.slots.says("fall"):
        yield compare_of(*by_time(reading.scope, reading.against))
        return
    if reading.against is not None:
        facet = reading.facet("language", "surface", "harm", "field")
        yield compare_of(reading.scope, reading.against).model_copy(update={"facet": facet})
        return
    since = reading.slots.period.pivot or reading.base.since
    scope = reading.scope
    if since is None and reading.known.newest is not None and scope.until is None:
        days = 7 if "week" in reading.slots.facets else RECENT_DAYS
        since = reading.known.newest - timedelta(days=days - 1)
        reading.assumed.append(f"no period was named: new in the last {days} days, since {since}")
    if since is not None:
        scope = scope.model_copy(update={"since": since})
        facet = reading.facet("language", "surface", "harm")
        grew = {"facet": GREW} if reading.slots.says("growth") else {}
        left = tuple(item.label for item in reading.slots.excluded)
        contrast = contrast_of(scope, facet).model_copy(update={"already_named": left})
        yield contrast if facet else new_of(scope).model_copy(update=grew)
    if reading.slots.subjects or since is None:
        yield trend_of(scope.model_copy(update={"since": None}) if since is not None else scope)
    elif not reading.facet():
        yield trend_of(scope.model_copy(update={"since": None})).model_copy(update={"supports": True})


def by_time(one: Scope, other: Scope) -> tuple[Scope, Scope]:
    """The earlier scope first: what became less is more common in it."""
    return (one, other) if (one.since or date.min) <= (other.since or date.min) else (other, one)


def falling(reading: Reading) -> Iterator[Task]:
    for item in new(reading):
        if item.focus == "new" and has_room(item.scope):
            # By subject first: a use may fall in many small themes.
            since = item.scope.since or date.min
            oldest, newest = reading.known.oldest, reading.known.newest
            if oldest is not None and newest is not None and since <= oldest:
                since = oldest + (newest - oldest) / 2
                reading.assumed.append(f"the index begins on {oldest}: what fell since its middle, {since}, is shown")
                item = item.model_copy(update={"scope": item.scope.model_copy(update={"since": since})})
            before = item.scope.model_copy(update={"since": None, "until": since - timedelta(days=1)})
            yield compare_of(before, item.scope).model_copy(update={"facet": "field"})
        yield item.model_copy(update={"facet": FELL}) if item.focus == "new" else item


def spike(reading: Reading) -> Iterator[Task]:
    yield trend_of(reading.scope).model_copy(update={"facet": "week"})
    if reading.scope.facets():
        return  # when something came is asked, not what came
    yield from (item for item in new(reading) if item.focus == "new")
