"""Recipes of the usage specialist: what there is, how much, in whose languages, and how two scopes differ."""

from collections.abc import Sequence

from agent.roles.builtin.recipe import (
    Kind,
    Notes,
    arguments,
    beside,
    by_size,
    has_room,
    left_out,
    listed,
    measure,
    mostly,
    named,
    odds,
    sized,
    stated,
    themes_in,
    unquoted,
)
from agent.roles.builtin.sentences import sentence, what, word
from index.vocabulary import UNCLEAR
from tools.core.finding import Finding, Row
from tools.core.scope import Scope
from tools.core.wording import UNCLUSTERED, UNNAMED

_KINDS, _KINDS_OF_LANGUAGE, _KINDS_OF_SUBJECT = ["field", "theme"], ["theme", "topic"], ["theme", "language"]
"""What scopes are compared by; a language, whose themes bear its name; and a subject, which is a field itself."""
_MOST_COLUMNS = 5
"""Columns of a table of two facets that sentences are made of."""
_FEWEST_THEMES = 4
"""Published themes that a scope must show to be described by them."""
_MONTHS = 3
"""Months that are named as the quietest."""
_STRONG = 4.0
"""Odds from which a theme stands before larger ones that differ less."""


async def top(notes: Notes) -> None:
    """The largest themes: of everything from the taxonomy, of a scope by clustering it now."""
    scope = notes.task.scope
    if scope == Scope():
        finding = await notes.ask("overview", {})
        if finding is None:
            return
        rows = notes.fresh(named(finding))
        # Fields are counted by their facet, over all conversations; the groups of the taxonomy hold the clustered alone.
        leaves = by_size([row for row in rows if row.parent])
        if leaves:
            notes.tell("themes", finding, kind="answer", rows=listed(leaves[: notes.shown]))
        await notes.ask("topic_map", {})  # for a screen to draw; nothing is claimed of it
    else:
        # Where fields can be counted beside them, a few published themes say more than groups of them do.
        found = await themes_in(notes, scope, 1 if has_room(scope) else _FEWEST_THEMES)
        if found is None:
            return
        finding, rows = found
        if rows:
            count, whole = f"{finding.totals[0]:,}", what(scope, notes.spoken, every=False)
            key = "clusters_of" if finding.tool == "cluster_scope" else "themes_of"
            notes.tell(key, finding, kind="answer", count=count, what=whole, rows=listed(rows[: notes.shown]))
            notes.tell("theme_beyond_field", kind="limit")
    if not rows:
        more = f"{word('further', notes.spoken)} " if notes.task.already_named else ""
        notes.tell("no_themes", finding, kind="answer", more=more, what=what(scope, notes.spoken))
    left_out(notes, finding)


async def size(notes: Notes) -> None:
    """How many, of how many of the same time, in which themes, and how sure that number is. Counted by month, because
    the limit on what one account adds then holds for each month and leaves the least out."""
    scope = notes.task.scope
    whole = _around(scope)
    every = await notes.ask("count_by", arguments(whole, by="month"))
    if scope.near is not None:
        await topic(notes, every)
        return
    found = every if scope == whole else await notes.ask("count_by", arguments(scope, by="month"))
    if found is not None:
        share = _share_of(notes, found, None if scope == whole else every)
        where = f"{what(scope, notes.spoken, every=False)}{share if scope != Scope() else f' ({found.period})'}"
        notes.tell("size", *_both(found, every), kind="answer", count=f"{found.totals[0]:,}", what=where)
        await _from_accounts(notes, scope)


async def accounts(notes: Notes) -> None:
    """How many accounts a scope comes from."""
    finding = await _from_accounts(notes, notes.task.scope, kind="answer")
    if finding is not None and not notes.claims:
        notes.tell("by_hidden", finding, kind="answer", facet="accounts", what=what(notes.task.scope, notes.spoken))


