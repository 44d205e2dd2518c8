"""What was released, beside the chat: one finding at a time, its place among them, and the keys that go through them.

The pane stands from the first frame on; what it holds (`tui.widgets.finding_tabs`) is made when that frame is drawn. It shows findings
only, the one that the view selects.
"""

from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from tui.state.view import View
from tui.text.glyphs import Glyphs
from tui.text.untrusted import fit

if TYPE_CHECKING:
    from tui.widgets.finding_tabs import Found


class Findings(Vertical):
    """The pane: a title, and the finding under it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "app.ask_about", "Ask about", id="ask_about"),
        Binding("left_square_bracket", "app.beside(-1)", "Previous", show=False, key_display="[", id="previous"),
        Binding("right_square_bracket", "app.beside(1)", "Next", key_display="]", id="next"),
        Binding("m", "app.maximize_pane", "Maximize", show=False, id="maximize"),
        Binding("y", "app.copy_table", "Copy table", show=False, id="copy_table"),
    ]

    ALLOW_MAXIMIZE = True

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="findings")
        self._glyphs = glyphs
        self._title = ""
        self._finding: dict[str, Any] | None = None
        self._found: Found | None = None

    def compose(self) -> ComposeResult:
        yield Static("", id="finding-title", markup=False)

    async def furnish(self) -> None:
        """Make what the pane holds."""
        from tui.widgets.finding_tabs import Found

        self._found = Found(self._glyphs)
        await self.mount(self._found)
        self._found.show(self._finding)

    @property
    def row(self) -> dict[str, Any] | None:
        """The row that the reader stands on."""
        return self._found.row if self._found is not None else None

    def on_resize(self) -> None:
        self._draw_title()

    def _draw_title(self) -> None:
        self.query_one("#finding-title", Static).update(fit(self._title, max(10, self.size.width - 2)).rstrip())

    def show(self, view: View) -> None:
        """Draw the selected finding, if it changed."""
        finding = self._finding = view.findings.get(view.selected or "")
        place = list(view.findings).index(view.selected) + 1 if finding and view.selected else 0
        self._title = f"{place}/{len(view.findings)} · {finding['id']} {finding['title']}" if finding else ""
        self._draw_title()
        if self._found is not None:
            self._found.show(finding)

    def focus_inside(self) -> None:
        """Put the focus on what the open tab shows."""
        if self._found is not None:
            self._found.focus_inside()
