"""What a run's graph keeps and works with: the state that is checkpointed, and the dependencies that never are."""

import asyncio
import operator
from dataclasses import dataclass, field
from typing import Annotated, Any, TypedDict

from agent.core.run import RunContext
from agent.core.settings import Settings
from agent.roles.protocols import RoleSet, TaskReport
from tools.core.finding import Finding
from tools.toolbox import IndexCard, RunTools


class State(TypedDict, total=False):
    """What a checkpoint holds."""

    question: str
    history: list[dict[str, Any]]
    plan: dict[str, Any]
    round: int
    gaps: list[str]
    reports: Annotated[list[dict[str, Any]], operator.add]
    findings: Annotated[list[dict[str, Any]], operator.add]
    tasks: Annotated[dict[str, Any], operator.or_]
    """Every task of every plan, by id."""
    codes: Annotated[dict[str, int], operator.or_]
    """Exit code by task; 0 when it was done."""
    stand_ins: Annotated[list[str], operator.add]
    """What built-in roles did in place of a model."""
    decision: dict[str, Any]
    """The analyst's decision on the plan: `approved` and `leave_out`."""
    claims: list[dict[str, Any]]
    draft: dict[str, Any]
    answer: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Deps:
    """What the nodes of one run work with; never part of the state. No handle on an index is among it (R2)."""

    run: RunContext
    roles: RoleSet
    fallback: RoleSet
    """The built-in roles, for what a model could not do."""
    tools: RunTools
    index: IndexCard
    settings: Settings
    agents: asyncio.Semaphore
    known: dict[str, Finding] = field(default_factory=dict)
    """Findings released in this session, by handle."""

    def finding(self, stored: dict[str, Any]) -> Finding:
        """The finding of a stored form; a resumed run rebuilds it through the gate."""
        handle = str(stored["id"])
        if handle not in self.known:
            self.known[handle] = self.tools.restore(stored)
        return self.known[handle]


def last_reports(state: State) -> list[TaskReport]:
    """The last report of each task, by task: a task that was done again has two."""
    last = {str(stored["task"]): stored for stored in state.get("reports", [])}
    return [TaskReport.model_validate(last[task]) for task in sorted(last)]
