"""Charts that are read with their numbers beside them: trend, comparison, map. Pure: finding in, `Content` out.

A suppressed value draws nothing and says so. No chart tells anything by colour alone. The map shades bands of counts; it
never places a conversation.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from textual.content import Content
from textual.style import Style

from index.core.untrusted import safe
from tui.rendering.evidence import placed
from tui.text.glyphs import Glyphs
from tui.text.untrusted import fit

_DIM = Style(dim=True)
_BOLD = Style(bold=True)
_CHANGE = re.compile(r"change of level at (\d{4}-\d{2}(?:-\d{2})?)")


def trend(finding: dict[str, Any], width: int, glyphs: Glyphs) -> Content:
    """Buckets downwards with count, share, interval and a bar; buckets that the notes name as a change are marked."""
    rows = finding["rows"]
    shares = [_share(row) for row in rows]
    has_shares = any(share is not None for share in shares)
    sizes = [_size(row, share, has_shares) for row, share in zip(rows, shares, strict=True)]
    highs = [share.get("high") or 0.0 for share in shares if share is not None]
    top = max([size for size in sizes if size is not None] + highs, default=1) or 1
    changes = change_points(finding)
    room = max(4, width - 22 - (21 if has_shares else 0))
    lines = [_title(finding, width), Content.styled(_trend_head(has_shares), _DIM)]
    for row, size, share in zip(rows, sizes, shares, strict=True):
        mark = glyphs.change if row["label"] in changes else " "
        count = row["values"][0]["count"]
        if count is None or size is None:
            lines.append(Content.styled(f"{mark}{fit(row['label'], 10)} {'suppressed':>9}", _DIM))
            continue
        numbers = f"{fit(row['label'], 10)} {count:>9,}"
        if share is not None:
            numbers += f"{_percent(share['value']):>8}{_range(share):>13}"
        drawn = _bar(size, top, room, glyphs, share.get("high") if share else None)
        lines.append(Content.assemble((mark, "$warning bold"), f"{numbers} ", (drawn, "$accent")))
    if changes:
        lines.append(Content.assemble((glyphs.change, "$warning bold"), " change of level"))
    return Content("\n").join(lines)


def _trend_head(has_shares: bool) -> str:
    return f" {'':10} {'count':>9}" + (f"{'share':>8}{'95 %':>13}" if has_shares else "")


def _size(row: dict[str, Any], share: dict[str, Any] | None, has_shares: bool) -> float | None:
    count = row["values"][0]["count"]
    if count is None:
        return None
    if has_shares:
        return float(share["value"]) if share is not None else None
    return float(count)


def _range(share: dict[str, Any]) -> str:
    return f"{share['low']:g}–{share['high']:g}" if "low" in share and "high" in share else ""


def change_points(finding: dict[str, Any]) -> set[str]:
    """Buckets that the notes of a trend name as the start of another level."""
    return {found for note in finding["notes"] for found in _CHANGE.findall(note)}


def _share(row: dict[str, Any]) -> dict[str, Any] | None:
    """A bucket's share of everything in that bucket, with its interval, where the trend states one."""
    return next((item for item in row.get("measures", ()) if item["name"] == "share" and "value" in item), None)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1f} %"


def _bar(size: float, top: float, room: int, glyphs: Glyphs, upper: float | None = None) -> str:
    """A bar of eighths; with an interval, a line from the bar's end to the interval's upper end."""
    cells = room * min(size, top) / top
    whole = int(cells)
    part = glyphs.halves[int((cells - whole) * 8)].strip()
    bar = glyphs.full * whole + part
    if not bar and size > 0:
        bar = glyphs.halves[1]
    if upper is not None:
        until = round(room * min(upper, top) / top)
        bar += glyphs.span * max(0, until - len(bar))
    return bar


