"""What one identity may do with an index: ask, call tools, read and export its own findings, hand a session to somebody.

A finding is named by its session and its handle: s-1a2b3c4d/F3. Calls of single tools are kept in a session of their own, so
that they can be opened and exported later like any finding.
"""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakValueDictionary

import regex

from agent.core.events import Event, RunEnded, RunStarted, ToolEnded, ToolStarted, UsageReported, dump
from agent.core.settings import Settings
from agent.exports.forms import form_of
from agent.gateway.people import Caller, Limits
from agent.gateway.service import RUNS_OF_ONE, GateService
from agent.gateway.tokens import BudgetOfIdentity
from agent.storage.export import document
from agent.storage.session_store import Released, SessionStore
from agent.storage.typed import typed
from index.core.errors import SettingsError
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding
from tools.core.handles import Handles

if TYPE_CHECKING:
    from agent.engine.session import Session
    from tools.index_facts import IndexFacts
    from tools.toolbox import RunTools, Toolbox

_OPEN_AT_MOST = 2
"""Sessions of one identity that are kept open; an older one is opened again when it is needed."""
_WAIT_AT_MOST = 8
"""Questions of one identity that run or wait for their turn."""
_LISTED_FOR_S = 60.0
"""How long the list of all themes is given again without a release of its own."""


@dataclass(frozen=True, slots=True)
class Investigation:
    """Where a question stands. `state`: running, done, partial, waiting, interrupted or failed. `events`: all so far."""

    session: str
    run: str
    question: str
    state: str
    events: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class _Open:
    session: "Session"
    made_for: tuple[Settings, Limits]
    """The settings and limits that it was opened under."""


