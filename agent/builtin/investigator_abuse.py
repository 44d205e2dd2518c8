"""Recipes of the abuse specialist: coordination, then gaps between grade and flag, then benign readings.

Size is no abuse, and a sign is no proof: every lead says which benign readings were weighed and what is unknown, and
recommends a review of themes and periods, never a list of accounts. What is called a sign needs a band or a burst.
"""

from collections.abc import Sequence

from agent.answer import LeadCard
from agent.builtin.recipe import SHOWN, Notes, arguments, by_size, left_out, listed, measure, named
from agent.roles import Claim
from tools.finding import Finding, Row
from tools.flag_gaps import FALSE, FLAGGED, MISSED
from tools.labels import UNNAMED
from tools.scope import Scope

_BURST_SHARE = 55.0
_FEW_WEEKS = 8
_BANDS = ("uniformity", "template", "synchrony", "concentration", "dedication")
_OVERALL = "coordination"
_MARKED = ("high", "very high")
_MOST_THEMES = 6
NOT_PROOF = "These are signs of coordination, not proof; a course, a news item or a shared prompt can read the same."


async def coordination(notes: Notes) -> None:
    """Size and accounts, bands of the whole and of its themes, weeks, the classifier's view, then benign readings; a lead
    card where signs stand. Without a phrase or a cluster every theme is screened."""
    scope = notes.task.scope
    if scope.near is None and scope.cluster is None:
        await _screened(notes)
        return
    near = await _near(notes)
    if near is None:
        return
    banded = await notes.ask("coordination", arguments(scope))
    themes = await notes.ask("coordination", arguments(scope, by="theme")) if scope.near is not None else None
    weeks = await notes.ask("trend", arguments(scope, by="week"))
    flagged = await notes.ask("count_by", arguments(scope, by="flagged")) if len(scope.facets()) < 2 else None
    signals = _bands(notes, banded) if banded is not None else []
    marked = _marked(themes) if themes is not None else []
    if themes is not None and marked:
        signals.append(_themes_told(notes, themes, marked))
    if weeks is not None and (burst := _burst(notes, weeks)):
        signals.append(burst)
    unflagged = _flags(notes, flagged) if flagged is not None else ""
    if not signals:
        bands = "the reading of its bands is not high" if banded is not None else "its bands could not be read"
        bursts = "no burst of weeks shows" if weeks is not None else "weeks could not be looked at"
        notes.say(
            f"Nothing {_what(notes)} stands out as one actor's work: {bands} and {bursts}",
            near,
            kind="answer",
        )
        return
    notes.say(NOT_PROOF, kind="answer")
    if themes is not None and marked:
        _lead(notes, themes, marked[:_MOST_THEMES], signals, unflagged)
    elif rows := named(near)[:4]:
        _lead(notes, near, rows, signals, unflagged)


def _what(notes: Notes) -> str:
    """Where a look is, in words: near a phrase, or here."""
    return f"near “{notes.task.scope.near}”" if notes.task.scope.near else "here"


