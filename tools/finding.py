"""A finding: the only thing that leaves the data plane (R2).

It is a small table with everything a reader needs to judge it: scope in words, period, sizes, what was withheld, how
much fell outside, method, policy. Only the gate can build one; anyone else who tries stops the run.
"""

from dataclasses import InitVar, dataclass
from typing import Any, Literal

from tools.errors import PrivacyViolation

_GATE_PASS = object()
"""Held by `tools.gate` alone; a contract test reads every import of it."""

Shape = Literal["table", "tree", "trend"]


@dataclass(frozen=True, slots=True)
class Value:
    """One cell. `count` None: withheld, or below the threshold (which may be zero; the two are not told apart).
    `share` is a percentage of the column's total, from rounded counts."""

    count: int | None
    share: float | None


@dataclass(frozen=True, slots=True)
class Row:
    """One group. `label` is free text only where the gate attested it. `id` names a cluster for drilling down;
    `parent` is the id of the group it belongs to. `accounts` is rounded. `change` is the ratio of the first
    column's share to the last column's, when the finding compares; `change_is_bound` marks "at least"."""

    label: str
    values: tuple[Value, ...]
    accounts: int | None = None
    id: str | None = None
    parent: str | None = None
    change: float | None = None
    change_is_bound: bool = False


@dataclass(frozen=True, slots=True)
class Withheld:
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
    withheld: Withheld
    outside: float | None
    """Share (percent) of the scope that lies outside any cluster; None where nothing was clustered."""
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
            "withheld": {
                "groups": self.withheld.groups,
                "cells": self.withheld.cells,
                "share": self.withheld.share,
                "unnamed": self.withheld.unnamed,
            },
            "outside": self.outside,
            "method": self.method,
            "notes": list(self.notes),
            "policy": self.policy,
            "snapshot": self.snapshot,
            "digest": self.digest,
        }


def _row_dict(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {
        "label": row.label,
        "values": [{"count": value.count, "share": value.share} for value in row.values],
    }
    for name in ("accounts", "id", "parent", "change"):
        if getattr(row, name) is not None:
            found[name] = getattr(row, name)
    if row.change_is_bound:
        found["change_is_bound"] = True
    return found
