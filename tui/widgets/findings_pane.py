"""What was released, beside the chat: one finding at a time, or two side by side, and the keys that go through them.

The pane stands from the first frame on; what it holds (`tui.widgets.finding_tabs`) is made when that frame is drawn. It shows
findings only, the one that the view selects and the one that it keeps beside it.
"""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message

from tui.state.view import View
from tui.text.glyphs import Glyphs

if TYPE_CHECKING:
    from tui.widgets.finding_tabs import Found


class Findings(Vertical):
    """The pane. Its left edge can be dragged."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "app.ask_about", "Ask about", show=False, id="ask_about"),
        Binding("z", "app.zoom_pane", "Zoom", id="zoom"),
        Binding("v", "app.pin", "Side by side", show=False, id="pin"),
        Binding("left_square_bracket", "app.beside(-1)", "Previous", show=False, key_display="[", id="previous"),
        Binding("right_square_bracket", "app.beside(1)", "Next", key_display="]", id="next"),
        Binding("less_than_sign", "app.widen(5)", "Wider", show=False, key_display="<", id="wider"),
        Binding("greater_than_sign", "app.widen(-5)", "Narrower", show=False, key_display=">", id="narrower"),
        Binding("r", "app.rename_theme", "Rename", show=False, id="rename_theme"),
        Binding("y", "app.copy_table", "Copy table", show=False, id="copy_table"),
    ]

    ALLOW_MAXIMIZE = True

    class Dragged(Message):
        """The left edge was dragged to this column of the screen; `is_done`: and let go."""

        def __init__(self, column: int, *, is_done: bool) -> None:
            super().__init__()
            self.column = column
            self.is_done = is_done

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="findings")
        self._glyphs = glyphs
        self._view = View()
        self._found: Found | None = None
        self._pinned: Found | None = None
        self._is_dragged = False

    def compose(self) -> ComposeResult:
        yield Horizontal(id="founds")

    async def furnish(self) -> None:
        """Make what the pane holds."""
        from tui.widgets.finding_tabs import Found

        self._pinned, self._found = Found(self._glyphs), Found(self._glyphs)
        self._pinned.display = False
        await self.query_one("#founds").mount(self._found, self._pinned)
        self.show(self._view)

    @property
    def row(self) -> dict[str, Any] | None:
        """The row that the reader stands on."""
        return self._shown.row if self._shown is not None else None

    @property
    def _shown(self) -> "Found | None":
        """The finding with the focus, else the selected one."""
        return self._pinned if self._pinned is not None and self._pinned.has_focus_within else self._found

    def show(self, view: View) -> None:
        """Draw the selected finding, and the pinned one, if they changed."""
        self._view = view
        if self._found is None or self._pinned is None:
            return
        is_pinned = view.pinned is not None and view.pinned in view.findings
        self._pinned.display = is_pinned
        self._draw(self._found, view, view.selected)
        if is_pinned:
            self._draw(self._pinned, view, view.pinned)

    def on_resize(self) -> None:
        self.call_after_refresh(self.show, self._view)

    def _draw(self, found: "Found", view: View, handle: str | None) -> None:
        finding = view.findings.get(handle or "")
        place = list(view.findings).index(handle) + 1 if finding and handle else 0
        title = f"{place}/{len(view.findings)} · {finding['id']} {finding['title']}" if finding else ""
        landmarks: Mapping[str, date] = view.landmarks
        found.show(finding, title, landmarks)

    def focus_inside(self) -> None:
        """Put the focus on what the open tab shows."""
        if self._found is not None:
            self._found.focus_inside()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if event.x == 0 and self.screen.maximized is None:
            self._is_dragged = True
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._is_dragged:
            self.post_message(self.Dragged(event.screen_x, is_done=False))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self._is_dragged:
            self._is_dragged = False
            self.release_mouse()
            self.post_message(self.Dragged(event.screen_x, is_done=True))
