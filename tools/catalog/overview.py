"""overview: what is in the index, by the published taxonomy."""

import numpy as np
from pydantic import BaseModel, ConfigDict

from index.snapshots.snapshot import Rows
from tools.context import ToolContext
from tools.core.candidate import CandidateTable, Group, split
from tools.core.finding import Finding
from tools.core.scope import Scope
from tools.grouping.division import unclustered


class Args(BaseModel):
    """No arguments: it is about everything."""

    model_config = ConfigDict(extra="forbid")


async def run(args: Args, ctx: ToolContext) -> Finding:
    """What people use the assistant for: the taxonomy's groups and the clusters in them, with sizes and shares.

    Start here for any question about everything. Cluster ids (T3, C12) in the result can be used as scope.cluster.
    Limits: the taxonomy was built when the snapshot was published; unclustered conversations are counted as
    "outside" and never assigned to the nearest one; one conversation belongs to one cluster. Method: HDBSCAN in a
    UMAP space (Campello 2013, McInnes 2018), groups by field of the public vocabulary (a model may group otherwise).
    """
    snapshot = ctx.index.snapshot
    labels = snapshot.base_labels
    groups: list[Group] = []
    parts = split(np.arange(len(labels), dtype=np.int64), labels, len(snapshot.base_clusters))
    base = {cluster.id: part for cluster, part in zip(snapshot.base_clusters, parts, strict=True)}
    for top in (cluster for cluster in snapshot.clusters if cluster.parent is None):
        children = [cluster for cluster in snapshot.base_clusters if cluster.parent == top.id]
        members: Rows = np.sort(np.concatenate([base[child.id] for child in children]))
        groups.append(Group(top.name, (members,), is_text=True, id=top.id))
        groups += [Group(child.name, (base[child.id],), is_text=True, id=child.id, parent=top.id) for child in children]
    groups.sort(key=lambda group: -len(group.members))
    return await ctx.release(
        CandidateTable(
            tool="overview",
            arguments=args.model_dump(),
            title="What the assistant is used for",
            shape="tree",
            resolved=await ctx.admit(Scope()),
            columns=("conversations",),
            groups=tuple(groups),
            outside=unclustered(snapshot, np.arange(len(labels), dtype=np.int64)),
            unit="taxonomy",
            method="published taxonomy: HDBSCAN in a 5-dimensional UMAP space, groups by field",
        )
    )
