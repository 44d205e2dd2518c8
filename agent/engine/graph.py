"""The investigation as one flat LangGraph graph: plan, work in parallel, audit, write, verify.

The state is JSON-safe (findings as released, claims, plans), so a checkpoint holds nothing that the gate did not
release. Node functions take only `Runtime`, `Send` and `interrupt` from LangGraph: decisions live in the roles. What a model
could not do, the built-in role does, and the answer says so.
"""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import interrupt

from agent.core.answer import Draft, render
from agent.core.errors import BadRequest, BudgetSpent, ContextFull, ModelFault, TooSlow, Truncated, Unusable
from agent.core.events import (
    AnswerDelta,
    AnswerMade,
    AuditEnded,
    ClarificationAsked,
    Notice,
    PlanMade,
    PlannedTask,
    TaskEnded,
    TaskStarted,
)
from agent.engine.plan_check import without_names
from agent.engine.plan_review import after_approve, after_decide, approve, decide
from agent.engine.state import Deps, State, last_reports
from agent.engine.tool_runner import ToolRunner
from agent.grounding.stated import mentions
from agent.grounding.unrecorded import unstored
from agent.grounding.verify import CheckedDraft, check_draft, handles
from agent.roles.protocols import Audit, Brief, Claim, Evidence, Exchange, Plan, RoleSet, Task, TaskReport
from index.core.errors import IndexFault, ShoalError
from tools.core.errors import ToolRefusal
from tools.core.wording import NO_ACCOUNTS

MAX_REPLANS = 1
RECURSION_LIMIT = 40


async def plan(state: State, runtime: Runtime[Deps]) -> dict[str, Any]:
    deps = runtime.context
    brief = await _brief(state, deps)
    stand_ins: list[str] = []
    try:
        made = await deps.roles.planner.plan(brief)
        made = without_names(made, brief) if deps.roles.uses_model else made
    except ModelFault as fault:
        made = await _planned_without_model(deps, brief, fault)
        stand_ins.append("the plan")
    round_ = state.get("round", 0)
    made = made.model_copy(
        update={
            "tasks": tuple(
                task.model_copy(update={"id": f"{task.id}r{round_}" if round_ else task.id})
                for task in made.tasks
                if not (round_ and _is_done(task, state))
            )
        }
    )
    if made.tasks:
        tasks = tuple(
            PlannedTask(id=task.id, specialist=task.specialist, objective=task.objective) for task in made.tasks
        )
        deps.run.emit(PlanMade(tasks=tasks, assumptions=made.assumptions, round=round_))
    return {
        "plan": made.model_dump(mode="json"),
        "round": round_ + 1,
        "tasks": {task.id: task.model_dump(mode="json") for task in made.tasks},
        "stand_ins": stand_ins,
        "decision": {},
    }


_OF_WORDS = {"id", "objective", "disconfirmer", "about"}
"""Of a task, what is said about it and not what is looked at."""


def _is_done(task: Task, state: State) -> bool:
    """Whether a task of this run was the same look and came to its end."""
    finished = {report.task for report in last_reports(state) if not report.failure}
    looks = (Task.model_validate(stored) for name, stored in state.get("tasks", {}).items() if name in finished)
    return any(task.model_dump(exclude=_OF_WORDS) == look.model_dump(exclude=_OF_WORDS) for look in looks)


async def _planned_without_model(deps: Deps, brief: Brief, fault: ModelFault) -> Plan:
    if not deps.roles.uses_model:
        raise fault
    deps.run.emit(Notice(text=f"{fault.message} The built-in lead planned instead."))
    return await deps.fallback.planner.plan(brief)


async def _brief(state: State, deps: Deps) -> Brief:
    """Everything the lead knows of the index is in a finding of `facts`, or in the index's own settings."""
    facts = await deps.tools.facts()
    return Brief(
        question=state["question"],
        languages=facts.languages,
        landmarks={name: day.isoformat() for name, day in deps.index.landmarks.items()},
        first_day=facts.first_day.isoformat() if facts.first_day else None,
        last_day=facts.last_day.isoformat() if facts.last_day else None,
        history=tuple(Exchange(**item) for item in state.get("history", [])),
        gaps=tuple(state.get("gaps", [])),
        surfaces=facts.surfaces,
        own_facets=deps.index.own_facets,
    )


