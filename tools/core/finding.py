"""A finding: the only thing that leaves the data plane (R2).

It is a small table with everything a reader needs to judge it: scope in words, period, sizes, what was suppressed, how
much fell outside, method, policy. Only the gate can build one; anyone else who tries stops the run.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass
from typing import Any, Literal, NamedTuple, get_args

from tools.core.errors import PrivacyViolation

_GATE_PASS = object()
"""Held by `tools.release.gate` alone; a contract test reads every import of it."""

Shape = Literal["table", "tree", "trend", "map"]
"""How it is read. The rows of a map are cells of a grid, each with its place."""

Verdict = Literal[
    "", "over", "under", "no clear difference", "new", "grown", "shrunk", "vanished", "low", "typical", "high", "very high", "unknown",
    "holds", "does not hold", "suppressed",
]  # fmt: skip
"""What a statistic says in a word; a closed list, so that nothing else can leave by it."""

Band = Literal["unknown", "low", "typical", "high", "very high"]
BANDS: tuple[Band, ...] = get_args(Band)
"""The verdicts that are bands, from the least on."""


@dataclass(frozen=True, slots=True)
class Value:
    """One cell. `count` None: suppressed, or below the threshold (which may be zero; the two are not told apart).
    `share` is a percentage of the column's total, from rounded counts."""

    count: int | None
    share: float | None


@dataclass(frozen=True, slots=True)
class Measure:
    """A statistic of a row, computed from its released values, or a band ("high") without a number. `low` and `high`
    are a 95 % interval. `is_bound`: at least this, or with `is_at_most` at most, because one side is under the threshold."""

    name: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    verdict: Verdict = ""
    is_bound: bool = False
    is_at_most: bool = False


class Place(NamedTuple):
    """A cell of a map's grid, counted from the bottom left."""

    across: int
    up: int


@dataclass(frozen=True, slots=True)
class Row:
    """One group. `label` is free text only where the gate attested it. `id` names a cluster for drilling down;
    `parent` is the id of the group it belongs to. `accounts` is rounded. `place` is set in a map."""

    label: str
    values: tuple[Value, ...]
    accounts: int | None = None
    id: str | None = None
    parent: str | None = None
    measures: tuple[Measure, ...] = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Suppressed:
    """What the strictness cost: groups not shown at all, cells not shown in shown groups, the share (percent) of
    counted conversations in groups not shown, and groups shown without their name."""

    groups: int = 0
    cells: int = 0
    share: float = 0.0
    unnamed: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """A released aggregate. `id` is its handle in answers ("F3"). `totals` are the rounded column totals."""

    id: str
    tool: str
    title: str
    shape: Shape
    scope: str
    period: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    totals: tuple[int, ...]
    suppressed: Suppressed
    outside: float | None
    """Share (percent) of the scope that is unclustered; None where nothing was clustered."""
    method: str
    notes: tuple[str, ...]
    policy: str
    snapshot: int
    digest: str
    gate_pass: InitVar[object] = None

    def __post_init__(self, gate_pass: object) -> None:
        if gate_pass is not _GATE_PASS:
            raise PrivacyViolation(
                "A finding was built outside the release gate.", "This is a bug in Shoal; report it."
            )

    @classmethod
    def from_dict(cls, stored: dict[str, Any], gate_pass: object) -> "Finding":
        """The finding that `as_dict` made this of. Raises TypeError or KeyError for anything else."""
        rows = tuple(
            Row(
                **{
                    **row,
                    "values": tuple(Value(**value) for value in row["values"]),
                    "measures": tuple(Measure(**measure) for measure in row.get("measures", ())),
                    "place": Place(*row["place"]) if "place" in row else None,
                }
            )
            for row in stored["rows"]
        )
        fixed = {name: tuple(stored[name]) for name in ("columns", "totals", "notes")}
        suppressed = Suppressed(**stored["suppressed"])
        return cls(**{**stored, **fixed, "suppressed": suppressed, "rows": rows}, gate_pass=gate_pass)

    def row(self, label: str) -> Row | None:
        """The row of this label."""
        return next((row for row in self.rows if row.label == label), None)

    def as_dict(self) -> dict[str, Any]:
        """JSON-safe form, the one that is stored, shown with --json and sent to models."""
        return {
            "id": self.id,
            "tool": self.tool,
            "title": self.title,
            "shape": self.shape,
            "scope": self.scope,
            "period": self.period,
            "columns": list(self.columns),
            "rows": [_row_dict(row) for row in self.rows],
            "totals": list(self.totals),
            "suppressed": {
                "groups": self.suppressed.groups,
                "cells": self.suppressed.cells,
                "share": self.suppressed.share,
                "unnamed": self.suppressed.unnamed,
            },
            "outside": self.outside,
            "method": self.method,
            "notes": list(self.notes),
            "policy": self.policy,
            "snapshot": self.snapshot,
            "digest": self.digest,
        }

    def computed_digest(self) -> str:
        """SHA-256 of all that it says, but for the digest that it bears."""
        return digest_of(self.as_dict())


