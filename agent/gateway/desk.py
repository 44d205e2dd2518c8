"""What one identity may do with an index: ask, call tools, read and export its own findings, hand a session to somebody.

A finding is named by its session and its handle: s-1a2b3c4d/F3. Calls of single tools are kept in a session of their own, so
that they can be opened and exported later like any finding.
"""

import asyncio
import hashlib
import json
import secrets
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import regex

from agent.core.events import Event, RunEnded, RunStarted, ToolEnded, ToolStarted, UsageReported, dump
from agent.core.run import RunContext
from agent.gateway.people import Caller, Limits
from agent.gateway.service import GateService
from agent.storage.export import Format, document, rendered
from agent.storage.session_store import Released, SessionStore
from agent.storage.typed import typed
from index.core.errors import SettingsError
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding

if TYPE_CHECKING:
    from agent.engine.session import Session
    from tools.index_facts import IndexFacts
    from tools.toolbox import RunTools, Toolbox

_OPEN_AT_MOST = 2
"""Sessions of one identity that are kept open; an older one is opened again when it is needed."""


@dataclass(frozen=True, slots=True)
class Investigation:
    """Where a question stands. `state`: running, done, partial, waiting, interrupted or failed. `events`: all so far."""

    session: str
    run: str
    question: str
    state: str
    events: tuple[dict[str, Any], ...]


