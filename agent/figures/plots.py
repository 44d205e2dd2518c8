"""Plots for reports, drawn by matplotlib: bars with intervals and lines over time, as SVG for a page and PNG for a file.

Colours are those of Okabe and Ito (2008), which people with colour blindness tell apart, on a light or a dark ground. Names
of groups are untrusted text: matplotlib writes them as text of the SVG, escaped, and `safe` drops what steers a reader.
"""

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from index.core.untrusted import safe

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Tone = Literal["light", "dark"]

_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
_GROUND = {"light": ("#ffffff", "#222222", "#cccccc"), "dark": ("#1b1d21", "#e6e6e6", "#4a4d52")}
"""Ground, ink and grid of a tone."""

_FONTS = ["DejaVu Sans", "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans", "sans-serif"]
_LONGEST = 44
"""Characters of a name beside a bar."""
_WIDTH = 7.5
"""Inches."""


@dataclass(frozen=True, slots=True)
class Series:
    """Values with a name, and their 95 % intervals where there are any. A value that is not shown is None: a gap."""

    name: str
    values: Sequence[float | None]
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on the time axis with what happened there."""

    place: int
    name: str


def bars(title: str, unit: str, names: Sequence[str], series: Sequence[Series], tone: Tone = "light") -> "Figure":
    """Horizontal bars, a group of them for each name, from the top down."""
    figure, axes = _figure(title, 0.9 + 0.3 * len(names) * max(1, 0.7 * len(series)), tone)
    height = 0.8 / max(1, len(series))
    for number, one in enumerate(series):
        at = [place + (number - (len(series) - 1) / 2) * height for place in range(len(names))]
        values = [value if value is not None else 0.0 for value in one.values]
        axes.barh(at, values, height=0.9 * height, color=_COLOURS[number % len(_COLOURS)], label=_line(one.name))
        _whiskers(axes, at, one, _GROUND[tone][1])
        for place, value in zip(at, one.values, strict=True):
            if value is None:
                axes.text(0, place, " suppressed", va="center", fontsize=7, color=_GROUND[tone][1])
    axes.set_yticks(range(len(names)), [_line(name) for name in names])
    axes.invert_yaxis()
    axes.set_xlabel(unit)
    axes.grid(axis="x", color=_GROUND[tone][2], linewidth=0.5)
    _legend(axes, series)
    return figure


def lines(
    title: str,
    unit: str,
    days: Sequence[str],
    series: Sequence[Series],
    marks: Sequence[Mark] = (),
    tone: Tone = "light",
) -> "Figure":
    """Values over time with their intervals; a gap where one is suppressed, and a line at each mark."""
    figure, axes = _figure(title, 3.4, tone)
    _draw_lines(axes, days, series, marks, tone)
    axes.set_ylabel(unit)
    _legend(axes, series)
    return figure


def small_multiples(
    title: str, unit: str, days: Sequence[str], series: Sequence[Series], tone: Tone = "light"
) -> "Figure":
    """A small plot for each series. Each has a scale of its own from zero, because the largest language would flatten the
    others; the title says so."""
    from matplotlib.figure import Figure

    across = 3
    down = -(-len(series) // across)
    ground, ink, _ = _GROUND[tone]
    figure = Figure(figsize=(_WIDTH, 0.6 + 1.5 * down), layout="constrained", facecolor=ground)
    figure.suptitle(f"{_line(title, 90)} (each on its own scale)", color=ink, fontsize=11)
    grid = figure.subplots(down, across, squeeze=False)
    for number, axes in enumerate(grid.ravel()):
        if number >= len(series):
            axes.set_visible(False)
            continue
        _style(axes, tone)
        _draw_lines(axes, days, [series[number]], (), tone, ticks=3)
        axes.set_title(_line(series[number].name), color=ink, fontsize=8)
    figure.supylabel(unit, color=ink, fontsize=8)
    return figure


def _draw_lines(
    axes: Any, days: Sequence[str], series: Sequence[Series], marks: Sequence[Mark], tone: Tone, ticks: int = 8
) -> None:
    for number, one in enumerate(series):
        colour = _COLOURS[number % len(_COLOURS)]
        values = [float("nan") if value is None else value for value in one.values]
        axes.plot(
            range(len(days)), values, marker="o", markersize=3, linewidth=1.4, color=colour, label=_line(one.name)
        )
        if one.low and one.high:
            low, high = ([float("nan") if value is None else value for value in ends] for ends in (one.low, one.high))
            axes.fill_between(range(len(days)), low, high, color=colour, alpha=0.2, linewidth=0)
            # A point between suppressed ones has no area; its interval is a line.
            axes.vlines(range(len(days)), low, high, color=colour, alpha=0.5, linewidth=1)
    for mark in marks:
        axes.axvline(mark.place, color=_GROUND[tone][1], linestyle=":", linewidth=1)
        axes.annotate(
            _line(mark.name), (mark.place, 1), xycoords=("data", "axes fraction"), rotation=90, fontsize=7,
            va="top", ha="right", color=_GROUND[tone][1],
        )  # fmt: skip
    step = max(1, -(-len(days) // ticks))
    axes.set_xticks(range(0, len(days), step), [_line(day) for day in days[::step]])
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", color=_GROUND[tone][2], linewidth=0.5)


def cells(title: str, grid: Sequence[Sequence[float | None]], names: Sequence[tuple[float, float, str]] = (),
          tone: Tone = "light") -> "Figure":  # fmt: skip
    """A map of cells by how much is in each, from the bottom up; what is suppressed is empty. `names`: numbers of groups where
    they lie."""
    figure, axes = _figure(title, 5.2, tone)
    values = [[float("nan") if value is None else value for value in row] for row in grid]
    shown = axes.pcolormesh(values, cmap="cividis")  # as shapes: a picture in a picture would have to be loaded
    for across, up, name in names:
        axes.annotate(_line(name), (across + 0.5, up + 0.5), fontsize=7, ha="center", va="center", color="#ffffff",
                      bbox={"boxstyle": "round,pad=0.15", "fc": "#222222", "lw": 0})  # fmt: skip
    axes.set_xticks([])
    axes.set_yticks([])
    bar = figure.colorbar(shown, ax=axes, shrink=0.8)
    bar.ax.tick_params(labelsize=7, colors=_GROUND[tone][1])
    return figure


def _figure(title: str, height: float, tone: Tone) -> tuple["Figure", Any]:
    from matplotlib.figure import Figure

    ground, ink, _ = _GROUND[tone]
    figure = Figure(figsize=(_WIDTH, height), layout="constrained", facecolor=ground)
    axes = figure.subplots()
    _style(axes, tone)
    axes.set_title(_line(title, 90), color=ink, fontsize=11, loc="left")
    return figure, axes


def _style(axes: Any, tone: Tone) -> None:
    ground, ink, grid = _GROUND[tone]
    axes.set_facecolor(ground)
    axes.tick_params(colors=ink, labelsize=8)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(ink)
        label.set_fontsize(8)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(grid)
    axes.set_axisbelow(True)


def _whiskers(axes: Any, at: Sequence[float], one: Series, ink: str) -> None:
    if not (one.low and one.high):
        return
    known = [
        (place, value, low, high)
        for place, value, low, high in zip(at, one.values, one.low, one.high, strict=True)
        if value is not None and low is not None and high is not None
    ]
    if known:
        places, values, low, high = (list(column) for column in zip(*known, strict=True))
        below = [max(0.0, value - end) for value, end in zip(values, low, strict=True)]
        above = [max(0.0, end - value) for value, end in zip(values, high, strict=True)]
        axes.errorbar(values, places, xerr=[below, above], fmt="none", ecolor=ink, elinewidth=1, capsize=2)


def _legend(axes: Any, series: Sequence[Series]) -> None:
    if len(series) > 1:
        legend = axes.legend(fontsize=8, frameon=False)
        for text in legend.get_texts():
            text.set_color(axes.xaxis.label.get_color())


def _line(text: str, longest: int = _LONGEST) -> str:
    """Untrusted text on one line, as text: a dollar sign would begin mathematics."""
    line = " ".join(safe(text).split()).replace("$", r"\$")
    return line if len(line) <= longest else line[: longest - 1] + "…"


def svg(figure: "Figure") -> str:
    """The plot as one SVG element, without a document's head and without anything that is loaded."""
    out = io.StringIO()
    _save(figure, out, "svg")
    text = out.getvalue()
    return text[text.index("<svg") :]


def png(figure: "Figure") -> bytes:
    """The plot as a PNG, 150 dots an inch."""
    out = io.BytesIO()
    _save(figure, out, "png")
    return out.getvalue()


def _save(figure: "Figure", out: Any, form: str) -> None:
    import matplotlib

    # Text stays text, the same plot gives the same bytes, and a font without a sign leaves it to the reader's.
    steady: Any = {
        "svg.fonttype": "none",
        "svg.hashsalt": "shoal",
        "font.family": _FONTS,
        "axes.formatter.useoffset": False,
    }
    with matplotlib.rc_context(steady), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        figure.savefig(
            out,
            format=form,
            dpi=150,
            metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")) if form == "svg" else None,
        )
