"""A session: many questions over one index, one stream of events each.

This is the one boundary where any exception becomes an event: a ShoalError with its next step, anything else as an
incident number with the exception's type and nothing of its text, because text can hold data.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.core.budget import Budget
from agent.core.errors import fault_of
from agent.core.events import (
    AnswerMade,
    ApprovalAsked,
    ClarificationAsked,
    Event,
    Notice,
    RunEnded,
    RunStarted,
    UsageReported,
    dump,
)
from agent.core.run import RunContext
from agent.core.settings import Settings
from agent.engine.approval import read_reply
from agent.engine.resume import Waiting, first_snapshot, known_findings, newer_snapshot, point_to_go_on, waiting_for
from agent.engine.role_source import RoleSource
from agent.roles.protocols import remembered
from agent.storage.session_store import CHECKPOINTS, INTERRUPTED, SessionStore, StoredRun
from agent.storage.typed import typed
from index.core.errors import SettingsError
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding
from tools.index_facts import IndexFacts
from tools.toolbox import IndexCard, LedgerReading, RunTools, Toolbox

if TYPE_CHECKING:
    from agent.engine.state import Deps

_HISTORY = 6
"""Earlier exchanges that a question is asked with."""
WAITS = 7
"""Exit code of a run that waits for an answer."""


_SCREENED = (
    "An identifier in your question (such as a mail address or a phone number) was removed before anything was stored. "
    "Questions are about groups, never about one person."
)


@dataclass(slots=True)
class Session:
    """Ask questions; read events. Close when done."""

    toolbox: Toolbox
    roles: RoleSource
    fallback: RoleSource
    """The built-in roles, for what a model could not do."""
    settings: Settings
    store: SessionStore
    folder: Path
    id: str = field(default_factory=lambda: f"s-{secrets.token_hex(4)}")
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What follow-ups can refer to: exchanges in stored form by run, oldest first."""
    known: dict[str, Finding] = field(default_factory=dict)
    """Findings of all questions so far, by handle: the auditor reads their combination."""
    last_run: str | None = None
    waiting: Waiting = ""
    """What the last run asked back; the next text answers it."""
    tasks: tuple[str, ...] = ()
    """Tasks of the plan that waits."""
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _graph: Any = None
    _asked: Waiting = ""

    async def ask(self, question: str) -> AsyncGenerator[Event, None]:
        """Run one question to its end. Leaving the iterator stops the run; `resume` goes on from there. Where the last
        run waits for a reply, the text is that reply."""
        asked, question = question, await asyncio.to_thread(typed, question)
        events = self._reply(question) if self.waiting else None
        if events is None:
            run = f"r-{secrets.token_hex(4)}"
            self.last_run, self.waiting = run, ""
            self.store.start(run, self.id, self.toolbox.card.path, question)
            events = self._run(
                run, question, self._start(question), resumed=False, is_screened=asked.strip() != question
            )
        async with aclosing(events):
            async for event in events:
                yield event

    def _reply(self, text: str) -> AsyncGenerator[Event, None] | None:
        """The waiting run with what the analyst said; None where that is a new question, and the run is left."""
        if self.waiting == "plan":
            decision = read_reply(text, self.tasks)
            if decision is None:
                self.store.mark(self.last_run or "", INTERRUPTED)
                return None
            return self.decide(approved=decision.approved, leave_out=decision.leave_out, said=text)
        return self._go_on(text, text, text)

    async def decide(
        self, *, approved: bool, leave_out: Sequence[str] = (), said: str = ""
    ) -> AsyncGenerator[Event, None]:
        """Say what becomes of the plan that the last run shows: carry it out, but for the tasks to leave out, or not.
        `said`: the analyst's own words for it."""
        if self.waiting != "plan":
            raise SettingsError("No plan is waiting for approval.", "Ask a question.")
        reply = {"approved": approved, "leave_out": list(leave_out)}
        events = self._go_on(self._question(), reply, said or ("yes" if approved else "no"))
        async with aclosing(events):
            async for event in events:
                yield event

    async def _go_on(self, question: str, reply: str | dict[str, Any], said: str) -> AsyncGenerator[Event, None]:
        from langgraph.types import Command

        self.waiting = ""
        run = self.last_run or ""
        self.store.note_reply(run, said)
        events = self._run(run, question, Command(resume=reply), resumed=True, reply=said)
        async with aclosing(events):
            async for event in events:
                yield event

    async def resume(self) -> AsyncGenerator[Event, None]:
        """Go on with the last run from its last finished step, or with the tasks that failed; finished tasks are not
        done again. Nothing happens where nothing is left to do."""
        if self.last_run is None or self.waiting or self._state() == "done":
            return
        async with aclosing(self._run(self.last_run, self._question(), None, resumed=True)) as events:
            async for event in events:
                yield event

    def _stored(self) -> StoredRun | None:
        return next((run for run in self.store.runs(self.id) if run.run == self.last_run), None)

    def _question(self) -> str:
        stored = self._stored()
        return stored.question if stored else ""

    def _state(self) -> str:
        stored = self._stored()
        return stored.state if stored else ""

    def _start(self, question: str) -> dict[str, Any]:
        earlier = [item for run, item in self.answers.items() if run != self.last_run]
        return {"question": question, "history": earlier[-_HISTORY:], "round": 0, "reports": [], "findings": []}

    def reopen(self, session: str) -> None:
        """Take up a stored session where it was left: its answers as context, its handles, its last run."""
        self.id = session
        self.answers = {
            run: remembered(question, AnswerMade.model_validate(event))
            for run, question, event in self.store.history(session)
        }
        runs = self.store.runs(session)
        self.last_run = runs[0].run if runs else None
        if runs and runs[0].state == "waiting":
            self.waiting, self.tasks = waiting_for(list(self.store.events(runs[0].run)))
        restore = self._tools().restore
        self.known.update(known_findings(self.store.released(session), restore))
        self.toolbox.start_at(self.store.next_handle(session))

    async def _run(
        self, run: str, question: str, start: Any, *, resumed: bool, is_screened: bool = False, reply: str = ""
    ) -> AsyncGenerator[Event, None]:
        from agent.engine.graph import RECURSION_LIMIT
        from agent.engine.state import Deps

        began = time.monotonic()
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        context = RunContext(run, self.settings.analyst, Budget.of(self.settings), queue.put_nowait)
        config = {"configurable": {"thread_id": run}, "recursion_limit": RECURSION_LIMIT}
        card = self.toolbox.card
        deps = Deps(
            context,
            self.roles.roles(context),
            self.fallback.roles(context),
            self.toolbox.for_run(run, self.roles.auditor(context)),
            card,
            self.settings,
            asyncio.Semaphore(self.settings.agents),
            self.known,
        )
        self.store.begin(run)
        started = RunStarted(
            run=run,
            question=question,
            roles=self.roles.name,
            index=card.path.name,
            snapshot=card.snapshot,
            policy=card.policy,
            resumed=resumed,
            reply=reply,
        )
        context.emit(started)
        if is_screened:
            context.emit(Notice(text=_SCREENED))
        if note := newer_snapshot(first_snapshot(list(self.store.events(run))), started):
            context.emit(Notice(text=note))
        driver = asyncio.create_task(self._drive(start, config, deps, queue, began))
        try:
            while (event := await queue.get()) is not None:
                stamped = event.model_copy(update={"at_s": round(time.monotonic() - began, 3)})
                self.store.add(run, dump(stamped))
                self._notice(run, question, stamped)
                yield stamped
        finally:
            if not driver.done():
                driver.cancel()
                await asyncio.gather(driver, return_exceptions=True)
                self.store.mark(run, INTERRUPTED)

    def _notice(self, run: str, question: str, event: Event) -> None:
        """Remember what later questions need to know of an event."""
        match event:
            case AnswerMade():
                self.answers[run] = remembered(question, event)
            case ApprovalAsked():
                self.tasks, self._asked = tuple(task.id for task in event.tasks), "plan"
            case ClarificationAsked():
                self._asked = "question"
            case RunEnded(state="waiting"):
                self.waiting = self._asked
            case _:
                pass

    async def _drive(
        self,
        start: Any,
        config: dict[str, Any],
        deps: "Deps",
        queue: "asyncio.Queue[Event | None]",
        began: float,
    ) -> None:
        try:
            ended = await self._stream(start, config, deps, began)
        except Exception as error:
            known = fault_of(error)
            ended = RunEnded(
                state="failed",
                elapsed_s=_since(began),
                message=known.message,
                hint=known.hint,
                exit_code=known.exit_code,
            )
        budget = deps.run.budget
        if budget.calls:
            usage = budget.usage
            cached = usage.cache_read_tokens
            deps.run.emit(
                UsageReported(
                    input_tokens=usage.input_tokens + cached + usage.cache_write_tokens,
                    output_tokens=usage.output_tokens,
                    cached_tokens=cached,
                    calls=budget.calls,
                    cost=budget.cost,
                )
            )
        deps.run.emit(ended)
        queue.put_nowait(None)

    async def _stream(self, start: Any, config: dict[str, Any], deps: Any, began: float) -> RunEnded:
        graph = await self._compiled()
        given = await point_to_go_on(graph, config, self._start(self._question())) if start is None else start
        result = await graph.ainvoke(given, config, context=deps, version="v2", durability="sync")
        if result.interrupts:
            plan = "tasks" in result.interrupts[0].value
            return RunEnded(
                state="waiting",
                elapsed_s=_since(began),
                message="The plan waits for your approval." if plan else "",
                hint="Answer yes, no, or: without t2. In the shell: shoal sessions resume last --yes" if plan else "",
                exit_code=WAITS,
            )
        answer = result.value.get("answer") or {}
        if not answer.get("partial"):
            return RunEnded(state="done", elapsed_s=_since(began))
        code = max(result.value.get("codes", {}).values(), default=0)
        return RunEnded(state="partial", elapsed_s=_since(began), exit_code=code)

    async def _compiled(self) -> Any:
        if self._graph is None:
            from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

            from agent.engine.graph import build

            path = self.folder / CHECKPOINTS
            saver = await self._stack.enter_async_context(AsyncSqliteSaver.from_conn_string(str(path)))
            path.chmod(0o600)
            self._graph = build(saver)
        return self._graph

    @property
    def card(self) -> IndexCard:
        """What is known of the index without looking at a conversation."""
        return self.toolbox.card

    @property
    def role_names(self) -> str:
        """Who answers: "built-in", or the models' names."""
        return self.roles.name

    async def facts(self) -> IndexFacts:
        """What the index holds, as it was released."""
        return await self._tools().facts(with_themes=True)

    async def themes(self) -> dict[str, Any]:
        """All themes with their sizes, in the stored form of a finding. Raises SettingsError where the policy refuses it."""
        try:
            return (await self._tools().themes()).as_dict()
        except ToolRefusal as refused:
            raise SettingsError(f"The themes cannot be listed: {refused}", "Ask about a field or a language.") from None

    async def themes_since(self, day: str) -> dict[str, Any] | None:
        """The sizes of all themes since a day, in the stored form of a finding; None where the policy refuses it."""
        try:
            return (await self._tools().themes_since(day)).as_dict()
        except ToolRefusal:
            return None

    def rename_theme(self, cluster: str, name: str) -> str:
        """Give a theme a name of the analyst's; empty: take it back. Raises SettingsError where it may not be shown."""
        return self.toolbox.rename(cluster, name, self.settings.analyst)

    def _tools(self) -> RunTools:
        return self.toolbox.for_run("")

    def warm(self) -> None:
        """Load what questions will need: the graph library, and what the tools read."""
        import agent.engine.graph

        self.toolbox.warm()
        _ = agent.engine.graph.build

    def read_ledger(self) -> LedgerReading:
        """The ledger of this index and analyst, verified."""
        return self.toolbox.read_ledger()

    async def close(self) -> None:
        """Close the graph's store, the roles' connections, the session store and the ledger."""
        await self._stack.aclose()
        await self.roles.close()
        self.store.close()
        self.toolbox.close()


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)
