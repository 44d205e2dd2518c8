"""The engine's only output: typed events. The screen, --json, the session log and the tests read the same ones.

An event carries findings, claims and counts; it never carries summary text, a tool's raw result or an exception's
repr. Events round-trip through JSON (`dump`, `load`).
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from agent.core.answer import Draft, Mention


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    at_s: float = 0.0
    """Seconds since the run started."""


class RunStarted(_Event):
    type: Literal["run_started"] = "run_started"
    run: str
    question: str
    roles: str
    """"built-in", or the models' names."""
    index: str
    snapshot: int
    policy: str
    resumed: bool = False
    reply: str = ""
    """What the analyst answered, where the run goes on because it had asked back or shown its plan."""


class PlannedTask(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: str
    specialist: str
    objective: str


class PlanMade(_Event):
    type: Literal["plan_made"] = "plan_made"
    tasks: tuple[PlannedTask, ...]
    assumptions: tuple[str, ...] = ()
    round: int = 0


class ClarificationAsked(_Event):
    type: Literal["clarification_asked"] = "clarification_asked"
    question: str
    suggestions: tuple[str, ...] = ()


class TaskStarted(_Event):
    type: Literal["task_started"] = "task_started"
    task: str


class ToolStarted(_Event):
    type: Literal["tool_started"] = "tool_started"
    task: str
    call: str
    tool: str
    arguments: dict[str, Any]


class ToolEnded(_Event):
    """Exactly one of `finding` and `refusal` is set."""

    type: Literal["tool_ended"] = "tool_ended"
    task: str
    call: str
    tool: str
    elapsed_s: float
    finding: dict[str, Any] | None = None
    refusal: str | None = None


class TaskEnded(_Event):
    """`failure` is a sentence for a person, when the task did not finish."""

    type: Literal["task_ended"] = "task_ended"
    task: str
    elapsed_s: float
    claims: int = 0
    failure: str | None = None


class AuditEnded(_Event):
    type: Literal["audit_ended"] = "audit_ended"
    kept: int
    narrowed: int
    removed: int
    notes: tuple[str, ...] = ()


class AnswerDelta(_Event):
    type: Literal["answer_delta"] = "answer_delta"
    text: str


class AnswerMade(_Event):
    """The checked answer (Markdown). `removed` are sentences that failed the check of R8 and were removed. `parts` is the
    same answer in fields; `tasks` (stored form) and `rows` are what a follow-up can refer to."""

    type: Literal["answer_made"] = "answer_made"
    text: str
    cited: tuple[str, ...]
    removed: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    partial: bool = False
    parts: Draft | None = None
    tasks: tuple[dict[str, Any], ...] = ()
    rows: tuple[Mention, ...] = ()


WaitCause = Literal["rate_limited", "overloaded", "unavailable"]


class ModelWaiting(_Event):
    """The endpoint put off try `attempt` of at most `attempts`; the next one comes in about `retry_after_s` seconds."""

    type: Literal["model_waiting"] = "model_waiting"
    cause: WaitCause
    retry_after_s: float | None
    attempt: int
    attempts: int


class UsageReported(_Event):
    """Totals of the run so far. `cost` in US dollars; None where a model's price is not in the settings."""

    type: Literal["usage_reported"] = "usage_reported"
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    calls: int
    cost: float | None


class ApprovalAsked(_Event):
    """A plan is shown before it is carried out and the run waits: `reasons` say why. It is answered with
    `Session.decide`, or with the words of `agent.engine.approval`. `cost` is what the plan may cost, in US dollars."""

    type: Literal["approval_asked"] = "approval_asked"
    tasks: tuple[PlannedTask, ...]
    reasons: tuple[str, ...]
    cost: float | None = None


class Notice(_Event):
    type: Literal["notice"] = "notice"
    text: str


class RunEnded(_Event):
    """The last event of a run. `waiting`: for an answer to a question or a plan. `partial`: there is an answer, and
    `exit_code` says what kind of fault kept a part of it away. Exit codes: docs/guide/asking.md."""

    type: Literal["run_ended"] = "run_ended"
    state: Literal["done", "partial", "waiting", "interrupted", "failed"]
    elapsed_s: float
    message: str = ""
    hint: str = ""
    exit_code: int = 0


Event = Annotated[
    RunStarted
    | PlanMade
    | ClarificationAsked
    | TaskStarted
    | ToolStarted
    | ToolEnded
    | TaskEnded
    | AuditEnded
    | AnswerDelta
    | AnswerMade
    | ModelWaiting
    | UsageReported
    | ApprovalAsked
    | Notice
    | RunEnded,
    Field(discriminator="type"),
]
_ADAPTER: TypeAdapter[Event] = TypeAdapter(Event)


def dump(event: Event) -> dict[str, Any]:
    """JSON-safe form."""
    return event.model_dump(mode="json")


def load(stored: dict[str, Any]) -> Event:
    """The event of a stored form."""
    return _ADAPTER.validate_python(stored)
