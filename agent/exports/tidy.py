"""Findings in long form, one value a row, as the Anthropic Economic Index publishes its data: CSV and Parquet.

The columns are its own (`date_start, date_end, facet, level, variable, cluster_name, value`), then `suppressed`, because a value
that is not shown is not zero, `verdict`, and which finding a row is from. Names are text: no cell is a formula.
"""

import csv
import io
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

import regex

from agent.storage.tables import cell
from index.core.parquet import to_parquet
from index.core.untrusted import safe


class Long(NamedTuple):
    """One value. `level`: 0 for a group of its own, 1 for what lies in one (`cluster_name` of its group is `parent`).
    `value` None: suppressed, or a statistic that has a `verdict` and no number. Dates are ISO; empty where the finding has none."""

    date_start: str
    date_end: str
    facet: str
    level: int
    variable: str
    cluster_name: str
    value: float | None
    suppressed: int
    verdict: str
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
            start, end = (
                _dates(row["label"], finding["title"]) if finding["shape"] == "trend" else _dates(finding["period"])
            )
            common = (finding["id"], safe(finding["title"]), safe(finding["scope"]), int(finding["snapshot"]))
            parent = safe(names.get(row.get("parent"), ""))
            for variable, value, verdict in _values(finding, row):
                hidden = int(value is None and not verdict)
                yield Long(
                    start, end, _facet(finding), int(bool(parent)), variable, safe(row["label"]), value, hidden, verdict, parent,
                    *common,
                )  # fmt: skip
        # Groups that are not shown have no row: how many there are is said once, so that nobody takes the rows for all.
        start, end = _dates(finding["period"])
        common = (finding["id"], safe(finding["title"]), safe(finding["scope"]), int(finding["snapshot"]))
        hidden = finding["suppressed"]
        for variable, value in (("suppressed groups", hidden["groups"]), ("suppressed pct", hidden["share"])):
            yield Long(start, end, _facet(finding), 0, variable, "", value, 0, "", "", *common)


def _values(finding: Mapping[str, Any], row: Mapping[str, Any]) -> Iterator[tuple[str, float | None, str]]:
    """Variable, value and verdict."""
    many = len(finding["columns"]) > 1
    for column, value in zip(finding["columns"], row["values"], strict=True):
        named = f"{safe(column)}, " if many else ""
        yield f"{named}count", value["count"], ""
        if value["share"] is not None:
            yield f"{named}pct", value["share"], ""
    if row.get("accounts") is not None:
        yield "accounts", row["accounts"], ""
    for measure in row.get("measures", ()):
        name, verdict = safe(measure["name"]), safe(measure.get("verdict") or "")
        if "value" in measure or verdict:
            yield name, measure.get("value"), verdict
        for end in ("low", "high"):
            if end in measure:
                yield f"{name}, {end}", measure[end], ""


def _facet(finding: Mapping[str, Any]) -> str:
    """What the rows are: the facet of a count, else the tool's own word."""
    found = _BY.search(finding["title"])
    return (
        found.group(1)
        if found and finding["shape"] == "table"
        else {"tree": "theme", "map": "cell"}.get(finding["shape"], finding["tool"])
    )


def _dates(text: str, title: str = "") -> tuple[str, str]:
    """First and last day that a period or a bucket's label names; a week is named by its first day."""
    found = _DAY.findall(text)
    if found and title.endswith(" by week") and len(found[-1]) > len("2026-01"):
        return found[0], (date.fromisoformat(found[-1]) + timedelta(days=6)).isoformat()
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
