"""The recipe of a search for misuse: whether a kind of it is there, how much, when, and whether it looks like one operator.

Nearness to a phrase alone is no sign: something absent has neighbours too. So what is near must also be of the area that the
phrase belongs to, or a published theme must bear its name. Where neither can be shown and the area itself can, the answer is
"perhaps", not no; and a no is said with what could not be shown.
"""

from agent.roles.builtin.investigator_abuse import (
    MOST_THEMES,
    by_accounts,
    lead_of,
    marked_of,
    signals_of,
    tell_marked,
    tell_unmarked,
)
from agent.roles.builtin.recipe import (
    CONCERNING,
    Notes,
    area_named,
    arguments,
    by_size,
    has_room,
    listed,
    named,
    unquoted,
)
from agent.roles.builtin.sentences import sentence, what
from index.questions.subjects import abuse_areas, also_in
from index.vocabulary import vocabulary
from tools.core.finding import Finding
from tools.core.scope import Scope

_SHORT_NAME = 3
"""Words of a question that are repeated as the name of what was looked for; longer ones are a part of a sentence."""


async def sought(notes: Notes) -> None:
    """Whether a kind of misuse is there: conversations near its phrase that are also read as its area, how many accounts they
    come from, when, and whether they look like one operator. Nearness alone is no sign: something absent has neighbours too."""
    scope = notes.task.scope
    area = scope.area or next((item.area for item in vocabulary().requests if item.label == scope.near), None)
    called, label = notes.task.about, unquoted(scope.near or scope.area or "")
    subject = called if called and len(called.split()) <= _SHORT_NAME else label.casefold()
    outer = scope.model_copy(update={"area": None})
    table = await notes.ask("count_by", arguments(outer, by="area"))
    if table is None and not any(claim.is_hidden for claim in notes.claims):
        return  # it could not be asked, which says nothing of what there is
    notes.claims[:] = [claim for claim in notes.claims if not claim.is_hidden]
    found = None
    if table is not None:
        bad = (row for row in by_size(named(table)) if row.label in abuse_areas())
        found = table.row(area) if area is not None else next(bad, None)
    is_shown = found is not None and found.values[0].count is not None
    if not is_shown and await _themes_called(notes, label):
        return
    if table is None:
        await _not_shown(notes, area, "sought_none", subject)
        return
    if found is None or found.values[0].count is None:
        others = [row for row in by_size(named(table)) if row.label != area][:3]
        count = f"{table.totals[0]:,}"
        if scope.near is None:
            await _not_shown(notes, area, "sought_none", subject, table)
        elif others:
            await _not_shown(notes, area, "sought_other", subject, table, count=count, rows=listed(others))
        else:
            await _not_shown(notes, area, "sought_unclear", subject, table, count=count)
        return
    near = sentence("sought_near", notes.spoken, phrase=unquoted(scope.near)) if scope.near else ""
    near = unquoted(near)
    if scope.near and area and has_room(scope):
        scope = scope.model_copy(update={"area": area})
    count, accounts = f"{found.values[0].count:,}", f"{found.accounts:,}" if found.accounts else "?"
    of, cited = "", [table]
    if near and (every := await notes.ask("count_by", arguments(outer.model_copy(update={"near": None}), by="area"))):
        whole = every.row(found.label)
        if whole is not None and (whole.values[0].count or 0) > (found.values[0].count or 0):
            of = unquoted(sentence("sought_of", notes.spoken, area=found.label, count=f"{whole.values[0].count:,}"))
            cited.append(every)
    values = {"count": count, "accounts": accounts, "area": found.label, "near": near, "of": of}
    await _flagged(notes, found.label)
    notes.tell("sought", *cited, kind="answer", **values)
    await _themes_of(notes, found.label)
    await _graded(notes, scope)
    notes.tell("sought_benign", kind="answer")
    await _when(notes, scope)
    themes = await notes.ask("coordination", arguments(scope, by="theme"))
    if themes is not None and (marked := marked_of(themes)):
        tell_marked(notes, themes, marked)
        lead_of(notes, themes, marked[:MOST_THEMES], signals_of(themes, marked), "")
    elif themes is not None:
        tell_unmarked(notes, themes)


