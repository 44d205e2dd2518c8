"""Plans for shares: "what share of X is Y", "is Y more common in A than in B", "which A has the highest share of Y".

The part is counted in each whole; it is not asked what the wholes are about.
"""

from collections.abc import Iterator, Sequence

from agent.roles.builtin.lead.reading import Reading
from agent.roles.builtin.lead.tasks import FACET_OF, MARKED, size_of, task, unmarked
from agent.roles.builtin.recipe import CONCERNING, stated
from agent.roles.protocols import Task
from index.questions.values import Found
from tools.core.scope import Scope

Part = tuple[str, str]
"""A facet, and the value of it that is counted; "near" and a phrase, "concern" and a grade from which it counts."""

_VALUES = {"refused": "refused", "flagged": "flagged"}


def rate_of(whole: Scope, part: Part, *, against: Scope | None = None, across: str | None = None) -> Task:
    """The share of a part in a whole; beside its share in another, or by a facet."""
    facet, label = part
    against = against if against != whole else None
    where = f" by {across}" if across else f" and of {against.described()}" if against else ""
    counted = f"of grade {label} or above" if facet == "concern" else label
    objective = f"How much of {whole.described()}{where} is {counted}"
    return task("rate", objective, whole, facet=facet, about=label, against=against, across=across)


def part_of(reading: Reading) -> Part | None:
    """What is counted: the subject that is named, else the mark; None where neither is."""
    if reading.slots.subjects:
        return part_of_subject(reading.slots.subjects[0])
    return part_of_mark(reading, reading.slots.marks[0]) if reading.slots.marks else None


def part_of_subject(subject: Found) -> Part:
    """The facet that a subject is a value of, or nearness to its name."""
    kind = {"field": "field", "area": "area", "hazard": "harm"}.get(subject.kind, "near")
    return kind, subject.label


def part_of_mark(reading: Reading, mark: str) -> Part:
    """The facet and the value that a mark is, or the other value where the mark is not borne."""
    if mark in reading.slots.negated and mark == "flagged":
        return "flagged", "not flagged"
    if mark in reading.slots.negated and mark == "refused":
        return "outcome", "answered"
    return FACET_OF[mark], _VALUES.get(mark, str(reading.slots.grade or CONCERNING))


def of_whole(reading: Reading) -> Iterator[Task]:
    """The share of what else is named in the whole that a question names ("what share of flagged conversations is on web")."""
    if reading.slots.most is not None:
        yield _more_than_half(reading, *reading.slots.most)
        return
    whole = reading.slots.whole
    scope = Scope(since=reading.base.since, until=reading.base.until)
    others = [item for item in reading.slots.subjects if whole is None or item.label != whole.label]
    borne = [mark for mark in reading.slots.marks if whole is None or mark != whole.label]
    marks = [*borne, *(mark for mark in reading.slots.negated if mark not in borne)]
    languages = [name for name in reading.slots.languages if whole is None or name != whole.label]
    surfaces = [name for name in reading.slots.surfaces if whole is None or name != whole.label]
    if reading.slots.grade and "concern" not in marks:
        scope = scope.model_copy(update={"concern_at_least": reading.slots.grade})
    if whole is not None:
        scope = scope.model_copy(update=_as_scope(whole, reading))
    if others:
        yield from (rate_of(_within(scope, languages, surfaces), part_of_subject(item)) for item in others[:3])
        return
    if marks:
        part = part_of_mark(reading, marks[0])
    elif languages or surfaces:
        facet, values = ("language", languages) if languages else ("surface", surfaces)
        for value in values[1:3]:
            yield rate_of(scope, (facet, value))
        part = facet, values[0]
    else:
        yield size_of(scope)  # the whole alone is named
        return
    yield rate_of(_within(scope, languages, surfaces) if marks else scope, part)


def _more_than_half(reading: Reading, part: Found, whole: Found | None) -> Task:
    """Whether a part is more than half of a whole."""
    scope = Scope(since=reading.base.since, until=reading.base.until)
    if whole is not None:
        scope = scope.model_copy(update=_as_scope(whole, reading))
    counted = part_of_subject(part)
    if part.kind == "mark":
        counted = part_of_mark(reading, part.label)
    elif part.kind in ("language", "surface"):
        # Surfaces are called as the index calls them.
        surface = next((name for name in reading.known.surfaces if name.casefold() == part.label), part.label)
        counted = part.kind, surface if part.kind == "surface" else part.label
    return rate_of(scope, counted).model_copy(update={"asked": "most"})


def beside_rest(reading: Reading) -> Iterator[Task]:
    """How often a group bears a mark, or is short, beside all conversations."""
    mark = next(iter(reading.slots.marks or reading.slots.negated), None)
    part = part_of_mark(reading, mark) if mark else ("turns", "1 turn")
    if not mark and reading.slots.says("average"):
        reading.limit("no_average")
    every = unmarked(unmarked(unmarked(reading.base, part[0]), "language"), "surface")
    for scope in reading.scopes:
        yield rate_of(unmarked(scope, part[0]), part, against=every)


def _within(scope: Scope, languages: Sequence[str], surfaces: Sequence[str]) -> Scope:
    """The scope in the language and on the surface that are named beside the part."""
    language, surface = next(iter(languages), scope.language), next(iter(surfaces), scope.surface)
    return scope.model_copy(update={"language": language, "surface": surface})


def _as_scope(whole: Found, reading: Reading) -> dict[str, object]:
    if whole.kind == "mark":
        if whole.label == "concern":
            return {"concern_at_least": reading.slots.grade or CONCERNING}
        return stated(MARKED[whole.label])
    if whole.kind in ("language", "surface", "field", "area"):
        return {whole.kind: whole.label}
    return {"harm": whole.label} if whole.kind == "hazard" else {"near": whole.label}
