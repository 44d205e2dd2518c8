"""The suite `themes`: whether the taxonomy leads back to what conversations were planted as, and whether names find their theme.

Reconstruction by level and language after Clio's evaluation: half of the conversations decide which category a cluster
holds, the other half is scored, and what is unclustered counts as lost. A name is ranked by the encoder of the index: its own
theme should be the nearest of all, or among three. Planted truth exists for the demo alone; names are ranked on any index.
"""

from collections import Counter
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from agent.evaluation.bench import Bench
from agent.evaluation.items import Item, Result
from index.demo.generate import conversations
from index.geometry.clustering import OUTSIDE, centres_of

NAME = "themes"
TOP, BASE = "top level gives back the category", "base clusters give back the category"
RANKED = "name finds its theme"
_LEAST = 100
"""Conversations of a language below which it is no group of its own."""
_AMONG = 3
_ALL = "all languages"


class _Themes:
    """What is computed once for all items."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.index = bench.app.open_index()
        snapshot = self.index.snapshot
        self.labels = snapshot.base_labels
        self.clusters = snapshot.base_clusters

    @cached_property
    def truth(self) -> NDArray[np.str_] | None:
        """Category and language of each conversation in order, shape (n, 2); None where the index is not the demo's."""
        if self._bench.started.path.name != "demo":
            return None
        planted = [(one.category, one.language) for one in conversations()]
        return np.array(planted) if len(planted) == len(self.labels) else None

    @cached_property
    def tops(self) -> NDArray[np.int64]:
        parents = [cluster.parent or "" for cluster in self.clusters]
        known = sorted(set(parents))
        of = np.array([known.index(parent) for parent in parents] or [0])
        return np.where(self.labels == OUTSIDE, OUTSIDE, of[self.labels]).astype(np.int64)

    @cached_property
    def ranks(self) -> dict[str, int]:
        """By the id of each named theme, how many others are nearer to its name."""
        vectors = self.index.vectors_of(np.arange(len(self.labels), dtype=np.int64))
        named = [(place, cluster) for place, cluster in enumerate(self.clusters) if cluster.name]
        centres = centres_of(vectors, self.labels)[[place for place, _ in named]]
        centres /= np.linalg.norm(centres, axis=1, keepdims=True)
        nearness = self._bench.app.encoder().encode([cluster.name or "" for _, cluster in named]) @ centres.T
        above = (nearness > np.diag(nearness)[:, None]).sum(axis=1)
        return {cluster.id: int(rank) for (_, cluster), rank in zip(named, above, strict=True)}


def items(bench: Bench) -> list[Item]:
    """A theme each, and for the demo a language and level each."""
    themes = _Themes(bench)
    found = []
    if themes.truth is not None:
        counted = Counter(themes.truth[:, 1].tolist())
        for language in [_ALL, *(name for name, count in counted.most_common() if count >= _LEAST)]:
            for kind, groups in ((TOP, "tops"), (BASE, "labels")):
                run = partial(_given_back, themes, themes.truth, groups, language)
                found.append(Item(NAME, f"{kind}: {language}", kind, language, f"{kind}, {language}", run))
    for cluster in themes.clusters:
        title = cluster.name or "unnamed theme"
        found.append(Item(NAME, f"name {cluster.id}", RANKED, "themes", title, partial(_ranked, themes, cluster.id)))
    return found


async def _given_back(themes: _Themes, truth: NDArray[np.str_], groups: str, language: str) -> Result:
    inside = np.ones(len(truth), dtype=bool) if language == _ALL else truth[:, 1] == language
    category, group = truth[inside, 0], getattr(themes, groups)[inside]
    deciding = np.random.default_rng(7).random(len(category)) < 0.5
    stands = {
        place: Counter(category[deciding & (group == place)].tolist()).most_common(1)[0][0]
        for place in set(group[deciding].tolist()) - {OUTSIDE}
    }
    scored = ~deciding
    right = [
        stands.get(place) == one for place, one in zip(group[scored].tolist(), category[scored].tolist(), strict=True)
    ]
    outside = float((group[scored] == OUTSIDE).mean())
    return Result(sum(right), len(right), figures={"unclustered": outside})


async def _ranked(themes: _Themes, cluster: str) -> Result:
    rank = themes.ranks.get(cluster)
    if rank is None:
        return Result(0, 1, verdict="no name")
    found = Result(int(rank < _AMONG), 1, figures={"first": float(rank == 0)})
    return found if rank < _AMONG else Result(0, 1, verdict="another theme is nearer", figures={"first": 0.0})