async def clarify(state: State, runtime: Runtime[Deps]) -> dict[str, Any]:
    """Ask the analyst and wait. The answer is the question from then on, and planning starts again."""
    made = Plan.model_validate(state["plan"])
    runtime.context.run.emit(ClarificationAsked(question=made.clarification or "", suggestions=made.suggestions))
    reply = interrupt({"question": made.clarification})
    return {"question": str(reply), "round": 0}


def after_plan(state: State) -> str:
    made = Plan.model_validate(state["plan"])
    if made.clarification:
        return "clarify"
    return "approve" if made.tasks else "audit"


async def work(state: dict[str, Any], runtime: Runtime[Deps]) -> dict[str, Any]:
    """One task. A fault of the model, the budget or the index is a report; anything else is a bug and ends the run."""
    deps = runtime.context
    task = Task.model_validate(state["task"])
    async with deps.agents:
        tools = ToolRunner(task.id, deps.tools, deps.run, deps.settings.max_tool_calls)
        deps.run.emit(TaskStarted(task=task.id))
        started = time.monotonic()
        claims, fault, stand_ins = await _investigated(task, tools, deps)
        failure = fault.message if fault else None
        if fault and stand_ins:
            failure = f"{fault.message} The built-in investigator did it instead."
        deps.run.emit(
            TaskEnded(task=task.id, elapsed_s=round(time.monotonic() - started, 3), claims=len(claims), failure=failure)
        )
    for finding in tools.findings:
        deps.known[finding.id] = finding
    report = TaskReport(task=task.id, claims=claims, failure=failure)
    return {
        "reports": [report.model_dump(mode="json")],
        "findings": [finding.as_dict() for finding in tools.findings],
        "codes": {task.id: fault.exit_code if fault else 0},
        "stand_ins": stand_ins,
    }


async def _investigated(
    task: Task, tools: ToolRunner, deps: Deps
) -> tuple[tuple[Claim, ...], ShoalError | None, list[str]]:
    """Claims, the fault that ended the task, and whether the built-in investigator took over. It does so where the model
    could not do the work; it does not where the model refused, or where nothing is left to spend."""
    try:
        async with asyncio.timeout(deps.run.budget.seconds_left()):
            claims, fault = await _attempt(deps.roles, task, tools)
            if not deps.roles.uses_model or not isinstance(fault, _COULD_NOT):
                return claims, fault, []
            again = ToolRunner(task.id, deps.tools, deps.run, tools.max_calls, tools.findings, tools.calls)
            claims, second = await _attempt(deps.fallback, task, again)
            return claims, fault, [] if second else [f"task {task.id}"]
    except TimeoutError:
        return (), deps.run.budget.out_of_time(), []


async def _attempt(roles: RoleSet, task: Task, tools: ToolRunner) -> tuple[tuple[Claim, ...], ShoalError | None]:
    try:
        return tuple(await roles.investigator.investigate(task, tools)), None
    except (ModelFault, BudgetSpent, IndexFault) as fault:
        return (), fault


def _not_done(state: State) -> Iterator[str]:
    """Why tasks failed that nobody did instead."""
    stood_in = state.get("stand_ins", [])
    for report in last_reports(state):
        if report.failure and f"task {report.task}" not in stood_in:
            yield report.failure


def _evidence(state: State, deps: Deps, claims: tuple[Claim, ...]) -> Evidence:
    stored = {str(item["id"]): item for item in state.get("findings", [])}
    findings = []
    for handle in sorted(stored, key=lambda name: int(name[1:])):
        try:
            findings.append(deps.finding(stored[handle]))
        except ToolRefusal as refusal:
            deps.run.emit(Notice(text=str(refusal)))
    made = Plan.model_validate(state["plan"])
    return Evidence(
        question=state["question"],
        claims=claims,
        findings=tuple(findings),
        failures=tuple(_not_done(state)),
        history=tuple(Exchange(**item) for item in state.get("history", [])),
        tasks=made.tasks,
        earlier=tuple(finding for handle, finding in deps.known.items() if handle not in stored),
        least=deps.index.min_conversations,
        spoken=made.spoken,
        reply=made.reply,
        unread=made.unread,
    )


