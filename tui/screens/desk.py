"""The desk without its side screens: it opens the session, sends questions, draws events, and stops.

The first paint comes before any heavy import; the session is made in a thread. One worker consumes one run's events;
stopping it closes the stream and loses nothing, because finished work is checkpointed and every event is stored.
"""

import asyncio
import importlib
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from index.core.errors import ShoalError
from tui.rendering import status, welcome
from tui.screens.held_keys import HeldKeys
from tui.state import commands, reduce
from tui.state.commands import Command, Offer
from tui.state.preferences import Preferences
from tui.state.view import View
from tui.text.glyphs import UNICODE, Glyphs
from tui.text.tones import tones
from tui.text.untrusted import fit
from tui.widgets.chat import Conversation
from tui.widgets.findings_pane import Findings
from tui.widgets.keys import Keys
from tui.widgets.prompt import PLACEHOLDER, Offers, Prompt

if TYPE_CHECKING:
    from agent.core.events import Event
    from agent.engine.asking import AskingSession
    from agent.storage.session_store import SessionStore
    from agent.wiring import App as Started

WIDE = 110
"""Columns from which on chat and findings stand side by side."""
_NOTE_S = 3.0
_TICK_S = 0.25
_REMEMBERED = 500
"""Earlier questions that the prompt walks through."""
_LOOK_S = 5.0
"""How often the desk looks whether another process has published."""


