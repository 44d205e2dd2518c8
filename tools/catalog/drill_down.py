"""drill_down: open one group or cluster of the taxonomy into its parts."""

import asyncio

from pydantic import BaseModel, ConfigDict, Field

from index.snapshots.snapshot import Rows, Snapshot
from tools.context import ToolContext
from tools.core.candidate import CandidateTable, Group, split
from tools.core.finding import Finding
from tools.core.scope import Scope
from tools.grouping.division import Grouped
from tools.grouping.parts import by_kinds


class Args(BaseModel):
    """What to open."""

    model_config = ConfigDict(extra="forbid")

    cluster: str = Field(description="Id of a group (T3) or a cluster (C12) of the taxonomy")


async def run(args: Args, ctx: ToolContext) -> Finding:
    """The parts of a group or a cluster, with sizes and shares of it.

    A group (T3) opens into the published clusters in it; a cluster (C12) into the kinds of request in it, of the public
    vocabulary. What lies in no part is stated as outside. A part's conversations cannot be listed; open the cluster with
    count_by (scope.cluster) for its languages, concern or outcome.
    Limits: a part needs as many people as a count (15 conversations of 5 accounts by default), so small clusters do not
    open; the parts of a cluster have no ids. Method: the nearest request of the vocabulary to each summary; what has too
    few counts with others of its area, then of its field.
    """
    resolved = await ctx.admit(Scope(cluster=args.cluster))
    snapshot = ctx.index.snapshot
    if any(cluster.parent == args.cluster for cluster in snapshot.base_clusters):
        found = _clusters(resolved.rows, args.cluster, snapshot)
    else:
        kinds = await asyncio.to_thread(ctx.index.nearest_kinds, resolved.rows)
        found = by_kinds(ctx, resolved.rows, kinds, ctx.gate.policy.min_conversations)
    return await ctx.release(
        CandidateTable(
            tool="drill_down",
            arguments=args.model_dump(mode="json"),
            title=f"Parts of {args.cluster}",
            shape="table",
            resolved=resolved,
            columns=("conversations",),
            groups=found.groups,
            outside=found.outside,
            unit="part",
            method=found.method,
        )
    )


def _clusters(rows: Rows, group: str, snapshot: Snapshot) -> Grouped:
    parts = split(rows, snapshot.base_labels[rows], len(snapshot.base_clusters))
    groups = [
        Group(cluster.name, (part,), is_text=True, id=cluster.id)
        for cluster, part in zip(snapshot.base_clusters, parts, strict=True)
        if cluster.parent == group
    ]
    return Grouped(tuple(groups), "the published taxonomy")
