"""Plans for misuse: signs of one operator, kinds of misuse, grades and flags, and what to look at first."""

from collections.abc import Iterator
from datetime import date, timedelta

from agent.roles.builtin.lead.plans_time import RECENT_DAYS
from agent.roles.builtin.lead.reading import Reading, about
from agent.roles.builtin.lead.tasks import (
    breakdown_of,
    concern_of,
    coordination_of,
    gaps_of,
    new_of,
    sought_of,
    top_of,
    trend_of,
)
from agent.roles.builtin.recipe import has_room
from agent.roles.protocols import Task
from tools.core.scope import Scope


def coordination(reading: Reading) -> Iterator[Task]:
    scopes = [scope for scope in reading.scopes if scope != Scope()]
    if not reading.base.cluster:
        yield coordination_of(reading.base)
    for scope in scopes[:2]:
        yield coordination_of(scope)


def abuse(reading: Reading) -> Iterator[Task]:
    subjects = [item for item in reading.slots.subjects if item.is_abuse] or list(reading.slots.subjects)
    if reading.slots.says("ring"):
        yield coordination_of(reading.base)
    sides = [reading.base, *([reading.against] if reading.against is not None else [])]
    for subject in subjects[:3]:
        for scope in (about(side, subject) for side in sides):
            if subject.kind == "hazard":
                yield concern_of(scope)
            else:
                facet = "flagged" if "flagged" in reading.slots.marks else None
                yield sought_of(scope, subject.words).model_copy(update={"facet": facet})
    if "flagged" in reading.slots.marks and not any(item.kind != "hazard" for item in subjects):
        # Of all conversations: beside the misuse that is asked for it must not read as if it were of that.
        reading.limit("no_category")
        yield breakdown_of(reading.base, "flagged").model_copy(update={"supports": bool(subjects)})


def concern(reading: Reading) -> Iterator[Task]:
    yield concern_of(reading.scope)
    yield coordination_of(reading.base)
    if not reading.base.facets():
        yield gaps_of(_of_period(reading))


def gaps(reading: Reading) -> Iterator[Task]:
    yield gaps_of(_of_period(reading))
    yield concern_of(reading.base)


def false_alarms(reading: Reading) -> Iterator[Task]:
    yield gaps_of(_of_period(reading), false_alarms=True)
    yield breakdown_of(reading.base.model_copy(update={"flagged": "yes"}), "field")


def _of_period(reading: Reading) -> Scope:
    """What a gap analysis takes: a period, and nearness to a subject."""
    base = Scope(since=reading.base.since, until=reading.base.until)
    if filters := sorted(reading.base.facets()):
        reading.limit("unrestricted", filters=", ".join(filters))
    near = next((subject.label for subject in reading.slots.subjects), None)
    return base.model_copy(update={"near": near})


def briefing(reading: Reading) -> Iterator[Task]:
    """Signs of one actor, what is new, gaps, and the whole."""
    scope = reading.base
    if reading.slots.says("summary") and has_room(scope):
        yield breakdown_of(scope, "field")
        yield trend_of(scope).model_copy(update={"supports": True})
    yield coordination_of(scope)
    since = scope.since or _recent(reading.known.newest)
    if since is not None:
        yield new_of(scope.model_copy(update={"since": since}))
    yield gaps_of(_of_period(reading))
    yield top_of(scope)


def _recent(newest: date | None) -> date | None:
    return newest - timedelta(days=RECENT_DAYS - 1) if newest is not None else None
