"""The built-in auditor: holds each claim against its findings and against the session, by rules in code.

It cannot judge meaning. It knows four things: whether numbers and groups stand where they are cited, whether words of
cause or certainty stand on counts, whether a direction is the one that the finding shows, and whether numbers together
would give back a group below the threshold.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import regex

from agent.core.quantities import plain_signs, quantities
from agent.grounding.stated import folded
from agent.grounding.verify import HANDLE, check, sentences_of
from agent.roles.protocols import Audit, Claim, Evidence, Verdict
from tools.core.finding import Finding, Row
from tools.core.wording import UNNAMED

_CERTAIN = regex.compile(
    r"\b(?:proves?|proven|proof that|confirms? that|certainly|definitely|undoubtedly|undeniabl[ye]|clearly shows? that|without (?:a )?doubt|no doubt|always|never|everyone|everybody"
    r"|nobody|no one|all users|every user|guilty|must be|is a bot ?net|are bots|guarantees?)\b",
    regex.IGNORECASE,
)
_CAUSE = regex.compile(
    r"\b(?:because|caused? by|causes?|caused|due to|thanks to|as a result of|led to|leads to|driven by|drives|responsible for|owing to|therefore|triggered)\b", regex.IGNORECASE
)  # fmt: skip
_OWN_CAVEAT = regex.compile(r"\bnot (?:a )?proof\b|because the embedding|may|might|could|cannot")
_ROSE = regex.compile(
    r"\b(?:rose|rises|risen|grew|grows|grown|increas\w+|climb\w+|gain\w+|up from|more often|over-?represented|surged?|doubled|tripled)\b",
    regex.IGNORECASE,
)
_FELL = regex.compile(
    r"\b(?:fell|falls|fallen|dropp\w+|declin\w+|decreas\w+|shrank|shrunk|down from|less often|rarer|under-?represented|halved)\b",
    regex.IGNORECASE,
)


class BuiltinAuditor:
    """Judges every claim; what is too strong keeps its supported sentences, what discloses or contradicts goes."""

    async def audit(self, evidence: Evidence) -> Audit:
        findings = {finding.id: finding for finding in evidence.findings}
        verdicts = tuple(_verdict(place, claim, findings, evidence) for place, claim in enumerate(evidence.claims))
        return Audit(verdicts=verdicts)


def _verdict(place: int, claim: Claim, findings: dict[str, Finding], evidence: Evidence) -> Verdict:
    cited = [findings[handle] for handle in claim.findings if handle in findings]
    if (reason := _discloses(claim.text, cited, evidence)) is not None:
        return Verdict(claim=place, judgement="discloses", reason=reason)
    checked = check(claim.text, findings)
    if checked.problems:
        return Verdict(claim=place, judgement="contradicted", reason=checked.problems[0])
    if (reason := _wrong_direction(claim.text, cited)) is not None:
        return Verdict(claim=place, judgement="contradicted", reason=reason)
    strong = [sentence for sentence in sentences_of(claim.text) if claim.findings and _is_too_strong(sentence)]
    if strong:
        kept = " ".join(sentence for sentence in sentences_of(claim.text) if sentence not in strong)
        weaker = kept or _weakened(claim.text)
        return Verdict(
            claim=place,
            judgement="too strong",
            reason=f"a count shows no cause and no certainty: {strong[0]}",
            text=weaker,
        )
    return Verdict(claim=place, judgement="supported")


def _is_too_strong(sentence: str) -> bool:
    bare = regex.sub(r"“[^”]*”", " ", HANDLE.sub(" ", sentence))
    return (_CERTAIN.search(bare) or _CAUSE.search(bare)) is not None and _OWN_CAVEAT.search(bare) is None


def _weakened(text: str) -> str | None:
    """A sentence cut before its cause, with its handles; None where nothing is left that stands alone."""
    match = _CAUSE.search(text)
    if match is None:
        return None
    kept = text[: match.start()].rstrip(" ,;")
    cited = list(HANDLE.findall(text))
    if len(kept.split()) < 3 or not cited:
        return None
    return f"{HANDLE.sub('', kept).rstrip()} [{', '.join(cited)}]."


def _wrong_direction(text: str, cited: Sequence[Finding]) -> str | None:
    """A sentence that says up where the rows it names go down, or either where an interval includes no change."""
    for sentence in sentences_of(text):
        bare = HANDLE.sub(" ", sentence)
        rose, fell = _ROSE.search(bare) is not None, _FELL.search(bare) is not None
        if rose == fell:
            continue
        for finding in cited:
            if finding.shape == "trend":
                if (reason := _against_course(finding, rose)) is not None:
                    return reason
                continue
            for row in finding.rows:
                if f"“{row.label}”" in sentence and (reason := _against_odds(row, rose)) is not None:
                    return reason
    return None


def _against_course(finding: Finding, rose: bool) -> str | None:
    values = [row.values[0] for row in finding.rows if row.values[0].count is not None]
    numbers = [
        value.share if value.share is not None and len(finding.columns) == 2 else float(value.count or 0)
        for value in values
    ]
    if len(numbers) < 2 or ((numbers[-1] > numbers[0]) == rose and numbers[-1] != numbers[0]):
        return None
    return f"{finding.id} goes the other way, from {numbers[0]} to {numbers[-1]}"


def _against_odds(row: Row, rose: bool) -> str | None:
    found = next((item for item in row.measures if item.name == "odds ratio"), None)
    if found is None or found.value is None or found.low is None or found.high is None:
        return None
    if not found.is_bound and found.low <= 1 <= found.high:
        return f"the interval of “{row.label}” includes no change"
    return None if (found.value > 1) == rose else f"“{row.label}” goes the other way"


def _discloses(text: str, cited: Sequence[Finding], evidence: Evidence) -> str | None:
    """Whether a claim's numbers, with those of the session, give a group below the threshold."""
    known = {
        float(value.count)
        for finding in (*cited, *evidence.earlier)
        for row in finding.rows
        for value in row.values
        if value.count
    }
    known |= {float(total) for finding in (*cited, *evidence.earlier) for total in finding.totals}
    for sentence in sentences_of(text):
        bare = plain_signs(regex.sub(r"“[^”]*”|\d{4}-\d{2}(?:-\d{2})?", " ", HANDLE.sub(" ", sentence)))
        stated = [item for item in quantities(bare) if item.kind in ("count", "accounts", "plain")]
        for item in stated:
            if item.kind == "count" and 0 < item.value < evidence.least and item.value not in known:
                return f"it states {item.written.strip()}, which is fewer than {evidence.least}"
    for one, other in _nested(cited, evidence.earlier):
        for label, larger, smaller in _both(one, other):
            wording = {item.value for item in quantities(plain_signs(HANDLE.sub(" ", text)))}
            if {larger, smaller} <= wording and 0 < larger - smaller < evidence.least:
                return f"{label} in {one.id} and {other.id} leave fewer than {evidence.least} between them"
    return None