def _begun(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


async def _near(notes: Notes) -> Finding | None:
    """What the look is at: themes near the phrase, or the scope itself clustered."""
    scope = notes.task.scope
    if scope.near is None:
        finding = await notes.ask("cluster_scope", arguments(scope))
    else:
        finding = await notes.ask(
            "search_topics", arguments(scope.model_copy(update={"near": None}), phrase=scope.near)
        )
    if finding is None:
        return None
    rows = named(finding)
    text = (
        f"About {finding.totals[0]:,} conversations lie near “{scope.near}”"
        if scope.near
        else f"About {finding.totals[0]:,} conversations are in question"
    )
    if rows:
        text += f", most in {_by_accounts(rows[:4])}"
    notes.say(text, finding)
    left_out(notes, finding)
    return finding


def _by_accounts(rows: Sequence[Row]) -> str:
    return ", ".join(f"“{row.label}” ({row.values[0].count:,} of about {row.accounts} accounts)" for row in rows)


def _bands(notes: Notes, finding: Finding) -> list[str]:
    """What the bands say of the scope as one group: a signal where the tool's reading of all is high."""
    (row,) = finding.rows[:1] or (None,)
    overall = measure(row, _OVERALL) if row is not None else None
    if row is None or overall is None or row.values[0].count is None:
        return []
    if overall.verdict not in _MARKED:
        alone = _high(row)
        note = f"only {alone}, which is no sign on its own" if alone else "no band above typical"
        notes.say(f"Taken as one group, what lies {_what(notes)} has {note}", finding)
        return []
    text = f"Taken as one group, what lies {_what(notes)} has a {overall.verdict} coordination reading: {_high(row)}"
    notes.say(text, finding, kind="answer")
    return [f"{text} [{finding.id}]."]


def _overall(row: Row) -> str:
    found = measure(row, _OVERALL)
    return found.verdict if found is not None else ""


def _high(row: Row) -> str:
    """The bands of a row that are high, in words."""
    found = [(name, item.verdict) for name in _BANDS if (item := measure(row, name)) is not None]
    return ", ".join(f"{name} {verdict}" for name, verdict in found if verdict in _MARKED)


def _marked(finding: Finding) -> list[Row]:
    """Themes whose reading of all bands is high, the strongest and largest first."""
    rows = [row for row in by_size(named(finding)) if _overall(row) in _MARKED]
    return sorted(rows, key=lambda row: -_MARKED.index(_overall(row)))


def _themes_told(notes: Notes, finding: Finding, marked: Sequence[Row]) -> str:
    """Which themes are marked, as an answer and as a signal of the card."""
    shown = notes.fresh(marked)[:_MOST_THEMES] or marked[:_MOST_THEMES]
    stated = "; ".join(
        f"{verdict} in {', '.join(f'“{row.label}”' for row in shown if _overall(row) == verdict)}"
        for verdict in reversed(_MARKED)
        if any(_overall(row) == verdict for row in shown)
    )
    text = f"Theme by theme, the reading of coordination is {stated}"
    notes.say(text, finding, kind="answer")
    return f"{text} [{finding.id}]."


async def _screened(notes: Notes) -> None:
    """Every theme of the scope against ordinary ones: what no phrase was known for can show here."""
    scope = notes.task.scope
    finding = await notes.ask("coordination", arguments(scope, by="theme"))
    if finding is None:
        return
    marked = _marked(finding)
    if not marked:
        notes.say(
            f"Of the themes of {_plain(finding.scope)}, none has a high reading of coordination", finding, kind="answer"
        )
        left_out(notes, finding)
        return
    signal = _themes_told(notes, finding, marked)
    notes.say(NOT_PROOF, kind="answer")
    left_out(notes, finding)
    _lead(notes, finding, marked[:_MOST_THEMES], [signal], "")


def _plain(text: str) -> str:
    return text.replace("“", "").replace("”", "")


def _burst(notes: Notes, weeks: Finding) -> str:
    """A burst: the three fullest weeks hold most of what is shown, although the index spans many weeks."""
    shown = [row for row in weeks.rows if row.values[0].count is not None]
    total = sum(row.values[0].count or 0 for row in shown)
    fullest = by_size(shown)[:3]
    most = sum(row.values[0].count or 0 for row in fullest)
    stated = ", ".join(f"{row.label} ({row.values[0].count:,})" for row in sorted(fullest, key=lambda row: row.label))
    if not shown:
        notes.say(f"No single week {_what(notes)} is large enough to show, which speaks against bursts", weeks)
        return ""
    if len(weeks.rows) >= _FEW_WEEKS and 100 * most / total >= _BURST_SHARE:
        text = f"{_begun(_what(notes))} there are signs of one hand at work: activity comes in bursts, the weeks of {stated} stand out, and most other weeks stay under the threshold"
        notes.say(text, weeks, kind="answer")
        return f"Bursts {_what(notes)}: the weeks of {stated} stand out [{weeks.id}]."
    notes.say(f"{_begun(_what(notes))} the weeks are steady; the fullest are {stated}", weeks)
    return ""


def _flags(notes: Notes, flagged: Finding) -> str:
    marked = flagged.row("flagged")
    if marked is not None and marked.values[0].count is not None:
        notes.say(f"The external classifier flagged {marked.values[0].share} % of those {_what(notes)}", flagged)
        return f"The external classifier flagged {marked.values[0].share} % of them [{flagged.id}]."
    notes.say(f"The external classifier flagged too few of those {_what(notes)} to state", flagged)
    return ""


def _lead(notes: Notes, near: Finding, rows: Sequence[Row], signals: Sequence[str], flags: str) -> None:
    """The lead card, on a claim of its own, so that striking the claim strikes the card."""
    themes = ", ".join(f"“{row.label}”" for row in rows[:2])
    where = f"The conversations {_what(notes)}, most in" if notes.task.scope.near else "Conversations such as those in"
    claim = f"{where} {themes}, show signs of one actor or one script at work [{near.id}]."
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
            "A tool, a course or a template that many people share: wording would be alike, accounts many and weeks follow its calendar; not ruled out.",
            "A season or a news item: bursts would show in related themes as well; not ruled out.",
            "Ordinary work in volume (an agency, a shop): accounts would be few and weeks steady.",
        ),
        unknown=(
            "Whether the accounts belong together, who they are, and what was done with the replies: no aggregate can say.",
            "Whether the requests were granted in full, and what the assistant wrote.",
        ),
        purpose="To establish whether the accounts behind these themes act together, and in breach of policy.",
        scope=f"The themes named above{period}, in the periods that stand out; a sample drawn under the review's own rules, no further themes.",
        necessity="Aggregates show signs and cannot tell a ring from a shared template; a review is called for only if the signs, weighed against the benign readings, would lead to action.",
    )
    notes.claims.append(Claim(text=claim, findings=(near.id,), lead=card))