async def audit(state: State, runtime: Runtime[Deps]) -> dict[str, Any]:
    deps = runtime.context
    made = {claim.text: claim for report in reversed(last_reports(state)) for claim in reversed(report.claims)}
    claims = tuple(reversed(made.values()))  # what two tasks say alike is said once
    evidence = _evidence(state, deps, claims)
    stand_ins: list[str] = []
    try:
        judged = await deps.roles.auditor.audit(evidence)
    except (ModelFault, BudgetSpent) as fault:
        deps.run.emit(Notice(text=f"{fault.message} The built-in auditor checked the claims instead."))
        judged = await deps.fallback.auditor.audit(evidence)
        stand_ins.append("the audit")
    kept, removed, narrowed = _apply(judged, claims)
    notes = tuple(verdict.reason for verdict in judged.verdicts if verdict.reason)[:8]
    deps.run.emit(AuditEnded(kept=len(kept), narrowed=narrowed, removed=removed, notes=notes))
    return {
        "claims": [claim.model_dump(mode="json") for claim in kept],
        "gaps": list(judged.gaps),
        "stand_ins": stand_ins,
    }


def _apply(judged: Audit, claims: tuple[Claim, ...]) -> tuple[list[Claim], int, int]:
    verdicts = {verdict.claim: verdict for verdict in judged.verdicts}
    kept, removed, narrowed = [], 0, 0
    for place, claim in enumerate(claims):
        verdict = verdicts.get(place)
        if verdict is None or verdict.judgement == "supported":
            kept.append(claim)
        elif verdict.judgement == "too strong" and verdict.text:
            kept.append(claim.model_copy(update={"text": verdict.text, "findings": tuple(handles(verdict.text))}))
            narrowed += 1
        else:
            removed += 1
    return kept, removed, narrowed


def after_audit(state: State, runtime: Runtime[Deps]) -> str:
    """One more plan when the auditor names gaps and something is left to spend."""
    if not state.get("gaps") or state.get("round", 0) > MAX_REPLANS:
        return "write"
    try:
        runtime.context.run.budget.require()
    except BudgetSpent:
        return "write"
    return "plan"


async def write(state: State, runtime: Runtime[Deps]) -> dict[str, Any]:
    """Write, check, and give the writer its failing sentences back once."""
    deps = runtime.context
    evidence = _evidence(state, deps, tuple(Claim.model_validate(claim) for claim in state.get("claims", [])))
    stand_ins: list[str] = []
    if evidence.reply:
        return {"draft": Draft(answer=evidence.reply).model_dump(mode="json"), "stand_ins": []}
    try:
        draft = await _written(deps.roles, evidence, deps)
        if deps.roles.uses_model and not _checked(draft, evidence, of_model=True).draft.answer:
            raise Unusable("answer")  # not one sentence of it is supported
    except (ModelFault, BudgetSpent) as fault:
        if not deps.roles.uses_model:
            raise
        deps.run.emit(
            Notice(text=f"{fault.message} The built-in writer wrote the answer instead. {fault.hint}".rstrip())
        )
        draft = await _written(deps.fallback, evidence, deps)
        draft = draft.model_copy(update={"byline": _STOOD_IN})  # a model ran
        stand_ins.append(_WRITING)
    return {"draft": draft.model_dump(mode="json"), "stand_ins": stand_ins}


async def _written(roles: RoleSet, evidence: Evidence, deps: Deps) -> Draft:
    draft = await roles.writer.write(evidence, (), lambda text: deps.run.emit(AnswerDelta(text=text)))
    checked = _checked(draft, evidence, of_model=roles.uses_model)
    if not checked.problems:
        return draft
    return await roles.writer.write(evidence, checked.problems, lambda _: None)


