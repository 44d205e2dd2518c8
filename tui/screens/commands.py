"""What the commands of the prompt do that have no screen of their own: open, new, index, model, themes, history.

Each is an action of `tui.state.actions`, so the palette runs them too. A command is never a question: nothing of it is stored.
"""

import asyncio
from typing import TYPE_CHECKING, Any

from textual import work

from index.core.untrusted import safe
from tui.screens.choose import Choice, ChooseScreen, RenameScreen, ThemesScreen
from tui.screens.reading import Reading
from tui.state import commands, reduce
from tui.state.view import View
from tui.widgets.chat import Conversation
from tui.widgets.findings_pane import Findings
from tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from agent.services.indexes import IndexEntry
    from agent.wiring import App as Started

_NEW = "+"
"""The choice that makes a new index."""


class Commands(Reading):
    """The desk with its commands."""

    def offers(self, text: str) -> list[commands.Offer]:
        """What the prompt can offer for a text."""
        given = {
            "open": [(handle, str(finding["title"])) for handle, finding in self.view.findings.items()],
            "model": [("built-in", "rules; no network, no key"), ("model", "the model of your settings")],
            "index": [(name, "") for name in self._others],
        }
        return commands.offers(text, self.view, given)

    async def run_command(self, command: commands.Command) -> bool:
        """Do what a command says. False: it could not be done, and what was typed stays."""
        action = command.action
        if action is None:
            self._warn(f"there is no command /{safe(command.name)}; /help lists them")
            return False
        if not action.works(self.view):
            self._warn(f"/{action.slash} does nothing now")
            return False
        if action.needs and not command.rest:
            self._warn(f"write /{action.slash} {action.takes}")
            return False
        if command.rest and not action.takes:
            self._warn(f"/{action.slash} takes nothing after it")
            return False
        if command.rest:
            getattr(self, f"action_{action.call}")(command.rest)
        else:
            self.call_later(self.run_action, action.call)
        return True

    def action_open_finding(self, handle: str = "") -> None:
        """Show a finding by its handle."""
        handle = handle.strip("[]").upper()
        if handle not in self.view.findings:
            self._warn(f"there is no finding {safe(handle)} in this session")
            return
        self.view = reduce.selecting(self.view, handle)
        self.desk.query_one(Findings).show(self.view)
        self.action_findings()

    @work(group="switch", exclusive=True, exit_on_error=False)
    async def action_new_session(self) -> None:
        """Begin anew on the same index; the session that was is kept."""
        await self._switch(self._started, built_in=self._built_in)
        self._say("a new session; the one before is in ctrl+r")

    @work(group="switch", exclusive=True, exit_on_error=False)
    async def action_index(self, name: str = "") -> None:
        """Open another index, by its name or path, or make one."""
        from agent.services.indexes import index_paths, indexes

        if not name:
            found = await asyncio.to_thread(indexes, self._started)
            open_now = str(self._started.path)
            choices = [Choice(item.path, _index_line(item, is_open=item.path == open_now)) for item in found]
            choices.append(Choice(_NEW, "+ a new index: take in a file of conversations"))
            chosen = await self.push_screen_wait(ChooseScreen("Indexes", choices, "enter opens it · esc closes"))
            name = chosen or ""
        if name == _NEW:
            await self.run_action("ingest")
        elif name:
            path = self._started.home.index_path(name)
            if (path / "index.toml").exists():
                await self._switch(self._started.on_index(str(path)), built_in=self._built_in)
            else:
                names = ", ".join(path.name for path in index_paths(self._started)) or "none"
                self._warn(f"there is no index {safe(name)}; there are: {safe(names)}")

    @work(group="switch", exclusive=True, exit_on_error=False)
    async def action_model(self, who: str = "") -> None:
        """Say who answers, and change it. The session goes on."""
        settings = self._started.settings
        named = (
            f"{settings.lead_model}, {settings.worker_model}" if settings.has_model else "no key and no endpoint is set"
        )
        if not who:
            answers = "rules" if self._is_built_in else "a model"
            choices = [
                Choice("built-in", "built-in: rules; no network, no key"),
                Choice("model", f"model: {named}"),
            ]
            title = f"Who answers? Now: {answers} ({self.view.roles})"
            chosen = await self.push_screen_wait(ChooseScreen(title, choices, "enter chooses · esc closes"))
            who = chosen or ""
        if who not in ("built-in", "model"):
            if who:
                self._warn("write /model built-in, or /model model")
            return
        if who == "model" and not settings.has_model:
            self._warn("no model is set: set ANTHROPIC_API_KEY or ANTHROPIC_BASE_URL, then start again")
            return
        self._built_in = who == "built-in"
        await self._reopen()

    @property
    def _is_built_in(self) -> bool:
        return not self._started.uses_model(built_in=self._built_in)

    @work(group="themes", exclusive=True, exit_on_error=False)
    async def action_themes(self, words: str = "") -> None:
        """All themes: search, ask about one, rename one."""
        if self._session is None:
            return
        self._say("listing the themes")
        found = await self._session.themes()
        self._say("")
        choices = [_theme(row) for row in found["rows"] if row.get("id")]
        given = " ".join(safe(note) for note in found["notes"])
        from agent.storage.export import themes_document
        from tui.screens.saving import forms_of

        def save() -> None:
            self._save("Export the themes", "shoal-themes", forms_of(lambda: themes_document(found)))

        chosen = await self.push_screen_wait(ThemesScreen(choices, self._renamed, save, words, given))
        name = next((choice.name for choice in choices if choice.key == chosen), "")
        if chosen:
            self.desk.query_one(Prompt).value = f"Open “{safe(name)}”" if name else f"Open {chosen}"
            self.action_chat()

    @work(group="themes", exclusive=True, exit_on_error=False)
    async def action_rename_theme(self) -> None:
        """Rename the theme that the reader stands on in a finding."""
        row = self.desk.query_one(Findings).row
        cluster = str(row.get("id") or "").split(" ")[-1] if row is not None else ""
        if row is None or not cluster:
            self._warn("select a theme first: only themes have names of their own")
            return
        await self._renamed(Choice(cluster, "", str(row["label"])))

    async def _renamed(self, theme: Choice) -> bool:
        """Ask for a name and keep it. False where nothing was kept."""
        session = self._session
        if session is None:
            return False

        async def keep(name: str) -> str:
            return await asyncio.to_thread(session.rename_theme, theme.key, name)

        kept = await self.push_screen_wait(RenameScreen(theme.key, theme.name, keep))
        if kept:
            self.notify(f"{theme.key}: {safe(kept)}\nFindings from now on say so.", title="renamed", markup=False)
        return bool(kept)

    @work(group="history", exclusive=True)
    async def action_history(self, words: str = "") -> None:
        """Find an earlier question of any session, and put it into the prompt."""
        asked = list(reversed(self.desk.query_one(Prompt).asked))
        chosen = await self.push_screen_wait(
            ChooseScreen(
                "Earlier questions",
                [Choice(text, text) for text in asked],
                "enter puts it into the prompt",
                words=words,
            )
        )
        if chosen:
            self.desk.query_one(Prompt).value = chosen
            self.action_chat()

    async def _switch(self, app: "Started", *, built_in: bool) -> None:
        """Leave the session, and begin one on an index."""
        await self._leave_session()
        self._started, self._built_in, self._goes_on = app, built_in, ""
        self.view = View(index=app.path.name)
        await self._empty_chat()
        await self._welcome_back()
        await self._draw()
        self._open()

    async def _reopen(self) -> None:
        """Open the index anew, and go on in the same session."""
        left = await self._leave_session()
        self._goes_on = left if self.view.turns else ""
        self._open()

    async def _leave_session(self) -> str:
        """Close the session, and stop what is still being read for it; its id, empty where there was none."""
        self.workers.cancel_group(self, "open")
        session, self._session = self._session, None
        if session is None:
            return ""
        await session.close()
        return session.id

    async def _empty_chat(self) -> None:
        """Let go of the turns that are shown."""
        await self.desk.query("TurnView").remove()
        self.desk.query_one(Conversation).forget()


def _index_line(item: "IndexEntry", *, is_open: bool) -> str:
    state = (
        f"{item.conversations:,}+ conversations, published {item.published[:10]}"
        if item.snapshot
        else "nothing published"
    )
    return f"{'* ' if is_open else '  '}{item.name}  {item.problem or state}"


def _theme(row: dict[str, Any]) -> Choice:
    value = row["values"][0]
    count = "suppressed" if value["count"] is None else f"{value['count']:,}"
    indent = "  " if row.get("parent") else ""
    name = safe(row["label"]).replace("\n", " ")
    return Choice(str(row["id"]), f"{count:>10}  {indent}{name}  {row['id']}", name)
