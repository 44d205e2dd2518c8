"""How summaries divide: by a closed facet, by theme, or by topic, in one or several columns.

Shared by the tools that count. Data plane: the groups hold members, and only the gate may say anything of them.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from index.geometry.clustering import OUTSIDE
from index.naming.samples import phrases_of
from index.privacy.sealing import SUMMARY
from index.snapshots.snapshot import Rows, Snapshot
from tools.context import ToolContext
from tools.core.candidate import Group, split
from tools.core.facets import CLOSED, facet_codes
from tools.core.scope import Scope
from tools.core.wording import UNCLUSTERED

THEME, TOPIC = "theme", "topic"
_MAX_TOPICS = 40

_EVERYTHING = Scope()

_BY_FACET = "counts over the snapshot; a value too rare to show counts with others"

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


async def grouped(by: str, columns: Sequence[Rows], ctx: ToolContext, within: Scope = _EVERYTHING) -> Grouped:
    """Divide each column's members, which are all of the scope `within`. Raises ToolRefusal for a facet that does not
    exist."""
    if by == TOPIC:
        return await by_topic(columns, ctx)
    if by == THEME:
        return _by_theme(columns, ctx)
    codes = facet_codes(ctx.index.snapshot, by)
    parts = _divided(columns, codes.codes, len(codes.values))
    wholes = split(np.arange(len(codes.codes), dtype=np.int64), codes.codes, len(codes.values))
    # Every value that the scope allows, also where nobody is: what rows there are must not show it.
    allowed = set(codes.values) if ctx.gate.policy.adds_noise else within.allowed(by, codes.values)
    kept = tuple(
        Group(value or None, part, whole=whole)
        for value, part, whole in zip(codes.values, parts, wholes, strict=True)
        if value in allowed
    )
    return Grouped(kept, _BY_FACET, facets=frozenset({by} - {"month"}), is_closed=True)


def _by_theme(columns: Sequence[Rows], ctx: ToolContext) -> Grouped:
    snapshot = ctx.index.snapshot
    labels = snapshot.base_labels
    parts = _divided(columns, labels, len(snapshot.base_clusters))
    groups = [
        Group(cluster.name, part, is_text=True, id=cluster.id, whole=whole)
        for cluster, part, whole in zip(snapshot.base_clusters, parts, snapshot.base_members, strict=True)
    ]
    groups.sort(key=lambda group: -len(group.members))
    outside = [rest for rows in columns if (rest := unclustered(snapshot, rows)) is not None]
    method = "counts over the snapshot, themes from the published taxonomy"
    if not outside:
        return Grouped(tuple(groups), method)
    if len(columns) == 1:
        return Grouped(tuple(groups), method, outside[0])
    # A row of its own, so that a column's total is of all its conversations, as in every other table.
    in_none = Group(UNCLUSTERED, tuple(outside), whole=np.flatnonzero(labels == OUTSIDE).astype(np.int64))
    return Grouped((*groups, in_none), method)


def unclustered(snapshot: Snapshot, rows: Rows) -> Rows | None:
    """Those of the rows that are in no theme; None where nothing of the whole snapshot is, so that there is no such group."""
    is_outside = snapshot.base_labels == OUTSIDE
    return rows[is_outside[rows]] if is_outside.any() else None


def _divided(columns: Sequence[Rows], codes: NDArray[np.int32], count: int) -> list[tuple[Rows, ...]]:
    """Each column's members by code, a tuple of columns a group."""
    return list(zip(*(split(rows, codes[rows], count) for rows in columns), strict=True))


async def by_topic(columns: Sequence[Rows], ctx: ToolContext, about: str = SUMMARY) -> Grouped:
    """By the terms of a free-text facet. Those of one column that have no term are in no group."""
    holders: list[dict[str, list[int]]] = [defaultdict(list) for _ in columns]
    for rows, held in zip(columns, holders, strict=True):
        texts = await asyncio.to_thread(ctx.index.snapshot.texts, rows, about)
        for row, text in zip(rows.tolist(), texts, strict=True):
            for topic in _terms(text, about):
                held[topic].append(row)
    # Only columns that are everything together tell a topic's whole; reading all texts for the others would be slow.
    is_everything = sum(map(len, columns)) == len(ctx.index.snapshot)
    groups = []
    for topic, first in holders[0].items():
        # Only groups, so that a topic of one account takes no other's place among the most telling.
        least = ctx.gate.policy.text_min_conversations
        if len(first) >= least and ctx.gate.is_of_size(np.array(first, dtype=np.int64), least):
            parts = tuple(np.array(held.get(topic, ()), dtype=np.int64) for held in holders)
            whole = np.sort(np.concatenate(parts)) if is_everything else None
            groups.append(Group(topic, parts, is_text=True, whole=whole))
    if about != SUMMARY:
        groups = [group for group in groups if _is_telling(group, columns[0], ctx.gate.rounded)]
    groups.sort(key=lambda group: (-_interest(group, columns, ctx.gate.rounded), str(group.label)))
    method = f"terms of the {about}, the {_MAX_TOPICS} most telling; a conversation has several"
    return Grouped(tuple(groups[:_MAX_TOPICS]), method, wholes=tuple(columns))


def _terms(text: str, about: str) -> Iterable[str]:
    """A summary is stored as its terms; of another text they are the words with a meaning of their own."""
    if about == SUMMARY:
        return dict.fromkeys(part.strip() for part in text.split(";"))
    return {written: None for canonical, written in phrases_of(text).items() if " " not in canonical}


def _is_telling(group: Group, rows: Rows, rounded: Callable[[Rows], int]) -> bool:
    """Whether a word is not in most of these texts, as the words of a facet's question are."""
    return 2 * rounded(group.members) <= rounded(rows)


def _interest(group: Group, columns: Sequence[Rows], rounded: Callable[[Rows], int]) -> float:
    """How much a topic matters: its size, times the log ratio of shares where columns are compared. By rounded numbers, so
    that the choice tells no more than these do."""
    size, *others = map(rounded, group.columns)
    first, *rest = map(rounded, columns)
    if not rest:
        return float(size)
    share = size / max(1, first)
    return share * log(max(share * (sum(rest) + 1) / (sum(others) + 1), 1.0))
