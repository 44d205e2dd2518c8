"""Where every summary lies in the cluster space, and in which base cluster: in memory that does not grow without end.

Up to DIRECTLY, the first VOICES of each account are placed together: an account that wrote hundreds makes no cluster by
itself, and moves no other account's summaries further than one that wrote VOICES. In a larger set so many of these are drawn
with a fixed seed. What is placed stands as landmarks for the rest, a page at a time: one lies where its nearest landmarks lie,
and is unclustered where they are (a summary is never given to a cluster because it must have one).
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
VOICES = 10
"""Summaries of one account that take part in the space and its clusters: as many as count towards a threshold."""
_VOTES = 3
_BESIDE = 15
"""Nearest landmarks of a summary that say where it lies, and in a small set those that are its neighbours."""
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
    """Of all summaries, among `rows`. Where there are fewer than others have, the cosine is 0."""


def place(
    store: FrozenVectors, accounts: NDArray[np.int64], min_size: int, report: Callable[[int, int], None]
) -> Placed:
    """Place every summary of a snapshot by its vector. `accounts`: of each. `min_size`: of a cluster in a small set. `report`
    gets (done, total)."""
    total = len(store)
    rows = _landmarks(accounts)
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
    # More neighbours cost 0.2 ms a summary, which in a large set is minutes.
    is_small = total <= DIRECTLY
    shape = (total, near.rows.shape[1] if is_small else _VOTES)
    beside = Neighbours(np.zeros(shape, dtype=np.int64), np.zeros(shape))
    voters = Voters(vectors, near_space, near_plane, near_labels, min(_BESIDE, len(rows)) if is_small else _VOTES)
    done = 0
    for page in store.pages():
        part = slice(done, done + len(page))
        space[part], plane[part], labels[part], found = voters.placed(page)
        known = found.rows.shape[1]
        beside.rows[part, :known], beside.similarity[part, :known] = rows[found.rows], found.similarity
        done += len(page)
        report(done, total)
    space[rows], plane[rows], labels[rows] = near_space, near_plane, near_labels
    if is_small:
        beside.rows[rows], beside.similarity[rows] = rows[near.rows], near.similarity
    return Placed(space, plane, labels, rows, vectors, beside)


def bounded(accounts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first VOICES rows of each account, ascending."""
    order = np.argsort(accounts, kind="stable")
    _, starts, counts = np.unique(accounts[order], return_index=True, return_counts=True)
    place_of_account = np.arange(len(order)) - np.repeat(starts, counts)
    return np.sort(order[place_of_account < VOICES]).astype(np.int64)


def _landmarks(accounts: NDArray[np.int64]) -> NDArray[np.int64]:
    rows = bounded(accounts)
    if len(rows) <= DIRECTLY:
        return rows
    return np.sort(np.random.default_rng(7).choice(rows, LANDMARKS, replace=False)).astype(np.int64)


class Voters:
    """The landmarks, searched by an approximate index (Annoy) in the original space. `asked`: landmarks that are returned."""

    def __init__(self, vectors: Vectors, space: Space, plane: Plane, labels: Labels, asked: int = _VOTES) -> None:
        import knncolle

        self._search: Any = knncolle.build_index(knncolle.AnnoyParameters(), vectors.astype(np.float64))
        self._space = space
        self._plane = plane
        self._labels = labels
        self._asked = asked

    def placed(self, page: Vectors) -> tuple[Space, Plane, Labels, Neighbours]:
        """Place and cluster of each, and its nearest landmarks. The majority's cluster of the three, the nearest's where they
        differ; and their middle where they agree, else the nearest's place: a mean of two clusters would lie in neither."""
        import knncolle

        found: Any = knncolle.query_knn(
            self._search, page.astype(np.float64), num_neighbors=self._asked, num_threads=os.cpu_count() or 1
        )
        near = np.asarray(found.index, dtype=np.int64)
        voters = near[:, :_VOTES]
        votes = self._labels[voters]
        # What says the same as a landmark lies where it does.
        similarity = 1 - np.asarray(found.distance) ** 2 / 2
        is_same = similarity[:, 0] >= ALIKE
        labels = np.where((votes[:, 1] == votes[:, 2]) & ~is_same, votes[:, 1], votes[:, 0])
        agreed = (votes == votes[:, :1]).all(axis=1) & ~is_same
        space, plane = (
            np.where(agreed[:, None], of[voters].mean(axis=1), of[near[:, 0]]).astype(np.float32)
            for of in (self._space, self._plane)
        )
        return space, plane, labels.astype(np.int32), Neighbours(near, similarity)
