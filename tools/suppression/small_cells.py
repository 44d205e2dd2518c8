"""Small cells that a question of closed facets could ask for, known before anybody asks (R4).

A cell that is only guarded once it was asked for may follow by then from answers about its neighbours. Data plane: it
answers members.
"""

from collections.abc import Callable, Iterator
from itertools import combinations, islice

import numpy as np

from index.core.facets import STORED
from index.snapshots.snapshot import Rows, Snapshot
from tools.core.facets import facet_codes

MOST = 1_024
"""Cells that are looked after; those of fewer facets come first."""


def small_cells(snapshot: Snapshot, is_enough: Callable[[Rows], bool], large: int) -> list[Rows]:
    """Members of the cells that may not be released: values of one facet, of two crossed, and of either by month.
    `large`: conversations from which every cell is enough, so that it need not be looked into."""
    return list(islice(_small_cells(snapshot, is_enough, large), MOST))


def _small_cells(snapshot: Snapshot, is_enough: Callable[[Rows], bool], large: int) -> Iterator[Rows]:
    names = [*STORED, *(facet.name for facet in snapshot.own_facets if facet.values)]
    found = {name: facet_codes(snapshot, name) for name in [*names, "month"]}
    codes = {name: (of.codes.astype(np.int64), len(of.values)) for name, of in found.items()}
    pairs = list(combinations(names, 2))
    monthly = [(name, "month") for name in names]
    for facets in [*((name,) for name in names), *pairs, *monthly, *((*pair, "month") for pair in pairs)]:
        code = codes[facets[0]][0]
        for name in facets[1:]:
            of, values = codes[name]
            code = code * values + of
        for rows in _cells_under(large, code):
            if not is_enough(rows):
                yield rows


def _cells_under(large: int, code: Rows) -> list[Rows]:
    """Rows of each cell of fewer conversations, ascending."""
    rows = np.flatnonzero((np.bincount(code) < large)[code])
    order = np.argsort(code[rows], kind="stable")
    ordered = code[rows][order]
    return np.split(rows[order], np.flatnonzero(np.diff(ordered)) + 1) if len(rows) else []
