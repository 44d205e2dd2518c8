"""Recipes of the watch specialist: what is new or growing, how something develops, whether it was there before."""

from collections.abc import Sequence
from datetime import timedelta

import regex

from agent.roles.builtin.lead.steps import STEPS, longer_from
from agent.roles.builtin.recipe import Kind, Notes, arguments, beside, by_size, has_room, left_out, named, odds, stated
from agent.roles.builtin.sentences import sentence, what, word
from agent.roles.builtin.sentences import when as when_of
from index.vocabulary import UNCLEAR
from tools.core.finding import Finding, Row
from tools.core.scope import Scope
from tools.core.wording import WITH_NOISE

_GROWN = 2.0
_SURELY = 4.0
"""Odds, at the least, from which something is called new where anything is."""
_WITHOUT_ENDS = 4
"""Weeks from which on the first and the last, which may be a part of one, are not needed to tell of numbers."""
_FELL, _GREW = "fell", "grew"
"""Facets of the task where what became rarer, or grew, is asked for."""
_LISTED = 12
"""Months that are listed with their counts."""
_CHANGES = 2
"""Changes of level that are said, the latest; all of them are in the finding."""
_FEWEST = 2
"""Released buckets that a trend needs to be reported."""


async def new(notes: Notes) -> None:
    """What appeared or grew since a day; the largest of it by month, to see whether it lasts."""
    scope = notes.task.scope
    if scope.since is None:
        await trend(notes)
        return
    inner = scope.model_copy(update={"since": None, "until": None})
    period = {"since": scope.since.isoformat()} | ({"until": scope.until.isoformat()} if scope.until else {})
    finding = await notes.ask("emerging", arguments(inner, **period))
    if finding is None:
        return
    grew = notes.task.facet == _GREW
    # What grew at all, where that is the question; what at least doubled, where it is what is new.
    risen = notes.fresh([row for row in named(finding) if (odds(row) > 1 if grew else odds(row) >= _GROWN)])
    # Those that surely had the least before come first; the number of one that had some may hold that too.
    fresh = sorted([row for row in risen if row.values[-1].count is None], key=lambda row: -odds(row))
    fresh = [row for row in fresh if odds(row) >= _SURELY] or fresh
    grown = by_size([row for row in risen if row.values[-1].count is not None])
    spoken = notes.spoken
    when = finding.columns[0] if spoken == "English" else when_of(scope.since, scope.until, spoken)
    shrunk = notes.fresh([row for row in finding.rows if odds(row) <= 1 / _GROWN and row.label in _labels(finding)])
    gone = ", ".join(f"“{row.label}”" for row in shrunk[-notes.shown :])
    if notes.task.facet == _FELL:
        key, rows = ("shrunk", gone) if gone else ("none_shrunk", "")
        notes.tell(key, finding, kind="answer", when=when, rows=rows)
        left_out(notes, finding)
        return
    await _areas(notes, when)
    if grew and grown:
        notes.tell("grown", finding, kind="answer", when=when, rows=_rows(grown[:5]))
    elif grew and fresh:
        notes.tell("none_grew", finding, kind="answer", when=when)
    if fresh:
        kind: Kind = "support" if grew and grown else "answer"
        # Without numbers: those of the new period may hold the few that each had before.
        notes.tell("new", finding, kind=kind, when=when, rows=", ".join(f"“{row.label}”" for row in fresh[:5]))
    if grown and not grew:
        notes.tell("grown", finding, kind="support" if fresh else "answer", when=when, rows=_rows(grown[:5]))
    if not risen:
        slower = notes.fresh([row for row in named(finding) if odds(row) > 1])
        smaller = f": {_rows(slower[:4])}" if slower else ""
        notes.tell("none_grown", finding, kind="answer", when=when, smaller=smaller)
    if gone:
        notes.tell("shrunk", finding, when=when, rows=gone)
    left_out(notes, finding)
    await _largest_by_month(notes, finding, fresh or grown)


