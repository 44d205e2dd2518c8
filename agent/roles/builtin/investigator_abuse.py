"""Recipes of the abuse specialist: coordination, what is graded as concerning, and benign readings.

Size is no abuse, and a sign is no proof: every lead says which benign readings were weighed and what is unknown, and
recommends a review of themes and periods, never a list of accounts. What is called a sign needs a band or a burst.
"""

from collections.abc import Sequence

from agent.core.answer import LeadCard
from agent.roles.builtin.recipe import (
    CONCERNING,
    SHOWN,
    Kind,
    Notes,
    area_named,
    arguments,
    by_size,
    has_room,
    left_out,
    listed,
    measure,
    mostly,
    named,
    themes_in,
    unquoted,
)
from agent.roles.builtin.sentences import sentence, what, word
from agent.roles.protocols import Claim
from tools.core.finding import Finding, Row
from tools.core.scope import Scope

_BURST_SHARE = 55.0
_FEW_WEEKS = 8
_BANDS = ("uniformity", "template", "synchrony", "concentration", "dedication")
_OVERALL = "coordination"
_MARKED = ("high", "very high")
MOST_THEMES = 4
_SIGNALS = 2


async def coordination(notes: Notes) -> None:
    """Size, bands of the whole and of its themes, weeks, the classifier's view, then benign readings; a lead card where
    signs stand. Without a phrase or a cluster every theme is screened."""
    scope = notes.task.scope
    if scope.near is None and scope.cluster is None:
        await _screened(notes)
        return
    near = await _near(notes)
    if near is None:
        return
    banded = await notes.ask("coordination", arguments(scope))
    themes = await notes.ask("coordination", arguments(scope, by="theme"))
    weeks = await notes.ask("trend", arguments(scope, by="week"))
    flagged = await notes.ask("count_by", arguments(scope, by="flagged")) if has_room(scope) else None
    whole = _whole(notes, near, banded, weeks)
    marked = marked_of(themes) if themes is not None else []
    signals = [text for text in (whole, tell_marked(notes, themes, marked) if themes and marked else "") if text]
    unflagged = _flags(notes, flagged) if flagged is not None else ""
    if not signals:
        return
    notes.tell("not_proof", kind="answer")
    if themes is not None and marked:
        lead_of(notes, themes, marked[:MOST_THEMES], signals, unflagged)
    elif scope.near is not None and (rows := named(near)[:4]):
        lead_of(notes, near, rows, signals, unflagged)


def _what(notes: Notes) -> str:
    """Where a look is, in words behind "conversations": near a phrase, or those the question is about."""
    return f"near “{notes.task.scope.near}”" if notes.task.scope.near else "in question"


async def _near(notes: Notes) -> Finding | None:
    """What the look is at: themes near the phrase, or how many are in question."""
    scope = notes.task.scope
    if scope.near is None:
        finding = await notes.ask("count_by", arguments(scope, by="month"))
    else:
        finding = await notes.ask(
            "search_topics", arguments(scope.model_copy(update={"near": None}), phrase=scope.near)
        )
    if finding is not None:
        left_out(notes, finding)
    return finding


def _whole(notes: Notes, near: Finding, banded: Finding | None, weeks: Finding | None) -> str:
    """What bands and weeks say of the scope as one group, as a claim, and as a signal of the card where one is a sign."""
    signs = list(filter(None, (_reading(banded), _bursts(weeks))))
    cited = [near, *(finding for finding in (banded, weeks) if finding is not None)]
    about = f"About {near.totals[0]:,} conversations {_what(notes)}"
    if signs:
        text = f"{about} {' and '.join(signs)}"
        notes.say(text, *cited, kind="answer")
        return f"{text} [{', '.join(finding.id for finding in cited)}]."
    rows = named(near)[:3] if notes.task.scope.near else []
    where = f", {mostly(rows, near)} in {by_accounts(rows, 'English')}" if rows else ""
    notes.say(
        f"{about} show no signs of one operator: {_unread(banded)} and {_steady(weeks)}{where}",
        *cited,
        kind="answer",
    )
    return ""


def by_accounts(rows: Sequence[Row], spoken: str) -> str:
    """Rows with their conversations and accounts."""
    return ", ".join(
        sentence("by_accounts", spoken, label=row.label, count=f"{row.values[0].count:,}", accounts=row.accounts)
        for row in rows
    )


def _reading(finding: Finding | None) -> str:
    """A sign: the tool's reading of all bands of the scope as one group is high."""
    (row,) = (finding.rows[:1] if finding is not None else ()) or (None,)
    if row is None or row.values[0].count is None or _overall(row) not in _MARKED:
        return ""
    return f"have, as one group, a {_overall(row)} coordination reading ({_high(row)})"


def _unread(finding: Finding | None) -> str:
    """Why bands are no sign."""
    if finding is None or not finding.rows or finding.rows[0].values[0].count is None:
        return "too few conversations to read signs of coordination"
    alone = _high(finding.rows[0])
    return f"only {alone}, which is no sign on its own," if alone else "no band is above typical"


