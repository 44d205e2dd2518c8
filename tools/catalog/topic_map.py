"""topic_map: where conversations lie in meaning, as a grid of counts to draw. Never a point a conversation."""

from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from index.geometry.clustering import OUTSIDE, Plane
from index.snapshots.snapshot import Rows
from tools.context import ToolContext
from tools.core.candidate import CandidateTable, Group, split
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding, Place
from tools.core.scope import Scope

_A_CELL = 40
"""Conversations a cell of the whole should hold on average, so that most cells of a dense region can be shown."""

_LEAST, _MOST = 3, 48
_ASPECT = 3
"""Cells across for each cell up: a terminal's cells are tall, and a pane is wide."""

_EDGES = (0.5, 99.5)
"""Percentiles of all accounts' middles between which the whole map lies; what is farther out counts in the outermost cells."""


@dataclass(frozen=True, slots=True)
class _Box:
    """A part of the plane, from `low` to `high` across and up, in `across` x `up` cells."""

    low: tuple[float, float]
    high: tuple[float, float]
    across: int
    up: int

    def places(self, points: Plane) -> NDArray[np.int64]:
        """The cell of each point, across and up, shape (n, 2). Points outside are in the outermost cells."""
        size = np.array([self.across, self.up])
        low, high = np.array(self.low), np.array(self.high)
        steps = (points - low) / np.maximum(high - low, 1e-9) * size
        found: NDArray[np.int64] = np.clip(steps.astype(np.int64), 0, size - 1)
        return found


class Args(BaseModel):
    """What to draw."""

    model_config = ConfigDict(extra="forbid")

    scope: Scope = Field(default_factory=Scope)


async def run(args: Args, ctx: ToolContext) -> Finding:
    """A map of a scope: cells of a grid with how many conversations lie in each and the theme of most of its accounts, where it is clear.

    For a screen to draw, and to see which themes lie beside each other. The grid is of the part of the snapshot's plane
    where the scope has enough people, so the map of a cluster is a zoom into it. Cells under the threshold are suppressed.
    Limits: two dimensions cannot keep all distances; nearness on the map is a hint, distance across it means nothing.
    Method: UMAP (McInnes 2018) to two dimensions at publish, display only (Clio G.6).
    """
    resolved = await ctx.admit(args.scope)
    plane = ctx.index.snapshot.plane
    if plane is None:
        raise ToolRefusal("This snapshot was published before there were maps. Publish again: shoal publish.")
    rows = resolved.rows
    cells = _cells(ctx, rows, plane)
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


def _cells(ctx: ToolContext, rows: Rows, plane: Plane) -> NDArray[np.int64]:
    """The number of the cell of each row. The grid is as fine as leaves `_A_CELL` of the released conversations a cell on average."""
    up = int(np.clip(round(sqrt(ctx.gate.rounded(rows) / _A_CELL / _ASPECT)), _LEAST, _MOST // _ASPECT))
    box = _part(ctx, rows, plane, _whole(plane, ctx.index.snapshot.accounts))
    across, upwards = replace(box, across=up * _ASPECT, up=up).places(plane[rows]).T
    numbers: NDArray[np.int64] = across + upwards * _WIDTH
    return numbers


def _whole(plane: Plane, accounts: NDArray[np.int64]) -> _Box:
    """The whole snapshot's box, in as many cells as a map can have. It lies where accounts have their middles: one voice an
    account."""
    _, whose, each = np.unique(accounts, return_inverse=True, return_counts=True)
    middles = np.column_stack([np.bincount(whose, weights=plane[:, axis]) / each for axis in (0, 1)])
    (left, bottom), (right, top) = np.percentile(middles, _EDGES, axis=0).tolist()
    return _Box((left, bottom), (right, top), _MOST, _MOST // _ASPECT)


def _part(ctx: ToolContext, rows: Rows, plane: Plane, whole: _Box) -> _Box:
    """Around the cells of the whole in which enough of these are. Where a few more are does not move it: an edge by the members
    themselves told whether one more was there."""
    found, cells = np.unique(whole.places(plane[rows]), axis=0, return_inverse=True)
    parts = split(rows, cells.ravel(), len(found))
    held = found[[ctx.gate.is_releasable(part) for part in parts]]
    if not len(held):
        return whole
    size = (np.array(whole.high) - np.array(whole.low)) / (whole.across, whole.up)
    low = np.array(whole.low) + held.min(axis=0) * size
    high = np.array(whole.low) + (held.max(axis=0) + 1) * size
    return replace(whole, low=tuple(low.tolist()), high=tuple(high.tolist()))


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
