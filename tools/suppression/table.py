"""How a tool's table becomes sums and trees for suppression (R4), beside what other findings say of the same cells.

The gate asks; `tools.suppression.secondary` decides. Data plane: it sees members and answers nothing but which cells stay unsaid.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.snapshots.snapshot import Rows, Snapshot
from tools.core.candidate import Group, Raw
from tools.core.counting import distinct, without
from tools.history.release_history import Recall
from tools.suppression.disclosure_audit import Guarding
from tools.suppression.intervals import FREE, Room
from tools.suppression.secondary import Cell, Node, Rules, hide_complements, hide_rests, suppress_table, suppress_tree
from tools.suppression.thresholds import Support


@dataclass(frozen=True, slots=True)
class Withholding:
    """Withholds in one release, under the ledger's lock."""

    snapshot: Snapshot
    support: Support
    recall: Recall
    guarding: Guarding

    def apply(self, raw: Raw, table: list[list[Cell]], outside: Cell | None, told: Sequence[tuple[Rows, int]]) -> bool:
        """Withhold what would give a withheld value back (R3, R4). `told`: each column's members and number. True where
        this must be called again, with new totals: where a cell that was to be told as its whole row is withheld now and
        counts as itself, or where earlier answers asked for more. Raises ToolRefusal where the totals alone would give one
        back."""
        self._withhold(raw, table, outside, tuple(said for _, said in told))
        if self._counts_anew(raw, table):
            return True
        cells = [cell for cells in table for cell in cells] + ([outside] if outside is not None else [])
        is_looked_after = self.support.policy.rounds_too_little
        return is_looked_after and self.guarding.withhold(cells, [rows for rows, _ in told])

    def _counts_anew(self, raw: Raw, table: list[list[Cell]]) -> bool:
        again = False
        for group, cells in zip(raw.groups, table, strict=True):
            for cell, rows in zip(cells, group.columns, strict=True):
                if cell.is_whole and cell.said is None and cell.count != (own := self.support.counted(rows)[0]):
                    cell.count, again = own, True
        return again

    def _withhold(self, raw: Raw, table: list[list[Cell]], outside: Cell | None, totals: tuple[int, ...]) -> None:
        if raw.within:
            hide_complements(self.support.is_enough, table)
        if raw.wholes is not None:
            hide_rests(self.support.is_enough, table, raw.wholes)
            return
        policy = self.support.policy
        rules = Rules(self.support.is_enough, policy.min_conversations, policy.round_to, self._is_held_together)
        if len(raw.columns) == 1:
            top, count = self._tree(raw, table)
            count += outside.count if outside is not None else 0
            suppress_tree(rules, top, outside, rules.total_room(count, totals[0]))
            return
        sums = [sum(cells[place].count for cells in table) for place in range(len(raw.columns))]
        suppress_table(
            rules,
            table,
            [FREE if raw.within else self._row_room(rules, raw, *row) for row in zip(raw.groups, table, strict=True)],
            [rules.total_room(count, said) for count, said in zip(sums, totals, strict=True)],
            self._said_room(rules, raw.resolved.rows, sum(sums)) if raw.margins else FREE,
            margins=raw.margins,
            tells_small=raw.statistic is not None and not raw.margins,
        )

    def _is_held_together(self, cells: Sequence[Cell]) -> bool:
        """Whether cells make up a set that another finding withholds for another's sake, though none of them is it."""
        held = self.recall.held(distinct(np.concatenate([cell.rows for cell in cells])))
        return bool(held) and not held <= {age for cell in cells for age in self.recall.held(cell.rows)}

    def _row_room(self, rules: Rules, raw: Raw, group: Group, cells: list[Cell]) -> Room:
        """What another finding may say of the row's sum: its size in the scope, or in the whole index."""
        count = sum(cell.count for cell in cells)
        if raw.margins:
            return self._said_room(rules, group.members, count)
        if group.whole is None or any(cell.is_whole and cell.said is not None for cell in cells):
            return FREE
        elsewhere, _, _ = self.support.counted(without(group.members, group.whole))
        if elsewhere >= self.support.policy.min_conversations:
            return FREE
        if not elsewhere:
            return self._said_room(rules, group.whole, count)
        known = rules.total_room(count, self.support.rounded(count))
        return Room(known.down + self.support.policy.min_conversations - 1 - elsewhere, known.up + elsewhere)

    def _said_room(self, rules: Rules, rows: Rows, count: int) -> Room:
        """Around a sum of cells, by what another finding says of these members: an earlier one may have answered with
        a nearly identical set (R5). None says a group that is too small, or withheld for another's sake: a room that took
        it for said would leave nothing to withhold beside an exposed cell of it."""
        if not self.support.is_enough(rows) or self.recall.is_held(rows):
            return FREE
        said = self.recall.said(rows)
        return rules.total_room(count, self.support.rounded(count) if said is None else said)

    def _tree(self, raw: Raw, table: list[list[Cell]]) -> tuple[list[Node], int]:
        """The table as a tree, and the sum of its top. Themes of everything stand under their groups of the taxonomy
        even where these are not shown, because other findings show them; so whichever finding is asked first, the same is withheld."""
        nodes = {
            group.id: Node(cells[0]) for group, cells in zip(raw.groups, table, strict=True) if group.parent is None
        }
        if any(group.parent is not None for group in raw.groups):
            for group, cells in zip(raw.groups, table, strict=True):
                if group.parent in nodes:
                    nodes[group.parent].children.append(Node(cells[0]))
            return list(nodes.values()), sum(node.cell.count for node in nodes.values())
        snapshot = self.snapshot
        is_everything = len(raw.resolved.rows) == len(snapshot)
        parents = {cluster.id: cluster.parent for cluster in snapshot.base_clusters} if is_everything else {}
        families: dict[str, list[tuple[Rows, Cell]]] = {}
        alone: list[Node] = []
        for group, cells in zip(raw.groups, table, strict=True):
            parent = parents.get(group.id or "")
            if parent is None:
                alone.append(Node(cells[0]))
            else:
                families.setdefault(parent, []).append((group.members, cells[0]))
        count = sum(cells[0].count for cells in table)
        return [*alone, *(self._parent_of(parts) for parts in families.values())], count

    def _parent_of(self, parts: list[tuple[Rows, Cell]]) -> Node:
        """The group of the taxonomy that these cells make up, as another finding would say it."""
        rows = distinct(np.concatenate([members for members, _ in parts]))
        count, accounts, _ = self.support.counted(rows)
        is_enough = self.support.is_enough(rows)
        said: int | None = None
        if is_enough and not self.recall.is_held(rows):
            earlier = self.recall.said(rows)
            said = self.support.rounded(count) if earlier is None else earlier
        is_small = count < self.support.policy.min_conversations
        parent = Cell(rows, count, accounts, said, is_small, is_sensitive=not is_enough)
        return Node(parent, [Node(cell) for _, cell in parts])
