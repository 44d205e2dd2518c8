"""When a plan waits for the analyst, and how a reply in words is read.

Nothing here releases or decides on privacy: the gate decides that, whatever was approved.
"""

from collections.abc import Collection
from dataclasses import dataclass

import regex

from agent.core.budget import Usage
from agent.core.settings import Settings
from agent.roles.protocols import Plan, Task
from tools.core.scope import Scope

TOKENS_A_CALL = Usage(input_tokens=8_000, output_tokens=600)
"""What one tool call of an investigator takes about: the conversation so far goes in, a call or a claim comes out."""

_YES = regex.compile(r"\s*(?:y|yes|ok|okay|go|go on|approve|approved|do it)\b", regex.IGNORECASE)
_NO = regex.compile(r"\s*(?:n|no|stop|refuse|refused|cancel)\s*[.!]?\s*", regex.IGNORECASE)
_WITHOUT = regex.compile(r"\b(?:without|leave out|not)\b(.*)", regex.IGNORECASE | regex.DOTALL)


@dataclass(frozen=True, slots=True)
class Decision:
    """The analyst's decision on a plan. `leave_out` are ids of tasks that are not to be done."""

    approved: bool
    leave_out: tuple[str, ...] = ()


def read_reply(text: str, tasks: Collection[str]) -> Decision | None:
    """The decision in a reply: "yes", "no", "without t2". None: the text is something else, such as a new question."""
    named = tuple(sorted(task for task in tasks if regex.search(rf"\b{regex.escape(task)}\b", text)))
    if _NO.fullmatch(text):
        return Decision(False)
    if _WITHOUT.search(text) and named:
        return Decision(True, named)
    if _YES.match(text) and len(text) <= 20:
        return Decision(True)
    return None


def expected_cost(plan: Plan, settings: Settings) -> float | None:
    """What carrying out a plan may cost at most, in US dollars: tasks x calls x price. None: the price is not known."""
    price = settings.prices.get(settings.worker_model)
    if price is None:
        return None
    call = (TOKENS_A_CALL.input_tokens * price.input + TOKENS_A_CALL.output_tokens * price.output) / 1e6
    return round(len(plan.tasks) * settings.max_tool_calls * call, 4)


def names_groups(task: Task) -> bool:
    """Whether a task would release free text of a part of the index: names of groups within a narrowed scope."""
    return task.scope != Scope() and task.focus not in ("breakdown", "trend")