class Desk:
    """One identity's sessions. Close when done."""

    def __init__(self, service: GateService, identity: str) -> None:
        self._service = service
        self._identity = identity
        self._tool_calls = f"t-{secrets.token_hex(4)}"
        """The session that keeps calls of single tools; of this process alone, so that two never give one handle twice."""
        self._store = SessionStore(service.app.home.folder(service.folder_of(identity)))
        self._open: dict[str, _Open] = {}
        self._opening = asyncio.Lock()
        self._tools: Toolbox | None = None
        self._limits = Limits()
        self._making = asyncio.Lock()
        self._handles = Handles()
        """Of all its calls, whatever tools they are of: no handle is given twice."""
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._turns = asyncio.Semaphore(RUNS_OF_ONE)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._waiting = 0
        """Questions that run or wait for their turn."""
        self._themes: tuple[float, Toolbox, dict[str, Any]] | None = None

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
        async with self._service.calling:
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
            finding: Finding | None = None
            refused = ""
            state: Literal["done", "failed"] = "failed"
            try:
                finding = await toolbox.for_run(run).call(tool, arguments)
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
        async with self._making:
            newest = await asyncio.to_thread(self._service.context)
            tools = self._tools
            if tools is None or tools.card.snapshot != newest.index.snapshot.number or self._limits != caller.limits:
                tools = await asyncio.to_thread(self._service.toolbox, caller, self._handles)
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
        name = _checked(session) if session is not None else f"s-{secrets.token_hex(4)}"
        is_new = not self._store.runs(name)
        if session is not None and is_new and not may_begin:
            raise _none_of(session)
        if self._waiting >= _WAIT_AT_MOST:
            raise BudgetOfIdentity(
                f"{caller.identity} has {self._waiting} questions under way, which is the most.", "Wait for an answer."
            )
        if is_new:
            self._service.tokens.claim(name, caller.identity)
        self._service.tokens.take_question(caller)
        begun(name)
        async with aclosing(self._events(caller, name, lambda opened: opened.ask(question))) as events:
            async for event in events:
                yield event

    async def go_on(
        self, caller: Caller, session: str, approved: bool | None, leave_out: tuple[str, ...] = ()
    ) -> AsyncGenerator[Event, None]:
        """Decide about the plan that waits, or with `approved` None resume the last run."""
        caller.require("ask")
        if not self._store.runs(_checked(session)):
            raise _none_of(session)

        def asked(opened: "Session") -> AsyncGenerator[Event, None]:
            return opened.resume() if approved is None else opened.decide(approved=approved, leave_out=leave_out)

        async with aclosing(self._events(caller, session, asked)) as events:
            async for event in events:
                yield event

    async def _events(
        self, caller: Caller, session: str, asked: Callable[["Session"], AsyncGenerator[Event, None]]
    ) -> AsyncGenerator[Event, None]:
        """What a run says. It goes on however slowly it is read: a reader that waits takes no turn of others. Who stops reading
        stops it."""
        said: asyncio.Queue[Event | None] = asyncio.Queue()  # a run has an end, and all of it is in the store

        async def run() -> None:
            try:
                async with self._turn(session), self._turns, self._service.running:
                    opened = await self._opened(caller, session)
                    async with aclosing(asked(opened)) as events:
                        async for event in events:
                            if isinstance(event, UsageReported) and event.cost:
                                self._service.tokens.charge(self._identity, event.cost)
                            said.put_nowait(event)
            finally:
                said.put_nowait(None)

        self._waiting += 1
        task = asyncio.create_task(run())
        try:
            while (event := await said.get()) is not None:
                yield event
            await task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self._waiting -= 1

    def _turn(self, session: str) -> asyncio.Lock:
        """One question at a time in a session."""
        return self._locks.setdefault(session, asyncio.Lock())

    async def start(self, caller: Caller, question: str, session: str | None = None) -> str:
        """Begin a question and return at once; `investigation` says where it stands. Returns the session's id."""
        known: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def drain() -> None:
            try:
                async for _ in self.ask(caller, question, session, known.set_result):
                    pass
            except Exception as error:
                if known.done():
                    raise
                known.set_exception(error)

        task = asyncio.create_task(drain())
        found = await known
        self._under_way[found] = task
        task.add_done_callback(lambda _: self._under_way.pop(found, None))
        return found

    def investigation(self, caller: Caller, session: str) -> Investigation:
        """Where the last question of a session stands. Raises SettingsError where this identity has no such session."""
        caller.require("ask")
        runs = self._store.runs(_named(session))
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
        toolbox = await self.toolbox(caller)
        if self._themes is None or self._themes[1] is not toolbox or time.monotonic() > self._themes[0] + _LISTED_FOR_S:
            self._themes = time.monotonic(), toolbox, (await (await self._run_tools(caller)).themes()).as_dict()
        return self._themes[2]

    async def rename_theme(self, caller: Caller, cluster: str, name: str) -> str:
        """Give a theme a name for everybody, with an entry in the ledger; empty: take it back."""
        self._service.tokens.take_question(caller)
        toolbox = await self.toolbox(caller)
        kept = await asyncio.to_thread(toolbox.rename, cluster, name, caller.identity)
        self._themes = None
        return kept

    async def _run_tools(self, caller: Caller) -> "RunTools":
        toolbox = await self.toolbox(caller)
        return toolbox.for_run("")

    async def _opened(self, caller: Caller, session: str) -> "Session":
        """A session, under the limits of this moment."""
        async with self._opening:
            made_for = await asyncio.to_thread(self._service.settings_of, caller), caller.limits
            found = self._open.pop(session, None)
            if found is not None and found.made_for != made_for:
                await found.session.close()
                found = None
            if found is None:
                found = _Open(await asyncio.to_thread(self._service.session, caller), made_for)
                if self._store.runs(session):
                    await asyncio.to_thread(found.session.reopen, session)
                else:
                    found.session.id = session
            self._open[session] = found
            await self._close_older()
            return found.session

    async def _close_older(self) -> None:
        for name, opened in list(self._open.items())[:-_OPEN_AT_MOST]:
            if not self._turn(name).locked():
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
        _named(session)
        own = next((item for item in self._store.released(session) if item.finding["id"] == handle), None)
        if own is not None:
            return own
        handed = self._service.tokens.handed_over(session, caller.identity)
        if handed is not None:
            with closing(SessionStore(self._service.app.home.folder(self._service.folder_of(handed.owner)))) as store:
                theirs = {item.finding["id"]: item for item in store.released(session)}
            if handle in handed.findings and handle in theirs:
                return theirs[handle]
        raise SettingsError(f"There is no finding {name!r} for {caller.identity}.", "List them with list_findings.")

    async def export(self, caller: Caller, session: str, form: str) -> str:
        """A session as a document, with an entry in the ledger."""
        caller.require("ask")
        if not self._store.runs(_named(session)):
            raise _none_of(session)
        self._service.tokens.take_question(caller)
        made = form_of(form).make(document(self._store, session)).decode()
        (await self.toolbox(caller)).note("export", {"session": session, "format": form})
        return made

    async def hand_over(self, caller: Caller, session: str, to: str) -> None:
        """Let another identity open what a session has found so far, with an entry in the ledger."""
        caller.require("ask")
        if not self._store.runs(_named(session)):
            raise _none_of(session)
        self._service.tokens.claim(session, caller.identity)
        self._service.tokens.take_question(caller)
        found = frozenset(item.finding["id"] for item in self._store.released(session))
        self._service.tokens.hand_over(session, caller.identity, to, found)
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


def _named(session: str) -> str:
    """The id of a session, or of the calls of single tools. Raises SettingsError where it cannot be one."""
    if not regex.fullmatch(r"[st]-[0-9a-f]{8}", session):
        raise _none_of(session)
    return session


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
