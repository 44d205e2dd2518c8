"""The two steps of the graph that show a plan and wait for a word on it.

Showing is a step of its own, because a step that waits runs again from its top when the word comes.
"""

from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import Send, interrupt

from agent.core.events import ApprovalAsked, PlannedTask
from agent.engine.approval import expected_cost, names_groups
from agent.engine.state import Deps, State
from agent.engine.tool_runner import ToolRunner
from agent.roles.protocols import Plan, Task, TaskReport
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding


async def approve(state: State, runtime: Runtime[Deps]) -> dict[str, Any]:
    """Show a plan that may cost much, or name groups of a small part, and wait. Runs from its top when resumed, so the
    size of a scope is asked for before the wait and not after it."""
    deps = runtime.context
    made = Plan.model_validate(state["plan"])
    decision = state.get("decision") or {}
    sized: list[Finding] = []
    if not decision:
        cost = expected_cost(made, deps.settings) if deps.roles.uses_model else 0.0
        reasons, sized = await _reasons_to_wait(made, cost, deps)
        if not reasons:
            return {}
        tasks = tuple(
            PlannedTask(id=task.id, specialist=task.specialist, objective=task.objective) for task in made.tasks
        )
        deps.run.emit(ApprovalAsked(tasks=tasks, reasons=tuple(reasons), cost=cost))
    return {"decision": {"asked": True}, "findings": [finding.as_dict() for finding in sized]}


async def decide(state: State) -> dict[str, Any]:
    """Wait for the analyst's word on a plan that was shown, and leave out what is not wanted."""
    made = Plan.model_validate(state["plan"])
    reply = interrupt({"tasks": [task.id for task in made.tasks]})
    left_out = set(reply["leave_out"]) if reply["approved"] else {task.id for task in made.tasks}
    kept = tuple(task for task in made.tasks if task.id not in left_out)
    wording = "left out by the analyst" if reply["approved"] else "refused by the analyst"
    reports = [TaskReport(task=task, failure=f"Task {task} was {wording}.") for task in sorted(left_out)]
    plan_ = made.model_copy(update={"tasks": kept})
    return {
        "plan": plan_.model_dump(mode="json"),
        "decision": reply,
        "reports": [report.model_dump(mode="json") for report in reports],
    }


def after_approve(state: State) -> list[Send] | str:
    if (state.get("decision") or {}).get("asked"):
        return "decide"
    return after_decide(state)


def after_decide(state: State) -> list[Send] | str:
    tasks = Plan.model_validate(state["plan"]).tasks
    return [Send("work", {"task": task.model_dump(mode="json")}) for task in tasks] or "audit"


async def _reasons_to_wait(made: Plan, cost: float | None, deps: Deps) -> tuple[list[str], list[Finding]]:
    settings = deps.settings
    if settings.approve_all:
        return [], []
    tools = ToolRunner("plan", deps.tools, deps.run, len(made.tasks))
    reasons = []
    if cost is not None and cost > settings.approve_over_cost:
        reasons.append(
            f"It may cost up to ${cost:.2f}; the limit for going ahead is ${settings.approve_over_cost:.2f}."
        )
    for task in made.tasks:
        if settings.approve_text_under and names_groups(task):
            size = await _size(task, tools)
            if size is None or size.totals[0] < settings.approve_text_under:
                reasons.append(f"Task {task.id} would name groups of a small part of the index.")
    for finding in tools.findings:
        deps.known[finding.id] = finding
    return reasons, tools.findings


async def _size(task: Task, tools: ToolRunner) -> Finding | None:
    """How large a task's scope is, as a finding of its own; None when that may not be said."""
    try:
        return await tools.call("trend", {"scope": task.scope.model_dump(mode="json"), "by": "month"})
    except ToolRefusal:
        return None
