"""Recipes of the usage specialist: what there is, how much, in whose languages, and how two scopes differ."""

from collections.abc import Sequence

from agent.roles.builtin.recipe import (
    Kind,
    Notes,
    arguments,
    by_size,
    left_out,
    listed,
    measure,
    mostly,
    named,
    odds,
    odds_stated,
    sized,
    stated,
    themes_of,
    unquoted,
)
from tools.core.finding import Finding, Row
from tools.core.scope import Scope
from tools.core.wording import UNNAMED

_CLEAR = 2.0
"""Odds from which a theme is reported as characteristic."""


async def top(notes: Notes) -> None:
    """The largest themes: of everything from the taxonomy, of a scope by clustering it now."""
    scope = notes.task.scope
    if scope == Scope():
        finding = await notes.ask("overview", {})
        if finding is None:
            return
        rows = notes.fresh(named(finding))
        groups = [row for row in rows if row.parent is None]
        leaves = by_size([row for row in rows if row.parent])
        if groups:
            notes.say(f"The largest groups of themes are {listed(groups[: notes.shown])}", finding, kind="answer")
        if leaves:
            notes.say(f"The largest single themes are {listed(leaves[: notes.shown])}", finding)
        await notes.ask("topic_map", {})  # for a screen to draw; nothing is claimed of it
    else:
        finding = await notes.ask("cluster_scope", arguments(scope))
        if finding is None:
            return
        finding, rows = await themes_of(notes, scope, finding)
        if rows:
            notes.say(
                f"Among about {finding.totals[0]:,} {scope.described()}, the largest themes are {listed(rows[: notes.shown])}",
                finding,
                kind="answer",
            )
    if not rows:
        more = "further " if notes.task.already_named else ""
        notes.say(f"No {more}theme of {finding.scope} is large enough to name", finding, kind="answer")
    left_out(notes, finding)


async def size(notes: Notes) -> None:
    """How many, of how many of the same time, in which themes, and how sure that number is. Counted by month, because
    the limit on what one account adds then holds for each month and leaves the least out."""
    scope = notes.task.scope
    whole = Scope(since=scope.since, until=scope.until)
    every = await notes.ask("count_by", arguments(whole, by="month"))
    if scope.near is not None:
        await topic(notes, every)
    elif scope == whole:
        if every is not None:
            notes.say(f"There are about {every.totals[0]:,} {scope.described()}", every, kind="answer")
    elif (found := await notes.ask("count_by", arguments(scope, by="month"))) is not None:
        size = f"There are about {_of(found, every)} {unquoted(scope.described())}"
        notes.say(size, *_both(found, every), kind="answer")
    notes.say(
        "Counts are rounded, so sizes are approximate.",
        kind="limit",
    )


async def breakdown(notes: Notes) -> None:
    """Counts by one closed facet."""
    facet = notes.task.facet or "language"
    finding = await notes.ask("count_by", arguments(notes.task.scope, by=facet))
    if finding is None:
        return
    rows = named(finding) if facet in ("month", "concern", "turns") else by_size(notes.fresh(named(finding)))
    if rows:
        shown = rows if facet == "month" else rows[: notes.shown + 1]
        counted, others = listed(shown), ""
        if finding.suppressed.groups:
            others = "; some values are suppressed"
            if len(rows) == 1:
                # Without its share: beside what is suppressed it would read as if there were nothing else.
                counted = f"{rows[0].values[0].count:,} are “{rows[0].label}”"
        notes.say(f"By {facet}, of {finding.totals[0]:,} counted: {counted}{others}", finding, kind="answer")
    else:
        notes.say(f"Every value of {facet} is hidden for {finding.scope}", finding, kind="answer")
    if rows and finding.suppressed.groups:
        left_out(notes, finding)


def _both(found: Finding, every: Finding | None) -> list[Finding]:
    return [found] if every is None else [found, every]