async def _themes_called(notes: Notes, label: str) -> bool:
    """Published themes that bear the name of what is looked for: where nearness shows nothing, they still may. True where
    there is one."""
    outer = notes.task.scope.model_copy(update={"near": None, "area": None})
    table = await notes.ask("count_by", arguments(outer, by="theme")) if has_room(outer) else None
    if table is None:
        return False
    forms = (f"{label}:", f"{label} (", f"{label} ·")
    rows = [row for row in by_size(named(table)) if row.label == label or row.label.startswith(forms)]
    for row in rows[: notes.shown]:
        count, accounts = f"{row.values[0].count:,}", f"{row.accounts:,}" if row.accounts else "?"
        notes.tell("sought_theme", table, kind="answer", count=count, accounts=accounts, theme=row.label)
    if rows:
        notes.tell("sought_benign", kind="answer")
    return bool(rows)


async def _themes_of(notes: Notes, area: str) -> None:
    """Published themes whose name is of an area: a label is given to one conversation at a time and misses some, which lie in a
    theme beside those that it finds."""
    outer = notes.task.scope.model_copy(update={"near": None, "area": None})
    table = await notes.ask("count_by", arguments(outer, by="theme")) if has_room(outer) else None
    if table is None:
        return
    rows = [row for row in by_size(named(table)) if row.accounts and area_named(row.label) == area]
    if rows:
        stated = by_accounts(rows[:_OF_AREA], notes.spoken)
        notes.tell("sought_themes", table, kind="answer", rows=stated)


_OF_AREA = 3
"""Themes of an area that are named."""


async def _not_shown(notes: Notes, area: str | None, said: str, subject: str, *cited: Finding, **values: str) -> None:
    """What is said where no conversation of the kind can be shown: "perhaps" where the area that it belongs to can, for other
    words may name what was looked for; else the sentence `said`. Then the other misuse, so that a no is no comfort about it."""
    outer = notes.task.scope.model_copy(update={"near": None, "area": None})
    table = await notes.ask("count_by", arguments(outer, by="area"))
    shown = {row.label: row for row in named(table)} if table is not None else {}
    # Where conversations of this kind are more often read comes first.
    belongs = (also_in(notes.task.scope.near), area) if notes.task.scope.near else ()
    row = next((shown[label] for label in belongs if label in shown and label in abuse_areas()), None)
    if table is not None and row is not None and row.values[0].count is not None and row.accounts is not None:
        count, accounts = f"{row.values[0].count:,}", f"{row.accounts:,}"
        found = {"subject": subject, "area": row.label, "count": count, "accounts": accounts}
        await _flagged(notes, row.label)
        notes.tell("sought_within", table, kind="answer", **found)
        await _themes_of(notes, row.label)
    else:
        notes.tell(said, *cited, kind="answer", subject=subject, **values)
    if table is not None and (others := [row for row in by_size(named(table)) if row.label in abuse_areas()]):
        notes.tell("misuse", table, rows=listed(others[: notes.shown]))


async def _flagged(notes: Notes, area: str) -> None:
    """How many conversations of the area are flagged, where that is asked: a flag has no category of its own."""
    if notes.task.facet != "flagged":
        return
    scope = notes.task.scope.model_copy(update={"near": None, "area": area})
    table = await notes.ask("count_by", arguments(scope, by="flagged")) if has_room(scope) else None
    if table is None:
        return
    row = table.row("flagged")
    values = {"whole": f"{table.totals[0]:,}", "what": what(scope, notes.spoken, every=False)}
    values["part"] = sentence("part_flagged", notes.spoken)
    if row is not None and row.values[0].count is not None:
        shown = {"count": f"{row.values[0].count:,}", "share": str(row.values[0].share)}
        notes.tell("rate", table, kind="answer", **values, **shown)
    else:
        notes.tell("rate_few", table, kind="answer", **values)


async def _graded(notes: Notes, scope: Scope) -> None:
    """How many of them are graded as concerning, where that can be shown."""
    graded = await notes.ask("count_by", arguments(scope, by="concern")) if has_room(scope) else None
    if graded is None:
        return
    high = [row for row in named(graded) if row.label.isdigit() and int(row.label) >= CONCERNING]
    if high:
        stated = ", ".join(f"{row.values[0].count:,} (grade {row.label})" for row in high)
        notes.tell("graded", graded, kind="answer", rows=stated)
    else:
        notes.tell("not_graded", graded, kind="answer")


async def _when(notes: Notes, scope: Scope) -> None:
    """The first month that is shown, and the highest."""
    months = await notes.ask("trend", arguments(scope, by="month"))
    shown = [row for row in months.rows if row.values[0].count is not None] if months is not None else []
    if months is not None and shown:
        highest = by_size(shown)[0]
        stated = f"{highest.label} ({highest.values[0].count:,})"
        notes.tell("sought_when", months, first=shown[0].label, highest=stated)
