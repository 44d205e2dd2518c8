"""Follow-ups: questions that leave out what the question before said.

"And in Japanese?" is the last look with another scope, "open the second one" a row of the last answer, "how has it
developed?" a new look at the last scope. What cannot be resolved is left to the lead, which asks back.
"""

import regex

from agent.core.answer import Mention
from agent.roles.protocols import Exchange, Focus, Plan, Specialist, Task
from tools.core.scope import Scope

_PLACES = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "fifth": 4, "5th": 4,
           "sixth": 5, "6th": 5, "largest": 0, "biggest": 0, "last": -1}  # fmt: skip
_PLACE = regex.compile(
    rf"\b(?P<word>{'|'.join(_PLACES)})(?: (?:one|theme|group|cluster|topic|of (?:them|those|these))\b|\W*$)"
    r"|\b(?:number|no\.?) ?(?P<number>\d)\b|#(?P<number2>\d)\b"
)
_AGAIN = regex.compile(
    r"^(?:and|but|what about|how about|also|now|then|ok(?:ay)?,?|only|just|the same|same|again|repeat (?:that|this|it)|do (?:that|this|the same|it)|likewise|or)\b"
)
_BACK = regex.compile(
    r"(?<!\buse )(?<!\bused )\b(?:it|its|this|these|those|them)\b(?! (?:week|month|quarter|year|assistant|index|corpus|data))"
    r"|\b(?:is|are|was|does|did|has|about|of|in|with|for|to|before|like|that's) (?:that|they)\b(?! \p{L}+ (?:do|does|did|is|are)\b)"
    r"|\bthat (?:one|theme|group|cluster|topic|spike|burst)\b|\btheir\b"
)
"""Words that stand for what was said before; "use it" is about the assistant, "what others do that" about nothing."""
_WITHIN = regex.compile(
    r"\b(?:any(?:thing|one|body)|some(?:thing|one|body)|is there|are there)\b.*\b(?:it|them|that|this|they)\b"
)
"""A pronoun that stands for what the same question said: "is there anything harmful, and is it flagged"."""
_OPENS = regex.compile(
    r"^(?:please |can you |could you )?(?:open|drill|zoom|expand|dig|unpack|tell me more|more (?:about|on)|go (?:deeper|into)|look in)"
)
_ELSE = regex.compile(
    r"\b(?:what|anything|who|where|something) else\b|^(?:and )?(?:more|the rest|others?|go on|next)\W*$"
)
_WHY = regex.compile(
    r"^(?:but |and |so )?(?:why|how come|explain (?:it|that|this)|what(?: is|'s) behind (?:it|that|this))"
)
_AS_SCOPE = ("language", "surface", "harm", "outcome")
"""Facets whose values a scope can be restricted to by their names."""
_DISCONFIRMERS: dict[Focus, str] = {
    "size": "another wording of the phrase gives another size", "precedent": "it is in no earlier snapshot",
    "trend": "the share turns out to be steady", "new": "the share turns out to have been the same before", "drill": "another clustering gives other parts",
    "coordination": "they were spread over the weeks, with many accounts and varied wording",
    "concern": "fiction, defence and study explain it", "flag_gaps": "the grade and the flag agree theme by theme",
    "contrast": "the same themes elsewhere in the same share", "compare": "the same themes in the same shares",
}  # fmt: skip
_SPECIALISTS: dict[Focus, Specialist] = {
    "new": "watch", "trend": "watch", "precedent": "watch", "coordination": "abuse", "concern": "abuse", "flag_gaps": "abuse",
}  # fmt: skip


def refers_back(question: str, has_topic: bool) -> bool:
    """Whether a question (in lower case) needs the one before it. A question with a topic of its own stands alone,
    unless it opens with "and", "the same" or the like."""
    if _AGAIN.search(question) or _ELSE.search(question) or _WHY.search(question) or _OPENS.search(question):
        return True
    within = _WITHIN.search(question) is not None
    back = _PLACE.search(question) is not None or (_BACK.search(question) is not None and not within)
    return not has_topic and back and len(question.split()) <= 12


