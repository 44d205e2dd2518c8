"""One question of every kind, asked of the small index, and what groups of it are made from."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from index.snapshots.snapshot import Rows
from tests.fakes.corpus import (
    FIRST_DAY,
    LARGEST,
    is_enough,
    on,
    records,
)
from tests.fakes.policy import SHARP
from tools.context import ToolContext
from tools.core.candidate import CandidateTable, Group
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding
from tools.core.scope import Resolved, Scope, resolve
from tools.history.release_history import SECONDARY
from tools.registry import call

MID = str(FIRST_DAY.date() + timedelta(days=90))
POLICY = SHARP

CALLS: list[tuple[str, dict[str, Any]]] = [
    ("overview", {}),
    ("count_by", {"by": "language"}),
    ("count_by", {"by": "month", "scope": {"language": "Spanish"}}),
    ("count_by", {"by": "topic"}),
    ("count_by", {"by": "theme", "across": "surface"}),
    ("compare", {"first": {"surface": "api"}, "by": "topic"}),
    ("compare", {"first": {"language": "Spanish"}}),
    ("emerging", {"since": MID}),
    ("emerging", {"since": MID, "by": "topic"}),
    ("coordination", {"by": "theme"}),
    ("coordination", {"scope": {"language": "English"}}),
    ("drill_down", {"cluster": LARGEST}),
    ("drill_down", {"cluster": "C1"}),
    ("coverage", {}),
    ("topic_map", {}),
    ("coverage", {"by": "language"}),
    ("search_topics", {"phrase": "travel itineraries"}),
    ("search_topics", {"phrase": "clinical experience cover letter position"}),
    ("cluster_scope", {"scope": {"language": "English"}}),
    ("cluster_scope", {"min_size": 50}),
    ("trend", {"scope": {"surface": "api"}, "by": "week"}),
    ("count_by", {"by": "language", "scope": {"near": "beehive varroa honeycomb"}}),
]


def accounts(rows: Rows) -> list[str]:
    return [records()[row].account for row in rows.tolist()]


def rows_where(holds: Sequence[bool]) -> Rows:
    return np.flatnonzero(np.array(holds)).astype(np.int64)


def raw(groups: Sequence[Group], **more: Any) -> CandidateTable:
    everything = np.arange(len(records()), dtype=np.int64)
    fields: dict[str, Any] = {"columns": ("conversations",), "resolved": Resolved(Scope(), everything), **more}
    return CandidateTable("count_by", {}, "made", "table", groups=tuple(groups), method="made", **fields)


def _asked_sizes(ctx: ToolContext, arguments: dict[str, Any]) -> list[Rows]:
    """The sets that a question needs the size of: its scope, or the two sides of a comparison."""
    index = ctx.index
    if "cluster" in arguments:
        return [resolve(index, Scope(cluster=arguments["cluster"])).rows]
    if "phrase" in arguments:
        return [resolve(index, Scope(near=arguments["phrase"])).rows]
    if "first" not in arguments or "by" in arguments:
        return [resolve(index, Scope(**arguments.get("scope", {}))).rows]
    first = resolve(index, Scope(**arguments["first"])).rows
    rest = np.setdiff1d(np.arange(len(index.snapshot)), first)
    return [first, rest]


def _is_closed(ctx: ToolContext, arguments: dict[str, Any]) -> bool:
    """Whether a set is too small to ask about or nearly one that is suppressed for another's sake, plainly."""
    snapshot, ledger = ctx.index.snapshot, ctx.gate.ledger
    with ledger.exclusive():
        sets = [item for item in ledger.new_sets(0) if item.kind == SECONDARY]
    guards = [snapshot.rows_of(ledger.members_of(item).to_array())[0] for item in sets]
    return any(
        not is_enough(accounts(rows)) or any(len(set(accounts(np.setxor1d(rows, guard)))) < 5 for guard in guards)
        for rows in _asked_sizes(ctx, arguments)
    )


async def every_tool(ctx: ToolContext) -> list[Finding]:
    found: list[Finding] = []
    for name, written in CALLS:
        arguments = on(ctx.index, written)
        if not _is_closed(ctx, arguments):
            found.append(await call(name, arguments, ctx))
            continue
        with pytest.raises(ToolRefusal) as refused:
            await call(name, arguments, ctx)
        assert refused.value.reason in ("too few or too close", "a side too small")
    assert len(found) >= len(CALLS) - 3
    return found
