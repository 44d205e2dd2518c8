"""One index, asked for many: one gate, one ledger and one privacy history, whoever asks (R5).

Each identity has a desk: its own sessions, its own budget, its own findings. What was released to one identity is not shown to
another, unless its session is handed over, which is an entry in the ledger.
"""

import asyncio
import hashlib
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from agent.core.settings import Settings
from agent.gateway.people import Caller
from agent.gateway.tokens import BudgetOfIdentity, TokenStore
from agent.services.oversight import newest_snapshot
from agent.wiring import App
from index.core.errors import IndexFault
from tools.core.handles import Handles
from tools.toolbox import Toolbox

if TYPE_CHECKING:
    from agent.engine.role_source import RoleSource
    from agent.engine.session import Session
    from tools.context import ToolContext

RUNS_AT_ONCE = 4
"""Investigations that run at the same time; more wait for their turn. Each has up to three tasks in parallel."""
RUNS_OF_ONE = 2
"""Of these, how many are one identity's: half of the places stay for others."""


class GateService:
    """What all desks share. Close when done."""

    def __init__(self, app: App, tokens: TokenStore, *, built_in: bool = False) -> None:
        self.app = app
        self.tokens = tokens
        self.running = asyncio.Semaphore(RUNS_AT_ONCE)
        self.calling = asyncio.Semaphore(RUNS_AT_ONCE)
        """Calls of single tools, which wait for no investigation."""
        self._built_in = built_in
        self._lock = threading.Lock()
        self._opened: ToolContext | None = None
        fallback = app.built_in_roles()
        self.fallback = replace(fallback, close=_nothing)
        self._roles = app.model_roles() if app.uses_model(built_in=built_in) else fallback
        self.roles: RoleSource = replace(self._roles, close=_nothing)

    def context(self) -> "ToolContext":
        """Tools over the newest snapshot. A newer one is opened as soon as it is published; the ledger stays the same."""
        with self._lock:
            newest = newest_snapshot(self.app)
            if not newest:
                raise IndexFault("Nothing is published in this index.", "The operator ingests data: shoal ingest FILE")
            if self._opened is None or self._opened.index.snapshot.number != newest:
                ledger = self._opened.gate.ledger if self._opened is not None else self.app.ledger()
                self._opened = self.app.tool_context(built_in=self._built_in, ledger=ledger)
                self._opened.warm()
            return self._opened

    def toolbox(self, caller: Caller, handles: Handles | None = None) -> Toolbox:
        """The tools in a caller's name. Releases bear the identity in the ledger."""
        shared = self.context()
        gate = shared.gate.on_behalf_of(caller.identity, caller.limits.epsilon)
        return Toolbox(replace(shared, gate=gate, handles=handles or Handles()), is_shared=True)

    def session(self, caller: Caller) -> "Session":
        """A new session of a caller, in a store that only this identity's desk reads."""
        theirs = replace(self.app, sessions=self.folder_of(caller.identity), settings=self.settings_of(caller))
        return theirs.session_over(self.toolbox(caller), self.roles, self.fallback)

    def folder_of(self, identity: str) -> str:
        """The folder of the home that keeps an identity's sessions on this index."""
        name = hashlib.sha256(identity.encode()).hexdigest()[:24]
        return f"people/{self.context().index.settings.id}-{name}"

    def settings_of(self, caller: Caller) -> Settings:
        """The settings of a caller's questions. Of the money that is left, each run that may go on at once has a part."""
        settings, left = self.app.settings, self.tokens.dollars_left(caller)
        if left is None or not self.roles.uses_model:
            return settings.with_values(analyst=caller.identity)
        unknown = {settings.lead_model, settings.worker_model, settings.reader_model} - settings.prices.keys()
        if unknown:
            raise BudgetOfIdentity(
                f"A budget in US dollars needs the prices of {', '.join(sorted(unknown))}.",
                "The operator adds them to settings.toml: [prices.NAME] input = ..., output = ...",
            )
        return settings.with_values(
            analyst=caller.identity, max_run_cost=min(settings.max_run_cost, left / RUNS_OF_ONE)
        )

    async def close(self) -> None:
        """Close the roles' connections, the ledger and the tokens."""
        await self._roles.close()
        if self._opened is not None:
            self._opened.gate.ledger.close()
        self.tokens.close()


async def _nothing() -> None:
    """Sessions share roles; the service closes them."""
