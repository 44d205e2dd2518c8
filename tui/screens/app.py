"""The terminal UI: the desk with its keys and its side screens.

Every key is an action of `tui.state.actions`; footer, palette, help and the analyst's own keys read that list. Nothing here
computes: it changes the view by the functions of `tui.state.reduce`, opens a screen, or hands text to a file.
"""

import asyncio
import json
import secrets
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import constants, work
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen, Screen

from tui.rendering import exporting
from tui.screens.panels import ConfirmScreen, ExportScreen, HelpScreen
from tui.screens.reading import Reading
from tui.state import preferences, reduce
from tui.state.actions import ACTIONS, BY_ID, working
from tui.state.view import View
from tui.text.glyphs import ASCII
from tui.widgets.chat import Conversation
from tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from agent.storage.cases import Asked, Case, CaseStore
    from agent.wiring import App as Started
    from tui.screens.settings import SettingsScreen

_ESC_WINDOW_S = 3.0


class ShoalApp(Reading):
    """The investigation desk."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(item.key, item.call, item.label, show=item.in_footer, priority=item.priority, id=item.id)
        for item in ACTIONS
    ]
    _esc_at = float("-inf")

    @classmethod
    def for_terminal(cls, started: "Started", *, built_in: bool) -> "ShoalApp":
        """The desk as this terminal and its analyst want it."""
        known = frozenset(cls.theme_names())
        wishes = preferences.load(started.home.root, known, frozenset(BY_ID))
        return cls(started, built_in=built_in, preferences=wishes, glyphs=preferences.signs(wishes))

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
        return self.preferences.keys.get(action, BY_ID[action].key)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys in the footer are those that do something now."""
        if action == "step_back":
            return True
        if action == "copy_block":
            return bool(self.view.turns)
        call = f"{action}({', '.join(repr(value) for value in parameters)})" if parameters else action
        found = next((item for item in ACTIONS if item.call == call), None)
        return found is None or found.works(self.view)

    def action_step_back(self) -> None:
        """Esc: restore a maximized pane, drop the queued question, leave the block cursor; then ask, then stop."""
        chat = self.desk.query_one(Conversation)
        if self.desk.maximized is not None:
            self.desk.minimize()
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
            self._consume(self._session.resume())
        else:
            self._say("nothing to resume")

    def action_demo(self) -> None:
        """From a first run: the bundled demo, indexed if need be."""
        if self.view.phase == "no index":
            from agent.services.oversight import newest_snapshot
            from agent.wiring import DEMO, App

            self._started, self._built_in = App.start(DEMO), True
            self._open() if newest_snapshot(self._started) else self._ingest(demo=True)

    def action_ingest(self) -> None:
        if not self.view.is_busy:
            self._ingest(demo=False)

    def _ingest(self, *, demo: bool) -> None:
        from tui.screens.ingest import IngestScreen

        def taken(is_published: bool | None) -> None:
            if is_published:
                self._reopen_index()

        self.push_screen(IngestScreen(self._started, built_in=self._built_in, demo=demo), taken)

    def action_newest(self) -> None:
        if self.view.is_outdated and not self.view.is_busy:
            self._reopen_index()

    @work(group="open", exclusive=True)
    async def _reopen_index(self) -> None:
        """Open what is published now, and go on in the same session."""
        if self._session is not None:
            session, self._session = self._session, None
            self._goes_on = session.id if self.view.turns else ""
            await session.close()
        self._open()

    @work(group="help", exclusive=True)
    async def action_help(self) -> None:
        keys = {action.id: self._key(action.id) for action in ACTIONS}
        here = [
            (binding.key_display or binding.key, binding.description)
            for _, binding, enabled, _ in self.screen.active_bindings.values()
            if enabled and binding.id and binding.id not in BY_ID and not binding.id.startswith("depth_")
        ]
        call = await self.push_screen_wait(HelpScreen(working(self.view), keys, here))
        if call:
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
    async def action_cases(self) -> None:
        from tui.screens.cases import CasesScreen

        with closing(self._started.cases()) as cases, closing(self._started.store()) as store:
            known = store.released(self._session.id) if self._session is not None and self.view.turns else []
            shown = next((item for item in known if item.finding["id"] == self.view.selected), None)
            await self.push_screen_wait(
                CasesScreen(cases, self._started.path, shown, lambda case: self._asked_again(cases, case))
            )

    async def _asked_again(self, cases: "CaseStore", case: "Case") -> "list[Asked]":
        """With tools of its own, so that the session's run keeps its name in the ledger."""
        from agent.services.cases import rerun

        return await rerun(self._started, cases, case)

    @work(group="find", exclusive=True)
    async def action_find(self) -> None:
        from tui.screens.panels import FindScreen

        place = await self.push_screen_wait(FindScreen(self.view.turns))
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
                runs = list(reversed(store.runs(wanted)))
                stored = [event for run in runs for event in store.events(run.run)]
                await self._take_up(wanted, stored, still_on=runs[-1].state == "running")

    async def _take_up(self, session: str, stored: list[dict[str, object]], *, still_on: bool) -> None:
        """Show a stored session as it was, and go on in it where there is an index to ask."""
        facts = replace(View(), index=self.view.index, policy=self.view.policy, snapshot=self.view.snapshot)
        facts = replace(facts, is_keyless=self.view.is_keyless, age_days=self.view.age_days, roles=self.view.roles)
        self.view = reduce.replay(facts, stored)
        await self.desk.query("TurnView").remove()
        self.desk.query_one(Conversation).forget()
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

    @work(group="export", exclusive=True)
    async def action_export(self) -> None:
        form = await self.push_screen_wait(ExportScreen())
        stamp = self.view.turns[-1].run if self.view.turns else "empty"
        if form == "markdown":
            self._save(f"shoal-{stamp}.md", exporting.markdown(self.view))
        elif form == "csv":
            self._save(f"shoal-{stamp}.csv", exporting.findings_csv(self.view))
        elif form == "svg":
            self._save(f"shoal-{stamp}.svg", self.export_screenshot(title="shoal"))
        elif form == "json" and self._session is not None:
            store = self._session.store
            runs = reversed(store.runs(self._session.id))
            lines = [json.dumps(event, ensure_ascii=False) for run in runs for event in store.events(run.run)]
            self._save(f"shoal-{stamp}.jsonl", "\n".join(lines) + "\n")

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
