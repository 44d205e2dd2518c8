"""The tools as the Messages API takes them: those of a specialist's trade, in few words.

Every call of a task carries them, so their size decides which models can do the work at all. The scope that most tools take is
described once, in the investigator's instructions; arguments are checked on our side, and a refusal says what did not fit.
"""

from collections.abc import Mapping
from typing import Any

from agent.roles.protocols import Specialist
from tools.registry import TOOLS

REPORT = "report"

_TRADES: Mapping[Specialist, tuple[str, ...]] = {
    "usage": ("cluster_scope", "compare", "count_by", "coverage", "drill_down", "overview", "search_topics"),
    "watch": ("cluster_scope", "compare", "count_by", "emerging", "precedent", "search_topics", "trend"),
    "abuse": ("cluster_scope", "coordination", "count_by", "flag_gaps", "search_topics", "trend"),
}
"""In a fixed order, so that the prefix of a request stays the same."""

_SCOPE = {"type": "object", "description": "A scope, as in your instructions"}
_SAID = ("title", "default", "additionalProperties")
"""Of a schema, what a model does not need."""

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
    found = [{"name": tool.name, "description": tool.manual, "input_schema": _compact(tool.schema())} for tool in tools]
    return [*found, _REPORT]


def _compact(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A tool's schema with the scope by name, optional values by their type alone, and no definitions."""
    short = {name: _shortened(value, schema.get("$defs", {})) for name, value in schema.get("properties", {}).items()}
    made: dict[str, Any] = {"type": "object", "properties": short}
    return {**made, "required": schema["required"]} if schema.get("required") else made


def _shortened(value: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    if str(value.get("$ref", "")).endswith("/Scope"):
        return _SCOPE
    if "$ref" in value:
        return _shortened(definitions[str(value["$ref"]).rsplit("/", 1)[-1]], definitions)
    some = [option for option in value.get("anyOf", ()) if option.get("type") != "null"]
    if some:
        kept = {name: item for name, item in value.items() if name not in ("anyOf", *_SAID)}
        return {**_shortened(some[0], definitions), **kept}
    return {name: item for name, item in value.items() if name not in _SAID}
