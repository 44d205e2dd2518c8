"""The pure function from events to the view: `apply(view, event)`.

Replaying the stored events of a session gives the screen it had. An event that is not known here changes nothing, so that
a store written by a later version can still be read. It must never draw, wait or look anything up.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tui.state.view import PARTS, UNFINISHED, Call, Density, Part, Phase, TaskRow, TaskState, Turn, Usage, View, Wait
from tui.text.untrusted import many

if TYPE_CHECKING:
    from agent.core.events import (
        AnswerDelta,
        AnswerMade,
        ApprovalAsked,
        AuditEnded,
        ClarificationAsked,
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

WIDER = ("What do people use the assistant for most?", "What is the trend of conversations by month?")
"""Questions about everything, offered where a narrow one had to be suppressed whole."""

_PHASES: dict[str, Phase] = {
    "done": "done",
    "partial": "partial",
    "waiting": "ready",
    "stopped": "stopped",
    "failed": "failed",
}
_Handler = Callable[[Any, View], View]
_HANDLERS: dict[str, _Handler] = {}
"""By the type of the event, so that the first frame need not load what events are made of."""

_DENSITIES: tuple[Density, ...] = ("collapsed", "normal", "detailed")


def apply(view: View, event: object) -> View:
    """The view after an event."""
    handler = _HANDLERS.get(getattr(event, "type", ""))
    return view if handler is None else handler(event, view)


def replay(view: View, stored: Iterable[dict[str, Any]]) -> View:
    """The view after stored events; those of kinds that are not known here are passed over."""
    from agent.core.events import load

    for item in stored:
        if item.get("type") in _HANDLERS:
            view = apply(view, load(item))
    return view


def replay_runs(view: View, runs: Iterable[tuple[str, Iterable[dict[str, Any]]]]) -> View:
    """The view after whole runs, each with the state it is stored in: one whose process is gone says so."""
    for state, stored in runs:
        view = replay(view, stored)
        if state == "interrupted" and view.turn is not None and not view.turn.ended:
            view = interrupted(view)
    return view


def interrupted(view: View) -> View:
    """The view of a run that ended without saying how: it was stopped, or its process is gone."""
    text = "Interrupted: it ended before its answer. What was found is kept."
    marked = _turn(_rows(view, "stopped"), ended="interrupted", message=text, hint="f5 goes on from there")
    return replace(marked, phase="stopped", wait=None)


def stopping(view: View) -> View:
    """The view while a run is being stopped."""
    return replace(_rows(view, "stopping"), phase="stopping", wait=None)


def stopped(view: View) -> View:
    """The view after the analyst stopped the run: everything found so far stays, and says that it is partial."""
    kept = "What was found so far is kept; it is partial." if view.turn and view.turn.handles else "Nothing was lost."
    marked = _turn(_rows(view, "stopped"), ended="stopped", message=f"Stopped. {kept}", hint="f5 goes on from here")
    return replace(marked, phase="stopped", wait=None)


def denser(view: View) -> View:
    """The timeline's next density: collapsed, normal, detailed."""
    return replace(view, density=_DENSITIES[(_DENSITIES.index(view.density) + 1) % len(_DENSITIES)])


def beside(view: View, step: int) -> View:
    """The view with the next (or previous) finding selected, in order of release."""
    handles = list(view.findings)
    if not handles:
        return view
    place = handles.index(view.selected) if view.selected in handles else 0
    return replace(view, selected=handles[(place + step) % len(handles)], is_chosen=True)


def selecting(view: View, handle: str) -> View:
    """The view with a finding selected; unchanged where there is none of that handle."""
    return replace(view, selected=handle, is_chosen=True) if handle in view.findings else view


def pinning(view: View) -> View:
    """The view with the selected finding kept, and the one after it beside it; with none kept, where one was."""
    return replace(view, pinned=None) if view.pinned else replace(beside(view, 1), pinned=view.selected)


def folding(view: View, place: int, part: Part | None) -> View:
    """The view with a part of the answer of turn `place` opened, or closed where it is open; None: all parts alike."""
    if not 0 <= place < len(view.turns):
        return view
    turn = view.turns[place]
    every = frozenset[Part]() if turn.unfolded else frozenset(PARTS)
    unfolded = every if part is None else turn.unfolded ^ {part}
    return replace(view, turns=(*view.turns[:place], replace(turn, unfolded=unfolded), *view.turns[place + 1 :]))


