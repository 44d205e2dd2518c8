"""The built-in auditor: checks each claim's numbers and groups against its findings, in code.

It cannot judge meaning; it strikes what the findings do not say and names that limit in the answer by being built-in.
"""

from agent.roles import Audit, Evidence, Verdict
from agent.verify import check


class BuiltinAuditor:
    """Strikes claims that fail the same check the answer must pass."""

    async def audit(self, evidence: Evidence) -> Audit:
        findings = {finding.id: finding for finding in evidence.findings}
        verdicts = []
        for place, claim in enumerate(evidence.claims):
            checked = check(claim.text, findings)
            if checked.problems:
                verdicts.append(Verdict(claim=place, judgement="struck", reason=checked.problems[0]))
            else:
                verdicts.append(Verdict(claim=place, judgement="supported"))
        return Audit(verdicts=tuple(verdicts))
