"""cluster_scope: cluster a scope now and name what is found."""

import asyncio
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from index.clustering import density_clusters, partition_clusters
from tools.clusters import named_groups
from tools.context import ToolContext
from tools.finding import Finding
from tools.raw import Raw
from tools.scope import Scope


class Args(BaseModel):
    """What to cluster and how."""

    model_config = ConfigDict(extra="forbid")

    scope: Scope = Field(default_factory=Scope)
    method: Literal["hdbscan", "kmeans"] = Field("hdbscan", description="kmeans covers everything but is less sharp")
    clusters: int = Field(12, ge=2, le=60, description="How many clusters, for kmeans only")
    min_size: int = Field(25, ge=25, le=2000, description="Smallest cluster, for hdbscan only")


async def run(args: Args, ctx: ToolContext) -> Finding:
    """Which themes there are inside a scope: clusters found now, named, with sizes, shares and accounts.

    Use it for a language, a period, a concern level or what is near a phrase, when overview is too coarse.
    Limits: HDBSCAN leaves what is in no dense region outside (stated, often a third to a half); names come from
    words that at least the policy's number of accounts used; a cluster too small to name is counted as withheld.
    Method: HDBSCAN with leaf selection (Campello 2013) in the snapshot's UMAP space; k-means by request.
    """
    resolved = await ctx.admit(args.scope)
    space = ctx.index.snapshot.space(resolved.rows)
    smallest = max(args.min_size, ctx.gate.policy.text_min_conversations)
    if args.method == "hdbscan":
        labels = await asyncio.to_thread(density_clusters, space, smallest)
        method = f"HDBSCAN (leaf, at least {smallest}) in the snapshot's UMAP space"
    else:
        labels = await asyncio.to_thread(partition_clusters, space, args.clusters)
        method = f"k-means with {args.clusters} clusters in the snapshot's UMAP space"
    groups, outside = await named_groups(ctx, resolved.rows, labels)
    return await ctx.release(
        Raw(
            tool="cluster_scope",
            arguments=args.model_dump(mode="json", exclude_none=True),
            title=f"Themes among {args.scope.describe()}",
            shape="table",
            resolved=resolved,
            columns=("conversations",),
            groups=tuple(groups),
            outside=outside,
            unit=f"{args.method} {args.clusters} {args.min_size}",
            method=f"{method}; names by the {ctx.namer.name} namer",
        )
    )
