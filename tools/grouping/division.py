"""How summaries divide: by a closed facet, by theme, or by topic, in one or several columns.

Shared by the tools that count. Data plane: the groups hold members, and only the gate may say anything of them.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from index.geometry.clustering import OUTSIDE
from index.snapshots.snapshot import Codes, Rows
from tools.context import ToolContext
from tools.core.candidate import Group, split
from tools.core.facets import CLOSED, facet_codes

THEME, TOPIC = "theme", "topic"
OTHERS = "all others"
_MAX_TOPICS = 40

BY = (
    f"A closed facet ({', '.join(CLOSED)}, or one of this index's own); theme: the clusters of the taxonomy; "
    "topic: single terms, of which a conversation has several"
)


@dataclass(frozen=True, slots=True)
class Grouped:
    """Groups with a part in each column. `outside`: members of a single column in no group. `wholes`: where groups
    overlap, the members behind each column's total. `facets`: closed facets that the division crosses."""

    groups: tuple[Group, ...]
    method: str
    outside: Rows | None = None
    wholes: tuple[Rows, ...] | None = None
    facets: frozenset[str] = frozenset()
    is_closed: bool = False
    """Whether the groups are values of a facet, and no text."""


def is_closed(by: str) -> bool:
    """Whether dividing by this gives values that are fixed beforehand, and no text."""
    return by not in (TOPIC, THEME)


async def grouped(by: str, columns: Sequence[Rows], ctx: ToolContext) -> Grouped:
    """Divide each column's members. Raises ToolRefusal for a facet that does not exist."""
    if by == TOPIC:
        return await _by_topic(columns, ctx)
    if by == THEME:
        return _by_theme(columns, ctx)
    codes = domain(by, ctx)
    parts = _divided(columns, codes.codes, len(codes.values))
    wholes = split(np.arange(len(codes.codes), dtype=np.int64), codes.codes, len(codes.values))
    groups = [
        Group(value or None, part, whole=whole) for value, part, whole in zip(codes.values, parts, wholes, strict=True)
    ]
    kept = tuple(group for group in groups if ctx.gate.policy.adds_noise or len(group.members))
    return Grouped(kept, "counts over the snapshot", facets=frozenset({by} - {"month"}), is_closed=True)


def domain(facet: str, ctx: ToolContext) -> Codes:
    """A closed facet's values and each summary's code; where noise is added, the values that are groups of the whole
    snapshot and "all others", whatever the scope: a value that few have, or nobody here, must not be revealed by a row
    for it. Raises ToolRefusal for a facet that does not exist."""
    codes = facet_codes(ctx.index.snapshot, facet)
    if not ctx.gate.policy.adds_noise:
        return codes
    parts = split(np.arange(len(codes.codes), dtype=np.int64), codes.codes, len(codes.values))
    known = [place for place, rows in enumerate(parts) if ctx.gate.is_releasable(rows)]
    folded = np.full(len(codes.values), len(known), dtype=np.int32)
    folded[known] = np.arange(len(known))
    return Codes((*(codes.values[place] for place in known), OTHERS), folded[codes.codes])


def _by_theme(columns: Sequence[Rows], ctx: ToolContext) -> Grouped:
    snapshot = ctx.index.snapshot
    labels = snapshot.base_labels
    parts = _divided(columns, labels, len(snapshot.base_clusters))
    groups = [
        Group(cluster.name, part, is_text=True, id=cluster.id, whole=whole)
        for cluster, part, whole in zip(snapshot.base_clusters, parts, snapshot.base_members, strict=True)
    ]
    kept = sorted((group for group in groups if len(group.members)), key=lambda group: -len(group.members))
    outside = columns[0][labels[columns[0]] == OUTSIDE] if len(columns) == 1 else None
    return Grouped(tuple(kept), "counts over the snapshot, themes from the published taxonomy", outside)


def _divided(columns: Sequence[Rows], codes: NDArray[np.int32], count: int) -> list[tuple[Rows, ...]]:
    """Each column's members by code, a tuple of columns a group."""
    return list(zip(*(split(rows, codes[rows], count) for rows in columns), strict=True))


async def _by_topic(columns: Sequence[Rows], ctx: ToolContext) -> Grouped:
    holders: list[dict[str, list[int]]] = [defaultdict(list) for _ in columns]
    for rows, by_topic in zip(columns, holders, strict=True):
        texts = await asyncio.to_thread(ctx.index.snapshot.texts, rows)
        for row, text in zip(rows.tolist(), texts, strict=True):
            for topic in dict.fromkeys(part.strip() for part in text.split(";")):
                by_topic[topic].append(row)
    # Only columns that are everything together tell a topic's whole; reading all texts for the others would be slow.
    is_everything = sum(map(len, columns)) == len(ctx.index.snapshot)
    groups = []
    for topic, first in holders[0].items():
        if len(first) >= ctx.gate.policy.text_min_conversations:
            parts = tuple(np.array(by_topic.get(topic, ()), dtype=np.int64) for by_topic in holders)
            whole = np.sort(np.concatenate(parts)) if is_everything else None
            groups.append(Group(topic, parts, is_text=True, whole=whole))
    groups.sort(key=lambda group: (-_interest(group, columns), str(group.label)))
    method = f"terms of the screened summaries, the {_MAX_TOPICS} most telling; a conversation has several"
    return Grouped(tuple(groups[:_MAX_TOPICS]), method, wholes=tuple(columns))


def _interest(group: Group, columns: Sequence[Rows]) -> float:
    """How much a topic matters: its size, times the log ratio of shares where columns are compared."""
    size = len(group.columns[0])
    if len(columns) == 1:
        return float(size)
    other = (sum(map(len, group.columns[1:])) + 1) / (sum(map(len, columns[1:])) + 1)
    share = size / max(1, len(columns[0]))
    return share * log(max(share / other, 1.0))