async def concern(notes: Notes) -> None:
    """Grades, then the themes of what is graded as concerning."""
    scope = notes.task.scope
    if len(scope.facets() - {"concern"}) < 2:
        graded = await notes.ask("count_by", arguments(scope, by="concern"))
        if graded is not None:
            rows = [row for row in graded.rows if row.values[0].count is not None]
            stated = ", ".join(f"grade {row.label} is {row.values[0].share} %" for row in rows)
            notes.say(f"By concern grade, from benign up: {stated}", graded)
    found = await notes.ask(
        "cluster_scope", arguments(scope.model_copy(update={"concern_at_least": scope.concern_at_least or 3}))
    )
    if found is None:
        return
    themes = notes.fresh(named(found))
    if themes:
        notes.say(f"Graded as concerning are mostly {listed(themes[:SHOWN])}", found, kind="answer")
        notes.say("A grade is an opinion about the request; fiction, study and defence are graded alike.", kind="limit")
    else:
        notes.say("What is graded as concerning forms no theme that is large enough to name", found, kind="answer")
    left_out(notes, found)


async def flag_gaps(notes: Notes) -> None:
    """Themes that are concerning and not flagged, and flagged and not concerning."""
    scope = notes.task.scope
    finding = await notes.ask("flag_gaps", arguments(scope))
    if finding is None:
        await _graded_without_flags(notes)
        return
    rows = notes.fresh([row for row in finding.rows if row.label != UNNAMED])
    missed = _gaps(finding, rows, MISSED, "not flagged")
    if missed:
        notes.say(f"Concerning and not flagged: {missed}", finding, kind="answer")
    for name in (FALSE, FLAGGED):
        if wrong := _gaps(finding, rows, name, "flagged in error", at_least=50.0):
            notes.say(f"Flagged although mostly not concerning: {wrong}", finding)
    if not missed and not any(row.values[0].count for row in rows):
        notes.say("No theme is large enough on both sides to show a gap between grade and flag", finding, kind="answer")
    for note in finding.notes:
        if note.startswith("of what is"):
            notes.say(note.capitalize(), finding)
        if note.endswith("all themes together"):
            notes.say(f"Of {finding.scope}, {note}, and each share is a lower bound", finding, kind="limit")
    notes.say(
        "Where grade and flag disagree, either may be wrong; a gap says where to look, not who is right.", kind="limit"
    )
    left_out(notes, finding)


def _gaps(finding: Finding, rows: Sequence[Row], column: str, name: str, at_least: float = 0.0) -> str:
    """Of these themes those with most conversations in a column, each with its count and a share; empty where there is no such
    column, or none with a count. Themes without the share are told by their count."""
    if column not in finding.columns:
        return ""
    place = finding.columns.index(column)
    told = [row for row in rows if row.values[place].count is not None]
    told.sort(key=lambda row: -(row.values[place].count or 0))
    parts = []
    for row in told:
        found = measure(row, name)
        if found is not None and (found.value or 0) >= at_least:
            bound = "at least " if found.is_bound else ""
            shares = f"; {bound}{found.value} % {name}, {found.low} to {found.high} %"
            parts.append(f"“{row.label}” ({row.values[place].count:,}{shares})")
        elif found is None and not at_least:
            parts.append(f"“{row.label}” ({row.values[place].count:,})")
    return ", ".join(parts[:SHOWN])


async def _graded_without_flags(notes: Notes) -> None:
    """Where the two cannot be set against each other: how much is flagged at all, and which themes are concerning and
    not flagged, where that is enough to be said."""
    scope = notes.task.scope
    if not scope.facets():
        unflagged = scope.model_copy(update={"concern_at_least": 3, "flagged": "no"})
        found = await notes.ask("cluster_scope", arguments(unflagged))
        if found is not None:
            text = f"About {found.totals[0]:,} conversations are graded as concerning and not flagged"
            rows = notes.fresh(named(found))
            notes.say(
                f"{text}, mostly {listed(rows[:SHOWN])}"
                if rows
                else f"{text}; no theme of them is large enough to name",
                found,
                kind="answer",
            )
            left_out(notes, found)
        await _flagged_themes(notes)
    flagged = await notes.ask("count_by", arguments(scope, by="flagged")) if len(scope.facets()) < 2 else None
    if flagged is not None and (rows := named(flagged)):
        notes.say(f"By the external classifier: {listed(rows)}", flagged)


async def _flagged_themes(notes: Notes) -> None:
    """What the classifier flags, by theme: where such a theme is among those graded as concerning is for a reader to
    see, because the two cannot be set against each other here."""
    found = await notes.ask("cluster_scope", arguments(notes.task.scope.model_copy(update={"flagged": "yes"})))
    if found is not None and (rows := named(found)):
        notes.say(f"The classifier flags mostly {listed(rows[:SHOWN])}", found, kind="answer")
