"""Small cells that a question of closed facets could ask for, known before anybody asks (R4).

A cell that is only guarded once it was asked for may follow by then from answers about its neighbours. Data plane: it
answers members.
"""

from collections.abc import Callable, Iterator
from itertools import combinations, islice

import numpy as np

from index.facets import STORED
from index.snapshot import Rows, Snapshot
from tools.facets import facet_codes

MOST = 1_024
"""Cells that are looked after; those of fewer facets come first."""

_LARGE = 512
"""Conversations from which a cell is not looked into: it would have to be of next to nobody to be too small."""


def small_cells(snapshot: Snapshot, is_enough: Callable[[Rows], bool]) -> list[Rows]:
    """Members of the cells that nothing may be said of: values of one facet, of two crossed, and of either by month."""
    return list(islice(_small_cells(snapshot, is_enough), MOST))


def _small_cells(snapshot: Snapshot, is_enough: Callable[[Rows], bool]) -> Iterator[Rows]:
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
        for rows in _few_in(code):
            if not is_enough(rows):
                yield rows


def _few_in(code: Rows) -> list[Rows]:
    """Rows of each cell that is not large, ascending."""
    rows = np.flatnonzero((np.bincount(code) < _LARGE)[code])
    order = np.argsort(code[rows], kind="stable")
    ordered = code[rows][order]
    return np.split(rows[order], np.flatnonzero(np.diff(ordered)) + 1) if len(rows) else []
