"""How one task calls tools: by name, counted, announced as events, released through the gate."""

import time
from dataclasses import dataclass, field
from typing import Any

from agent.core.errors import BudgetSpent
from agent.core.events import ToolEnded, ToolStarted
from agent.core.run import RunContext
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding
from tools.toolbox import RunTools


@dataclass(slots=True)
class ToolRunner:
    """The calls of one task. `findings` are those it released, in order."""

    task: str
    tools: RunTools
    run: RunContext
    max_calls: int
    findings: list[Finding] = field(default_factory=list)
    calls: int = 0
    """Calls made before, where another took the task over: they have their names in the events."""
    _made: int = 0

    async def call(self, tool: str, arguments: dict[str, Any]) -> Finding:
        """Run a tool. Raises ToolRefusal, or BudgetSpent when the task's calls or the run's time are used up."""
        self.run.budget.require()
        if self._made >= self.max_calls:
            raise BudgetSpent("tool calls a task", self._made, self.max_calls)
        self._made += 1
        self.calls += 1
        identity = f"{self.task}.{self.calls}"
        self.run.emit(ToolStarted(task=self.task, call=identity, tool=tool, arguments=arguments))
        started = time.monotonic()
        try:
            finding = await self.tools.call(tool, arguments)
        except ToolRefusal as refusal:
            self._ended(identity, tool, started, refusal=str(refusal))
            raise
        self.findings.append(finding)
        self._ended(identity, tool, started, finding=finding.as_dict())
        return finding

    def _ended(self, identity: str, tool: str, started: float, **came: Any) -> None:
        elapsed = round(time.monotonic() - started, 3)
        self.run.emit(ToolEnded(task=self.task, call=identity, tool=tool, elapsed_s=elapsed, **came))
