"""What publishing computes of an index's summaries: where each lies, its cluster, its field, and the taxonomy's names.

Computed anew from all of them here; `index.publish.going_on` goes on from an earlier snapshot where little is new.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.typing import NDArray

from index.geometry.clustering import OUTSIDE, Labels, Plane, Space, centres_of
from index.geometry.placing import place
from index.kinds import Named, field_of_most, labels_for, places_of, voted
from index.labels import LabelSpace
from index.naming.samples import NEARBY, Background, Member, Namer, NamingSample, group_language, group_phrases
from index.naming.verdicts import ToName, settled_names
from index.publish.taxonomy import Taxonomist, Theme
from index.snapshots.snapshot import Cluster, Snapshot
from index.stores.frozen import FrozenVectors
from index.stores.vectors import Vectors

BASE_CLUSTER_SIZE = 25
"""Smallest base cluster: the support that free text needs, so that a named cluster can be shown at all."""

NAME_ACCOUNTS = 10
"""Accounts that must use a phrase before a name may be made of it; the gate checks again by its own policy."""

_NAMING_ROWS = 1_500

Report = Callable[[str, int, int], None]
"""(stage, done, total)."""


ARRANGED, ARRANGED_OUTSIDE = "arranged", "arranged_outside"
"""In a snapshot's meta: the last number when all were placed together, and the part of them that was in no cluster."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Of each summary, in order of numbers, its place, base cluster, field and area; and the taxonomy. `phrases`: language,
    phrase, and about how many summaries use it. `next_ids`: the next free number of a base cluster and of a group.
    `arranged`: the last number when all were placed together, and the part of them that was in no cluster."""

    space: Space
    plane: Plane
    labels: Labels
    named: Named
    nodes: tuple[Cluster, ...]
    phrases: Sequence[tuple[str, str, int]]
    next_ids: tuple[int, int]
    made_by: str
    arranged: tuple[int, float]

    @property
    def names(self) -> list[str]:
        return [node.name for node in self.nodes if node.name]

    @property
    def base_clusters(self) -> int:
        return sum(node.parent is not None for node in self.nodes)

    def meta(self) -> dict[str, str]:
        """What the next publishing needs to know of this one."""
        (base, top), (last, outside) = self.next_ids, self.arranged
        counters = {"next_C": base, "next_T": top, ARRANGED: last, ARRANGED_OUTSIDE: outside}
        return {"taxonomist": self.made_by, **{key: str(value) for key, value in counters.items()}}


async def arranged_anew(
    connection: duckdb.DuckDBPyConnection,
    numbers: Sequence[int],
    vectors: FrozenVectors,
    namer: Namer,
    taxonomist: Taxonomist,
    previous: Snapshot | None,
    min_accounts: int,
    space: LabelSpace | None,
    report: Report,
) -> Arrangement:
    """Place, cluster and name all summaries together. Clusters keep the ids of the earlier ones that they are most like."""
    placed = await asyncio.to_thread(
        place,
        vectors,
        accounts_of(connection),
        BASE_CLUSTER_SIZE,
        lambda done, total: report("placing summaries", done, total),
    )
    labels, near = placed.labels, placed.labels[placed.rows]
    centres = centres_of(placed.vectors, near)
    members = _members(connection, [numbers[row] for row in placed.rows.tolist()])
    background = Background.count((item.text for item in members), (item.language for item in members))
    read = kinds_of(connection)
    named = voted(read, placed.neighbours.rows, placed.neighbours.similarity)
    work = _Naming(members, placed.vectors, background, space, read[placed.rows])
    asked = work.asked(near, report, "naming clusters")
    base_names = await settled_names(namer, asked, NAME_ACCOUNTS)
    sizes = np.bincount(labels[labels >= 0], minlength=len(centres)).tolist()
    themes = [
        Theme(name, size, field_of_most(named.fields[labels == number]))
        for number, (name, size) in enumerate(zip(base_names, sizes, strict=True))
    ]
    report("grouping clusters", 0, len(themes))
    tree = await taxonomist.groups(themes, centres)
    groups = tree.labels
    tops = _top_labels(labels, groups)
    above = work.asked(tops[placed.rows], report, "naming groups", base_names, groups)
    top_names = await settled_names(namer, above, NAME_ACCOUNTS, tree.names)
    base_ids, next_base = _carried("C", labels, len(centres), numbers, previous)
    top_ids, next_top = _carried("T", tops, len(top_names), numbers, previous)
    nodes = [Cluster(top_ids[group], None, name) for group, name in enumerate(top_names)]
    nodes += [Cluster(base_ids[label], top_ids[groups[label]], name) for label, name in enumerate(base_names)]
    return Arrangement(
        placed.space,
        placed.plane,
        labels,
        named,
        tuple(nodes),
        _common(background, min_accounts, len(numbers) / max(1, len(members))),
        (next_base, next_top),
        tree.made_by,
        (int(numbers[-1]), float((labels == OUTSIDE).mean())),
    )


def _common(background: Background, min_uses: int, scale: float) -> list[tuple[str, str, int]]:
    """How common phrases are. `scale` brings counts over the summaries placed directly to counts over all."""
    return [
        (language, phrase, round(scale * count))
        for language, phrases in background.uses.items()
        for phrase, count in phrases.items()
        if count >= min_uses
    ]


def _members(connection: duckdb.DuckDBPyConnection, numbers: Sequence[int]) -> list[Member]:
    rows = connection.execute(
        "SELECT text, language, account FROM members WHERE no IN (SELECT unnest(?::INTEGER[])) ORDER BY no", [numbers]
    ).fetchall()
    return [Member(*row) for row in rows]


def accounts_of(connection: duckdb.DuckDBPyConnection) -> NDArray[np.int64]:
    """The account of each summary, as a number."""
    found = connection.execute("SELECT account FROM members ORDER BY no").fetchnumpy()["account"]
    return np.asarray(np.unique(found, return_inverse=True)[1], dtype=np.int64)


def kinds_of(connection: duckdb.DuckDBPyConnection) -> NDArray[np.int64]:
    """The kind of each summary, as a place in the vocabulary."""
    return places_of([row[0] or "" for row in connection.execute("SELECT kind FROM members ORDER BY no").fetchall()])


def _carried(
    kind: str, labels: Labels, count: int, numbers: Sequence[int], previous: Snapshot | None
) -> tuple[list[str], int]:
    """Ids of clusters in label order, and the next free number.

    A cluster keeps the id of the earlier one with which it shares most: over the summaries that both snapshots hold,
    more than half of the two together (Jaccard above .5, so that the match is one to one). A number is never used again.
    """
    if previous is None:
        return [f"{kind}{label + 1}" for label in range(count)], count + 1
    before, earlier = _earlier(kind, np.asarray(numbers, dtype=np.int64), previous)
    fresh = int(previous.meta.get(f"next_{kind}") or 1 + max((int(name[1:]) for name in earlier), default=0))
    ids = []
    for label in range(count):
        inside = (labels == label) & (before != _NOT_THERE)
        matches = np.bincount(before[inside & (before >= 0)], minlength=len(earlier))
        best = int(matches.argmax()) if len(matches) else 0
        union = int(inside.sum()) + int((before == best).sum()) - int(matches[best]) if len(matches) else 0
        if len(matches) and matches[best] > union / 2:
            ids.append(earlier[best])
        else:
            ids.append(f"{kind}{fresh}")
            fresh += 1
    return ids, fresh


_NOT_THERE = -2


def _earlier(kind: str, numbers: NDArray[np.int64], previous: Snapshot) -> tuple[Labels, list[str]]:
    """For each summary its earlier cluster of this kind (OUTSIDE, or _NOT_THERE), and the earlier ids."""
    base = previous.base_clusters
    earlier = [cluster.id for cluster in base]
    labels = previous.base_labels
    if kind == "T":
        earlier = [cluster.id for cluster in previous.clusters if cluster.parent is None]
        parents = np.array([earlier.index(cluster.parent or "") for cluster in base] or [0], dtype=np.int32)
        labels = np.where(labels >= 0, parents[labels], OUTSIDE).astype(np.int32)
    rows, held = previous.rows_of(numbers)
    found = np.full(len(numbers), _NOT_THERE, dtype=np.int32)
    found[held] = labels[rows]
    return found, earlier


def _top_labels(labels: Labels, groups: Labels) -> Labels:
    tops = np.full(len(labels), OUTSIDE, dtype=np.int32)
    inside = labels >= 0
    tops[inside] = groups[labels[inside]]
    return tops


@dataclass(frozen=True, slots=True)
class _Naming:
    """Everything a naming sample is drawn from."""

    members: Sequence[Member]
    matrix: Vectors
    background: Background
    space: LabelSpace | None
    kinds: NDArray[np.int64]

    def asked(
        self,
        labels: Labels,
        report: Report,
        stage: str,
        children: Sequence[str | None] = (),
        parts: Labels | None = None,
    ) -> list[ToName]:
        """What is to be named, a cluster each, in label order. Groups know the names of their `children`, which `parts`
        says they are."""
        centres = centres_of(self.matrix, labels)
        groups = []
        for label, centre in enumerate(centres):
            below = np.flatnonzero(parts == label).tolist() if parts is not None else []
            known = tuple(name for place in below if (name := children[place]))
            groups.append(self._to_name(np.flatnonzero(labels == label), labels != label, centre, known))
            report(stage, label + 1, len(centres))
        return groups

    def _to_name(
        self,
        rows: NDArray[np.intp],
        outside: NDArray[np.bool_],
        centre: NDArray[np.float32],
        children: tuple[str, ...],
    ) -> ToName:
        generator = np.random.default_rng(7)
        drawn = rows if len(rows) <= _NAMING_ROWS else np.sort(generator.choice(rows, _NAMING_ROWS, replace=False))
        members = [self.members[row] for row in drawn]
        nearness = np.where(outside, self.matrix @ centre, -np.inf)
        nearest = np.argsort(-nearness, kind="stable")[: min(NEARBY, int(outside.sum()))]
        sample = NamingSample(
            group_phrases(members, self.background, NAME_ACCOUNTS),
            group_phrases([self.members[row] for row in nearest], self.background, NAME_ACCOUNTS),
            group_language(members),
            children,
            labels=labels_for(self.space, self.matrix[drawn], self.kinds[drawn]) if self.space is not None else (),
        )
        return ToName(sample, members)
