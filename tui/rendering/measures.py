"""A finding's rows in words, their names and their statistics, for the screen, for plain lines and for files alike."""

from typing import Any

from tools.core.finding import bound_sign


def measure_names(finding: dict[str, Any]) -> list[str]:
    """The statistics that rows of a finding carry, in their order."""
    return list(dict.fromkeys(measure["name"] for row in finding["rows"] for measure in row.get("measures", ())))


def measure_text(row: dict[str, Any], name: str) -> str:
    """A row's statistic with its interval and its verdict, "–" where it has none."""
    found = next((measure for measure in row.get("measures", ()) if measure["name"] == name), None)
    if found is None:
        return "–"
    parts = []
    if "value" in found:
        parts.append(f"{bound_sign(found)}{found['value']}")
    if "low" in found and "high" in found:
        parts.append(f"({found['low']}–{found['high']})")
    return " ".join([*parts, found.get("verdict", "")]).strip()


def placed(row: dict[str, Any]) -> str:
    """A row's label, with the square it is of where it is a map's."""
    place = row.get("place")
    return f"{place[0]}/{place[1]} {row['label']}" if place else str(row["label"])
