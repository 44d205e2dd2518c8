"""The rows of a finding as a reader wants them: in an order, by a column, with the words of a filter. Pure.

What is suppressed is last in any order: where a hidden value would stand among the others would say how large it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from index.core.untrusted import safe
from tools.core.finding import BANDS, outlined
from tui.rendering.measures import measure_names, measure_text, placed

Row = dict[str, Any]


def by_size(finding: dict[str, Any]) -> list[Row]:
    """The rows of a table that has no order of its own, the largest first; of signs of coordination, the strongest first."""
    rows: list[Row] = finding["rows"]
    if finding["tool"] == "coordination":
        column = Column("", "measure", name="coordination")
        return sorted(rows, key=lambda row: (column.key(row) or (-1.0, ""))[0], reverse=True)
    has_order = finding["shape"] not in ("table", "tree") or any(row["label"][:1].isdigit() for row in rows)
    if has_order or any(row.get("measures") for row in rows):
        return rows
    return sorted(rows, key=lambda row: -(row["values"][0]["count"] or 0))


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table. `kind` says what of a row it shows, `place` which value, `name` which statistic."""

    head: str
    kind: str
    place: int = 0
    name: str = ""

    def text(self, row: Row) -> str:
        """The cell as it is shown."""
        if self.kind == "label":
            return safe(placed(row)).replace("\n", " ")
        if self.kind == "measure":
            return safe(measure_text(row, self.name))
        value = row["values"][self.place][self.kind]
        if self.kind == "count":
            return "suppressed" if value is None else f"{value:,}"
        return "" if value is None else f"{value:.1f}"

    def key(self, row: Row) -> tuple[float, str] | None:
        """What to order rows by; None where nothing is shown."""
        if self.kind == "label":
            return 0.0, self.text(row).casefold()
        if self.kind == "measure":
            found = next((item for item in row.get("measures", ()) if item["name"] == self.name), None)
            if found is None:
                return None
            verdict = str(found.get("verdict", ""))
            grade = next((place for place, band in enumerate(BANDS) if band == verdict), -1)
            return float(found.get("value", grade)), verdict
        value = row["values"][self.place][self.kind]
        return None if value is None else (float(value), "")

    def descends(self, *, is_reversed: bool) -> bool:
        """Whether rows by it go down: numbers begin with the largest, names with A; `is_reversed` turns that round."""
        return (self.kind != "label") != is_reversed


def columns(finding: dict[str, Any]) -> list[Column]:
    """The columns of a finding: its labels, a count and a share for each of its columns, then its statistics."""
    found = [Column(finding["id"], "label")]
    for place, head in enumerate(finding["columns"]):
        found += [Column(safe(head), "count", place), Column("%", "share", place)]
    return found + [Column(safe(name), "measure", name=name) for name in measure_names(finding)]


def ordered(finding: dict[str, Any], column: Column | None, *, is_reversed: bool) -> list[Row]:
    """All rows: as an outline in the finding's own order, or one after the other by a column."""
    if column is None:
        return outlined(by_size(finding))
    keyed = [(key, row) for row in finding["rows"] if (key := column.key(row)) is not None]
    hidden = [row for row in finding["rows"] if column.key(row) is None]
    keyed.sort(key=lambda pair: pair[0], reverse=column.descends(is_reversed=is_reversed))
    return [row for _, row in keyed] + hidden


def filtered(rows: Sequence[Row], words: str) -> list[Row]:
    """The rows whose label holds all the words."""
    wanted = words.casefold().split()
    return [row for row in rows if all(word in str(row["label"]).casefold() for word in wanted)]