class Desk(HeldKeys):
    """The chat, the findings and the two lines around them. `clock` gives seconds."""

    CSS_PATH = "shoal.tcss"
    TITLE = "Shoal"

    def __init__(
        self,
        started: "Started",
        *,
        built_in: bool,
        session: "AskingSession | None" = None,
        preferences: Preferences | None = None,
        glyphs: Glyphs = UNICODE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-narrow"), (WIDE, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-short"), (16, "-tall")]
        self.preferences = preferences or Preferences()
        self.glyphs = glyphs
        self._started = started
        self._built_in = built_in
        self._session = session
        self._clock = clock
        self._began = 0.0
        self._phase = ""
        self._note = ""
        self._note_at = 0.0
        self._queued = ""
        self._pending = ""
        self._goes_on = ""
        self._fault: ShoalError | None = None
        self._recent: tuple[welcome.Recent, ...] = ()
        self._others: tuple[str, ...] = ()
        """Other indexes that can be opened."""
        self.examples: tuple[str, ...] = welcome.questions((), ())
        self.view = View(index=started.path.name)

    def get_css_variables(self) -> dict[str, str]:
        """The theme's variables with our colours of words, which can be read in each theme."""
        variables = super().get_css_variables()
        self.theme_variables = variables | tones(variables)
        return self.theme_variables

    def compose(self) -> ComposeResult:
        with Vertical(id="desk"):
            yield Static("", id="status", markup=False)
            with Horizontal(id="body"):
                with Vertical(id="talk"):
                    yield Conversation(self.glyphs, Static("", id="welcome", markup=False))
                    yield Static("", id="below", markup=False)
                yield Findings(self.glyphs)
            yield Static("", id="queued", markup=False)
            yield Offers()
            yield Prompt(self.offers)
            yield Static("", id="privacy", markup=False)
            yield Keys(show_command_palette=False)
        yield Static("Shoal needs 60x16. Make the window larger; ctrl+q quits.", id="too-small", markup=False)

    def offers(self, text: str) -> Sequence[Offer]:
        """What the prompt can offer for a text."""
        del text
        return ()

    def on_mount(self) -> None:
        self.desk.query_one(Prompt).focus()
        self._draw_welcome()
        self._draw_lines()
        self.set_interval(_TICK_S, self._tick)
        self.set_interval(_LOOK_S, self._look_for_newer)
        self.call_after_refresh(self._furnish)

    async def _furnish(self) -> None:
        """What the first frame did not wait for: early keys, the findings pane's inside, then the index."""
        self.release_keys()
        await self.desk.query_one(Findings).furnish()
        self._open()

    def on_resize(self) -> None:
        self._draw_lines()

    @work(group="open", exclusive=True, exit_on_error=False)
    async def _open(self) -> None:
        """Make the session and warm what questions will need, beside the screen."""
        if self._session is None:
            try:
                self._recent = await asyncio.to_thread(self._earlier)
                self._others = await asyncio.to_thread(_others, self._started)
                self._draw_welcome()
                self._session = await asyncio.to_thread(self._started.asking_session, built_in=self._built_in)
                if self._goes_on:
                    await asyncio.to_thread(self._session.reopen, self._goes_on)
                age = _age_days(self._session.card.published)
            except ShoalError as error:
                self._cannot_ask(error)
                self.arrived()
                return
            self.view = replace(self.view, age_days=age)
        session = self._session
        self._opened(session)
        self.arrived()
        await asyncio.to_thread(importlib.import_module, "tui.widgets.turn")
        asked = await asyncio.to_thread(_asked, session)
        self.desk.query_one(Prompt).remember(*asked)
        await asyncio.to_thread(session.warm)
        if self._pending and not self.view.is_busy:
            pending, self._pending = self._pending, ""
            self._ask(pending)
        elif not self.view.turns:  # only an empty desk shows it
            holds = welcome.holds(await session.facts())
            self.view = replace(self.view, holds=holds)
            self._draw_welcome()

    def arrived(self) -> None:
        """The desk is open, with an index or without."""

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A fault that nobody foresaw is a number on the screen, and the screen stays."""
        error = event.worker.error
        if event.state is WorkerState.ERROR and error is not None:
            from agent.core.errors import fault_of

            fault = fault_of(error)
            if event.worker.group == "open":
                self._cannot_ask(fault)
            else:
                self.notify(f"{fault.message}\n{fault.hint}", severity="error", markup=False)

    def _opened(self, session: "AskingSession") -> None:
        card = session.card
        self._fault = None
        self.examples = welcome.questions(tuple(card.landmarks), card.own_facets)
        self._recent = _newest(session.store)
        self.view = replace(
            self.view,
            phase="ready",
            index=card.path.name,
            roles=session.role_names,
            policy=card.policy,
            smallest=f"{card.min_conversations} conversations of {card.min_accounts} accounts",
            snapshot=card.snapshot,
            landmarks=card.landmarks,
            is_keyless=not (self._built_in or self._started.gate or self._started.settings.has_model),
        )
        self._enable(True)
        self._draw_welcome()
        self._draw_lines()

    def _earlier(self) -> tuple[welcome.Recent, ...]:
        """The newest sessions, before the index is open; none are made where there was no store."""
        if not (self._started.home.root / self._started.sessions).exists():
            return ()
        with closing(self._started.store()) as store:
            return _newest(store)

    def _cannot_ask(self, error: ShoalError) -> None:
        """No index, a wrong setting: say what is possible and the exact command."""
        self._fault = error
        self.view = replace(self.view, phase="no index")
        self._enable(True)
        self.desk.query_one(Prompt).placeholder = "nothing to ask yet: type a number, or / for commands"
        self._draw_welcome()
        self._draw_lines()

    def _enable(self, is_on: bool, reason: str = "") -> None:
        prompt = self.desk.query_one(Prompt)
        prompt.disabled = not is_on
        prompt.placeholder = PLACEHOLDER if is_on else reason
        (prompt if is_on else self.desk.query_one(Conversation)).focus()

    def _draw_welcome(self) -> None:
        for place in self.desk.query("#welcome").results(Static):
            if self._fault is not None:
                is_there = (self._started.path / "index.toml").exists()
                place.update(welcome.no_index(self._fault, self._started.path, is_there=is_there, others=self._others))
            else:
                wording = (self.view, self.examples, self._recent, self.preferences.problems)
                place.update(welcome.ready(*wording))

    def on_prompt_offered(self, message: Prompt.Offered) -> None:
        self.desk.query_one(Offers).draw(message.offered, message.marked)

    async def run_command(self, command: Command) -> bool:
        """Do what a command says; False where it could not be done."""
        del command
        return False

    async def on_prompt_sent(self, message: Prompt.Sent) -> None:
        text = message.text
        if not text:
            return
        if self.view.phase == "no index":
            ways = welcome.ways_on(self._others)
            if not text.startswith("/") and not (text.isdigit() and 1 <= int(text) <= len(ways)):
                self._warn("there is nothing to ask yet; a number opens what is listed")
                return
            text = ways[int(text) - 1][1] if text.isdigit() else text
        if (command := commands.read(text)) is not None:
            if await self.run_command(command):
                self.desk.query_one(Prompt).value = ""
            return
        turn = self.view.turn
        offered = list(turn.suggestions) if turn is not None and turn.suggestions else list(self.examples)
        if text.isdigit() and 1 <= int(text) <= len(offered):
            text = offered[int(text) - 1]
        prompt = self.desk.query_one(Prompt)
        prompt.remember(text)
        prompt.value = ""
        if self.view.is_busy:
            self._queue(text)
        elif self._session is None:
            self._pending = text
            self._say("starting; your question is next")
        else:
            self._ask(text)
        chat = self.desk.query_one(Conversation)
        if chat.is_anchored:
            chat.newest()

    def _queue(self, text: str) -> None:
        self._queued = text
        chip = self.desk.query_one("#queued", Static)
        room = max(20, self.size.width - 30)
        chip.update(f"next: {fit(text, room).rstrip()}  (esc drops it)" if text else "")
        chip.set_class(bool(text), "-shown")

    def _ask(self, question: str) -> None:
        if self._session is not None:
            self._consume(self._session.ask(question))

    @work(group="run", exclusive=True, exit_on_error=False)
    async def _consume(self, run: "AsyncGenerator[Event, None]") -> None:
        """Draw a run's events until it ends or is stopped."""
        self._began = self._clock()
        self._clear_welcome()
        try:
            async for event in run:
                self.view = reduce.apply(self.view, event)
                await self._draw()
        except asyncio.CancelledError:
            self.view = reduce.stopped(self.view)
            self._restore()
            raise
        finally:
            await run.aclose()
            await self._draw()
        if self._queued:
            question = self._queued
            self._queue("")
            self.call_later(self._ask, question)

    def _restore(self) -> None:
        """Put the question back into the prompt, if the run left nothing and nothing else was typed."""
        turn, prompt = self.view.turn, self.desk.query_one(Prompt)
        if turn is not None and turn.produced_nothing and not prompt.value:
            prompt.value = turn.question

    def _clear_welcome(self) -> None:
        self.desk.query("#welcome").remove()

    async def _welcome_back(self) -> None:
        """The first screen again, where it had gone."""
        if not self.desk.query("#welcome"):
            await self.desk.query_one(Conversation).mount(Static("", id="welcome", markup=False))
        self._draw_welcome()

    @property
    def _now_s(self) -> float:
        """Seconds since the run began."""
        return self._clock() - self._began

    async def _draw(self) -> None:
        if not self.is_running:
            return
        for chat in self.desk.query(Conversation):
            await chat.show(self.view, self._now_s)
        for pane in self.desk.query(Findings):
            pane.show(self.view)
        self._draw_lines()

    @property
    def desk(self) -> Screen[object]:
        """The screen below all others: what is drawn must find its widgets while a panel is open over it."""
        return self.screen_stack[0]

    def _draw_lines(self) -> None:
        if not self.is_running:  # the clock may tick once more when the screens are closed
            return
        if self.view.phase != self._phase:
            self._phase = self.view.phase
            self.refresh_bindings()
        for line in self.desk.query("#status").results(Static):
            line.update(status.status(self.view, self._now_s, self._note, self.size.width, self.glyphs))
        for line in self.desk.query("#privacy").results(Static):
            line.update(status.privacy(self.view, self.size.width))

    def _tick(self) -> None:
        if self._note and self._clock() - self._note_at > _NOTE_S:
            self._note = ""
            self._draw_lines()
        elif self.view.is_busy and self.app_focus and self.is_running:
            self._draw_lines()
            for chat in self.desk.query(Conversation):
                chat.tick(self.view, self._now_s)

    @work(group="newer", exclusive=True)
    async def _look_for_newer(self) -> None:
        """Another process may publish while the desk is open: say so, and leave what is shown."""
        newest = await asyncio.to_thread(_newest_snapshot, self._started)
        if newest != self.view.newest:
            self.view = replace(self.view, newest=newest)
            self.refresh_bindings()
            self._draw_lines()
            if self.view.is_outdated:
                self._say(f"snapshot {newest} is published; press ctrl+n to switch to it")

    def _warn(self, text: str) -> None:
        """Say why something was not done: long enough to be read."""
        self._say(text)
        self.notify(text, severity="warning", markup=False)

    def _say(self, note: str) -> None:
        self._note, self._note_at = note, self._clock()
        self._draw_lines()


def _age_days(published: str) -> int:
    """Days since a snapshot was published; 0 where it does not say when."""
    try:
        moment = datetime.fromisoformat(published)
    except ValueError:
        return 0
    return (datetime.now(UTC) - moment.replace(tzinfo=moment.tzinfo or UTC)).days


def _asked(session: "AskingSession") -> list[str]:
    """What was asked before, oldest first."""
    return [run.question for run in reversed(session.store.runs())][-_REMEMBERED:]


def _others(started: "Started") -> tuple[str, ...]:
    from agent.services.indexes import others

    return tuple(others(started))


def _newest_snapshot(started: "Started") -> int:
    from agent.services.oversight import newest_snapshot

    return newest_snapshot(started)


def _newest(store: "SessionStore") -> tuple[welcome.Recent, ...]:
    """The last three sessions, each by its first question."""
    titles: dict[str, welcome.Recent] = {}
    for run in store.runs():
        titles[run.session] = welcome.Recent(run.question, run.started[:10])
    return tuple(titles.values())[:3]
