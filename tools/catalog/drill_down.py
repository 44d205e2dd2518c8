"""drill_down: open one group or cluster of the taxonomy into its parts."""

from pydantic import BaseModel, ConfigDict, Field

from index.geometry.clustering import OUTSIDE
from index.geometry.clustering_process import density_clusters
from index.snapshots.snapshot import Rows
from tools.context import ToolContext
from tools.core.candidate import CandidateTable, Group, split
from tools.core.finding import Finding
from tools.core.scope import Resolved, Scope
from tools.grouping.clusters import named_groups


class Args(BaseModel):
    """What to open."""

    model_config = ConfigDict(extra="forbid")

    cluster: str = Field(description="Id of a group (T3) or a cluster (C12) of the taxonomy")


async def run(args: Args, ctx: ToolContext) -> Finding:
    """The parts of a group or a cluster, with sizes and shares of it.

    A group (T3) opens into the published clusters in it; a cluster (C12) is clustered anew, by itself, into finer
    parts. What lies in no part is stated as outside. A part's conversations cannot be listed; open the cluster with
    count_by (scope.cluster) for its languages, concern or outcome.
    Limits: a part needs the support of free text (25 conversations of 10 accounts by default), so small clusters do not
    open; the parts of a cluster have no ids. Method: HDBSCAN (Campello 2013) in a UMAP space of
    these conversations.
    """
    resolved = await ctx.admit(Scope(cluster=args.cluster))
    snapshot = ctx.index.snapshot
    children = [cluster for cluster in snapshot.base_clusters if cluster.parent == args.cluster]
    if children:
        parts = split(resolved.rows, snapshot.base_labels[resolved.rows], len(snapshot.base_clusters))
        groups = [
            Group(cluster.name, (part,), is_text=True, id=cluster.id)
            for cluster, part in zip(snapshot.base_clusters, parts, strict=True)
            if cluster in children
        ]
        outside, method = None, "the published taxonomy"
    else:
        groups, outside, method = await _opened(resolved, ctx)
    return await ctx.release(
        CandidateTable(
            tool="drill_down",
            arguments=args.model_dump(mode="json"),
            title=f"Parts of {args.cluster}",
            shape="table",
            resolved=resolved,
            columns=("conversations",),
            groups=tuple(groups),
            outside=outside,
            unit="part",
            method=method,
        )
    )


async def _opened(resolved: Resolved, ctx: ToolContext) -> tuple[list[Group], Rows, str]:
    space = await ctx.index.space_of(resolved.rows)
    smallest = ctx.gate.policy.text_min_conversations
    labels = await density_clusters(space, smallest)
    if labels.max(initial=OUTSIDE) == 0:
        # One part is the cluster itself once more, not an opening of it.
        labels[:] = OUTSIDE
    groups, outside = await named_groups(ctx, resolved.rows, labels, space)
    return groups, outside, f"HDBSCAN (at least {smallest}) in a UMAP space"
