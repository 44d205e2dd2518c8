"""A question as the built-in lead understands it: the kind of look, the conversations, the period, and the topic left."""

from dataclasses import dataclass, field
from datetime import date, timedelta

import regex

from agent.builtin.planner_intent import focus_of, without_cues
from agent.builtin.planner_scope import corrected, expanded, facet_in, named_in, topic_in
from agent.builtin.planner_time import Period, read_period
from agent.roles import Brief, Focus
from agent.unstored import without_unstored
from tools.scope import Scope

_RECENT_DAYS = 28
"""What "new" means where a question names no period."""

_NEW = regex.compile(r"\bnew|novel|appear|emerg|recent")
_RISING = regex.compile(
    r"gr[oe]w|rising|trending|gain|took off|taken off|mov(?:ed|ement)|shift|surg|spik|pick(?:ed|ing) up"
)
"""What rises, where no topic is named: themes are asked about, and not the whole."""

_COUNTED_BY = regex.compile(
    r"\b(?:by|per|for each) (?:the )?(?:language|surface|device|platform|turn|month|concern|grade|harm|hazard|outcome|flag)s?\b"
)
"""A facet that is counted by is no topic."""

_ANSWERS = regex.compile(r"\b(?:answers?|repl(?:y|ies)|responses?)(?= (?:about|on|to)\b)")
"""What the assistant gives is no topic; what it is about is."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A question as it was understood."""

    focus: Focus | None
    scope: Scope
    against: Scope | None
    period: Period
    topic: str
    facet: str
    question: str
    assumed: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return self.focus is None and self.scope == Scope() and not self.topic and self.period.is_empty


def read(brief: Brief) -> Reading:
    """What a brief's question says; assumptions name what was mended or supplied."""
    original = without_unstored(brief.question, brief.own_facets).strip()
    question, mended = corrected(expanded(original), brief.languages)
    landmarks = {name: date.fromisoformat(day) for name, day in brief.landmarks.items()}
    newest = date.fromisoformat(brief.last_day) if brief.last_day else None
    period = read_period(question, newest, landmarks)
    named = named_in(question, original, brief.languages, brief.surfaces)
    focus = focus_of(question)
    scope = named.rest.model_copy(update={"since": period.since, "until": period.until})
    against = None
    if named.languages:
        scope = scope.model_copy(update={"language": named.languages[0]})
    elif len(named.surfaces) == 1:
        scope = scope.model_copy(update={"surface": named.surfaces[0]})
    if len(named.languages) > 1:
        against = scope.model_copy(update={"language": named.languages[1]})
    elif len(named.surfaces) > 1:
        scope = scope.model_copy(update={"surface": named.surfaces[0]})
        against = scope.model_copy(update={"surface": named.surfaces[1]})
    elif period.parts:
        scope, against = (scope.model_copy(update={"since": one, "until": other}) for one, other in period.parts)
    if named.clusters:
        scope = scope.model_copy(update={"cluster": named.clusters[0]})
        if len(named.clusters) > 1:
            against = scope.model_copy(update={"cluster": named.clusters[1]})
    if against is not None:
        focus = "compare"
    assumed = [*mended, *period.assumed]
    topic = topic_in(
        without_cues(_ANSWERS.sub(" ", _COUNTED_BY.sub(" ", period.rest)), focus), named, tuple(brief.landmarks)
    )
    asks_for_themes = _NEW.search(question) or (not topic and _RISING.search(question))
    if focus == "new" and period.is_empty and newest is not None and asks_for_themes:
        scope = scope.model_copy(update={"since": newest - timedelta(days=_RECENT_DAYS - 1)})
        assumed.append(f"no period was named: new in the last {_RECENT_DAYS} days, since {scope.since}")
    return Reading(focus, scope, against, period, topic, facet_in(question), question, assumed)
