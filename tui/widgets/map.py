"""The density map of a finding: a shaded grid, and the names of its areas in a list beside it.

It is fed squares with bands of counts. It must never be given, or draw, a point for a conversation. An area can be chosen,
in the list or on the map, and opened: what opening does is decided by the desk.
"""

from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.rendering.density import BANDS, Area, Grid, Window, drawn
from tui.text.glyphs import Glyphs
from tui.text.untrusted import fit

_STEP = 0.25
_ZOOM = 0.5
_BESIDE = 84
"""Columns from which on the list stands beside the map, else under it."""


class Canvas(Widget):
    """The grid, drawn anew for its size."""

    window: reactive[Window] = reactive(Window())
    chosen: reactive[str] = reactive("")

    class Pointed(Message):
        """The pointer is on a place of the grid; `is_pressed`: and a button was."""

        def __init__(self, x: int, y: int, *, presses: int) -> None:
            super().__init__()
            self.x, self.y, self.presses = x, y, presses

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="map-canvas")
        self._glyphs = glyphs
        self.grid = Grid()

    def render(self) -> Content:
        if self.size.width < 8 or self.size.height < 2:
            return Content("too small for a map")
        if not self.grid.cells:
            return Content("Every square is below the privacy threshold; nothing can be drawn.")
        in_colour = not self.app.ansi_color and self.app.console.color_system is not None
        return drawn(self.grid, self.window, self._extent, self._glyphs, self.chosen, in_colour=in_colour)

    @property
    def _extent(self) -> tuple[int, int]:
        return self.size.width, self.size.height

    def square(self, x: int, y: int) -> str:
        """The words of the square under a place; empty where there is none."""
        cell = self.grid.at(self.window, self._extent, x, y)
        return cell.words if cell is not None else ""

    def area(self, x: int, y: int) -> str:
        """The theme that most of the square under a place is of; empty where there is none."""
        cell = self.grid.at(self.window, self._extent, x, y)
        return cell.cluster if cell is not None else ""

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self.post_message(self.Pointed(event.x, event.y, presses=0))

    def on_click(self, event: events.Click) -> None:
        self.post_message(self.Pointed(event.x, event.y, presses=event.chain))


