"""Charts that are read with their numbers beside them: trend, comparison, map. Pure: finding in, `Content` out.

A withheld value draws nothing and says so. No chart tells anything by colour alone. The map shades bands of counts; it
never places a conversation.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from textual.content import Content
from textual.style import Style

from tui.glyphs import Glyphs
from tui.text import fit, safe

_DIM = Style(dim=True)
_BOLD = Style(bold=True)
_CHANGE = re.compile(r"level changes at (\d{4}-\d{2}(?:-\d{2})?)")


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
            lines.append(Content.styled(f"{mark}{fit(row['label'], 10)} {'withheld':>9}", _DIM))
            continue
        numbers = f"{fit(row['label'], 10)} {count:>9,}"
        if share is not None:
            numbers += f"{_percent(share['value']):>8}{_range(share):>13}"
        drawn = _bar(size, top, room, glyphs, share.get("high") if share else None)
        lines.append(Content.assemble((mark, "$warning bold"), f"{numbers} ", (drawn, "$accent")))
    if changes:
        lines.append(Content.assemble((glyphs.change, "$warning bold"), " the level changes here"))
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
            name = fit(row["label"] if place == 0 else "", label)
            key = f"{chr(97 + place)} " if len(columns) > 1 else ""
            if size is None:
                lines.append(Content.assemble(f"{name} {key}", ("withheld", _DIM)))
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
    Squares under the policy's size are not there at all."""

    x: int
    y: int
    band: int


@dataclass(frozen=True, slots=True)
class Label:
    """A cluster's name at its middle, in the map's squares."""

    x: float
    y: float
    text: str


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

    def moved(self, x: float, y: float) -> "Window":
        """By shares of what is shown."""
        left = min(max(0.0, self.left + x * self.width), 1.0 - self.width)
        top = min(max(0.0, self.top + y * self.height), 1.0 - self.height)
        return Window(left, top, self.width, self.height)


def density(
    cells: Sequence[Cell], labels: Sequence[Label], window: Window, width: int, height: int, glyphs: Glyphs
) -> Content:
    """The map as shaded squares with names over them. A name that does not fit is left out, never moved elsewhere."""
    across = max((cell.x for cell in cells), default=0) + 1
    down = max((cell.y for cell in cells), default=0) + 1
    bands = {(cell.x, cell.y): cell.band for cell in cells}
    grid: list[list[str]] = []
    for line in range(height):
        y = int((window.top + (line + 0.5) / height * window.height) * down)
        xs = [int((window.left + (column + 0.5) / width * window.width) * across) for column in range(width)]
        grid.append([glyphs.shades[min(4, max(0, bands.get((x, y), 0)))] for x in xs])
    for label in labels:
        _write(grid, label, window, (across, down), (width, height))
    return Content("\n".join("".join(line) for line in grid))


def _write(grid: list[list[str]], label: Label, window: Window, extent: tuple[int, int], size: tuple[int, int]) -> None:
    text = safe(label.text).replace("\n", " ")
    column = round(((label.x + 0.5) / extent[0] - window.left) / window.width * size[0] - cell_len(text) / 2)
    line = int(((label.y + 0.5) / extent[1] - window.top) / window.height * size[1])
    if not (0 <= line < size[1] and column >= 0 and column + cell_len(text) <= size[0]):
        return
    covered = grid[line][column : column + cell_len(text)]
    if any(sign.isalnum() for sign in covered):
        return
    grid[line][column : column + cell_len(text)] = [text, *[""] * (cell_len(text) - 1)]


def map_parts(finding: dict[str, Any]) -> tuple[list[Cell], list[Label]]:
    """Squares and names of a finding of shape "map". Squares that are not numbers, or have no band, are left out."""
    cells = [
        Cell(int(cell[0]), int(cell[1]), int(cell[2]))
        for cell in finding.get("cells", ())
        if len(cell) == 3 and all(isinstance(part, int) and part >= 0 for part in cell) and cell[2] > 0
    ]
    labels = [Label(float(row["x"]), float(row["y"]), str(row["label"])) for row in finding["rows"] if "x" in row]
    return cells, labels
