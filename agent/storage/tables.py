"""Findings as CSV: one long table, so that a spreadsheet or pandas reads several findings at once.

A cell is text, never a formula, whoever wrote the name in it.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

from index.core.untrusted import safe

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def findings_csv(findings: Iterable[dict[str, Any]]) -> str:
    """Every row of these findings by column: finding, title, scope, group, column, count, share; and its statistics, with value,
    interval and verdict. A suppressed count says so."""
    rows: list[list[str]] = []
    for finding in findings:
        for row in finding["rows"]:
            for column, value in zip(finding["columns"], row["values"], strict=True):
                count = "suppressed" if value["count"] is None else str(value["count"])
                share = "" if value["share"] is None else str(value["share"])
                rows.append(
                    [finding["id"], finding["title"], finding["scope"], row["label"], column, count, share, *[""] * 4]
                )
            for measure in row.get("measures", ()):
                said = [str(measure.get(name, "")) for name in ("value", "low", "high", "verdict")]
                rows.append(
                    [finding["id"], finding["title"], finding["scope"], row["label"], measure["name"], "", "", *said]
                )
    return as_csv(
        ["finding", "title", "scope", "group", "column", "count", "share", "value", "low", "high", "verdict"], rows
    )


def as_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """CSV whose cells a spreadsheet reads as text, never as a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([cell(text) for text in row] for row in rows)
    return out.getvalue()


def cell(text: str) -> str:
    """A cell's text on one line."""
    line = safe(text).replace("\n", " ")
    is_number = re.fullmatch(r"[+-]?[\d.,]+", line) is not None
    return f"'{line}" if line.startswith(_FORMULA) and not is_number else line
