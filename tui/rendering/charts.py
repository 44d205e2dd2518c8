"""Charts that are read with their numbers beside them: trend, comparison, map. Pure: finding in, `Content` out.

A suppressed value draws nothing and says so. No chart tells anything by colour alone. The map shades bands of counts; it
never places a conversation.
"""

from typing import Any

from rich.cells import cell_len
from textual.content import Content
from textual.style import Style

from agent.figures.series import change_points, share_measure
from index.core.untrusted import safe
from tui.rendering.measures import placed
from tui.rendering.rows import by_size
from tui.text.glyphs import Glyphs
from tui.text.untrusted import fit

_QUIET = "$quiet"
_BOLD = Style(bold=True)
_ROOMY = 96
"""Columns from which on a name has all the room but that of its numbers and bar."""


def trend(finding: dict[str, Any], width: int, glyphs: Glyphs) -> Content:
    """Buckets downwards with count, share, interval and a bar; buckets that the notes name as a change are marked."""
    rows = finding["rows"]
    shares = [share_measure(row) for row in rows]
    has_shares = any(share is not None for share in shares)
    sizes = [_size(row, share, has_shares) for row, share in zip(rows, shares, strict=True)]
    highs = [share.get("high") or 0.0 for share in shares if share is not None]
    top = max([size for size in sizes if size is not None] + highs, default=1) or 1
    changes = change_points(finding)
    room = max(4, width - 22 - (21 if has_shares else 0))
    lines = [_title(finding, width), Content.styled(_trend_head(has_shares), _QUIET)]
    for row, size, share in zip(rows, sizes, shares, strict=True):
        mark = glyphs.change if row["label"] in changes else " "
        count = row["values"][0]["count"]
        if count is None or size is None:
            lines.append(Content.styled(f"{mark}{fit(row['label'], 10)} {'suppressed':>9}", _QUIET))
            continue
        numbers = f"{fit(row['label'], 10)} {count:>9,}"
        if share is not None:
            numbers += f"{_percent(share['value']):>8}{_range(share):>13}"
        drawn = _bar(size, top, room, glyphs, share.get("high") if share else None)
        lines.append(Content.assemble((mark, "$warn bold"), f"{numbers} ", (drawn, "$mark")))
    if changes:
        lines.append(Content.assemble((glyphs.change, "$warn bold"), " change of level"))
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
    rows = [row for row in by_size(finding) if not row.get("parent")] or finding["rows"]
    longest = max((cell_len(safe(placed(row))) for row in rows), default=0)
    label = min(longest, max(12, width // 3 if width < _ROOMY else width - _ROOMY // 2))
    room = max(4, width - label - 20)
    sizes = [[_share_or_count(value) for value in row["values"]] for row in rows]
    top = max((size for row in sizes for size in row if size is not None), default=1.0) or 1.0
    lines = [_title(finding, width)]
    if len(columns) > 1:
        lines += [Content.styled(f"{chr(97 + place)} = {safe(name)}", _QUIET) for place, name in enumerate(columns)]
    for row, row_sizes in zip(rows, sizes, strict=True):
        for place, (value, size) in enumerate(zip(row["values"], row_sizes, strict=True)):
            name = fit(placed(row) if place == 0 else "", label)
            key = f"{chr(97 + place)} " if len(columns) > 1 else ""
            if size is None:
                lines.append(Content.assemble(f"{name} {key}", ("suppressed", _QUIET)))
                continue
            numbers = f"{value['count']:>8,}{_percent(value['share']):>8}"
            drawn = _bar(size, top, room - len(key), glyphs)
            lines.append(Content.assemble(f"{name} {key}{numbers} ", (drawn, "$mark" if place == 0 else "$title")))
    return Content("\n").join(lines)


def _share_or_count(value: dict[str, Any]) -> float | None:
    if value["count"] is None:
        return None
    return float(value["count"] if value["share"] is None else value["share"])


def _title(finding: dict[str, Any], width: int) -> Content:
    return Content.styled(fit(f"{finding['id']} {finding['title']}", width).rstrip(), _BOLD)