async def _areas(notes: Notes, when: str) -> None:
    """The subjects that are clearly more common since the day than before: a use may be spread over many small themes."""
    scope = notes.task.scope
    if not has_room(scope) or scope.field or scope.area or scope.since is None or notes.task.facet == _FELL:
        return
    before = scope.model_copy(update={"since": None, "until": scope.since - timedelta(days=1)})
    table = await notes.ask("compare", {"first": stated(scope), "second": stated(before), "by": "area"})
    if table is None:
        return
    more = [row for row in named(table) if odds(row) >= _GROWN and row.label != UNCLEAR]
    more.sort(key=lambda row: -(row.values[0].share or 0.0))
    if more:
        rows = ", ".join(beside(row, notes.spoken) for row in more[: notes.shown])
        notes.tell("new_areas", table, kind="answer", when=when, rows=rows)


def _labels(finding: Finding) -> set[str]:
    from tools.core.wording import UNNAMED

    return {row.label for row in finding.rows if row.label != UNNAMED}


def _rows(rows: Sequence[Row]) -> str:
    """Rows with their number in the new period and their share before and in it."""
    return ", ".join(_changed(row) for row in rows)


def _changed(row: Row) -> str:
    now, before = row.values[0], row.values[-1]
    share = f", {now.share} %" if before.share is None else f", {before.share} % before and {now.share} % now"
    return f"“{row.label}” ({now.count:,}{share})"


async def _largest_by_month(notes: Notes, finding: Finding, rows: Sequence[Row]) -> None:
    if not rows or not rows[0].id:
        return
    course = await notes.ask("trend", arguments(Scope(cluster=rows[0].id), by="month"))
    if course is None:
        return
    months = [row for row in course.rows if row.values[0].count is not None]
    if months:
        stated = ", ".join(f"{row.label}: {row.values[0].count:,}" for row in months[-4:])
        notes.say(f"“{rows[0].label}” by month: {stated}", finding, course)


async def trend(notes: Notes) -> None:
    """First, last and highest bucket, and where the level changes; in longer steps where the asked ones tell too little."""
    found = await _course(notes)
    if found is None:
        return
    finding, step = found
    rows = _reported(finding)
    if len(rows) < _FEWEST:
        values = {"step": word(step, notes.spoken), "what": what(notes.task.scope, notes.spoken)}
        counts = ", ".join(f"{row.label} ({row.values[0].count:,})" for row in rows)
        notes.tell("few_steps" if rows else "too_few_per_step", finding, kind="answer", rows=counts, **values)
        return
    is_part = len(finding.columns) == 2
    if step == "month" and len(rows) == len(finding.rows) == _FEWEST and not is_part:
        _changed_by(notes, finding, *rows)
        return
    if not is_part and step == "week" and len(rows) > _WITHOUT_ENDS:
        rows = rows[1:-1]
        notes.say("Partial first and last weeks are excluded.", kind="limit")
    peak = max(rows, key=lambda row: (row.values[0].share if is_part else row.values[0].count) or 0)
    first, last, highest = (_stated(row, notes.spoken, is_part=is_part) for row in (rows[0], rows[-1], peak))
    name = word(step, notes.spoken)
    measured = sentence("share_of_step" if is_part else "number_per_step", notes.spoken, step=name)
    whole = what(notes.task.scope, notes.spoken)
    ends = {"first": first, "last": last, "highest": highest}
    notes.tell("trend", finding, kind="answer", verdict=_direction(finding), what=whole, measured=measured, **ends)
    if step == "month" and len(rows) <= _LISTED:
        counts = ", ".join(f"{row.label}: {row.values[0].count:,}" for row in rows)
        notes.tell("by_step", finding, step=name, rows=counts)
    for note in [note for note in finding.notes if note.startswith(("change of level", "the second half"))][-_CHANGES:]:
        # Odds and intervals are in the finding.
        if note.startswith("the second half"):
            notes.tell(_HALVES[_half(note)], finding)
        else:
            notes.say(note.split(" (", 1)[0].replace("a bucket", f"a {step}"), finding)
    if len(_reported(finding)) < len(finding.rows):
        notes.say(
            f"{finding.suppressed.cells} cells by {step} are suppressed (below the privacy threshold, may be zero)",
            finding,
            kind="limit",
        )


