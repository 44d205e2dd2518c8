"""Findings in long form, one value a row, as the Anthropic Economic Index publishes its data: CSV and Parquet.

The columns are its own (`date_start, date_end, facet, level, variable, cluster_name, value`), then `suppressed`, because a value
that is not shown is not zero, and which finding a row is from. Names are text: no cell is a formula.
"""

import csv
import io
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

import regex

from agent.storage.tables import cell
from index.core.parquet import to_parquet
from index.core.untrusted import safe


class Long(NamedTuple):
    """One value. `level`: 0 for a group of its own, 1 for what lies in one (`cluster_name` of its group is `parent`).
    `value` None: suppressed. Dates are ISO; empty where the finding has none."""

    date_start: str
    date_end: str
    facet: str
    level: int
    variable: str
    cluster_name: str
    value: float | None
    suppressed: int
    parent: str
    finding: str
    title: str
    scope: str
    snapshot: int


_DAY = regex.compile(r"\d{4}-\d{2}(?:-\d{2})?")
_BY = regex.compile(r" by (\w[\w ]*)$")


def long_rows(findings: Iterable[Mapping[str, Any]]) -> Iterator[Long]:
    """Every count, share, number of accounts and statistic of these findings, in their JSON-safe form."""
    for finding in findings:
        names = {row["id"]: row["label"] for row in finding["rows"] if row.get("id")}
        for row in finding["rows"]:
            start, end = _dates(row["label"] if finding["shape"] == "trend" else finding["period"])
            common = (finding["id"], safe(finding["title"]), safe(finding["scope"]), int(finding["snapshot"]))
            parent = safe(names.get(row.get("parent"), ""))
            for variable, value in _values(finding, row):
                hidden = int(value is None)
                yield Long(
                    start, end, _facet(finding), int(bool(parent)), variable, safe(row["label"]), value, hidden, parent, *common
                )  # fmt: skip


def _values(finding: Mapping[str, Any], row: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    many = len(finding["columns"]) > 1
    for column, value in zip(finding["columns"], row["values"], strict=True):
        named = f"{safe(column)}, " if many else ""
        yield f"{named}count", value["count"]
        if value["share"] is not None:
            yield f"{named}pct", value["share"]
    if row.get("accounts") is not None:
        yield "accounts", row["accounts"]
    for measure in row.get("measures", ()):
        for end, suffix in (("value", ""), ("low", ", low"), ("high", ", high")):
            if end in measure:
                yield f"{safe(measure['name'])}{suffix}", measure[end]


def _facet(finding: Mapping[str, Any]) -> str:
    """What the rows are: the facet of a count, else the tool's own word."""
    found = _BY.search(finding["title"])
    return (
        found.group(1)
        if found and finding["shape"] == "table"
        else {"tree": "theme", "map": "cell"}.get(finding["shape"], finding["tool"])
    )


def _dates(text: str) -> tuple[str, str]:
    """First and last day that a period or a bucket's label names."""
    found = _DAY.findall(text)
    return (_first(found[0]), _last(found[-1])) if found else ("", "")


def _first(day: str) -> str:
    return day if len(day) > len("2026-01") else f"{day}-01"


def _last(day: str) -> str:
    if len(day) > len("2026-01"):
        return day
    year, month = int(day[:4]), int(day[5:])
    return date(year, month, monthrange(year, month)[1]).isoformat() if 1 <= month <= 12 else day


def as_csv(findings: Iterable[Mapping[str, Any]]) -> str:
    """Long rows as CSV; a suppressed value is an empty cell with `suppressed` 1."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(Long._fields)
    for row in long_rows(findings):
        writer.writerow(["" if value is None else cell(value) if isinstance(value, str) else value for value in row])
    return out.getvalue()


_TYPES = {"level": "INTEGER", "value": "DOUBLE", "suppressed": "INTEGER", "snapshot": "INTEGER"}


def as_parquet(findings: Iterable[Mapping[str, Any]]) -> bytes:
    """Long rows as Parquet; a suppressed value is null."""
    return to_parquet({name: _TYPES.get(name, "VARCHAR") for name in Long._fields}, list(long_rows(findings)))
