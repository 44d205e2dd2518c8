"""The geometry of meaning: a low-dimensional space, density clusters in it, and groups of clusters.

HDBSCAN fails on 384 dimensions (almost everything is noise) and works in a UMAP space of a few; both are computed once
a snapshot. Sources: McInnes et al. 2018 (UMAP), Campello et al. 2013
(HDBSCAN); Clio §2 (B.2) for why k-means is the alternative. Seeds are fixed: the same input gives the same clusters.
Nothing here may assign noise to a cluster: a conversation outside stays outside.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.geometry.repeats import Points, alike, identical
from index.stores.vectors import Vectors

Space = NDArray[np.float32]
"""Shape (n, DIMENSIONS)."""

Plane = NDArray[np.float32]
"""Shape (n, 2): where a map shows each row. For display; no result rests on it."""

Labels = NDArray[np.int32]
"""Shape (n,): cluster numbers from 0, or OUTSIDE."""

DIMENSIONS = 5
OUTSIDE = -1
_NEIGHBOURS = 15
_MIN_SAMPLES = 5
_SAME = 16
"""Copies of a summary that count among its neighbours."""

_LARGE = 10_000
_EPOCHS, _EPOCHS_OF_LARGE = 500, 200
"""umap-learn's own numbers for sets up to, and above, ten thousand rows."""
SMALLEST_FOR_UMAP = 200
"""Rows below which UMAP is unstable and principal components serve."""

_SPREAD = 0.1
"""UMAP's own least distance: a map is to be looked at, so its points may not lie on each other."""

_MUCH = 0.2
"""Part of all rows from which on a cluster is divided if it can be."""

_FEWEST_GROUPED = 6
"""Below so many clusters each is a top-level group of its own."""

_SILHOUETTES = 2_000
"""Clusters of which silhouettes are taken; more are sampled."""

_NEARLY = 0.1
"""How far from the best silhouette the chosen one may be: it rises slowly with the number of groups."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Rows that are near each row, shape (n, k), and the cosine to them."""

    rows: NDArray[np.int64]
    similarity: NDArray[np.float64]


def space_and_plane(vectors: Vectors) -> tuple[Space, Plane, Neighbours]:
    """A space in which density means shared meaning, a plane to draw (Clio G.6), and the neighbours that both are made of. Rows
    that say the same have the same place in both. Below 200 distinct rows UMAP is unstable and principal components serve."""
    points, neighbours = _distinct(vectors)
    distinct = vectors[points.first]
    if neighbours is None:
        space, plane = _principal_components(distinct, DIMENSIONS), _principal_components(distinct, 2)
    else:
        plane = _umap(neighbours, dimensions=2, min_dist=_SPREAD, epochs=_EPOCHS_OF_LARGE)
        space = _space(points, neighbours)
    return space[points.of], plane[points.of], _of_rows(vectors, points, neighbours)


def _of_rows(vectors: Vectors, points: Points, neighbours: Any) -> Neighbours:
    """Neighbours of rows: a few others that say the same, then the points nearest to theirs."""
    if neighbours is None:
        distinct = vectors[points.first]
        nearness = distinct @ distinct.T
        np.fill_diagonal(nearness, -1.0)
        near = np.argsort(-nearness, axis=1, kind="stable")[:, : min(_NEIGHBOURS, max(0, len(distinct) - 1))]
        similarity = np.take_along_axis(nearness, near, axis=1).astype(np.float64)
    else:
        near, similarity = neighbours.index, _cosines(neighbours)
    order = np.argsort(points.of, kind="stable")
    starts = np.cumsum(points.weights) - points.weights
    at = starts[points.of][:, None] + np.arange(_SAME)
    same = order[np.minimum(at, len(order) - 1)]
    is_same = (at < (starts + points.weights)[points.of][:, None]) & (same != np.arange(len(vectors))[:, None])
    return Neighbours(
        np.hstack([same, points.first[near][points.of]]).astype(np.int64),
        np.hstack([is_same.astype(np.float64), similarity[points.of]]),
    )


