"""The chart of a finding, for a report: a trend with its interval and change points, a comparison, a map, or the largest groups.

It is drawn from the finding that the screen draws, and from nothing else: what is suppressed is a gap or an empty place.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import regex

from agent.figures.plots import Mark, Series, Tone, bars, cells, lines, small_multiples
from agent.figures.series import series

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_BARS = 20
_FEWEST_MULTIPLES = 3
"""Columns over months from which on each has a plot of its own."""
_MONTH = regex.compile(r"\d{4}-\d{2}")


def chart(
    finding: dict[str, Any], landmarks: Mapping[str, date] | None = None, tone: Tone = "light"
) -> "Figure | None":
    """The chart of a finding in its JSON-safe form; None where no row of it is shown."""
    if all(value["count"] is None for row in finding["rows"] for value in row["values"][:1]):
        return None
    if finding["shape"] == "trend":
        return _trend(finding, landmarks or {}, tone)
    if finding["shape"] == "map":
        return _map(finding, tone)
    months = [_MONTH.fullmatch(str(row["label"])) for row in finding["rows"]]
    if all(months) and len(months) > 1 and len(finding["columns"]) >= _FEWEST_MULTIPLES:
        return _multiples(finding, tone)
    return _bars(finding, tone)


def _title(finding: Mapping[str, Any]) -> str:
    return f"{finding['id']} {finding['title']}"


def _multiples(finding: Mapping[str, Any], tone: Tone) -> "Figure":
    """A plot for each column over time, all on the same scale: how each language developed, say."""
    rows = sorted(finding["rows"], key=lambda row: str(row["label"]))
    many = [
        Series(column, [row["values"][place]["count"] for row in rows])
        for place, column in enumerate(finding["columns"])
    ]
    return small_multiples(_title(finding), "conversations", [row["label"] for row in rows], many, tone)


def _trend(finding: dict[str, Any], landmarks: Mapping[str, date], tone: Tone) -> "Figure":
    drawn = series(finding, landmarks)
    low, high = ([None if band is None else band[end] for band in drawn.bands] for end in (0, 1))
    marks = [Mark(mark.place, mark.text) for mark in drawn.marks]
    one = Series(finding["columns"][0], drawn.values, low, high)
    return lines(_title(finding), drawn.unit or "conversations", drawn.labels, [one], marks, tone)


def _map(finding: Mapping[str, Any], tone: Tone) -> "Figure | None":
    placed = [row for row in finding["rows"] if row.get("place")]
    if not placed:
        return None
    across, up = (1 + max(row["place"][axis] for row in placed) for axis in (0, 1))
    grid: list[list[float | None]] = [[None] * across for _ in range(up)]
    for row in placed:
        grid[row["place"][1]][row["place"][0]] = row["values"][0]["count"]
    named = sorted((row for row in placed if row.get("id")), key=lambda row: -(row["values"][0]["count"] or 0))
    return cells(_title(finding), grid, [(row["place"][0], row["place"][1], row["label"]) for row in named[:12]], tone)


def _bars(finding: Mapping[str, Any], tone: Tone) -> "Figure":
    """The largest groups of their own, each with its columns; shares where there are several columns, so that they compare."""
    rows: Sequence[Mapping[str, Any]] = [row for row in finding["rows"] if not row.get("parent")][:_MOST_BARS]
    columns = finding["columns"]
    by_share = len(columns) > 1 and any(value["share"] is not None for row in rows for value in row["values"])
    of = "share" if by_share else "count"
    unit = "% of its column" if by_share else "conversations"
    many = [Series(column, [row["values"][place][of] for row in rows]) for place, column in enumerate(columns)]
    return bars(_title(finding), unit, [row["label"] for row in rows], many, tone)
