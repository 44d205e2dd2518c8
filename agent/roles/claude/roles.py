"""The Claude form of the lead, the investigators, the auditor and the writer.

Their prompts hold questions, plans, claims and findings, never a summary (R2).
"""

import json
from collections.abc import Sequence

from pydantic import BaseModel, Field

from agent.core.answer import Draft, parse
from agent.core.errors import Unusable
from agent.core.settings import Settings
from agent.llm.client import Ask, Model
from agent.roles.claude.loop import run_loop
from agent.roles.claude.structured import ask_structured
from agent.roles.protocols import (
    Audit,
    Brief,
    Claim,
    Evidence,
    Exchange,
    Focus,
    Judgement,
    OnDelta,
    Plan,
    Specialist,
    Task,
    ToolCaller,
    Verdict,
)
from prompts import Prompt, load, render
from tools.core.finding import Finding
from tools.core.scope import Scope

_MAX_TASKS = 4


class PlannedTaskForm(BaseModel):
    """A task as the lead writes it."""

    specialist: Specialist
    focus: Focus
    objective: str
    scope: Scope
    facet: str | None = None
    against: Scope | None = Field(None, description="For compare: the other scope; null sets it against all others")
    disconfirmer: str


class PlanForm(BaseModel):
    """The lead's reply."""

    tasks: list[PlannedTaskForm]
    assumptions: list[str]
    clarification: str | None = None


class VerdictForm(BaseModel):
    """One judgement, as the auditor writes it."""

    claim: int
    judgement: Judgement
    reason: str
    text: str | None = Field(None, description="The weaker sentence, when too strong; null removes the claim")


class AuditForm(BaseModel):
    """The auditor's reply."""

    verdicts: list[VerdictForm]
    gaps: list[str]


class ClaudePlanner:
    def __init__(self, model: Model, settings: Settings) -> None:
        self._model = model
        self._settings = settings

    async def plan(self, brief: Brief) -> Plan:
        user = render(
            Prompt.LEAD,
            question=brief.question,
            context=_context(brief),
            history=_history(brief.history),
            gaps="\n".join(brief.gaps) or "none",
        )
        form = await ask_structured(
            self._model,
            Prompt.LEAD,
            user,
            PlanForm,
            name=self._settings.lead_model,
            effort=self._settings.effort,
            fits=lambda found: bool(found.tasks) or bool(found.clarification),
        )
        tasks = tuple(
            Task(
                id=f"t{number}", **task.model_dump(exclude={"scope", "against"}), scope=task.scope, against=task.against
            )
            for number, task in enumerate(form.tasks[:_MAX_TASKS], start=1)
        )
        return Plan(
            tasks=tasks, assumptions=tuple(form.assumptions), clarification=None if tasks else form.clarification
        )


class ClaudeInvestigator:
    def __init__(self, model: Model, settings: Settings) -> None:
        self._model = model
        self._settings = settings

    async def investigate(self, task: Task, tools: ToolCaller) -> Sequence[Claim]:
        stated = task.model_dump_json(exclude={"id", "spoken", "supports"}, exclude_defaults=True)
        user = render(Prompt.INVESTIGATOR, task=stated, calls=str(self._settings.max_tool_calls))
        return await run_loop(
            self._model,
            self._settings.worker_model,
            load(Prompt.INVESTIGATOR).system,
            user,
            tools,
            trade=task.specialist,
            effort=self._settings.worker_effort or None,
            thinking=self._settings.thinking,
        )


class ClaudeAuditor:
    def __init__(self, model: Model, settings: Settings) -> None:
        self._model = model
        self._settings = settings

    async def audit(self, evidence: Evidence) -> Audit:
        if not evidence.claims:
            return Audit()
        user = render(
            Prompt.AUDITOR,
            question=evidence.question,
            claims=_claims(evidence.claims),
            findings=_findings(evidence.findings),
            earlier=_history(evidence.history),
            earlier_findings=_heads(evidence.earlier) or "none",
            least=str(evidence.least),
        )
        form = await ask_structured(
            self._model, Prompt.AUDITOR, user, AuditForm, name=self._settings.lead_model, effort=self._settings.effort
        )
        return Audit(
            verdicts=tuple(Verdict(**verdict.model_dump()) for verdict in form.verdicts), gaps=tuple(form.gaps[:3])
        )


class ClaudeWriter:
    def __init__(self, model: Model, settings: Settings) -> None:
        self._model = model
        self._settings = settings

    async def write(self, evidence: Evidence, problems: Sequence[str], on_delta: OnDelta) -> Draft:
        user = render(
            Prompt.WRITER,
            question=evidence.question,
            claims=_claims(evidence.claims) or "none",
            findings=_findings(evidence.findings) or "none",
            problems="\n".join(problems) or "none",
            failures="\n".join(evidence.failures) or "none",
            disconfirmers=_disconfirmers(evidence.tasks) or "none",
        )
        messages = [{"role": "user", "content": user}]
        ask = Ask(self._settings.lead_model, load(Prompt.WRITER).system, messages, effort=self._settings.effort)
        reply = await self._model.reply(ask, on_delta)
        if not reply.text.strip():
            raise Unusable("writer's reply")
        draft = parse(reply.text)
        if not draft.answer:
            raise Unusable("writer's reply")
        return draft


def _context(brief: Brief) -> str:
    named = ", ".join(f"{name} = {day}" for name, day in sorted(brief.landmarks.items())) or "none"
    return (
        f"languages: {', '.join(brief.languages)}\nsurfaces: {', '.join(brief.surfaces) or 'unknown'}\nfirst month: {brief.first_day or 'undated'}\n"
        f"newest day: {brief.last_day or 'undated'}\nnamed dates: {named}"
    )


def _history(history: Sequence[Exchange]) -> str:
    return "\n\n".join(_exchange(item) for item in history) or "none"


def _exchange(item: Exchange) -> str:
    """An earlier question with its answer, the scopes that were looked at, and the groups that can be opened."""
    looks = "; ".join(f"{task.focus} of {task.scope.describe()}" for task in item.tasks)
    groups = ", ".join(f"“{row.label}”{f' ({row.id})' if row.id else ''}" for row in item.rows[:12])
    return (
        f"Q: {item.question}\nLooked at: {looks or 'nothing'}\nNamed, in order: {groups or 'nothing'}\nA: {item.answer}"
    )


def _heads(findings: Sequence[Finding]) -> str:
    """Earlier findings in short: what they counted over which scope, with the counts."""
    lines = []
    for finding in findings:
        rows = ", ".join(
            f"“{row.label}” {row.values[0].count}" for row in finding.rows[:12] if row.values[0].count is not None
        )
        lines.append(f"{finding.id}: {finding.title}; {finding.scope}; totals {list(finding.totals)}; {rows}")
    return "\n".join(lines)


def _disconfirmers(tasks: Sequence[Task]) -> str:
    return "\n".join(f"{task.objective}: {task.disconfirmer}" for task in tasks if task.disconfirmer)


def _claims(claims: Sequence[Claim]) -> str:
    return "\n".join(f"{place}. {claim.text}" for place, claim in enumerate(claims))


def _findings(findings: Sequence[Finding]) -> str:
    return "\n".join(json.dumps(finding.as_dict(), ensure_ascii=False) for finding in findings)
