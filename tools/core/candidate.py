"""The candidate table: what a tool hands to the gate, groups of summaries before any decision.

Data plane only. These values hold members; nothing of them may leave but through `tools.release.gate`.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from index.privacy.sealing import SUMMARY
from index.snapshots.snapshot import Rows
from tools.core.counting import distinct
from tools.core.finding import Place, Shape, Verdict
from tools.core.scope import Resolved
from tools.core.statistic import Statistic


@dataclass(frozen=True)
class Group:
    """A row as a tool computed it. `columns` are the members behind each value. `label` is taken as it is where it
    is a closed value, and only where attested when `is_text`. None: no name was found."""

    label: str | None
    columns: tuple[Rows, ...]
    is_text: bool = False
    id: str | None = None
    parent: str | None = None
    bands: tuple[tuple[str, Verdict], ...] = ()
    """Coarse readings of the members, each a name and a value of the closed list."""
    place: Place | None = None
    whole: Rows | None = None
    """Everything of the index that falls into this row, whose size other findings may say. None: not known."""

    @cached_property
    def members(self) -> Rows:
        if len(self.columns) == 1:
            return self.columns[0]
        united = distinct(np.concatenate(self.columns))
        # The very array where it is the same, because what is known of an array is known of that one only.
        return self.whole if self.whole is not None and len(united) == len(self.whole) else united


@dataclass(frozen=True)
class CandidateTable:
    """A tool's result before any decision. `outside` are members of the scope in no group. `within`: each value of the
    first column counts members of the last column's set (a trend and its exposure). `statistic` computes measures from
    what is said; it must be a function of a module, so that it can hold no member."""

    tool: str
    arguments: dict[str, Any]
    title: str
    shape: Shape
    resolved: Resolved
    columns: tuple[str, ...]
    groups: tuple[Group, ...]
    method: str
    unit: str = ""
    """What is counted, so that totals are compared with totals of the same kind."""
    outside: Rows | None = None
    wholes: tuple[Rows, ...] | None = None
    """Where groups overlap (a conversation has several topics): the members behind each column's total."""
    within: bool = False
    statistic: Statistic | None = None
    has_row_totals: bool = False
    """The columns divide the scope too, so that a suppressed cell must not follow from the other cells of its row."""
    about: str = SUMMARY
    """The free-text facet that names are made of, and in which they must be attested."""
    facets: frozenset[str] = frozenset()
    cells_per_conversation: int = 0
    """Where rows and columns are a fixed domain (values of a facet, periods): how many cells and totals one conversation
    may lie in, which is what noise must hide. 0: they are not fixed. Such a table must hold every value of its domain."""
    notes: tuple[str, ...] = ()
    sides: tuple[Rows, ...] = ()
    """Each column's members where the tool has looked at them already, so that they are not looked at again."""

    @property
    def has_fixed_domain(self) -> bool:
        """Whether rows and columns were fixed before any conversation was looked at."""
        return self.cells_per_conversation > 0

    @cached_property
    def column_wholes(self) -> tuple[Rows, ...]:
        """The members behind each column's total."""
        if self.wholes is not None:
            return self.wholes
        return tuple(self._united(place) for place in range(len(self.columns)))

    def _united(self, place: int) -> Rows:
        """The very array of the scope or the side where it is the same, because what is known of an array is known of that
        one only."""
        parts = self.column_parts(place)
        united = distinct(np.concatenate(parts)) if parts else np.zeros(0, dtype=np.int64)
        known = (self.resolved.rows, *self.sides[place : place + 1])
        return next((rows for rows in known if np.array_equal(united, rows)), united)

    def column_parts(self, place: int) -> list[Rows]:
        """What adds up to a column's total: the groups that are in no other, and the rest."""
        parts = [group.columns[place] for group in self.groups if group.parent is None]
        return [*parts, self.outside] if self.outside is not None and place == 0 else parts


def split(rows: Rows, codes: np.ndarray[Any, Any], count: int) -> list[Rows]:
    """Rows by code (shape like `rows`), `count` groups, each in the rows' order. A negative code is in no group."""
    # Sorted once, and narrow codes by their digits: a comparison for each group would be groups times rows.
    narrow = codes.astype(np.int16) if count < np.iinfo(np.int16).max else codes
    order = np.argsort(narrow, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(count + 1)).tolist()
    return [rows[order[first:last]] for first, last in pairwise(bounds)]
