"""Events and tables as plain lines, for `shoal ask` and `shoal audit`: the answer on stdout, the work on stderr."""

from typing import Any

from agent.core.events import (
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
    ToolEnded,
    UsageReported,
)
from tui.cli.output import say
from tui.rendering.finding_table import MOST_ROWS, finding_table


class PlainPrinter:
    """Prints one run. Findings that the answer cites follow it as tables of a few rows; with `full` all findings follow, with
    all rows; without `answers` only the work is shown."""

    def __init__(self, *, answers: bool = True, full: bool = False) -> None:
        self._answers = answers
        self._full = full
        self._findings: dict[str, dict[str, Any]] = {}

    def show(self, event: Event) -> None:
        match event:
            case RunStarted():
                _talk(f"{event.roles} · index {event.index} · snapshot {event.snapshot}")
                _talk(f"privacy: {event.policy}")
            case PlanMade():
                for assumption in event.assumptions:
                    _talk(f"assumes: {assumption}")
                for task in event.tasks:
                    _talk(f"plan {task.id}: {task.objective}")
            case ToolEnded():
                self._tool(event)
            case TaskEnded() if event.failure:
                _talk(f"{event.task} failed: {event.failure}")
            case AuditEnded():
                _talk(f"audit: {event.kept} claims kept, {event.narrowed} narrowed, {event.removed} removed")
            case ClarificationAsked():
                say(event.question)
                for suggestion in event.suggestions:
                    say(f"  · {suggestion}")
            case ApprovalAsked():
                cost = "" if event.cost is None else f" (at most ${event.cost:.2f})"
                _talk(f"this plan waits for your approval{cost}: {' '.join(event.reasons)}")
            case ModelWaiting():
                seconds = "" if event.retry_after_s is None else f", again in {event.retry_after_s:.0f} s"
                _talk(f"waiting: {event.cause} (attempt {event.attempt} of {event.attempts}{seconds})")
            case Notice():
                _talk(event.text)
            case AnswerMade() if self._answers:
                self._answer(event)
            case UsageReported():
                cost = "price unknown" if event.cost is None else f"${event.cost:.4f}"
                _talk(f"{event.calls} model calls, {event.input_tokens + event.output_tokens:,} tokens, {cost}")
            case RunEnded():
                _talk(f"{event.state} in {event.elapsed_s:.1f} s")
                if event.message:
                    _talk(f"error: {event.message}")
                    _talk(f"  next: {event.hint}")
            case _:
                pass

    def _tool(self, event: ToolEnded) -> None:
        if event.finding is not None:
            self._findings[event.finding["id"]] = event.finding
            _talk(f"{event.task} {event.tool} → {event.finding['id']} ({event.elapsed_s:.1f} s)")
        else:
            _talk(f"{event.task} {event.tool} refused: {event.refusal}")

    def _answer(self, event: AnswerMade) -> None:
        say("")
        say(event.text)
        for sentence in event.removed:
            say(f"[removed: not supported by its findings] {sentence}")
        for handle in self._findings if self._full else event.cited:
            if handle in self._findings:
                say("")
                say(finding_table(self._findings[handle], None if self._full else MOST_ROWS))
        if event.suggestions:
            say("")
            say("Next: " + " · ".join(suggestion for suggestion in event.suggestions))


def _talk(text: str) -> None:
    say(text, err=True)
