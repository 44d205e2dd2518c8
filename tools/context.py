"""What a tool is given to work with. Data plane: it never reaches a role, only findings do."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from index.handle import Index
from index.privacy.judgement import NameAuditor
from tools.core.candidate import CandidateTable
from tools.core.finding import Finding, Row
from tools.core.handles import Handles
from tools.core.scope import Resolved, Scope
from tools.release.gate import Gate


@dataclass(frozen=True, slots=True)
class ToolContext:
    """The index at one snapshot, the gate in front of it, and what judges names.
    Without an `auditor` the gate's built-in rules judge alone. `run` names the run that asks, for the ledger."""

    gate: Gate
    auditor: NameAuditor | None = None
    run: str = ""
    handles: Handles = field(default_factory=Handles)
    call_tool: "Callable[[str, dict[str, Any]], Awaitable[Finding]] | None" = None
    """Runs another tool by its name, for the one tool that recomputes a finding."""

    @property
    def index(self) -> Index:
        """The index as tools may see it: recoded by the gate."""
        return self.gate.index

    async def admit(self, scope: Scope, *, fixed_domain: bool = False) -> Resolved:
        """`Gate.admit` beside the event loop, so that a screen stays live."""
        return await asyncio.to_thread(self.gate.admit, scope, fixed_domain=fixed_domain)

    async def release(self, candidate: CandidateTable) -> Finding:
        """`Gate.release` beside the event loop, after the auditor of names."""
        if self.auditor is not None:
            await self.gate.consult(candidate, self.auditor)
        return await asyncio.to_thread(self.gate.release, candidate, self.handles, self.run)

    async def restate(self, finding: Finding, tool: str, title: str, rows: Sequence[Row]) -> Finding:
        """`Gate.restate` beside the event loop."""
        return await asyncio.to_thread(self.gate.restate, finding, tool, title, rows, self.handles, self.run)

    def warm(self) -> None:
        """Load what questions will need, before the first one."""
        self.index.near("warm up")
        self.gate.warm()
        snapshot = self.index.snapshot
        _ = snapshot.base_labels, snapshot.days
