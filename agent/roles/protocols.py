"""The roles of an investigation as protocols, and the values they exchange.

Every role has a Claude form and a built-in form. A role sees findings, claims and plans; it never sees a summary.
(The readers, extractor and namer, are protocols of `index`.) Values are JSON-safe through `model_dump`, because the
graph's state is checkpointed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from agent.core.answer import Draft, LeadCard, Mention
from agent.core.events import AnswerMade
from tools.core.finding import Finding
from tools.core.scope import Scope

Specialist = Literal["usage", "watch", "abuse"]
Focus = Literal[
    "top", "size", "breakdown", "topic", "drill", "contrast", "compare", "new", "trend", "precedent", "coverage",
    "coordination", "concern", "flag_gaps", "map", "accounts", "sought", "rate",
]  # fmt: skip
Judgement = Literal["supported", "contradicted", "too strong", "discloses"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Task(_Value):
    """A delegation: objective, scope, and what would disconfirm it."""

    id: str
    specialist: Specialist
    focus: Focus = Field(description="What kind of look it is; decides the recipe of the built-in investigator")
    objective: str
    scope: Scope = Field(default_factory=Scope)
    facet: str | None = Field(
        None,
        description="For breakdown: the closed facet to count by; for trend: day, week or month; for flag_gaps: "
        "flagged, where the question is for false positives; for rate: the facet of the part; for sought: flagged, where "
        "it is asked how much of it is flagged",
    )
    across: str | None = Field(
        None,
        description="For breakdown: a second closed facet, whose values are the columns; for rate: what to divide by",
    )
    against: Scope | None = Field(None, description="For compare: the other scope; left out: all other conversations")
    shown: int | None = Field(None, ge=1, le=20, description="How many groups to name, where the question says")
    already_named: tuple[str, ...] = Field(
        (),
        validation_alias=AliasChoices("already_named", "told"),  # "told" is in sessions stored until November 2026
        description="Groups that an earlier answer named, to be left out now",
    )
    about: str = Field(
        "",
        description="For sought: what the question calls what is looked for; for rate: the value counted; for breakdown: "
        "the value whose rank is asked for",
    )
    smallest: bool = Field(False, description="Whether the smallest groups are asked for, not the largest")
    asked: Literal["", "most", "rest"] = Field(
        "",
        description="What is answered first. For rate: most, whether it is more than half; for breakdown: rest, how many "
        "are none of the values left out",
    )
    supports: bool = Field(False, description="Whether it only supports another task's answer")
    disconfirmer: str = ""
    spoken: str = Field("English", description="The language of the question, by its English name")


class Plan(_Value):
    """Tasks to do in parallel, a question back to the analyst, or an answer that needs no tool (`reply`). `spoken`: the
    language of the question, by its English name."""

    tasks: tuple[Task, ...] = ()
    assumptions: tuple[str, ...] = ()
    clarification: str | None = None
    reply: str | None = None
    suggestions: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    """Sentences about what of the question the tasks leave out; the answer says them."""
    spoken: str = "English"


class Claim(_Value):
    """A sentence with the handles of the findings it rests on, for example "... [F2]"."""

    text: str
    findings: tuple[str, ...]
    kind: Literal["answer", "support", "limit"] = "support"
    """Whether it answers the task, supports that, or says what was left out or not done."""
    spoken: str = "English"
    """The language it is written in."""
    is_hidden: bool = False
    """Whether it says that the policy hides what was asked for."""
    lead: LeadCard | None = None
    """The lead card that this claim opens, for abuse only."""


class TaskReport(_Value):
    """What a task came to. `failure` is set when it did not finish; what it had by then is kept."""

    task: str
    claims: tuple[Claim, ...] = ()
    failure: str | None = None


class Verdict(_Value):
    """The auditor's judgement of one claim, by its place in the list. A claim that is not supported is removed, unless
    it is too strong and `text` gives the weaker sentence that stands instead."""

    claim: int
    judgement: Judgement
    reason: str = ""
    text: str | None = None


class Audit(_Value):
    verdicts: tuple[Verdict, ...] = ()
    gaps: tuple[str, ...] = ()
    """What is still missing to answer the question; each may become a task of one more plan."""


class Exchange(_Value):
    """An earlier question of the session: its answer, what was looked at, and the groups that were named, so that a
    follow-up ("and in Japanese?", "open the second one") has something to follow."""

    question: str
    answer: str
    tasks: tuple[Task, ...] = ()
    rows: tuple[Mention, ...] = ()


_REMEMBERED_CHARS = 2_000
_REMEMBERED_LINES, _REMEMBERED_LINE = 2, 300


def remembered(question: str, answer: AnswerMade) -> dict[str, Any]:
    """The JSON-safe exchange of an answered question, made from its last event alone."""
    exchange = Exchange(
        question=question,
        answer=_shortened(answer.text),
        tasks=tuple(Task.model_validate(task) for task in answer.tasks),
        rows=answer.rows,
    )
    return exchange.model_dump(mode="json")


def _shortened(text: str) -> str:
    """The beginning of a long answer, with what its later lines say of its confidence and of what is suppressed: a follow-up may
    ask how sure it is."""
    if len(text) <= _REMEMBERED_CHARS:
        return text
    later = [line for line in text[_REMEMBERED_CHARS:].splitlines() if line.startswith("**")]
    return "\n\n".join([text[:_REMEMBERED_CHARS], *(line[:_REMEMBERED_LINE] for line in later[-_REMEMBERED_LINES:])])


@dataclass(frozen=True, slots=True)
class Brief:
    """What the lead knows when it plans. `languages`, `surfaces`, `first_day` and `last_day` are those of released
    findings; `landmarks` (ISO) and `own_facets` are what the index's own settings define; `gaps` come from an audit."""

    question: str
    languages: tuple[str, ...]
    landmarks: dict[str, str]
    first_day: str | None
    last_day: str | None
    history: tuple[Exchange, ...] = ()
    gaps: tuple[str, ...] = ()
    surfaces: tuple[str, ...] = ()
    own_facets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything the auditor and the writer may use. `earlier` are the session's findings before this question, which
    the auditor reads beside the new ones: together they may say more than each. `least` is the smallest count that the
    policy lets out. `spoken`: the language of the question; `reply`: the lead's answer where no tool was needed; `unread`: what
    of the question was left out."""

    question: str
    claims: tuple[Claim, ...]
    findings: tuple[Finding, ...]
    failures: tuple[str, ...] = ()
    history: tuple[Exchange, ...] = ()
    tasks: tuple[Task, ...] = ()
    earlier: tuple[Finding, ...] = ()
    least: int = 15
    spoken: str = "English"
    reply: str | None = None
    unread: tuple[str, ...] = ()


class ToolCaller(Protocol):
    """An investigator's access to tools: every call is counted, announced and released through the gate."""

    async def call(self, tool: str, arguments: dict[str, Any]) -> Finding:
        """Raises ToolRefusal when the question cannot be answered as asked, BudgetSpent when calls are used up."""
        ...


OnDelta = Callable[[str], None]


class Planner(Protocol):
    async def plan(self, brief: Brief) -> Plan: ...


class Investigator(Protocol):
    async def investigate(self, task: Task, tools: ToolCaller) -> Sequence[Claim]: ...


class Auditor(Protocol):
    async def audit(self, evidence: Evidence) -> Audit: ...


class Writer(Protocol):
    async def write(self, evidence: Evidence, problems: Sequence[str], on_delta: OnDelta) -> Draft:
        """`problems` are sentences of an earlier draft that failed the check; empty the first time."""
        ...


@dataclass(frozen=True, slots=True)
class RoleSet:
    """One implementation of every role. `name` is shown: "built-in", or the models' names."""

    name: str
    planner: Planner
    investigator: Investigator
    auditor: Auditor
    writer: Writer
    uses_model: bool
