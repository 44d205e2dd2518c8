"""count_by: how a scope divides by a closed facet or by theme, optionally split in two."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from math import log

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from index.clustering import OUTSIDE
from index.records import as_day
from index.snapshot import UNDATED, Codes, Rows
from tools.context import ToolContext
from tools.errors import ToolRefusal
from tools.facets import CLOSED, facet_codes
from tools.finding import Finding
from tools.raw import Group, Raw, split
from tools.scope import Resolved, Scope

_MAX_TOPICS = 40

FACETS = f"A closed facet: {', '.join(CLOSED)}, or one of this index's own"


class Split(BaseModel):
    """Divide every count in two: one value of a facet against the rest, or since a day against before it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    facet: str | None = Field(None, description=FACETS)
    value: str | None = Field(None, description="The value of that facet to set against all others")
    since: date | None = Field(None, description="A day: conversations since then against those before")

    @model_validator(mode="after")
    def _one_kind(self) -> "Split":
        if (self.since is None) == (self.facet is None) or (self.facet is None) != (self.value is None):
            raise ValueError("give either since, or facet and value")
        return self


class Args(BaseModel):
    """What to count and how to divide it."""

    model_config = ConfigDict(extra="forbid")

    by: str = Field(
        description=f"{FACETS}; theme: the clusters of the taxonomy; topic: terms, of which a conversation has several"
    )
    scope: Scope = Field(default_factory=Scope)
    split: Split | None = None


async def run(args: Args, ctx: ToolContext) -> Finding:
    """How many conversations, by one closed facet or by theme, over a scope; optionally split in two columns.

    Use by="theme" with split.since to see what is new since a day, and with split.facet/value to see what one
    language (or surface, ...) asks that others do not: `change` is the ratio of the two shares, "at least" where the
    second column is under the threshold. Without split it gives one column with shares and accounts.
    by="topic" counts single terms and crosses languages where the extractor glosses them in English; a conversation
    counts under each of its terms, so shares do not add up.
    Limits: at most two closed facets may be crossed, counting the scope's; a ratio is descriptive, with no test of
    significance; small cells are withheld and may be zero.
    """
    resolved = await ctx.admit(args.scope)
    if args.by == "topic":
        return await _by_topic(args, ctx, resolved)
    rows = resolved.rows
    codes, is_text = _codes(args, ctx)
    columns, sides = _sides(args, ctx)
    inside = codes.codes[rows] != OUTSIDE
    groups = []
    for place, value in enumerate(codes.values):
        members = rows[codes.codes[rows] == place]
        if not len(members):
            continue
        parts = split(members, sides[members], len(columns)) if len(columns) == 2 else [members]
        identity = ctx.index.snapshot.base_clusters[place].id if is_text else None
        groups.append(Group(value or None, tuple(parts), is_text=is_text, id=identity))
    if is_text:
        groups.sort(key=lambda group: -len(group.members))
    return await ctx.release(
        Raw(
            tool="count_by",
            arguments=args.model_dump(mode="json", exclude_none=True),
            title=_title("theme" if is_text else args.by, columns),
            shape="table",
            resolved=resolved,
            columns=columns,
            groups=tuple(groups),
            outside=rows[~inside] if is_text and len(columns) == 1 else None,
            unit=args.by,
            method="counts over the snapshot" + (", themes from the published taxonomy" if is_text else ""),
            compares=len(columns) == 2,
            facets=_crossed(args),
        )
    )


async def _by_topic(args: Args, ctx: ToolContext, resolved: Resolved) -> Finding:
    snapshot = ctx.index.snapshot
    columns, sides = _sides(args, ctx)
    rows = resolved.rows
    texts = await asyncio.to_thread(snapshot.texts, rows)
    holders: dict[str, list[int]] = defaultdict(list)
    for row, text in zip(rows.tolist(), texts, strict=True):
        for topic in dict.fromkeys(part.strip() for part in text.split(";")):
            holders[topic].append(row)
    wholes: Sequence[Rows] = split(rows, sides[rows], len(columns)) if len(columns) == 2 else [rows]
    groups = []
    for topic, found in holders.items():
        members = np.array(found, dtype=np.int64)
        parts = split(members, sides[members], len(columns)) if len(columns) == 2 else [members]
        if len(parts[0]) >= ctx.gate.policy.text_min_conversations:
            groups.append(Group(topic, tuple(parts), is_text=True))
    groups.sort(key=lambda group: (-_interest(group, wholes), str(group.label)))
    return await ctx.release(
        Raw(
            tool="count_by",
            arguments=args.model_dump(mode="json", exclude_none=True),
            title=_title("topic", columns),
            shape="table",
            resolved=resolved,
            columns=columns,
            groups=tuple(groups[:_MAX_TOPICS]),
            unit=args.by,
            method=f"terms of the screened summaries, the {_MAX_TOPICS} most telling; a conversation has several",
            wholes=tuple(wholes),
            compares=len(columns) == 2,
            facets=_crossed(args),
        )
    )


def _interest(group: Group, wholes: Sequence[Rows]) -> float:
    """How much a topic matters: its size, times the log ratio of shares where two columns are compared."""
    size = len(group.columns[0])
    if len(wholes) == 1:
        return float(size)
    share = size / max(1, len(wholes[0]))
    other = (len(group.columns[1]) + 1) / (len(wholes[1]) + 1)
    return share * log(max(share / other, 1.0))


def _title(what: str, columns: tuple[str, ...]) -> str:
    versus = f": {columns[0]} against {columns[1]}" if len(columns) == 2 else ""
    return f"Conversations by {what}{versus}"


def _crossed(args: Args) -> frozenset[str]:
    """The closed facets of the table itself."""
    facets = {args.by} - {"theme", "topic", "month"}
    if args.split and args.split.facet and args.split.facet != "month":
        facets.add(args.split.facet)
    return frozenset(facets)


def _codes(args: Args, ctx: ToolContext) -> tuple[Codes, bool]:
    snapshot = ctx.index.snapshot
    if args.by == "theme":
        names = tuple(cluster.name or "" for cluster in snapshot.base_clusters)
        return Codes(names, snapshot.base_labels), True
    if args.by == "topic":
        raise ToolRefusal("Topics overlap and have no codes.")
    return facet_codes(snapshot, args.by), False


def _sides(args: Args, ctx: ToolContext) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Column names, and for each summary of the snapshot its column (-1: neither, an undated conversation)."""
    snapshot = ctx.index.snapshot
    if args.split is None:
        return ("conversations",), np.zeros(len(snapshot), dtype=np.int64)
    if args.split.since is not None:
        start = as_day(args.split.since)
        sides = np.where(snapshot.days >= start, 0, 1)
        return (f"since {args.split.since}", f"before {args.split.since}"), np.where(
            snapshot.days == UNDATED, -1, sides
        )
    facet, value = args.split.facet, args.split.value
    if facet is None or value is None:
        raise ToolRefusal("A split needs a facet and a value, or a day.")
    codes = facet_codes(snapshot, facet)
    wanted = [place for place, known in enumerate(codes.values) if known.casefold() == value.casefold()]
    if not wanted:
        raise ToolRefusal(f"No conversation has that {facet}. Ask count_by with by='{facet}' for the values there are.")
    return (codes.values[wanted[0]], f"all other {facet}s"), np.where(codes.codes == wanted[0], 0, 1)
