"""A trend as a series that can be plotted: values, intervals, gaps, and what is marked. Pure: finding in, numbers out.

A suppressed bucket is a gap: no line leads through it, because a line would say what was not released.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from index.core.untrusted import safe

_CHANGE = re.compile(r"change of level at (\d{4}-\d{2}(?:-\d{2})?)")


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on the time axis, as the number of a bucket, and what stands there."""

    place: int
    text: str
    is_change: bool


@dataclass(frozen=True, slots=True)
class Series:
    """Buckets in order. `values` are shares in percent where the trend states shares (`unit` is "%"), else counts; None is
    a suppressed bucket. `bands` are 95 % intervals, None where none is stated."""

    labels: tuple[str, ...]
    values: tuple[float | None, ...]
    bands: tuple[tuple[float, float] | None, ...]
    unit: str
    marks: tuple[Mark, ...]

    @property
    def runs(self) -> Iterator[tuple[int, int]]:
        """Begin and end of each run of buckets without a gap."""
        begin: int | None = None
        for place, value in enumerate((*self.values, None)):
            if value is not None and begin is None:
                begin = place
            elif value is None and begin is not None:
                yield begin, place
                begin = None

    @property
    def top(self) -> float:
        """The largest value or upper end."""
        highs = [band[1] for band in self.bands if band is not None]
        return max([*(value for value in self.values if value is not None), *highs], default=1.0) or 1.0


def series(finding: dict[str, Any], landmarks: Mapping[str, date]) -> Series:
    """The series of a finding of shape "trend"."""
    rows = finding["rows"]
    labels = tuple(safe(row["label"]) for row in rows)
    measures = [share_measure(row) for row in rows]
    has_shares = any(share is not None for share in measures)
    values = tuple(_value(row, share, has_shares) for row, share in zip(rows, measures, strict=True))
    bands = tuple(_band(share) if value is not None else None for share, value in zip(measures, values, strict=True))
    changed = change_points(finding)
    marks = [Mark(place, f"change of level at {label}", True) for place, label in enumerate(labels) if label in changed]
    marks += [Mark(place, f"{safe(name)}, {day}", False) for name, day in landmarks.items()
              if (place := _bucket_of(labels, day)) is not None]  # fmt: skip
    return Series(labels, values, bands, "%" if has_shares else "", tuple(marks))


def change_points(finding: dict[str, Any]) -> set[str]:
    """Buckets that the notes of a trend name as the start of another level."""
    return {found for note in finding["notes"] for found in _CHANGE.findall(note)}


def share_measure(row: dict[str, Any]) -> dict[str, Any] | None:
    """A bucket's share of everything in that bucket, with its interval, where the trend states one."""
    return next((item for item in row.get("measures", ()) if item["name"] == "share" and "value" in item), None)


def _value(row: dict[str, Any], share: dict[str, Any] | None, has_shares: bool) -> float | None:
    count = row["values"][0]["count"]
    if count is None or (has_shares and share is None):
        return None
    return float(share["value"]) if share is not None and has_shares else float(count)


def _band(share: dict[str, Any] | None) -> tuple[float, float] | None:
    return (
        (float(share["low"]), float(share["high"]))
        if share is not None and "low" in share and "high" in share
        else None
    )


def _bucket_of(labels: tuple[str, ...], day: date) -> int | None:
    """The bucket that a day is in; None where the axis does not reach it."""
    starts = [label if len(label) > 7 else f"{label}-01" for label in labels]
    place = bisect_right(starts, day.isoformat()) - 1
    is_last = place == len(starts) - 1
    return place if place >= 0 and (not is_last or starts[-1][:7] == day.isoformat()[:7]) else None
