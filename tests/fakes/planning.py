"""Questions for the built-in lead, and what its plan must hold."""

import asyncio
from dataclasses import dataclass, field
from functools import cache

from agent.roles.builtin.lead.lead import BuiltinPlanner
from agent.roles.protocols import Brief, Exchange, Plan
from agent.wiring import App
from index.questions.values import QuestionReader
from tools.core.scope import Scope


@dataclass(frozen=True)
class Asked:
    """A question and what the first task of the given focus must be."""

    question: str
    focus: str
    scope: dict[str, object] = field(default_factory=dict)
    against: dict[str, object] | None = None
    facet: str | None = None


@cache
def reader() -> QuestionReader:
    """One reader for all tests of a process."""
    return App.start("none").question_reader()


def plan_of(question: str, *history: Exchange) -> Plan:
    brief = Brief(
        question,
        ("English", "Japanese", "German", "French", "Spanish"),
        {"launch": "2026-08-03"},
        "2026-03-01",
        "2026-10-31",
        history=history,
        surfaces=("web", "mobile", "api"),
    )
    return asyncio.run(BuiltinPlanner(reader()).plan(brief))


def _stated(scope: Scope) -> dict[str, object]:
    return {name: value for name, value in scope.model_dump(mode="json", exclude_none=True).items() if value != {}}


def check_asked(asked: Asked, *history: Exchange) -> None:
    plan = plan_of(asked.question, *history)
    assert plan.clarification is None, plan
    found = [task for task in plan.tasks if task.focus == asked.focus]
    assert found, [task.focus for task in plan.tasks]
    scopes = [_stated(task.scope) for task in found]
    assert asked.scope in scopes
    found = [found[scopes.index(asked.scope)]]
    against = found[0].against.model_dump(mode="json", exclude_none=True) if found[0].against else None
    assert (against and {name: value for name, value in against.items() if value != {}}) == asked.against
    if asked.facet is not None:
        assert found[0].facet == asked.facet
