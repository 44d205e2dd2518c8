"""A trend as a plot: axes with a scale, the interval as a band, change points and landmarks as vertical lines.

It draws what `agent.figures.series` gives it. The library (textual-plot) zooms and moves by keys and wheel.
"""

from collections.abc import Iterator, Sequence
from math import ceil
from typing import ClassVar

import numpy as np
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static
from textual_plot import HiResMode, PlotWidget
from textual_plot.axis_formatter import AxisFormatter, NumericAxisFormatter

from agent.figures.series import Series
from tui.text.glyphs import Glyphs

_HEADROOM = 1.08
"""The axis reaches so far beyond the largest value."""
_TICK = 12
"""Cells of a label of the time axis, with the gap to the next."""


class _Buckets(AxisFormatter):
    """Labels of the time axis, as many as fit."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = labels
        self.most = 8

    def get_ticks(self, min_: float, max_: float, max_ticks: int = 8) -> list[float]:
        del max_ticks
        first, last = ceil(max(0.0, min_)), int(min(len(self._labels) - 1, max_))
        part = (last - first + 1) / max(1.0, max_ - min_)  # of the axis that has labels
        step = max(1, ceil((last - first + 1) / max(1.0, self.most * part)))
        return [float(place) for place in range(first, last + 1, step)]

    def get_labels_for_ticks(self, ticks: Sequence[float]) -> list[str]:
        return [self._labels[int(tick)] for tick in ticks]


class _Scale(NumericAxisFormatter):
    """Numbers of the value axis, as many as there are lines for."""

    def __init__(self, most: int) -> None:
        self._most = most

    def get_ticks(self, min_: float, max_: float, max_ticks: int = 8) -> list[float]:
        return super().get_ticks(min_, max_, min(self._most, max_ticks))


class _Plot(PlotWidget, inherit_bindings=False):
    """The library's plot with narrow margins, and its keys as those of the map."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus,equals_sign", "zoom_in", "Closer", show=False, key_display="+", id="plot_in"),
        Binding("minus", "zoom_out", "Farther", show=False, key_display="-", id="plot_out"),
        Binding("0", "reset_scales", "Whole", show=False, id="plot_whole"),
        Binding("left", "pan_left", "Left", show=False, id="plot_left"),
        Binding("right", "pan_right", "Right", show=False, id="plot_right"),
        Binding("up", "pan_up", "Up", show=False, id="plot_up"),
        Binding("down", "pan_down", "Down", show=False, id="plot_down"),
    ]

    margin_left = reactive(8)
    margin_top = reactive(1)
    margin_bottom = reactive(1)


class TrendPlot(Vertical):
    """The plot with its legend under it."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="plot")
        self._glyphs = glyphs
        self._series: Series | None = None

    def compose(self) -> ComposeResult:
        yield _Plot()
        yield Static("", id="plot-legend")

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self._draw())

    def draw(self, shown: Series) -> None:
        """Plot a series, whole."""
        self._series = shown
        self.query_one("#plot-legend", Static).update(Content("\n").join(self._legend(shown)))
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        plot, shown = self.query_one(_Plot), self._series
        if shown is None or not self.size.width:
            return
        mark, title, warn = (_rich(self.app.theme_variables[name]) for name in ("mark", "title", "warn"))
        plot.clear()
        buckets = _Buckets(shown.labels)
        buckets.most = max(2, (self.size.width - 10) // _TICK)
        plot.set_x_formatter(buckets)
        plot.set_y_formatter(_Scale(max(2, plot.size.height // 4)))
        plot.set_xlimits(-0.5, len(shown.labels) - 0.5)
        plot.set_ylimits(0, shown.top * _HEADROOM)
        plot.set_ylabel(f"  {shown.unit}" if shown.unit else "")
        size = (max(10, self.size.width - plot.margin_left), max(4, plot.size.height - 4))
        across, up = _shaded(shown, size)
        plot.scatter(across, up, marker=self._glyphs.shades[1], marker_style=title)
        for begin, end in shown.runs:
            values = [shown.values[place] or 0.0 for place in range(begin, end)]
            plot.plot(list(range(begin, end)), values, line_style=mark, hires_mode=HiResMode.BRAILLE)
            plot.scatter(list(range(begin, end)), values, marker=self._glyphs.running, marker_style=mark)
        for one in shown.marks:
            plot.add_v_line(one.place, warn if one.is_change else title)

    def _legend(self, shown: Series) -> Iterator[Content]:
        wording = "share of all conversations in each period, with its 95 % interval" if shown.unit else "conversations"
        yield Content.assemble((self._glyphs.running, "$mark"), f" {wording}; a gap is suppressed")
        changes = ", ".join(mark.text.rpartition(" ")[2] for mark in shown.marks if mark.is_change)
        if changes:
            yield Content.assemble((self._glyphs.bar, "$warn"), f" change of level at {changes}")
        for mark in shown.marks:
            if not mark.is_change:
                yield Content.assemble((self._glyphs.bar, "$title"), f" {mark.text}")


def _shaded(shown: Series, size: tuple[int, int]) -> tuple[list[float], list[float]]:
    """Places of the cells, `size` columns and lines, that are within the interval: across and up."""
    columns, lines = size
    cell, step = len(shown.labels) / columns, shown.top * _HEADROOM / lines
    across: list[float] = []
    up: list[float] = []
    for begin, end in shown.runs:
        bands = shown.bands[begin:end]
        known = [band for band in bands if band is not None]
        if len(known) != len(bands):
            continue
        for place in np.arange(begin, end - 1 + cell / 2, cell / 2):
            low, high = (float(np.interp(place, range(begin, end), ends)) for ends in zip(*known, strict=True))
            heights = np.arange(low, high + step / 2, step / 2)
            across += [float(place)] * len(heights)
            up += heights.tolist()
    return across, up


def _rich(colour: str) -> str:
    """A colour of the theme as the library's styles name it."""
    return colour.removeprefix("ansi_")
