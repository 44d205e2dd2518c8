"""What a reader does at the desk: go through blocks and findings, open a cited one, ask about a row, copy.

It changes the view by the functions of `tui.state.reduce` and hands text to the clipboard; it starts no run.
"""

from typing import TYPE_CHECKING

from textual.widget import Widget
from textual.widgets import Static, TextArea

from index.core.untrusted import safe
from tui.rendering import exporting
from tui.screens.desk import WIDE
from tui.screens.saving import Saving
from tui.state import preferences, reduce
from tui.state.preferences import LEAST, MOST
from tui.state.view import Part
from tui.widgets.chat import Conversation, Earlier
from tui.widgets.findings_pane import Findings
from tui.widgets.map import DensityMap
from tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from textual.widgets import Markdown

_TWO_WIDE = 110
"""Columns that two findings need side by side."""


class Reading(Saving):
    """The desk with everything that needs no run."""

    def on_mount(self) -> None:
        self.watch(self.desk, "maximized", self._spread, init=False)  # the library ends a zoom too, at esc

    def action_chat(self) -> None:
        """To the prompt; a zoomed pane would hide it."""
        if self.desk.maximized is self.desk.query_one(Findings):
            self._zoom(None)
        self.desk.remove_class("mode-findings")
        prompt = self.desk.query_one(Prompt)
        (self.desk.query_one(Conversation) if prompt.disabled else prompt).focus()

    def action_findings(self) -> None:
        if self.desk.maximized is self.desk.query_one(Conversation):
            self._zoom(None)
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

    async def action_fold(self, part: Part | None = None) -> None:
        """Open or close a part of the answer under the cursor, else of the newest; None: all its parts."""
        self.view = reduce.folding(self.view, self.desk.query_one(Conversation).place, part)
        await self._draw()

    def action_edit_block(self) -> None:
        """The question under the cursor, else the last one, into the prompt to be changed and asked again."""
        place, prompt = self.desk.query_one(Conversation).place, self.desk.query_one(Prompt)
        if self.view.turns and not prompt.disabled:
            prompt.value = self.view.turns[place].question
            prompt.focus()

    async def action_open_block(self) -> None:
        """Enter on a block: open or close a folded part; else the first finding that the block cites."""
        if isinstance(line := self.desk.query_one(Conversation).cursor, Widget) and line.has_class("fold"):
            await self.action_fold(getattr(line, "part", None))
            return
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
        label = safe(row["label"]).replace("\n", " ")
        self.desk.query_one(Prompt).value = f"How has “{label}” developed over time?"
        self.action_chat()

    def on_density_map_chosen(self, message: DensityMap.Chosen) -> None:
        """Open a name of the map: its own map if it was drawn before, else a question that asks for it."""
        if not message.is_opened:
            return
        handle = reduce.map_of(self.view, message.area.id)
        if handle is not None:
            self.view = reduce.selecting(self.view, handle)
            self.desk.query_one(Findings).show(self.view)
            return
        self.desk.query_one(Prompt).value = f"Show the map of {safe(message.area.id)}"
        self.action_chat()

    def action_pin(self) -> None:
        """Keep the finding that is shown beside the next ones, over the whole screen where the pane is small; and back."""
        self.view = reduce.pinning(self.view)
        pane = self.desk.query_one(Findings)
        pane.show(self.view)
        if self.view.pinned and pane.size.width < _TWO_WIDE and self.desk.maximized is None:
            self._zoom(pane)
        self._say(f"{self.view.pinned} stays; [ and ] change the other one, v closes it" if self.view.pinned else "")

    def action_widen(self, step: int) -> None:
        """Give the findings more of the width, or less."""
        if self.desk.maximized is not None or self.size.width < WIDE:
            self._say("the whole screen is the findings' now; z gives the chat its part back")
            return
        self._share(self.preferences.findings + step)
        preferences.save(self._started.home.root, self.preferences)

    def on_findings_dragged(self, message: Findings.Dragged) -> None:
        """The edge between chat and findings follows the pointer."""
        self._share(round(100 * (1 - message.column / max(1, self.size.width))))
        if message.is_done:
            preferences.save(self._started.home.root, self.preferences)

    def _share(self, percent: int) -> None:
        self.preferences = self.preferences.with_values(findings=max(LEAST, min(MOST, percent)))
        self._spread()

    def on_resize(self) -> None:
        self._spread()

    def _spread(self) -> None:
        """Part the width between chat and findings, where both are shown."""
        percent = self.preferences.findings
        is_wide = self.size.width >= WIDE
        for name, share in (("#talk", 100 - percent), ("#findings", percent)):
            for pane in self.desk.query(name):
                # A pane that is alone must have one part of the width: with several it is wider than the screen.
                alone = self.desk.maximized is pane
                pane.styles.width = "1fr" if alone else f"{share}fr" if is_wide else None

    def action_block(self, step: int) -> None:
        chat = self.desk.query_one(Conversation)
        chat.focus()
        chat.move_cursor(step)

    def action_zoom_pane(self) -> None:
        """The pane with the focus over the whole screen, and back."""
        if self.desk.maximized is not None:
            self._zoom(None)
            return
        pane = self.desk.query_one(Findings)
        inside = self.focused is not None and pane in self.focused.ancestors_with_self
        self._zoom(pane if inside else self.desk.query_one(Conversation))

    def _zoom(self, pane: Widget | None) -> None:
        """This pane over the whole screen; None: all of them again."""
        if pane is None:
            self.desk.minimize()
        else:
            self.desk.maximize(pane, container=False)

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
