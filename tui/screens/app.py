"""The terminal UI: the desk with its keys and its side screens.

Every key is an action of `tui.state.actions`; footer, palette, help and the analyst's own keys read that list. Nothing here
computes: it changes the view by the functions of `tui.state.reduce`, opens a screen, or hands text to a file.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import constants, work
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.events import Key
from textual.screen import ModalScreen, Screen

from index.core.errors import ShoalError
from index.core.untrusted import safe_json
from tui.screens.commands import Commands
from tui.screens.panels import ConfirmScreen, HelpScreen
from tui.screens.saving import Form
from tui.state import commands, preferences, reduce
from tui.state.actions import ACTIONS, BY_ID, OPENING, working
from tui.state.view import View
from tui.text.glyphs import ASCII
from tui.widgets.chat import Conversation
from tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from agent.engine.asking import AskingSession
    from agent.storage.cases import Asked, Case, CaseStore
    from agent.storage.links import Link
    from agent.storage.session_store import SessionStore, StoredRun
    from agent.wiring import App as Started
    from tui.screens.settings import SettingsScreen

_ESC_WINDOW_S = 3.0
_EVERYWHERE = ("leave", "copy_or_clear")
"""What works under a dialog too."""
_CALLS = frozenset(action.call.partition("(")[0] for action in ACTIONS)


class ShoalApp(Commands):
    """The investigation desk."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(item.key, item.call, item.label, show=item.in_footer, priority=item.priority, id=item.id)
        for item in ACTIONS
        if item.key
    ]
    _esc_at = float("-inf")
    link: "Link | None" = None
    """Where to go once the desk is open."""

    @classmethod
    def for_terminal(cls, started: "Started", *, built_in: bool, link: "Link | None" = None) -> "ShoalApp":
        """The desk as this terminal and its analyst want it. `link`: where it opens."""
        known = frozenset(cls.theme_names())
        wishes = preferences.load(started.home.root, known, frozenset(BY_ID))
        made = cls(started, built_in=built_in, preferences=wishes, glyphs=preferences.signs(wishes))
        made.link = link
        return made

    @staticmethod
    def theme_names() -> Iterable[str]:
        from textual.theme import BUILTIN_THEMES

        return BUILTIN_THEMES

    def on_mount(self) -> None:
        self._wear()  # the desk's own on_mount is called too: the library calls that of every class

    def _wear(self) -> None:
        """Theme, keys and motion as the analyst likes them."""
        self.theme = self.preferences.theme
        self.set_class(self.glyphs is ASCII, "-ascii")
        self.set_keymap(dict(self.preferences.keys))
        self.animation_level = constants.TEXTUAL_ANIMATIONS if self.preferences.motion else "none"
        self.desk.query_one(Prompt).cursor_blink = self.preferences.motion

    def opens_screen(self, event: Key) -> bool:
        """Whether a key opens a screen: by an action, or by the command that enter sends."""
        if isinstance(self.screen, ModalScreen):
            return False
        if event.key == "enter" and isinstance(prompt := self.focused, Prompt):
            command = commands.read(prompt.value)
            return command is not None and command.action is not None and command.action.opens
        bound = self.active_bindings.get(event.key)
        return bound is not None and bound.enabled and bound.binding.action.removeprefix("app.") in OPENING

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: what works now, and nothing else; then the themes."""
        if isinstance(screen, ModalScreen):
            return
        for action in working(self.view):
            yield SystemCommand(action.label, f"{action.says} ({self._key(action.id)})", self._runner(action.call))
        yield SystemCommand(
            "Theme", "Another set of colours, light, dark or the terminal's own", self.action_change_theme
        )

    def _runner(self, call: str) -> Callable[[], object]:
        return lambda: self.call_later(self.run_action, call)

    def _key(self, action: str) -> str:
        return self.preferences.keys.get(action, BY_ID[action].shown_key)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys in the footer are those that do something now."""
        if action == "step_back":
            return True
        if isinstance(self.screen, ModalScreen) and action not in _EVERYWHERE:
            return action not in _CALLS  # what the desk does is not done behind a dialog
        if action == "copy_block":
            return bool(self.view.turns)
        call = f"{action}({', '.join(repr(value) for value in parameters)})" if parameters else action
        found = next((item for item in ACTIONS if item.call == call), None)
        return found is None or found.works(self.view)

    def action_step_back(self) -> None:
        """Esc: restore a maximized pane, drop the queued question, leave the block cursor; then ask, then stop."""
        chat = self.desk.query_one(Conversation)
        if self.desk.maximized is not None:
            self._zoom(None)
        elif self._queued:
            self._queue("")
        elif chat.cursor is not None:
            chat.leave_cursor()
            self.action_chat()
        elif not self.view.is_busy:
            self.action_chat()
        elif self._clock() - self._esc_at < _ESC_WINDOW_S:
            self._stop()
        else:
            self._esc_at = self._clock()
            self._say("esc again to stop")

    def _stop(self) -> None:
        self._esc_at = float("-inf")
        self.view = reduce.stopping(self.view)
        self.desk.query_one(Conversation).tick(self.view, self._now_s)
        self._say("")
        self.workers.cancel_group(self, "run")

    def action_resume(self) -> None:
        if self._session is not None and (self.view.can_resume or self.view.phase == "viewing"):
            self._enable(True)
            prompt, turn = self.desk.query_one(Prompt), self.view.turn
            if turn is not None and prompt.value == turn.question:
                prompt.value = ""
            self._consume(self._session.resume())
        else:
            self._say("nothing to resume")

    def action_demo(self) -> None:
        """The bundled demo, indexed if need be; the session that was is kept."""
        from agent.services.oversight import newest_snapshot
        from agent.wiring import DEMO

        app = self._started.on_index(str(self._started.home.index_path(DEMO)))
        if newest_snapshot(app):
            self._go_to(app)
        else:
            self._ingest(app, demo=True)

    @work(group="switch", exclusive=True, exit_on_error=False)
    async def _go_to(self, app: "Started") -> None:
        await self._switch(app, built_in=True)

    def action_ingest(self, path: str = "") -> None:
        self._ingest(self._started, demo=False, path=path)

    @work(group="ingest", exclusive=True, exit_on_error=False)
    async def _ingest(self, into: "Started", *, demo: bool, path: str = "") -> None:
        """Take data in; then open the index that it went to. The session goes on where that is its own."""
        from tui.screens.ingest import IngestScreen

        screen = IngestScreen(into, built_in=self._built_in, demo=demo, path=path)
        app = await self.push_screen_wait(screen)
        if app is None:
            return
        if app.path == self._started.path:
            await self._reopen()
        else:
            await self._switch(app, built_in=demo or self._built_in)

    def action_newest(self) -> None:
        if self.view.is_outdated and not self.view.is_busy:
            self._reopen_index()

    @work(group="switch", exclusive=True, exit_on_error=False)
    async def _reopen_index(self) -> None:
        """Open what is published now, and go on in the same session."""
        await self._reopen()

    @work(group="help", exclusive=True)
    async def action_help(self) -> None:
        keys = {action.id: self._key(action.id) for action in ACTIONS}
        found = {
            binding.description: binding.key_display or binding.key
            for _, binding, enabled, _ in reversed(self.screen.active_bindings.values())
            if enabled and binding.id and binding.id not in BY_ID and not binding.id.startswith("depth_")
        }
        here = [(key, label) for label, key in reversed(found.items())]
        call = await self.push_screen_wait(HelpScreen(working(self.view), keys, here))
        if call and call.startswith(HelpScreen.ASK):
            self.desk.query_one(Prompt).value = call.removeprefix(HelpScreen.ASK)
            self.action_chat()
        elif call:
            await self.run_action(call)

    def action_settings(self) -> None:
        from tui.screens.settings import SettingsScreen

        home, themes = self._started.home.root, list(self.theme_names())
        wishes = self.preferences.with_values(theme=self.theme)
        self.push_screen(SettingsScreen(self._started.settings, home, self.view.policy, wishes, themes))

    def on_settings_screen_preferred(self, message: "SettingsScreen.Preferred") -> None:
        """Look so from now on, and at every start."""
        preferences.save(self._started.home.root, message.wishes)
        self.preferences = message.wishes
        self._wear()

    @work(group="ledger", exclusive=True)
    async def action_ledger(self) -> None:
        if self._session is None:
            return
        from tui.screens.ledger import LedgerScreen

        reading = await asyncio.to_thread(self._session.read_ledger)
        self.push_screen(LedgerScreen(reading.releases, reading.broken, self._save))

    @work(group="cases", exclusive=True)
    async def action_cases(self, case: str = "") -> None:
        from tui.screens.cases import CasesScreen

        with closing(self._started.cases()) as cases, closing(self._started.store()) as store:
            known = store.released(self._session.id) if self._session is not None and self.view.turns else []
            shown = next((item for item in known if item.finding["id"] == self.view.selected), None)
            await self.push_screen_wait(
                CasesScreen(
                    cases, self._started.path, shown, lambda case: self._asked_again(cases, case), self._save, case
                )
            )

    async def _asked_again(self, cases: "CaseStore", case: "Case") -> "list[Asked]":
        """With tools of its own, so that the session's run keeps its name in the ledger."""
        from agent.services.cases import rerun

        return await rerun(self._started, cases, case)

    @work(group="find", exclusive=True)
    async def action_find(self, words: str = "") -> None:
        from tui.screens.panels import FindScreen

        place = await self.push_screen_wait(FindScreen(self.view.turns, words))
        if place is not None:
            await self.desk.query_one(Conversation).go_to(place)

    @work(group="jump", exclusive=True)
    async def action_jump(self) -> None:
        from tui.screens import jump

        if isinstance(self.screen, ModalScreen):
            return
        letter = await self.push_screen_wait(jump.JumpScreen(jump.places(self.desk)))
        if letter:
            jump.go(self.desk, letter)

    def action_log(self) -> None:
        from tui.screens.log import LogScreen

        self.push_screen(LogScreen(self.view, self._save))

    @work(group="sessions", exclusive=True)
    async def action_sessions(self) -> None:
        from tui.screens.sessions import SessionsScreen

        if self.view.is_busy:
            self._say("a run is on; stop it first")
            return
        with closing(self._started.store()) as store:
            current = self._session.id if self._session is not None else ""
            wanted = await self.push_screen_wait(SessionsScreen(store, current))
            if wanted:
                await self._take_up_from(store, wanted)

    async def _take_up_from(self, store: "SessionStore", session: str, finding: str = "") -> None:
        runs = list(reversed(store.runs(session)))
        stored = [(run.state, list(store.events(run.run))) for run in runs]
        await self._take_up(session, stored, runs[-1], finding)

    def arrived(self) -> None:
        link, self.link = self.link, None
        if link is not None:
            self._follow(link)

    @work(group="link", exclusive=True)
    async def _follow(self, link: "Link") -> None:
        """Show what a link leads to; that it is there was looked up before the screen was opened."""
        if link.kind == "case":
            self.action_cases(link.id)
            return
        with closing(self._started.store()) as store:
            await self._take_up_from(store, link.id, link.part)

    async def _take_up(
        self, session: str, stored: list[tuple[str, list[dict[str, object]]]], last: "StoredRun", finding: str = ""
    ) -> None:
        """Show a stored session as it was, and go on in it where there is an index to ask: its own."""
        still_on = last.state == "running"
        if self._session is None or Path(last.index_path) != self._started.path:
            await self._leave_session()
            self._started = self._started.on_index(last.index_path)
            self.view = View(index=self._started.path.name)
            try:
                self._session = await asyncio.to_thread(self._started.asking_session, built_in=self._built_in)
                self._opened(self._session)
            except ShoalError as error:
                self._cannot_ask(error)
        facts = replace(self.view, turns=(), findings={}, selected=None, pinned=None, is_chosen=False, wait=None)
        self.view = reduce.selecting(reduce.replay_runs(facts, stored), finding)
        await self._empty_chat()
        self._clear_welcome()
        if still_on or self._session is None:
            self.view = replace(self.view, phase="viewing")
            reason = "f forks it, f5 takes it over" if self._session else "there is no index to ask"
            self._enable(False, f"read only: its last run has not ended; {reason}" if still_on else reason)
        else:
            self._enable(True)
        if self._session is not None:
            self._session.reopen(session)
        await self._draw()

    def action_fork(self) -> None:
        """Go on in a copy: what was found stays as context, what comes is another session."""
        if self._session is not None and self.view.phase == "viewing":
            self._session.id = f"s-{secrets.token_hex(4)}"
            self._session.last_run = None
            self.view = replace(self.view, phase="ready")
            self._enable(True)
            self._say("session forked")

    def action_export(self, file: str = "") -> None:
        """Save the session: as a dialog asks, or at once where a file is named."""
        if self._session is not None:
            forms, stem = self._forms(self._session), f"shoal-{self._session.id}"
            self._save("Export this session", stem, forms, Path(file).expanduser() if file else None)

    def _forms(self, session: "AskingSession") -> tuple[Form, ...]:
        from agent.storage.export import document
        from tui.screens.saving import forms_of

        def events() -> str:
            stored = (
                event for run in reversed(session.store.runs(session.id)) for event in session.store.events(run.run)
            )
            return "".join(f"{safe_json(event)}\n" for event in stored)

        return (
            *forms_of(lambda: document(session.store, session.id)),
            Form(".jsonl", "JSON events", "one event a line, what --json prints", events),
            Form(".screen.svg", "SVG", "a picture of the screen", lambda: self.export_screenshot(title="shoal")),
        )

    @work(group="leave", exclusive=True)
    async def action_leave(self) -> None:
        """Quit; while a run is on, ask first. The session's id is printed, so that it can be found again."""
        if self.view.is_busy and not await self.push_screen_wait(
            ConfirmScreen("A run is on. Quit? What is finished is kept and can be resumed.")
        ):
            return
        kept = self._session is not None and bool(self.view.turns)
        self.exit(message=f"Session {self._session.id}: ctrl+r in shoal opens it." if kept and self._session else None)

    async def on_unmount(self) -> None:
        if self._session is not None:
            await self._session.close()
