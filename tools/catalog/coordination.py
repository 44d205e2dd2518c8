"""coordination: does this look like one actor? Signals in bands, against ordinary groups of the same snapshot."""

import asyncio
from dataclasses import replace
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tools.context import ToolContext
from tools.coordination.bands import banded
from tools.core.candidate import CandidateTable, Group
from tools.core.finding import Finding
from tools.core.scope import Scope
from tools.grouping.division import THEME, grouped

NOTES = (
    "Bands compare a group with up to 48 published clusters of about its size in this snapshot: high is beyond 1.5, very "
    "high beyond 3 widths of the middle half above it; unknown: too little to compare.",
    "coordination is high when two of three kinds of sign are high: form (template), time (synchrony), accounts "
    "(concentration or dedication); very high when two are very high. It is a reason to look, not a verdict.",
    "Rule out first: a course or workshop, a prompt shared on the web, a news item or season, a product's own template or "
    "example, an integration that sends for many people, one team or household.",
)


class Args(BaseModel):
    """What to look at, as one group or theme by theme."""

    model_config = ConfigDict(extra="forbid")

    scope: Scope = Field(default_factory=Scope)
    by: Literal["scope", "theme"] = Field(
        "scope", description="scope: all of it as one group; theme: each cluster of the taxonomy in it"
    )


async def run(args: Args, ctx: ToolContext) -> Finding:
    """Whether a group looks like one actor's work, in bands (low, typical, high, very high, unknown) and never in numbers.

    Measures of a row: uniformity (near-duplicates in meaning across accounts), template (requests that share their
    wording with another account's), synchrony (accounts acting within a day of each other, beyond what the season's
    traffic gives), concentration (conversations an account), dedication (accounts that do little else), and
    coordination, the reading of all: high needs two independent kinds of sign. Each is relative to published clusters
    of about the same size. Ask it of a cluster or of a narrow scope; over a mixed scope signals drown.
    Limits: a band is no proof. A course with accounts of its own, a viral prompt of one week, or an integration look the
    same: say the benign explanations and look with trend and count_by. A ring that takes its time, words its own
    requests and lets its accounts do other things is not seen. Groups below the text threshold get no bands; large
    groups are read on 256 conversations drawn with a fixed seed. Sources: Broder 1997, Knox 1964, Tukey 1977.
    """
    resolved = await ctx.admit(args.scope)
    if args.by == "theme":
        found = await grouped(THEME, [resolved.rows], ctx)
        groups, outside = found.groups, found.outside
    else:
        groups, outside = (Group(args.scope.describe(), (resolved.rows,)),), None
    settled = [replace(group, columns=(ctx.gate.admit_part(group.members),)) for group in groups]
    is_read = [ctx.gate.is_releasable(group.members, "readings") for group in settled]
    bands = await asyncio.to_thread(
        banded,
        ctx.index,
        ctx.gate.policy,
        [group.members for group, read in zip(settled, is_read, strict=True) if read],
    )
    shown = iter(bands)
    return await ctx.release(
        CandidateTable(
            tool="coordination",
            arguments=args.model_dump(mode="json", exclude_none=True),
            title=f"Signs of coordination, {args.scope.describe()}",
            shape="table",
            resolved=resolved,
            columns=("conversations",),
            groups=tuple(
                replace(group, bands=tuple(next(shown).items())) if read else group
                for group, read in zip(settled, is_read, strict=True)
            ),
            outside=outside,
            method="bands against published clusters of about the same size; one voice an account",
            notes=NOTES,
        )
    )