def _overall(row: Row) -> str:
    found = measure(row, _OVERALL)
    return found.verdict if found is not None else ""


def _high(row: Row) -> str:
    """The bands of a row that are high, in words."""
    found = [(name, item.verdict) for name in _BANDS if (item := measure(row, name)) is not None]
    return ", ".join(f"{name} {verdict}" for name, verdict in found if verdict in _MARKED)


def marked_of(finding: Finding) -> list[Row]:
    """Themes whose reading of all bands is high, the strongest and largest first."""
    rows = [row for row in by_size(named(finding)) if _overall(row) in _MARKED]
    return sorted(rows, key=lambda row: -_MARKED.index(_overall(row)))


def signals_of(finding: Finding, marked: Sequence[Row]) -> list[str]:
    """The bands of the strongest themes, which say what kind of sign it is."""
    return [f"“{row.label}” has {_high(row)} [{finding.id}]." for row in marked[:_SIGNALS] if _high(row)]


def tell_marked(notes: Notes, finding: Finding, marked: Sequence[Row]) -> str:
    """Which themes are marked, as an answer and as a signal of the card."""
    shown = notes.fresh(marked)[:MOST_THEMES] or marked[:MOST_THEMES]
    spoken = notes.spoken
    by_band = {band: [row for row in shown if _overall(row) == band] for band in reversed(_MARKED)}
    stated = "; ".join(
        sentence("band_in", spoken, band=word(band, spoken), rows=by_accounts(rows, spoken))
        for band, rows in by_band.items()
        if rows
    )
    where = what(notes.task.scope, notes.spoken)
    return notes.tell(
        "coordinated", finding, kind="answer", where=f"of {where}" if notes.spoken == "English" else where, rows=stated
    )


_MOSTLY_SCREENED = 20
"""Percent that no theme shows from which on a screen without a sign is no all-clear."""


def tell_unmarked(notes: Notes, finding: Finding, kind: Kind = "support") -> None:
    """That no theme is marked, and where much could not be screened, that this is no all-clear."""
    where, hidden = what(notes.task.scope, notes.spoken), finding.suppressed.share
    if hidden >= _MOSTLY_SCREENED:
        notes.tell("partly_screened", finding, kind=kind, what=where, share=f"{hidden}")
    else:
        notes.tell("not_coordinated", finding, kind=kind, what=where)


async def _screened(notes: Notes) -> None:
    """Every theme of the scope against ordinary ones: what no phrase was known for can show here."""
    scope = notes.task.scope
    finding = await notes.ask("coordination", arguments(scope, by="theme"))
    if finding is None:
        return
    marked = marked_of(finding)
    if notes.task.facet == "concentration":
        _concentrated(notes, finding)
        return
    if not marked:
        tell_unmarked(notes, finding, kind="answer")
        left_out(notes, finding)
        return
    tell_marked(notes, finding, marked)
    await _area_of(notes, marked[0])
    notes.tell("not_proof", kind="answer")
    left_out(notes, finding)
    lead_of(notes, finding, marked[:MOST_THEMES], signals_of(finding, marked), "")


async def _area_of(notes: Notes, row: Row) -> None:
    """All of the area of the strongest theme, because one operator's work lies in several themes: from how many accounts it
    comes, and when, where it came in bursts."""
    area = area_named(row.label)
    if area is None:
        return
    scope = notes.task.scope.model_copy(update={"area": area})
    every = await notes.ask("coordination", arguments(scope))
    whole = every.rows[0] if every is not None and every.rows else None
    if every is None or whole is None or whole.accounts is None:
        return
    values = {"area": area, "count": f"{every.totals[0]:,}", "accounts": f"{whole.accounts:,}"}
    notes.tell("coordinated_area", every, kind="answer", **values)
    weeks = await notes.ask("trend", arguments(scope, by="week"))
    if weeks is not None and (fullest := _fullest(weeks)):
        notes.tell("area_weeks", weeks, area=area, rows=_by_week(fullest))


def _concentrated(notes: Notes, finding: Finding) -> None:
    """The themes in which few accounts dominate, by the band of their concentration."""
    bands = {row.label: found.verdict for row in named(finding) if (found := measure(row, "concentration")) is not None}
    high = [row for row in by_size(named(finding)) if bands.get(row.label) in _MARKED][:SHOWN]
    if high:
        stated = ", ".join(
            f"“{row.label}” ({bands[row.label]}; {row.values[0].count:,} of about {row.accounts} accounts)"
            for row in high
        )
        notes.say(f"Few accounts make much of these themes: {stated}", finding, kind="answer")
    else:
        notes.say("In no theme that can be shown do few accounts make most conversations", finding, kind="answer")


def _bursts(weeks: Finding | None) -> str:
    """A sign: the three fullest weeks hold most of what is shown, although the index spans many weeks."""
    fullest = _fullest(weeks)
    if not fullest:
        return ""
    stated = _by_week(fullest)
    reported = f"the week of {stated} stands out" if len(fullest) == 1 else f"the weeks of {stated} stand out"
    return f"come in bursts: {reported}, most other weeks are below the threshold"


