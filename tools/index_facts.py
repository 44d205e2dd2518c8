"""What the lead knows about an index before it plans: released like any other count, once for each snapshot and policy.

The findings are kept beside the ledger, so that not every process releases them again; one that the ledger does not know
is not used. Where closed counts are noisy nothing is released: it would spend the analyst's privacy budget unasked.
"""

import asyncio
import json
from calendar import monthrange
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from index.core.files import written_whole
from tools.context import ToolContext
from tools.core.errors import ToolRefusal
from tools.core.facets import NOT_RECORDED, UNDATED_MONTH
from tools.core.finding import Finding, Row
from tools.core.handles import Handles
from tools.core.wording import UNNAMED
from tools.registry import call

_THEMES = "themes"
_PREFIX = "B"
"""Of the handles of these findings, which no answer cites."""


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """Values from released findings. Days are None where no period is released; `conversations` is the rounded number of all,
    `themes` how many have a name, 0 where that is not released."""

    conversations: int = 0
    themes: int = 0
    languages: tuple[str, ...] = ()
    surfaces: tuple[str, ...] = ()
    first_day: date | None = None
    last_day: date | None = None


async def released_facts(ctx: ToolContext, *, with_themes: bool = False) -> IndexFacts:
    """The facts of this snapshot under this policy. How many themes there are needs all their names judged, which a model
    may do at a cost: it is counted only where it is asked for."""
    if ctx.gate.policy.adds_noise:
        return IndexFacts()
    path = ctx.gate.ledger.path.with_suffix(".holds.json")
    found = await asyncio.to_thread(_kept, path, ctx)
    if not found or (with_themes and _THEMES not in found):
        found = await _released(replace(ctx, handles=Handles(_PREFIX)), found, with_themes=with_themes)
        await asyncio.to_thread(_keep, path, found)
    return _facts(found)


async def _released(ctx: ToolContext, kept: Mapping[str, Finding], *, with_themes: bool) -> dict[str, Finding]:
    """Languages, surfaces and months, and the days of the last month; without what is refused. Nothing of `kept` anew."""
    found = dict(kept)
    if with_themes:
        with suppress(ToolRefusal):
            found[_THEMES] = await call("overview", {}, ctx)
    if kept:
        return found
    for by in ("language", "surface", "month"):
        with suppress(ToolRefusal):
            found[by] = await call("count_by", {"by": by}, ctx)
    if last := max(_labels(found.get("month")), default=None):
        with suppress(ToolRefusal):
            found["day"] = await call("trend", {"by": "day", "scope": {"since": f"{last}-01"}}, ctx)
    return found


def _facts(found: Mapping[str, Finding]) -> IndexFacts:
    months, days = sorted(_labels(found.get("month"))), sorted(_labels(found.get("day")))
    first = date.fromisoformat(f"{months[0]}-01") if months else None
    last = date.fromisoformat(days[-1]) if days else _end(months[-1]) if months else None
    totals = [finding.totals[0] for name, finding in found.items() if name in ("language", _THEMES) and finding.totals]
    themes = [row for row in found[_THEMES].rows if row.parent and row.label != UNNAMED] if _THEMES in found else []
    languages = sorted(_rows(found.get("language")), key=lambda row: -(row.values[-1].count or 0))
    return IndexFacts(
        max(totals, default=0),
        len(themes),
        tuple(row.label for row in languages),
        _labels(found.get("surface")),
        first,
        last,
    )


def _end(month: str) -> date:
    year, number = map(int, month.split("-"))
    return date(year, number, monthrange(year, number)[1])


def _labels(finding: Finding | None) -> tuple[str, ...]:
    """Labels of the rows that are shown, without what nobody knows."""
    return tuple(row.label for row in _rows(finding))


def _rows(finding: Finding | None) -> list[Row]:
    rows = finding.rows if finding is not None else ()
    return [row for row in rows if row.values[-1].count is not None and row.label not in (NOT_RECORDED, UNDATED_MONTH)]


def _kept(path: Path, ctx: ToolContext) -> dict[str, Finding]:
    """The kept findings, where they are of this snapshot and policy and the ledger knows each."""
    try:
        stored = json.loads(path.read_text("utf-8"))
        found = {str(name): ctx.gate.restore(finding) for name, finding in stored.items()}
    except (OSError, ValueError, TypeError, AttributeError, ToolRefusal):
        return {}
    wanted = (ctx.index.snapshot.number, ctx.gate.policy.describe())
    return found if all((finding.snapshot, finding.policy) == wanted for finding in found.values()) else {}


def _keep(path: Path, found: Mapping[str, Finding]) -> None:
    stored = {name: finding.as_dict() for name, finding in found.items()}
    with written_whole(path) as partial:
        partial.write_text(json.dumps(stored, ensure_ascii=False), "utf-8")
