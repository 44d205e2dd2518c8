"""A session: many questions over one index, one stream of events each.

This is the one boundary where any exception becomes an event: a ShoalError with its next step, anything else as an
incident number with the exception's type and nothing of its text, because text can hold data.
"""

import asyncio
import logging
import secrets
import time
import traceback
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.budget import Budget
from agent.events import (
    AnswerMade,
    Event,
    RunEnded,
    RunStarted,
    UsageReported,
    dump,
)
from agent.roles import RoleSet
from agent.sessions import SessionStore
from agent.settings import Settings
from index.errors import ShoalError
from tools.context import ToolContext

_LOG = logging.getLogger("shoal")
_HISTORY = 6


@dataclass(slots=True)
class Session:
    """Ask questions; read events. Close when done."""

    context: ToolContext
    roles: RoleSet
    fallback: RoleSet
    settings: Settings
    store: SessionStore
    folder: Path
    budgets: "BudgetHolder"
    id: str = field(default_factory=lambda: f"s-{secrets.token_hex(4)}")
    history: list[dict[str, str]] = field(default_factory=list)
    last_run: str | None = None
    waiting: bool = False
    """Whether the last run asked back; the next text answers it."""
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _graph: Any = None

    async def ask(self, question: str) -> AsyncGenerator[Event, None]:
        """Run one question to its end. Leaving the iterator stops the run; `resume` goes on from there."""
        if self.waiting and self.last_run:
            from langgraph.types import Command

            self.waiting = False
            async with aclosing(self._run(self.last_run, question, Command(resume=question), resumed=True)) as events:
                async for event in events:
                    yield event
            return
        run = f"r-{secrets.token_hex(4)}"
        self.last_run = run
        self.store.start(run, self.id, self.context.index.path, question)
        start = {"question": question, "history": self.history[-_HISTORY:], "round": 0, "reports": [], "findings": []}
        async with aclosing(self._run(run, question, start, resumed=False)) as events:
            async for event in events:
                yield event

    async def resume(self) -> AsyncGenerator[Event, None]:
        """Go on with the last run from its last finished step; finished tasks are not done again."""
        if self.last_run is None:
            return
        question = next((run.question for run in self.store.runs(self.id) if run.run == self.last_run), "")
        async with aclosing(self._run(self.last_run, question, None, resumed=True)) as events:
            async for event in events:
                yield event

    async def _run(self, run: str, question: str, start: Any, *, resumed: bool) -> AsyncGenerator[Event, None]:
        from agent.graph import RECURSION_LIMIT, Deps

        began = time.monotonic()
        budget = Budget.of(self.settings)
        self.budgets.current = budget
        queue: asyncio.Queue[Event | None] = asyncio.Queue()

        def emit(event: Event) -> None:
            queue.put_nowait(event)

        self.budgets.emit = emit
        gate = self.context.gate
        gate.run = run
        config = {"configurable": {"thread_id": run}, "recursion_limit": RECURSION_LIMIT}
        deps = Deps(
            self.roles,
            self.fallback,
            self.context,
            budget,
            emit,
            self.settings.max_tool_calls,
            asyncio.Semaphore(self.settings.agents),
        )
        index = self.context.index
        emit(
            RunStarted(
                run=run,
                question=question,
                roles=self.roles.name,
                index=index.path.name,
                snapshot=index.snapshot.number,
                policy=gate.policy.describe(),
                resumed=resumed,
            )
        )
        driver = asyncio.create_task(self._drive(start, config, deps, budget, queue, began))
        try:
            while (event := await queue.get()) is not None:
                stamped = event.model_copy(update={"at_s": round(time.monotonic() - began, 3)})
                self.store.add(run, dump(stamped))
                if isinstance(stamped, AnswerMade):
                    self.history.append({"question": question, "answer": stamped.text[:2_000]})
                yield stamped
        finally:
            if not driver.done():
                driver.cancel()
                await asyncio.gather(driver, return_exceptions=True)
                self.store.mark(run, "stopped")

    async def _drive(
        self,
        start: Any,
        config: dict[str, Any],
        deps: Any,
        budget: Budget,
        queue: "asyncio.Queue[Event | None]",
        began: float,
    ) -> None:
        try:
            ended = await self._stream(start, config, deps, began)
        except ShoalError as error:
            ended = RunEnded(
                state="failed",
                elapsed_s=_since(began),
                message=error.message,
                hint=error.hint,
                exit_code=error.exit_code,
            )
        except Exception as error:
            ended = _incident(error, began)
        if budget.calls:
            usage = budget.usage
            cached = usage.cache_read_tokens
            deps.emit(
                UsageReported(
                    input_tokens=usage.input_tokens + cached + usage.cache_write_tokens,
                    output_tokens=usage.output_tokens,
                    cached_tokens=cached,
                    calls=budget.calls,
                    cost=budget.cost,
                )
            )
        deps.emit(ended)
        queue.put_nowait(None)

    async def _stream(self, start: Any, config: dict[str, Any], deps: Any, began: float) -> RunEnded:
        graph = await self._compiled()
        result = await graph.ainvoke(start, config, context=deps, version="v2", durability="sync")
        if result.interrupts:
            self.waiting = True
            return RunEnded(state="waiting", elapsed_s=_since(began))
        answer = result.value.get("answer") or {}
        return RunEnded(state="partial" if answer.get("partial") else "done", elapsed_s=_since(began))

    async def _compiled(self) -> Any:
        if self._graph is None:
            from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

            from agent.graph import build

            path = self.folder / "checkpoints.sqlite3"
            saver = await self._stack.enter_async_context(AsyncSqliteSaver.from_conn_string(str(path)))
            path.chmod(0o600)
            self._graph = build(saver)
        return self._graph

    def warm(self) -> None:
        """Load what questions will need: the graph library, the embedding model, the columns tools read."""
        import agent.graph

        index = self.context.index
        index.near("warm up")
        self.context.gate.warm()
        _ = index.snapshot.base_labels, index.snapshot.days, index.snapshot.background, agent.graph.State

    async def close(self) -> None:
        await self._stack.aclose()
        await self.roles.close()
        self.store.close()
        self.context.gate.ledger.close()


@dataclass(slots=True)
class BudgetHolder:
    """The budget and event sink of the run at hand, for model clients that outlive a run."""

    current: Budget | None = None
    emit: Any = None


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)


def _incident(error: Exception, began: float) -> RunEnded:
    """An unexpected exception as a number. Its type and place are logged; its text may hold data and is not."""
    number = f"E-{secrets.token_hex(2)}"
    place = traceback.extract_tb(error.__traceback__)[-1]
    _LOG.error("%s %s at %s:%s", number, type(error).__name__, Path(place.filename).name, place.lineno)
    return RunEnded(
        state="failed",
        elapsed_s=_since(began),
        message=f"Something went wrong inside Shoal ({number}, {type(error).__name__} in {Path(place.filename).name}:{place.lineno}).",
        hint="The stored data is unharmed. Report this number; what was found so far is kept.",
        exit_code=1,
    )
