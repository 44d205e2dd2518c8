"""Where a stored run goes on: at its first unfinished step, or with the tasks that failed.

Finished tasks are never done again, so nothing is paid for twice and the ledger is not written twice.
"""

from collections.abc import Callable, Iterable
from typing import Any, Literal

from agent.core.events import Event, RunStarted
from agent.roles.protocols import Plan, Task
from agent.storage.session_store import Released
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding

Waiting = Literal["", "question", "plan"]
"""What a run that waits was asked for by the engine: a reply to a question, or a word on a plan."""


async def point_to_go_on(graph: Any, config: dict[str, Any], start: dict[str, Any]) -> dict[str, Any] | None:
    """What to give the graph so that a run goes on: None (from its last checkpoint), or `start` where it was killed
    before there was one. A run that ended with failed tasks is set back to the point where they begin."""
    from langgraph.types import Overwrite

    stored = await graph.aget_state(config)
    if not stored.values:
        return start
    failed = failed_tasks(stored.values)
    if stored.next or not failed:
        return None
    plan = Plan.model_validate(stored.values["plan"]).model_copy(update={"tasks": failed, "clarification": None})
    update = {"plan": plan.model_dump(mode="json"), "decision": {}, "stand_ins": Overwrite([])}
    await graph.aupdate_state(config, update, as_node="approve")
    return None


def failed_tasks(values: dict[str, Any]) -> tuple[Task, ...]:
    """The tasks whose last report is a failure of the model, the budget or the index."""
    failed = [task for task, code in values.get("codes", {}).items() if code]
    return tuple(Task.model_validate(values["tasks"][task]) for task in sorted(failed))


def waiting_for(events: list[dict[str, Any]]) -> tuple[Waiting, tuple[str, ...]]:
    """What a stored run waits for, and the tasks of the plan it shows."""
    for event in reversed(events):
        if event["type"] == "clarification_asked":
            return "question", ()
        if event["type"] == "approval_asked":
            return "plan", tuple(task["id"] for task in event["tasks"])
    return "", ()


def first_snapshot(events: list[dict[str, Any]]) -> int | None:
    """The snapshot that a stored run began on."""
    return next((event["snapshot"] for event in events if event["type"] == "run_started"), None)


def newer_snapshot(began: int | None, started: Event) -> str:
    """A sentence when a run goes on over another snapshot than it began on; empty otherwise."""
    if not isinstance(started, RunStarted) or began is None or began == started.snapshot:
        return ""
    return f"This run began on snapshot {began} and goes on over snapshot {started.snapshot}."


def known_findings(released: Iterable[Released], restore: Callable[[dict[str, Any]], Finding]) -> dict[str, Finding]:
    """The findings of a stored session by handle, rebuilt through the gate, so that the auditor sees the combination of
    the whole session. What the ledger never saw is left out."""
    found: dict[str, Finding] = {}
    for item in released:
        try:
            found[str(item.finding["id"])] = restore(item.finding)
        except ToolRefusal:
            continue
    return found
