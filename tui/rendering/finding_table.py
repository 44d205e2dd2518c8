"""A finding as a table of plain lines, for `shoal ask` and for chat without a screen.

It draws what the finding holds and computes nothing; a series tells its suppressed buckets together, because a page of the
word "suppressed" hides the few that are said.
"""

import shutil
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from rich.cells import cell_len

from index.core.untrusted import safe
from tools.core.finding import MOST_INSIDE, outlined
from tui.rendering.measures import measure_names, measure_text
from tui.rendering.rows import by_size
from tui.text.untrusted import fit, spark

MOST_ROWS = 10
"""Rows of a table below an answer, where not all are asked for."""
_GAP = 3
_MAX_COLUMN = 32
_NARROWEST_LABEL = 20
_FEW_WITHHELD = 3
"""So many suppressed buckets in a row are one line."""


def finding_table(finding: dict[str, Any], most: int | None = MOST_ROWS) -> str:
    """The finding's rows, at most so many, its notes, and what was suppressed, as wide as the terminal lets it."""
    names = measure_names(finding)
    is_series = finding["shape"] == "trend"
    rows = finding["rows"] if is_series else outlined(by_size(finding), MOST_INSIDE)[:most]
    heads = [safe(head) for head in (*finding["columns"], *names)]
    body = list(_series(rows, names) if is_series else (_row(row, names) for row in rows))
    lines = [f"[{finding['id']}] {safe(finding['title'])} · {finding['period']}"]
    lines += _drawn(heads, body, shutil.get_terminal_size((100, 24)).columns)
    if len(rows) < len(finding["rows"]):
        lines.append(f"… {len(finding['rows']) - len(rows)} more rows")
    if is_series:
        lines.append("over time: " + spark([row["values"][0]["count"] for row in rows]))
    lines += [safe(note) for note in finding["notes"]]
    lines.append(safe(suppressed_line(finding)))
    return "\n".join(lines)


def _row(row: dict[str, Any], names: Sequence[str]) -> list[str]:
    label = ("  " if row.get("parent") else "") + safe(row["label"])
    return [label, *map(_value, row["values"]), *(measure_text(row, name) for name in names)]


def _series(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> Iterator[list[str]]:
    for is_suppressed, run in groupby(rows, key=lambda row: row["values"][0]["count"] is None):
        buckets = list(run)
        if is_suppressed and len(buckets) >= _FEW_WITHHELD:
            yield [f"{safe(buckets[0]['label'])} to {safe(buckets[-1]['label'])}", f"{len(buckets)} suppressed"]
        else:
            yield from (_row(row, names) for row in buckets)


def _drawn(heads: Sequence[str], body: Sequence[Sequence[str]], width: int) -> list[str]:
    """Columns as wide as what they hold; the labels take what is left."""
    widths = [min(_MAX_COLUMN, cell_len(head)) for head in heads]
    for row in body:
        for place, cell in enumerate(row[1:]):
            widths[place] = max(widths[place], min(_MAX_COLUMN, cell_len(cell)))
    longest = max((cell_len(row[0]) for row in body), default=0)
    room = max(_NARROWEST_LABEL, width - sum(widths) - _GAP * len(widths))
    label = max(1, min(longest, room))
    return [_line("", heads, label, widths), *(_line(row[0], row[1:], label, widths) for row in body)]


def _line(label: str, cells: Sequence[str], label_width: int, widths: Sequence[int]) -> str:
    placed = zip(cells, widths, strict=False)  # a run of suppressed buckets has one cell
    return (fit(label, label_width) + "".join(_right(cell, width) for cell, width in placed)).rstrip()


def _right(cell: str, width: int) -> str:
    cut = fit(cell, min(width, cell_len(cell)))
    return " " * (_GAP + width - cell_len(cut)) + cut


def _value(value: dict[str, Any]) -> str:
    if value["count"] is None:
        return "suppressed"
    return f"{value['count']:,}" + (f"  {value['share']:5.1f} %" if value["share"] is not None else "")


def suppressed_line(finding: dict[str, Any]) -> str:
    """What the strictness cost, in one line."""
    suppressed = finding["suppressed"]
    parts = [f"total {' / '.join(f'{total:,}' for total in finding['totals'])}"]
    if finding["outside"] is not None:
        parts.append(f"unclustered {finding['outside']} %")
    parts.append(f"suppressed {suppressed['groups']} groups ({suppressed['share']} %), {suppressed['cells']} cells")
    if suppressed["unnamed"]:
        parts.append(f"{suppressed['unnamed']} without a name")
    return " · ".join(parts)
