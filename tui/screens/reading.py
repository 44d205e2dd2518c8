"""What a reader does at the desk: go through blocks and findings, open a cited one, ask about a row, copy, save.

It changes the view by the functions of `tui.state.reduce` and hands text to the clipboard or a file; it starts no run.
"""

import io
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work
from textual.widgets import Static, TextArea

from index.core.untrusted import safe
from tui.rendering import exporting
from tui.screens.desk import Desk
from tui.state import reduce
from tui.text.clipboard import copy, tool
from tui.widgets.chat import Conversation, Earlier
from tui.widgets.findings_pane import Findings
from tui.widgets.map import DensityMap
from tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from textual.widgets import Markdown


class Reading(Desk):
    """The desk with everything that needs no run."""

    def action_chat(self) -> None:
        self.desk.remove_class("mode-findings")
        prompt = self.desk.query_one(Prompt)
        (self.desk.query_one(Conversation) if prompt.disabled else prompt).focus()

    def action_findings(self) -> None:
        self.desk.add_class("mode-findings")
        self.desk.query_one(Findings).focus_inside()

    async def action_denser(self) -> None:
        self.view = reduce.denser(self.view)
        await self._draw()

    def action_beside(self, step: int) -> None:
        self.view = reduce.beside(self.view, step)
        self.desk.query_one(Findings).show(self.view)

    def on_markdown_link_clicked(self, message: "Markdown.LinkClicked") -> None:
        """A handle in an answer opens its finding; no other address leads anywhere."""
        from tui.text import inert

        handle = inert.pressed(message.href)
        if handle is not None and handle in self.view.findings:
            self.view = reduce.selecting(self.view, handle)
            self.desk.query_one(Findings).show(self.view)
            self.action_findings()

    def action_open_block(self) -> None:
        """Enter on a block: the first finding that it cites."""
        cited = [handle for handle in self.view.findings if handle in self.desk.query_one(Conversation).block_text()]
        if cited:
            self.view = reduce.selecting(self.view, cited[0])
            self.desk.query_one(Findings).show(self.view)
            self.action_findings()

    def action_ask_about(self) -> None:
        row = self.desk.query_one(Findings).row
        if row is None:
            self._say("select a row first")
            return
        if self.desk.maximized is not None:
            self.desk.minimize()
        label = safe(row["label"]).replace("\n", " ")
        self.desk.query_one(Prompt).value = f"How has “{label}” developed over time?"
        self.action_chat()

    def on_density_map_chosen(self, message: DensityMap.Chosen) -> None:
        """Open a name of the map: its own map if it was drawn before, else a question that asks for it."""
        if not message.is_opened:
            return
        handle = reduce.map_of(self.view, message.label.id)
        if handle is not None:
            self.view = reduce.selecting(self.view, handle)
            self.desk.query_one(Findings).show(self.view)
            return
        if self.desk.maximized is not None:
            self.desk.minimize()
        self.desk.query_one(Prompt).value = f"Show the map of {safe(message.label.id)}"
        self.action_chat()

    def action_block(self, step: int) -> None:
        chat = self.desk.query_one(Conversation)
        chat.focus()
        chat.move_cursor(step)

    def action_maximize_pane(self) -> None:
        if self.desk.maximized is not None:
            self.desk.minimize()
            return
        pane = self.desk.query_one(Findings)
        inside = self.focused is not None and pane in self.focused.ancestors_with_self
        self.desk.maximize(pane if inside else self.desk.query_one(Conversation), container=False)

    def action_scroll(self, where: str) -> None:
        chat = self.desk.query_one(Conversation)
        {"up": chat.scroll_page_up, "down": chat.scroll_page_down, "home": chat.scroll_home}.get(where, chat.newest)()

    def on_conversation_below(self, message: Conversation.Below) -> None:
        pill = self.desk.query_one("#below", Static)
        pill.set_class(message.lines > 0, "-shown")
        many = "line" if message.lines == 1 else "lines"
        pill.update(f" {self.glyphs.down} {message.lines} new {many} (ctrl+end) ")

    async def on_earlier_wanted(self, _: Earlier.Wanted) -> None:
        await self.desk.query_one(Conversation).bring_back()

    def action_copy_or_clear(self) -> None:
        """Ctrl+C: copy what is selected; else empty the prompt; else say how to quit. It never ends work."""
        focused, prompt = self.focused, self.desk.query_one(Prompt)
        selected = focused.selected_text if isinstance(focused, TextArea) else ""
        selected = selected or self.screen.get_selected_text() or ""
        if selected:
            self._copy(selected)
        elif prompt.value:
            prompt.remember(prompt.value)
            prompt.value = ""
        else:
            self._say("ctrl+q quits; esc esc stops a run")

    def action_copy_answer(self) -> None:
        turn = self.view.turn
        if turn is not None:
            self._copy(exporting.report(self.view) if turn.ended == "failed" else safe(turn.answer))

    def action_copy_block(self) -> None:
        self._copy(self.desk.query_one(Conversation).block_text())

    def action_copy_turn(self) -> None:
        self._copy(self.desk.query_one(Conversation).block_text(whole=True))

    def action_copy_table(self) -> None:
        finding = self.view.findings.get(self.view.selected or "")
        if finding is not None:
            self._copy(exporting.as_tsv(finding))

    @work(group="copy")
    async def _copy(self, text: str) -> None:
        if text:
            self._say(await copy(text, self.copy_to_clipboard, self._exports, tool()))

    @property
    def _exports(self) -> Path:
        return self._started.home.root / "exports"

    def _save(self, name: str, text: str) -> None:
        """To a file of the analyst's own, or to the browser where the screen is in one; it is said where."""
        from index.core.home import private_folder

        folder = private_folder(self._exports)
        if self.is_web:
            self.deliver_text(io.StringIO(text), save_filename=name)
            self._say(f"sent to the browser: {name}")
            return
        file = folder / name
        file.write_text(text, "utf-8")
        file.chmod(0o600)
        self._say(f"saved {name}")
        self.notify(safe(str(file)), title="saved", markup=False)
