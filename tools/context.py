"""What a tool is given to work with. Data plane: it never reaches a role, only findings do."""

import asyncio
from dataclasses import dataclass

from index.handle import Index
from index.naming import Namer
from tools.finding import Finding
from tools.gate import Gate
from tools.raw import Raw
from tools.scope import Resolved, Scope


@dataclass(frozen=True, slots=True)
class ToolContext:
    """The index at one snapshot, the gate in front of it, and the reader that names groups."""

    index: Index
    gate: Gate
    namer: Namer

    async def admit(self, scope: Scope) -> Resolved:
        """`Gate.admit` beside the event loop, so that a screen stays live."""
        return await asyncio.to_thread(self.gate.admit, scope)

    async def release(self, raw: Raw) -> Finding:
        """`Gate.release` beside the event loop."""
        return await asyncio.to_thread(self.gate.release, raw)
