"""The map: a grid of counts, held to the thresholds like any table."""

import numpy as np
import pytest

from tests.fakes.corpus import is_enough, records, rounded
from tools.context import ToolContext
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding
from tools.core.wording import UNNAMED
from tools.registry import call


def accounts_by_cell(ctx: ToolContext, finding: Finding) -> dict[tuple[int, int], list[str]]:
    """A slow plain reference: the accounts of each cell, by the grid that the finding's own places span."""
    plane = ctx.index.snapshot.plane
    assert plane is not None
    numbers = ctx.index.snapshot.numbers.tolist()
    points: dict[str, list[list[float]]] = {}
    for number, point in zip(numbers, plane.tolist(), strict=True):
        points.setdefault(records()[number - 1].account, []).append(point)
    middles = [np.mean(theirs, axis=0) for theirs in points.values()]
    up = int(np.clip(round((rounded(len(plane)) / 40 / 3) ** 0.5), 3, 16))
    held: dict[tuple[int, int], list[str]] = {}
    low, high = np.percentile(middles, [0.5, 99.5], axis=0)
    coarse: dict[tuple[int, ...], list[str]] = {}
    for number, point in zip(numbers, plane, strict=True):
        steps = ((point - low) / (high - low) * [48, 16]).astype(int)
        coarse.setdefault(tuple(np.clip(steps, 0, [47, 15]).tolist()), []).append(records()[number - 1].account)
    # The map lies around those of its 48 x 16 cells that are enough people.
    enough = np.array([place for place, accounts in coarse.items() if is_enough(accounts)])
    step = (high - low) / [48, 16]
    edges = np.column_stack([low + enough.min(axis=0) * step, low + (enough.max(axis=0) + 1) * step])
    for number, point in zip(numbers, plane.tolist(), strict=True):
        across, above = (
            min(cells - 1, max(0, int((point[axis] - edges[axis][0]) / (edges[axis][1] - edges[axis][0]) * cells)))
            for axis, cells in ((0, 3 * up), (1, up))
        )
        held.setdefault((across, above), []).append(records()[number - 1].account)
    assert all(row.place in held for row in finding.rows)
    return held


async def test_each_cell_of_a_map_holds_what_a_plain_count_gives_and_none_is_under_the_threshold(
    ctx: ToolContext,
) -> None:
    finding = await call("topic_map", {}, ctx)
    held = accounts_by_cell(ctx, finding)
    assert finding.shape == "map"
    assert finding.rows
    for row in finding.rows:
        assert row.place is not None
        accounts = held[row.place]
        assert is_enough(accounts)
        assert row.values[0].count == rounded(len(accounts))
    hidden = [
        who for place, accounts in held.items() if place not in {row.place for row in finding.rows} for who in accounts
    ]
    assert is_enough(hidden)


async def test_a_cell_is_named_only_where_its_own_members_attest_the_name(ctx: ToolContext) -> None:
    finding = await call("topic_map", {}, ctx)
    named = [row for row in finding.rows if row.label != UNNAMED]
    assert named
    assert all((row.values[0].count or 0) >= 25 and (row.accounts or 0) >= 10 for row in named)


async def test_the_map_of_a_cluster_is_a_zoom_into_it(ctx: ToolContext) -> None:
    tree = await call("overview", {}, ctx)
    top = max((row for row in tree.rows if row.parent is None and row.id), key=lambda row: row.values[0].count or 0)
    finding = await call("topic_map", {"scope": {"cluster": top.id}}, ctx)
    assert finding.totals[0] <= (top.values[0].count or 0)
    within = {cluster.id for cluster in ctx.index.snapshot.clusters if top.id in (cluster.id, cluster.parent)}
    assert {row.id for row in finding.rows if row.id} <= within


async def test_a_snapshot_of_an_older_shoal_has_no_map_and_says_so(
    ctx: ToolContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(vars(ctx.index.snapshot), "plane", None)
    with pytest.raises(ToolRefusal, match="Publish again"):
        await call("topic_map", {}, ctx)


async def test_a_map_survives_being_stored(ctx: ToolContext) -> None:
    finding = await call("topic_map", {}, ctx)
    assert ctx.gate.restore(finding.as_dict()) == finding
