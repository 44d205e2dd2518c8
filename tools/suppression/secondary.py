"""Secondary suppression, as a step of a release: how a table becomes sums and trees, beside what other findings release.

`tools.suppression.cells` decides. Data plane: it sees members and answers only which cells stay shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from index.snapshots.snapshot import Rows
from tools.core.candidate import CandidateTable, Group
from tools.core.counting import complement_of, distinct
from tools.core.table import Cell, DecidedTable
from tools.history.release_history import ReleaseHistory
from tools.suppression.cells import (
    Branch,
    CrossTable,
    Rules,
    Shown,
    suppress_complements,
    suppress_rests,
    suppress_table,
    suppress_tree,
)
from tools.suppression.intervals import UNBOUNDED, Interval
from tools.suppression.thresholds import Thresholds


def suppress_secondary(table: DecidedTable, thresholds: Thresholds, history: ReleaseHistory) -> DecidedTable:
    """The table without the counts that would give a suppressed one (R3, R4)."""
    return _Secondary(table, thresholds, history).suppressed()


@dataclass(frozen=True, slots=True)
class _Secondary:
    table: DecidedTable
    thresholds: Thresholds
    history: ReleaseHistory

    def suppressed(self) -> DecidedTable:
        cells = self.table.all_cells
        shown = self._shown(frozenset(place for place, cell in enumerate(cells) if cell.released is not None))
        return self.table.with_cells(
            [cell if place in shown else replace(cell, released=None) for place, cell in enumerate(cells)]
        )

    @property
    def _candidate(self) -> CandidateTable:
        return self.table.candidate

    @property
    def _places(self) -> list[range]:
        """Places of each group's cells."""
        width = self.table.width
        return [range(start, start + width) for start in range(0, len(self.table.cells), width)]

    def _shown(self, shown: Shown) -> Shown:
        candidate, cells = self._candidate, self.table.cells
        if candidate.within:
            shown = suppress_complements(self.thresholds.meets, cells, self._places, shown)
        if candidate.wholes is not None:
            return suppress_rests(self.thresholds.meets, cells, self._places, candidate.wholes, shown)
        policy = self.thresholds.policy
        rules = Rules(
            self.thresholds.meets,
            policy.min_conversations,
            self.thresholds.most_small,
            policy.round_to,
            policy.rounding_room,
            self._is_suppressed_together,
        )
        if self.table.width == 1:
            return self._tree(rules, shown)
        return suppress_table(rules, self._cross_table(rules), shown)

    def _is_suppressed_together(self, cells: Sequence[Cell]) -> bool:
        """Whether cells make up a set that another finding suppresses to protect a third, though none of them is it."""
        found = self.history.suppressed(distinct(np.concatenate([cell.rows for cell in cells])))
        return bool(found) and not found <= {age for cell in cells for age in self.history.suppressed(cell.rows)}

    def _cross_table(self, rules: Rules) -> CrossTable:
        candidate, lines = self._candidate, self.table.lines
        sums = [sum(line[column].count for line in lines) for column in range(self.table.width)]
        rows = [
            UNBOUNDED if candidate.within else self._row_interval(rules, group, line)
            for group, line in zip(candidate.groups, lines, strict=True)
        ]
        columns = [
            rules.total_interval(count, released)
            for count, released in zip(sums, self.table.released_totals, strict=True)
        ]
        is_whole_known = candidate.has_row_totals
        whole = self._released_interval(rules, candidate.resolved.rows, sum(sums)) if is_whole_known else UNBOUNDED
        tells_small = candidate.statistic is not None and not candidate.has_row_totals
        return CrossTable(self.table.cells, self._places, rows, columns, whole, candidate.has_row_totals, tells_small)

    def _row_interval(self, rules: Rules, group: Group, line: Sequence[Cell]) -> Interval:
        """What another finding may release of the row's sum: its size in the scope, or in the whole index."""
        count = sum(cell.count for cell in line)
        if self._candidate.has_row_totals:
            return self._released_interval(rules, group.members, count)
        if group.whole is None:
            return UNBOUNDED
        elsewhere = complement_of(group.members, group.whole)
        if len(elsewhere) >= self.thresholds.most_suppressed(elsewhere):
            return UNBOUNDED
        # As if a reader knew how few lie elsewhere in the row, or that nobody does: then both are the same.
        return self._released_interval(rules, group.whole, count + len(elsewhere))

    def _released_interval(self, rules: Rules, rows: Rows, count: int) -> Interval:
        """Around a sum of cells, by what another finding releases of these members: an earlier one may have answered with
        a nearly identical set (R5). None releases a group below the thresholds, or one that is suppressed to protect another:
        taking it for released would leave nothing to suppress beside a disclosed cell of it."""
        if not self.thresholds.meets(rows) or self.history.is_suppressed(rows):
            return UNBOUNDED
        released = self.history.released_count(rows)
        return rules.total_interval(count, self.thresholds.rounded(count, rows) if released is None else released)

    def _tree(self, rules: Rules, shown: Shown) -> Shown:
        """One column, as a tree. Themes of everything stand under their groups of the taxonomy even where these are not
        shown, because other findings show them; so whichever finding is asked first, the same is suppressed."""
        cells = list(self.table.all_cells)
        outside = len(self.table.cells) if self.table.outside is not None else None
        top = self._own_branches() if self._has_parents else self._published_branches(cells)
        count = sum(cells[branch.place].count for branch in top) if self._has_parents else self._sum()
        count += cells[outside].count if outside is not None else 0
        total = rules.total_interval(count, self.table.released_totals[0])
        virtual = range(len(self.table.all_cells), len(cells))
        shown |= {place for place in virtual if cells[place].released is not None}
        return suppress_tree(rules, cells, top, outside, total, shown) - set(virtual)

    @property
    def _has_parents(self) -> bool:
        return any(group.parent is not None for group in self._candidate.groups)

    def _sum(self) -> int:
        return sum(cell.count for cell in self.table.cells)

    def _own_branches(self) -> list[Branch]:
        """The tree that the table itself states."""
        children: dict[str | None, list[int]] = {}
        for place, group in enumerate(self._candidate.groups):
            if group.parent is not None:
                children.setdefault(group.parent, []).append(place)
        top = {group.id: place for place, group in enumerate(self._candidate.groups) if group.parent is None}
        return [Branch(place, tuple(children.get(identity, ()))) for identity, place in top.items()]

    def _published_branches(self, cells: list[Cell]) -> list[Branch]:
        """The tree of the published taxonomy, whose groups are appended to the cells."""
        snapshot = self.thresholds.snapshot
        is_everything = len(self._candidate.resolved.rows) == len(snapshot)
        parents = {cluster.id: cluster.parent for cluster in snapshot.base_clusters} if is_everything else {}
        families: dict[str, list[int]] = {}
        alone: list[Branch] = []
        for place, group in enumerate(self._candidate.groups):
            parent = parents.get(group.id or "")
            if parent is None:
                alone.append(Branch(place))
            else:
                families.setdefault(parent, []).append(place)
        for places in families.values():
            alone.append(Branch(len(cells), tuple(places)))
            cells.append(self._parent_of([self._candidate.groups[place].members for place in places]))
        return alone

    def _parent_of(self, parts: Sequence[Rows]) -> Cell:
        """The group of the taxonomy that these make up, as another finding would release it."""
        rows = distinct(np.concatenate(parts))
        found, meets = self.thresholds.counted(rows), self.thresholds.meets(rows)
        released: int | None = None
        if meets and not self.history.is_suppressed(rows):
            earlier = self.history.released_count(rows)
            released = self.thresholds.rounded(len(rows), rows) if earlier is None else earlier
        return Cell(rows, len(rows), found.accounts, released, is_primary=not meets)
