"""The built-in lead: understands the questions analysts ask by rules, and says so when it does not.

It reads what kind of look is wanted, which conversations are meant, and which period; a follow-up takes what it leaves
unsaid from the question before. It knows no answers, and it must not plan a look that it had to guess.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date

import regex

from agent.grounding.unrecorded import unstored
from agent.roles.builtin.phrases import phrases_for, specific
from agent.roles.builtin.planner_follow import followed, refers_back
from agent.roles.builtin.planner_intent import asks_for_false_alarms, asks_how_sure, asks_why
from agent.roles.builtin.planner_ranked import MARKS, THEME, Ranked, asks_everything, mark_in, unmarked
from agent.roles.builtin.planner_reading import Reading, read
from agent.roles.builtin.planner_scope import many_in
from agent.roles.builtin.recipe import stated
from agent.roles.builtin.steps import named_step, step_of
from agent.roles.protocols import Brief, Exchange, Focus, Plan, Specialist, Task
from tools.core.scope import Scope

_COURSE = regex.compile(
    r"\b(?:grow|ris(?:e|ing)|rose|increas|declin|decreas|drop|more|fewer|less|still|stop|start|began|begin|when|which (?:weeks?|months?|days?)|over time|trend)"
)
"""A question about abuse that asks for its course."""

CAN_DO = (
    "What should I look at first?",
    "What do people use the assistant for most?",
    "What is new since {day}?",
    "Is anyone running coordinated spam?",
    "What is concerning but not flagged?",
    "Which themes are refused most?",
    "How has help with code changed over time?",
    "What do German conversations have that French ones do not?",
    "Where are the coverage gaps?",
)


class BuiltinPlanner:
    """Plans by rules. Deterministic: the same brief gives the same plan."""

    async def plan(self, brief: Brief) -> Plan:
        made = _planned(brief)
        shown = many_in(brief.question.casefold())
        tasks = tuple(_in_steps(task, brief).model_copy(update={"shown": shown}) for task in made.tasks)
        wanted = named_step(brief.question.casefold())
        reported = next((task.facet for task in tasks if task.focus == "trend" and task.facet != wanted), None)
        coarser = (f"shown by {reported}: too many {wanted}s for one table",) if wanted and reported else ()
        return made.model_copy(update={"tasks": tasks, "assumptions": (*made.assumptions, *coarser)})


def _in_steps(task: Task, brief: Brief) -> Task:
    """A course in the steps that the question names, or that suit its period."""
    if task.focus != "trend":
        return task
    first, last = (date.fromisoformat(day) if day else None for day in (brief.first_day, brief.last_day))
    step = step_of(brief.question.casefold(), task.scope.since or first, task.scope.until or last)
    return task.model_copy(update={"facet": step})


def _planned(brief: Brief) -> Plan:
    reading = read(brief)
    last = next((item for item in reversed(brief.history) if item.tasks), None)
    if last is not None and refers_back(reading.question, bool(reading.topic)):
        plan = followed(reading.question, reading.focus, reading.scope, last)
        if plan is not None:
            return plan.model_copy(update={"assumptions": (*reading.assumed, *plan.assumptions)})
    if asks_everything(reading.question) and not reading.topic and not reading.scope.facets():
        return Plan(tasks=_numbered(_everything(reading)), assumptions=tuple(reading.assumed))
    is_of_everything = reading.scope == Scope() and not reading.topic and reading.ranked is None
    if is_of_everything and reading.focus in ("compare", "contrast") and unstored(brief.question, brief.own_facets):
        return _not_understood(brief, last)
    is_bare = is_of_everything and (asks_why(reading.question) or asks_how_sure(reading.question))
    is_bare_drill = reading.focus == "drill" and reading.scope.cluster is None and not reading.topic
    if is_bare or is_bare_drill or reading.is_empty:
        return _not_understood(brief, last)
    return Plan(tasks=_numbered(_tasks(reading)), assumptions=(*reading.assumed, *_assumptions(reading)))


def _not_understood(brief: Brief, last: Exchange | None) -> Plan:
    day = next(iter(sorted(brief.landmarks.values())), brief.last_day or "2026-01-01")
    suggestions = tuple(text.format(day=day) for text in CAN_DO)
    if last is not None and last.rows:
        suggestions = ("Open the first one", "How has it developed over time?", "And in Spanish?", *suggestions)
    wording = [*unstored(brief.question, brief.own_facets), "I did not understand the question."]
    return Plan(
        clarification=f"{' '.join(wording)} The built-in lead understands questions such as these:",
        suggestions=suggestions,
    )


def _tasks(reading: Reading) -> Iterator[Task]:
    makers: dict[str, Callable[[Reading], Iterator[Task]]] = {
        "coordination": _abuse, "concern": _abuse, "flag_gaps": _gaps, "coverage": _coverage, "precedent": _precedent,
        "drill": _drill, "compare": _compare, "contrast": _contrast, "new": _new, "breakdown": _breakdown, "size": _size, "map": _map,
    }  # fmt: skip
    if reading.ranked is not None:
        return _ranked(reading, reading.ranked)
    if reading.topics and reading.focus in ("compare", "contrast", "top", "size", None):
        return _side_by_side(reading)
    maker = makers.get(_settled(reading) or "", _general)
    is_over_time = reading.focus in ("new", "trend", None) or bool(reading.period.ends)
    if reading.asks_volume and not reading.topic and is_over_time:
        return _volume(reading, maker)
    return maker(reading)


def _numbered(tasks: Iterator[Task]) -> tuple[Task, ...]:
    return tuple(task.model_copy(update={"id": f"t{number}"}) for number, task in enumerate(tasks, start=1))


def _ranked(reading: Reading, ranked: Ranked) -> Iterator[Task]:
    """A facet against a mark: where what is marked lies, or which share bears the mark."""
    scope = reading.scope.model_copy(update=stated(ranked.scope))
    if reading.topic:
        scope = scope.model_copy(update={"near": reading.topic})
    if ranked.is_share and {"concern", "flagged"} <= {ranked.facet, *ranked.scope.facets()} and not reading.topic:
        yield from _gaps(reading)
    elif ranked.is_share:
        yield _breakdown_of(unmarked(scope, ranked.facet), ranked.facet)
    elif ranked.facet == "month":
        yield _task("watch", "trend", f"How {scope.describe()} develop", scope, "the share turns out to be steady")
    else:
        yield _contrast_of(scope, ranked.facet)
        if ranked.facet == THEME and ranked.scope.concern_at_least:
            yield _concern_of(reading.scope)


def _side_by_side(reading: Reading) -> Iterator[Task]:
    """How many of each of two topics there are."""
    for topic in reading.topics:
        yield _size_of(reading.scope.model_copy(update={"near": topic}))


def _volume(reading: Reading, maker: Callable[[Reading], Iterator[Task]]) -> Iterator[Task]:
    """How much there is over time, and where a period is named, what it is about too."""
    scope = reading.scope.model_copy(update={"since": None, "until": None})
    if reading.period.ends:
        (since, _), (_, until) = reading.period.ends
        scope = scope.model_copy(update={"since": since, "until": until})
    yield _task("watch", "trend", f"How many {scope.described()} there are over time", scope, "a steady number")
    if not reading.period.is_empty or reading.against is not None:
        yield from maker(reading)


def _everything(reading: Reading) -> Iterator[Task]:
    """What an analyst wants to hear who asks what there is to know: signs of one actor, what is new, gaps, the whole."""
    scope = reading.scope
    yield _task("abuse", "coordination", "Screen every theme for signs of one operator", scope,
                "these themes score like ordinary ones")  # fmt: skip
    since = scope.since or reading.newest_from
    if since is not None:
        yield _task("watch", "new", f"Which themes gained share since {since}", scope.model_copy(update={"since": since}),
                    "the share turns out to have been the same before")  # fmt: skip
    yield _gaps_of(scope)
    yield _top_of(scope)


def _settled(reading: Reading) -> Focus | None:
    """The focus, where a question without a cue still says by its scope what it wants."""
    if reading.focus is not None:
        if reading.period.pivot and reading.focus in ("compare", "trend", "top"):
            return "new"
        return reading.focus
    if reading.scope.cluster and not reading.topic and not reading.facet:
        return "drill"
    if reading.period.pivot or (reading.period.since and not reading.topic):
        return "new"
    if reading.scope.language and not reading.topic:
        return "contrast"
    return None


def _abuse(reading: Reading) -> Iterator[Task]:
    known = phrases_for(reading.question, none=True)
    about = "" if known else specific(reading.topic)
    cluster = reading.scope.cluster
    places = (about,) if about else () if cluster and not known else phrases_for(reading.question)
    if _COURSE.search(reading.question):
        steady = reading.scope.model_copy(update={"since": None, "until": None})
        for phrase in places[:2]:
            yield _task("watch", "trend", f"How “{phrase}” develops", steady.model_copy(update={"near": phrase}),
                        "the share turns out to be steady")  # fmt: skip
    if reading.facet in ("language", "surface"):
        for phrase in places[:2]:
            yield _contrast_of(reading.scope.model_copy(update={"near": phrase}), reading.facet)
    is_of_a_kind = bool(about or known) and reading.scope.harm is None
    if reading.focus == "concern":
        kinds = [reading.scope.model_copy(update={"near": phrase}) for phrase in places] if is_of_a_kind else []
        for scope in kinds or [reading.scope]:
            yield _concern_of(scope)
    if reading.scope.harm is None:
        for phrase in places:
            yield _task("abuse", "coordination", f"Look near “{phrase}” for signs of one operator",
                        reading.scope.model_copy(update={"near": phrase}),
                        "they were spread over the weeks, with many accounts and varied wording")  # fmt: skip
        if not about and reading.focus == "coordination" and not (cluster and known):
            which = f"Look at {reading.scope.describe()}" if cluster else "Screen every theme"
            yield _task("abuse", "coordination", f"{which} for signs of one operator", reading.scope,
                        "these themes score like ordinary ones")  # fmt: skip
    if reading.focus == "concern" and not is_of_a_kind and not reading.scope.facets():
        yield _gaps_of(reading.scope)


def _gaps(reading: Reading) -> Iterator[Task]:
    scope = Scope(since=reading.scope.since, until=reading.scope.until, near=_phrase(reading) or None)
    if asks_for_false_alarms(reading.question):
        yield _gaps_of(scope).model_copy(update={"facet": "flagged"})
        return
    yield _gaps_of(scope)
    if not scope.near:
        yield _concern_of(unmarked(unmarked(reading.scope, "flagged"), "concern"))


def _phrase(reading: Reading) -> str:
    """The topic of a question about abuse, without the words that only say that it is about abuse."""
    known = phrases_for(reading.question, none=True)
    return known[0] if known else specific(reading.topic)


def _coverage(reading: Reading) -> Iterator[Task]:
    yield _task("usage", "coverage", "Coverage gaps", reading.scope, "little is unclustered")


def _precedent(reading: Reading) -> Iterator[Task]:
    scope = _near(reading) if reading.topic else reading.scope
    yield _task(
        "watch",
        "precedent",
        f"Whether there were {scope.describe()} in earlier snapshots",
        scope,
        "it is in no earlier snapshot",
    )


def _drill(reading: Reading) -> Iterator[Task]:
    scope = reading.scope if reading.scope.cluster else _near(reading)
    yield _task("usage", "drill", f"What is in {scope.describe()}", scope, "")


def _map(reading: Reading) -> Iterator[Task]:
    scope = _near(reading) if reading.topic else reading.scope
    yield _task("usage", "map", f"Draw where {scope.describe()} lie", scope, "")


def _compare(reading: Reading) -> Iterator[Task]:
    if reading.against is None and reading.scope == Scope():
        yield from _general(reading)
        return
    scope, against = reading.scope, reading.against
    if reading.topic and scope.cluster is None:
        scope = scope.model_copy(update={"near": reading.topic})
        against = against.model_copy(update={"near": reading.topic}) if against else None
    marks = reading.scope.facets() | mark_in(reading.question).facets()
    mark = next((name for name in MARKS if name in marks), None)
    if against is not None and mark is not None:
        # How much of each side bears the mark, and not what the marked ones are about.
        for side in (scope, against):
            yield _breakdown_of(unmarked(side, mark), mark)
        return
    other = against.describe() if against else "all other conversations"
    yield _task("usage", "compare", f"How {scope.describe()} differ from {other}", scope,
                "the same themes in the same shares").model_copy(update={"against": against})  # fmt: skip


def _contrast(reading: Reading) -> Iterator[Task]:
    yield _contrast_of(_near(reading) if reading.topic else reading.scope, reading.facet)


def _contrast_of(scope: Scope, facet: str) -> Task:
    task = _task("usage", "contrast", f"What sets {scope.describe()} apart from the rest", scope,
                 "the same themes elsewhere in the same share")  # fmt: skip
    return task.model_copy(update={"facet": facet or None})


def _new(reading: Reading) -> Iterator[Task]:
    since = reading.period.pivot or reading.scope.since
    scope = _near(reading) if reading.topic else reading.scope
    if since is not None and reading.facet in ("language", "surface", "harm"):
        yield _contrast_of(scope.model_copy(update={"since": since}), reading.facet)
        return
    steady = scope.model_copy(update={"since": None, "until": None})
    if since is not None:
        scope = scope.model_copy(update={"since": since})
        yield _task(
            "watch",
            "new",
            "Which themes gained share since the day",
            scope,
            "the share turns out to have been the same before",
        )
    if reading.topic or since is None:
        about = f"How {steady.describe()} develop"
        yield _task("watch", "trend", about, steady if since is not None else scope, "the share turns out to be steady")


def _breakdown(reading: Reading) -> Iterator[Task]:
    if reading.topic and not reading.facet:
        yield from _size(reading)
        return
    scope = unmarked(reading.scope, reading.facet)
    if reading.topic:
        scope = scope.model_copy(update={"near": reading.topic})
    yield _breakdown_of(scope, reading.facet)
    if reading.scope.outcome and not scope.near:
        yield _contrast_of(reading.scope, "")


def _breakdown_of(scope: Scope, facet: str) -> Task:
    return _task("usage", "breakdown", f"Count by {facet}", scope, "").model_copy(update={"facet": facet})


def _size(reading: Reading) -> Iterator[Task]:
    if reading.facet:
        yield from _breakdown(reading)
        return
    yield _size_of(_near(reading) if reading.topic else reading.scope)


def _size_of(scope: Scope) -> Task:
    doubt = "another wording of the phrase gives another size" if scope.near else ""
    return _task("usage", "size", f"How many {scope.described()} there are", scope, doubt)


def _concern_of(scope: Scope) -> Task:
    return _task("abuse", "concern", f"What is graded as concerning of {scope.describe()}", scope,
                 "fiction, defence and study explain it")  # fmt: skip


def _gaps_of(scope: Scope) -> Task:
    return _task("abuse", "flag_gaps", "Where the concern grade and the classifier's flag disagree", scope,
                 "the grade and the flag agree theme by theme")  # fmt: skip


def _general(reading: Reading) -> Iterator[Task]:
    if reading.topic and reading.focus != "top":
        about = _near(reading)
        yield _task(
            "usage", "topic", f"Which themes lie near “{reading.topic}”", about, "another wording finds other themes"
        )
        yield _task("watch", "trend", f"How “{reading.topic}” develops", about, "the share turns out to be steady")
        return
    if reading.topic and reading.focus == "top":
        yield _task(
            "usage",
            "topic",
            f"Which themes lie near “{reading.topic}”",
            _near(reading),
            "another wording finds other themes",
        )
        return
    if reading.focus == "trend":
        yield _task(
            "watch",
            "trend",
            f"How {reading.scope.describe()} develop",
            reading.scope,
            "the share turns out to be steady",
        )
        return
    yield _top_of(reading.scope)
    if reading.scope.language is None:
        yield _breakdown_of(reading.scope, "language")


def _top_of(scope: Scope) -> Task:
    return _task("usage", "top", f"The largest themes of {scope.describe()}", scope,
                 "another clustering would give other sizes")  # fmt: skip


def _near(reading: Reading) -> Scope:
    return reading.scope.model_copy(update={"near": reading.topic})


def _task(specialist: Specialist, focus: Focus, objective: str, scope: Scope, disconfirmer: str) -> Task:
    return Task(id="t", specialist=specialist, focus=focus, objective=objective, scope=scope, disconfirmer=disconfirmer)


def _assumptions(reading: Reading) -> Sequence[str]:
    found = []
    if asks_why(reading.question):
        found.append("findings show no causes; what sets it apart is shown instead")
    is_abuse = reading.ranked is None and reading.focus in ("coordination", "concern")
    if is_abuse and reading.scope.harm is None:
        found.append("abuse is looked for near phrases it is known by")
    elif reading.topic and reading.focus not in ("flag_gaps", "coverage"):
        found += [f"topic = “{topic}”" for topic in reading.topics or (reading.topic,)]
    if reading.focus == "flag_gaps" and (facets := sorted(reading.scope.facets() - {"flagged", "concern"})):
        found.append(f"gap analysis ignores these filters: {', '.join(facets)}")
    if reading.focus == "contrast" and reading.scope == Scope() and not reading.topic:
        found.append("no language, surface or topic was named, so themes of the whole are shown")
    return found
