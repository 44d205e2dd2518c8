"""What differs between two findings of the same call, beyond what rounding and chance explain.

Everything is computed from what was said; a change here is never sharper than the findings it compares.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from typing import Any, Literal

import regex

from tools.statistics.measures import Z95

Kind = Literal[
    "appeared", "no longer shown", "count", "share", "verdict", "interval", "not comparable",
    "new theme", "growth", "coordination", "change point", "count over",
]  # fmt: skip
"""The second line are conditions of a watch that are met (`agent.storage.conditions`)."""
HIGH = ("high", "very high")
UNNAMED = "unnamed group"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `before` and `after` are as they were said. `material`: beyond the interval too, a group that
    appeared or is gone, or another verdict; a count that moved with the size of the whole is not."""

    kind: Kind
    group: str
    what: str
    before: str
    after: str
    material: bool

    def in_words(self) -> str:
        if self.kind in ("appeared", "no longer shown"):
            return f"“{self.group}” {self.kind}" + (f" ({self.after})" if self.after else "")
        if self.kind == "new theme":
            return f"new theme “{self.group}” ({self.after})"
        if self.kind == "change point":
            return f"{self.group}: {self.what}"
        if not self.before:
            return f"“{self.group}”, {self.what}: {self.after}"
        return f"“{self.group}”, {self.what}: {self.before} → {self.after}"


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """Differences between two stored findings, groups matched by cluster id, else by label. In a trend a new bucket is
    time passing, not a new group."""
    old, new = rows_of(before), rows_of(after)
    old = _renumbered(old, new)
    round_to = max(policy_step(before), policy_step(after))
    found: list[Change] = []
    for key, row in new.items():
        if key in old:
            found += _row_changes(before, after, old[key], row, round_to)
        elif after["shape"] != "trend":
            found.append(Change("appeared", row["label"], "", "", _said(row["values"][0]), True))
    if after["shape"] != "trend":
        gone = [row for key, row in old.items() if key not in new]
        found += [Change("no longer shown", row["label"], "", _said(row["values"][0]), "", True) for row in gone]
    return found


def _renumbered(old: dict[str, dict[str, Any]], new: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The earlier rows, each under the key that a later row has whose name is the same: where themes are made anew, one keeps its
    name and not its id. Only names that one row has on either side."""
    once = [
        {label: key for key, row in rows.items() if (label := row["label"]) and labels.count(label) == 1}
        for rows in (old, new)
        for labels in [[row["label"] for row in rows.values()]]
    ]
    moved = {
        once[0][label]: key
        for label, key in once[1].items()
        if label in once[0] and key not in old and once[0][label] not in new
    }
    return {moved.get(key, key): row for key, row in old.items()}


def policy_step(finding: dict[str, Any]) -> int:
    """What counts were rounded to, as a finding's policy states it."""
    stated = regex.search(r"rounded to (\d+)", finding["policy"])
    return int(stated.group(1)) if stated else 1


def rows_of(finding: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Rows that are shown, by what tells them apart; a group without name and id cannot be told apart, nor can the cells of a
    map, which lie elsewhere each time."""
    if finding["shape"] == "map":
        return {}
    found: dict[str, dict[str, Any]] = {}
    for row in finding["rows"]:
        if row["values"][0]["count"] is None or (row["label"] == UNNAMED and "id" not in row):
            continue
        found[f"id {row['id']}" if "id" in row else f"label {row['label']}"] = row
    return found


def _row_changes(
    before: dict[str, Any], after: dict[str, Any], old: dict[str, Any], new: dict[str, Any], round_to: int
) -> Iterable[Change]:
    for place, column in enumerate(after["columns"]):
        if place >= len(old["values"]) or place >= len(before["totals"]):
            continue
        earlier, later = old["values"][place], new["values"][place]
        if earlier["count"] is None or later["count"] is None:
            continue
        if abs(later["count"] - earlier["count"]) <= round_to:
            continue
        apart = _apart(earlier, before["totals"][place], later, after["totals"][place], round_to)
        yield Change("share" if apart else "count", new["label"], column, _said(earlier), _said(later), apart)
    named = {item["name"]: item for item in old.get("measures", ())}
    for item in new.get("measures", ()):
        if item["name"] in named:
            yield from _measure_changes(new["label"], named[item["name"]], item)


def _apart(earlier: dict[str, Any], first: int, later: dict[str, Any], second: int, round_to: int) -> bool:
    """Whether two shares differ by more than the 95 % interval of their difference and what rounding leaves open."""
    if not first or not second or earlier["share"] is None or later["share"] is None:
        return False
    p, q = earlier["count"] / first, later["count"] / second
    error = sqrt(max(0.0, p * (1 - p)) / first + max(0.0, q * (1 - q)) / second)
    return bool(abs(q - p) > Z95 * error + round_to * (1 / first + 1 / second))


def _measure_changes(group: str, old: dict[str, Any], new: dict[str, Any]) -> Iterable[Change]:
    if old.get("verdict", "") != new.get("verdict", ""):
        before, after = (item.get("verdict", "") or "none" for item in (old, new))
        yield Change("verdict", group, new["name"], before, after, True)
    elif all(side in item for side in ("low", "high") for item in (old, new)) and (
        new["low"] > old["high"] or new["high"] < old["low"]
    ):
        before, after = (f"{item['low']} to {item['high']}" for item in (old, new))
        yield Change("interval", group, new["name"], before, after, True)


def _said(value: dict[str, Any]) -> str:
    return f"{value['count']:,}" + ("" if value["share"] is None else f" ({value['share']} %)")


Severity = Literal["nothing", "notable", "serious"]
EXIT_CODES: dict[Severity, int] = {"nothing": 0, "notable": 10, "serious": 11}
_DOUBLED = 2.0


def severity(found: Iterable[Change], specialist: str) -> Severity:
    """How much changes matter. Serious: a verdict became high or very high; or, where an abuse task looked, a group
    appeared or a share at least doubled. Notable: any other material change."""
    worst: Severity = "nothing"
    for change in found:
        if not change.material:
            continue
        if change.kind in ("verdict", "coordination") and change.after in HIGH and change.before not in HIGH:
            return "serious"
        if specialist == "abuse" and (change.kind in ("appeared", "new theme") or _doubled(change)):
            return "serious"
        worst = "notable"
    return worst


def _doubled(change: Change) -> bool:
    if change.kind != "share":
        return False
    before, after = (float(wording.rsplit("(", 1)[-1].split()[0]) for wording in (change.before, change.after))
    return after >= _DOUBLED * before
