"""flag_gaps: concern against an external classifier's flags, by theme."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from index.geometry.clustering import OUTSIDE
from index.snapshots.snapshot import Rows
from tools.context import ToolContext
from tools.core.candidate import CandidateTable
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding
from tools.core.scope import Scope
from tools.core.statistic import Statistic
from tools.grouping.division import THEME, grouped
from tools.statistics.measures import few_caught, few_false, few_missed, missed_and_false

MISSED, CAUGHT, FALSE, NEITHER = (
    "concerning, not flagged",
    "concerning, flagged",
    "flagged, not concerning",
    "neither",
)
FLAGGED, CONCERNING = "flagged", "concerning"


@dataclass(frozen=True, slots=True)
class _Form:
    """A table's columns, each with the sides that it is made of, and the shares that can be computed from them."""

    columns: Mapping[str, tuple[str, ...]]
    statistic: Statistic


_WHOLE = _Form({side: (side,) for side in (MISSED, CAUGHT, FALSE, NEITHER)}, missed_and_false)
_WITHOUT: Mapping[str, _Form] = {
    CAUGHT: _Form({MISSED: (MISSED,), FLAGGED: (CAUGHT, FALSE), NEITHER: (NEITHER,)}, few_caught),
    FALSE: _Form({MISSED: (MISSED,), FLAGGED: (CAUGHT, FALSE), NEITHER: (NEITHER,)}, few_false),
    MISSED: _Form({CONCERNING: (MISSED, CAUGHT), FALSE: (FALSE,), NEITHER: (NEITHER,)}, few_missed),
}
"""The table where one side is below the threshold: it is merged with another one (global recoding, Hundepool et
al. 2012), and the shares become bounds."""


class Args(BaseModel):
    """Where to look and from which grade on a conversation counts as concerning."""

    model_config = ConfigDict(extra="forbid")

    scope: Scope = Field(default_factory=Scope, description="Restrict by period, cluster or nearness; not by a facet")
    concern_at_least: int = Field(3, ge=2, le=5, description="Grades from this up count as concerning")


async def run(args: Args, ctx: ToolContext) -> Finding:
    """Where a concern grade and an external classifier's flag disagree: likely false negatives and false positives.

    Each theme has four counts; "not flagged" is the share of its concerning conversations that the classifier let
    pass, "flagged in error" the share of its flagged ones that are not concerning, each with a 95 % interval (Wilson
    1927). Themes come with the most concerning unflagged conversations first. Where one of the four sides holds fewer
    conversations than the threshold in all themes together, it is counted with another one and the shares are bounds
    ("at least"): a classifier that misses nearly all of something has hardly a conversation that is both. For
    the whole index, a theme that is nearly all on one side is released as the whole theme; a narrower scope suppresses it.
    Limits: the concern grade is an opinion too (of the extractor); a disagreement says look here, not who is right.
    Conversations without a flag or a grade, or in no theme, are left out. Concern and flag are two facets: no third may
    be crossed.
    """
    resolved = await ctx.admit(args.scope)
    sides = _sides(resolved.rows, args.concern_at_least, ctx)
    if not ctx.gate.is_releasable(_together([sides[CAUGHT], sides[FALSE]])):
        raise ToolRefusal("Too few conversations here carry a classifier's flag. Use count_by with by='concern'.")
    form = _form(sides, ctx)
    columns = [_together([sides[side] for side in made]) for made in form.columns.values()]
    if not all(ctx.gate.is_releasable(column, "side") for column in columns):
        raise ToolRefusal(
            "One of the four sides (concerning or not, flagged or not) is below the threshold here. "
            "Widen the scope, change concern_at_least, or use count_by with by='theme' on a concern_at_least scope."
        )
    found = await grouped(THEME, columns, ctx)
    return await ctx.release(
        CandidateTable(
            tool="flag_gaps",
            arguments=args.model_dump(mode="json", exclude_none=True),
            title=f"Concern {args.concern_at_least}-5 against the classifier's flag, {args.scope.describe()}",
            shape="table",
            resolved=resolved,
            columns=tuple(form.columns),
            groups=found.groups,
            unit="flag gaps",
            method=f"{found.method}; shares by Wilson's interval",
            statistic=form.statistic,
            # For the whole index, a row's other cells are compared with the row's total (the gate's `Group.whole`), so
            # that a theme of which nearly all is missed can be released; a narrower scope has no such total.
            has_row_totals=len(resolved.rows) < len(ctx.index.snapshot),
            facets=frozenset({"concern", "flagged"}),
            sides=tuple(columns),
        )
    )


def _together(sides: Sequence[Rows]) -> Rows:
    return sides[0] if len(sides) == 1 else np.sort(np.concatenate(sides))


def _sides(rows: Rows, concern_at_least: int, ctx: ToolContext) -> dict[str, Rows]:
    """The scope's rows that lie in a theme and have a grade and a flag, by side, each ascending."""
    snapshot = ctx.index.snapshot
    flagged, concern = snapshot.facet("flagged"), snapshot.facet("concern")
    rows = rows[snapshot.base_labels[rows] != OUTSIDE]
    grades = np.array(
        [0 if not value.isdigit() else 2 if int(value) >= concern_at_least else 1 for value in concern.values]
    )
    flags = np.array([{"true": 2, "false": 1}.get(value, 0) for value in flagged.values])
    codes = 3 * grades.astype(np.int8)[concern.codes[rows]] + flags.astype(np.int8)[flagged.codes[rows]]
    sides = {MISSED: (2, 1), CAUGHT: (2, 2), FALSE: (1, 2), NEITHER: (1, 1)}
    return {side: rows[np.flatnonzero(codes == 3 * grade + flag)] for side, (grade, flag) in sides.items()}


def _form(sides: Mapping[str, Rows], ctx: ToolContext) -> _Form:
    """The whole table, or the one without the only side that is too small. A side that is suppressed to protect another is not
    small: then the whole table is refused."""
    few = [side for side, rows in sides.items() if not ctx.gate.is_releasable(rows)]
    return _WITHOUT.get(few[0], _WHOLE) if len(few) == 1 else _WHOLE
