"""The built-in writer: sets audited claims out as an answer an analyst can lift into a report.

It writes from claims and findings alone and adds no fact that they do not state; its confidence follows written rules
that it says aloud. It says plainly that no model ran.
"""

from collections.abc import Collection, Iterator, Sequence

import regex

from agent.core.answer import Confidence, Draft, LeadCard
from agent.grounding.verify import HANDLE
from agent.roles.builtin.recipe import stated, unquoted
from agent.roles.builtin.sentences import SPOKEN, figures, sentence, what, word
from agent.roles.protocols import Claim, Evidence, OnDelta
from index.vocabulary import LANGUAGES
from tools.core.finding import Finding
from tools.core.scope import Scope
from tools.core.wording import GRADED_BY_RULES, UNNAMED, WITH_NOISE, is_fallback

_BULLETS = 5
_ANSWERS = 3
_MUCH = 30.0
"""Share (percent) outside clusters or suppressed from which confidence falls."""
_SOME = 10.0
"""The same from which it is not high."""
_OF = "Of "
"""How a limit of one finding begins; one line here gives those of all findings."""
_LIMITS = 2
"""Limits that are said with an answer, and findings whose suppressed part is."""
_ID = regex.compile(r" \((\w+)\)")
_THEMES = ("overview", "cluster_scope", "search_topics", "drill_down", "emerging")
"""Tools whose suppressed share says how much of the themes is missing."""
_WIDE = 3.0
"""Ratio of an interval's ends from which confidence falls."""


class BuiltinWriter:
    """Writes the same answer for the same evidence."""

    async def write(self, evidence: Evidence, problems: Sequence[str], on_delta: OnDelta) -> Draft:
        bad = {problem.split(": ", 1)[-1] for problem in problems}
        claims = [claim for claim in evidence.claims if not any(sentence in claim.text for sentence in bad)]
        draft = _draft(evidence, claims)
        on_delta(draft.answer)
        return draft


def _draft(evidence: Evidence, claims: Sequence[Claim]) -> Draft:
    spoken = evidence.spoken if evidence.spoken in SPOKEN else "English"
    reported = [claim for claim in claims if claim.kind != "limit" and claim.lead is None and claim.spoken == spoken]
    reported = [*_weighed(evidence, spoken), *reported]
    answers = [claim for claim in reported if claim.kind == "answer"] or reported[:1]
    chosen = _chosen(answers)
    level, reason = _confidence(evidence, claims)
    is_english = spoken == "English"
    words = sentence("confidence", spoken, level=sentence(level, spoken))
    return Draft(
        answer=" ".join(claim.text for claim in chosen) or _nothing(evidence, spoken),
        findings=(*(claim.text for claim in _unique(reported) if claim not in chosen),)[:_BULLETS]
        + _hidden(claims, chosen),
        confidence=level,
        reason=" ".join([*([reason] if is_english else []), *evidence.unread]),
        left_out=tuple(_left_out(evidence, claims, spoken)),
        leads=tuple(_leads(claims)),
        suggestions=tuple(_next_questions(evidence))[:4],
        byline=sentence("built_in", spoken),
        headings=("", "") if is_english else (words, sentence("suppressed", spoken)),
    )


def _hidden(claims: Sequence[Claim], chosen: Sequence[Claim]) -> tuple[str, ...]:
    """What was asked too and is hidden, beside what is answered."""
    found = [claim.text for claim in _unique([claim for claim in claims if claim.is_hidden])]
    return tuple(found[:_LIMITS]) if chosen else ()


def _nothing(evidence: Evidence, spoken: str) -> str:
    if evidence.failures and not evidence.claims:
        return "No answer: its tasks did not finish."
    closed = _unique([claim for claim in evidence.claims if claim.is_hidden])
    if closed:
        return closed[0].text
    if any(claim.kind == "limit" for claim in evidence.claims):
        return "This index cannot answer the question; the reasons are below."
    return sentence("hidden", spoken)


def _chosen(answers: Sequence[Claim]) -> list[Claim]:
    """At most three sentences: those of different findings in their order, the last place kept for a caveat of theirs."""
    unique = _unique(answers)
    caveat = next((claim for claim in unique if not claim.findings), None)
    found: list[Claim] = []
    for claim in unique:
        # The first finding is what a claim is about; the others are what it is a share of, or stands beside.
        is_new = claim.findings and claim.findings[0] not in {handle for other in found for handle in other.findings}
        if is_new and len(found) < _ANSWERS - (caveat is not None):
            found.append(claim)
    return found if caveat is None else sorted([*found, caveat], key=unique.index)


