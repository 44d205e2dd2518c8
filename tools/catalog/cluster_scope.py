"""cluster_scope: which themes there are inside a scope, as fine as it has people for."""

import asyncio

from pydantic import BaseModel, ConfigDict, Field

from index.core.facets import TASK
from index.privacy.sealing import SUMMARY
from index.snapshots.snapshot import Rows
from tools.context import ToolContext
from tools.core.candidate import CandidateTable
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding
from tools.core.scope import Scope
from tools.grouping.division import Grouped, by_topic
from tools.grouping.parts import by_kinds, by_themes


class Args(BaseModel):
    """What to divide and how."""

    model_config = ConfigDict(extra="forbid")

    scope: Scope = Field(default_factory=Scope)
    about: str = Field(
        SUMMARY, description="What to divide by: summary, task, or a free-text facet of this index's own"
    )
    min_size: int = Field(15, ge=15, le=2000, description="Smallest part, for the summary only")


async def run(args: Args, ctx: ToolContext) -> Finding:
    """Which published themes there are inside a scope, with sizes, shares and accounts, as fine as it has people for.

    Use it for a language, a period, a concern level or what is near a phrase. Themes that are too small here count together as
    "other themes" of their group, or as the group where none of it stands by itself. A scope of one theme is divided into
    kinds of request. about="task" (or a free-text facet of the index's own, where an extractor filled it) divides by the
    terms of that text; a conversation can have several.
    Limits: what is in no theme stays outside (stated). No new clusters are made of a scope, because they would tell who is in it.
    Method: counts over the snapshot's taxonomy (HDBSCAN, Campello 2013), level by level.
    """
    resolved = await ctx.admit(args.scope)
    found = await _divided(args, resolved.rows, ctx)
    return await ctx.release(
        CandidateTable(
            tool="cluster_scope",
            arguments=args.model_dump(mode="json", exclude_none=True),
            title=f"Themes among {args.scope.describe()}",
            shape="table",
            resolved=resolved,
            columns=("conversations",),
            groups=found.groups,
            outside=found.outside,
            wholes=found.wholes,
            unit=f"{args.about} {args.min_size}",
            method=found.method,
            about=args.about,
        )
    )


async def _divided(args: Args, rows: Rows, ctx: ToolContext) -> Grouped:
    snapshot = ctx.index.snapshot
    if args.about == SUMMARY:
        smallest = max(args.min_size, ctx.gate.policy.min_conversations)
        if args.scope.cluster in {theme.id for theme in snapshot.base_clusters}:
            kinds = await asyncio.to_thread(ctx.index.nearest_kinds, rows)
            return by_kinds(ctx, rows, kinds, smallest)
        return by_themes(ctx, rows, smallest)
    free = [TASK, *(facet.name for facet in snapshot.own_facets if not facet.values)]
    if args.about not in free:
        raise ToolRefusal(f"There is no such free-text facet. There are: {', '.join([SUMMARY, *free])}.")
    found = await by_topic((rows,), ctx, args.about)
    if not found.groups:
        raise ToolRefusal(
            f"Too few conversations here have a {args.about}; it needs an index whose extractor is a model."
        )
    return found
