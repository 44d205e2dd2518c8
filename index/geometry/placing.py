"""Where every summary lies in the cluster space, and in which base cluster: in memory that does not grow without end.

Up to DIRECTLY all are placed together. Beyond, so many drawn with a fixed seed are placed and clustered, and stand as
landmarks for the rest, a page at a time: one lies where its nearest landmarks lie, and is unclustered where
they are (a summary is never given to a cluster because it must have one).
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.geometry.clustering import (
    DIMENSIONS,
    OUTSIDE,
    Labels,
    Neighbours,
    Plane,
    Space,
    density_clusters,
    space_and_plane,
)
from index.geometry.repeats import ALIKE
from index.stores.frozen import FrozenVectors
from index.stores.vectors import Vectors

DIRECTLY = 100_000
LANDMARKS = 50_000
_VOTES = 3
_THEMES, _LARGE_ENOUGH = 500, 60
"""About so many themes can still be told apart by their names, so the smallest one grows with what is placed, up to so many."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Coordinates and base clusters of all summaries; `rows` are those placed directly, `vectors` are theirs."""

    space: Space
    plane: Plane
    labels: Labels
    rows: NDArray[np.int64]
    vectors: Vectors
    neighbours: Neighbours
    """Of all summaries; in a large set those of `rows` have more of them than the rest."""


def place(store: FrozenVectors, min_size: int, report: Callable[[int, int], None]) -> Placed:
    """Place every summary of a snapshot by its vector. `min_size`: of a cluster in a small set. `report` gets (done, total)."""
    total = len(store)
    rows = _landmarks(total)
    report(0, total)
    vectors = store.of(rows)
    near_space, near_plane, near = space_and_plane(vectors)
    near_labels = density_clusters(near_space, max(min_size, min(len(rows) // _THEMES, _LARGE_ENOUGH)))
    if len(rows) == total:
        report(total, total)
        return Placed(near_space, near_plane, near_labels, rows, vectors, near)
    space = np.empty((total, DIMENSIONS), dtype=np.float32)
    plane = np.empty((total, 2), dtype=np.float32)
    labels = np.full(total, OUTSIDE, dtype=np.int32)
    beside = Neighbours(np.zeros((total, _VOTES), dtype=np.int64), np.zeros((total, _VOTES)))
    voters = Voters(vectors, near_space, near_plane, near_labels)
    done = 0
    for page in store.pages():
        part = slice(done, done + len(page))
        space[part], plane[part], labels[part], found = voters.placed(page)
        beside.rows[part], beside.similarity[part] = rows[found.rows], found.similarity
        done += len(page)
        report(done, total)
    space[rows], plane[rows], labels[rows] = near_space, near_plane, near_labels
    return Placed(space, plane, labels, rows, vectors, beside)


def _landmarks(total: int) -> NDArray[np.int64]:
    if total <= DIRECTLY:
        return np.arange(total, dtype=np.int64)
    drawn = np.random.default_rng(7).choice(total, LANDMARKS, replace=False)
    return np.sort(drawn).astype(np.int64)


class Voters:
    """The landmarks, searched by an approximate index (Annoy) in the original space."""

    def __init__(self, vectors: Vectors, space: Space, plane: Plane, labels: Labels) -> None:
        import knncolle

        self._search: Any = knncolle.build_index(knncolle.AnnoyParameters(), vectors.astype(np.float64))
        self._space = space
        self._plane = plane
        self._labels = labels

    def placed(self, page: Vectors) -> tuple[Space, Plane, Labels, Neighbours]:
        """Place and cluster of each, and its nearest landmarks. The majority's cluster of the three, the nearest's where they
        differ; and their middle where they agree, else the nearest's place: a mean of two clusters would lie in neither."""
        import knncolle

        found: Any = knncolle.query_knn(
            self._search, page.astype(np.float64), num_neighbors=_VOTES, num_threads=os.cpu_count() or 1
        )
        near = np.asarray(found.index, dtype=np.int64)
        votes = self._labels[near]
        # What says the same as a landmark lies where it does.
        similarity = 1 - np.asarray(found.distance) ** 2 / 2
        is_same = similarity[:, 0] >= ALIKE
        labels = np.where((votes[:, 1] == votes[:, 2]) & ~is_same, votes[:, 1], votes[:, 0])
        agreed = (votes == votes[:, :1]).all(axis=1) & ~is_same
        space, plane = (
            np.where(agreed[:, None], of[near].mean(axis=1), of[near[:, 0]]).astype(np.float32)
            for of in (self._space, self._plane)
        )
        return space, plane, labels.astype(np.int32), Neighbours(near, similarity)
