"""Groups of a scope's summaries, named: what `cluster_scope` and `search_topics` share."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.geometry.clustering import OUTSIDE, Labels, Space
from index.geometry.clustering_process import density_clusters
from index.kinds import labels_for
from index.naming.samples import NEARBY, Member, NamingSample, group_language, group_phrases, phrases_of
from index.naming.verdicts import ToName, settled_names
from index.privacy.sealing import SUMMARY
from index.snapshots.snapshot import Rows
from tools.context import ToolContext
from tools.core.candidate import Group, split

_NAMING_ROWS = 1_500
_NAMING_ROWS_IN_ALL = 30_000
_NAMING_ROWS_AT_LEAST = 250
"""Members of a group whose words a name is made from: fewer where there are many groups, because a phrase that ten
accounts share shows among a few hundred."""


class _Read(NamedTuple):
    """Summaries by row, and the phrases of a text, which are remembered."""

    members: dict[int, Member]
    phrases: Callable[[str], Mapping[str, str]]


async def dense_groups(
    ctx: ToolContext, rows: Rows, space: Space, smallest: int, about: str = SUMMARY
) -> tuple[list[Group], Rows]:
    """The groups of density clusters, as `named_groups` gives them. What their names are made from is read meanwhile,
    because the clustering is another process's work."""
    if len(rows) > _NAMING_ROWS_IN_ALL:
        return await named_groups(ctx, rows, await density_clusters(space, smallest), space, about, smallest=smallest)
    labels, read = await asyncio.gather(
        density_clusters(space, smallest), asyncio.to_thread(_read, ctx, rows, about, ahead=True)
    )
    return await named_groups(ctx, rows, labels, space, about, read, smallest=smallest)


async def named_groups(
    ctx: ToolContext,
    rows: Rows,
    labels: Labels,
    space: Space,
    about: str = SUMMARY,
    read: _Read | None = None,
    *,
    smallest: int = 0,
    is_partition: bool = False,
) -> tuple[list[Group], Rows]:
    """Groups by label, largest first, each with a proposed name made of a free-text facet; and the rows outside any. Groups
    that are too small are outside too: a row that says that one is suppressed would say that it is there. `smallest`: the size from which they were found. `is_partition`: how
    many groups there are was fixed before, so that they stay.
    `space` holds the rows' coordinates; `read` their summaries, where they were read before."""
    count = int(labels.max(initial=OUTSIDE)) + 1
    found = split(np.arange(len(rows), dtype=np.int64), labels, count)
    places = [group for group in found if is_partition or ctx.gate.is_of_size(rows[group], smallest)]
    places.sort(key=lambda group: (-len(group), int(group[0])))
    outside = np.ones(len(rows), dtype=bool)
    outside[np.concatenate([np.zeros(0, dtype=np.int64), *places])] = False
    asked = await asyncio.to_thread(_to_name, ctx, rows, space, places, about, read)
    names = await settled_names(ctx.namer, asked, ctx.gate.policy.text_min_accounts)
    groups = [Group(name, (rows[group],), is_text=True) for name, group in zip(names, places, strict=True)]
    return groups, rows[outside]


def _read(ctx: ToolContext, rows: Rows, about: str, *, ahead: bool = False) -> _Read:
    """The summaries of these rows; `ahead`: and their phrases."""
    read = _Read(dict(zip(rows.tolist(), ctx.index.snapshot.members(rows, about), strict=True)), cache(phrases_of))
    if ahead:
        for member in read.members.values():
            read.phrases(member.text)
    return read


def _to_name(
    ctx: ToolContext,
    scope: Rows,
    space: Space,
    places: Sequence[NDArray[np.int64]],
    about: str,
    read: _Read | None,
) -> list[ToName]:
    """Each group's phrases, and those of the nearest summaries of the scope outside it (after Clio G.5). `places` are
    the groups' positions in the scope."""
    at_most = min(_NAMING_ROWS, max(_NAMING_ROWS_AT_LEAST, _NAMING_ROWS_IN_ALL // max(1, len(places))))
    generator = np.random.default_rng(7)
    drawn = [scope[_drawn(generator, group, at_most)] for group in places]
    beside = [scope[_nearest_outside(space, group)] for group in places]
    # Read once, because groups lie beside each other and every reading looks through the whole snapshot.
    read = read or _read(ctx, np.unique(np.concatenate([*drawn, *beside, scope[:0]])), about)
    background, min_accounts = ctx.index.snapshot.background, ctx.gate.policy.text_min_accounts
    labelled, kinds = ctx.index.snapshot.label_space, ctx.index.snapshot.kinds
    asked = []
    for own, others in zip(drawn, beside, strict=True):
        inside, outside = ([read.members[row] for row in side.tolist()] for side in (own, others))
        phrases, nearby = (group_phrases(side, background, min_accounts, read.phrases) for side in (inside, outside))
        labels = labels_for(labelled, ctx.index.vectors_of(own), kinds[own]) if labelled is not None else ()
        asked.append(ToName(NamingSample(phrases, nearby, group_language(inside), labels=labels), inside))
    return asked


def _drawn(generator: np.random.Generator, places: NDArray[np.int64], at_most: int) -> NDArray[np.int64]:
    if len(places) <= at_most:
        return places
    return np.sort(generator.choice(places, at_most, replace=False))


def _nearest_outside(space: Space, group: NDArray[np.int64]) -> NDArray[np.int64]:
    """The positions of those that lie nearest to a group's middle and not in it."""
    distance = ((space - space[group].mean(axis=0)) ** 2).sum(axis=1)
    distance[group] = np.inf
    nearest = min(NEARBY, len(space) - len(group))
    if nearest == 0:
        return group[:0]
    # By distance and then by position, so that equal distances are taken in one order everywhere.
    cut = np.partition(distance, nearest - 1)[nearest - 1]
    close = np.flatnonzero(distance <= cut)
    return np.sort(close[np.argsort(distance[close], kind="stable")[:nearest]])
