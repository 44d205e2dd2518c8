"""The conversation: one block for a question, one for the agents' work, one for the answer.

It stays at the newest line until the reader scrolls up, and then says how many lines are new. Long sessions keep their
data in the view and only the newest turns as widgets. Widgets here draw what they are given; they compute nothing.
Turns are made of a module of their own (`tui.widgets.turn`), because the first frame must not wait for Markdown.
"""

from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from index.core.untrusted import safe
from tui.state.view import Density, Turn, View
from tui.text.glyphs import Glyphs

if TYPE_CHECKING:
    from tui.widgets.turn import TurnView

KEPT = 30
"""Turns that are widgets; older ones come back a page at a time."""


class Earlier(Static):
    """Says how many turns are not widgets now; a press brings some of them back."""

    class Wanted(Message):
        """The reader asks for earlier turns."""

    def on_click(self) -> None:
        self.post_message(self.Wanted())


class Conversation(VerticalScroll):
    """The chat, and the block cursor over it."""

    can_focus = True
    ALLOW_MAXIMIZE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "app.edit_block", "Edit", id="edit_block"),
        Binding("y", "app.copy_block", "Copy", id="copy_block"),
        Binding("Y,shift+y", "app.copy_turn", "Copy as Markdown", show=False, id="copy_turn"),
        Binding("space", "app.denser", "Expand", id="expand"),
        Binding("enter", "app.open_block", "Open", show=False, id="open_block"),
        Binding("z", "app.zoom_pane", "Zoom", show=False, id="zoom_chat"),
        Binding("r", "app.resume", "Resume", show=False, id="resume_chat"),
        Binding("f", "app.fork", "Fork", show=False, id="fork_chat"),
        Binding("k", "app.block(-1)", "Block up", show=False, id="block_k"),
        Binding("j", "app.block(1)", "Block down", show=False, id="block_j"),
    ]

    class Below(Message):
        """How many lines lie below that the reader has not seen."""

        def __init__(self, lines: int) -> None:
            super().__init__()
            self.lines = lines

    def __init__(self, glyphs: Glyphs, *children: Widget) -> None:
        super().__init__(*children, id="conversation")
        self._glyphs = glyphs
        self._first = 0
        self._seen = 0
        self._turns: tuple[Turn, ...] = ()
        self._density: Density = "normal"
        self.cursor: Widget | None = None

    def compose(self) -> ComposeResult:
        yield Earlier("", id="earlier", markup=False)

    @property
    def turn_views(self) -> "list[TurnView]":
        from tui.widgets.turn import TurnView

        return list(self.query(TurnView))

    async def show(self, view: View, now_s: float) -> None:
        """Draw the newest turn, mounting it when it is new."""
        from tui.widgets.turn import TurnView

        has_ended = self._has_ended(view)
        is_followed = self._is_followed
        self._turns = view.turns
        fresh = view.turns[self._first + len(self.turn_views) :]
        if fresh:
            skipped = max(0, len(fresh) - KEPT)
            with self.app.batch_update():
                if skipped:  # none of the widgets there are is among the newest
                    self._first += len(self.turn_views) + skipped
                    await self.query(TurnView).remove()
                added = [TurnView(turn, self._glyphs) for turn in fresh[-KEPT:]]
                await self.mount(*added)
                for shown in added[:-1]:
                    await shown.show(shown.turn, 0.0, view.density, self._width)
                await self._drop()
        shown_turns = self.turn_views
        if view.turns:
            await shown_turns[-1].show(view.turns[-1], now_s, view.density, self._width)
        for shown, turn in zip(shown_turns[:-1], view.turns[self._first :], strict=False):
            if turn is not shown.turn or view.density != self._density:
                await shown.show(turn, 0.0, view.density, self._width)
        self._density = view.density
        self._say_earlier()
        self.call_after_refresh(self._count_below)
        if has_ended and is_followed:
            self.call_after_refresh(self._land)

    def on_resize(self) -> None:
        self.call_after_refresh(self._refit)

    async def _refit(self) -> None:
        """Draw for another width what was drawn for one."""
        for shown in self.turn_views:
            if shown.query(".closing"):  # else it is being made
                await shown.show(shown.turn, 0.0, self._density, self._width)

    def _has_ended(self, view: View) -> bool:
        """Whether the newest turn has ended since it was last drawn."""
        before = self._turns[-1] if len(self._turns) == len(view.turns) and self._turns else None
        return bool(view.turns and view.turns[-1].ended and not (before is not None and before.ended))

    @property
    def _is_followed(self) -> bool:
        """Whether the reader is at the newest line and has not scrolled away from it."""
        return not (self.is_anchored and self._anchor_released)

    def _land(self) -> None:
        """Put the beginning of the newest turn at the upper edge, where it is longer than the chat is high."""
        if self.turn_views and self.turn_views[-1].size.height >= self.scrollable_content_region.height:
            self.scroll_to_widget(self.turn_views[-1], animate=False, top=True)

    def tick(self, view: View, now_s: float) -> None:
        """Let the clocks of running rows run."""
        if view.turn is not None and self.turn_views:
            self.turn_views[-1].draw_timeline(view.turn, now_s, view.density, self._width)

    @property
    def _width(self) -> int:
        """Cells of a block: the chat without the block's edge and padding."""
        return (self.scrollable_content_region.width or self.size.width or 78) - 3

    async def _drop(self) -> None:
        """Let go of the oldest widgets; the view keeps their data."""
        for old in self.turn_views[:-KEPT]:
            self._first += 1
            await old.remove()

    async def bring_back(self) -> None:
        """Mount the turns before the first that is a widget."""
        from tui.widgets.turn import TurnView

        start = max(0, self._first - KEPT // 3)
        added = [TurnView(turn, self._glyphs) for turn in self._turns[start : self._first]]
        if added:
            self.release_anchor()
            self._first = start
            await self.mount(*added, after=self.query_one(Earlier))
            for shown in added:
                await shown.show(shown.turn, 0.0, self._density, self._width)
            self._say_earlier()

    async def go_to(self, place: int) -> None:
        """Bring the turn of this number into view, mounting it if it is not a widget now, and put the cursor on it."""
        while place < self._first:
            await self.bring_back()
        self.release_anchor()
        self.focus()
        shown = self.turn_views[place - self._first]
        self.leave_cursor()
        self.cursor = shown.query_one(".question")
        self.cursor.add_class("-cursor")
        self.call_after_refresh(self.scroll_to_widget, shown, animate=False, top=True)

    def newest(self) -> None:
        """To the newest line, and stay there."""
        self.anchor()

    def forget(self) -> None:
        """Start anew with another session's turns."""
        self._first, self._seen, self.cursor = 0, 0, None

    def _say_earlier(self) -> None:
        line = self.query_one(Earlier)
        line.display = self._first > 0
        line.update(f"{self._glyphs.up} {self._first} earlier questions · press here, or home twice")

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._count_below()

    def _count_below(self) -> None:
        is_tall = self.virtual_size.height > self.scrollable_content_region.height
        if is_tall != self.is_anchored:  # what is anchored and short would hang at the lower edge
            self.anchor(is_tall)
            if not is_tall:
                self.scroll_home(animate=False)
        if self.is_vertical_scroll_end:
            self._seen = self.virtual_size.height
        self.post_message(self.Below(max(0, self.virtual_size.height - self._seen)))

    def move_cursor(self, step: int) -> None:
        """Select the block above or below; blocks with nothing in them are passed over."""
        blocks = [block for block in self.query(".block") if block.size.height]
        if not blocks:
            return
        place = blocks.index(self.cursor) if self.cursor in blocks else len(blocks) - (0 if step < 0 else 1)
        self.leave_cursor()
        self.cursor = blocks[max(0, min(len(blocks) - 1, place + step))]
        self.cursor.add_class("-cursor")
        self.scroll_to_widget(self.cursor, animate=False)

    def leave_cursor(self) -> None:
        if self.cursor is not None:
            self.cursor.remove_class("-cursor")
        self.cursor = None

    def block_text(self, *, whole: bool = False) -> str:
        """The selected block as text (the last answer where none is selected); `whole`: its turn as Markdown."""
        shown = self._cursor_turn()
        if shown is None:
            return ""
        if whole:
            return f"**{safe(shown.turn.question)}**\n\n{safe(shown.turn.answer)}\n"
        if self.cursor is not None and self.cursor.has_class("question"):
            return safe(shown.turn.question)
        if self.cursor is not None and self.cursor.has_class("timeline"):
            return str(shown.query_one(".timeline", Static).visual)
        return safe(shown.turn.answer)

    @property
    def place(self) -> int:
        """The number of the turn that the block cursor is in, else of the newest."""
        shown = self._cursor_turn()
        return self._first + self.turn_views.index(shown) if shown is not None else -1

    def _cursor_turn(self) -> "TurnView | None":
        from tui.widgets.turn import TurnView

        if self.cursor is not None and isinstance(self.cursor.parent, TurnView):
            return self.cursor.parent
        return self.turn_views[-1] if self.turn_views else None

    def on_click(self, event: events.Click) -> None:
        """A press on a block puts the cursor there."""
        block = event.widget
        while block is not None and block is not self and not block.has_class("block"):
            block = block.parent if isinstance(block.parent, Widget) else None
        if block is not None and block is not self:
            self.leave_cursor()
            self.cursor = block
            block.add_class("-cursor")
            if block.has_class("fold"):
                self.app.call_later(self.app.run_action, "open_block")
