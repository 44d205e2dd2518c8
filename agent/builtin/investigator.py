"""The built-in investigators: one written recipe a focus.

A recipe calls tools and states claims whose every number stands in the finding it cites. It judges by fixed rules
that it says aloud; it must never call something abuse where the finding only shows size.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from agent.roles import Claim, Desk, Focus, Task
from tools.errors import ToolRefusal
from tools.finding import Finding, Row
from tools.labels import UNNAMED
from tools.scope import Scope

_BURST_SHARE = 55.0
_SHOWN = 5


class BuiltinInvestigator:
    """Runs the recipe of a task's focus."""

    async def investigate(self, task: Task, desk: Desk) -> Sequence[Claim]:
        try:
            return await _RECIPES[task.focus](task, desk)
        except ToolRefusal as refusal:
            return [Claim(text=f"Not answered ({task.objective.lower()}): {_lower(str(refusal))}", findings=())]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _arguments(scope: Scope, **more: Any) -> dict[str, Any]:
    stated = _stated(scope)
    return {**({"scope": stated} if stated else {}), **more}


def _stated(scope: Scope) -> dict[str, Any]:
    """The scope as an argument: what it restricts, and nothing else."""
    return {name: value for name, value in scope.model_dump(mode="json", exclude_none=True).items() if value != {}}


def _named(finding: Finding) -> list[Row]:
    return [row for row in finding.rows if row.label != UNNAMED and row.values[0].count is not None]


def _sized(row: Row) -> str:
    count, share = row.values[0].count, row.values[0].share
    return f"“{row.label}” ({count:,}, {share} %)"


def _listed(rows: Sequence[Row]) -> str:
    return ", ".join(_sized(row) for row in rows)


def _by_accounts(rows: Sequence[Row]) -> str:
    return ", ".join(f"“{row.label}” ({row.values[0].count:,} of about {row.accounts} accounts)" for row in rows)


async def _top(task: Task, desk: Desk) -> list[Claim]:
    if task.scope == Scope():
        finding = await desk.call("overview", {})
        largest = [row for row in _named(finding) if row.parent is None]
        what = "The largest groups of themes are"
        leaves = sorted((row for row in _named(finding) if row.parent), key=lambda row: -(row.values[0].count or 0))
    else:
        finding = await desk.call("cluster_scope", _arguments(task.scope))
        largest, what, leaves = _named(finding), f"Among {task.scope.describe()}, the largest themes are", []
    claims = []
    if largest:
        claims.append(Claim(text=f"{what} {_listed(largest[:_SHOWN])} [{finding.id}].", findings=(finding.id,)))
    if leaves:
        text = f"The largest single themes are {_listed(leaves[:_SHOWN])} [{finding.id}]."
        claims.append(Claim(text=text, findings=(finding.id,)))
    return [*claims, *_not_shown(finding)]


def _not_shown(finding: Finding) -> list[Claim]:
    """What a reader must know about what the numbers leave out."""
    parts = []
    if finding.outside:
        parts.append(f"{finding.outside} % lie outside any cluster")
    if finding.withheld.groups:
        parts.append(f"{finding.withheld.groups} groups ({finding.withheld.share} %) are withheld")
    if not parts:
        return []
    return [Claim(text=f"Of these conversations {' and '.join(parts)} [{finding.id}].", findings=(finding.id,))]


async def _breakdown(task: Task, desk: Desk) -> list[Claim]:
    facet = task.facet or "language"
    finding = await desk.call("count_by", _arguments(task.scope, by=facet))
    rows = sorted(_named(finding), key=lambda row: -(row.values[0].count or 0))
    if not rows:
        return []
    text = f"By {facet}: {_listed(rows[:_SHOWN])} of {finding.totals[0]:,} counted [{finding.id}]."
    return [Claim(text=text, findings=(finding.id,))]


async def _topic(task: Task, desk: Desk) -> list[Claim]:
    phrase = task.scope.near or task.objective
    inner = task.scope.model_copy(update={"near": None})
    finding = await desk.call("search_topics", _arguments(inner, phrase=phrase))
    rows = _named(finding)
    text = f"About {finding.totals[0]:,} conversations lie near “{phrase}” [{finding.id}]."
    claims = [Claim(text=text, findings=(finding.id,))]
    if rows:
        text = f"Most of them are in {_listed(rows[:_SHOWN])} [{finding.id}]."
        claims.append(Claim(text=text, findings=(finding.id,)))
    return claims