def _of(found: Finding, every: Finding | None) -> str:
    """A finding's total, where possible beside that of everything of its time: "250 (2.7 % of 9,305)"."""
    total = f"{found.totals[0]:,}"
    if every is None or not every.totals[0]:
        return total
    return f"{total} ({round(100 * found.totals[0] / every.totals[0], 1)} % of {every.totals[0]:,})"


async def topic(notes: Notes, every: Finding | None = None) -> None:
    """Whether something is there, how much of it, and under which themes it goes. `every`: how much there is of everything,
    where a share is asked for."""
    scope = notes.task.scope
    phrase = scope.near or notes.task.objective
    inner = scope.model_copy(update={"near": None})
    finding = await notes.ask("search_topics", arguments(inner, phrase=phrase))
    if finding is None:
        return
    rows = notes.fresh(named(finding))
    where = "" if inner == Scope() else f" among {inner.describe()}"
    if rows or not notes.task.already_named:
        notes.say(
            f"About {_of(finding, every)} conversations lie near “{phrase}”{unquoted(where)}",
            *_both(finding, every),
            kind="answer",
        )
    if rows:
        notes.say(f"They are {mostly(rows[: notes.shown], finding)} in {listed(rows[: notes.shown])}", finding)
    left_out(notes, finding)


async def drill(notes: Notes) -> None:
    """A cluster's parts, then its languages; where it does not open, its neighbours near its name."""
    scope = notes.task.scope
    if scope.cluster is None:
        await top(notes)
        return
    if scope == Scope(cluster=scope.cluster):
        await _introduced(notes, scope.cluster)
        parts = await notes.ask("drill_down", {"cluster": scope.cluster})
    else:
        parts = await notes.ask("cluster_scope", arguments(scope))
    if parts is not None:
        rows = notes.fresh(named(parts))
        if rows:
            notes.say(
                f"Of about {parts.totals[0]:,} conversations, the largest parts are {listed(rows[: notes.shown])}",
                parts,
                kind="answer",
            )
        else:
            notes.say(
                f"Its about {parts.totals[0]:,} conversations have no parts that are large enough to name",
                parts,
                kind="answer",
            )
        left_out(notes, parts)
    if len(scope.facets()) < 2:
        languages = await notes.ask("count_by", arguments(scope, by="language"))
        if languages is not None and (rows := by_size(named(languages))):
            notes.say(f"Its languages are {listed(rows[: notes.shown])}", languages)


async def _introduced(notes: Notes, cluster: str) -> None:
    """A cluster's name and size, where they are released."""
    overview = await notes.ask("overview", {})
    row = next((row for row in named(overview) if row.id == cluster), None) if overview is not None else None
    if overview is not None and row is not None:
        notes.say(f"{cluster} is {sized(row)}", overview, kind="answer")


async def drawn(notes: Notes) -> None:
    """A scope's map for the screen, and the themes whose squares are the fullest."""
    finding = await notes.ask("topic_map", arguments(notes.task.scope))
    if finding is None:
        return
    if not finding.rows:
        notes.say(f"Every square of the map of {finding.scope} is below the threshold", finding, kind="limit")
        await drill(notes)
        return
    notes.say(f"The map of {finding.scope} shows about {finding.totals[0]:,} of them", finding, kind="answer")
    themes = list(dict.fromkeys(row.label for row in by_size(named(finding))))[: notes.shown]
    if themes:
        notes.say(f"Its densest squares are {', '.join(f'“{label}”' for label in themes)}", finding)
    notes.say("Distances on the map are approximate.", kind="limit")


async def contrast(notes: Notes) -> None:
    """What a scope has more of than all other conversations."""
    scope = notes.task.scope
    if scope == Scope():
        await top(notes)
        return
    if not await _compared(notes, scope, None):
        await top(notes)


async def compare(notes: Notes) -> None:
    """What each of two scopes has more of than the other."""
    await _compared(notes, notes.task.scope, notes.task.against)


