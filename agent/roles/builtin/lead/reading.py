"""A question as it was understood: its intent, its slots, and the scopes that they name."""

from dataclasses import dataclass, field

from agent.roles.builtin.lead.known import Known
from agent.roles.builtin.lead.replies import text_of
from agent.roles.builtin.lead.slots import Slots
from index.questions.values import Found
from tools.core.scope import Scope


@dataclass(slots=True)
class Reading:
    """A question as it was understood. `base`: what it is about before its subjects; `against`: what that is compared with;
    `assumed` is added to by the plan."""

    intent: str
    slots: Slots
    known: Known
    base: Scope
    against: Scope | None
    assumed: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    """What of the question the tasks leave out, which the answer says."""

    def limit(self, key: str, **values: str) -> None:
        """Notes a limit, in the language of the question."""
        self.limits.append(text_of(key, self.slots.spoken).format(**values))

    @property
    def scopes(self) -> list[Scope]:
        """A scope for each subject that is named; the base where none is."""
        return [about(self.base, subject) for subject in self.slots.subjects] or [self.base]

    @property
    def scope(self) -> Scope:
        return self.scopes[0]

    def facet(self, *wanted: str) -> str | None:
        """The first facet that is named, of these."""
        return next((name for name in self.slots.facets if not wanted or name in wanted), None)


def about(scope: Scope, subject: Found) -> Scope:
    """The scope, restricted to a subject: by the facet that it is a value of, or by nearness."""
    match subject.kind:
        case "field" | "area":
            return scope.model_copy(update={subject.kind: subject.label})
        case "hazard":
            return scope.model_copy(update={"harm": subject.label})
        case _:
            return scope.model_copy(update={"near": subject.label})


def reading_of(intent: str, slots: Slots, known: Known) -> Reading:
    """The scopes that the slots name, with two of a kind set against each other where the intent compares."""
    period = slots.period
    scope = Scope(since=period.since, until=period.until)
    if slots.languages:
        scope = scope.model_copy(update={"language": slots.languages[0]})
    if slots.surfaces:
        scope = scope.model_copy(update={"surface": slots.surfaces[0]})
    if slots.clusters:
        scope = scope.model_copy(update={"cluster": slots.clusters[0]})
    against = None
    for name, values in (("language", slots.languages), ("surface", slots.surfaces), ("cluster", slots.clusters)):
        if len(values) > 1:
            against = scope.model_copy(update={name: values[1]})
    if period.parts:
        scope, against = (scope.model_copy(update={"since": one, "until": other}) for one, other in period.parts)
    elif period.ends and intent in ("compare", "new") and not slots.subjects:
        against, scope = (scope.model_copy(update={"since": one, "until": other}) for one, other in period.ends)
    if "flagged" in slots.negated and "concern" not in slots.marks:
        scope = scope.model_copy(update={"flagged": "no"})
        against = against.model_copy(update={"flagged": "no"}) if against is not None else None
    if "refused" in slots.negated:
        scope = scope.model_copy(update={"outcome": "answered"})
        against = against.model_copy(update={"outcome": "answered"}) if against is not None else None
    if slots.grade:
        scope = scope.model_copy(update={"concern_at_least": slots.grade})
    return Reading(intent, slots, known, scope, against)