class DensityMap(Container):
    """Grid, list, and a line that says what is pointed at."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus,equals_sign", "zoom(True)", "Closer", show=False, key_display="+", id="map_in"),
        Binding("minus", "zoom(False)", "Farther", show=False, key_display="-", id="map_out"),
        Binding("0", "whole", "Whole", show=False, id="map_whole"),
        Binding("n", "choose(1)", "Next name", show=False, id="map_next"),
        Binding("N,shift+n", "choose(-1)", "Name before", show=False, id="map_before"),
        Binding("left", "move(-1, 0)", "Left", show=False, id="map_left"),
        Binding("right", "move(1, 0)", "Right", show=False, id="map_right"),
        Binding("shift+up", "move(0, -1)", "Up", show=False, id="map_up"),
        Binding("shift+down", "move(0, 1)", "Down", show=False, id="map_down"),
    ]

    class Chosen(Message):
        """The reader stands on this area; `is_opened`: and wants its own map."""

        def __init__(self, area: Area, *, is_opened: bool) -> None:
            super().__init__()
            self.area = area
            self.is_opened = is_opened

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="map")
        self._glyphs = glyphs
        self._pointed = ""

    def compose(self) -> ComposeResult:
        with Container(id="map-body"):
            yield Canvas(self._glyphs)
            with Vertical(id="map-side"):
                yield Static("conversations in the squares that are mostly of:", id="map-head", markup=False)
                yield OptionList(id="map-list", markup=False)
        yield Static("", id="map-line")

    @property
    def canvas(self) -> Canvas:
        return self.query_one(Canvas)

    def set_map(self, grid: Grid) -> None:
        """Show another map, whole."""
        canvas, listed = self.canvas, self.query_one(OptionList)
        canvas.grid, canvas.window, canvas.chosen = grid, Window(), ""
        listed.clear_options()
        listed.add_options(
            Option(Text(f"{number:>3} {area.count:>6,}  {area.name}", no_wrap=True, overflow="ellipsis"))
            for number, area in enumerate(grid.areas, start=1)
        )
        listed.highlighted = None
        canvas.refresh()
        self._say()

    def on_resize(self) -> None:
        self.set_class(self.size.width >= _BESIDE, "-beside")
        self._say()

    def focus_inside(self) -> None:
        """Put the focus on the list of names."""
        self.query_one(OptionList).focus()

    @property
    def _chosen(self) -> Area | None:
        return next((area for area in self.canvas.grid.areas if area.id == self.canvas.chosen), None)

    def _say(self) -> None:
        """What is pointed at, else what is chosen, else what the shades mean."""
        area = self._chosen
        if self._pointed:
            wording = Content(fit(self._pointed, max(10, self.size.width)).rstrip())
        elif area is not None:
            squares = "square" if area.squares == 1 else "squares"
            text = f"{area.count:,} conversations in {area.squares} {squares} · enter: its own map · + closer · 0 whole"
            wording = Content(fit(text, max(10, self.size.width)).rstrip())
        else:
            few, most = (self._glyphs.shades[1], self._glyphs.shades[4])
            part = "" if self.canvas.window.width == 1 else f" · {100 * self.canvas.window.width:.0f} % of the map"
            wording = Content.assemble(
                (few, BANDS[1]), " few  ", (most, BANDS[4]), f" most; blank: below the privacy threshold{part}"
            )
        self.query_one("#map-line", Static).update(wording)

    def on_canvas_pointed(self, message: Canvas.Pointed) -> None:
        """The pointer moved: say what is there. A press chooses; a second press on the same opens it."""
        message.stop()
        self._pointed = self.canvas.square(message.x, message.y)
        if message.presses:
            wanted = self.canvas.area(message.x, message.y)
            if wanted and wanted == self.canvas.chosen and message.presses > 1:
                self._open()
            else:
                self._stand(next((area for area in self.canvas.grid.areas if area.id == wanted), None))
        self._say()

    def on_leave(self) -> None:
        self._pointed = ""
        self._say()

    def _stand(self, area: Area | None) -> None:
        if area is not None:
            self.query_one(OptionList).highlighted = self.canvas.grid.areas.index(area)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        area = self.canvas.grid.areas[event.option_index]
        self.canvas.chosen, self._pointed = area.id, ""
        self.post_message(self.Chosen(area, is_opened=False))
        self._say()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._open()

    def _open(self) -> None:
        if (area := self._chosen) is not None:
            self.post_message(self.Chosen(area, is_opened=True))

    def action_choose(self, step: int) -> None:
        """The next name of the list."""
        listed, count = self.query_one(OptionList), len(self.canvas.grid.areas)
        if count:
            place = (0 if step > 0 else -1) if listed.highlighted is None else listed.highlighted + step
            listed.highlighted = place % count

    def action_zoom(self, closer: bool) -> None:
        canvas, area = self.canvas, self._chosen
        around = canvas.window.zoomed(_ZOOM if closer else 1 / _ZOOM)
        if area is not None and closer:
            across, down = canvas.grid.extent
            around = around.around((area.x + 0.5) / across, (area.y + 0.5) / down)
        canvas.window = around
        self._say()

    def action_whole(self) -> None:
        self.canvas.window = Window()
        self._say()

    def action_move(self, x: int, y: int) -> None:
        self.canvas.window = self.canvas.window.moved(x * _STEP, y * _STEP)
        self._say()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        if self.canvas.region.contains(event.screen_x, event.screen_y):
            event.stop()
            self.action_zoom(True)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        if self.canvas.region.contains(event.screen_x, event.screen_y):
            event.stop()
            self.action_zoom(False)
