"""Summaries that say the same are one point with a weight.

Thousands of identical summaries would fill each other's neighbour lists: the graph would fall into pieces, and one theme into
many with most of it outside. So each is placed once, every copy gets its point's place, and so many copies as make a cluster
are one.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.stores.vectors import Vectors

ALIKE = 0.985
"""Cosine from which on two summaries count as the same."""


@dataclass(frozen=True, slots=True)
class Points:
    """Distinct summaries. `first`: the row that stands for each point, ascending, shape (points,); `of`: the point of each
    row, shape (n,)."""

    first: NDArray[np.int64]
    of: NDArray[np.int64]

    @property
    def weights(self) -> NDArray[np.int64]:
        """How many rows each point stands for."""
        return np.bincount(self.of, minlength=len(self.first))


def identical(vectors: Vectors) -> Points:
    """Rows whose vectors are the same, byte for byte."""
    rows = np.ascontiguousarray(vectors)
    keys = (
        rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel() if len(rows) else rows[:, :0].sum(1)
    )
    _, first, of = np.unique(keys, return_index=True, return_inverse=True)
    return _in_order(first, of.ravel())


def alike(points: Points, neighbours: NDArray[Any], similarity: NDArray[Any]) -> Points:
    """Points joined with neighbours that say nearly the same. `neighbours`: of each point, shape (points, k), and the cosine
    to them."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    rows, place = np.nonzero(similarity >= ALIKE)
    count = len(points.first)
    graph = csr_matrix((np.ones(len(rows), dtype=bool), (rows, neighbours[rows, place])), shape=(count, count))
    _, part = connected_components(graph, directed=False)
    of = part.astype(np.int64)[points.of]
    return _in_order(np.unique(of, return_index=True)[1], of)


def _in_order(first: NDArray[Any], of: NDArray[Any]) -> Points:
    """Points in the order of the rows that stand for them."""
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return Points(first[order].astype(np.int64), rank[of])
