"""Recipe of the abuse specialist for gaps: where the concern grade and the classifier's flag disagree."""

from collections.abc import Sequence

import regex

from agent.roles.builtin.recipe import (
    CONCERNING,
    SHOWN,
    Notes,
    arguments,
    has_room,
    left_out,
    listed,
    measure,
    mostly,
    named,
)
from tools.catalog.flag_gaps import FALSE, FLAGGED, MISSED
from tools.core.finding import Finding, Row
from tools.core.wording import UNNAMED

_SHARE = regex.compile(r"([\d.]+) %")


async def flag_gaps(notes: Notes) -> None:
    """Themes that are concerning and not flagged, and flagged and not concerning."""
    scope = notes.task.scope
    finding = await notes.ask("flag_gaps", arguments(scope))
    if finding is None:
        await _graded_without_flags(notes)
        return
    rows = notes.fresh([row for row in finding.rows if row.label != UNNAMED])
    missed = _gaps(finding, rows, MISSED, "not flagged")
    wrong = [
        found for name in (FALSE, FLAGGED) if (found := _gaps(finding, rows, name, "flagged in error", at_least=50.0))
    ]
    asks_for_false_alarms = notes.task.facet == "flagged"
    in_error = next((note for note in finding.notes if note.startswith("of what is flagged")), None)
    if asks_for_false_alarms and in_error is not None and (share := _SHARE.search(in_error)) is not None:
        notes.tell("in_error", finding, kind="answer", share=share[1])
    if missed and not asks_for_false_alarms:
        notes.tell("missed", finding, kind="answer", rows=missed)
    for found in wrong:
        notes.say(
            f"Probably flagged in error (mostly not concerning): {found}",
            finding,
            kind="answer" if asks_for_false_alarms else "support",
        )
    if asks_for_false_alarms and not wrong:
        notes.tell("no_single_theme", finding, kind="support" if in_error else "answer")
    elif not missed and not any(row.values[0].count for row in rows):
        notes.say("No theme is large enough to compare grades with flags", finding, kind="answer")
    for note in finding.notes:
        if note.startswith("of what is"):
            if asks_for_false_alarms and note == in_error:
                continue
            notes.say(note.split(" (", 1)[0].capitalize(), finding)
        if note.endswith("all themes together"):
            notes.say(f"Of {finding.scope}, {note}, and each share is a lower bound", finding, kind="limit")
    notes.say("Where grade and flag disagree, either may be wrong. A gap shows where to look.", kind="limit")
    left_out(notes, finding)


def _gaps(finding: Finding, rows: Sequence[Row], column: str, name: str, at_least: float = 0.0) -> str:
    """Of these themes those with most conversations in a column, each with its count and a share; empty where there is no such
    column, or none with a count. Themes without the share have their count alone."""
    if column not in finding.columns:
        return ""
    place = finding.columns.index(column)
    reported = [row for row in rows if row.values[place].count is not None]
    reported.sort(key=lambda row: -(row.values[place].count or 0))
    parts = []
    for row in reported:
        found = measure(row, name)
        if found is not None and not found.value and not at_least:
            parts.append(f"“{row.label}” ({row.values[place].count:,})")
        elif found is not None and (found.value or 0) >= at_least:
            bound = "at least " if found.is_bound else ""
            shares = f"; {bound}{found.value} % {name}"
            parts.append(f"“{row.label}” ({row.values[place].count:,}{shares})")
        elif found is None and not at_least:
            parts.append(f"“{row.label}” ({row.values[place].count:,})")
    return ", ".join(parts[:SHOWN])


async def _graded_without_flags(notes: Notes) -> None:
    """Where the two cannot be set against each other: how much is flagged at all, and which themes are concerning and
    not flagged, where that is enough to be said."""
    scope = notes.task.scope
    if not scope.facets():
        unflagged = scope.model_copy(update={"concern_at_least": CONCERNING, "flagged": "no"})
        found = await notes.ask("cluster_scope", arguments(unflagged))
        if found is not None:
            text = f"About {found.totals[0]:,} conversations are graded as concerning and not flagged"
            rows = notes.fresh(named(found))
            notes.say(
                f"{text}, {mostly(rows[:SHOWN], found)} {listed(rows[:SHOWN])}"
                if rows
                else f"{text}, too scattered to name a theme",
                found,
                kind="answer",
            )
            left_out(notes, found)
        await _flagged_themes(notes)
    flagged = await notes.ask("count_by", arguments(scope, by="flagged")) if has_room(scope) else None
    if flagged is not None and (rows := named(flagged)):
        if rows[0].values[0].count == flagged.totals[0]:
            notes.say(f"Your classifier flagged too few of {flagged.totals[0]:,} conversations to show", flagged)
        else:
            notes.say(f"Your classifier: {listed(rows)}", flagged)


async def _flagged_themes(notes: Notes) -> None:
    """What the classifier flags, by theme: where such a theme is among those graded as concerning is for a reader to
    see, because the two cannot be set against each other here."""
    found = await notes.ask("cluster_scope", arguments(notes.task.scope.model_copy(update={"flagged": "yes"})))
    if found is not None and (rows := named(found)):
        shown = rows[:SHOWN]
        notes.say(f"Your classifier flags, {mostly(shown, found)}, {listed(shown)}", found, kind="answer")
