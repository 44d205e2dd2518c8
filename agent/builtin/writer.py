"""The built-in writer: sets the audited claims out as an answer, with what was withheld and what could come next."""

from collections.abc import Sequence

from agent.roles import Draft, Evidence, OnDelta
from tools.finding import Finding
from tools.labels import UNNAMED


class BuiltinWriter:
    """Writes from claims alone; it adds no fact that a claim or a finding does not state."""

    async def write(self, evidence: Evidence, problems: Sequence[str], on_delta: OnDelta) -> Draft:
        bad = {problem.split(": ", 1)[-1] for problem in problems}
        claims = [claim for claim in evidence.claims if not any(sentence in claim.text for sentence in bad)]
        blocks = [claim.text for claim in claims] or [
            "Nothing could be shown for this question under the privacy policy."
        ]
        text = "\n\n".join(blocks)
        text += "\n\n" + _method(evidence)
        on_delta(text)
        return Draft(text=text, suggestions=tuple(_next_questions(evidence.findings)))


def _method(evidence: Evidence) -> str:
    lines = ["*Written by built-in rules; no model ran.*"]
    withheld = [finding for finding in evidence.findings if finding.withheld.groups]
    if withheld:
        stated = ", ".join(f"{finding.withheld.groups} in [{finding.id}]" for finding in withheld[:6])
        lines.append(f"Groups withheld: {stated}.")
    if evidence.failures:
        lines.append(f"Not done: {' '.join(evidence.failures)}")
    return " ".join(lines)


def _next_questions(findings: Sequence[Finding]) -> list[str]:
    named = [row for finding in findings for row in finding.rows if row.id and row.label != UNNAMED]
    questions = [f"How has “{row.label}” developed over time?" for row in named[:1]]
    if all(finding.tool != "count_by" for finding in findings):
        questions.append("Which languages are used most?")
    return questions
