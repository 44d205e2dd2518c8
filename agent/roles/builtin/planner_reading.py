"""A question as the built-in lead understands it: the kind of look, the conversations, the period, and the topic left."""

from dataclasses import dataclass, field
from datetime import date, timedelta

import regex

from agent.grounding.unrecorded import without_unstored
from agent.roles.builtin.planner_intent import focus_of, without_cues
from agent.roles.builtin.planner_ranked import MARKS, Ranked, asks_volume, mark_in, ranked_in, without_asking
from agent.roles.builtin.planner_scope import Named, corrected, expanded, facet_in, fails, named_in, topic_in
from agent.roles.builtin.planner_time import Period, read_period
from agent.roles.builtin.recipe import stated
from agent.roles.builtin.steps import named_step
from agent.roles.protocols import Brief, Focus
from tools.core.scope import Scope

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

_CHANGES = regex.compile(r"chang|differ|shift|evolv|compar|develop")

_FALLS = regex.compile(
    r"^(?:and |so )?(?:what|which (?:themes?|topics?))(?: is| are| has| have| was| were|'s)? (?:been )?(?:declin|drop|fall|fell|shrink|shrank|going (?:down|up)|decreas|increas|ris|rose)"
)
"""Themes that rise or fall are asked for, and not the whole."""

_MORE_IN = regex.compile(r"\bmore\b.*\bor\b")
"""Which of two is the larger."""

_LEAST = regex.compile(r"\b(?:least|fewest|smallest|rarest)\b(?! (?:one|two|three|\d))")

_BESIDE = regex.compile(
    r"\b(?:and|or|versus|vs|against|compar\w*|than|differ\w*|between|beside|that \w+ (?:do|does|did|ones?)|in \w+ that)\b|,"
)
"""Two languages are set against each other, and not one translated into the other."""

_SIDE_BY_SIDE = regex.compile(r"\b(?:versus|vs\.?|than|compared (?:to|with)|as opposed to)(?!\w)")

_REPORTED_DAYS = {"day": 1, "week": 7}

_MOST_OF = regex.compile(
    r"\b(?:most|least|top|main|common|popular|frequent|biggest|largest|leading|dominant)\b[\w\s-]{0,20}\b(?:languages?|surfaces?|devices?|platforms?|outcomes?)\b"
)
"""A facet whose largest values are asked for, and not themes."""

_HARMS = regex.compile(
    r"\b(?:harm|hazard|risk)s? categor|\bcategor\w+ of (?:harm|hazard|risk)|\b(?:types?|kinds?) of harm\b|\bhazards?\b"
)
"""The categories of harm themselves."""

_NOT_RANKED: tuple[Focus | None, ...] = ("flag_gaps", "coverage", "coordination", "precedent", "drill", "map")

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
    topics: tuple[str, ...] = ()
    """Two topics that are set side by side ("coding vs cooking"), each on its own."""
    ranked: Ranked | None = None
    asks_volume: bool = False
    newest_from: date | None = None
    """The first of the days that count as new where no period is named."""
    assumed: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return (
            self.ranked is None
            and self.focus is None
            and self.scope == Scope()
            and not self.topic
            and self.period.is_empty
        )


def read(brief: Brief) -> Reading:
    """What a brief's question says; assumptions name what was mended or supplied."""
    original = without_unstored(brief.question, brief.own_facets).strip()
    question, mended = corrected(expanded(original), brief.languages)
    landmarks = {name: date.fromisoformat(day) for name, day in brief.landmarks.items()}
    newest = date.fromisoformat(brief.last_day) if brief.last_day else None
    period = read_period(question, newest, landmarks)
    named = named_in(question, original, brief.languages, brief.surfaces)
    focus = _focus(question, named)
    scope, against = _sides(question, named, period)
    asked = without_asking(_ANSWERS.sub(" ", _COUNTED_BY.sub(" ", period.rest)))
    topic = topic_in(without_cues(asked, focus), named, tuple(brief.landmarks))
    halves = _SIDE_BY_SIDE.split(asked)
    topics = tuple(topic_in(without_cues(half, focus), named, tuple(brief.landmarks)) for half in halves)
    assumed = [*mended, *period.assumed]
    is_marked = bool(scope.facets() & {*MARKS, "harm"})
    if focus in ("trend", "new", "size") and not topic and not is_marked:
        scope = scope.model_copy(update=stated(mark_in(question)))
    if period.ends and against is None and not topic and _CHANGES.search(question):
        # Between two months: what the later one has and the earlier one had.
        against, scope = (scope.model_copy(update={"since": one, "until": other}) for one, other in period.ends)
    facet = "outcome" if fails(question) else "harm" if _HARMS.search(question) else facet_in(question)
    if against is not None and period.parts == () and not named.clusters and _MORE_IN.search(question):
        facet = "language" if len(named.languages) > 1 else "surface"
        focus, scope, against = "breakdown", scope.model_copy(update={facet: None}), None
    if against is not None:
        focus = "compare"
    asks_for_themes = _FALLS.search(question) or _NEW.search(question) or (not topic and _RISING.search(question))
    is_volume = asks_volume(question)
    days = _REPORTED_DAYS.get(named_step(question) or "", _RECENT_DAYS)
    newest_from = newest - timedelta(days=days - 1) if newest is not None else None
    if focus == "new" and period.is_empty and newest_from and asks_for_themes and not is_volume:
        scope = scope.model_copy(update={"since": newest_from})
        assumed.append(f"no period was named: new in the last {days} days, since {scope.since}")
    if fails(question):
        assumed.append("failing = refused; how good an answer was is not stored")
    if focus is None and facet and not topic:
        focus = "breakdown"
    if named.excluded:
        focus, facet = "breakdown", named.excluded
        assumed.append(f"what is not that {facet}: the other rows of the table")
    if _LEAST.search(question):
        assumed.append("the rarest are suppressed, because small groups are suppressed; the largest are shown")
    ranked = ranked_in(question) if focus not in _NOT_RANKED else None
    is_two = against is None and len(topics) > 1 and all(topics)
    return Reading(
        focus,
        scope,
        against,
        period,
        topic,
        facet,
        question,
        topics if is_two else (),
        ranked,
        is_volume,
        newest_from,
        assumed,
    )


def _focus(question: str, named: Named) -> Focus | None:
    """The kind of look, by its cues and by what is named."""
    focus = focus_of(question)
    if (focus in ("top", "concern", "breakdown") and named.rest.harm is None and _HARMS.search(question)) or (
        focus == "top" and _MOST_OF.search(question)
    ):
        return "breakdown"
    if focus in ("top", None) and fails(question):
        return "breakdown"
    is_marked = bool(named.rest.outcome or named.rest.flagged) or mark_in(question) != Scope()
    if focus == "new" and is_marked and not _NEW.search(question):
        return "trend"
    if named_step(question) and (focus == "size" or (focus == "top" and asks_volume(question))):
        return "trend"
    if focus == "trend" and _FALLS.search(question):
        return "new"
    return focus


def _sides(question: str, named: Named, period: Period) -> tuple[Scope, Scope | None]:
    """The conversations that are meant, and those they are set against where two of a kind are named."""
    scope = named.rest.model_copy(update={"since": period.since, "until": period.until})
    against = None
    if named.languages and (len(named.languages) == 1 or _BESIDE.search(question)):
        scope = scope.model_copy(update={"language": named.languages[0]})
    if len(named.surfaces) == 1:
        scope = scope.model_copy(update={"surface": named.surfaces[0]})
    if len(named.languages) > 1 and _BESIDE.search(question):
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
    return scope, against
