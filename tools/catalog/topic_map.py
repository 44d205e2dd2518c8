"""topic_map: where conversations lie in meaning, as a grid of counts to draw. Never a point a conversation."""

from math import ceil, floor, log2, sqrt

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from index.geometry.clustering import OUTSIDE, Plane
from index.snapshots.snapshot import Rows
from tools.context import ToolContext
from tools.core.candidate import CandidateTable, Group
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding, Place
from tools.core.scope import Scope

_A_CELL = 40
"""Conversations a cell of the whole should hold on average, so that most cells of a dense region can be shown."""

_LEAST, _MOST = 3, 48
_ASPECT = 3
"""Cells across for each cell up: a terminal's cells are tall, and a pane is wide."""

_EDGES = (0.5, 99.5)
"""Percentiles of the accounts' middles between which the grid lies; what is farther out counts in the outermost cells."""

_STEPS = 8
"""Steps to which the grid's edges are moved outwards, at least, so that no account alone moves them a little."""


class Args(BaseModel):
    """What to draw."""

    model_config = ConfigDict(extra="forbid")

    scope: Scope = Field(default_factory=Scope)


async def run(args: Args, ctx: ToolContext) -> Finding:
    """A map of a scope: cells of a grid with how many conversations lie in each and the theme of most of its accounts, where it is clear.

    For a screen to draw, and to see which themes lie beside each other. The grid is of the scope's own part of the
    snapshot's plane, so the map of a cluster is a zoom into it. Cells under the threshold are suppressed.
    Limits: two dimensions cannot keep all distances; nearness on the map is a hint, distance across it means nothing.
    Method: UMAP (McInnes 2018) to two dimensions at publish, display only (Clio G.6).
    """
    resolved = await ctx.admit(args.scope)
    plane = ctx.index.snapshot.plane
    if plane is None:
        raise ToolRefusal("This snapshot was published before there were maps. Publish again: shoal publish.")
    rows = resolved.rows
    cells = _cells(plane[rows], ctx.index.snapshot.accounts[rows], ctx.gate.rounded(rows))
    parts = {int(cell): resolved.rows[cells == cell] for cell in np.unique(cells)}
    shown = {cell: rows for cell, rows in parts.items() if ctx.gate.is_releasable(rows)}
    # The others together: that a cell is suppressed would tell that somebody is in it.
    rest = np.sort(np.concatenate([resolved.rows[:0], *(parts[cell] for cell in parts if cell not in shown)]))
    groups = [_cell(ctx, rows, cell) for cell, rows in shown.items()]
    return await ctx.release(
        CandidateTable(
            tool="topic_map",
            arguments=args.model_dump(mode="json", exclude_none=True),
            title=f"Map of {args.scope.describe()}",
            shape="map",
            resolved=resolved,
            columns=("conversations",),
            groups=tuple(groups),
            outside=rest,
            unit="cell",
            method="UMAP to two dimensions, counted in a grid; each cell by the theme of most accounts",
        )
    )


_WIDTH = 1_000
"""A cell's number is its place up times this, plus its place across."""


def _cells(points: Plane, accounts: NDArray[np.int64], released: int) -> NDArray[np.int64]:
    """The number of the cell of each point. The grid is as fine as leaves `_A_CELL` of the `released` conversations a cell on
    average, and lies where accounts have their middles: one voice an account, so that where the edges are tells of none."""
    up = int(np.clip(round(sqrt(released / _A_CELL / _ASPECT)), _LEAST, _MOST // _ASPECT))
    _, whose, each = np.unique(accounts, return_inverse=True, return_counts=True)
    numbers = np.zeros(len(points), dtype=np.int64)
    for axis, count in ((0, up * _ASPECT), (1, up)):
        middles = np.bincount(whose, weights=points[:, axis]) / each
        low, high = _moved_outwards(*np.percentile(middles, _EDGES).tolist())
        steps = (points[:, axis] - low) / (high - low) * count
        numbers += np.clip(steps.astype(np.int64), 0, count - 1) * (1 if axis == 0 else _WIDTH)
    return numbers


def _moved_outwards(low: float, high: float) -> tuple[float, float]:
    """The edges at multiples of a power of two, of which there are at least `_STEPS` between them."""
    step = 2.0 ** floor(log2(max(high - low, 1e-6) / _STEPS))
    low = floor(low / step) * step
    return low, max(ceil(high / step) * step, low + step)


def _cell(ctx: ToolContext, rows: Rows, number: int) -> Group:
    snapshot = ctx.index.snapshot
    voices = np.unique(np.column_stack([snapshot.base_labels[rows], snapshot.accounts[rows]]), axis=0)[:, 0]
    inside = voices[voices != OUTSIDE]
    second, first = np.sort(np.append(np.bincount(inside), [0, 0]))[-2:].tolist()
    is_clear = first > 0 and ctx.gate.leads(first - second, rows)
    theme = snapshot.base_clusters[int(np.bincount(inside).argmax())] if is_clear else None
    place = Place(number % _WIDTH, number // _WIDTH)
    name, identity = (theme.name, theme.id) if theme else (None, None)
    return Group(name, (rows,), is_text=True, id=identity, place=place)
