"""compare: what one scope has more or less of than another, with intervals and a correction for many comparisons."""

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from index.snapshots.snapshot import Rows
from tools.context import ToolContext
from tools.core.candidate import CandidateTable
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding
from tools.core.scope import Resolved, Scope
from tools.grouping.division import BY, THEME, grouped, is_closed
from tools.statistics.measures import over_and_under


class Args(BaseModel):
    """The two scopes and what to compare them by."""

    model_config = ConfigDict(extra="forbid")

    first: Scope = Field(description="The scope of interest, for example one language")
    second: Scope | None = Field(None, description="What to set it against; left out: all other conversations")
    by: str = Field(THEME, description=BY)


async def run(args: Args, ctx: ToolContext) -> Finding:
    """What is over- and under-represented in one scope against another, or against everything else.

    Each group has its odds ratio with a 95 % interval and a verdict: over, under, or no clear difference. Rows come
    from the most over-represented to the most under-represented; only those whose false discovery rate is below 5 %
    are called over or under. "At least" stands where the other side is under the threshold.
    Use by="topic" across languages (themes follow the language without a model), by="theme" otherwise, or a facet.
    Limits: an odds ratio says how much, not why; conversations of one account are counted as if they were independent, so
    intervals are somewhat too narrow; what lies in both scopes counts in the first only. By theme,
    "unclustered" is a row too, so that shares are of all conversations of a side.
    Method: log-odds with an informative Dirichlet prior (Monroe et al. 2008), Benjamini-Hochberg (1995), both from the
    rounded counts shown.
    """
    first = await ctx.admit(args.first, fixed_domain=is_closed(args.by))
    rows = await _against(args, first, ctx)
    found = await grouped(args.by, (first.rows, rows), ctx)
    names = (args.first.short(), args.second.short() if args.second else "all others")
    crossed = found.facets | (args.second.facets() if args.second else set())
    return await ctx.release(
        CandidateTable(
            tool="compare",
            arguments=args.model_dump(mode="json", exclude_none=True),
            title=f"Conversations by {args.by}: {names[0]} against {names[1]}",
            shape="table",
            resolved=first,
            columns=names,
            groups=found.groups,
            unit=args.by,
            method=f"{found.method}; log-odds with a Dirichlet prior, false discovery rate 5 %",
            wholes=found.wholes,
            statistic=over_and_under,
            facets=crossed,
            cells_per_conversation=int(found.is_closed),
        )
    )


async def _against(args: Args, first: Resolved, ctx: ToolContext) -> Rows:
    everything = np.arange(len(ctx.index.snapshot), dtype=np.int64)
    second = (
        (await ctx.admit(args.second, fixed_domain=is_closed(args.by))).rows if args.second is not None else everything
    )
    rest: Rows = np.setdiff1d(second, first.rows, assume_unique=True)
    if not first.is_unchecked and not ctx.gate.is_releasable(rest, "side"):
        raise ToolRefusal("The second scope is almost contained in the first. Choose scopes that do not overlap.")
    return rest
