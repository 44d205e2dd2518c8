"""What a front end needs of a session: the one over an index here, or the one that a gate elsewhere answers for."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any, Protocol

from agent.core.events import Event
from agent.engine.resume import Waiting
from agent.storage.session_store import SessionStore
from tools.index_facts import IndexFacts
from tools.toolbox import IndexCard, LedgerReading


class AskingSession(Protocol):
    """Ask questions; read events. Close when done."""

    id: str
    store: SessionStore
    last_run: str | None
    waiting: Waiting

    @property
    def card(self) -> IndexCard: ...

    @property
    def role_names(self) -> str: ...

    def ask(self, question: str) -> AsyncGenerator[Event, None]: ...

    def decide(
        self, *, approved: bool, leave_out: Sequence[str] = (), said: str = ""
    ) -> AsyncGenerator[Event, None]: ...

    def resume(self) -> AsyncGenerator[Event, None]: ...

    def reopen(self, session: str) -> None: ...

    async def facts(self) -> IndexFacts: ...

    async def themes(self) -> dict[str, Any]: ...

    def rename_theme(self, cluster: str, name: str) -> str: ...

    def read_ledger(self) -> LedgerReading: ...

    def warm(self) -> None: ...

    async def close(self) -> None: ...