async def _trend(task: Task, desk: Desk) -> list[Claim]:
    finding = await desk.call("trend", _arguments(task.scope, by="month"))
    return _course(finding)


def _course(finding: Finding) -> list[Claim]:
    """First, last and highest stated bucket of a trend."""
    rows = [row for row in finding.rows if row.values[0].count is not None]
    if len(rows) < 2:
        return [
            Claim(
                text=f"There are too few conversations a month to state a course [{finding.id}].",
                findings=(finding.id,),
            )
        ]
    peak = max(rows, key=lambda row: row.values[0].share or 0.0)
    of_all = " of all conversations of the month" if len(finding.columns) == 2 else " of the total"

    def stated(row: Row) -> str:
        return f"{row.values[0].share} % in {row.label}"

    text = (
        f"The share{of_all} goes from {stated(rows[0])} to {stated(rows[-1])}, highest {stated(peak)} [{finding.id}]."
    )
    return [Claim(text=text, findings=(finding.id,))]


async def _contrast(task: Task, desk: Desk) -> list[Claim]:
    language = task.scope.language
    if language is None:
        return await _top(task, desk)
    rest = task.scope.model_copy(update={"language": None})
    scopes = {"first": _stated(task.scope)} | ({"second": _stated(rest)} if rest != Scope() else {})
    topics = await desk.call("compare", {**scopes, "by": "topic"})
    themes = await desk.call("compare", {**scopes, "by": "theme"})
    claims = []
    apart = [row for row in _named(topics) if _times(row) >= 2]
    apart.sort(key=lambda row: -(row.values[0].share or 0.0) * (1 if _times(row) >= 4 else 0.5))
    if apart:
        text = f"Topics that {language} conversations have far more often than others: {_compared(apart[:6])} [{topics.id}]."
        claims.append(Claim(text=text, findings=(topics.id,)))
    own = sorted((row for row in _named(themes) if _times(row) >= 2), key=lambda row: -(row.values[0].count or 0))
    if own:
        text = f"The themes they fill are {_compared(own[:_SHOWN])} [{themes.id}]."
        claims.append(Claim(text=text, findings=(themes.id,)))
        text = "Themes follow the language as well as the subject, because the embedding knows English best; topics cross languages."
        claims.append(Claim(text=text, findings=()))
    return claims


def _compared(rows: Sequence[Row]) -> str:
    return ", ".join(_against(row) for row in rows)


def _against(row: Row) -> str:
    first = row.values[0]
    return f"“{row.label}” ({first.share} %, {_ratio(row)} the odds elsewhere)"


def _times(row: Row) -> float:
    """The odds ratio of a row that clearly differs, else 0."""
    found = next((measure for measure in row.measures if measure.name == "odds ratio"), None)
    if found is None or found.value is None or found.verdict not in ("over", "new", "grown"):
        return 0.0
    return found.value


def _ratio(row: Row) -> str:
    """The odds ratio in words, with its interval."""
    found = next(measure for measure in row.measures if measure.name == "odds ratio")
    bound = "at least " if found.is_bound else ""
    return f"{bound}{found.value}× ({found.low} to {found.high})"


async def _new(task: Task, desk: Desk) -> list[Claim]:
    since = task.scope.since
    if since is None:
        return await _trend(task, desk)
    scope = task.scope.model_copy(update={"since": None})
    finding = await desk.call("emerging", _arguments(scope, since=since.isoformat()))
    risen = [row for row in _named(finding) if _times(row) >= 2]
    fresh = sorted((row for row in risen if row.values[-1].count is None), key=lambda row: -(row.values[0].count or 0))
    grown = sorted(
        (row for row in risen if row.values[-1].count is not None), key=lambda row: -(row.values[0].count or 0)
    )
    claims = []
    if fresh:
        text = f"New since {since}: {_since(fresh[:6])}; before, each stayed under the threshold [{finding.id}]."
        claims.append(Claim(text=text, findings=(finding.id,)))
    if grown:
        text = f"Grown since {since}: {_since(grown[:4])} [{finding.id}]."
        claims.append(Claim(text=text, findings=(finding.id,)))
    if not risen:
        text = f"No theme has clearly doubled its odds since {since} [{finding.id}]."
        return [Claim(text=text, findings=(finding.id,))]
    lead = (fresh or grown)[0]
    if lead.id:
        course = await desk.call("trend", _arguments(Scope(cluster=lead.id), by="month"))
        months = [row for row in course.rows if row.values[0].count is not None]
        if months:
            stated = ", ".join(f"{row.label}: {row.values[0].count:,}" for row in months[-4:])
            text = f"“{lead.label}” by month: {stated} [{finding.id}, {course.id}]."
            claims.append(Claim(text=text, findings=(finding.id, course.id)))
    return claims


