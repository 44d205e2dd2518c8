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


def small_cells(snapshot: Snapshot, is_enough: Callable[[Rows], bool]) -> list[Rows]:
    """Members of the cells that nothing may be said of: values of one facet, of two crossed, and of either by month."""
    return list(islice(_small_cells(snapshot, is_enough), MOST))


def _small_cells(snapshot: Snapshot, is_enough: Callable[[Rows], bool]) -> Iterator[Rows]:
    own = [facet.name for facet in snapshot.own_facets if facet.values]
    names = [*STORED, *own]
    pairs = list(combinations(names, 2))
    monthly = [(name, "month") for name in names]
    for facets in [*((name,) for name in names), *pairs, *monthly, *((*pair, "month") for pair in pairs)]:
        for rows in _cells(snapshot, facets):
            if not is_enough(rows):
                yield rows


def _cells(snapshot: Snapshot, facets: tuple[str, ...]) -> list[Rows]:
    code = np.zeros(len(snapshot), dtype=np.int64)
    for facet in facets:
        codes = facet_codes(snapshot, facet)
        code = code * len(codes.values) + codes.codes
    order = np.argsort(code, kind="stable").astype(np.int64)
    return np.split(order, np.flatnonzero(np.diff(code[order])) + 1) if len(order) else []
