"""The disclosure audit across tables (R4), where rounding is too little: no suppressed count may follow from all released ones.

`tools.suppression.secondary` looks at one table and at what others release of the same rows; this looks at every number that
the ledger released. A set that is suppressed by a threshold is protected from then on: whatever would give its count is
suppressed too. Data plane: it holds what the ledger holds; use it under the ledger's lock.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256

import numpy as np

from index.snapshots.snapshot import Rows, Snapshot
from tools.core.errors import ToolRefusal
from tools.core.ledger import Ledger
from tools.core.table import DecidedTable
from tools.suppression.span import Projection, Span, Vector

PRIMARY = "small"
"""Kind of a set that is suppressed by a threshold (as ledgers name it), kept where rounding is too little to protect it."""


class DisclosureAudit:
    """What the released sets of a ledger disclose, as of the last look. `small_cells`: those to protect before they are asked
    for; `signature`: that by which the ledger keeps a set. Nothing is computed before it is needed."""

    def __init__(
        self,
        snapshot: Snapshot,
        ledger: Ledger,
        small_cells: Callable[[], Sequence[Rows]],
        signature: Callable[[Rows], bytes],
    ) -> None:
        self._snapshot, self._ledger, self._small_cells, self._signature = snapshot, ledger, small_cells, signature
        self._latest: dict[bytes, Vector] = {}
        """Projected sets of the last release by signature, so that they are not read again from the ledger."""
        self._known = 0
        self._span = Span()
        self._protected: set[bytes] = set()
        """Digests of sets that are protected already."""
        self._projection: Projection | None = None

    def audited(self, table: DecidedTable) -> DecidedTable:
        """The table without the cells that would give a protected set, the smallest first; the very table where there is
        none. Raises ToolRefusal where its totals alone would."""
        project = self._catch_up().of
        cells = table.all_cells
        self._protect([cell.rows for cell in cells if cell.released is None and cell.is_primary and len(cell.rows)])
        span = self._span.copy()
        for total in table.totals:
            if span.discloses(project(total.rows)):
                raise ToolRefusal(
                    "With earlier results, this total would disclose a group below the threshold. Ask with fewer "
                    "restrictions, or use the earlier answers.",
                    "too few or too close",
                )
            span.say(project(total.rows))
        disclosing: set[int] = set()
        for place in sorted(range(len(cells)), key=lambda place: (not cells[place].was_released, -cells[place].count)):
            if cells[place].released is None:
                continue
            if span.discloses(project(cells[place].rows)):
                disclosing.add(place)
            else:
                span.say(project(cells[place].rows))
        found = [replace(cell, released=None) if place in disclosing else cell for place, cell in enumerate(cells)]
        released = [
            *(total.rows for total in table.totals),
            *(cell.rows for cell in found if cell.released is not None),
        ]
        self._latest = {self._signature(rows): project(rows) for rows in released}
        return table.with_cells(found) if disclosing else table

    def _catch_up(self) -> Projection:
        """Take in what was released since the last look."""
        if self._projection is None:
            self._projection = Projection(self._snapshot)
            self._protect(self._small_cells())
        for item in self._ledger.new_sets(self._known):
            self._known = item.seq
            if item.count is None and item.kind != PRIMARY:
                continue
            if item.count is not None and item.signature in self._latest:
                self._span.say(self._latest[item.signature])
                continue
            numbers = np.array(self._ledger.members_of(item).to_array(), dtype=np.int64)
            rows, _ = self._snapshot.rows_of(numbers)
            if item.count is None:
                self._protect([rows])
            else:
                self._span.say(self._projection.of(rows))
        return self._projection

    def _protect(self, sets: Sequence[Rows]) -> None:
        """Protect those that are not protected yet."""
        fresh = {sha256(rows.tobytes()).digest(): rows for rows in sets}
        fresh = {digest: rows for digest, rows in fresh.items() if digest not in self._protected}
        if fresh and self._projection is not None:
            self._protected |= fresh.keys()
            self._span.guard(np.stack([self._projection.of(rows) for rows in fresh.values()]))
