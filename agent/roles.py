"""The roles of an investigation as protocols, and the values they exchange.

Every role has a Claude form and a built-in form. A role sees findings, claims and plans; it never sees a summary.
(The readers, extractor and namer, are protocols of `index`.) Values are JSON-safe through `model_dump`, because the
graph's state is checkpointed.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from tools.finding import Finding
from tools.scope import Scope

Specialist = Literal["usage", "watch", "abuse"]
Focus = Literal["top", "breakdown", "topic", "contrast", "new", "trend", "coordination", "concern"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Task(_Value):
    """A delegation: objective, scope, and what would disconfirm it."""

    id: str
    specialist: Specialist
    focus: Focus = Field(description="What kind of look it is; decides the recipe of the built-in investigator")
    objective: str
    scope: Scope = Field(default_factory=Scope)
    facet: str | None = Field(None, description="For breakdown: the closed facet to count by")
    disconfirmer: str = ""


class Plan(_Value):
    """Tasks to do in parallel, or a question back to the analyst."""

    tasks: tuple[Task, ...] = ()
    assumptions: tuple[str, ...] = ()
    clarification: str | None = None
    suggestions: tuple[str, ...] = ()


class Claim(_Value):
    """A sentence with the handles of the findings it rests on, for example "... [F2]"."""

    text: str
    findings: tuple[str, ...]


class TaskReport(_Value):
    """What a task came to. `failure` is set when it did not finish; what it had by then is kept."""

    task: str
    claims: tuple[Claim, ...] = ()
    failure: str | None = None


class Verdict(_Value):
    """The auditor's judgement of one claim, by its place in the list. `text` replaces the claim when narrowed."""

    claim: int
    judgement: Literal["supported", "narrowed", "struck"]
    reason: str = ""
    text: str | None = None


class Audit(_Value):
    verdicts: tuple[Verdict, ...] = ()
    gaps: tuple[str, ...] = ()
    """What is still missing to answer the question; each may become a task of one more plan."""


class Draft(_Value):
    """The writer's answer in Markdown, every number with its [F] handle, and questions that could follow."""

    text: str
    suggestions: tuple[str, ...] = ()


class Exchange(_Value):
    """An earlier question of the session and its answer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Brief:
    """What the lead knows when it plans. `landmarks` are the index's named dates (ISO); `gaps` come from an audit."""

    question: str
    overview: Finding | None
    languages: tuple[str, ...]
    landmarks: dict[str, str]
    first_day: str | None
    last_day: str | None
    history: tuple[Exchange, ...] = ()
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything the auditor and the writer may use."""

    question: str
    claims: tuple[Claim, ...]
    findings: tuple[Finding, ...]
    failures: tuple[str, ...] = ()
    history: tuple[Exchange, ...] = ()


class Desk(Protocol):
    """An investigator's access to tools: every call is counted, announced and released through the gate."""

    async def call(self, tool: str, arguments: dict[str, Any]) -> Finding:
        """Raises ToolRefusal when the question cannot be answered as asked, BudgetSpent when calls are used up."""
        ...


OnDelta = Callable[[str], None]


class Planner(Protocol):
    async def plan(self, brief: Brief) -> Plan: ...


class Investigator(Protocol):
    async def investigate(self, task: Task, desk: Desk) -> Sequence[Claim]: ...


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
    close: Callable[[], Awaitable[None]]
