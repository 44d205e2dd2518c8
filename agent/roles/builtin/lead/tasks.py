"""The tasks that plans are made of, each with its specialist, its objective and what would disconfirm it."""

from collections.abc import Sequence

from agent.roles.builtin.recipe import CONCERNING, stated
from agent.roles.protocols import Focus, Specialist, Task
from tools.core.scope import Scope

_SPECIALISTS: dict[Focus, Specialist] = {
    "new": "watch", "trend": "watch", "precedent": "watch", "coordination": "abuse", "concern": "abuse", "flag_gaps": "abuse",
    "sought": "abuse",
}  # fmt: skip
_DISCONFIRMERS: dict[Focus, str] = {
    "top": "another clustering would give other sizes", "size": "", "topic": "another wording finds other themes",
    "precedent": "it is in no earlier snapshot", "trend": "the share turns out to be steady",
    "new": "the share turns out to have been the same before", "drill": "another clustering gives other parts",
    "coordination": "they were spread over the weeks, with many accounts and varied wording",
    "concern": "fiction, defence and study explain it", "flag_gaps": "the grade and the flag agree theme by theme",
    "contrast": "the same themes elsewhere in the same share", "compare": "the same themes in the same shares",
    "coverage": "little is unclustered", "sought": "fiction, defence and study explain it",
}  # fmt: skip

MARKED = {
    "concern": Scope(concern_at_least=CONCERNING), "flagged": Scope(flagged="yes"), "refused": Scope(outcome="refused"),
}  # fmt: skip
"""The conversations that bear a mark."""

FACET_OF = {"concern": "concern", "flagged": "flagged", "refused": "outcome"}
"""The facet whose value a mark is."""


def task(focus: Focus, objective: str, scope: Scope, **more: object) -> Task:
    """A task with the specialist and the disconfirmer of its focus. Its id is given when the plan is complete."""
    made = Task(
        id="t",
        specialist=_SPECIALISTS.get(focus, "usage"),
        focus=focus,
        objective=objective,
        scope=scope,
        disconfirmer=_DISCONFIRMERS.get(focus, ""),
    )
    return made.model_copy(update=more)


def top_of(scope: Scope) -> Task:
    return task("top", f"The largest themes of {scope.describe()}", scope)


def size_of(scope: Scope) -> Task:
    doubt = "another wording of the phrase gives another size" if scope.near else ""
    return task("size", f"How many {scope.described()} there are", scope, disconfirmer=doubt)


def topic_of(scope: Scope) -> Task:
    return task("topic", f"Which themes lie near “{scope.near}”", scope)


def trend_of(scope: Scope) -> Task:
    return task("trend", f"How {scope.describe()} develop", scope)


def new_of(scope: Scope) -> Task:
    return task("new", "Which themes gained share since the day", scope)


def breakdown_of(scope: Scope, facet: str, *, across: str | None = None, without: tuple[str, ...] = ()) -> Task:
    crossed = f" and {across}" if across else ""
    return task("breakdown", f"Count by {facet}{crossed}", scope, facet=facet, across=across, already_named=without)


def contrast_of(scope: Scope, facet: str | None = None) -> Task:
    return task("contrast", f"What sets {scope.describe()} apart from the rest", scope, facet=facet)


def compare_of(scope: Scope, against: Scope | None) -> Task:
    other = against.describe() if against else "all other conversations"
    return task("compare", f"How {scope.describe()} differ from {other}", scope, against=against)


def concern_of(scope: Scope) -> Task:
    return task("concern", f"What is graded as concerning of {scope.describe()}", scope)


def gaps_of(scope: Scope, *, false_alarms: bool = False) -> Task:
    facet = "flagged" if false_alarms else None
    return task("flag_gaps", "Where the concern grade and the classifier's flag disagree", scope, facet=facet)


def coordination_of(scope: Scope) -> Task:
    where = f"Look at {scope.describe()}" if scope != Scope() else "Screen every theme"
    return task("coordination", f"{where} for signs of one operator", scope)


def sought_of(scope: Scope, words: str) -> Task:
    return task("sought", f"Whether there are {scope.described()}", scope, about=words)


def unmarked(scope: Scope, facet: str | None) -> Scope:
    """The scope without the restriction by a facet that is counted by."""
    values = {"concern": {"concern_at_least": None}, "flagged": {"flagged": None}, "outcome": {"outcome": None}}
    if facet in ("language", "surface", "field", "harm"):
        return scope.model_copy(update={facet: None})
    return scope.model_copy(update=values.get(facet or "", {}))


def marked(marks: Sequence[str], scope: Scope) -> Scope:
    """The scope, restricted to what bears these marks: refused, flagged, concerning."""
    for mark in marks:
        scope = scope.model_copy(update=stated(MARKED[mark]))
    return scope