def _weighed(evidence: Evidence, spoken: str) -> Iterator[Claim]:
    """Which of two scopes that were counted side by side has more, where the numbers differ by more than the smallest count that is
    let out: less may be rounding."""
    scopes = [task.scope for task in evidence.tasks if task.focus == "size"]
    counted = [(scope, finding) for scope in scopes for finding in evidence.findings if _counts(finding, scope)]
    if len(scopes) != 2 or len(counted) != 2 or _is_part(*scopes) or _is_part(*scopes[::-1]):
        return
    (more, most), (_, fewer) = sorted(counted, key=lambda item: -item[1].totals[0])
    if most.totals[0] - fewer.totals[0] < evidence.least:
        return
    count, other = f"{most.totals[0]:,}", f"{fewer.totals[0]:,}"
    text = figures(sentence("weighed", spoken, what=what(more, spoken, every=False), count=count, other=other), spoken)
    handles = (most.id, fewer.id)
    yield Claim(text=f"{text} [{', '.join(handles)}].", findings=handles, kind="answer", spoken=spoken)


def _is_part(scope: Scope, whole: Scope) -> bool:
    """Whether a scope restricts by all that another does, so that it is a part of it."""
    return stated(whole).items() <= stated(scope).items()


def _counts(finding: Finding, scope: Scope) -> bool:
    """Whether a finding counts a scope without noise, which may be larger than the difference of two counts."""
    if any(note.startswith(WITH_NOISE) for note in finding.notes):
        return False
    return finding.tool == "count_by" and finding.title.endswith("by month") and finding.scope == scope.describe()


def _unique(claims: Sequence[Claim]) -> list[Claim]:
    """Claims without those whose words were said before, handles aside ("not proof" is said once)."""
    found: dict[str, Claim] = {}
    for claim in claims:
        found.setdefault(HANDLE.sub("", claim.text), claim)
    return list(found.values())


def _leads(claims: Sequence[Claim]) -> list[LeadCard]:
    """One card for each set of themes that touch: what other looks found of the same themes joins its signals."""
    found: list[LeadCard] = []
    for lead in (claim.lead for claim in claims if claim.lead is not None):
        place = next((at for at, card in enumerate(found) if _themes(card) & _themes(lead)), None)
        if place is None:
            found.append(lead)
            continue
        earlier = found[place]
        clusters = (*earlier.clusters, *(line for line in lead.clusters if _theme(line) not in _themes(earlier)))
        signals = tuple(dict.fromkeys([*earlier.signals, *lead.signals]))
        found[place] = earlier.model_copy(update={"clusters": clusters, "signals": signals})
    return found


def _theme(line: str) -> str:
    """The theme that a line of a card begins with: by its id where that stands there, because a theme may bear a shorter
    name in one scope than in another."""
    label, _, rest = line.partition("”")
    identity = _ID.match(rest)
    return identity[1] if identity else label


def _themes(card: LeadCard) -> set[str]:
    return {_theme(line) for line in card.clusters} or {card.claim}


def _confidence(evidence: Evidence, claims: Sequence[Claim]) -> tuple[Confidence, str]:
    """High unless something speaks against it; low where parts are missing or nothing was found."""
    found = [claim for claim in claims if claim.kind != "limit"]
    if not found:
        return "none", "No finding supports an answer."
    if evidence.findings and not any(map(_shows, evidence.findings)):
        return "none", "Everything that was found is suppressed."
    grave = ["Part of the work was not done."] if evidence.failures else []
    answering = {handle for claim in claims if claim.kind == "answer" for handle in claim.findings}
    doubts = list(_doubts(evidence, answering))
    if grave or len(doubts) > 2 or (evidence.unread and doubts):
        return "low", " ".join([*grave, *doubts[:3]])
    if evidence.unread:
        return "moderate", ""
    if doubts:
        return "moderate", " ".join(doubts)
    answers = [finding for finding in evidence.findings if finding.id in answering]
    most = max(answers, key=lambda finding: finding.suppressed.share, default=None)
    if most is not None and most.suppressed.share >= _SOME:
        return "moderate", _too_small(most)
    return "high", "Little is suppressed."


def _too_small(finding: Finding) -> str:
    """What a finding could not show. It names the table, because a share of the subject would read as if all were hidden."""
    return f"{finding.suppressed.share} % of the table are groups too small to show [{finding.id}]."


def _shows(finding: Finding) -> bool:
    return any(value.count is not None or value.share is not None for row in finding.rows for value in row.values)