async def _from_accounts(notes: Notes, scope: Scope, kind: Kind = "support") -> Finding | None:
    """The accounts of a scope, as they are released with the scope as one group."""
    finding = await notes.ask("coordination", arguments(scope))
    row = finding.rows[0] if finding is not None and finding.rows else None
    if finding is not None and row is not None and row.accounts is not None:
        count, whole = f"{finding.totals[0]:,}", what(scope, notes.spoken, every=False)
        notes.tell("accounts", finding, kind=kind, count=count, what=whole, accounts=f"{row.accounts:,}")
    return finding


async def breakdown(notes: Notes) -> None:
    """Counts by one closed facet, or by two."""
    facet = notes.task.facet or "language"
    if notes.task.across is not None:
        await _crossed(notes, facet, notes.task.across)
        return
    scope = notes.task.scope
    if scope.near and scope.area and not has_room(scope):
        scope = scope.model_copy(update={"area": None})  # nearness alone leaves room for the facet
    finding = await notes.ask("count_by", arguments(scope, by=facet))
    if finding is None:
        return
    rows = named(finding) if facet in ("month", "concern", "turns") else by_size(notes.fresh(named(finding)))
    if notes.task.smallest and facet == "month" and rows:
        rows = by_size(rows)[::-1]
        whole = what(notes.task.scope, notes.spoken, every=False)
        fewest = listed(rows[: min(notes.shown, _MONTHS)])
        notes.tell("months_smallest", finding, kind="answer", what=whole, rows=fewest, most=listed(rows[-1:]))
        return
    if notes.task.smallest:
        rows = [row for row in reversed(rows) if row.label != UNCLEAR]
    name = word("concern grade" if facet == "concern" else facet, notes.spoken)
    if rows and len(rows) == 1 and rows[0].values[0].count == finding.totals[0] and finding.suppressed.groups:
        # The number stands for the total: what lies beside it is too few to show.
        whole = what(notes.task.scope, notes.spoken, every=False)
        count = f"{finding.totals[0]:,}"
        if facet == "flagged" and rows[0].label == "not flagged":
            part = sentence("part_flagged", notes.spoken)
            notes.tell("rate_few", finding, kind="answer", whole=count, what=whole, part=part)
            return
        notes.tell("nearly_all", finding, kind="answer", facet=name, count=count, what=whole, row=rows[0].label)
        return
    if facet == "flagged" and (marked := finding.row("flagged")) is not None and marked.values[0].count is not None:
        whole = what(notes.task.scope, notes.spoken, every=False)
        values = {"whole": f"{finding.totals[0]:,}", "what": whole, "part": sentence("part_flagged", notes.spoken)}
        values |= {"count": f"{marked.values[0].count:,}", "share": str(marked.values[0].share)}
        notes.tell("rate", finding, kind="answer", **values)
        return
    _ranked(notes, finding, by_size(rows), name)
    if rows:
        shown = rows if facet == "month" else rows[: notes.shown]
        counted = listed(shown)
        if finding.suppressed.groups and len(rows) == 1:
            # Without its share: beside what is suppressed it would read as if there were nothing else.
            counted = f"“{rows[0].label}” ({rows[0].values[0].count:,})"
        if len(shown) < len(rows) and finding.suppressed.share <= (rows[0].values[0].share or 0.0):
            counted += sentence("others_in_table", notes.spoken)
        elif finding.suppressed.share > (rows[0].values[0].share or 0.0):
            counted += sentence("others_larger", notes.spoken, share=finding.suppressed.share)
        elif finding.suppressed.groups:
            counted += sentence("others_hidden", notes.spoken)
        count = f"{finding.totals[0]:,}"
        if notes.task.already_named and (
            left := [row for row in named(finding) if row.label in notes.task.already_named]
        ):
            told = {"rows": listed(left), "count": count, "others": counted}
            if notes.task.asked == "rest":
                _rest(notes, finding, left)
            notes.tell("left_out", finding, kind="answer", **told)
            if notes.task.asked != "rest":
                _rest(notes, finding, left)
        else:
            key = "by_smallest" if notes.task.smallest else "by"
            whole = what(notes.task.scope, notes.spoken, every=False)
            notes.tell(key, finding, kind="answer", facet=name, count=count, what=whole, rows=counted)
    else:
        notes.tell("by_hidden", finding, kind="answer", facet=name, what=what(notes.task.scope, notes.spoken))
    if rows and finding.suppressed.groups:
        left_out(notes, finding)


