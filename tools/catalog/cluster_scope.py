"""cluster_scope: cluster a scope now and name what is found."""

import asyncio
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from index.core.facets import TASK
from index.geometry.clustering import Space, partition_clusters
from index.geometry.clustering_process import prepare
from index.privacy.sealing import SUMMARY
from index.snapshots.snapshot import Rows
from tools.context import ToolContext
from tools.core.candidate import CandidateTable
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding
from tools.core.scope import Scope
from tools.grouping.clusters import dense_groups, named_groups

_EMBEDDED_NOW = 5_000


class Args(BaseModel):
    """What to cluster and how."""

    model_config = ConfigDict(extra="forbid")

    scope: Scope = Field(default_factory=Scope)
    about: str = Field(
        SUMMARY, description="What to cluster by: summary, task, or a free-text facet of this index's own"
    )
    method: Literal["hdbscan", "kmeans"] = Field("hdbscan", description="kmeans covers everything but is less sharp")
    clusters: int = Field(12, ge=2, le=60, description="How many clusters, for kmeans only")
    min_size: int = Field(25, ge=25, le=2000, description="Smallest cluster, for hdbscan only")


async def run(args: Args, ctx: ToolContext) -> Finding:
    """Which themes there are inside a scope: clusters found now, named, with sizes, shares and accounts.

    Use it for a language, a period, a concern level or what is near a phrase, when overview is too coarse.
    about="task" (or a free-text facet of the index's own, where an extractor filled it) clusters by that text instead of
    the summary; conversations without it are left out. At most 5,000 conversations then, because they are embedded now.
    Limits: HDBSCAN leaves what is in no dense region outside (stated, often a third to a half); names come from
    words that at least the policy's number of accounts used; a cluster too small to name is counted as suppressed.
    Method: HDBSCAN (Campello 2013) in a UMAP space (McInnes 2018): the snapshot's, or for scopes up
    to 2,000 conversations one of their own; k-means by request.
    """
    resolved = await ctx.admit(args.scope)
    if args.method == "hdbscan":
        prepare(len(resolved.rows))
    rows, complement_of, space = await _placed(args.about, resolved.rows, ctx)
    is_whole = False
    smallest = max(args.min_size, ctx.gate.policy.text_min_conversations)
    if args.method == "hdbscan":
        groups, outside = await dense_groups(ctx, rows, space, smallest, args.about)
        method = f"HDBSCAN (at least {smallest}) in a UMAP space"
    else:
        labels = await asyncio.to_thread(partition_clusters, space, args.clusters)
        groups, outside = await named_groups(ctx, rows, labels, space, args.about, is_partition=True)
        is_whole = args.about == SUMMARY
        method = f"k-means with {args.clusters} clusters in a UMAP space"
    return await ctx.release(
        CandidateTable(
            tool="cluster_scope",
            arguments=args.model_dump(mode="json", exclude_none=True),
            title=f"Themes among {args.scope.describe()}",
            shape="table",
            resolved=resolved,
            columns=("conversations",),
            groups=tuple(groups),
            outside=None if is_whole else np.sort(np.concatenate([outside, complement_of])),
            unit=f"{args.about} {args.method} {args.clusters} {args.min_size}",
            method=f"{method} of the {args.about}; names by the {ctx.namer.name} namer",
            about=args.about,
        )
    )


async def _placed(about: str, rows: Rows, ctx: ToolContext) -> tuple[Rows, Rows, Space]:
    """The rows that have this facet's text, those that have none, and the former's coordinates."""
    snapshot = ctx.index.snapshot
    if about == SUMMARY:
        return rows, rows[:0], await ctx.index.space_of(rows)
    free = [TASK, *(facet.name for facet in snapshot.own_facets if not facet.values)]
    if about not in free:
        raise ToolRefusal(f"There is no such free-text facet. There are: {', '.join([SUMMARY, *free])}.")
    if ctx.gate.at_least_about(rows) > _EMBEDDED_NOW:
        raise ToolRefusal(f"That is too many to embed now; narrow the scope to about {_EMBEDDED_NOW:,} conversations.")
    texts = await asyncio.to_thread(snapshot.texts, rows, about)
    has_text = np.array([bool(text) for text in texts], dtype=bool)
    if not ctx.gate.is_releasable(rows[has_text]):
        raise ToolRefusal(f"Too few conversations here have a {about}; it needs an index whose extractor is a model.")
    space = await ctx.index.placed([text for text in texts if text])
    return rows[has_text], rows[~has_text], space
