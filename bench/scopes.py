"""How scopes divide, and what it costs to make no clusters of a scope: `python -m bench.scopes`, over the demo.

For languages, months, surfaces, flagged conversations and categories of the demo: HDBSCAN and k-means in a space of the scope's own
(above 2,000 conversations the snapshot's), and the published themes as `cluster_scope` counts them. Printed are the adjusted mutual
information with the planted themes and categories (what is outside goes to the nearest middle, for scoring only), groups, the
share outside, and seconds. What is too small by the soft edge is outside; nothing is released.
"""

import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score

from bench.semantics import built, demo, places
from index.demo.generate import DemoConversation, conversations
from index.geometry.clustering import OUTSIDE, Labels, centres_of, density_clusters, partition_clusters, space_and_plane
from index.handle import Index
from index.snapshots.snapshot import Rows
from tools.context import ToolContext
from tools.core.ledger import Ledger
from tools.core.policy import PrivacyPolicy
from tools.core.wording import REST
from tools.grouping.parts import by_themes
from tools.release.gate import Gate

_SMALLEST = 25
_OF_ITS_OWN = 2_000
_FEWEST = 100
"""Conversations of a scope."""


def main() -> None:
    rows = demo(Path())
    index, _ = built("demo", rows)
    truth = list(conversations(7))
    held = [truth[place] for place in places(rows)]
    ctx = ToolContext(Gate(index, PrivacyPolicy(), Ledger(Path(tempfile.mkdtemp()) / "ledger.sqlite3")))
    print(f"{platform.processor() or platform.machine()}, {len(held):,} conversations")
    print(f"{'scope':<22}{'way':<18}{'themes':>8}{'categories':>12}{'groups':>8}{'outside':>9}{'seconds':>9}")
    kept: dict[str, list[tuple[float, ...]]] = {}
    for name, scope in _scopes(held):
        for way, divide in _ways(ctx, scope):
            started = time.perf_counter()
            labels = divide()
            seconds = time.perf_counter() - started
            scored = _filled(index, scope, labels)
            of = [[getattr(held[row], kind) for row in scope.tolist()] for kind in ("theme", "category")]
            found = (*(float(adjusted_mutual_info_score(told, scored)) for told in of),)
            figures = (*found, int(labels.max()) + 1, float((labels == OUTSIDE).mean()), seconds)
            kept.setdefault(way, []).append(figures)
            _print(name, way, figures)
    for way, each in kept.items():
        _print(f"mean of {len(each)}", way, tuple(np.mean(each, axis=0).tolist()))


def _print(name: str, way: str, figures: tuple[float, ...]) -> None:
    themes, categories, groups, outside, seconds = figures
    print(
        f"{name:<22}{way:<18}{themes:>8.2f}{categories:>12.2f}{groups:>8.1f}{outside:>9.0%}{seconds:>9.2f}", flush=True
    )


def _scopes(held: list[DemoConversation]) -> Iterator[tuple[str, Rows]]:
    values: dict[str, list[str]] = {
        "language": [item.language for item in held],
        "month": [f"{item.time:%B}" for item in held],
        "surface": [item.surface for item in held],
        "flagged": ["yes" if item.flagged else "" for item in held],
        "category": [item.category for item in held],
        "all": ["all"] * len(held),
    }
    for kind, told in values.items():
        for value in sorted(set(told) - {""}):
            rows = np.flatnonzero(np.array(told) == value).astype(np.int64)
            if len(rows) >= _FEWEST:
                yield f"{kind} {value}", rows


def _ways(ctx: ToolContext, rows: Rows) -> Iterator[tuple[str, Callable[[], Labels]]]:
    space = partial(_space, ctx.index, rows)
    yield "HDBSCAN", lambda: _enough(ctx, rows, density_clusters(space(), _SMALLEST))
    yield "k-means, as many", lambda: partition_clusters(space(), int(density_clusters(space(), _SMALLEST).max()) + 1)
    yield "published themes", partial(_published, ctx, rows)


def _enough(ctx: ToolContext, rows: Rows, labels: Labels) -> Labels:
    """Without the clusters that the soft edge takes for too small to be found."""
    found = labels.copy()
    for label in range(int(labels.max(initial=OUTSIDE)) + 1):
        if not ctx.gate.is_of_size(rows[labels == label], _SMALLEST):
            found[labels == label] = OUTSIDE
    return found


def _space(index: Index, rows: Rows) -> NDArray[np.float32]:
    return space_and_plane(index.vectors_of(rows))[0] if len(rows) <= _OF_ITS_OWN else index.snapshot.space(rows)


def _published(ctx: ToolContext, rows: Rows) -> Labels:
    labels = np.full(len(rows), OUTSIDE, dtype=np.int32)
    for place, group in enumerate(by_themes(ctx, rows, ctx.gate.policy.min_conversations).groups):
        if group.label not in REST:
            labels[np.searchsorted(rows, group.members)] = place
    return labels


def _filled(index: Index, rows: Rows, labels: Labels) -> Labels:
    outside = labels == OUTSIDE
    if not outside.any() or outside.all():
        return labels
    vectors, filled = index.vectors_of(rows), labels.copy()
    filled[outside] = (vectors[outside] @ centres_of(vectors, labels).T).argmax(axis=1)
    return filled


if __name__ == "__main__":
    main()
