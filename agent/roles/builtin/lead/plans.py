"""From an intent and its slots to tasks: one function an intent."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from agent.roles.builtin.lead.left_out import SUBJECTS, in_table
from agent.roles.builtin.lead.plans_abuse import abuse, briefing, concern, coordination, false_alarms, gaps
from agent.roles.builtin.lead.plans_time import by_time, falling, new, spike, trend, volume
from agent.roles.builtin.lead.rates import beside_rest, of_whole, part_of, part_of_mark, rate_of
from agent.roles.builtin.lead.reading import Reading, about
from agent.roles.builtin.lead.tasks import (
    FACET_OF,
    MARKED,
    breakdown_of,
    compare_of,
    concern_of,
    contrast_of,
    marked,
    new_of,
    size_of,
    task,
    top_of,
    topic_of,
    trend_of,
    unmarked,
)
from agent.roles.builtin.recipe import has_room, stated
from agent.roles.protocols import Task
from tools.core.scope import Scope

_PARTS_SHOWN = 3
"""Of what is left when something is excluded, the parts that are shown."""


def tasks_of(reading: Reading) -> tuple[Task, ...]:
    """The tasks of a plan, numbered."""
    if reading.slots.excluded and reading.intent in _LEAVES_OUT:
        made = _others(reading)
    else:
        made = _MAKERS[reading.intent](reading)
        if reading.slots.excluded and reading.intent not in _KNOWS_EXCLUSION:
            reading.limit("still_in", words=", ".join(item.words for item in reading.slots.excluded))
    shown = {"shown": reading.slots.shown} if reading.slots.shown else {}
    apart: list[Task] = []
    for item in made:
        apart += [item] if item not in apart else []
    return tuple(item.model_copy(update={"id": f"t{number}", **shown}) for number, item in enumerate(apart, start=1))


def _overview(reading: Reading) -> Iterator[Task]:
    whole = marked(reading.slots.marks, reading.base)
    if (pivot := reading.slots.period.pivot) and not reading.slots.subjects and whole.since is None:
        # Before and after a day: both.
        yield top_of(whole.model_copy(update={"until": pivot - timedelta(days=1)}))
        yield top_of(whole.model_copy(update={"since": pivot}))
        return
    if {"field", "turns"} <= {*reading.slots.facets}:
        yield breakdown_of(whole, "field", across="turns")
        return
    if reading.slots.shown and "field" in reading.slots.facets and not reading.slots.subjects and has_room(whole):
        yield breakdown_of(whole, "field").model_copy(update={"smallest": reading.slots.says("least")})
        return
    scopes = [marked(reading.slots.marks, scope) for scope in reading.scopes] if reading.slots.subjects else [whole]
    for scope in scopes:
        if scope.near:
            yield topic_of(scope)
            continue
        if not scope.field and not scope.area and has_room(scope):
            by_field = breakdown_of(scope, "field")
            if reading.slots.says("least"):
                yield by_field.model_copy(update={"smallest": True})
                continue
            yield by_field
        elif not has_room(scope):
            yield size_of(scope)
        yield top_of(scope)
    if scopes == [Scope()] and not reading.slots.says("least"):
        yield breakdown_of(Scope(), "language").model_copy(update={"supports": True})


def _others(reading: Reading) -> Iterator[Task]:
    """What is not what was excluded: the other rows of its table, because there is no scope by "not"."""
    out = reading.slots.excluded
    reading.base = marked(reading.slots.marks, reading.base)
    if {item.kind for item in out} == {"language", "surface"}:
        yield from _beside_both(reading)
        return
    if {"language", "surface"} & {item.kind for item in out} and any(item.kind in SUBJECTS for item in out):
        reading.limit("not_together")
    kinds = {"area": "field", "request": "field", "quoted": "field", "phrase": "field", "hazard": "harm"}
    for facet in dict.fromkeys(kinds.get(item.kind, item.kind) for item in out):
        if facet == "period":
            months = tuple(item.label for item in out if item.kind == "period")
            yield breakdown_of(reading.scope, "month", without=months)
            continue
        names = tuple(dict.fromkeys(in_table(item) for item in out if kinds.get(item.kind, item.kind) == facet))
        reading.assumed.append(f"left out: {', '.join(names)}; the other rows of the table answer")
        if facet == "language" and reading.intent in ("overview", "topic", "unique"):
            # What is left is no group that can be asked for, so its largest parts are.
            reading.limit("in_parts")
            others = [name for name in reading.known.languages if name not in names][:_PARTS_SHOWN]
            scope = unmarked(reading.scope, facet)
            yield from (breakdown_of(scope.model_copy(update={"language": name}), "field") for name in others)
            continue
        if facet != "field" and reading.intent in ("overview", "topic", "compare", "unique"):
            reading.limit("in_parts")
        asked = {"asked": "" if reading.slots.says("next") else "rest"}
        yield breakdown_of(unmarked(reading.scope, facet), facet, without=names).model_copy(update=asked)


def _beside_both(reading: Reading) -> Iterator[Task]:
    """What is in none of these languages and on none of these surfaces: the other languages on each of the other surfaces."""
    out = reading.slots.excluded
    languages = tuple(item.label for item in out if item.kind == "language")
    surfaces = [item.label for item in out if item.kind == "surface"]
    reading.assumed.append(f"left out: {', '.join((*surfaces, *languages))}; the other rows of the tables answer")
    for name in reading.known.surfaces:
        if name.casefold() not in surfaces:
            scope = unmarked(reading.scope, "language").model_copy(update={"surface": name})
            yield breakdown_of(scope, "language", without=languages)


def _topic(reading: Reading) -> Iterator[Task]:
    for scope in reading.scopes:
        if scope.near:
            yield topic_of(scope)
            yield trend_of(scope)
        else:
            yield size_of(scope)
            yield top_of(scope)


def _size(reading: Reading) -> Iterator[Task]:
    if step := reading.facet("month", "week", "day"):
        yield from (trend_of(scope).model_copy(update={"facet": step}) for scope in reading.scopes)
        return
    if any(item.is_abuse for item in reading.slots.subjects):
        yield from abuse(reading)
        return
    if not reading.slots.subjects and reading.slots.marks:
        facet = FACET_OF[reading.slots.marks[0]]
        yield breakdown_of(unmarked(reading.base, facet), facet)
        return
    if reading.against is not None and not reading.slots.subjects:
        yield size_of(reading.scope)
        yield size_of(reading.against)
        return
    for scope in reading.scopes:
        yield size_of(scope)


def _accounts(reading: Reading) -> Iterator[Task]:
    if any(item.is_abuse for item in reading.slots.subjects):
        yield from abuse(reading)  # nearness alone is no sign of it; accounts are said with it
        return
    for scope in reading.scopes:
        yield task("accounts", f"How many accounts {scope.described()} come from", scope)


def _concentration(reading: Reading) -> Iterator[Task]:
    reading.assumed.append(
        "accounts are never ranked; how much few accounts dominate is shown as a band for each theme"
    )
    yield task("coordination", "In which themes few accounts dominate", reading.base, facet="concentration")


def _by(facet: str) -> Callable[[Reading], Iterator[Task]]:
    def made(reading: Reading) -> Iterator[Task]:
        if any(item.is_abuse for item in reading.slots.subjects) and facet in ("language", "surface", "flagged"):
            yield from abuse(reading)
            if facet != "flagged":
                yield from (breakdown_of(unmarked(scope, facet), facet) for scope in reading.scopes[:2])
            return
        if facet == "concern" and reading.slots.grade and not reading.slots.subjects:
            yield rate_of(unmarked(reading.base, facet), ("concern", str(reading.slots.grade)))
            return
        if facet == "turns" and reading.slots.says("average"):
            reading.limit("no_average")
        out = [item.label for item in reading.slots.excluded]
        if out:
            reading.assumed.append(f"left out: {', '.join(out)}; the other rows of the table answer")
        mark = next((name for name, value in FACET_OF.items() if value == facet), None)
        divided = reading.facet("language", "surface") if mark else None
        if facet in ("language", "surface") and "turns" in reading.slots.facets:
            if reading.slots.says("average"):
                reading.limit("no_average")
            # Where the fewest have one turn, conversations are longest.
            yield rate_of(unmarked(reading.base, facet), ("turns", "1 turn"), across=facet).model_copy(
                update={"smallest": True}
            )
            return
        if (
            facet == "turns"
            and reading.slots.says("growth") | ("month" in reading.slots.facets)
            and reading.known.oldest
        ):
            yield from (breakdown_of(half, "turns") for half in _halves(reading, reading.scope))
            return
        if facet == "turns" and "field" in reading.slots.facets:
            yield breakdown_of(reading.base, "field", across="turns")
            return
        scopes = reading.scopes
        other = next((name for name in reading.slots.marks if FACET_OF[name] != facet), None)
        if facet == "field" and other:
            yield from (breakdown_of(marked(reading.slots.marks, scope), facet, without=tuple(out)) for scope in scopes)
            return
        if facet in ("language", "surface") and other and not reading.slots.subjects:
            yield rate_of(unmarked(reading.base, facet), part_of_mark(reading, other), across=facet).model_copy(
                update={"smallest": reading.slots.says("least")}
            )
            return
        if mark and mark in reading.slots.marks and reading.slots.says("growth") and reading.against is None:
            yield from trend(reading)
            return
        if mark and (step := reading.facet("month", "week", "day")):
            for scope in scopes:
                whole = unmarked(scope, facet).model_copy(update=stated(MARKED[mark]))
                yield trend_of(whole).model_copy(update={"facet": step})
            return
        subject = reading.facet("field", "area", "harm") or ("field" if reading.slots.says("what_for") else None)
        if mark and subject and reading.against is None:
            for scope in scopes:
                bearing = unmarked(scope, facet).model_copy(update=stated(MARKED[mark]))
                yield breakdown_of(bearing, subject, without=tuple(out))
                yield breakdown_of(unmarked(scope, facet), facet).model_copy(update={"supports": True})
            return
        if facet in ("language", "surface") and reading.slots.says("bigness") and reading.slots.says("growth"):
            yield breakdown_of(unmarked(reading.scope, facet), facet)
            yield breakdown_of(unmarked(reading.scope, facet), "month", across=facet)
            return
        if facet == "turns" and reading.against is not None:
            # Where fewer have one turn, conversations are longer.
            yield rate_of(reading.scope, ("turns", "1 turn"), against=reading.against)
            return
        sides = [reading.scope, reading.against] if reading.against is not None else scopes
        values = getattr(reading.slots, f"{facet}s") if facet in ("language", "surface") else ()
        if len(values) == 2 and reading.against is not None and not mark and not reading.slots.subjects:
            yield size_of(reading.scope)
            yield size_of(reading.against)
            return
        if len(values) > 1:
            sides = [reading.scope]
        if mark and reading.against is not None and not divided:
            first, second = (unmarked(side, facet) for side in (reading.scope, reading.against))
            yield rate_of(first, part_of_mark(reading, mark), against=second)
            return
        how = {
            "smallest": reading.slots.says("least"),
            "about": next(iter(values), ""),
            "asked": "rest" if out and not reading.slots.says("next") else "",
        }
        for scope in sides:
            if mark and divided:
                yield rate_of(unmarked(scope, divided), part_of_mark(reading, mark), across=divided)
            else:
                yield breakdown_of(unmarked(scope, facet), facet, without=tuple(out)).model_copy(update=how)

    return made


def _halves(reading: Reading, scope: Scope) -> Iterator[Scope]:
    """The first half and the second half of the period."""
    first, last = scope.since or reading.known.oldest, scope.until or reading.known.newest
    if first is None or last is None:
        yield scope
        return
    middle = first + (last - first) // 2
    yield scope.model_copy(update={"since": first, "until": middle})
    yield scope.model_copy(update={"since": middle + timedelta(days=1), "until": last})


def _by_named(reading: Reading) -> Iterator[Task]:
    own = next((name for name in reading.slots.facets if name in reading.known.own_facets), None)
    yield from _by(own or "field")(reading)


def _refused(reading: Reading) -> Iterator[Task]:
    facet = reading.facet("language", "surface")
    for scope in reading.scopes:
        if reading.slots.says("often") and not reading.slots.says("share"):
            yield breakdown_of(scope, "outcome")
            continue
        if not scope.near:
            refused = scope.model_copy(update={"outcome": "refused"})
            if reading.slots.says("benign"):
                yield breakdown_of(refused, "concern")
            if facet is None and not scope.field and has_room(refused):
                if reading.slots.says("share") or reading.slots.says("least"):
                    least = {"smallest": reading.slots.says("least")}
                    yield rate_of(scope, ("outcome", "refused"), across="field").model_copy(update=least)
                else:
                    out = tuple(in_table(item) for item in reading.slots.excluded)
                    yield breakdown_of(refused, "field", without=out)
            yield contrast_of(refused, facet or "theme").model_copy(update={"supports": facet is None})
        yield breakdown_of(scope, "outcome").model_copy(update={"supports": not scope.near})


def _cross(reading: Reading) -> Iterator[Task]:
    named = list(dict.fromkeys("month" if name in ("week", "day") else name for name in reading.slots.facets))
    if "month" in named and len(named) > 1:
        # Months are rows: a table has room for more rows than columns.
        yield breakdown_of(reading.scope, "month", across=next(name for name in named if name != "month"))
        return
    across = next((name for name in named if name != "field"), "language")
    by = next((name for name in named if name != across), "field")
    yield breakdown_of(reading.scope, by, across=across)


def _compare(reading: Reading) -> Iterator[Task]:
    subjects = reading.slots.subjects
    if reading.slots.period.pivot and not subjects:
        yield from new(reading)
        return
    if any(item.is_abuse for item in subjects):
        yield from abuse(reading)
        return
    if len(subjects) > 1 and reading.against is None:
        step = reading.facet("month", "week", "day")
        for scope in reading.scopes:
            yield trend_of(scope).model_copy(update={"facet": step}) if step else size_of(scope)
        return
    if "turns" in reading.slots.facets:
        yield from _by("turns")(reading)
        return
    if reading.against is not None and reading.slots.says("more_of") and not reading.slots.marks and len(subjects) < 2:
        for side in (reading.base, reading.against):
            yield size_of(about(side, subjects[0]) if subjects else side)
        return
    if reading.against is not None and reading.slots.says("growth") and not subjects and not reading.slots.period.parts:
        # What grows is read from the trend of each, and not from what they are about.
        yield trend_of(marked(reading.slots.marks, reading.scope))
        yield trend_of(marked(reading.slots.marks, reading.against))
        return
    if len(reading.slots.languages) > 1 and len(reading.slots.surfaces) == 1 and not subjects:
        # Two languages on one surface: how each divides between surfaces.
        for side in (reading.scope, reading.against or reading.scope):
            yield breakdown_of(unmarked(side, "surface"), "surface")
        return
    scope, against = reading.scope, reading.against
    if against is not None and reading.slots.says("fall") and not subjects and not reading.slots.marks:
        yield compare_of(*by_time(scope, against))
        return
    since = reading.slots.period.pivot or reading.base.since
    if against is not None and reading.slots.marks and since is not None and not reading.slots.period.parts:
        # Before and after a day, on each side.
        counted = part_of(reading) or ("flagged", "flagged")
        for side in (reading.base, against):
            before = side.model_copy(update={"since": None, "until": since - timedelta(days=1)})
            yield rate_of(side.model_copy(update={"since": since}), counted, against=before)
        return
    if against is not None and (part := part_of(reading)) is not None:
        # How much of each side it is; for a subject also how it differs between them, unless a share is asked for.
        yield rate_of(reading.base, part, against=against)
        if subjects and not reading.slots.says("share"):
            yield compare_of(scope, about(against, subjects[0]))
        return
    if against is not None and reading.slots.says("share") and reading.slots.period.parts:
        # The share of one language or surface in two periods.
        facet = next((name for name in ("surface", "language") if getattr(scope, name)), None)
        if facet is not None:
            whole, other = (unmarked(side, facet) for side in (scope, against))
            yield rate_of(whole, (facet, getattr(scope, facet)), against=other)
            return
    if scope == Scope():
        yield top_of(scope)
        return
    facet = reading.facet("language", "surface", "harm") if against is not None else None
    yield compare_of(scope, against).model_copy(update={"facet": facet})
    if against is not None and reading.slots.period.parts and facet is None and has_room(scope):
        # What the earlier one has too little of to show is in no comparison of the two.
        yield new_of(by_time(scope, against)[1])


def _unique(reading: Reading) -> Iterator[Task]:
    yield contrast_of(reading.scope) if reading.scope != Scope() else top_of(Scope())


def _facet_of(reading: Reading) -> Iterator[Task]:
    if any(item.is_abuse for item in reading.slots.subjects):
        yield from abuse(reading)
    facet = reading.facet("language", "surface", "month", "harm") or "language"
    for scope in reading.scopes:
        yield breakdown_of(unmarked(scope, facet), facet)
        if facet in ("language", "surface"):
            yield contrast_of(unmarked(scope, facet), facet)


def _marked_by(reading: Reading) -> Iterator[Task]:
    mark = next(iter(reading.slots.marks), "concern")
    facet = reading.facet("language", "surface", "harm", "month", "field")
    scope = unmarked(reading.scope, facet).model_copy(update=stated(MARKED[mark]))
    if facet == "month":
        yield trend_of(scope)
    elif facet in ("language", "surface"):
        part = part_of_mark(reading, mark)
        for each in dict.fromkeys(name for name in reading.slots.facets if name in ("language", "surface")):
            yield rate_of(unmarked(reading.scope, each), part, across=each).model_copy(
                update={"smallest": reading.slots.says("least")}
            )
    elif facet in (None, "field"):
        if reading.slots.says("share"):
            yield rate_of(reading.scope, part_of_mark(reading, mark), across="field")
        elif mark in ("refused", "flagged"):
            yield breakdown_of(scope, "field")
        yield contrast_of(scope, "theme").model_copy(update={"supports": mark in ("refused", "flagged")})
        if mark == "concern":
            yield concern_of(reading.scope)
    else:
        yield breakdown_of(scope, facet)
        yield contrast_of(scope, facet).model_copy(update={"supports": True})


def _precedent(reading: Reading) -> Iterator[Task]:
    for scope in reading.scopes:
        near = scope.near or scope.area or scope.field
        scope = scope.model_copy(update={"near": near, "area": None, "field": None})
        yield task("precedent", f"Whether there were {scope.describe()} in earlier snapshots", scope)


def _coverage(reading: Reading) -> Iterator[Task]:
    yield task("coverage", "Coverage gaps", reading.scope)


def _holdings(_: Reading) -> Iterator[Task]:
    yield size_of(Scope())
    yield trend_of(Scope()).model_copy(update={"facet": "month"})
    yield breakdown_of(Scope(), "language")
    yield breakdown_of(Scope(), "surface").model_copy(update={"supports": True})


def _open(reading: Reading) -> Iterator[Task]:
    yield task("drill", f"What is in {reading.scope.describe()}", reading.scope)


def _map(reading: Reading) -> Iterator[Task]:
    yield task("map", f"Draw where {reading.scope.describe()} lie", reading.scope)


_MAKERS: Mapping[str, Callable[[Reading], Iterator[Task]]] = {
    "overview": _overview, "topic": _topic, "size": _size, "accounts": _accounts, "concentration": _concentration,
    "by_language": _by("language"), "by_surface": _by("surface"), "by_length": _by("turns"), "by_field": _by_named, "by_grade": _by("concern"),
    "by_hazard": _by("harm"), "by_outcome": _by("outcome"), "refused_themes": _refused, "by_flag": _by("flagged"), "cross": _cross,
    "trend": trend, "volume": volume, "new": new, "falling": falling, "spike": spike, "compare": _compare, "beside_rest": beside_rest, "unique": _unique,
    "facet_of": _facet_of, "marked": _marked_by, "coordination": coordination, "abuse_kind": abuse, "concern": concern,
    "flag_gaps": gaps, "false_alarms": false_alarms, "briefing": briefing, "precedent": _precedent, "coverage": _coverage,
    "open": _open, "map": _map, "holdings": _holdings, "rate": of_whole,
}  # fmt: skip
_LEAVES_OUT = frozenset(("overview", "size", "topic", "facet_of", "compare", "trend", "volume", "unique"))
"""Intents that the other rows of a table answer, where something is to be left out."""
_KNOWS_EXCLUSION = frozenset(("by_language", "by_surface", "by_field", "refused_themes", "new"))
PLANNED = frozenset(_MAKERS)
"""Intents that tools answer."""
