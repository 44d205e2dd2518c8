"""trend: a scope over time."""

from datetime import date, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from index.core.records import as_date, as_day
from index.snapshots.snapshot import UNDATED, Rows
from tools.context import ToolContext
from tools.core.candidate import CandidateTable, Group, split
from tools.core.counting import ranked
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding
from tools.core.scope import Scope
from tools.statistics.trend_statistics import course

_MAX_BUCKETS = 80


class Args(BaseModel):
    """What to follow and in which steps."""

    model_config = ConfigDict(extra="forbid")

    scope: Scope = Field(default_factory=Scope)
    by: Literal["day", "week", "month"] = Field("month", description="Weeks start on Monday")


async def run(args: Args, ctx: ToolContext) -> Finding:
    """How a scope's size develops, by day, week or month, beside all conversations of the same time (the exposure).

    Read the share, not the count: the assistant's whole traffic grows too. Each share has a 95 % interval (Wilson
    1927); the notes name the buckets from which the level is another (optimal partitioning, Jackson et al. 2005, on the
    likelihood of the counts), and set the second half against the first. A bucket far above its neighbours is a burst,
    which is no change of level. Buckets under the threshold are suppressed and may be zero: what is stated about levels and halves
    holds whatever they hold, as bounds where they matter.
    Limits: the first and last bucket may be partial; at most 80 buckets; a change has no cause attached.
    """
    resolved = await ctx.admit(args.scope, fixed_domain=True)
    snapshot = ctx.index.snapshot
    everything = await _exposed(args.scope, ctx)
    _check_length(args, ctx)
    names, of_row = _axis(args, ctx)
    dated = everything[of_row[everything] >= 0]
    bucket_of = of_row[dated]
    inside = np.zeros(len(snapshot), dtype=bool)
    inside[resolved.rows] = True
    # By what is asked: whether a scope leaves anybody out must not show.
    restricted = args.scope != _period(args.scope)
    groups = []
    for name, whole in zip(names, split(dated, bucket_of, len(names)), strict=True):
        columns = (whole[inside[whole]], whole) if restricted else (whole,)
        groups.append(Group(name, columns))
    return await ctx.release(
        CandidateTable(
            tool="trend",
            arguments=args.model_dump(mode="json", exclude_none=True),
            title=f"{args.scope.describe()[:1].upper()}{args.scope.describe()[1:]} by {args.by}",
            shape="trend",
            resolved=resolved,
            columns=("in scope", "all conversations") if restricted else ("conversations",),
            groups=tuple(groups),
            unit=args.by,
            method=f"counts by {args.by}; shares of all conversations of the same {args.by}",
            within=restricted,
            statistic=course,
            cells_per_conversation=1 + restricted,
        )
    )


def _period(scope: Scope) -> Scope:
    """The scope's period alone."""
    return Scope(since=scope.since, until=scope.until)


async def _exposed(scope: Scope, ctx: ToolContext) -> Rows:
    """Everything of the scope's period; of all time, where the period may not be asked about."""
    try:
        return (await ctx.admit(_period(scope), fixed_domain=True)).rows
    except ToolRefusal:
        return np.arange(len(ctx.index.snapshot), dtype=np.int64)


def _check_length(args: Args, ctx: ToolContext) -> None:
    """Refuse a series that is too long, by the period that may be stated: the exact first and last day can be one
    person's."""
    period = ctx.gate.public_period
    if period is None:
        return
    first, last = max(period.first, args.scope.since or date.min), min(period.last, args.scope.until or date.max)
    length = (last - first).days // {"day": 1, "week": 7, "month": 28}[args.by] + 1
    if length > _MAX_BUCKETS:
        raise ToolRefusal(
            f"That is {length} {args.by}s; at most {_MAX_BUCKETS}. Use a coarser step or a shorter period."
        )


def _axis(args: Args, ctx: ToolContext) -> tuple[list[str], NDArray[np.int64]]:
    """Bucket names in time order, and each summary's bucket, -1 for none. From the first bucket that is a group of the whole
    snapshot to the last, as far as the scope's own bounds: what lies beside them counts in the nearest, because a bucket for it
    would say that somebody is there."""
    days = ctx.index.snapshot.days
    known, place = ranked(days)
    if not (known != UNDATED).any():
        raise ToolRefusal("These conversations carry no dates, so there is no trend. Use count_by or cluster_scope.")
    names = [_bucket(int(day), args.by) if day != UNDATED else "" for day in known]
    present = sorted(set(filter(None, names)))
    number = {name: at for at, name in enumerate(present)}
    of_row = np.array([number.get(name, -1) for name in names], dtype=np.int64)[place]
    parts = split(np.arange(len(days), dtype=np.int64), of_row, len(present))
    groups = [name for name, rows in zip(present, parts, strict=True) if ctx.gate.is_releasable(rows)]
    if not groups:
        raise ToolRefusal(f"No {args.by} has enough conversations to be shown. Use a coarser step.")
    first, last = groups[0], groups[-1]
    if args.scope.since:
        first = min(last, max(first, _bucket(as_day(args.scope.since), args.by)))
    if args.scope.until:
        last = max(first, min(last, _bucket(as_day(args.scope.until), args.by)))
    axis = [first]
    while axis[-1] < last:
        axis.append(_next(axis[-1], args.by))
    at = {name: number for number, name in enumerate(axis)}
    codes = np.array([at[min(max(name, first), last)] if name else -1 for name in names], dtype=np.int64)
    return axis, codes[place]


def _bucket(day: int, by: str) -> str:
    moment = as_date(day)
    if by == "day":
        return moment.isoformat()
    if by == "month":
        return f"{moment:%Y-%m}"
    return (moment - timedelta(days=moment.weekday())).isoformat()


def _next(name: str, by: str) -> str:
    if by == "month":
        year, month = map(int, name.split("-"))
        return f"{year + month // 12:04d}-{month % 12 + 1:02d}"
    return (date.fromisoformat(name) + timedelta(days=7 if by == "week" else 1)).isoformat()