def _checked(draft: Draft, evidence: Evidence, *, of_model: bool) -> CheckedDraft:
    # A reply repeats what an earlier answer said, so it may cite what that answer cited.
    cited = (*evidence.earlier, *evidence.findings) if evidence.reply else evidence.findings
    findings = {finding.id: finding for finding in cited}
    return check_draft(draft, findings, must_cite=of_model and bool(findings), by_model=of_model)


async def verify(state: State, runtime: Runtime[Deps]) -> dict[str, Any]:
    """R8 in code, whoever wrote: what still fails is removed, and the removal is shown."""
    deps = runtime.context
    draft = Draft.model_validate(state["draft"])
    evidence = _evidence(state, deps, ())
    of_model = deps.roles.uses_model and _WRITING not in state.get("stand_ins", [])
    checked = _checked(draft, evidence, of_model=of_model)
    kept = checked.draft
    if not kept.answer:
        kept = kept.model_copy(update={"answer": _UNSUPPORTED})
    if not evidence.reply and len(state["question"]) <= _LONG:
        kept = kept.model_copy(
            update={"answer": " ".join([*unstored(state["question"], deps.index.own_facets), kept.answer])}
        )
    text = "\n\n".join([render(kept), *_engine_notes(state)])
    answer = AnswerMade(
        text=text,
        cited=tuple(handles(text)),
        removed=checked.removed,
        suggestions=kept.suggestions,
        partial=any(report.failure for report in last_reports(state)),
        parts=kept,
        tasks=tuple(task.model_dump(mode="json") for task in evidence.tasks),
        rows=mentions(text, evidence.findings),
    )
    deps.run.emit(answer)
    return {"answer": answer.model_dump(mode="json")}


_LONG = 600
"""Characters from which on a text is a report, whose words are not all asked."""
_COULD_NOT = (Unusable, Truncated, TooSlow, BadRequest, ContextFull)
"""Faults that say that the model could not do the work, so that the built-in role does it. A refusal is none, and neither is an
endpoint that cannot be reached: that is for a person to know first."""
_WRITING = "the writing"
_STOOD_IN = "Written by built-in rules."
_UNSUPPORTED = "No sentence of the draft was supported by the findings."


def _engine_notes(state: State) -> Iterator[str]:
    """What the engine itself adds to an answer, whoever wrote it: that accounts are unknown, what was not done, and which built-in roles took over. It speaks of
    tasks and not of data, so R8 does not read it."""
    if any(NO_ACCOUNTS in finding.get("notes", ()) for finding in state.get("findings", [])):
        yield f"*{NO_ACCOUNTS[:1].upper()}{NO_ACCOUNTS[1:]}.*"
    if not_done := list(_not_done(state)):
        yield f"*Not done: {' '.join(not_done)}*"
    if stood_in := list(dict.fromkeys(state.get("stand_ins", []))):
        yield f"*Built-in rules did what the model could not: {', '.join(stood_in)}.*"


def build(checkpointer: BaseCheckpointSaver[Any]) -> "CompiledStateGraph[State, Deps, State, State]":
    """The compiled graph."""
    graph = StateGraph(State, context_schema=Deps)
    for node in (plan, clarify, approve, decide, work, audit, write, verify):
        graph.add_node(node.__name__, node)
    graph.add_edge(START, "plan")
    graph.add_conditional_edges("plan", after_plan, ["clarify", "approve", "audit"])
    graph.add_conditional_edges("approve", after_approve, ["decide", "work", "audit"])
    graph.add_conditional_edges("decide", after_decide, ["work", "audit"])
    graph.add_edge("clarify", "plan")
    graph.add_edge("work", "audit")
    graph.add_conditional_edges("audit", after_audit, ["plan", "write"])
    graph.add_edge("write", "verify")
    graph.add_edge("verify", END)
    return graph.compile(checkpointer=checkpointer)
