"""topic_map: where conversations lie in meaning, as a grid of counts to draw. Never a point a conversation."""

from math import sqrt

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
"""Percentiles of the plane between which the grid lies; what is farther out counts in the outermost cells."""


class Args(BaseModel):
    """What to draw."""

    model_config = ConfigDict(extra="forbid")

    scope: Scope = Field(default_factory=Scope)


async def run(args: Args, ctx: ToolContext) -> Finding:
    """A map of a scope: cells of a grid with how many conversations lie in each and the theme that most of them are of.

    For a screen to draw, and to see which themes lie beside each other. The grid is of the scope's own part of the
    snapshot's plane, so the map of a cluster is a zoom into it. Cells under the threshold are suppressed.
    Limits: two dimensions cannot keep all distances; nearness on the map is a hint, distance across it means nothing.
    Method: UMAP (McInnes 2018) to two dimensions at publish, display only (Clio G.6).
    """
    resolved = await ctx.admit(args.scope)
    plane = ctx.index.snapshot.plane
    if plane is None:
        raise ToolRefusal("This snapshot was published before there were maps. Publish again: shoal publish.")
    cells = _cells(plane[resolved.rows])
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
            method="UMAP to two dimensions, counted in a grid; each cell by its most common theme",
        )
    )


_WIDTH = 1_000
"""A cell's number is its place up times this, plus its place across."""


def _cells(points: Plane) -> NDArray[np.int64]:
    """The number of the cell of each point. The grid is as fine as leaves `_A_CELL` points a cell on average."""
    up = int(np.clip(round(sqrt(len(points) / _A_CELL / _ASPECT)), _LEAST, _MOST // _ASPECT))
    numbers = np.zeros(len(points), dtype=np.int64)
    for axis, count in ((0, up * _ASPECT), (1, up)):
        low, high = np.percentile(points[:, axis], _EDGES)
        steps = (points[:, axis] - low) / max(float(high - low), 1e-9) * count
        numbers += np.clip(steps.astype(np.int64), 0, count - 1) * (1 if axis == 0 else _WIDTH)
    return numbers


def _cell(ctx: ToolContext, rows: Rows, number: int) -> Group:
    snapshot = ctx.index.snapshot
    labels = snapshot.base_labels[rows]
    inside = labels[labels != OUTSIDE]
    theme = snapshot.base_clusters[int(np.bincount(inside).argmax())] if len(inside) else None
    place = Place(number % _WIDTH, number // _WIDTH)
    name, identity = (theme.name, theme.id) if theme else (None, None)
    return Group(name, (rows,), is_text=True, id=identity, place=place)