@dataclass(slots=True)
class _Open:
    session: "Session"
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One question at a time."""


class Desk:
    """One identity's sessions. Close when done."""

    def __init__(self, service: GateService, identity: str) -> None:
        self._service = service
        self._identity = identity
        self._tool_calls = f"t-{hashlib.sha256(identity.encode()).hexdigest()[:8]}"
        """The session that keeps calls of single tools."""
        self._store = SessionStore(service.app.home.folder(service.folder_of(identity)))
        self._open: dict[str, _Open] = {}
        self._opening = asyncio.Lock()
        self._tools: Toolbox | None = None
        self._limits = Limits()
        self._under_way: dict[str, asyncio.Task[None]] = {}

    # Single tools

    async def call(self, caller: Caller, tool: str, arguments: dict[str, Any]) -> Released:
        """Call one tool. Raises ToolRefusal, or BudgetOfIdentity."""
        caller.require("ask")
        self._service.tokens.take_question(caller)
        arguments = await asyncio.to_thread(_screened, arguments)
        toolbox = await self.toolbox(caller)
        run, began = f"r-{secrets.token_hex(4)}", time.monotonic()
        card = toolbox.card
        question = f"{tool} {json.dumps(arguments, ensure_ascii=False)}"
        async with self._service.running:
            self._store.start(run, self._tool_calls, card.path, question)
            for event in (
                RunStarted(
                    run=run,
                    question=question,
                    roles="tool",
                    index=card.path.name,
                    snapshot=card.snapshot,
                    policy=card.policy,
                ),
                ToolStarted(task="", call="1", tool=tool, arguments=arguments),
            ):
                self._store.add(run, dump(event))
            readers = self._service.fallback.readers(RunContext.unlimited(run, caller.identity))
            finding: Finding | None = None
            refused = ""
            state: Literal["done", "failed"] = "failed"
            try:
                finding = await toolbox.for_run(run, readers).call(tool, arguments)
                state = "done"
            except ToolRefusal as refusal:
                refused, state = str(refusal), "done"
                raise
            finally:
                elapsed = round(time.monotonic() - began, 3)
                found = finding.as_dict() if finding is not None else None
                why = None if finding is not None else refused or "it failed"
                ended = ToolEnded(task="", call="1", tool=tool, elapsed_s=elapsed, finding=found, refusal=why)
                self._store.add(run, dump(ended))
                self._store.add(run, dump(RunEnded(state=state, elapsed_s=elapsed)))
        return Released(self._tool_calls, run, "", tool, arguments, finding.as_dict())

    async def toolbox(self, caller: Caller) -> "Toolbox":
        """The tools of single calls; new ones where a newer snapshot is published, and handles go on."""
        caller.require("ask")
        newest = await asyncio.to_thread(self._service.context)
        tools = self._tools
        if tools is None or tools.card.snapshot != newest.index.snapshot.number or self._limits != caller.limits:
            tools = await asyncio.to_thread(self._service.toolbox, caller)
            tools.start_at(self._store.next_handle(self._tool_calls))
            self._tools, self._limits = tools, caller.limits
        return tools

    # Questions

    async def ask(
        self,
        caller: Caller,
        question: str,
        session: str | None = None,
        begun: Callable[[str], None] = lambda _: None,
        *,
        may_begin: bool = False,
    ) -> AsyncGenerator[Event, None]:
        """Ask a question, in a new session or in one of this identity's. `begun` hears the session's id. `may_begin`: a
        session that is not there yet is begun under the id that is given."""
        caller.require("ask")
        if session is not None and not may_begin and not self._store.runs(session):
            raise _none_of(session)
        self._service.tokens.take_question(caller)
        opened = await self._opened(caller, session)
        begun(opened.session.id)
        async with aclosing(self._events(opened, opened.session.ask(question))) as events:
            async for event in events:
                yield event

    async def go_on(
        self, caller: Caller, session: str, approved: bool | None, leave_out: tuple[str, ...] = ()
    ) -> AsyncGenerator[Event, None]:
        """Decide about the plan that waits, or with `approved` None resume the last run."""
        caller.require("ask")
        opened = await self._opened(caller, session)
        asked = (
            opened.session.resume()
            if approved is None
            else opened.session.decide(approved=approved, leave_out=leave_out)
        )
        async with aclosing(self._events(opened, asked)) as events:
            async for event in events:
                yield event

    async def _events(self, opened: _Open, events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
        async with opened.turn, self._service.running, aclosing(events):
            async for event in events:
                if isinstance(event, UsageReported) and event.cost:
                    self._service.tokens.charge(self._identity, event.cost)
                yield event

    async def start(self, caller: Caller, question: str, session: str | None = None) -> str:
        """Begin a question and return at once; `investigation` says where it stands. Returns the session's id."""
        known: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def drain() -> None:
            try:
                async for _ in self.ask(caller, question, session, known.set_result):
                    pass
            except BaseException as error:
                if not known.done():
                    known.set_exception(error)
                else:
                    raise

        task = asyncio.create_task(drain())
        found = await known
        self._under_way[found] = task
        task.add_done_callback(lambda _: self._under_way.pop(found, None))
        return found

    def investigation(self, caller: Caller, session: str) -> Investigation:
        """Where the last question of a session stands. Raises SettingsError where this identity has no such session."""
        caller.require("ask")
        runs = self._store.runs(session)
        if not runs:
            if session in self._under_way:
                return Investigation(session, "", "", "running", ())
            raise _none_of(session)
        run = runs[0]
        return Investigation(session, run.run, run.question, run.state, tuple(self._store.events(run.run)))

    async def facts(self, caller: Caller) -> "IndexFacts":
        """What the index holds, as it was released."""
        return await (await self._run_tools(caller)).facts(with_themes=True)

    async def themes(self, caller: Caller) -> dict[str, Any]:
        """All themes with their sizes, in the stored form of a finding."""
        return (await (await self._run_tools(caller)).themes()).as_dict()

    async def rename_theme(self, caller: Caller, cluster: str, name: str) -> str:
        """Give a theme a name for everybody; empty: take it back."""
        toolbox = await self.toolbox(caller)
        return await asyncio.to_thread(toolbox.rename, cluster, name, caller.identity)

    async def _run_tools(self, caller: Caller) -> "RunTools":
        toolbox = await self.toolbox(caller)
        return toolbox.for_run("", self._service.fallback.readers(RunContext.unlimited("", caller.identity)))

    async def _opened(self, caller: Caller, session: str | None) -> _Open:
        async with self._opening:
            if session in self._open:
                found = self._open.pop(session)
                self._open[session] = found
                return found
            made = await asyncio.to_thread(self._service.session, caller)
            if session is not None and self._store.runs(session):
                await asyncio.to_thread(made.reopen, session)
            elif session is not None:
                made.id = _checked(session)
            self._open[made.id] = _Open(made)
            await self._close_older()
            return self._open[made.id]

    async def _close_older(self) -> None:
        for name, opened in list(self._open.items())[:-_OPEN_AT_MOST]:
            if not opened.turn.locked() and name not in self._under_way:
                del self._open[name]
                await opened.session.close()

    # Findings

    def findings(self, caller: Caller) -> list[Released]:
        """Every finding that was released to this identity, the newest first."""
        caller.require("ask")
        found = [item for session in self._store.sessions() for item in self._store.released(session.id)]
        return found[::-1]

    def finding(self, caller: Caller, name: str) -> Released:
        """The finding of a name such as s-1a2b3c4d/F3: one's own, or of a session that was handed over."""
        caller.require("ask")
        session, _, handle = name.partition("/")
        own = next((item for item in self._store.released(session) if item.finding["id"] == handle), None)
        if own is not None:
            return own
        owner = self._service.tokens.owner_of(session, caller.identity)
        if owner is not None:
            with closing(SessionStore(self._service.app.home.folder(self._service.folder_of(owner)))) as store:
                theirs = next((item for item in store.released(session) if item.finding["id"] == handle), None)
            if theirs is not None:
                return theirs
        raise SettingsError(f"There is no finding {name!r} for {caller.identity}.", "List them with list_findings.")

    async def export(self, caller: Caller, session: str, form: Format) -> str:
        """A session as a document, with an entry in the ledger."""
        caller.require("ask")
        if not self._store.runs(session):
            raise _none_of(session)
        made = rendered(document(self._store, session), form)
        (await self.toolbox(caller)).note("export", {"session": session, "format": form})
        return made

    async def hand_over(self, caller: Caller, session: str, to: str) -> None:
        """Let another identity open the findings of a session, with an entry in the ledger."""
        caller.require("ask")
        if not self._store.runs(session):
            raise _none_of(session)
        self._service.tokens.hand_over(session, caller.identity, to)
        (await self.toolbox(caller)).note("hand over", {"session": session, "to": to})

    async def close(self) -> None:
        """Stop what runs, and close the sessions."""
        for task in list(self._under_way.values()):
            task.cancel()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
        for opened in self._open.values():
            await opened.session.close()
        self._open.clear()
        self._store.close()


def _checked(session: str) -> str:
    if not regex.fullmatch(r"s-[0-9a-f]{8}", session):
        raise SettingsError("A session's id is s- and eight hexadecimal digits.", "Leave it out to begin a new one.")
    return session


def _none_of(session: str) -> SettingsError:
    return SettingsError(f"There is no session {session!r}.", "A session's id comes with its first answer.")


def _screened(value: Any) -> Any:
    """What was typed into a tool's arguments, as it may be kept."""
    if isinstance(value, str):
        return typed(value)
    if isinstance(value, dict):
        return {name: _screened(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_screened(item) for item in value]
    return value