def map_of(view: View, cluster: str) -> str | None:
    """The handle of a finding that is the map of this cluster alone."""
    maps = (handle for handle, finding in view.findings.items() if finding["shape"] == "map")
    return next(
        (handle for handle in maps if str(view.findings[handle]["scope"]).endswith(f"in cluster {cluster}")), None
    )


def _on(kind: str) -> Callable[[_Handler], _Handler]:
    def kept(handler: _Handler) -> _Handler:
        _HANDLERS[kind] = handler
        return handler

    return kept


@_on("run_started")
def _started(event: "RunStarted", view: View) -> View:
    known = replace(
        view,
        phase="planning",
        index=event.index,
        roles=event.roles,
        policy=event.policy,
        snapshot=event.snapshot,
        wait=None,
    )
    turn = view.turn
    if event.reply:
        planned = tuple(row for row in turn.tasks if row.state in UNFINISHED) if turn is not None else ()
        return replace(known, turns=(*view.turns, Turn(event.run, event.reply, tasks=planned)), is_chosen=False)
    if event.resumed and turn is not None and turn.run == event.run:
        return _turn(known, ended="", message="", hint="", exit_code=0)
    return replace(known, turns=(*view.turns, Turn(event.run, event.question)), is_chosen=False)


@_on("plan_made")
def _planned(event: "PlanMade", view: View) -> View:
    earlier = view.turn.tasks if view.turn and event.round else ()
    fresh = tuple(TaskRow(task.id, f"{task.specialist}: {task.objective}") for task in event.tasks)
    return replace(_turn(view, tasks=(*earlier, *fresh), assumptions=event.assumptions), phase="running")


@_on("task_started")
def _task_started(event: "TaskStarted", view: View) -> View:
    return _task(replace(view, phase="running"), event.task, state="running", began_s=event.at_s)


@_on("tool_started")
def _tool_started(event: "ToolStarted", view: View) -> View:
    row = _row(view, event.task)
    calls = (*row.calls, Call(event.call, _in_words(event)))
    return _task(replace(view, phase="running", wait=None), event.task, state="running", calls=calls)


def _in_words(event: "ToolStarted") -> str:
    scope = event.arguments.get("scope")
    parts = [str(value) for key, value in event.arguments.items() if key in ("phrase", "by") and value]
    if isinstance(scope, dict):
        parts += [f"{key}={value}" for key, value in scope.items()]
    return f"{event.tool}({', '.join(parts)})"


@_on("tool_ended")
def _tool_ended(event: "ToolEnded", view: View) -> View:
    handle = str(event.finding["id"]) if event.finding is not None else ""
    known = [call for call in _row(view, event.task).calls if call.id != event.call]
    text = next((call.text for call in _row(view, event.task).calls if call.id == event.call), event.tool)
    call = Call(event.call, text, handle, event.refusal or "", event.elapsed_s)
    changed = _task(view, event.task, calls=(*known, call))
    return changed if event.finding is None else _released(changed, handle, event.finding)


def _released(view: View, handle: str, finding: dict[str, Any]) -> View:
    """The view with one more finding. The first of a question is shown; those that follow do not take its place."""
    turn = view.turn
    is_first = turn is None or not turn.handles
    if turn is not None:
        rows = sum(any(value["count"] is not None for value in row["values"]) for row in finding["rows"])
        hidden = int(finding["suppressed"]["groups"]) + len(finding["rows"]) - rows
        view = _turn(
            view, handles=(*turn.handles, handle), shown=turn.shown + rows, suppressed=turn.suppressed + hidden
        )
    selected = handle if view.selected is None or (is_first and not view.is_chosen) else view.selected
    return replace(view, findings={**view.findings, handle: finding}, selected=selected)


@_on("task_ended")
def _task_ended(event: "TaskEnded", view: View) -> View:
    state = "failed" if event.failure else "done"
    return _task(view, event.task, state=state, elapsed_s=event.elapsed_s, failure=event.failure or "")


