"""The terminal UI: a view of events.

The first paint comes before any heavy import; the session is made in a worker. One worker consumes one run's events;
stopping it closes the stream and loses nothing, because finished work is checkpointed and every event is stored.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Footer, Input, Static

from agent.events import Event
from index.errors import ShoalError
from tui import draw
from tui.screens import HelpScreen, LedgerScreen
from tui.text import safe
from tui.view import View, apply, stopped
from tui.widgets import Conversation, Findings, Prompt

if TYPE_CHECKING:
    from agent.session import Session
    from agent.wiring import App as Started

_ESC_WINDOW_S = 3.0
_TICK_S = 0.25

WELCOME = """\
Shoal: see the shoal, never the fish.

Ask how people use the assistant, or abuse it. For example:
  1. What do people use the assistant for most?
  2. Is anyone running coordinated spam?
  3. What is new since the launch?
  4. What do people ask in Japanese that others do not?

A number alone sends that question. f1 helps."""
EXAMPLES = [line.split(". ", 1)[1] for line in WELCOME.splitlines() if line.startswith("  ")]


class ShoalApp(App[None]):
    """The investigation desk."""

    CSS_PATH = "shoal.tcss"
    TITLE = "Shoal"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 (Textual declares it so)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "step_back", "Stop", id="stop", priority=False),
        Binding("f1", "help", "Help", id="help"),
        Binding("f2", "chat", "Chat", id="chat"),
        Binding("f3", "findings", "Findings", id="findings"),
        Binding("f4", "ledger", "Ledger", id="ledger"),
        Binding("f5", "resume", "Resume", id="resume"),
        Binding("alt+left", "select(-1)", "Previous finding", show=False, id="previous"),
        Binding("alt+right", "select(1)", "Next finding", show=False, id="next"),
        Binding("ctrl+o", "ask_about", "Ask about", show=False, id="ask_about"),
        Binding("ctrl+y", "copy_answer", "Copy answer", show=False, id="copy"),
        Binding("pageup", "scroll(-1)", "Scroll up", show=False, id="up", priority=True),
        Binding("pagedown", "scroll(1)", "Scroll down", show=False, id="down", priority=True),
        Binding("ctrl+q", "quit", "Quit", id="quit"),
    ]

    def __init__(self, started: "Started", *, built_in: bool, session: "Session | None" = None) -> None:
        super().__init__()
        self._started = started
        self._built_in = built_in
        self._session = session
        self._began = 0.0
        self._esc_at = 0.0
        self._note = ""
        self._queued = ""
        self._pending = ""
        self.view = View(index=started.path.name)

    def compose(self) -> ComposeResult:
        yield Static("", id="status")
        with Horizontal(id="body"):
            with Conversation(id="conversation"):
                yield Static(WELCOME, id="welcome", markup=False)
            yield Findings()
        yield Static("", id="queued")
        yield Prompt()
        yield Static("", id="privacy")
        yield Footer()

    def on_mount(self) -> None:
        self.query_one(Prompt).focus()
        self._draw_lines()
        self.set_interval(_TICK_S, self._tick)
        self._open()

    def on_resize(self) -> None:
        self._draw_lines()

    @work(group="open", exit_on_error=False)
    async def _open(self) -> None:
        """Make the session and warm what questions will need, beside the screen."""
        if self._session is None:
            try:
                self._session = await asyncio.to_thread(self._started.session, built_in=self._built_in)
            except ShoalError as error:
                self._cannot_ask(error)
                return
        gate = self._session.context.gate
        self.view = replace(
            self.view,
            phase="ready",
            roles=self._session.roles.name,
            policy=gate.policy.describe(),
            snapshot=self._session.context.index.snapshot.number,
        )
        self._draw_lines()
        await asyncio.to_thread(self._session.warm)
        if self._pending and not self.view.is_busy:
            pending, self._pending = self._pending, ""
            self._ask(pending)

    def _cannot_ask(self, error: ShoalError) -> None:
        """No index, a wrong setting: say what is possible and the exact command."""
        self.view = replace(self.view, phase="no index")
        prompt = self.query_one(Prompt)
        prompt.disabled = True
        prompt.placeholder = "nothing to ask yet"
        text = f"{error.message}\n\n{error.hint}\n\nShoal looked at {self._started.path}."
        self.query_one("#welcome", Static).update(safe(text))
        self._draw_lines()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        if not text:
            return
        suggestions = list(self.view.turn.suggestions) if self.view.turn else EXAMPLES
        if text.isdigit() and 1 <= int(text) <= len(suggestions):
            text = suggestions[int(text) - 1]
        prompt = self.query_one(Prompt)
        prompt.remember(text)
        prompt.value = ""
        if self.view.is_busy:
            self._queue(text)
        elif self._session is None:
            self._pending = text
            self._say("starting; your question is next")
        else:
            self._ask(text)

    def _queue(self, text: str) -> None:
        self._queued = text
        chip = self.query_one("#queued", Static)
        chip.update(Content(f"next: {safe(text)}" if text else ""))
        chip.set_class(bool(text), "-shown")

    def _ask(self, question: str) -> None:
        if self._session is not None:
            self._consume(self._session.ask(question))

    @work(group="run", exclusive=True, exit_on_error=False)
    async def _consume(self, events: AsyncGenerator[Event, None]) -> None:
        """Draw a run's events until it ends or is stopped."""
        self._began = time.monotonic()
        try:
            async for event in events:
                self.view = apply(self.view, event)
                await self._draw()
        except asyncio.CancelledError:
            self.view = stopped(self.view)
            raise
        finally:
            await events.aclose()
            await self._draw()
        if self._queued:
            question = self._queued
            self._queue("")
            self.call_later(self._ask, question)

    async def _draw(self) -> None:
        if not self.is_running:
            return
        await self.query_one(Conversation).show(self.view)
        self.query_one(Findings).show(self.view)
        self._draw_lines()

    def _draw_lines(self) -> None:
        if not self.query("#status"):
            return
        narrow = self.size.width < 110
        elapsed = time.monotonic() - self._began
        self.query_one("#status", Static).update(draw.status(self.view, elapsed, self._note, narrow=narrow))
        self.query_one("#privacy", Static).update(draw.privacy(self.view, narrow=narrow))

    def _tick(self) -> None:
        if self._note and time.monotonic() - self._esc_at > _ESC_WINDOW_S:
            self._note = ""
            self._draw_lines()
        elif self.view.is_busy:
            self._draw_lines()

    def _say(self, note: str) -> None:
        self._note, self._esc_at = note, time.monotonic()
        self._draw_lines()

    def action_step_back(self) -> None:
        """Esc: drop the queued question, then ask, then stop. Never quits, never loses work."""
        if self._queued:
            self._queue("")
        elif not self.view.is_busy:
            self.query_one(Prompt).focus()
        elif self._note and time.monotonic() - self._esc_at < _ESC_WINDOW_S:
            self.view = replace(self.view, phase="stopping")
            self._say("")
            self.workers.cancel_group(self, "run")
        else:
            self._say("esc again to stop")

    def action_resume(self) -> None:
        if self._session is not None and self.view.phase in ("stopped", "failed", "partial"):
            self._consume(self._session.resume())
        else:
            self._say("nothing to resume")

    def action_help(self) -> None:
        self.push_screen(HelpScreen())

    def action_chat(self) -> None:
        self.screen.remove_class("mode-findings")
        self.query_one(Prompt).focus()

    def action_findings(self) -> None:
        self.screen.add_class("mode-findings")
        self.query_one("#tree").focus()

    @work(group="ledger", exclusive=True)
    async def action_ledger(self) -> None:
        if self._session is None:
            return
        ledger = self._session.context.gate.ledger
        broken = await asyncio.to_thread(ledger.verify)
        self.push_screen(LedgerScreen(ledger.releases(), broken))

    def action_select(self, step: int) -> None:
        handles = list(self.view.findings)
        if not handles:
            return
        place = handles.index(self.view.selected) if self.view.selected in handles else 0
        self.view = replace(self.view, selected=handles[(place + step) % len(handles)])
        self.query_one(Findings).show(self.view)

    def action_ask_about(self) -> None:
        self.query_one(Findings).ask_about()

    def on_findings_ask_about(self, message: Findings.AskAbout) -> None:
        prompt = self.query_one(Prompt)
        prompt.value = f"How has “{message.row['label']}” developed over time?"
        self.action_chat()

    def action_copy_answer(self) -> None:
        if self.view.turn and self.view.turn.answer:
            self.copy_to_clipboard(self.view.turn.answer)
            self._say("answer copied")

    def action_scroll(self, pages: int) -> None:
        conversation: Any = self.query_one(Conversation)
        if pages < 0:
            conversation.scroll_page_up()
        else:
            conversation.scroll_page_down()

    async def on_unmount(self) -> None:
        if self._session is not None:
            await self._session.close()
