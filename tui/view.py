"""What the screen shows, as one value, and the pure function from events to it.

Nothing here draws and nothing in a widget computes: replaying a run's events gives the same view. It must never hold
more than events carry.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from agent.events import (
    AnswerDelta,
    AnswerMade,
    ApprovalAsked,
    AuditEnded,
    ClarificationAsked,
    Event,
    ModelWaiting,
    Notice,
    PlanMade,
    RunEnded,
    RunStarted,
    TaskEnded,
    TaskStarted,
    ToolEnded,
    ToolStarted,
    UsageReported,
)

Phase = Literal[
    "starting",
    "no index",
    "ready",
    "planning",
    "running",
    "waiting",
    "stopping",
    "stopped",
    "done",
    "partial",
    "failed",
]
TaskState = Literal["planned", "running", "waiting", "done", "failed", "stopped"]


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One agent's row of the timeline. `doing` is its last tool call in words."""

    id: str
    label: str
    state: TaskState = "planned"
    doing: str = ""
    calls: int = 0
    refusals: int = 0
    findings: tuple[str, ...] = ()
    elapsed_s: float | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and everything that came of it."""

    run: str
    question: str
    assumptions: tuple[str, ...] = ()
    tasks: tuple[TaskRow, ...] = ()
    audit: str = ""
    answer: str = ""
    is_final: bool = False
    struck: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    ended: str = ""
    message: str = ""
    hint: str = ""
    elapsed_s: float = 0.0


@dataclass(frozen=True, slots=True)
class View:
    """The whole screen. `findings` by handle, in order of release; `selected` is the one shown beside the chat."""

    phase: Phase = "starting"
    index: str = ""
    roles: str = ""
    policy: str = ""
    snapshot: int = 0
    turns: tuple[Turn, ...] = ()
    findings: dict[str, dict[str, Any]] = field(default_factory=dict)
    selected: str | None = None
    withheld_groups: int = 0
    withheld_cells: int = 0
    tool_calls: int = 0
    tokens: int = 0
    cost: float | None = 0.0
    waiting: str = ""

    @property
    def turn(self) -> Turn | None:
        return self.turns[-1] if self.turns else None

    @property
    def is_busy(self) -> bool:
        return self.phase in ("planning", "running", "waiting", "stopping")


def apply(view: View, event: Event) -> View:
    """The view after an event."""
    match event:
        case RunStarted():
            return _started(view, event)
        case PlanMade():
            return _planned(view, event)
        case TaskStarted():
            return replace(_task(view, event.task, state="running"), phase="running")
        case ToolStarted():
            return _tool_started(view, event)
        case ToolEnded():
            return _tool_ended(view, event)
        case TaskEnded():
            return _task_ended(view, event)
        case AuditEnded():
            struck = f", {event.struck} struck" if event.struck else ""
            narrowed = f", {event.narrowed} narrowed" if event.narrowed else ""
            return _turn(view, audit=f"{event.kept} claims kept{narrowed}{struck}")
        case ClarificationAsked():
            return _turn(view, answer=event.question, is_final=True, suggestions=event.suggestions)
        case ApprovalAsked():
            return _turn(view, answer=" ".join(event.reasons), is_final=True, suggestions=("yes", "no"))
        case AnswerDelta():
            return _turn(view, answer=(view.turn.answer if view.turn else "") + event.text)
        case AnswerMade():
            return _turn(view, answer=event.text, is_final=True, struck=event.struck, suggestions=event.suggestions)
        case ModelWaiting():
            return replace(view, phase="waiting", waiting=_waiting(event))
        case UsageReported():
            return replace(view, tokens=event.input_tokens + event.output_tokens, cost=event.cost)
        case Notice():
            return _turn(view, notices=(*(view.turn.notices if view.turn else ()), event.text))
        case RunEnded():
            return _ended(view, event)


def stopped(view: View) -> View:
    """The view after the analyst stopped the run: everything found so far stays."""
    rows = tuple(
        replace(row, state="stopped") if row.state in ("planned", "running", "waiting") else row
        for row in (view.turn.tasks if view.turn else ())
    )
    marked = _turn(
        view, tasks=rows, ended="stopped", message="Stopped. What was found so far is kept.", hint="f5 resumes"
    )
    return replace(marked, phase="stopped", waiting="")


def _turn(view: View, **changes: Any) -> View:
    if not view.turns:
        return view
    return replace(view, turns=(*view.turns[:-1], replace(view.turns[-1], **changes)))


def _task(view: View, task: str, **changes: Any) -> View:
    if view.turn is None:
        return view
    rows = tuple(replace(row, **changes) if row.id == task else row for row in view.turn.tasks)
    return _turn(view, tasks=rows)


def _row(view: View, task: str) -> TaskRow:
    rows = view.turn.tasks if view.turn else ()
    return next((row for row in rows if row.id == task), TaskRow(task, task))


def _started(view: View, event: RunStarted) -> View:
    known = replace(
        view,
        phase="planning",
        index=event.index,
        roles=event.roles,
        policy=event.policy,
        snapshot=event.snapshot,
        waiting="",
    )
    if event.resumed and view.turn is not None and view.turn.run == event.run:
        return _turn(known, ended="", message="", hint="")
    return replace(known, turns=(*view.turns, Turn(event.run, event.question)))


def _planned(view: View, event: PlanMade) -> View:
    earlier = view.turn.tasks if view.turn and event.round else ()
    fresh = tuple(TaskRow(task.id, f"{task.specialist}: {task.objective}") for task in event.tasks)
    return replace(_turn(view, tasks=(*earlier, *fresh), assumptions=event.assumptions), phase="running")


def _tool_started(view: View, event: ToolStarted) -> View:
    row = _row(view, event.task)
    changed = _task(view, event.task, state="running", doing=_in_words(event), calls=row.calls + 1)
    return replace(changed, phase="running", waiting="", tool_calls=view.tool_calls + 1)


def _in_words(event: ToolStarted) -> str:
    scope = event.arguments.get("scope") or {}
    parts = [str(value) for key, value in event.arguments.items() if key in ("phrase", "by") and value]
    parts += [f"{key}={value}" for key, value in scope.items()]
    return f"{event.tool}({', '.join(parts)})"


def _tool_ended(view: View, event: ToolEnded) -> View:
    row = _row(view, event.task)
    if event.finding is None:
        return _task(view, event.task, refusals=row.refusals + 1, doing=f"{event.tool} refused")
    finding = event.finding
    handle = str(finding["id"])
    changed = _task(view, event.task, findings=(*row.findings, handle))
    return replace(
        changed,
        findings={**view.findings, handle: finding},
        selected=handle,
        withheld_groups=view.withheld_groups + int(finding["withheld"]["groups"]),
        withheld_cells=view.withheld_cells + int(finding["withheld"]["cells"]),
    )


def _task_ended(view: View, event: TaskEnded) -> View:
    state: TaskState = "failed" if event.failure else "done"
    return _task(view, event.task, state=state, elapsed_s=event.elapsed_s, failure=event.failure or "")


def _waiting(event: ModelWaiting) -> str:
    cause = {"rate_limited": "rate limited", "overloaded": "service busy", "unavailable": "service unavailable"}
    seconds = f" {event.retry_after_s:.0f}s" if event.retry_after_s else ""
    return f"{cause[event.cause]}{seconds} ({event.attempt}/{event.attempts})"


def _ended(view: View, event: RunEnded) -> View:
    phases: dict[str, Phase] = {
        "done": "done",
        "partial": "partial",
        "waiting": "ready",
        "stopped": "stopped",
        "failed": "failed",
    }
    changed = _turn(view, ended=event.state, message=event.message, hint=event.hint, elapsed_s=event.elapsed_s)
    return replace(changed, phase=phases[event.state], waiting="", selected=_best(view))


def _best(view: View) -> str | None:
    """The finding to show after a run: the first that the answer cites, else the last released."""
    if view.turn is not None:
        cited = [
            handle for handle in view.findings if f"[{handle}" in view.turn.answer or f"{handle}]" in view.turn.answer
        ]
        if cited:
            return min(cited, key=lambda handle: view.turn.answer.find(handle) if view.turn else 0)
    return view.selected