def _since(rows: Sequence[Row]) -> str:
    return ", ".join(
        f"“{row.label}” ({row.values[0].count:,}, {row.values[0].share} %, {_ratio(row)} the odds before)"
        for row in rows
    )


async def _coordination(task: Task, desk: Desk) -> list[Claim]:
    """Size and accounts, then weeks (bursts), then the classifier's view, then benign readings."""
    phrase = task.scope.near or task.objective
    inner = task.scope.model_copy(update={"near": None})
    near = await desk.call("search_topics", _arguments(inner, phrase=phrase))
    weeks = await desk.call("trend", _arguments(task.scope, by="week"))
    flagged = await desk.call("count_by", _arguments(task.scope, by="flagged"))
    rows = _named(near)
    text = f"About {near.totals[0]:,} conversations lie near “{phrase}”"
    text += f", most in {_by_accounts(rows[:4])} [{near.id}]." if rows else f" [{near.id}]."
    claims = [Claim(text=text, findings=(near.id,)), _burst(phrase, weeks)]
    marked = flagged.row("flagged")
    if marked is not None and marked.values[0].count is not None:
        text = f"The external classifier flagged {marked.values[0].share} % of them [{flagged.id}]."
    else:
        text = f"The external classifier flagged too few of them to state [{flagged.id}]."
    claims.append(Claim(text=text, findings=(flagged.id,)))
    return claims


def _burst(phrase: str, weeks: Finding) -> Claim:
    """A burst: the three fullest weeks hold most of what is shown, although the index spans many weeks."""
    shown = [row for row in weeks.rows if row.values[0].count is not None]
    total = sum(row.values[0].count or 0 for row in shown)
    fullest = sorted(shown, key=lambda row: -(row.values[0].count or 0))[:3]
    top = sum(row.values[0].count or 0 for row in fullest)
    stated = ", ".join(f"{row.label} ({row.values[0].count:,})" for row in sorted(fullest, key=lambda row: row.label))
    if not shown:
        text = f"No single week near “{phrase}” is large enough to show, which speaks against bursts [{weeks.id}]."
    elif len(weeks.rows) >= 8 and 100 * top / total >= _BURST_SHARE:
        text = (
            f"Near “{phrase}” the activity comes in bursts: the weeks of {stated} stand out, and most other weeks stay "
            f"under the threshold [{weeks.id}]. Bursts of like requests are a sign of coordination, not proof; a course, "
            "a news item or a shared prompt can read the same."
        )
    else:
        text = f"Near “{phrase}” the weeks are steady; the fullest are {stated} [{weeks.id}]."
    return Claim(text=text, findings=(weeks.id,))


async def _concern(task: Task, desk: Desk) -> list[Claim]:
    graded = await desk.call("count_by", _arguments(task.scope, by="concern"))
    rows = [row for row in graded.rows if row.values[0].count is not None]
    stated = ", ".join(f"grade {row.label} is {row.values[0].share} %" for row in rows)
    claims = [Claim(text=f"By concern grade, from benign up: {stated} [{graded.id}].", findings=(graded.id,))]
    found = await desk.call("cluster_scope", _arguments(task.scope.model_copy(update={"concern_at_least": 3})))
    themes = _named(found)
    if themes:
        text = f"Graded as concerning are mostly {_listed(themes[:_SHOWN])} [{found.id}]."
        claims.append(Claim(text=text, findings=(found.id,)))
    return [*claims, *_not_shown(found)]


_RECIPES: dict[Focus, Callable[[Task, Desk], Awaitable[list[Claim]]]] = {
    "top": _top,
    "breakdown": _breakdown,
    "topic": _topic,
    "contrast": _contrast,
    "new": _new,
    "trend": _trend,
    "coordination": _coordination,
    "concern": _concern,
}
