"""The reference of the events, made from their classes: `python -m agent.services.event_reference` writes docs/events.md.

A test compares the file with this, so that the documentation cannot fall behind the code.
"""

import json
import sys
from inspect import cleandoc
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter

from agent.core.events import Event

_HEAD = """# Events

`shoal ask --json`, `shoal sessions show --json` and the Python API (docs/api.md) give the same events, the ones the screen draws. One JSON object a line,
in the order they happened; `type` says which it is, `at_s` the seconds since the run started. A run begins with `run_started` and ends with
`run_ended`, whatever happens. New fields and new types may be added; a reader should ignore what it does not know.

A finding (in `tool_ended`) is described in [tools.md](tools.md) and `tools/core/finding.py`: `count` null means suppressed, `share` is in percent of the column's total.

This file is made by `python -m agent.services.event_reference > docs/events.md`.
"""


def classes() -> list[type[BaseModel]]:
    """Every event, in the order of its definition."""
    return list(get_args(get_args(Event)[0]))


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of one event."""
    found: dict[str, Any] = TypeAdapter(Event).json_schema(mode="serialization")
    return found


def reference() -> str:
    """docs/events.md."""
    parts = [_HEAD]
    known = schema()["$defs"]
    for kind in classes():
        own = known[kind.__name__]
        parts.append(f"## `{own['properties']['type']['const']}`\n")
        if "description" in own:
            parts.append(f"{' '.join(cleandoc(own['description']).split())}\n")
        rows = [
            f"| `{name}` | {_kind(field)} |"
            for name, field in own["properties"].items()
            if name not in ("type", "at_s")
        ]
        if rows:
            parts.append("| field | kind |\n|---|---|\n" + "\n".join(rows) + "\n")
    parts.append("## JSON Schema\n\n```json\n" + json.dumps(schema(), indent=1) + "\n```\n")
    return "\n".join(parts)


def _kind(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_kind(choice) for choice in field["anyOf"])
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "$ref" in field:
        return f"`{field['$ref'].rsplit('/', 1)[-1]}` (below)"
    kind = str(field.get("type", "any"))
    return f"list of {_kind(field['items'])}" if kind == "array" and "items" in field else kind


if __name__ == "__main__":
    sys.stdout.write(reference())