@_on("audit_ended")
def _audited(event: "AuditEnded", view: View) -> View:
    removed = f", {event.removed} removed" if event.removed else ""
    narrowed = f", {event.narrowed} narrowed" if event.narrowed else ""
    return _turn(view, audit=f"{many(event.kept, 'claim')} kept{narrowed}{removed}")


@_on("clarification_asked")
def _asked_back(event: "ClarificationAsked", view: View) -> View:
    return _turn(view, answer=event.question, is_final=True, suggestions=event.suggestions)


@_on("approval_asked")
def _plan_waits(event: "ApprovalAsked", view: View) -> View:
    known = {row.id for row in view.turn.tasks} if view.turn else set()
    fresh = [TaskRow(task.id, f"{task.specialist}: {task.objective}") for task in event.tasks if task.id not in known]
    cost = "" if event.cost is None else f" It may cost up to ${event.cost:.2f}."
    words = " ".join(event.reasons)
    rows = (*(view.turn.tasks if view.turn else ()), *fresh)
    return _turn(view, answer=f"{words}{cost}", is_final=True, tasks=rows, suggestions=("yes", "no"))


@_on("answer_delta")
def _said(event: "AnswerDelta", view: View) -> View:
    return _turn(
        view, answer=(view.turn.answer if view.turn and not view.turn.is_final else "") + event.text, is_final=False
    )


@_on("answer_made")
def _answered(event: "AnswerMade", view: View) -> View:
    said = {"answer": event.text, "draft": event.parts, "cited": event.cited, "removed": event.removed}
    return _best(_turn(view, is_final=True, suggestions=event.suggestions, **said))


@_on("model_waiting")
def _waits(event: "ModelWaiting", view: View) -> View:
    until = None if event.retry_after_s is None else event.at_s + event.retry_after_s
    return replace(view, phase="waiting", wait=Wait(event.cause, until, event.attempt, event.attempts))


@_on("usage_reported")
def _used(event: "UsageReported", view: View) -> View:
    usage = Usage(event.input_tokens + event.output_tokens, event.calls, event.cost)
    phase: Phase = "running" if view.phase == "waiting" else view.phase
    return replace(_turn(view, usage=usage), phase=phase, wait=None)


@_on("notice")
def _noticed(event: "Notice", view: View) -> View:
    return _turn(view, notices=(*(view.turn.notices if view.turn else ()), event.text))


@_on("run_ended")
def _ended(event: "RunEnded", view: View) -> View:
    reported = {"message": event.message, "hint": event.hint, "exit_code": event.exit_code}
    changed = _turn(view, ended=event.state, elapsed_s=event.elapsed_s, **reported)
    turn = changed.turn
    if turn is not None and turn.is_all_suppressed and not turn.suggestions:
        changed = _turn(changed, suggestions=WIDER)
    return replace(changed, phase=_PHASES[event.state], wait=None)


_CITED = re.compile(r"\[([F\d,\s]+)\]")


def _best(view: View) -> View:
    """The view with the finding that the answer's first citation names, unless the reader chose one since the question."""
    answer = view.turn.answer if view.turn is not None else ""
    handles = (handle.strip() for found in _CITED.findall(answer) for handle in found.split(","))
    first = next((handle for handle in handles if handle in view.findings), None)
    return view if view.is_chosen or first is None else replace(view, selected=first)


def _turn(view: View, **changes: Any) -> View:
    if not view.turns:
        return view
    return replace(view, turns=(*view.turns[:-1], replace(view.turns[-1], **changes)))


def _task(view: View, task: str, **changes: Any) -> View:
    rows = view.turn.tasks if view.turn else ()
    return _turn(view, tasks=tuple(replace(row, **changes) if row.id == task else row for row in rows))


def _rows(view: View, state: TaskState) -> View:
    rows = view.turn.tasks if view.turn else ()
    return _turn(view, tasks=tuple(replace(row, state=state) if row.state in UNFINISHED else row for row in rows))


def _row(view: View, task: str) -> TaskRow:
    rows = view.turn.tasks if view.turn else ()
    return next((row for row in rows if row.id == task), TaskRow(task, task))
