"""The density map of a finding: shaded squares and names, zoomed and moved by keys or the wheel.

It is fed squares with bands of counts. It must never be given, or draw, a point for a conversation.
"""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui.charts import Cell, Label, Window, density
from tui.glyphs import Glyphs

_STEP = 0.25
_ZOOM = 0.5


class DensityMap(Widget, can_focus=True):
    """Drawn anew for its size; the last line says what the shades mean and what part is shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus,equals_sign", "zoom(True)", "Closer", key_display="+", id="map_in"),
        Binding("minus", "zoom(False)", "Farther", key_display="-", id="map_out"),
        Binding("0", "whole", "Whole", id="map_whole"),
        Binding("left", "move(-1, 0)", "Left", show=False, id="map_left"),
        Binding("right", "move(1, 0)", "Right", show=False, id="map_right"),
        Binding("up", "move(0, -1)", "Up", show=False, id="map_up"),
        Binding("down", "move(0, 1)", "Down", show=False, id="map_down"),
    ]
    window: reactive[Window] = reactive(Window())

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="map")
        self._glyphs = glyphs
        self._cells: Sequence[Cell] = ()
        self._labels: Sequence[Label] = ()

    def set_map(self, cells: Sequence[Cell], labels: Sequence[Label]) -> None:
        """Show another map, whole."""
        self._cells, self._labels = cells, labels
        self.window = Window()
        self.refresh()

    def render(self) -> Content:
        width, height = self.size.width, self.size.height - 1
        if width < 8 or height < 3:
            return Content("too small for a map")
        drawn = density(self._cells, self._labels, self.window, width, height, self._glyphs)
        shades = self._glyphs.shades
        legend = f"{shades[1]} few {shades[4]} most · blank: under the policy's size · {100 * self.window.width:.0f} %"
        return Content("\n").join([drawn, Content.styled(legend[:width], "dim")])

    def action_zoom(self, closer: bool) -> None:
        self.window = self.window.zoomed(_ZOOM if closer else 1 / _ZOOM)

    def action_whole(self) -> None:
        self.window = Window()

    def action_move(self, x: int, y: int) -> None:
        self.window = self.window.moved(x * _STEP, y * _STEP)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_zoom(True)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_zoom(False)
