"""compare: what one scope has more or less of than another, with intervals and a correction for many comparisons."""

from dataclasses import replace

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from index.geometry.clustering import OUTSIDE
from index.snapshots.snapshot import Rows
from tools.context import ToolContext
from tools.core.candidate import CandidateTable, Group
from tools.core.counting import complement_of, distinct
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding
from tools.core.scope import Resolved, Scope
from tools.grouping.division import BY, THEME, Grouped, grouped, is_closed
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
    Limits: an odds ratio says how much, not why; conversations of one account are counted as if they were independent
    (at most ten each), so intervals are somewhat too narrow; what lies in both scopes counts in the first only. By theme,
    shares are of what is in some theme; where that total must stay suppressed, "unclustered" is a row and shares are of all.
    Method: log-odds with an informative Dirichlet prior (Monroe et al. 2008), Benjamini-Hochberg (1995), both from the
    rounded counts shown.
    """
    first = await ctx.admit(args.first, fixed_domain=is_closed(args.by))
    rows = await _against(args, first, ctx)
    found = _whole_sides(await grouped(args.by, (first.rows, rows), ctx), (first.rows, rows), ctx)
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


def _whole_sides(found: Grouped, sides: tuple[Rows, Rows], ctx: ToolContext) -> Grouped:
    """The groups, and where what they hold of a side may not be said (another finding suppresses it), what lies in none of
    them as a row too: then the sides are the scopes themselves, and only cells have to be suppressed."""
    if found.wholes is not None or found.is_closed:
        return found
    inside = [distinct(np.concatenate([rows[:0], *(group.columns[place] for group in found.groups)]))
              for place, rows in enumerate(sides)]  # fmt: skip
    if all(ctx.gate.is_releasable(rows, "side") for rows in inside):
        return found
    labels = ctx.index.snapshot.base_labels
    parts = tuple(complement_of(part, rows) for part, rows in zip(inside, sides, strict=True))
    rest = Group("unclustered", parts, whole=np.flatnonzero(labels == OUTSIDE).astype(np.int64))
    return replace(found, groups=(*found.groups, rest) if len(rest.members) else found.groups)


async def _against(args: Args, first: Resolved, ctx: ToolContext) -> Rows:
    everything = np.arange(len(ctx.index.snapshot), dtype=np.int64)
    second = (
        (await ctx.admit(args.second, fixed_domain=is_closed(args.by))).rows if args.second is not None else everything
    )
    rest: Rows = np.setdiff1d(second, first.rows, assume_unique=True)
    if not first.is_unchecked and not ctx.gate.is_releasable(rest, "side"):
        raise ToolRefusal("The second scope is almost contained in the first. Choose scopes that do not overlap.")
    return rest
