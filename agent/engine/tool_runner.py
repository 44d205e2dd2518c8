"""An investigator's desk: tools by name, counted, announced as events, released through the gate."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from agent.core.budget import Budget
from agent.core.errors import BudgetSpent
from agent.core.events import Event, ToolEnded, ToolStarted
from tools.context import ToolContext
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding
from tools.registry import call

Emit = Callable[[Event], None]


@dataclass(slots=True)
class TaskDesk:
    """The desk of one task. `findings` are those it released, in order."""

    task: str
    context: ToolContext
    budget: Budget
    max_calls: int
    emit: Emit
    findings: list[Finding] = field(default_factory=list)
    calls: int = 0
    """Calls made before, where another took the desk over: they have their names in the events."""
    _made: int = 0

    async def call(self, tool: str, arguments: dict[str, Any]) -> Finding:
        """Run a tool. Raises ToolRefusal, or BudgetSpent when the task's calls or the run's time are used up."""
        self.budget.require()
        if self._made >= self.max_calls:
            raise BudgetSpent("tool calls a task", self._made, self.max_calls)
        self._made += 1
        self.calls += 1
        identity = f"{self.task}.{self.calls}"
        self.emit(ToolStarted(task=self.task, call=identity, tool=tool, arguments=arguments))
        started = time.monotonic()
        try:
            finding = await call(tool, arguments, self.context)
        except ToolRefusal as refusal:
            self.emit(
                ToolEnded(task=self.task, call=identity, tool=tool, elapsed_s=_since(started), refusal=str(refusal))
            )
            raise
        self.findings.append(finding)
        self.emit(
            ToolEnded(task=self.task, call=identity, tool=tool, elapsed_s=_since(started), finding=finding.as_dict())
        )
        return finding


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)
