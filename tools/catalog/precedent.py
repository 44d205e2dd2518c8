"""precedent: has this been seen before, in earlier snapshots of this index."""

from collections.abc import Callable

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from index.geometry.clustering import OUTSIDE, Labels
from index.snapshots.snapshot import Cluster, Rows, Snapshot
from tools.context import ToolContext
from tools.core.candidate import CandidateTable, Group
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding
from tools.core.scope import Scope

_SNAPSHOTS = 6
_CLUSTERS = 4


class Args(BaseModel):
    """What to look for."""

    model_config = ConfigDict(extra="forbid")

    scope: Scope = Field(description="A cluster, a phrase or a facet: what might have been there before")


async def run(args: Args, ctx: ToolContext) -> Finding:
    """Whether a scope was there in earlier snapshots, how large, and in which clusters it was then.

    Each of the last six snapshots is a group with the conversations of the scope that it already had; under it are
    the clusters of that time with most of them, by the names they had, where those can be attested now.
    Limits: only snapshots that were kept; what was erased since is not counted; saved cases are not searched.
    """
    resolved = await ctx.admit(args.scope)
    snapshot = ctx.index.snapshot
    numbers = snapshot.numbers[resolved.rows]
    groups: list[Group] = []
    for earlier in ctx.index.earlier()[-_SNAPSHOTS:]:
        rows, held = earlier.rows_of(numbers)
        there = resolved.rows[held]
        identity = f"S{earlier.number}"
        day = earlier.meta.get("published", "")[:10]
        groups.append(Group(f"snapshot {earlier.number}, {day}", (there,), id=identity))
        labels = earlier.base_labels[rows]
        groups += [
            Group(cluster.name, (there[labels == place],), is_text=True, id=f"{identity} {cluster.id}", parent=identity)
            for place, cluster in _largest(earlier, labels, there, ctx.gate.rounded)
            if ctx.gate.is_releasable(there[labels == place])
        ]
    if not groups:
        raise ToolRefusal("No earlier snapshot of this index is kept, so there is nothing to compare with.")
    return await ctx.release(
        CandidateTable(
            tool="precedent",
            arguments=args.model_dump(mode="json", exclude_none=True),
            title=f"Earlier snapshots with {args.scope.describe()}",
            shape="tree",
            resolved=resolved,
            columns=("conversations",),
            groups=tuple(groups),
            wholes=(resolved.rows,),
            unit="precedent",
            method="summaries of the scope that each earlier snapshot held, and its own clusters of them",
        )
    )


def _largest(
    earlier: Snapshot, labels: Labels, there: Rows, rounded: Callable[[Rows], int]
) -> list[tuple[int, Cluster]]:
    """By what is released of each, so that the choice tells no more than the rows do."""
    sizes = {int(place): rounded(there[labels == place]) for place in np.unique(labels[labels != OUTSIDE])}
    places = sorted(sizes, key=lambda place: (-sizes[place], place))
    return [(place, earlier.base_clusters[place]) for place in places[:_CLUSTERS]]
