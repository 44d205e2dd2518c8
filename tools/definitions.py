"""The arguments of a tool in few words: its schema without what a caller's model does not need.

Every request of a model carries the definitions of its tools, so their size decides which models can do the work at all. The
scope, which most tools take, is described once in a sentence; arguments are checked on our side, and a refusal says what did not fit.
"""

from collections.abc import Mapping
from typing import Any

SCOPE_IN_WORDS = (
    "Which conversations: an object with any of language, surface, field, area, flagged (yes or no), concern_at_least (2 to 5), harm, "
    "outcome, since and until (YYYY-MM-DD), near (a short phrase), cluster (an id such as C12 or T3), own ({facet: value}). All must "
    "hold. Left out: all conversations"
)
_SAID = ("title", "default", "additionalProperties")


def compact(schema: Mapping[str, Any], scope: str) -> dict[str, Any]:
    """A tool's schema with the scope in the words of `scope`, optional values by their type alone, and no definitions."""
    definitions = schema.get("$defs", {})
    short = {name: _shortened(value, definitions, scope) for name, value in schema.get("properties", {}).items()}
    made: dict[str, Any] = {"type": "object", "properties": short}
    return {**made, "required": schema["required"]} if schema.get("required") else made


def _shortened(value: Mapping[str, Any], definitions: Mapping[str, Any], scope: str) -> dict[str, Any]:
    if str(value.get("$ref", "")).endswith("/Scope"):
        return {"type": "object", "description": scope}
    if "$ref" in value:
        return _shortened(definitions[str(value["$ref"]).rsplit("/", 1)[-1]], definitions, scope)
    some = [option for option in value.get("anyOf", ()) if option.get("type") != "null"]
    if some:
        kept = {name: item for name, item in value.items() if name not in ("anyOf", *_SAID)}
        return {**_shortened(some[0], definitions, scope), **kept}
    return {name: item for name, item in value.items() if name not in _SAID}