def _distinct(vectors: Vectors) -> tuple[Points, Any]:
    """Distinct points and their neighbours; None where they are too few for UMAP."""
    points = identical(vectors)
    if len(points.first) < SMALLEST_FOR_UMAP:
        return points, None
    neighbours = _neighbours(vectors[points.first])
    joined = alike(points, neighbours.index, _cosines(neighbours))
    if len(joined.first) == len(points.first):
        return points, neighbours
    if len(joined.first) < SMALLEST_FOR_UMAP:
        return joined, None
    return joined, _neighbours(vectors[joined.first])


def _cosines(neighbours: Any) -> NDArray[np.float64]:
    """Of unit vectors, by their distances."""
    found: NDArray[np.float64] = 1 - np.asarray(neighbours.distance) ** 2 / 2
    return found


def _space(points: Points, neighbours: Any) -> Space:
    epochs = _EPOCHS_OF_LARGE if len(points.first) > _LARGE else _EPOCHS
    return _apart(_umap(neighbours, dimensions=DIMENSIONS, min_dist=0.0, epochs=epochs), neighbours.index)


def _neighbours(vectors: Vectors) -> Any:
    import os

    import knncolle

    search = knncolle.build_index(knncolle.AnnoyParameters(), vectors.astype(np.float64))
    return knncolle.find_knn(search, num_neighbors=_NEIGHBOURS, num_threads=os.cpu_count() or 1)


def _umap(neighbours: Any, *, dimensions: int, min_dist: float, epochs: int) -> NDArray[np.float32]:
    import os

    import scranpy

    placed: Any = scranpy.run_umap(
        neighbours, num_dim=dimensions, min_dist=min_dist, num_epochs=epochs, num_threads=os.cpu_count() or 1
    )
    return np.ascontiguousarray(placed, dtype=np.float32)


