"""A session of three tasks whose second one hangs, in a process of its own that a test can kill.

`python -m tests.fakes.slow_session FOLDER` asks over the small index of FOLDER and prints one line when the other two
tasks are done.
"""

import asyncio
import sys
from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path

from agent.core.settings import Settings
from agent.engine.session import Session
from agent.roles.protocols import Brief, Claim, Plan, Task, ToolCaller
from agent.storage.session_store import SessionStore
from agent.wiring import App, prepare_process
from index.handle import Index
from tests.fakes.corpus import FakeEncoder, context
from tests.fakes.roles import with_roles
from tools.toolbox import Toolbox

SESSION = "s-killed"


_FACETS = ("language", "surface", "flagged")
"""What each task counts by: the same call is made once a run."""


class FixedPlanner:
    """Plans so many tasks, whatever is asked."""

    def __init__(self, count: int) -> None:
        self.tasks = tuple(
            Task(id=f"t{number}", specialist="usage", focus="breakdown", objective=f"task {number}")
            for number in range(1, count + 1)
        )

    async def plan(self, brief: Brief) -> Plan:
        return Plan(tasks=self.tasks)


class Counting:
    """Counts one facet a task; `fails` raises what it likes, or waits."""

    def __init__(self, fails: Callable[[str], float | Exception | None] = lambda _: None) -> None:
        self.fails = fails
        self.started: list[str] = []

    async def investigate(self, task: Task, tools: ToolCaller) -> Sequence[Claim]:
        self.started.append(task.id)
        what = self.fails(task.id)
        if isinstance(what, Exception):
            raise what
        await asyncio.sleep(what or 0.0)
        finding = await tools.call("count_by", {"by": _FACETS[(int(task.id[1:]) - 1) % len(_FACETS)]})
        return [Claim(text=f"There are {finding.totals[0]:,} conversations [{finding.id}].", findings=(finding.id,))]


def session_over(path: Path, folder: Path, investigator: Counting) -> Session:
    """A session with built-in roles, three tasks and this investigator, stored in `folder`."""
    built_in = App.start("none").built_in_roles()
    roles = with_roles(built_in, planner=FixedPlanner(3), investigator=investigator)
    tools = context(Index(path, FakeEncoder()), folder / "ledger.sqlite3")
    return Session(Toolbox(tools), roles, built_in, Settings(), SessionStore(folder), folder)


async def _ask(path: Path, folder: Path) -> None:
    session = session_over(path, folder, Counting(lambda task: 600.0 if task == "t2" else None))
    session.id = SESSION
    ended = 0
    async with aclosing(session.ask("How many?")) as events:
        async for event in events:
            ended += event.type == "task_ended"
            if ended == 2 and event.type == "task_ended":
                await asyncio.sleep(0.5)
                sys.stdout.write("two are done\n")
                sys.stdout.flush()


if __name__ == "__main__":
    prepare_process()
    asyncio.run(_ask(Path(sys.argv[1]), Path(sys.argv[2])))
