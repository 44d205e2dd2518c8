"""Follow-ups: questions that leave out what the question before said.

"And in Japanese?" is the last look with another scope, "open the second one" a row of the last answer, "is it growing?" a new
look at what the last answer was about. What cannot be resolved gives no plan, and the lead says so.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import regex

from agent.core.answer import Mention
from agent.roles.builtin.lead.left_out import in_table
from agent.roles.builtin.lead.rates import part_of_mark, rate_of
from agent.roles.builtin.lead.reading import Reading, about
from agent.roles.builtin.lead.tasks import contrast_of, size_of, task, trend_of
from agent.roles.builtin.recipe import area_named, has_room
from agent.roles.protocols import Exchange, Plan, Task
from index.questions.values import Found
from index.vocabulary import UNCLEAR, vocabulary
from tools.core.scope import Scope
from tools.core.wording import NAMELESS, REST, UNCLUSTERED, UNDATED, UNNAMED

_PLACES = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "fifth": 4, "5th": 4,
           "sixth": 5, "6th": 5, "largest": 0, "biggest": 0, "top": 0, "last": -1}  # fmt: skip
_PLACE = regex.compile(
    rf"\b(?P<word>{'|'.join(_PLACES)})\b(?! (?:month|week|day|year|quarter)s?\b)|\b(?:number|no\.?) ?(?P<number>\d)\b|#(?P<number2>\d)\b"
)
_BACK = regex.compile(
    r"(?<!\buse )(?<!\bused )\b(?:it|its|this|these|those|them|their|they)\b(?! (?:week|month|quarter|year|assistant|index|corpus|data|(?:is |gets |being |mostly |mainly |most )?used\b))"
    r"|\b(?:biggest|largest|smallest|first|second|third|last|top) (?:one|theme|group)\b|\bthat (?:one|theme|group|cluster|topic|spike|burst)\b|\b(?:is|are|was|has|does|did|about|of|in|like) that\b"
    r"|\b(?:davon|darunter|daran|dabei|darin|d'entre (?:eux|elles)|parmi (?:eux|elles)|de ell[oa]s|de es[oa]s|entre ell[oa]s)\b|そのうち|その中|其中"
)
"""Words that stand for what was said before; "use it" and "it is used" are about the assistant."""
_AS_SCOPE = ("language", "surface", "harm", "outcome", "field", "area")
"""Facets whose values a scope can be restricted to by their names."""


def refers_back(question: str) -> bool:
    """Whether a question has a word for what was said before."""
    return _BACK.search(question.casefold()) is not None


def followed(reading: Reading, question: str, last: Exchange) -> Plan | None:
    """The plan of a follow-up, or None where it refers to nothing that the last exchange holds."""
    return _MAKERS[reading.intent](reading, question.casefold(), last)


def subject_of(last: Exchange, question: str = "it") -> Scope:
    """What "it" is: the row that the question names or counts to; the first group that the last answer named, where its look
    was at everything; else its scope."""
    row = _row(question, last)
    if row is not None:
        return _scope_of(row, last)
    scope = last.tasks[0].scope
    last = last.model_copy(update={"rows": tuple(row for row in last.rows if row.label not in _NO_GROUP)})
    if (counted := _counted_mark(last.tasks[0])) is not None:
        return joined(scope, counted)
    if last.tasks[0].focus == "new" and last.rows:
        areas = {request.area for request in vocabulary().requests}
        return _scope_of(next((row for row in last.rows if row.label in areas), last.rows[0]), last)
    if last.tasks[0].focus == "sought":
        return _found(last)
    if last.tasks[0].focus == "coordination" and scope == Scope() and last.rows:
        area = area_named(last.rows[0].label)
        return Scope(area=area) if area is not None else _scope_of(last.rows[0], last)
    return _scope_of(last.rows[0], last) if scope == Scope() and last.rows else scope


_NO_GROUP = frozenset((UNCLUSTERED, NAMELESS, UNDATED, UNNAMED, UNCLEAR, *REST))
"""Rows that stand for what is in no group."""


def _found(last: Exchange) -> Scope:
    """What a search for misuse found: a theme of that name; the conversations near its phrase and of an area; where only the
    area could be shown, all of the area."""
    scope = last.tasks[0].scope
    row = last.rows[0] if last.rows else None
    if row is None:
        return scope
    wider = scope.model_copy(update={"near": None, "area": None})
    if row.id is not None:
        return wider.model_copy(update={"cluster": row.id})
    outer = scope.model_copy(update={"area": None})
    found = outer if scope.near and row.within == outer.describe() else wider
    return found.model_copy(update={"area": row.label}) if has_room(found) else found


def _counted_mark(first: Task) -> Scope | None:
    """What bears the mark that a task counted ("how often is it refused": what is refused)."""
    if first.across is not None or first.focus not in ("breakdown", "rate"):
        return None
    if first.focus == "rate" and first.facet in ("field", "area", "harm", "near"):
        return Scope.model_validate({first.facet: first.about})
    return {"outcome": Scope(outcome="refused"), "flagged": Scope(flagged="yes")}.get(first.facet or "")


def without(excluded: Sequence[Found], last: Exchange) -> Plan | None:
    """The tables of the last answer without the rows that are left out; None where it counted by no such facet."""
    kinds = {"area": "field", "request": "field", "phrase": "field", "hazard": "harm"}
    names: dict[str | None, tuple[str, ...]] = {kinds.get(item.kind, item.kind): () for item in excluded}
    for item in excluded:
        facet = kinds.get(item.kind, item.kind)
        names[facet] = (*names[facet], in_table(item))
    kept = [
        item.model_copy(update={"already_named": (*item.already_named, *names[item.facet]), "supports": False})
        for item in last.tasks
        if item.focus == "breakdown" and item.across is None and item.facet in names
    ]
    if not kept:
        return None
    out = ", ".join(dict.fromkeys(name for facet in names.values() for name in facet))
    return Plan(tasks=tuple(kept), assumptions=(f"the last question again; left out: {out}",))


def row_named(label: str, history: Sequence[Exchange]) -> Scope | None:
    """The scope of a group that an earlier answer named, the newest first."""
    for exchange in reversed(history):
        for row in exchange.rows:
            if row.label.casefold() == label.casefold() and exchange.tasks:
                return _scope_of(row, exchange)
    return None


def _again(reading: Reading, question: str, last: Exchange) -> Plan | None:
    new = reading.scope
    if new == Scope() and not reading.slots.excluded:
        return None
    if _BESIDE.search(question) and not reading.slots.subjects:
        # "No, I meant compared with April": both sides.
        both = [*last.tasks[:2], *(_moved(item, new, ()) for item in last.tasks[:2])]
        sides = tuple(item.model_copy(update={"id": f"t{place}"}) for place, item in enumerate(both, start=1))
        return Plan(tasks=sides, assumptions=(f"the last question again, and beside it {new.describe()}",))
    moved = (_moved(item, new, reading.slots.subjects) for item in last.tasks)
    # What is restricted to one value of a facet is not counted by it.
    kept = [item for item in moved if item.facet not in new.facets()]
    # Where no facet more can be crossed, there is still how many there are.
    sized = [size_of(item.scope) if item.focus == "breakdown" and not has_room(item.scope) else item for item in kept]
    numbered = (item.model_copy(update={"id": f"t{place}"}) for place, item in enumerate(sized, start=1))
    tasks = tuple(numbered) or (size_of(joined(last.tasks[0].scope, new)).model_copy(update={"id": "t1"}),)
    return Plan(tasks=tasks, assumptions=(f"the last question again, now {new.describe()}",))


_BESIDE = regex.compile(
    r"\b(?:compared?|versus|vs|against|relative to|verglichen|vergleich|gegenüber|par rapport|comparé|comparad[oa]|frente a)\b|比べ|比較|相比|对比"
)


def is_beside(question: str) -> bool:
    """Whether a question sets something beside what was asked before."""
    return _BESIDE.search(question.casefold()) is not None


def of_each_named(reading: Reading, last: Exchange) -> Plan | None:
    """How much of each group that the last answer named bears the mark that is asked for ("which of those are risky?")."""
    rows = [row for row in last.rows if row.id is not None and regex.fullmatch(r"[CT]\d+", row.id)][:_EACH]
    if not rows or not reading.slots.marks or reading.slots.subjects:
        return None
    part = part_of_mark(reading, reading.slots.marks[0])
    scopes = (joined(Scope(cluster=row.id), reading.base) for row in rows)
    tasks = (rate_of(scope, part).model_copy(update={"id": f"t{place}"}) for place, scope in enumerate(scopes, start=1))
    return Plan(tasks=tuple(tasks), assumptions=(f"those = {', '.join(row.label for row in rows)}",))


def shares_again(reading: Reading, last: Exchange) -> Plan | None:
    """The share that the last answer gave, by a facet or in a scope that the question names ("how does that differ by surface?")."""
    first = last.tasks[0]
    counted = {"flagged": "flagged", "outcome": "refused"}
    if first.focus == "rate":
        part = (first.facet or "flagged", first.about)
    elif first.focus == "breakdown" and first.facet in counted and first.across is None:
        part = (first.facet, counted[first.facet])
    else:
        return None
    many = {"surface": reading.slots.surfaces, "language": reading.slots.languages}
    facet = next((name for name, values in many.items() if len(values) > 1), None) or reading.facet(
        "language", "surface"
    )
    if facet is None or facet in first.scope.facets() or reading.slots.subjects:
        return None
    return _one(rate_of(first.scope, part, across=facet), f"the last share, by {facet}")


_EACH = 3
"""Groups of the last answer that are looked at one by one."""


def _trend(reading: Reading, question: str, last: Exchange) -> Plan | None:
    scope = joined(subject_of(last, question), reading.base)
    if any(item.focus == "trend" for item in last.tasks) and scope == Scope():
        return Plan(tasks=last.tasks, assumptions=("the last question again",))
    return _one(trend_of(scope), f"“it” = {scope.describe()}")


def _opened(reading: Reading, question: str, last: Exchange) -> Plan | None:
    row = _row(question, last) or (last.rows[0] if last.rows else None)
    if row is None:
        return None
    scope = joined(_scope_of(row, last), reading.base)
    return _one(task("drill", f"What is in “{row.label}”", scope), f"opened: “{row.label}”")


def _else(reading: Reading, _question: str, last: Exchange) -> Plan | None:
    named = [name for item in last.tasks for name in item.already_named]
    labels = tuple(dict.fromkeys([*named, *(row.label for row in last.rows)]))
    moved = (joined_task(item, reading.base) for item in last.tasks)
    return Plan(
        tasks=tuple(item.model_copy(update={"already_named": labels}) for item in moved),
        assumptions=("what the last answer named is left out",),
    )


def _why(reading: Reading, question: str, last: Exchange) -> Plan | None:
    scope = joined(subject_of(last, question), reading.base)
    if scope == Scope():
        return None
    return _one(contrast_of(scope), "findings show no causes; what sets it apart is shown instead")


def _accounts(reading: Reading, _question: str, last: Exchange) -> Plan | None:
    scopes: list[Scope] = []
    if last.tasks[0].focus in ("sought", "coordination"):
        scopes.append(joined(subject_of(last), reading.base))
    else:
        for item in last.tasks:
            scope = joined(item.scope, reading.base)
            scopes += [scope] if scope not in scopes else []
    tasks = tuple(
        task("accounts", f"How many accounts {scope.described()} come from", scope, id=f"t{place}")
        for place, scope in enumerate(scopes[:3], start=1)
    )
    return Plan(tasks=tasks, assumptions=("accounts in place of conversations",))


_MAKERS: Mapping[str, Callable[[Reading, str, Exchange], Plan | None]] = {
    "again": _again, "this_trend": _trend, "open_row": _opened, "else": _else, "why": _why, "as_accounts": _accounts,
}  # fmt: skip


def counted_before_and_after(reading: Reading, last: Exchange) -> Plan | None:
    """What was counted by a facet, from a day on and before it; None where the last answer did not count, or no day is named."""
    since = reading.slots.period.pivot or reading.base.since
    counted = [item for item in last.tasks if item.focus == "breakdown"]
    if since is None or not counted:
        return None
    sides = (Scope(since=since), Scope(until=since - timedelta(days=1)))
    tasks = [joined_task(counted[0], side) for side in sides]
    numbered = (item.model_copy(update={"id": f"t{place}"}) for place, item in enumerate(tasks, start=1))
    return Plan(tasks=tuple(numbered), assumptions=("the last question again, after the day and before it",))


FOLLOWS = frozenset(_MAKERS)
"""Intents that need the question before."""


def _row(question: str, last: Exchange) -> Mention | None:
    by_name = next((row for row in last.rows if len(row.label) > 3 and row.label.casefold() in question), None)
    match = _PLACE.search(question)
    if by_name is not None or match is None:
        return by_name
    rows = [row for row in last.rows if row.id is not None] or list(last.rows)
    place = _PLACES[word] if (word := match["word"]) else int(match["number"] or match["number2"]) - 1
    return rows[place] if rows and place < len(rows) else None


def _scope_of(row: Mention, last: Exchange) -> Scope:
    """What a named group is as a scope: a cluster, a value of the facet that was counted by, or what lies near its name."""
    scope = last.tasks[0].scope
    if last.tasks[0].focus == "new" and any(row.label == request.area for request in vocabulary().requests):
        return scope.model_copy(update={"area": row.label})  # what is new lies in several themes of its area
    if row.id is not None and regex.fullmatch(r"[CT]\d+", row.id):
        return Scope(cluster=row.id)
    facet = next((item.facet for item in last.tasks if item.facet in _AS_SCOPE), None)
    if facet is not None:
        return scope.model_copy(update={facet: row.label})
    if any(item.facet for item in last.tasks):
        return scope  # a value of another facet, such as a number of turns, is no phrase to look near
    return scope.model_copy(update={"near": row.label, "cluster": None})


def joined(base: Scope, new: Scope) -> Scope:
    """The earlier scope with what the new question says on top."""
    said = {name: value for name, value in new.model_dump(exclude_none=True).items() if value != {}}
    if "since" in said or "until" in said:
        said = {"since": None, "until": None} | said
    return Scope.model_validate(base.model_dump() | said)


def joined_task(earlier: Task, scope: Scope) -> Task:
    """The earlier task in the new scope."""
    moved = joined(earlier.scope, scope)
    against = joined(earlier.against, scope) if earlier.against is not None else None
    if moved == earlier.scope:
        return earlier
    return earlier.model_copy(
        update={
            "scope": moved,
            "against": against if against != moved else None,
            "objective": f"{earlier.objective.split(', now ')[0]}, now {scope.short()}",
        }
    )


def _moved(earlier: Task, scope: Scope, subjects: Sequence[Found]) -> Task:
    """A subject takes the place of the earlier subject; anything else is added."""
    if subjects:
        bare = earlier.scope.model_copy(
            update={"near": None, "field": None, "area": None, "harm": None, "cluster": None}
        )
        earlier = earlier.model_copy(update={"scope": about(bare, subjects[0])})
    return joined_task(earlier, scope)


def _one(made: Task, assumption: str) -> Plan:
    return Plan(tasks=(made.model_copy(update={"id": "t1"}),), assumptions=(assumption,))
