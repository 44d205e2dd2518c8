"""Shoal for programs: `from agent import shoal_session`. docs/reference/python.md has an example that is run by a test.

Nothing heavy is loaded before a session is opened.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.engine.session import Session

__all__ = ["shoal_session"]


@asynccontextmanager
async def shoal_session(
    index: str | None = None,
    *,
    built_in: bool = False,
    reopen: str | None = None,
    max_cost: float | None = None,
    seconds: float | None = None,
    yes: bool = False,
) -> AsyncGenerator["Session", None]:
    """A session on an index, closed when the context is left.

    `index` is a name or a path (None: that of the settings); `reopen` the id of a stored session; `max_cost` (US dollars)
    and `seconds` cap each question; with `yes` no plan waits. Raises a ShoalError (`index.core.errors`) with its next step.
    """
    import asyncio

    from agent.wiring import App

    app = App.start(index).limited(max_cost, seconds, yes=yes)
    if reopen is not None and index is None:
        app = app.of_session(reopen)
    session = await asyncio.to_thread(app.session, built_in=built_in, reopen=reopen)
    try:
        yield session
    finally:
        await session.close()
