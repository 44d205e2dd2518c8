"""Long work beside the screen: a coroutine in a thread with a loop of its own, so that typing never waits for it.

It can be cancelled, and then ends the way ctrl+c ends it in the shell: what was finished is kept.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextlib import redirect_stderr
from multiprocessing import resource_tracker
from typing import Any, Generic, TypeVar

Made = TypeVar("Made")


class BackgroundTask(Generic[Made]):
    """Runs once. `work` is called in the thread, so that nothing of it is made on the screen's loop."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, Made]]) -> None:
        self._work = work
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Made] | None = None

    async def run(self) -> Made | None:
        """The result, or None when it was cancelled. What it raises is raised here."""
        return await asyncio.to_thread(self._in_thread)

    def cancel(self) -> None:
        """Ask the work to end; `run` returns when it has."""
        if self._loop is not None and self._task is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._task.cancel)

    def _in_thread(self) -> Made | None:
        # The work starts processes, and they want a stderr with a descriptor: the screen's has none.
        with redirect_stderr(sys.__stderr__):
            resource_tracker.ensure_running()

        async def whole() -> Made | None:
            self._loop, self._task = asyncio.get_running_loop(), asyncio.create_task(self._work())
            await asyncio.wait([self._task])
            return None if self._task.cancelled() else self._task.result()

        return asyncio.run(whole())
