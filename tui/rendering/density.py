"""The map of a finding as text: squares of a density grid shaded by bands of counts, and numbers beside them.

The grid is drawn in half blocks, two squares a cell, coloured by band; where the terminal has letters only, or no colours of
its own, in shades. Nothing is written over the shading: a number is in a blank cell beside its square, or not at all.
It never places a conversation. Pure: finding in, `Content` out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from textual.content import Content

from index.core.untrusted import safe
from tui.text.glyphs import Glyphs

BANDS = ("", "$mark 30%", "$mark 50%", "$mark 75%", "$mark")
"""Colours of the bands, from none to the most."""
_CHOSEN = "$title"
_HALF = "▀"
_REACH = 4
"""Cells to the side of a square, and half as many lines above and below, within which its number may stand."""
_NO_NAME = "unnamed group"
"""What the gate writes where it lets a group out without its name."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One square of the map: column and row from the upper left, and a band of counts from 1 (few) to 4 (most). `row` is
    the row of the finding. Squares below the threshold are not there at all."""

    x: int
    y: int
    band: int
    row: Mapping[str, Any]

    @property
    def cluster(self) -> str:
        return str(self.row.get("id") or "")

    @property
    def words(self) -> str:
        """What is known of the square, in a line."""
        value = self.row["values"][0]
        share = "" if value["share"] is None else f" ({value['share']} %)"
        name = safe(self.row["label"]).replace("\n", " ")
        mostly = "no name fits it" if name == _NO_NAME else f"mostly “{name}”"
        return f"this square: {value['count']:,} conversations{share}, {mostly}"


@dataclass(frozen=True, slots=True)
class Area:
    """The squares that are mostly of one theme. `x`, `y` are the densest one's; `count` is what is shown in them."""

    id: str
    name: str
    x: int
    y: int
    count: int
    squares: int


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the map that is shown, in shares of it. Zoom halves it; it never leaves the map."""

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


@dataclass(frozen=True, slots=True)
class Grid:
    """All squares and areas of a map, the largest area first."""

    cells: tuple[Cell, ...] = ()
    areas: tuple[Area, ...] = ()

    @property
    def extent(self) -> tuple[int, int]:
        """Columns and rows."""
        return max((cell.x for cell in self.cells), default=0) + 1, max((cell.y for cell in self.cells), default=0) + 1

    def at(self, window: Window, size: tuple[int, int], x: int, y: float) -> Cell | None:
        """The square that is drawn in column `x` and line `y` (halves are the lower half) of a map of this size."""
        across, down = self.extent
        column = int((window.left + (x + 0.5) / size[0] * window.width) * across)
        row = int((window.top + (y + 0.25) / size[1] * window.height) * down)
        return next((cell for cell in self.cells if (cell.x, cell.y) == (column, row)), None)


def grid_of(finding: dict[str, Any]) -> Grid:
    """The squares of a finding of shape "map". A row is a square with `place` (across, up) and the theme that most of it
    is of. Rows that are suppressed, or have no true place, are left out."""
    rows = [row for row in finding["rows"] if _is_square(row)]
    top = max((row["place"][1] for row in rows), default=0)
    most = max((row["values"][0]["count"] for row in rows), default=1)
    cells = [Cell(row["place"][0], top - row["place"][1], _band(row["values"][0]["count"], most), row) for row in rows]
    named: dict[str, list[Cell]] = {}
    for cell in cells:
        if cell.cluster and cell.row["label"] != _NO_NAME:
            named.setdefault(cell.cluster, []).append(cell)
    areas = [_area(of_it) for of_it in named.values()]
    return Grid(tuple(cells), tuple(sorted(areas, key=lambda area: -area.count)))


def _area(cells: list[Cell]) -> Area:
    densest = max(cells, key=_count)
    name = safe(densest.row["label"]).replace("\n", " ")
    return Area(densest.cluster, name, densest.x, densest.y, sum(map(_count, cells)), len(cells))


def _count(cell: Cell) -> int:
    return int(cell.row["values"][0]["count"])


def _is_square(row: dict[str, Any]) -> bool:
    place, count = row.get("place"), row["values"][0]["count"]
    is_place = (
        isinstance(place, list) and len(place) == 2 and all(isinstance(at, int) and 0 <= at < 1_000 for at in place)
    )
    return is_place and isinstance(count, int) and count > 0


def _band(count: int, most: int) -> int:
    """1 to 4: quarters of the largest square's count."""
    return min(4, 1 + 4 * count // (most + 1))


def drawn(
    grid: Grid, window: Window, size: tuple[int, int], glyphs: Glyphs, chosen: str = "", *, in_colour: bool = True
) -> Content:
    """The part `window` of the map as `size` columns and lines, the squares of the area `chosen` in another colour."""
    halves = [[grid.at(window, size, x, line / 2) for x in range(size[0])] for line in range(2 * size[1])]
    numbers = _numbers(grid, window, size, halves)
    lines = []
    for line in range(size[1]):
        parts: list[tuple[str, str]] = []
        for x, (upper, lower) in enumerate(zip(halves[2 * line], halves[2 * line + 1], strict=True)):
            if (number := numbers.get((x, line))) is not None:
                parts.append((number, "bold"))
            elif in_colour and glyphs.full == "█":
                parts.append(_block(upper, lower, chosen))
            else:
                parts.append(_shade(upper or lower, glyphs, chosen))
        lines.append(Content.assemble(*parts))
    return Content("\n").join(lines)


def _block(upper: Cell | None, lower: Cell | None, chosen: str) -> tuple[str, str]:
    above, below = _colour(upper, chosen), _colour(lower, chosen)
    if not above and not below:
        return " ", ""
    if not above:
        return "▄", below
    if above == below:
        return "█", above
    return _HALF, f"{above} on {below}" if below else above


def _colour(cell: Cell | None, chosen: str) -> str:
    if cell is None:
        return ""
    return _CHOSEN if chosen and cell.cluster == chosen else BANDS[cell.band]


def _shade(cell: Cell | None, glyphs: Glyphs, chosen: str) -> tuple[str, str]:
    if cell is None:
        return " ", ""
    if chosen and cell.cluster == chosen:
        return glyphs.chosen, ""
    return glyphs.shades[cell.band], ""


def _numbers(
    grid: Grid, window: Window, size: tuple[int, int], halves: list[list[Cell | None]]
) -> dict[tuple[int, int], str]:
    """Digits by column and line: each area's number in blank cells beside its densest square, the largest areas first."""
    is_free = [
        [halves[2 * y][x] is None and halves[2 * y + 1][x] is None for x in range(size[0])] for y in range(size[1])
    ]
    across, down = grid.extent
    placed: dict[tuple[int, int], str] = {}
    for number, area in enumerate(grid.areas, start=1):
        x = int(((area.x + 0.5) / across - window.left) / window.width * size[0])
        y = int(((area.y + 0.5) / down - window.top) / window.height * size[1])
        if not (0 <= x < size[0] and 0 <= y < size[1]):
            continue
        text = str(number)
        if (place := _blank(is_free, x, y, len(text))) is not None:
            for offset, digit in enumerate(text):
                placed[(place[0] + offset, place[1])] = digit
            for taken in range(max(0, place[0] - 1), min(size[0], place[0] + len(text) + 1)):
                is_free[place[1]][taken] = False
    return placed


def _blank(is_free: list[list[bool]], x: int, y: int, width: int) -> tuple[int, int] | None:
    """The blank run of `width` cells that is nearest to a place."""
    found: list[tuple[float, int, int]] = []
    for line in range(max(0, y - _REACH // 2), min(len(is_free), y + _REACH // 2 + 1)):
        for column in range(max(0, x - _REACH - width), min(len(is_free[line]) - width, x + _REACH) + 1):
            if all(is_free[line][column : column + width]):
                away = min(abs(column - x), abs(column + width - 1 - x))
                found.append((away + 2 * abs(line - y), column, line))
    return min(found)[1:] if found else None
