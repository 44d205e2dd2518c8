"""Clustering quality against labels: `python bench/clustering.py FOLDER`, FOLDER holding clinc150.jsonl.

Prints clusters found, ARI and AMI over the in-scope texts (noise given to the nearest centre for scoring only), and
the share of out-of-scope texts left outside, for HDBSCAN in the cluster space and for k-means told the true number.
"""

import json
import platform
import sys
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from agent.wiring import App
from index.clustering import centres_of, cluster_space, density_clusters, partition_clusters

MIN_SIZE = 15


def main(folder: Path) -> None:
    rows = [json.loads(line) for line in (folder / "clinc150.jsonl").open(encoding="utf-8")]
    rows = [row for row in rows if row["split"] in ("test", "oos_test")]
    truth = np.array([row["intent"] for row in rows])
    known = truth != "oos"
    vectors = App.start().encoder().encode([row["text"] for row in rows])
    print(f"{platform.processor() or platform.machine()}, {len(rows)} texts, {len(set(truth[known]))} intents")
    print(f"{'method':<28}{'seconds':>9}{'clusters':>10}{'ARI':>8}{'AMI':>8}{'out-of-scope outside':>22}")
    started = time.perf_counter()
    space = cluster_space(vectors)
    space_s = time.perf_counter() - started
    for name, find in (
        ("HDBSCAN in UMAP space", lambda: density_clusters(space, MIN_SIZE)),
        ("k-means, true number given", lambda: partition_clusters(space, len(set(truth[known])))),
    ):
        started = time.perf_counter()
        labels = find()
        seconds = time.perf_counter() - started + space_s
        centres = centres_of(vectors, labels)
        outside = labels < 0
        scored = labels.copy()
        if outside.any():
            scored[outside] = (vectors[outside] @ centres.T).argmax(axis=1)
        ari = adjusted_rand_score(truth[known], scored[known])
        ami = adjusted_mutual_info_score(truth[known], scored[known])
        print(f"{name:<28}{seconds:>9.1f}{len(centres):>10}{ari:>8.3f}{ami:>8.3f}{outside[~known].mean():>22.2f}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("Which folder holds clinc150.jsonl?  python bench/clustering.py FOLDER")
    main(Path(sys.argv[1]))
