"""What a release leaves in the ledger: the sets whose size it said, and those that stay withheld for another's sake.

Data plane: it sees members, and only the ledger gets them.
"""

from collections.abc import Sequence

from index.snapshots.snapshot import Rows
from tools.core.candidate import Raw
from tools.core.ledger import ReleasedSet
from tools.history.release_history import HELD, Recall
from tools.suppression.disclosure_audit import SMALL
from tools.suppression.secondary import Cell
from tools.suppression.thresholds import Support


def sets_of(
    raw: Raw, cells: Sequence[Cell], totals: Sequence[tuple[Rows, int]], support: Support, recall: Recall
) -> list[ReleasedSet]:
    """The scope, what was said, and what was withheld for another's sake; what was for its own only where later answers
    must be held against it. `totals`: each column's members and number."""

    def kept(kind: str, rows: Rows, count: int | None) -> ReleasedSet:
        return ReleasedSet(kind, support.counted(rows)[1], count, recall.members(rows), recall.signature(rows))

    return [
        kept("scope", raw.resolved.rows, None),
        *(kept("cell", cell.rows, cell.said) for cell in cells if cell.said is not None),
        *(kept(f"total: {raw.unit}", whole, said) for whole, said in totals),
        *(
            kept(SMALL, cell.rows, None)
            for cell in cells
            if support.policy.rounds_too_little and cell.said is None and cell.is_sensitive and len(cell.rows)
        ),
        *(
            kept(HELD, cell.rows, None)
            for cell in cells
            if cell.said is None and not (cell.is_sensitive or cell.is_known or cell.is_whole)
        ),
    ]
