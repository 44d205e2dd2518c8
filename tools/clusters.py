"""Groups of a scope's summaries, named: what `cluster_scope` and `search_topics` share."""

import numpy as np
from numpy.typing import NDArray

from index.clustering import OUTSIDE, Labels
from index.naming import MAX_SAMPLED, NamingSample, group_phrases
from index.snapshot import Rows
from tools.context import ToolContext
from tools.raw import Group

_NAMING_ROWS = 1_500


async def named_groups(ctx: ToolContext, rows: Rows, labels: Labels) -> tuple[list[Group], Rows]:
    """Groups by label, largest first, each with a proposed name; and the rows outside any."""
    count = int(labels.max(initial=OUTSIDE)) + 1
    members = [rows[labels == label] for label in range(count)]
    members.sort(key=lambda group: (-len(group), int(group[0])))
    names = await ctx.namer.name_groups([_sample(ctx, rows, group) for group in members]) if members else []
    groups = [Group(name, (group,), is_text=True) for name, group in zip(names, members, strict=True)]
    return groups, rows[labels == OUTSIDE]


def _sample(ctx: ToolContext, scope: Rows, group: Rows) -> NamingSample:
    """In-cluster summaries and the nearest ones of the scope outside it (Clio §1, G.5)."""
    snapshot = ctx.index.snapshot
    generator = np.random.default_rng(7)
    drawn = _drawn(generator, group, _NAMING_ROWS)
    members = snapshot.members(drawn)
    phrases = group_phrases(members, snapshot.background, ctx.gate.policy.text_min_accounts)
    shown = generator.permutation(len(drawn))[:MAX_SAMPLED]
    near = _nearest_outside(ctx, scope, group)
    return NamingSample(phrases, tuple(members[place].text for place in shown), tuple(snapshot.texts(near)))


def _drawn(generator: np.random.Generator, rows: Rows, at_most: int) -> Rows:
    if len(rows) <= at_most:
        return rows
    return np.sort(generator.choice(rows, at_most, replace=False))


def _nearest_outside(ctx: ToolContext, scope: Rows, group: Rows) -> Rows:
    others: NDArray[np.int64] = np.setdiff1d(scope, group, assume_unique=True)
    if not len(others):
        return others
    snapshot = ctx.index.snapshot
    centre = snapshot.space(group).mean(axis=0)
    distance = ((snapshot.space(others) - centre) ** 2).sum(axis=1)
    return np.sort(others[np.argsort(distance, kind="stable")[:MAX_SAMPLED]])
