"""The parts of a scope: published themes or kinds of request, and what has too few of one counts with others of its level above.

The levels are the snapshot's taxonomy, or the public vocabulary's; no scope changes them, and their names are known before.
Whether a part stands by itself is drawn with the soft edge of its members (`tools.suppression.thresholds`). So one
conversation decides about no part but by such a draw, whoever else is in the scope; clusters of a scope's own would
tell who is in it, because a single point moves them. Shared by the tools that divide a scope. Data plane: the groups
hold members, and only the gate may say anything of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from index.snapshots.snapshot import Rows
from index.vocabulary import OTHER_REQUESTS, OTHER_THEMES, vocabulary
from tools.context import ToolContext
from tools.core.candidate import Group, split
from tools.core.wording import REST
from tools.grouping.division import Grouped
from tools.release.gate import Gate

_POOLED = "what has fewer than about {} here counts with others of its level above"


@dataclass(frozen=True, slots=True)
class _Part:
    """One value of a level with those of its members that stand by themselves on no finer level."""

    level: int
    value: int
    rows: Rows = field(repr=False)


def by_themes(ctx: ToolContext, rows: Rows, smallest: int) -> Grouped:
    """The published themes of these rows; those that are too small here count with the others of their group, or of all groups."""
    snapshot = ctx.index.snapshot
    themes = snapshot.base_clusters
    above = {theme.parent: place for place, theme in enumerate(themes) if theme.parent}
    tops = [cluster for cluster in snapshot.clusters if cluster.id in above]
    place = {top.id: number for number, top in enumerate(tops)}
    # The last place is that of what is in no theme.
    of_theme = np.array([*(place.get(theme.parent or "", -1) for theme in themes), -1], dtype=np.int64)
    labels = snapshot.base_labels[rows].astype(np.int64)
    levels = [labels, of_theme[labels], np.where(labels < 0, -1, 0)]
    found = list(_parts(rows, levels, smallest, ctx.gate))
    divided = {int(of_theme[part.value]) for part in found if part.level == 0}
    groups = []
    for part in found:
        if part.level == 0:
            theme, whole = themes[part.value], snapshot.base_members[part.value]
            groups.append(Group(theme.name, (part.rows,), is_text=True, id=theme.id, whole=whole))
        elif part.level == 2:
            groups.append(Group(REST[0], (part.rows,)))
        elif part.value in divided:
            name = tops[part.value].name
            groups.append(Group(name and f"{name}{OTHER_THEMES}", (part.rows,), is_text=True))
        else:
            groups.append(Group(tops[part.value].name, (part.rows,), is_text=True, id=tops[part.value].id))
    return _beside(rows, groups, f"themes of the published taxonomy; {_POOLED.format(smallest)}")


def by_kinds(ctx: ToolContext, rows: Rows, kinds: Rows, smallest: int) -> Grouped:
    """The kinds of request among these rows, of which `kinds` has the nearest by its place in the public vocabulary (-1: none);
    those that are too few count with the others of their area, then of their field, then of all."""
    known = vocabulary()
    areas = np.array([*(known.areas.index(request.area) for request in known.requests), -1], dtype=np.int64)
    fields = np.array([*(known.fields.index(request.field) for request in known.requests), -1], dtype=np.int64)
    levels = [kinds, areas[kinds], fields[kinds], np.where(kinds < 0, -1, 0)]
    found = list(_parts(rows, levels, smallest, ctx.gate))
    names = ([request.label for request in known.requests], known.areas, known.fields, REST[1:])
    divided = {int(areas[part.value]) for part in found if part.level == 0}
    groups = []
    for part in found:
        name = names[part.level][part.value]
        is_rest = (part.level == 1 and part.value in divided) or part.level == 2
        groups.append(Group(f"{name}{OTHER_REQUESTS}" if is_rest else name, (part.rows,), is_text=part.level < 3))
    return _beside(rows, groups, f"kinds of request, the nearest to each text; {_POOLED.format(smallest)}")


def _parts(rows: Rows, levels: Sequence[Rows], smallest: int, gate: Gate) -> Iterator[_Part]:
    """`levels`: of each row the value on each level, the finest first, shape (n,); less than 0: none."""
    rest = np.arange(len(rows), dtype=np.int64)
    for level, values in enumerate(levels):
        kept = np.zeros(len(rows), dtype=bool)
        for value, places in enumerate(split(rest, values[rest], int(values.max(initial=-1)) + 1)):
            if len(places) and gate.is_of_size(rows[places], smallest):
                kept[places] = True
                yield _Part(level, value, rows[places])
        rest = rest[~kept[rest]]


def _beside(rows: Rows, groups: Sequence[Group], method: str) -> Grouped:
    inside = np.concatenate([rows[:0], *(group.members for group in groups)])
    return Grouped(tuple(groups), method, np.setdiff1d(rows, inside, assume_unique=True))