def followed(question: str, focus: Focus | None, scope: Scope, last: Exchange) -> Plan | None:
    """The plan of a follow-up, or None where it refers to nothing that the last exchange holds."""
    if _ELSE.search(question):
        return _else(scope, last)
    row = _row(question, last)
    if _OPENS.search(question) or (row is not None and focus in (None, "top", "drill")):
        if scope.cluster is not None:
            return None
        row = row or (last.rows[0] if last.rows else None)
        return _drilled(row, scope, last) if row is not None else None
    base = _joined(_scope_of(row, last) if row is not None else _subject(question, last), scope)
    if _WHY.search(question):
        return _one("contrast", base, f"What sets {base.describe()} apart from the rest",
                    ("findings show no causes; what sets it apart is shown instead",))  # fmt: skip
    if _AGAIN.search(question) and scope != Scope() and _is_only_scope(question, focus):
        return Plan(
            tasks=tuple(_moved(task, scope) for task in last.tasks),
            assumptions=(f"the last question again, now {scope.describe()}",),
        )
    if focus is None:
        return None
    if base == Scope() or (base == scope and row is None and not _BACK.search(question)):
        return None
    return _one(
        focus, base, f"A further look ({focus.replace('_', ' ')}) at {base.describe()}", (f"“it” = {base.describe()}",)
    )


def _is_only_scope(question: str, focus: Focus | None) -> bool:
    """Whether a follow-up changes nothing but the scope: "since" and "after" are cues of a period then."""
    return focus in (None, "new", "contrast", "compare", "top") and len(question.split()) <= 9


def _row(question: str, last: Exchange) -> Mention | None:
    by_name = next((row for row in last.rows if len(row.label) > 3 and row.label.casefold() in question), None)
    if by_name is not None:
        return by_name
    match = _PLACE.search(question)
    if match is None:
        return None
    rows = [row for row in last.rows if row.id is not None] or list(last.rows)
    place = _PLACES[word] if (word := match.group("word")) else int(match.group("number") or match.group("number2")) - 1
    return rows[place] if rows and place < len(rows) else None


def _subject(question: str, last: Exchange) -> Scope:
    """What "it" is: the first group named by the last answer where its look was at everything, else its scope."""
    scope = last.tasks[0].scope
    if scope == Scope() and last.rows and _BACK.search(question):
        return _scope_of(last.rows[0], last)
    return scope


def _scope_of(row: Mention, last: Exchange) -> Scope:
    """What a named group is as a scope: a cluster, a value of the facet that was counted by, or what lies near its name."""
    if row.id is not None and regex.fullmatch(r"[CT]\d+", row.id):
        return Scope(cluster=row.id)
    scope = last.tasks[0].scope
    facet = next((task.facet for task in last.tasks if task.facet in _AS_SCOPE), None)
    if facet is not None:
        return scope.model_copy(update={facet: row.label})
    return scope.model_copy(update={"near": row.label, "cluster": None})


def _joined(base: Scope, new: Scope) -> Scope:
    """The earlier scope with what the new question says on top."""
    stated = {name: value for name, value in new.model_dump(exclude_none=True).items() if value != {}}
    if "since" in stated or "until" in stated:
        stated = {"since": None, "until": None} | stated
    return Scope.model_validate(base.model_dump() | stated)


def _moved(task: Task, scope: Scope) -> Task:
    moved = _joined(task.scope, scope)
    against = _joined(task.against, scope) if task.against is not None else None
    return task.model_copy(
        update={
            "scope": moved,
            "against": against if against != moved else None,
            "objective": f"{task.objective.split(', now ')[0]}, now {scope.short()}",
        }
    )


def _drilled(row: Mention, scope: Scope, last: Exchange) -> Plan:
    base = _joined(_scope_of(row, last), scope)
    return _one("drill", base, f"What is in “{row.label}”", (f"opened: “{row.label}”",))


def _else(scope: Scope, last: Exchange) -> Plan:
    reported = tuple(
        dict.fromkeys(
            [*(name for task in last.tasks for name in task.already_named), *(row.label for row in last.rows)]
        )
    )
    tasks = tuple(_moved(task, scope) if scope != Scope() else task for task in last.tasks)
    return Plan(
        tasks=tuple(task.model_copy(update={"already_named": reported}) for task in tasks),
        assumptions=("what the last answer named is left out",),
    )


def _one(focus: Focus, scope: Scope, objective: str, assumptions: tuple[str, ...]) -> Plan:
    task = Task(
        id="t1",
        specialist=_SPECIALISTS.get(focus, "usage"),
        focus=focus,
        objective=objective,
        scope=scope,
        disconfirmer=_DISCONFIRMERS.get(focus, ""),
    )
    return Plan(tasks=(task,), assumptions=assumptions)
