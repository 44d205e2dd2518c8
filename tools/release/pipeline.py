"""The steps of an exact release, in their order: each takes a frozen table and returns the next.

    candidate -> counted, primary suppression -> matched with history -> totals -> secondary suppression -> disclosure audit
    -> nearly all

What can repeat is visible here and nowhere else: the disclosure audit can suppress more; then secondary suppression is done
again, until nothing changes. Each round suppresses at least one cell more, so it ends. Use it under the ledger's lock.
"""

from tools.core.candidate import CandidateTable
from tools.core.errors import ToolRefusal
from tools.core.table import DecidedTable
from tools.history.release_history import ReleaseHistory
from tools.release.counted import counted
from tools.release.matched import matched, with_totals
from tools.release.nearly_all import with_nearly_all
from tools.suppression.disclosure_audit import DisclosureAudit
from tools.suppression.secondary import suppress_secondary
from tools.suppression.thresholds import Thresholds


def decided(
    candidate: CandidateTable, thresholds: Thresholds, history: ReleaseHistory, audit: DisclosureAudit
) -> DecidedTable:
    """The table with everything that leaves decided. Raises ToolRefusal where nothing of it may leave."""
    _require_sides(candidate, thresholds, history)
    table = matched(counted(candidate, thresholds), thresholds, history)
    while True:
        table = suppress_secondary(with_totals(table, thresholds, history), thresholds, history)
        following = audit.audited(table) if thresholds.policy.rounds_too_little else table
        if following is table:
            return with_nearly_all(table, thresholds, history)
        table = following


def _require_sides(candidate: CandidateTable, thresholds: Thresholds, history: ReleaseHistory) -> None:
    """A column's total is a group too (R3), and may be one that is suppressed to protect another (R4)."""
    wholes = candidate.column_wholes
    if len(wholes) < 2 or candidate.within:
        return
    if not all(thresholds.meets(whole) and not history.is_suppressed(whole) for whole in wholes):
        raise ToolRefusal(
            "One side of the split is below the privacy threshold, or releasing it would disclose a group that is. "
            "Split elsewhere.",
            "a side too small",
        )
