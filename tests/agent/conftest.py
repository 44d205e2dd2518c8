"""A session over the small index, with whichever roles a test wants."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.events import Event
from agent.core.settings import Settings
from agent.engine.session import Session
from agent.roles.protocols import RoleSet
from agent.storage.session_store import SessionStore
from agent.wiring import App
from tests.fakes.corpus import context, small_index
from tests.fakes.roles import with_built_in_readers, with_roles
from tools.toolbox import Toolbox

MakeSession = Callable[..., Session]


@pytest.fixture
async def make_session(tmp_path: Path) -> AsyncIterator[MakeSession]:
    """Sessions with built-in roles, or with Claude roles against `url`; `change` may replace roles."""
    index = await asyncio.to_thread(small_index)
    made: list[Session] = []

    def make(
        url: str | None = None,
        change: Callable[[RoleSet], RoleSet] = lambda roles: roles,
        settings: Settings | None = None,
    ) -> Session:
        chosen = (settings or Settings()).with_values(base_url=url, api_key="test-key" if url else None)
        app = replace(App.start("none"), settings=chosen)
        fallback = app.built_in_roles()
        roles = with_roles(with_built_in_readers(app.model_roles()) if url else fallback, change)
        folder = tmp_path / f"session-{len(made)}"
        folder.mkdir(mode=0o700)
        ctx = context(index, folder / "ledger.sqlite3")
        session = Session(Toolbox(ctx), roles, fallback, chosen, SessionStore(folder), folder)
        made.append(session)
        return session

    yield make
    for session in made:
        await session.close()


async def collect(events: AsyncIterator[Event]) -> list[Event]:
    return [event async for event in events]
