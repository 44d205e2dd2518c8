"""The Claude form of the lead, the investigators, the auditor and the writer.

Their prompts hold questions, plans, claims and findings, never a summary (R2).
"""

import json
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, Field

from agent.claude.loop import run_loop
from agent.claude.structured import ask_structured
from agent.errors import Unusable
from agent.llm import Ask, Model
from agent.roles import (
    Audit,
    Brief,
    Claim,
    Desk,
    Draft,
    Evidence,
    Exchange,
    Focus,
    OnDelta,
    Plan,
    Specialist,
    Task,
    Verdict,
)
from agent.settings import Settings
from prompts import Prompt, load, render
from tools.finding import Finding
from tools.scope import Scope

_MAX_TASKS = 4


class PlannedTaskForm(BaseModel):
    """A task as the lead writes it."""

    specialist: Specialist
    focus: Focus
    objective: str
    scope: Scope
    facet: str | None = None
    disconfirmer: str


class PlanForm(BaseModel):
    """The lead's reply."""

    tasks: list[PlannedTaskForm]
    assumptions: list[str]
    clarification: str | None = None


class VerdictForm(BaseModel):
    """One judgement, as the auditor writes it."""

    claim: int
    judgement: Literal["supported", "narrowed", "struck"]
    reason: str
    text: str | None = Field(None, description="The weaker sentence, when narrowed")


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
            Task(id=f"t{number}", **task.model_dump(exclude={"scope"}), scope=task.scope)
            for number, task in enumerate(form.tasks[:_MAX_TASKS], start=1)
        )
        return Plan(
            tasks=tasks, assumptions=tuple(form.assumptions), clarification=None if tasks else form.clarification
        )


class ClaudeInvestigator:
    def __init__(self, model: Model, settings: Settings) -> None:
        self._model = model
        self._settings = settings

    async def investigate(self, task: Task, desk: Desk) -> Sequence[Claim]:
        stated = task.model_dump_json(exclude={"id"}, exclude_none=True)
        user = render(Prompt.INVESTIGATOR, task=stated, calls=str(self._settings.max_tool_calls))
        return await run_loop(
            self._model,
            self._settings.worker_model,
            load(Prompt.INVESTIGATOR).system,
            user,
            desk,
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
        )
        messages = [{"role": "user", "content": user}]
        ask = Ask(self._settings.lead_model, load(Prompt.WRITER).system, messages, effort=self._settings.effort)
        reply = await self._model.reply(ask, on_delta)
        if not reply.text.strip():
            raise Unusable("writer's reply")
        return Draft(text=reply.text.strip())


def _context(brief: Brief) -> str:
    named = ", ".join(f"{name} = {day}" for name, day in sorted(brief.landmarks.items())) or "none"
    return (
        f"languages: {', '.join(brief.languages)}\nfirst month: {brief.first_day or 'undated'}\n"
        f"newest day: {brief.last_day or 'undated'}\nnamed dates: {named}"
    )


def _history(history: Sequence[Exchange]) -> str:
    return "\n\n".join(f"Q: {item.question}\nA: {item.answer}" for item in history) or "none"


def _claims(claims: Sequence[Claim]) -> str:
    return "\n".join(f"{place}. {claim.text}" for place, claim in enumerate(claims))


def _findings(findings: Sequence[Finding]) -> str:
    return "\n".join(json.dumps(finding.as_dict(), ensure_ascii=False) for finding in findings)