def _ranked(notes: Notes, finding: Finding, rows: Sequence[Row], facet: str) -> None:
    """What is larger than the value whose rank is asked for, where it is shown and no larger one can be hidden. `rows`: the
    largest first."""
    place = next((place for place, row in enumerate(rows, start=1) if row.label == notes.task.about), None)
    if place is not None and (rows[place - 1].values[0].share or 0.0) > finding.suppressed.share:
        row, others = rows[place - 1], rows[: place - 1][: notes.shown] or rows[1:2]
        if others:
            key = "rank_below" if place > 1 else "rank_first"
            notes.tell(key, finding, kind="answer", facet=facet, row=sized(row), rows=listed(others))


def _rest(notes: Notes, finding: Finding, left: Sequence[Row]) -> None:
    """How many are none of the rows that are left out, where all of these are shown."""
    rest = finding.totals[0] - sum(row.values[0].count or 0 for row in left)
    if len(left) == len({*notes.task.already_named}) and rest > 0:
        values = {"rest": f"{rest:,}", "share": str(round(100 * rest / finding.totals[0], 1))}
        values |= {"count": f"{finding.totals[0]:,}", "rows": listed(left)}
        notes.tell("rest", finding, kind="answer", what=what(notes.task.scope, notes.spoken, every=False), **values)


async def _crossed(notes: Notes, facet: str, across: str) -> None:
    """The largest values of one facet for each of the largest values of another."""
    finding = await notes.ask("count_by", arguments(notes.task.scope, by=facet, across=across))
    if finding is None:
        return
    largest_first = sorted(range(len(finding.columns)), key=lambda place: -finding.totals[place])
    for rank, place in enumerate(largest_first[:_MOST_COLUMNS]):
        rows = [row for row in finding.rows if row.label != UNNAMED and row.values[place].count is not None]
        rows.sort(key=lambda row: -(row.values[place].count or 0))
        if rows and facet == "month":
            rows.sort(key=lambda row: row.label)
            counted = ", ".join(f"{row.label}: {row.values[place].count:,}" for row in rows)
            column = f"“{finding.columns[place]}”"
            values = {"column": column, "step": word(facet, notes.spoken), "rows": counted}
            notes.tell("column_by_step", finding, kind="answer" if rank < 2 else "support", **values)
        elif rows:
            stated = ", ".join(
                f"“{row.label}” ({row.values[place].count:,}, {row.values[place].share} %)" for row in rows[:3]
            )
            name, column = word(facet, notes.spoken), f"“{finding.columns[place]}”"
            notes.tell(
                "crossed",
                finding,
                kind="answer" if rank < 2 else "support",
                facet=f"{name}s" if notes.spoken == "English" else name,
                column=column,
                rows=stated,
            )
    left_out(notes, finding)


def _around(scope: Scope) -> Scope:
    """What a scope is a share of: the same without its subject; everything of its time where it has none."""
    whole = scope.model_copy(update={"field": None, "area": None, "near": None, "harm": None})
    return whole if whole != scope else Scope(since=scope.since, until=scope.until)


def _both(found: Finding, every: Finding | None) -> list[Finding]:
    return [found] if every is None else [found, every]


