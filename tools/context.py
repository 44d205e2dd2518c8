"""What a tool is given to work with. Data plane: it never reaches a role, only findings do."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from index.handle import Index
from index.naming.samples import Namer
from index.privacy.judgement import NameAuditor
from tools.core.candidate import Raw
from tools.core.finding import Finding, Row
from tools.core.scope import Resolved, Scope
from tools.release.gate import Gate


@dataclass(frozen=True, slots=True)
class ToolContext:
    """The index at one snapshot, the gate in front of it, and the readers that name groups and judge the names.
    Without an `auditor` the gate's built-in rules judge alone."""

    index: Index
    gate: Gate
    namer: Namer
    auditor: NameAuditor | None = None

    async def admit(self, scope: Scope, *, closed: bool = False) -> Resolved:
        """`Gate.admit` beside the event loop, so that a screen stays live."""
        return await asyncio.to_thread(self.gate.admit, scope, closed=closed)

    async def release(self, raw: Raw) -> Finding:
        """`Gate.release` beside the event loop, after the auditor of names."""
        if self.auditor is not None:
            await self.gate.consult(raw, self.auditor)
        return await asyncio.to_thread(self.gate.release, raw)

    async def restate(self, finding: Finding, tool: str, title: str, rows: Sequence[Row]) -> Finding:
        """`Gate.restate` beside the event loop."""
        return await asyncio.to_thread(self.gate.restate, finding, tool, title, rows)
