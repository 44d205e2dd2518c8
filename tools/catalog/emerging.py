"""emerging: what appeared, grew, shrank or vanished between two periods."""

from datetime import date, timedelta
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from tools.context import ToolContext
from tools.core.candidate import CandidateTable
from tools.core.finding import Finding
from tools.core.scope import Scope
from tools.grouping.division import grouped
from tools.statistics.measures import change_between_periods


class Args(BaseModel):
    """Which periods to set against each other, and in which groups."""

    model_config = ConfigDict(extra="forbid")

    since: date = Field(description="First day of the later period")
    until: date | None = Field(None, description="Last day of the later period; left out: to the end")
    earlier_since: date | None = Field(None, description="First day of the earlier period; left out: from the start")
    scope: Scope = Field(default_factory=Scope, description="What to look at; it must not restrict the period itself")
    by: Literal["theme", "topic"] = Field("theme", description="theme: the taxonomy's clusters; topic: terms")

    @model_validator(mode="after")
    def _in_order(self) -> "Args":
        if self.scope.since or self.scope.until:
            raise ValueError("the scope restricts the period; give since, until and earlier_since instead")
        if (self.until and self.until < self.since) or (self.earlier_since and self.earlier_since >= self.since):
            raise ValueError("the earlier period must end before the later one begins, and each must have a day")
        return self


async def run(args: Args, ctx: ToolContext) -> Finding:
    """What is new, grown, shrunk or vanished in a period against the one before it: the unknown unknowns.

    Each group has the odds ratio of its share of the later period over that of the earlier one, with a 95 % interval.
    "New" means that it stayed under the threshold before, "vanished" that it does now; either may have been there in
    small numbers.
    Limits: shares of each period's own conversations are compared, so that growth of the whole is not taken for growth
    of a part; a season or a change of who uses the assistant reads the same as a new use.
    Method: as compare (Monroe et al. 2008; Benjamini & Hochberg 1995).
    """
    later = await ctx.admit(args.scope.but(since=args.since, until=args.until))
    since, until = later.scope.since or args.since, later.scope.until
    before = args.scope.but(since=args.earlier_since, until=since - timedelta(days=1))
    earlier = (await ctx.admit(before)).rows
    # Admitted scopes may be earlier, nearly identical ones: what lies in both counts as later.
    earlier = np.setdiff1d(earlier, later.rows, assume_unique=True)
    found = await grouped(args.by, (later.rows, earlier), ctx)
    names = (f"{since} to {until}" if until else f"since {since}", f"before {since}")
    return await ctx.release(
        CandidateTable(
            tool="emerging",
            arguments=args.model_dump(mode="json", exclude_none=True),
            title=f"What changed {names[0]}, {args.scope.describe()}",
            shape="table",
            resolved=later,
            columns=names,
            groups=found.groups,
            unit=args.by,
            method=f"{found.method}; log-odds with a Dirichlet prior, false discovery rate 5 %",
            wholes=found.wholes,
            statistic=change_between_periods,
        )
    )
