"""flag_gaps: concern against an external classifier's flags, by theme."""

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from tools.context import ToolContext
from tools.errors import ToolRefusal
from tools.finding import Finding
from tools.grouping import THEME, grouped
from tools.raw import Raw
from tools.scope import Scope
from tools.statistics import missed_and_false

COLUMNS = ("concerning, not flagged", "concerning, flagged", "flagged, not concerning", "neither")


class Args(BaseModel):
    """Where to look and from which grade on a conversation counts as concerning."""

    model_config = ConfigDict(extra="forbid")

    scope: Scope = Field(default_factory=Scope, description="Restrict by period, cluster or nearness; not by a facet")
    concern_at_least: int = Field(3, ge=2, le=5, description="Grades from this up count as concerning")


async def run(args: Args, ctx: ToolContext) -> Finding:
    """Where a concern grade and an external classifier's flag disagree: likely false negatives and false positives.

    Each theme has four counts; "not flagged" is the share of its concerning conversations that the classifier let
    pass, "flagged in error" the share of its flagged ones that are not concerning, each with a 95 % interval (Wilson
    1927). Themes come with the most concerning unflagged conversations first.
    Limits: the concern grade is an opinion too (of the extractor); a disagreement says look here, not who is right.
    Conversations without a flag or a grade are left out. Concern and flag are two facets: no third may be crossed.
    """
    resolved = await ctx.admit(args.scope)
    snapshot = ctx.index.snapshot
    flagged, concern = snapshot.facet("flagged"), snapshot.facet("concern")
    grades = np.array([int(value) if value.isdigit() else 0 for value in concern.values])[concern.codes[resolved.rows]]
    flags = np.array(flagged.values)[flagged.codes[resolved.rows]]
    known = (grades > 0) & ((flags == "true") | (flags == "false"))
    if not ctx.gate.is_enough(resolved.rows[known & (flags == "true")]):
        raise ToolRefusal("Too few conversations here carry a classifier's flag. Use count_by with by='concern'.")
    high, on = grades >= args.concern_at_least, flags == "true"
    columns = [resolved.rows[known & part] for part in (high & ~on, high & on, ~high & on, ~high & ~on)]
    if not all(ctx.gate.may_be_side(column) for column in columns):
        raise ToolRefusal(
            "One of the four sides (concerning or not, flagged or not) is too small here to be set against the others. "
            "Widen the scope, change concern_at_least, or use count_by with by='theme' on a concern_at_least scope."
        )
    found = await grouped(THEME, columns, ctx)
    return await ctx.release(
        Raw(
            tool="flag_gaps",
            arguments=args.model_dump(mode="json", exclude_none=True),
            title=f"Concern {args.concern_at_least}-5 against the classifier's flag, {args.scope.describe()}",
            shape="table",
            resolved=resolved,
            columns=COLUMNS,
            groups=found.groups,
            unit="flag gaps",
            method=f"{found.method}; shares by Wilson's interval",
            statistic=missed_and_false,
            margins=True,
            facets=frozenset({"concern", "flagged"}),
        )
    )