def _apart(space: Space, neighbours: NDArray[np.uint32]) -> Space:
    """The space with its unconnected parts moved apart. UMAP may lay one part over another with which it shares no
    neighbour, and a density cluster would then hold both."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    rows = np.repeat(np.arange(len(space)), neighbours.shape[1])
    graph = csr_matrix((np.ones(neighbours.size, dtype=bool), (rows, neighbours.ravel())), shape=(len(space),) * 2)
    _, part = connected_components(graph, directed=False)
    by_size = np.argsort(np.argsort(-np.bincount(part), kind="stable"), kind="stable")
    width = float(np.ptp(space, axis=0).max())
    space[:, 0] += 2 * width * by_size[part]
    return space


def _principal_components(vectors: Vectors, dimensions: int) -> NDArray[np.float32]:
    space = np.zeros((len(vectors), dimensions), dtype=np.float32)
    if len(vectors) > 1:
        centred = vectors - vectors.mean(axis=0)
        _, _, axes = np.linalg.svd(centred, full_matrices=False)
        kept = axes[:dimensions]
        space[:, : len(kept)] = centred @ kept.T
    return space


def density_clusters(space: Space, min_size: int) -> Labels:
    """HDBSCAN (by excess of mass) with at least `min_size` members a cluster; what is in no dense region is OUTSIDE. Rows at the
    same place have the same label, and so many of them are a cluster by themselves."""
    points = identical(space)
    is_repeat = points.weights >= min_size
    rest = np.flatnonzero(~is_repeat[points.of])
    labels = np.full(len(space), OUTSIDE, dtype=np.int32)
    if len(rest) >= 2 * min_size:
        labels[rest] = _hdbscan(space[rest], min_size)
    # Copies of a point, which is never a repeat here, may differ only where they lie on a cluster's edge.
    found: Labels = labels[points.first]
    found[is_repeat] = np.arange(int(is_repeat.sum())) + labels.max(initial=OUTSIDE) + 1
    return found[points.of]


def _hdbscan(space: Space, min_size: int) -> Labels:
    """Excess of mass, which keeps a cluster whole where its parts are no clearer than it is. One that holds much of all is
    divided by its leaves, if it has any: a theme of everything says nothing."""
    labels = _selected(space, min_size, "eom")
    for label in np.flatnonzero(np.bincount(labels[labels >= 0]) > _MUCH * len(space)).tolist():
        rows = np.flatnonzero(labels == label)
        parts = _selected(space[rows], min_size, "leaf") if len(rows) >= 2 * min_size else labels[:0]
        if parts.max(initial=OUTSIDE) > 0:
            others = parts + labels.max() + 1
            labels[rows] = np.where(parts == OUTSIDE, OUTSIDE, np.where(parts == 0, label, others))
    return _numbered(labels)


def _selected(space: Space, min_size: int, method: str) -> Labels:
    import hdbscan

    model = hdbscan.HDBSCAN(
        min_cluster_size=min_size,
        min_samples=_MIN_SAMPLES,
        cluster_selection_method=method,
        core_dist_n_jobs=1,
    )
    return np.asarray(model.fit(np.asarray(space, dtype=np.float64)).labels_, dtype=np.int32)


def _numbered(labels: Labels) -> Labels:
    """The same clusters, numbered from 0 without a gap."""
    inside = labels >= 0
    found = labels.copy()
    found[inside] = np.unique(labels[inside], return_inverse=True)[1]
    return found


def partition_clusters(space: Space, count: int) -> Labels:
    """k-means with a fixed seed: every row gets a cluster, none is outside."""
    from sklearn.cluster import KMeans

    model = KMeans(n_clusters=max(1, min(count, len(space))), n_init=4, random_state=7)
    return np.asarray(model.fit_predict(space), dtype=np.int32)


def group_centres(centres: NDArray[np.float32]) -> Labels:
    """Groups of clusters for the taxonomy's top, as many as the data asks for: Ward linkage over directions from the
    middle of all centres, cut at the fewest groups whose silhouette (Rousseeuw 1987) is nearly the best there is.

    Directions, because a mixed cluster's mean is short and would lie near every other; from the middle, because what all
    conversations share says nothing of which belong together.
    """
    count = len(centres)
    if count < _FEWEST_GROUPED:
        return np.arange(count, dtype=np.int32)
    from scipy.cluster.hierarchy import fcluster, linkage
    from sklearn.metrics import silhouette_score

    away = centres.astype(np.float64) - centres.mean(axis=0, dtype=np.float64)
    away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
    tree = linkage(away, "ward")
    cuts = {wanted: fcluster(tree, wanted, "maxclust") - 1 for wanted in _numbers_of_groups(count)}
    cuts = {wanted: labels for wanted, labels in cuts.items() if 1 < len(set(labels.tolist())) < count}
    if not cuts:
        return np.zeros(count, dtype=np.int32)
    sampled = min(count, _SILHOUETTES)
    scores = {
        wanted: float(silhouette_score(away, labels, sample_size=sampled, random_state=7))
        for wanted, labels in cuts.items()
    }
    enough = max(scores.values()) - _NEARLY * abs(max(scores.values()))
    return np.asarray(cuts[min(wanted for wanted, score in scores.items() if score >= enough)], dtype=np.int32)


def _numbers_of_groups(count: int) -> range:
    """Numbers of groups to choose from: at least three clusters in a group on average, and a list that can be read."""
    return range(3, max(3, min(24, count // 3)) + 1)


def centres_of(values: NDArray[np.float32], labels: Labels) -> NDArray[np.float32]:
    """Mean of `values` (n, d) a cluster, shape (clusters, d)."""
    count = int(labels.max(initial=OUTSIDE)) + 1
    sums = np.zeros((count, values.shape[1]), dtype=np.float64)
    inside = labels >= 0
    np.add.at(sums, labels[inside], values[inside])
    sizes = np.bincount(labels[inside], minlength=count)
    return (sums / np.maximum(sizes, 1)[:, None]).astype(np.float32)
