"""Keeps withheld numbers from following, across tables, from everything that was said (R4), where rounding is too little.

`tools.suppression.secondary` looks at one table and at what others say of the same rows; this looks at every number that this ledger
said. A set that is withheld for its own sake is guarded from then on: whatever would give it back is withheld too.
Data plane: it holds what the ledger holds; use it under the ledger's lock.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256

import numpy as np

from index.snapshots.snapshot import Rows, Snapshot
from tools.core.errors import ToolRefusal
from tools.core.ledger import Ledger
from tools.suppression.secondary import Cell
from tools.suppression.span import Projection, Span, Vector

SMALL = "small"
"""Kind of a set that is withheld for its own sake, kept where rounding is too little to guard it."""


class Guarding:
    """What a ledger's said sets give back, as of the last look. `small_cells`: those to guard before they are asked for;
    `signature`: that by which the ledger keeps a set. Nothing is computed before it is needed."""

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
        self._guarded: set[bytes] = set()
        """Digests of sets that are guarded already."""
        self._projection: Projection | None = None

    def withhold(self, cells: Sequence[Cell], totals: Sequence[Rows]) -> bool:
        """Withhold of a release's cells those that would give a guarded set back, the smallest first; whether any was.
        Raises ToolRefusal where its totals alone would."""
        project = self._catch_up().of
        self._guard([cell.rows for cell in cells if cell.said is None and cell.is_sensitive and len(cell.rows)])
        span = self._span.copy()
        for rows in totals:
            if span.exposes(project(rows)):
                raise ToolRefusal(
                    "What this would add up to, beside earlier answers, is a group too small to be said. Ask with fewer "
                    "restrictions, or look at the earlier answers.",
                    "too few or too close",
                )
            span.say(project(rows))
        withheld = False
        for cell in sorted(cells, key=lambda cell: (not cell.is_known, -cell.count)):
            if cell.said is None:
                continue
            if span.exposes(project(cell.rows)):
                cell.said, withheld = None, True
            else:
                span.say(project(cell.rows))
        said = [*totals, *(cell.rows for cell in cells if cell.said is not None)]
        self._latest = {self._signature(rows): project(rows) for rows in said}
        return withheld

    def _catch_up(self) -> Projection:
        """Take in what was released since the last look."""
        if self._projection is None:
            self._projection = Projection(self._snapshot)
            self._guard(self._small_cells())
        for item in self._ledger.new_sets(self._known):
            self._known += 1
            if item.count is None and item.kind != SMALL:
                continue
            if item.count is not None and item.signature in self._latest:
                self._span.say(self._latest[item.signature])
                continue
            numbers = np.array(self._ledger.members_of(item).to_array(), dtype=np.int64)
            rows, _ = self._snapshot.rows_of(numbers)
            if item.count is None:
                self._guard([rows])
            else:
                self._span.say(self._projection.of(rows))
        return self._projection

    def _guard(self, sets: Sequence[Rows]) -> None:
        """Guard those that are not guarded yet."""
        fresh = {sha256(rows.tobytes()).digest(): rows for rows in sets}
        fresh = {digest: rows for digest, rows in fresh.items() if digest not in self._guarded}
        if fresh and self._projection is not None:
            self._guarded |= fresh.keys()
            self._span.guard(np.stack([self._projection.of(rows) for rows in fresh.values()]))
