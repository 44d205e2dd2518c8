"""The tools as the Messages API takes them: those of a specialist's trade, in few words.

Every call of a task carries them, so their size decides which models can do the work at all. The scope that most tools take is
described once, in the investigator's instructions; arguments are checked on our side, and a refusal says what did not fit.
"""

from collections.abc import Mapping
from typing import Any

from agent.roles.protocols import Specialist
from tools.definitions import compact
from tools.registry import TOOLS

REPORT = "report"

_TRADES: Mapping[Specialist, tuple[str, ...]] = {
    "usage": ("cluster_scope", "compare", "count_by", "coverage", "drill_down", "overview", "search_topics"),
    "watch": ("cluster_scope", "compare", "count_by", "emerging", "precedent", "search_topics", "trend"),
    "abuse": ("cluster_scope", "coordination", "count_by", "flag_gaps", "search_topics", "trend"),
}
"""In a fixed order, so that the prefix of a request stays the same."""

_SCOPE = "A scope, as in your instructions"

_REPORT = {
    "name": REPORT,
    "description": "Finish the task with one to six claims, each a sentence with its [F] handles.",
    "input_schema": {
        "type": "object",
        "properties": {"claims": {"type": "array", "items": {"type": "string"}}},
        "required": ["claims"],
    },
}


def tool_definitions(trade: Specialist) -> list[dict[str, Any]]:
    """The tools of a trade, and `report`."""
    tools = [TOOLS[name] for name in _TRADES[trade]]
    found = [
        {"name": tool.name, "description": tool.manual, "input_schema": compact(tool.schema(), _SCOPE)}
        for tool in tools
    ]
    return [*found, _REPORT]
