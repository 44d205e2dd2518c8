"""coverage: where the index is blind."""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from index.core.records import UNKNOWN
from index.geometry.clustering import OUTSIDE
from index.snapshots.snapshot import UNDATED
from tools.context import ToolContext
from tools.core import wording
from tools.core.candidate import CandidateTable, Group
from tools.core.facets import CLOSED, facet_codes
from tools.core.finding import Finding
from tools.core.scope import Scope


class Args(BaseModel):
    """Where to look."""

    model_config = ConfigDict(extra="forbid")

    scope: Scope = Field(default_factory=Scope)
    by: str | None = Field(
        None, description=f"A closed facet ({', '.join(CLOSED)}, or an own one): how much of each value is unclustered"
    )


async def run(args: Args, ctx: ToolContext) -> Finding:
    """Coverage gaps: conversations that are unclustered, in clusters without a name or too small for one,
    without a date, and with facets that nobody knows. State it beside any answer that depends on it.

    With `by`, for each value of a facet: how many of its conversations are unclustered, as a share of the value.
    Limits: kinds overlap, so they do not add up; what was never ingested or could not be read is not in the index
    (a note says how many of the latter).
    """
    resolved = await ctx.admit(args.scope, fixed_domain=True)
    snapshot, rows = ctx.index.snapshot, resolved.rows
    outside = snapshot.base_labels[rows] == OUTSIDE
    if args.by is not None:
        codes = facet_codes(snapshot, args.by)
        allowed = args.scope.allowed(args.by, codes.values)
        parts = [codes.codes[rows] == place for place in range(len(codes.values))]
        groups = [
            Group(value, (rows[part & outside], rows[part]))
            for value, part in zip(codes.values, parts, strict=True)
            if value in allowed
        ]
    else:
        groups = [Group(kind, (rows[part],)) for kind, part in _kinds(ctx, rows, outside).items()]
    return await ctx.release(
        CandidateTable(
            tool="coverage",
            arguments=args.model_dump(mode="json", exclude_none=True),
            title=f"Coverage gaps in {args.scope.describe()}" + (f", by {args.by}" if args.by else ""),
            shape="table",
            resolved=resolved,
            columns=("unclustered", "conversations") if args.by else ("conversations",),
            groups=tuple(groups),
            unit="coverage",
            wholes=None if args.by else (rows,),
            within=args.by is not None,
            method="counts over the snapshot, clusters from the published taxonomy",
            facets=frozenset({args.by} - {"month"}) if args.by else frozenset(),
            notes=_failures(ctx),
            # Kinds overlap, and their total is one cell more; with a facet, what is unclustered is in its value too.
            cells_per_conversation=2 if args.by else 1 + len(groups),
        )
    )


def _kinds(ctx: ToolContext, rows: NDArray[np.int64], outside: NDArray[np.bool_]) -> dict[str, NDArray[np.bool_]]:
    snapshot = ctx.index.snapshot
    labels = snapshot.base_labels[rows]
    named = np.array([cluster.name is not None for cluster in snapshot.base_clusters] or [False])
    kinds = {
        wording.UNCLUSTERED: outside,
        wording.NAMELESS: ~outside & ~named[labels],
        wording.UNDATED: snapshot.days[rows] == UNDATED,
    }
    for facet in CLOSED:
        if facet != "month":
            codes = snapshot.facet(facet)
            unknown = [place for place, value in enumerate(codes.values) if value == UNKNOWN]
            kinds[f"{facet} unknown"] = np.isin(codes.codes[rows], unknown)
    return kinds


def _failures(ctx: ToolContext) -> tuple[str, ...]:
    """How many conversations could not be read, rounded as any count is, where they are enough to say so."""
    policy = ctx.gate.policy
    failed = int(ctx.index.snapshot.meta.get("failed", "0"))
    if failed < policy.min_conversations:
        return ()
    return (f"about {round(failed / policy.round_to) * policy.round_to:,} conversations could not be extracted",)
