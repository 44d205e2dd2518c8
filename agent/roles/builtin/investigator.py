"""The built-in investigators: one written recipe a focus.

A recipe calls tools and states claims whose every number is in the finding it cites. It judges by fixed rules
that it says aloud; it must never call something abuse where the finding only shows size.
"""

from collections.abc import Awaitable, Callable, Sequence

from agent.roles.builtin.investigator_abuse import concern, coordination
from agent.roles.builtin.investigator_gaps import flag_gaps
from agent.roles.builtin.investigator_rates import rate
from agent.roles.builtin.investigator_sought import sought
from agent.roles.builtin.investigator_usage import (
    accounts,
    breakdown,
    compare,
    contrast,
    coverage,
    drawn,
    drill,
    size,
    top,
    topic,
)
from agent.roles.builtin.investigator_watch import new, precedent, trend
from agent.roles.builtin.recipe import Notes
from agent.roles.protocols import Claim, Focus, Task, ToolCaller

_RECIPES: dict[Focus, Callable[[Notes], Awaitable[object]]] = {
    "top": top,
    "size": size,
    "breakdown": breakdown,
    "topic": topic,
    "drill": drill,
    "contrast": contrast,
    "compare": compare,
    "new": new,
    "trend": trend,
    "precedent": precedent,
    "coverage": coverage,
    "coordination": coordination,
    "concern": concern,
    "flag_gaps": flag_gaps,
    "map": drawn,
    "accounts": accounts,
    "sought": sought,
    "rate": rate,
}


class BuiltinInvestigator:
    """Runs the recipe of a task's focus."""

    async def investigate(self, task: Task, tools: ToolCaller) -> Sequence[Claim]:
        notes = Notes(task, tools)
        await _RECIPES[task.focus](notes)
        return notes.claims