async def _compared(notes: Notes, first: Scope, second: Scope | None) -> bool:
    """Topics where languages are told apart (themes follow the language without a model), else themes. Whether any could be
    released."""
    scopes = {"first": stated(first)}
    if second is None and first.language is not None:
        rest = first.model_copy(update={"language": None})
        second_stated = stated(rest) if rest != Scope() else None
    else:
        second_stated = stated(second) if second is not None else None
    if second_stated:
        scopes["second"] = second_stated
    across = first.language is not None
    kinds = [notes.task.facet] if notes.task.facet else ["topic", "theme"] if across else ["theme", "topic"]
    is_reported = False
    for kind in kinds:
        finding = await notes.ask("compare", {**scopes, "by": kind})
        if finding is not None:
            is_reported = True
            _contrasted(notes, finding, kind, first, second, is_first=kind == kinds[0])
    if across and not notes.task.facet:
        notes.say(
            "Some themes hold one language alone; topics and fields cross languages.",
            kind="limit",
        )
    return is_reported


def _contrasted(
    notes: Notes, finding: Finding, kind: str, first: Scope, second: Scope | None, *, is_first: bool
) -> None:
    rows = notes.fresh([row for row in finding.rows if row.label != UNNAMED and measure(row, "odds ratio") is not None])
    over = [row for row in rows if odds(row) >= _CLEAR and row.values[0].count is not None]
    if is_first:
        over.sort(key=lambda row: -(row.values[0].share or 0.0) * (1 if odds(row) >= 2 * _CLEAR else 0.5))
    else:
        over.sort(key=lambda row: -(row.values[0].count or 0))
    under = [row for row in rows if odds(row) <= 1 / _CLEAR]
    who = unquoted(first.describe())
    plural = {"theme": "themes", "topic": "topics"}.get(kind)
    by_more, by_less = (
        (f"The {plural} that {who} have far more often are", f"The {plural} that they have far less often are")
        if plural
        else (f"By {kind}, {who} are far more often of", f"By {kind}, they are far less often of")
    )
    beside = "elsewhere" if second is None else unquoted(second.short())
    leading: Kind = "answer" if is_first else "support"
    if over:
        notes.say(f"{by_more} {_beside(over[: notes.shown], beside)}", finding, kind=leading)
    if under and second is not None:
        notes.say(
            f"{by_less} {_beside(under[-notes.shown :], beside)}",
            finding,
            kind="support" if over else leading,
        )
    if not over and not under:
        others = "all others" if second is None else unquoted(second.describe())
        more = "apart from what was named before, " if notes.task.already_named else ""
        notes.say(f"By {kind}, {more}{who} do not differ clearly from {others}", finding, kind=leading)


def _beside(rows: Sequence[Row], beside: str) -> str:
    return ", ".join(odds_stated(row, beside) for row in rows)


async def coverage(notes: Notes) -> None:
    """Where the index is blind: outside clusters, unnamed, undated, unknown; and which languages most."""
    scope = notes.task.scope
    finding = await notes.ask("coverage", arguments(scope))
    if finding is not None:
        rows = by_size(named(finding))
        if rows:
            notes.say(f"Coverage gaps in {finding.scope}: {listed(rows[: notes.shown])}", finding, kind="answer")
        else:
            notes.say(f"No coverage gap in {finding.scope} is large enough to show", finding, kind="answer")
        for note in finding.notes[:1]:
            if "extracted" in note:
                notes.say(f"{note[:1].upper()}{note[1:]}", finding)
    if len(scope.facets()) < 2 and scope.language is None:
        by = await notes.ask("coverage", arguments(scope, by="language"))
        if by is not None:
            rows = sorted(
                (row for row in named(by) if row.values[0].share), key=lambda row: -(row.values[0].share or 0.0)
            )
            if rows:
                stated_rows = ", ".join(f"“{row.label}” ({row.values[0].share} % unclustered)" for row in rows[:3])
                notes.say(f"The languages with the largest unclustered share are {stated_rows}", by)
    notes.say("The index holds only what was ingested, and no reasons for asking.", kind="limit")