def _nested(cited: Sequence[Finding], earlier: Sequence[Finding]) -> Iterator[tuple[Finding, Finding]]:
    """Findings of which one's scope lies in the other's, at least one of them cited; wider first."""
    every = list({finding.id: finding for finding in (*cited, *earlier)}.values())
    ids = {finding.id for finding in cited}
    for one, other in combinations(every, 2):
        if one.id not in ids and other.id not in ids:
            continue
        first, second = _restrictions(one), _restrictions(other)
        if first < second:
            yield one, other
        elif second < first:
            yield other, one


def _restrictions(finding: Finding) -> set[str]:
    return {
        part.strip()
        for part in finding.scope.removeprefix("conversations").removeprefix("all conversations").split(",")
        if part.strip()
    }


def _both(one: Finding, other: Finding) -> Iterator[tuple[str, float, float]]:
    """What both findings count, with the wider and the narrower count."""
    for larger, smaller in zip(one.totals[:1], other.totals[:1], strict=False):
        yield "the totals", float(larger), float(smaller)
    # Groups without a name are not the same group for being both without one.
    second = {folded(row.label): row for row in other.rows if row.label != UNNAMED}
    for row in one.rows:
        found = second.get(folded(row.label))
        if found is not None and row.values[0].count is not None and found.values[0].count is not None:
            yield f"the counts of “{row.label}”", float(row.values[0].count), float(found.values[0].count)