def digest_of(stored: Mapping[str, Any]) -> str:
    """The digest of a finding in its JSON-safe form."""
    content = {**stored, "digest": ""}
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


_OLD_NAME, _NAME = "withheld", "suppressed"
"""What is suppressed was called otherwise in findings that were stored until November 2026."""


def with_present_names(stored: dict[str, Any]) -> dict[str, Any]:
    """A stored finding under the present names."""
    return _renamed(stored, _OLD_NAME, _NAME)


def is_intact(stored: dict[str, Any]) -> bool:
    """Whether a stored finding is as it was released, by its digest: under the present names or the old ones."""
    return stored["digest"] in (digest_of(stored), digest_of(_renamed(stored, _NAME, _OLD_NAME)))


def _renamed(stored: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    if old not in stored:
        return stored
    rows = [{**row, "measures": [_verdict_renamed(measure, old, new) for measure in row["measures"]]}
            if row.get("measures") else row for row in stored["rows"]]  # fmt: skip
    return {**{new if name == old else name: value for name, value in stored.items()}, "rows": rows}


def _verdict_renamed(measure: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    return {**measure, "verdict": new} if measure.get("verdict") == old else measure


def _row_dict(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {
        "label": row.label,
        "values": [{"count": value.count, "share": value.share} for value in row.values],
    }
    for name in ("accounts", "id", "parent"):
        if getattr(row, name) is not None:
            found[name] = getattr(row, name)
    if row.place is not None:
        found["place"] = list(row.place)
    if row.measures:
        found["measures"] = [_measure_dict(measure) for measure in row.measures]
    return found


MOST_INSIDE = 2
"""Rows of a group that stand under it where a page is to hold more than the largest group."""


def outlined(rows: Sequence[dict[str, Any]], most_inside: int | None = None) -> list[dict[str, Any]]:
    """Rows, in their JSON-safe form, as an outline: each group with what belongs to it behind it, at most so many, in the
    order they have. A row whose group is not there stands for itself."""
    inside: dict[str, list[dict[str, Any]]] = {row["id"]: [] for row in rows if row.get("id") and not row.get("parent")}
    for row in rows:
        inside.get(row.get("parent") or "", []).append(row)
    tops = [row for row in rows if row.get("parent") not in inside]
    return [one for row in tops for one in (row, *inside.get(row.get("id") or "", ())[:most_inside])]


def bound_sign(measure: Mapping[str, Any]) -> str:
    """What stands before the value of a measure in its JSON-safe form: "≥", "≤" or nothing."""
    if not measure.get("is_bound"):
        return ""
    return "≤" if measure.get("is_at_most") else "≥"


def _measure_dict(measure: Measure) -> dict[str, Any]:
    found = {
        name: getattr(measure, name) for name in ("name", "value", "low", "high", "verdict", "is_bound", "is_at_most")
    }
    return {name: value for name, value in found.items() if value not in (None, "", False) or name == "name"}