def _doubts(evidence: Evidence, answering: Collection[str]) -> Iterator[str]:
    """What speaks against the answer. `answering`: the findings that it rests on itself; a trend beside it may be hidden."""
    cited = evidence.findings
    if outside := [finding for finding in cited if (finding.outside or 0.0) >= _MUCH]:
        finding = max(outside, key=lambda item: item.outside or 0.0)
        yield f"{finding.outside} % of {unquoted(finding.scope)} are unclustered, so themes show only a part [{finding.id}]."
    counted = [
        finding
        for finding in cited
        if finding.tool in (*_THEMES, "compare") or (finding.tool in ("trend", "count_by") and finding.id in answering)
    ]
    if suppressed := [finding for finding in counted if finding.suppressed.share >= _MUCH]:
        finding = max(suppressed, key=lambda item: item.suppressed.share)
        yield _too_small(finding)
    if any(finding.id in answering and _is_nearly_all(finding) for finding in cited):
        yield "Of one number only that it is nearly all of its total can be shown."
    themes = [row.label for finding in cited if finding.tool in _THEMES for row in finding.rows if row.id]
    if any(map(is_fallback, themes)):
        yield "Some themes have no fitting name; they show phrases or their language instead."
    if any(task.focus in ("coordination", "concern", "flag_gaps") for task in evidence.tasks):
        yield "Signs of abuse come from aggregates, and benign readings were not ruled out."
    if any(task.focus == "sought" for task in evidence.tasks):
        yield "A search for misuse finds only what is large enough to show."
    if any(GRADED_BY_RULES in finding.notes for finding in cited):
        yield "Grades are by built-in rules, which know English best."
    if any(task.focus == "map" for task in evidence.tasks):
        yield "Distances on a map are approximate."
    if any(task.scope.field or task.scope.area for task in evidence.tasks):
        yield "A field or an area is a label given by likeness; some conversations of the subject bear another one."
    if any(task.scope.near for task in evidence.tasks):
        yield "Nearness to a phrase depends on its wording."
    languages = {task.scope.language for task in evidence.tasks} - {None, "English"}
    if unknown := sorted(filter(None, languages - LANGUAGES)):
        yield f"The encoder does not know {' or '.join(unknown)}."
    if any(_is_wide(finding) for finding in cited):
        yield "Some of the intervals are wide."


def _is_nearly_all(finding: Finding) -> bool:
    """Whether a count by a facet shows one value, which stands for the total."""
    shown = [row.values[0].count for row in finding.rows if len(row.values) == 1]
    return finding.tool == "count_by" and shown == [finding.totals[0]] and bool(finding.suppressed.groups)


def _is_wide(finding: Finding) -> bool:
    clear = [
        item
        for row in finding.rows
        for item in row.measures
        if item.name == "odds ratio" and item.verdict not in ("", "no clear difference")
    ]
    wide = [item for item in clear if item.low and item.high and item.high / item.low > _WIDE]
    return bool(clear) and 2 * len(wide) > len(clear)


_CITED = regex.compile(r"\s*\[F[^\]]*\](?=\.?$)")


def _left_out(evidence: Evidence, claims: Sequence[Claim], spoken: str) -> Iterator[str]:
    """One line: what is suppressed and unclustered in the findings that are cited, and, in English, the limits."""
    cited = {handle for claim in claims if claim.kind != "limit" for handle in claim.findings}
    parts = []
    for finding in evidence.findings:
        said = []
        if finding.suppressed.groups and finding.shape != "map" and not finding.title.endswith("by month"):
            share = f" ({finding.suppressed.share} %)" if finding.suppressed.share else ""
            many = finding.suppressed.groups
            said.append(f"{many} {word('group' if many == 1 else 'groups', spoken)}{share}")
        if finding.outside and finding.tool in _THEMES:
            said.append(f"{finding.outside} % {word('unclustered', spoken)}")
        if said and finding.id in cited:
            parts.append(f"{', '.join(said)} [{finding.id}]")
    limits = dict.fromkeys(
        claim.text
        for claim in claims
        if claim.kind == "limit" and not claim.is_hidden and claim.spoken == spoken and not claim.text.startswith(_OF)
    )
    others = list(limits)[:_LIMITS]
    text = " ".join([*([f"{'; '.join(parts[: _LIMITS + 1])}."] if parts else []), *others])
    if text:
        yield figures(text, spoken)


def _next_questions(evidence: Evidence) -> Iterator[str]:
    """Questions that the built-in lead understands, about what was named and not yet looked at."""
    done = {task.focus for task in evidence.tasks}
    wording = " ".join(claim.text for claim in evidence.claims)
    rows = [
        row
        for finding in evidence.findings
        for row in finding.rows
        if row.id and row.label != UNNAMED and f"“{row.label}”" in wording
    ]
    if rows and "drill" not in done:
        yield f"Open “{rows[0].label}”"
    if rows and "trend" not in done:
        yield f"How has “{rows[0].label}” developed over time?"
    if done & {"coordination", "concern"} and "flag_gaps" not in done:
        yield "What is concerning but not flagged?"
    if not done & {"coordination", "coverage"}:
        yield "Where are the coverage gaps?"
    if "breakdown" not in done:
        yield "Which languages are used most?"
    if done & {"coordination", "new"}:
        yield "Has it been seen before?"