def _share_of(notes: Notes, found: Finding, every: Finding | None) -> str:
    """A finding's total as a share of what it is a part of: " (2.7 % of 9,305 conversations on web)"."""
    if every is None or not every.totals[0]:
        return ""
    share, total = round(100 * found.totals[0] / every.totals[0], 1), f"{every.totals[0]:,}"
    whole = what(_around(notes.task.scope), notes.spoken, every=False)
    return sentence("share_of", notes.spoken, share=share, total=total, what=whole)


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
    where = _share_of(notes, finding, every)
    where += "" if inner == Scope() else f" ({unquoted(inner.short())})"
    if rows or not notes.task.already_named:
        count = f"{finding.totals[0]:,}"
        notes.tell("near", *_both(finding, every), kind="answer", count=count, phrase=phrase, where=where)
    if rows:
        notes.tell("near_in", finding, mostly=mostly(rows[: notes.shown], finding), rows=listed(rows[: notes.shown]))
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
    if has_room(scope):
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
    """By fields and themes; a language by its themes and terms. Whether any could be released."""
    scopes = {"first": stated(first)}
    if second is None and first.language is not None:
        rest = first.model_copy(update={"language": None})
        second_stated = stated(rest) if rest != Scope() else None
    else:
        second_stated = stated(second) if second is not None else None
    if second_stated:
        scopes["second"] = second_stated
    kinds = (
        [notes.task.facet]
        if notes.task.facet
        else _KINDS_OF_SUBJECT
        if first.field or first.area
        else _KINDS_OF_LANGUAGE
        if second is None and first.language
        else _KINDS
    )
    is_reported = False
    for kind in kinds:
        finding = await notes.ask("compare", {**scopes, "by": kind})
        if finding is not None:
            is_reported = True
            _contrasted(notes, finding, kind, first, second, is_first=kind == kinds[0])
    return is_reported


def _contrasted(
    notes: Notes, finding: Finding, kind: str, first: Scope, second: Scope | None, *, is_first: bool
) -> None:
    unsaid = (UNNAMED, UNCLUSTERED, UNCLEAR)
    rows = notes.fresh([row for row in finding.rows if row.label not in unsaid and measure(row, "odds ratio")])
    over = [row for row in rows if odds(row) > 1 and row.values[0].count is not None]
    if is_first:
        over.sort(key=lambda row: -(row.values[0].share or 0.0) * (1 if odds(row) >= _STRONG else 0.5))
    else:
        over.sort(key=lambda row: -(row.values[0].count or 0))
    under = [row for row in rows if odds(row) < 1]
    spoken = notes.spoken
    more = _beside(over, spoken, notes.shown) if over else ""
    less = _beside(under[-notes.shown :], spoken, notes.shown) if under and second is not None else ""
    told = any(all(value.share is not None for value in row.values) for row in rows)
    alike = "" if over or under else "alike" if told else "alike_untold"
    facet = word(kind, spoken)
    if is_first and second is not None and len(finding.totals) == 2:
        said = {"sides_more": more, "sides_less": less, f"sides_{alike}": alike}
        named_by = {"sides_more": _where(first), "sides_less": _where(second)}
        differ = "; ".join(
            sentence(key, spoken, rows=rows, facet=facet, side=named_by.get(key, ""))
            for key, rows in said.items()
            if rows
        )
        count, other = (f"{total:,}" for total in finding.totals)
        sides = {"who": what(first, spoken, every=False), "other": what(second, spoken, every=False)}
        notes.tell("sides", finding, kind="answer", count=count, second=other, differ=differ, **sides)
        return
    names = {"who": what(first, spoken), "other": what(second, spoken)}
    leading: Kind = "answer" if is_first else "support"
    for key, stated_rows in (("more", more), ("less", less)):
        if stated_rows:
            notes.tell(key, finding, kind=leading, rows=stated_rows, **names)
    if alike:
        notes.tell(alike, finding, kind=leading, facet=facet, **names)


def _where(scope: Scope) -> str:
    """A scope as the place of something: "in Spanish", "until 2026-08-02", "in those about cooking"."""
    restricted = what(scope, "English", every=False).removeprefix("conversations ")
    return (
        restricted if restricted.startswith(("in ", "on ", "since ", "until ", "from ")) else f"in those {restricted}"
    )


def _beside(rows: Sequence[Row], spoken: str, shown: int) -> str:
    return ", ".join(beside(row, spoken) for row in rows[:shown])


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
    if has_room(scope) and scope.language is None:
        by = await notes.ask("coverage", arguments(scope, by="language"))
        if by is not None:
            rows = sorted(
                (row for row in named(by) if row.values[0].share), key=lambda row: -(row.values[0].share or 0.0)
            )
            if rows:
                stated_rows = ", ".join(f"“{row.label}” ({row.values[0].share} % unclustered)" for row in rows[:3])
                notes.say(f"The languages with the largest unclustered share are {stated_rows}", by)
    notes.say("The index holds only what was ingested, and no reasons for asking.", kind="limit")
