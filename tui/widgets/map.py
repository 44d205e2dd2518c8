"""The density map of a finding: shaded squares and names, zoomed and moved by keys or the wheel.

It is fed squares with bands of counts. It must never be given, or draw, a point for a conversation. A name can be
chosen and opened: what opening does is decided by the desk.
"""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from index.core.untrusted import safe
from tui.rendering.charts import Cell, Label, Window, density
from tui.text.glyphs import Glyphs
from tui.text.untrusted import fit

_STEP = 0.25
_ZOOM = 0.5


class DensityMap(Widget, can_focus=True):
    """Drawn anew for its size; the last lines say what the shades mean and what is chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus,equals_sign", "zoom(True)", "Closer", show=False, key_display="+", id="map_in"),
        Binding("minus", "zoom(False)", "Farther", show=False, key_display="-", id="map_out"),
        Binding("0", "whole", "Whole", show=False, id="map_whole"),
        Binding("n", "choose(1)", "Next name", id="map_next"),
        Binding("N,shift+n", "choose(-1)", "Name before", show=False, id="map_before"),
        Binding("enter", "open", "Its own map", id="map_open"),
        Binding("left", "move(-1, 0)", "Left", show=False, id="map_left"),
        Binding("right", "move(1, 0)", "Right", show=False, id="map_right"),
        Binding("up", "move(0, -1)", "Up", show=False, id="map_up"),
        Binding("down", "move(0, 1)", "Down", show=False, id="map_down"),
    ]
    window: reactive[Window] = reactive(Window())
    chosen: reactive[str] = reactive("")

    class Chosen(Message):
        """The reader stands on this cluster; `is_opened`: and wants its own map."""

        def __init__(self, label: Label, *, is_opened: bool) -> None:
            super().__init__()
            self.label = label
            self.is_opened = is_opened

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="map")
        self._glyphs = glyphs
        self._cells: Sequence[Cell] = ()
        self._labels: Sequence[Label] = ()

    def set_map(self, cells: Sequence[Cell], labels: Sequence[Label]) -> None:
        """Show another map, whole."""
        self._cells, self._labels = cells, labels
        self.window, self.chosen = Window(), ""
        self.refresh()

    def render(self) -> Content:
        size = (self.size.width, self.size.height - 2)
        if size[0] < 8 or size[1] < 3:
            return Content("too small for a map")
        if not self._cells:
            return Content("Every square is below the privacy threshold; nothing can be drawn.")
        drawn = density(self._cells, self._labels, self.window, size, self._glyphs, self.chosen)
        shades = self._glyphs.shades
        part = "" if self.window.width == 1 else f" · {100 * self.window.width:.0f} % of the map"
        legend = f"{shades[1]} few  {shades[4]} most, blank: below the privacy threshold{part}"
        label = self._label
        wording = (
            f"{self._glyphs.chosen} {safe(label.text)} · enter: its own map" if label else "n: go through the names"
        )
        lines = [fit(line, size[0]).rstrip() for line in (legend, wording)]
        return Content("\n").join([drawn, *(Content.styled(line, "dim") for line in lines)])

    @property
    def _label(self) -> Label | None:
        return next((label for label in self._labels if self.chosen and label.id == self.chosen), None)

    def action_zoom(self, closer: bool) -> None:
        label = self._label
        around = self.window.zoomed(_ZOOM if closer else 1 / _ZOOM)
        if label is not None and closer:
            across = max(cell.x for cell in self._cells) + 1
            down = max(cell.y for cell in self._cells) + 1
            around = around.around((label.x + 0.5) / across, (label.y + 0.5) / down)
        self.window = around

    def action_whole(self) -> None:
        self.window = Window()

    def action_move(self, x: int, y: int) -> None:
        self.window = self.window.moved(x * _STEP, y * _STEP)

    def action_choose(self, step: int) -> None:
        """The next name, from the densest square on."""
        if self._labels:
            ids = [label.id for label in self._labels]
            place = ids.index(self.chosen) + step if self.chosen in ids else (0 if step > 0 else -1)
            self._choose(self._labels[place % len(ids)])

    def _choose(self, label: Label) -> None:
        self.chosen = label.id
        self.post_message(self.Chosen(label, is_opened=False))

    def action_open(self) -> None:
        if self._label is not None:
            self.post_message(self.Chosen(self._label, is_opened=True))
        else:
            self.action_choose(1)

    def on_click(self, event: events.Click) -> None:
        """The name nearest to the press; a second press on it opens it."""
        if not self._labels or not self.size.height > 2:
            return
        across, down = max(cell.x for cell in self._cells) + 1, max(cell.y for cell in self._cells) + 1
        x = (self.window.left + event.x / self.size.width * self.window.width) * across
        y = (self.window.top + event.y / (self.size.height - 2) * self.window.height) * down
        nearest = min(self._labels, key=lambda label: (label.x - x) ** 2 + (label.y - y) ** 2)
        if event.chain > 1 and nearest.id == self.chosen:
            self.action_open()
        else:
            self._choose(nearest)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_zoom(True)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_zoom(False)
