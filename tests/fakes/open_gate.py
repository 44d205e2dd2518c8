"""A gate with its protections against combining answers left out: the thresholds and the rounding of one cell at a time
are all that stands. Attacks must succeed against it, or that they fail against the real one proves nothing.

It takes the real gate's place in a test's `ToolContext`; the product has no switch for it.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from index.snapshots.snapshot import Rows
from tools.context import ToolContext
from tools.core.candidate import CandidateTable
from tools.core.errors import ToolRefusal
from tools.core.finding import _GATE_PASS, Finding, Row, Suppressed, Value
from tools.core.handles import Handles
from tools.core.scope import Resolved, Scope, resolve
from tools.release.gate import Gate
from tools.suppression.recoding import RecodedSnapshot


class OpenGate(Gate):
    """No overlap with earlier answers, no complements, no complementary suppression; with `attests` False, no
    attestation of names either."""

    attests = True

    def __post_init__(self) -> None:
        given = self.index
        super().__post_init__()
        snapshot = self.index.snapshot
        original = snapshot.original if isinstance(snapshot, RecodedSnapshot) else snapshot
        object.__setattr__(self, "index", given.viewed(original, given.least))

    def admit(self, scope: Scope, *, fixed_domain: bool = False) -> Resolved:
        resolved = resolve(self.index, scope)
        if self._said(resolved.rows) is None:
            raise ToolRefusal("Too few conversations or accounts match.")
        return resolved

    def admit_part(self, rows: Rows) -> Rows:
        return rows

    def release(self, candidate: CandidateTable, handles: Handles | None = None, run: str = "") -> Finding:
        rows = []
        for group in candidate.groups:
            values = tuple(Value(self._said(part), None) for part in group.columns)
            if any(value.count is not None for value in values):
                rows.append(Row(group.label or "", values, None, group.id, group.parent))
        wholes = candidate.wholes or [
            np.unique(np.concatenate([group.columns[place] for group in candidate.groups]))
            for place in range(len(candidate.columns))
        ]
        fields: dict[str, Any] = {
            "id": "F1", "tool": candidate.tool, "title": candidate.title, "shape": candidate.shape, "scope": "", "period": "",
            "columns": candidate.columns, "rows": tuple(rows), "totals": tuple(self._near(self._count(part)) for part in wholes),
            "suppressed": Suppressed(), "outside": None, "method": "", "notes": (), "policy": "", "snapshot": 1, "digest": "",
        }  # fmt: skip
        return Finding(**fields, gate_pass=_GATE_PASS)

    def _count(self, rows: Rows) -> int:
        each = np.unique(self.index.snapshot.accounts[rows], return_counts=True)[1]
        return int(np.minimum(each, self.policy.max_per_account).sum())

    def _near(self, count: int) -> int:
        step = self.policy.round_to
        return (count + step // 2) // step * step

    def _said(self, rows: Rows) -> int | None:
        accounts = len(np.unique(self.index.snapshot.accounts[rows]))
        enough = self._count(rows) >= self.policy.min_conversations and accounts >= self.policy.min_accounts
        return self._near(self._count(rows)) if enough else None


def opened(context: ToolContext) -> ToolContext:
    """The same tools behind an open gate."""
    gate = context.gate
    return replace(context, gate=OpenGate(gate.index, gate.policy, gate.ledger))