def _fullest(weeks: Finding | None) -> list[Row]:
    """The three fullest weeks, in their order, where they hold most of what is shown although the index spans many weeks."""
    shown = _weeks(weeks)
    fullest = by_size(shown)[:3]
    total, most = (sum(row.values[0].count or 0 for row in rows) for rows in (shown, fullest))
    if weeks is None or not shown or len(weeks.rows) < _FEW_WEEKS or 100 * most / total < _BURST_SHARE:
        return []
    return sorted(fullest, key=lambda row: row.label)


def _by_week(rows: Sequence[Row]) -> str:
    return ", ".join(f"{row.label} ({row.values[0].count:,})" for row in rows)


def _steady(weeks: Finding | None) -> str:
    """Why weeks are no sign."""
    if weeks is None:
        return "no weekly counts"
    return "no burst in any week" if _weeks(weeks) else "every week is below the threshold"


def _weeks(weeks: Finding | None) -> list[Row]:
    return [row for row in weeks.rows if row.values[0].count is not None] if weeks is not None else []


def _flags(notes: Notes, flagged: Finding) -> str:
    marked = flagged.row("flagged")
    if marked is not None and marked.values[0].count is not None:
        notes.say(f"Your classifier flagged {marked.values[0].share} % of the conversations {_what(notes)}", flagged)
        return f"Your classifier flagged {marked.values[0].share} % of them [{flagged.id}]."
    notes.say("How many of them your classifier flagged is suppressed", flagged, kind="limit")
    return ""


def lead_of(notes: Notes, near: Finding, rows: Sequence[Row], signals: Sequence[str], flags: str) -> None:
    """The lead card, on a claim of its own, so that removing the claim removes the card."""
    themes = ", ".join(f"“{row.label}”" for row in rows[:2])
    near_one = f"The conversations {_what(notes)}, {mostly(rows[:2], near)} in"
    where = near_one if notes.task.scope.near else "Conversations such as those in"
    claim = f"{where} {themes}, show signs of one operator or one script [{near.id}]."
    scope = notes.task.scope.model_copy(update={"near": None})
    period = f" {scope.short()}" if scope != Scope() else ""
    card = LeadCard(
        claim=claim,
        clusters=tuple(
            f"“{row.label}”{f' ({row.id})' if row.id else ''}: {row.values[0].count:,} conversations of about {row.accounts} accounts [{near.id}]."
            for row in rows
        ),
        signals=(*signals, *([flags] if flags else [])),
        benign=(
            "A tool, a course or a template that many people share: similar wording, many accounts, weeks that follow its calendar. Not ruled out.",
            "A season or a news item: bursts in related themes too. Not ruled out.",
            "Ordinary work in volume (an agency, a shop): few accounts, steady weeks.",
        ),
        unknown=(
            "Whether the accounts belong together, who they are, and what was done with the replies. No aggregate shows this.",
            "Whether the requests were fully answered, and what the assistant wrote.",
        ),
        purpose="To decide whether the accounts behind these themes act together and break the policy.",
        scope=f"The themes named above{period}, in the periods that stand out [{near.id}]. Draw a sample under the review's own rules, and open no other themes.",
        necessity="Escalate only if these signs would be enough to act on. Aggregates cannot separate a ring from a shared template.",
    )
    notes.claims.append(Claim(text=claim, findings=(near.id,), lead=card))


async def concern(notes: Notes) -> None:
    """Grades, then the themes of what is graded as concerning."""
    scope = notes.task.scope
    graded = None
    if len(scope.facets() - {"concern"}) < 2:
        graded = await notes.ask("count_by", arguments(scope, by="concern"))
    rows = [row for row in graded.rows if row.values[0].count is not None] if graded is not None else []
    concerning = scope.model_copy(update={"concern_at_least": scope.concern_at_least or CONCERNING})
    looked = await themes_in(notes, concerning)
    if graded is not None and rows and looked is None:
        # Without shares: beside what is suppressed they would read as if there were nothing else.
        grades = ", ".join(f"{row.values[0].count:,} are of grade {row.label}" for row in rows)
        about = f"Of about {graded.totals[0]:,} {unquoted(scope.described())}, {grades}"
        notes.say(f"{about}; how many are graded as concerning is hidden", graded, kind="answer")
    elif graded is not None and len(rows) > 1:
        stated = ", ".join(f"grade {row.label} is {row.values[0].share} %" for row in rows)
        notes.say(f"Of {unquoted(graded.scope)}, by concern grade from benign up: {stated}", graded)
    if looked is None:
        return
    found, themes = looked
    shown = themes[:SHOWN]
    rows_in = sentence("mostly_in", notes.spoken, mostly=mostly(shown, found), rows=listed(shown)) if shown else ""
    count, whole = f"{found.totals[0]:,}", what(scope, notes.spoken, every=False)
    in_rows = rows_in or sentence("scattered", notes.spoken)
    notes.tell("concerning", found, kind="answer", count=count, what=whole, rows=in_rows)
    notes.say("A grade is an opinion about the request. Fiction, study and defence get the same grades.", kind="limit")
    left_out(notes, found)
