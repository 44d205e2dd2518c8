"""Groups of a scope's summaries, named: what `cluster_scope` and `search_topics` share."""

import numpy as np

from index.clustering import OUTSIDE, Labels, Space
from index.names import ToName, settled_names
from index.naming import NEARBY, NamingSample, group_language, group_phrases
from index.sealing import SUMMARY
from index.snapshot import Rows
from tools.context import ToolContext
from tools.raw import Group

_NAMING_ROWS = 1_500


async def named_groups(
    ctx: ToolContext, rows: Rows, labels: Labels, space: Space, about: str = SUMMARY
) -> tuple[list[Group], Rows]:
    """Groups by label, largest first, each with a proposed name made of a free-text facet; and the rows outside any.
    `space` holds the rows' coordinates."""
    count = int(labels.max(initial=OUTSIDE)) + 1
    members = [rows[labels == label] for label in range(count)]
    members.sort(key=lambda group: (-len(group), int(group[0])))
    asked = [_to_name(ctx, rows, space, group, about) for group in members]
    names = await settled_names(ctx.namer, asked, ctx.gate.policy.text_min_accounts)
    groups = [Group(name, (group,), is_text=True) for name, group in zip(names, members, strict=True)]
    return groups, rows[labels == OUTSIDE]


def _to_name(ctx: ToolContext, scope: Rows, space: Space, group: Rows, about: str) -> ToName:
    """A group's phrases, and those of the nearest summaries of the scope outside it (after Clio G.5)."""
    snapshot = ctx.index.snapshot
    generator = np.random.default_rng(7)
    drawn = _drawn(generator, group, _NAMING_ROWS)
    members = snapshot.members(drawn, about)
    beside = snapshot.members(_nearest_outside(scope, space, group), about)
    phrases, nearby = (
        group_phrases(texts, snapshot.background, ctx.gate.policy.text_min_accounts) for texts in (members, beside)
    )
    return ToName(NamingSample(phrases, nearby, group_language(members)), members)


def _drawn(generator: np.random.Generator, rows: Rows, at_most: int) -> Rows:
    if len(rows) <= at_most:
        return rows
    return np.sort(generator.choice(rows, at_most, replace=False))


def _nearest_outside(scope: Rows, space: Space, group: Rows) -> Rows:
    inside = np.isin(scope, group)
    centre = space[inside].mean(axis=0)
    others = scope[~inside]
    distance = ((space[~inside] - centre) ** 2).sum(axis=1)
    return np.sort(others[np.argsort(distance, kind="stable")[:NEARBY]])
