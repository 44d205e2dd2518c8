"""Step 7 of a release: what it leaves in the ledger. Data plane: it sees members, and only the ledger gets them."""

import json
from typing import Any

from index.snapshots.snapshot import Rows
from tools.core.finding import Finding
from tools.core.ledger import ReleasedSet
from tools.core.policy import PrivacyPolicy
from tools.core.table import DecidedTable
from tools.history.release_history import SECONDARY, ReleaseHistory
from tools.suppression.disclosure_audit import PRIMARY
from tools.suppression.thresholds import Thresholds


def sets_of(table: DecidedTable, thresholds: Thresholds, history: ReleaseHistory) -> list[ReleasedSet]:
    """The scope, what was released, and what was suppressed to protect others; what a threshold suppressed only where later
    answers must be checked against it."""
    candidate, cells = table.candidate, table.all_cells

    def kept(kind: str, rows: Rows, count: int | None) -> ReleasedSet:
        return ReleasedSet(
            kind, thresholds.counted(rows).accounts, count, history.members(rows), history.signature(rows)
        )

    return [
        kept("scope", candidate.resolved.rows, None),
        *(kept("cell", cell.rows, cell.released) for cell in cells if cell.released is not None),
        *(kept(f"total: {candidate.unit}", total.rows, total.released) for total in table.totals),
        *(
            kept(PRIMARY, cell.rows, None)
            for cell in cells
            if thresholds.policy.rounds_too_little and cell.released is None and cell.is_primary and len(cell.rows)
        ),
        *(
            kept(SECONDARY, cell.rows, None)
            for cell in cells
            if cell.released is None and not (cell.is_primary or cell.was_released or cell.is_whole_row)
        ),
    ]


def entry_of(
    tool: str, scope: str, arguments: dict[str, Any], run: str, policy: PrivacyPolicy, snapshot: int, *, to_model: bool
) -> dict[str, Any]:
    """The fields that every entry has, a refusal's too."""
    return {
        "run": run,
        "tool": tool,
        "scope": scope,
        "arguments": json.dumps(arguments, ensure_ascii=False, default=str),
        "policy": json.dumps(policy.as_dict()),
        "snapshot": snapshot,
        "to_model": int(to_model),
    }


def outcome_of(finding: Finding, *, asked: int, smallest: int | None) -> dict[str, Any]:
    """The fields of what was released."""
    return {
        "asked": asked,
        "shown": len(finding.rows),
        "withheld": finding.suppressed.groups,
        "smallest": smallest,
        "bytes": len(json.dumps(finding.as_dict(), ensure_ascii=False).encode()),
        "digest": finding.digest,
    }
