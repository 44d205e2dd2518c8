"""Clustering quality against labels, and speed: `python -m bench.clustering FOLDER`, FOLDER holding clinc150.jsonl.

Prints clusters found, ARI and AMI over the in-scope texts (noise given to the nearest centre for scoring only), and
the share of out-of-scope texts left outside, for HDBSCAN in the cluster space and for k-means told the true number; the
same for each domain alone, in the whole set's space and in a space of its own; and seconds for large scopes.
"""

import json
import platform
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from agent.wiring import App
from index.geometry.clustering import Labels, Space, centres_of, density_clusters, partition_clusters, space_and_plane
from index.stores.vectors import Vectors

MIN_SIZE = 15
LARGE = (20_000, 100_000)


def scores(vectors: Vectors, labels: Labels, truth: NDArray[np.str_]) -> tuple[float, float]:
    """ARI and AMI, noise given to the nearest centre."""
    outside = labels < 0
    scored = labels.copy()
    if outside.any():
        scored[outside] = (vectors[outside] @ centres_of(vectors, labels).T).argmax(axis=1)
    return adjusted_rand_score(truth, scored), adjusted_mutual_info_score(truth, scored)


def _of_its_own(vectors: Vectors) -> Labels:
    """Clusters of a scope in a space of its own."""
    return density_clusters(space_and_plane(vectors)[0], MIN_SIZE)


def timed(work: Callable[[], Labels]) -> tuple[Labels, float]:
    started = time.perf_counter()
    return work(), time.perf_counter() - started


def whole(vectors: Vectors, space: Space, space_s: float, truth: NDArray[np.str_]) -> None:
    known = truth != "oos"
    number = len(set(truth[known]))
    print(f"{'method':<28}{'seconds':>9}{'clusters':>10}{'ARI':>8}{'AMI':>8}{'out-of-scope outside':>22}")
    for name, find in (
        ("HDBSCAN in UMAP space", lambda: density_clusters(space, MIN_SIZE)),
        ("k-means, true number given", lambda: partition_clusters(space, number)),
    ):
        labels, seconds = timed(find)
        ari, ami = scores(vectors[known], labels[known], truth[known])
        found = int(labels.max()) + 1
        outside = (labels[~known] < 0).mean()
        print(f"{name:<28}{seconds + space_s:>9.1f}{found:>10}{ari:>8.3f}{ami:>8.3f}{outside:>22.2f}")


def domains(vectors: Vectors, space: Space, truth: NDArray[np.str_], domain: NDArray[np.str_]) -> None:
    """Each domain (15 intents) as a narrow scope: the mean over all."""
    kept: dict[str, list[tuple[float, ...]]] = {"snapshot's space": [], "space of its own": []}
    for name in sorted(set(domain[truth != "oos"])):
        inside = domain == name
        for way, find in (
            ("snapshot's space", lambda inside=inside: density_clusters(space[inside], MIN_SIZE)),
            ("space of its own", lambda inside=inside: density_clusters(space_and_plane(vectors[inside])[0], MIN_SIZE)),
        ):
            labels, seconds = timed(find)
            found = scores(vectors[inside], labels, truth[inside])
            kept[way].append((*found, float((labels < 0).mean()), int(labels.max()) + 1, seconds))
    print(f"\n{'one domain (mean of 10)':<28}{'seconds':>9}{'clusters':>10}{'ARI':>8}{'AMI':>8}{'outside':>22}")
    for way, rows in kept.items():
        ari, ami, outside, found, seconds = np.mean(rows, axis=0)
        print(f"{way:<28}{seconds:>9.1f}{found:>10.1f}{ari:>8.3f}{ami:>8.3f}{outside:>22.2f}")


def speed(space: Space, vectors: Vectors) -> None:
    print(
        f"\n{'rows of a large scope':<28}{'seconds':>9}{'clusters':>10}   (clusters only; the space is the snapshot's)"
    )
    chance = np.random.default_rng(1)
    for size in LARGE:
        drawn = space[chance.integers(0, len(space), size)]
        large = (drawn + chance.normal(0, 0.05, drawn.shape)).astype(np.float32)
        labels, seconds = timed(partial(density_clusters, large, 25))
        print(f"{size:<28,}{seconds:>9.1f}{int(labels.max()) + 1:>10}")
    print(f"\n{'rows of a narrow scope':<28}{'seconds':>9}   (with a space of its own)")
    for size in (500, 1_000, 2_000, 4_000):
        _, seconds = timed(partial(_of_its_own, vectors[:size]))
        print(f"{size:<28,}{seconds:>9.1f}")


def main(folder: Path) -> None:
    rows = [json.loads(line) for line in (folder / "clinc150.jsonl").open(encoding="utf-8")]
    rows = [row for row in rows if row["split"] in ("test", "oos_test")]
    truth, domain = (np.array([str(row[name]) for row in rows]) for name in ("intent", "domain"))
    vectors = App.start().encoder().encode([row["text"] for row in rows])
    print(f"{platform.processor() or platform.machine()}, {len(rows)} texts, {len(set(truth)) - 1} intents")
    started = time.perf_counter()
    space = space_and_plane(vectors)[0]
    whole(vectors, space, time.perf_counter() - started, truth)
    domains(vectors, space, truth, domain)
    speed(space, vectors)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("Which folder holds clinc150.jsonl?  python -m bench.clustering FOLDER")
    main(Path(sys.argv[1]))
