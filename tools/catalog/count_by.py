"""count_by: how a scope divides by one closed facet, by theme or by topic, or by two closed facets crossed."""

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from index.snapshots.snapshot import Rows
from tools.context import ToolContext
from tools.core.candidate import CandidateTable, split
from tools.core.errors import ToolRefusal
from tools.core.facets import CLOSED, facet_codes
from tools.core.finding import Finding
from tools.core.scope import Scope
from tools.grouping.division import BY, TOPIC, grouped, is_closed
from tools.suppression.recoding import OTHERS

_MAX_COLUMNS = 6
_MAX_NOISY_COLUMNS = 12


class Args(BaseModel):
    """What to count and how to divide it."""

    model_config = ConfigDict(extra="forbid")

    by: str = Field(description=BY)
    across: str | None = Field(
        None, description=f"A second closed facet ({', '.join(CLOSED)}, or an own one): its values are the columns"
    )
    scope: Scope = Field(default_factory=Scope)


async def run(args: Args, ctx: ToolContext) -> Finding:
    """How many conversations, by one closed facet, by theme or by topic, over a scope, with shares and accounts.

    With `across`, a table of two: its columns are the six values of that facet that are largest in the index, the others
    taken together.
    by="topic" counts single terms and crosses languages where the extractor glosses them in English; a conversation
    counts under each of its terms, so shares do not add up. To set one scope against another use compare.
    Limits: at most two closed facets may be crossed, counting the scope's; small cells are suppressed and may be zero.
    """
    resolved = await ctx.admit(args.scope, fixed_domain=is_closed(args.by))
    names, columns = _columns(args, resolved.rows, ctx)
    found = await grouped(args.by, columns, ctx, args.scope)
    crossed = found.facets | ({args.across} - {"month"} if args.across else set())
    return await ctx.release(
        CandidateTable(
            tool="count_by",
            arguments=args.model_dump(mode="json", exclude_none=True),
            title=f"Conversations by {args.by}" + (f" and {args.across}" if args.across else ""),
            shape="table",
            resolved=resolved,
            columns=names,
            groups=found.groups,
            outside=found.outside,
            unit=args.by,
            method=found.method,
            wholes=found.wholes,
            has_row_totals=args.across is not None,
            facets=crossed,
            cells_per_conversation=int(found.is_closed),
        )
    )


def _columns(args: Args, rows: Rows, ctx: ToolContext) -> tuple[tuple[str, ...], Sequence[Rows]]:
    """Column names and members: one, or the largest values of the second facet and the rest of them together."""
    if args.across is None:
        return ("conversations",), (rows,)
    if args.by == TOPIC or args.across == args.by:
        raise ToolRefusal("Cross two different closed facets, or themes with one. For topics of one value use compare.")
    codes = facet_codes(ctx.index.snapshot, args.across)
    found = dict(zip(codes.values, split(rows, codes.codes[rows], len(codes.values)), strict=True))
    if ctx.gate.policy.adds_noise and is_closed(args.by):
        # All values, because a choice by exact sizes would tell them.
        if len(found) > _MAX_NOISY_COLUMNS:
            raise ToolRefusal(f"{args.across} has {len(found)} values, too many for columns. Swap `by` and `across`.")
        return tuple(found), tuple(found.values())
    allowed = args.scope.allowed(args.across, codes.values)
    parts = {value: part for value, part in found.items() if value in allowed}
    # The largest of the whole index, so that the choice tells nothing of the scope.
    everybody = split(np.arange(len(codes.codes), dtype=np.int64), codes.codes, len(codes.values))
    sizes = {value: ctx.gate.rounded(whole) for value, whole in zip(codes.values, everybody, strict=True)}
    ranked = sorted(parts, key=lambda value: (-sizes[value], value))
    kept = [value for value in ranked[:_MAX_COLUMNS] if ctx.gate.is_releasable(parts[value], "side")]
    while True:
        rest = [parts[value] for value in ranked if value not in kept]
        together = np.sort(np.concatenate(rest)) if rest else rows[:0]
        if not kept or not rest or ctx.gate.is_releasable(together, "side"):
            break
        kept.pop()
    if len(kept) < 2:
        raise ToolRefusal(f"Too few values of {args.across} are large enough to be columns. Count by one facet.")
    # In the facet's own order, so that ordinal values read from low to high.
    names = [value for value in codes.values if value in kept]
    columns = [*((value, parts[value]) for value in names), *([(OTHERS, together)] if rest else [])]
    return tuple(name for name, _ in columns), tuple(part for _, part in columns)