def bars(finding: dict[str, Any], width: int, glyphs: Glyphs) -> Content:
    """Rows as bars, one a column, so that columns can be compared by eye; the numbers stand beside them."""
    columns = finding["columns"]
    rows = [row for row in finding["rows"] if not row.get("parent")] or finding["rows"]
    label = min(28, max(12, width // 3))
    room = max(4, width - label - 20)
    sizes = [[_share_or_count(value) for value in row["values"]] for row in rows]
    top = max((size for row in sizes for size in row if size is not None), default=1.0) or 1.0
    lines = [_title(finding, width)]
    if len(columns) > 1:
        lines += [Content.styled(f"{chr(97 + place)} = {safe(name)}", _DIM) for place, name in enumerate(columns)]
    for row, row_sizes in zip(rows, sizes, strict=True):
        for place, (value, size) in enumerate(zip(row["values"], row_sizes, strict=True)):
            name = fit(placed(row) if place == 0 else "", label)
            key = f"{chr(97 + place)} " if len(columns) > 1 else ""
            if size is None:
                lines.append(Content.assemble(f"{name} {key}", ("suppressed", _DIM)))
                continue
            numbers = f"{value['count']:>8,}{_percent(value['share']):>8}"
            drawn = _bar(size, top, room - len(key), glyphs)
            lines.append(
                Content.assemble(f"{name} {key}{numbers} ", (drawn, "$accent" if place == 0 else "$secondary"))
            )
    return Content("\n").join(lines)


def _share_or_count(value: dict[str, Any]) -> float | None:
    if value["count"] is None:
        return None
    return float(value["count"] if value["share"] is None else value["share"])


def _title(finding: dict[str, Any], width: int) -> Content:
    return Content.styled(fit(f"{finding['id']} {finding['title']}", width).rstrip(), _BOLD)


@dataclass(frozen=True, slots=True)
class Cell:
    """One square of the map: column and row from the upper left, and a band of counts from 1 (few) to 4 (most).
    Squares below the threshold are not there at all."""

    x: int
    y: int
    band: int


@dataclass(frozen=True, slots=True)
class Label:
    """A theme's name at its densest square. `id` is its cluster's."""

    x: float
    y: float
    text: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the map that is shown, in squares. Zoom halves it; it never leaves the map."""

    left: float = 0.0
    top: float = 0.0
    width: float = 1.0
    height: float = 1.0

    def zoomed(self, factor: float) -> "Window":
        """Around the middle; `factor` under 1 shows less."""
        width, height = min(1.0, max(0.05, self.width * factor)), min(1.0, max(0.05, self.height * factor))
        return Window(
            min(max(0.0, self.left + (self.width - width) / 2), 1.0 - width),
            min(max(0.0, self.top + (self.height - height) / 2), 1.0 - height),
            width,
            height,
        )

    def around(self, x: float, y: float) -> "Window":
        """As large, with this place of the map (0 to 1 each) as near to its middle as the map's edge lets it be."""
        left = min(max(0.0, x - self.width / 2), 1.0 - self.width)
        return Window(left, min(max(0.0, y - self.height / 2), 1.0 - self.height), self.width, self.height)

    def moved(self, x: float, y: float) -> "Window":
        """By shares of what is shown."""
        left = min(max(0.0, self.left + x * self.width), 1.0 - self.width)
        top = min(max(0.0, self.top + y * self.height), 1.0 - self.height)
        return Window(left, top, self.width, self.height)


def density(
    cells: Sequence[Cell],
    labels: Sequence[Label],
    window: Window,
    size: tuple[int, int],
    glyphs: Glyphs,
    chosen: str = "",
) -> Content:
    """The map as shaded squares, `size` columns and lines, with names over them; the name of the cluster `chosen` is
    written first and marked. A name that does not fit where it belongs is left out or cut at the edge, never moved."""
    width, height = size
    across = max((cell.x for cell in cells), default=0) + 1
    down = max((cell.y for cell in cells), default=0) + 1
    bands = {(cell.x, cell.y): cell.band for cell in cells}
    grid: list[list[str]] = []
    for line in range(height):
        y = int((window.top + (line + 0.5) / height * window.height) * down)
        xs = [int((window.left + (column + 0.5) / width * window.width) * across) for column in range(width)]
        grid.append([glyphs.shades[min(4, max(0, bands.get((x, y), 0)))] for x in xs])
    ordered = sorted(labels, key=lambda label: label.id != chosen) if chosen else labels
    for label in ordered:
        mark = f"{glyphs.chosen} " if chosen and label.id == chosen else ""
        _write(grid, f"{mark}{label.text}", label, window, (across, down), size)
    return Content("\n".join("".join(line) for line in grid))


def _write(
    grid: list[list[str]], name: str, label: Label, window: Window, extent: tuple[int, int], size: tuple[int, int]
) -> None:
    """Write a name around its square, moved inwards at an edge by as much as it needs. Where another name stands, none."""
    text = fit(name, min(_NAME, size[0], cell_len(safe(name)))).rstrip()
    x = ((label.x + 0.5) / extent[0] - window.left) / window.width
    y = ((label.y + 0.5) / extent[1] - window.top) / window.height
    if not (0 <= x < 1 and 0 <= y < 1):
        return
    needs = cell_len(text)
    column = min(max(0, round(x * size[0] - needs / 2)), size[0] - needs)
    line = grid[int(y * size[1])]
    beside = line[max(0, column - 1) : column + needs + 1]
    if not any(sign == "" or sign[-1:].isalnum() or sign[:1].isalnum() for sign in beside):
        line[column : column + needs] = [text, *[""] * (needs - 1)]


_NAME = 28
"""Cells of a name on the map."""


def map_parts(finding: dict[str, Any]) -> tuple[list[Cell], list[Label]]:
    """Squares and names of a finding of shape "map". A row is a square with `place` (across, up) and the theme that most
    of it is of; a theme's name stands at its densest square. Rows that are suppressed, or have no place, are not drawn."""
    rows = [row for row in finding["rows"] if _is_square(row)]
    top = max((row["place"][1] for row in rows), default=0)
    most = max((row["values"][0]["count"] for row in rows), default=1)
    cells = [Cell(row["place"][0], top - row["place"][1], _band(row["values"][0]["count"], most)) for row in rows]
    densest: dict[str, dict[str, Any]] = {}
    for row in rows:
        if (
            row.get("id")
            and row["label"] != _UNNAMED
            and row["values"][0]["count"] > densest.get(row["id"], _NOTHING)["values"][0]["count"]
        ):
            densest[row["id"]] = row
    by_size = sorted(densest.values(), key=lambda row: -row["values"][0]["count"])
    labels = [Label(row["place"][0], top - row["place"][1], str(row["label"]), row["id"]) for row in by_size]
    return cells, labels


_UNNAMED = "unnamed group"
"""What the gate writes where it lets a group out without its name."""

_NOTHING: dict[str, Any] = {"values": [{"count": 0}]}


def _is_square(row: dict[str, Any]) -> bool:
    place, count = row.get("place"), row["values"][0]["count"]
    is_place = (
        isinstance(place, list) and len(place) == 2 and all(isinstance(at, int) and 0 <= at < 1_000 for at in place)
    )
    return is_place and isinstance(count, int) and count > 0


def _band(count: int, most: int) -> int:
    """1 to 4: quarters of the largest square's count."""
    return min(4, 1 + 4 * count // (most + 1))