def _changed_by(notes: Notes, finding: Finding, first: Row, last: Row) -> None:
    """By how much the second of two months differs from the first."""
    before, after = first.values[0].count or 0, last.values[0].count or 0
    values = {"before": f"{before:,}", "after": f"{after:,}", "first": first.label, "last": last.label}
    change = round(100 * abs(after - before) / before, 1)
    key = "change_less" if after < before else "change_more"
    notes.tell(key, finding, kind="answer", what=what(notes.task.scope, notes.spoken), change=str(change), **values)


_TIMES = regex.compile(r"(at least |at most )?([\d.]+) times the odds")


def _half(note: str) -> str:
    """The verdict on the second half against the first."""
    match = _TIMES.search(note)
    if match is None:
        return "verdict_level"
    return "verdict_down" if match[1] == "at most " or float(match[2]) < 1 else "verdict_up"


_HALVES = {"verdict_level": "half_same", "verdict_down": "half_less", "verdict_up": "half_more"}
"""The sentence that states a verdict on two halves."""
_LEVEL = 0.05
"""Change of a number, from one half of the time to the other, from which it is called growing or falling."""


def _direction(finding: Finding) -> str | None:
    """Whether a share clearly rose or fell; of a number, by how much its second half is above its first. None: too much is
    hidden, or noise is added, so that it cannot be said."""
    if note := next((note for note in finding.notes if note.startswith("the second half")), None):
        return _half(note)
    counts = [row.values[0].count for row in finding.rows]
    if any(note.startswith(WITH_NOISE) for note in finding.notes):
        return None  # the noise may be larger than the change
    if len(finding.columns) == 2 or None in counts or len(counts) < 2 * _FEWEST:
        return None
    middle = len(counts) // 2
    first, second = (sum(count or 0 for count in half) for half in (counts[:middle], counts[-middle:]))
    if abs(second - first) < _LEVEL * max(1, first):
        return "verdict_level"
    return "verdict_up" if second > first else "verdict_down"


async def _course(notes: Notes) -> tuple[Finding, str] | None:
    """The trend in the first steps, from the task's on, of which enough are released, with their name; None where it is refused."""
    found = None
    for step in longer_from(notes.task.facet if notes.task.facet in STEPS else "month"):
        if found is not None:
            text = f"Too few conversations per {found[1]}, so longer steps are shown"
            notes.say(text, found[0], kind="limit")
        finding = await notes.ask("trend", arguments(notes.task.scope, by=step))
        if finding is None:
            return None
        found = finding, step
        if len(_reported(finding)) >= _FEWEST:
            break
    return found


def _reported(finding: Finding) -> list[Row]:
    return [row for row in finding.rows if row.values[0].count is not None]


def _stated(row: Row, spoken: str, *, is_part: bool) -> str:
    """A bucket: the share and the number where a part of all is followed, because all of it grows too; else the number."""
    value = row.values[0]
    number = f"{value.share} % ({value.count:,})" if is_part else f"{value.count:,}"
    return sentence("in_step", spoken, number=number, step=row.label)


async def precedent(notes: Notes) -> None:
    """Which earlier snapshots held it, and under which themes."""
    finding = await notes.ask("precedent", arguments(notes.task.scope))
    if finding is None:
        return
    about = finding.scope.replace("“", "").replace("”", "")
    snapshots = [row for row in finding.rows if row.parent is None and row.values[0].count is not None]
    if snapshots:
        present = ", ".join(f"“{row.label}” ({row.values[0].count:,})" for row in snapshots)
        notes.say(f"Earlier snapshots already had {about}: {present}", finding, kind="answer")
    else:
        notes.say(
            f"No earlier snapshot shows {about}; small numbers would be hidden",
            finding,
            kind="answer",
        )
    under = [row for row in named(finding) if row.parent is not None]
    if under:
        themes = ", ".join(f"“{row.label}” ({row.values[0].count:,})" for row in under[:4])
        notes.say(f"Previously clustered as {themes}", finding)
    notes.say("Saved cases and snapshots that were not kept are not searched.", kind="limit")
