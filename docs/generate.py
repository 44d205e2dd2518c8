"""Writes the pages of `docs/reference` that the code knows: `make reference`.

A test compares the files with what this module gives, so that they cannot fall behind the code.
"""

import json
import subprocess
import sys
import textwrap
from collections.abc import Collection, Iterator, Mapping
from inspect import cleandoc
from pathlib import Path
from typing import Any, get_args

import regex
from pydantic import BaseModel, TypeAdapter
from pydantic_core import PydanticUndefined

from agent.core.events import Event
from agent.core.settings import ENVIRONMENT, Price, Settings
from index.handle import IndexSettings, Retention
from index.sources.shapes import SHAPES
from index.sources.shapes.aliases import ALIASES
from tools.core.policy import PrivacyPolicy
from tui.state.preferences import Preferences

FOLDER = Path(__file__).parent / "reference"
_MADE = "This page is generated from the code: `make reference`."
_WIDTH = 110
_GROUPS = ("themes", "sessions", "case", "watch")
"""Command groups with a page of their own."""
_CHECKS = "audit"
"""The first of the commands that look Shoal over."""
_CASES = "## `shoal case`\n"
"""Where the page of cases and watches begins."""
_GATE = "mcp"
"""The first of the commands that let others ask."""
_KINDS = {"str": "text", "int": "whole number", "float": "number", "bool": "true or false", "dict": "table"}


def pages() -> dict[str, str]:
    """The text of every generated file by its name in `docs/reference`."""
    return {name: _wrapped(text) if name.endswith(".md") else text for name, text in _texts()}


def _texts() -> Iterator[tuple[str, str]]:
    yield "command-line.md", _main_commands()
    yield "command-line-checks.md", _check_commands()
    yield "command-line-gate.md", _gate_commands()
    yield "command-line-records.md", _record_commands()
    yield "command-line-cases.md", _case_commands()
    yield "settings.md", _settings()
    yield "policy.md", _policy()
    yield "events.md", _events()
    yield "shapes.md", _shapes()
    yield "events.schema.json", json.dumps(event_schema(), indent=1) + "\n"


def _shapes() -> str:
    rows = "\n".join(
        f"| {shape.name} | {'a message' if shape.is_message else 'a request' if shape.thread else 'a conversation'} | {_read_fields(shape.fields)} |"
        for shape in SHAPES
    )
    aliases = "\n".join(f"| {what} | {', '.join(f'`{name}`' for name in names)} |" for what, names in ALIASES.items())
    return (
        f"# Shapes of records\n\n{_MADE}\n\nWhat a record is recognised as, what one record is, and which of its fields are read. Each "
        "shape's own fields come first; then the names below, in any shape.\n\n"
        f"| shape | a record is | fields |\n|---|---|---|\n{rows}\n\n## Names in any shape\n\n"
        f"A dot leads into an object; an object is asked for its `id`. In tables, capitals and spaces do not matter.\n\n"
        f"| states | names, the first that says something |\n|---|---|\n{aliases}\n"
    )


def _read_fields(fields: Mapping[str, str]) -> str:
    return ", ".join(f"`{name}` ({becomes})" for name, becomes in fields.items())


def _wrapped(text: str) -> str:
    """The page with its long lines of prose broken; tables stay."""
    lines = (
        line if line.startswith("|") else textwrap.fill(line, _WIDTH, subsequent_indent=_indent(line))
        for line in text.split("\n")
    )
    return "\n".join(lines)


def _indent(line: str) -> str:
    return "  " if line.startswith("* ") else ""


def event_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of one event."""
    found: dict[str, Any] = TypeAdapter(Event).json_schema(mode="serialization")
    return found


# The command line


def _main_commands() -> str:
    text, _, _, _ = _commands()
    more = (
        "`themes` and `sessions` are in [a page of their own](command-line-records.md), and so are "
        "[`case` and `watch`](command-line-cases.md), "
        "[`audit`, `doctor`, `redteam` and `eval`](command-line-checks.md) and [`mcp`, `serve-gate` and `token`](command-line-gate.md)."
    )
    title, rest = text.split("\n", 1)
    return f"{title}\n\n{_MADE} {more}\n{rest.rstrip()}\n"


def _check_commands() -> str:
    _, checks, _, _ = _commands()
    head = "How to read an evaluation: [measuring Shoal](../guide/evaluation.md)."
    return f"# Command line: looking Shoal over\n\n{_MADE} {head}\n\n{checks.rstrip()}\n"


def _gate_commands() -> str:
    _, _, gate, _ = _commands()
    head = "How they are used: [MCP](../guide/mcp.md), [deployment](../guide/deployment.md)."
    return f"# Command line: the gate for others\n\n{_MADE} {head}\n\n{gate.rstrip()}\n"


def _record_commands() -> str:
    _, _, _, groups = _commands()
    head = "The other commands are in [command line](command-line.md)."
    records = groups[: groups.index(_CASES)]
    return f"# Command line: themes and sessions\n\n{_MADE} {head}\n\n{records.rstrip()}\n"


def _case_commands() -> str:
    _, _, _, groups = _commands()
    head = "How they are used: [cases and watches](../guide/cases-and-watches.md)."
    cases = groups[groups.index(_CASES) :]
    return f"# Command line: cases and watches\n\n{_MADE} {head}\n\n{cases.rstrip()}\n"


def _commands() -> tuple[str, str, str, str]:
    """What Typer's own documentation says of the commands: of most without a group, of those that look Shoal over, of the
    gate's, and of the groups."""
    command = [
        sys.executable,
        "-m",
        "typer",
        "tui.cli.app",
        "utils",
        "docs",
        "--name",
        "shoal",
        "--title",
        "Command line",
    ]
    text = subprocess.run(command, capture_output=True, check=True, cwd=FOLDER.parents[1], text=True).stdout
    text = regex.sub(r"\* `--help`: Show this message and exit.\n", "", text)
    text = regex.sub(r"\*\*Options\*\*:\n\n(?!\*)", "", text)
    checks, gate, groups = (text.index(f"## `shoal {name}`") for name in (_CHECKS, _GATE, _GROUPS[0]))
    return text[:checks], text[checks:gate], text[gate:groups], text[groups:]


# Settings and policy


def _settings() -> str:
    variables = "\n".join(f"| `{variable}` | {_line(Settings, name)} |" for name, variable in ENVIRONMENT.items())
    return (
        "\n".join(
            (
                "# Settings",
                "",
                _MADE,
                "",
                "Every value is checked when it is read. A wrong one ends the command with exit code 2 and a message that",
                "names the file and the value.",
                "",
                "## Environment",
                "",
                "| variable | meaning |\n|---|---|",
                "| `SHOAL_HOME` | Folder of everything that Shoal keeps. |",
                variables,
                "",
                "## `settings.toml` in Shoal's home",
                "",
                "The settings of one analyst.",
                "",
                _table(Settings, skipped=ENVIRONMENT),
                "A price, `[prices.NAME]`:",
                "",
                _table(Price),
                "## `screen.toml` in Shoal's home",
                "",
                "How one analyst likes the screen.",
                "",
                _table(Preferences, skipped={"problems"}),
                "## `index.toml` in an index",
                "",
                "The settings of one index. Whoever may write the index's folder may change them.",
                "",
                _table(IndexSettings, skipped={"facets"}),
                "`[retention]`:",
                "",
                _table(Retention),
                "## `facets.toml` in an index",
                "",
                "Each `[[facet]]` table defines a facet. [Ingest](../guide/ingest.md) has an example.",
            )
        ).rstrip()
        + "\n"
    )


def _policy() -> str:
    return "\n".join(
        (
            "# Policy",
            "",
            _MADE,
            "",
            "The thresholds of the gate. `[policy]` in `index.toml` sets them for an index.",
            "`[policy]` in an analyst's `settings.toml` can only make thresholds stricter.",
            "",
            _table(PrivacyPolicy),
            "[Privacy](../concepts/privacy.md) says what each of them is for.",
            "",
        )
    )


def _table(model: type[BaseModel], skipped: Collection[str] = ()) -> str:
    rows = [
        f"| `{name}` | {_default(field.default, field.default_factory)} | {_limits(field.annotation, field.metadata)} | {_line(model, name)} |"
        for name, field in model.model_fields.items()
        if name not in skipped
    ]
    return "| name | default | kind | meaning |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"


def _line(model: type[BaseModel], name: str) -> str:
    return " ".join((model.model_fields[name].description or "").split()).replace("|", "\\|")


def _default(value: Any, factory: Any) -> str:
    if value is PydanticUndefined:
        return "empty" if factory in (dict, tuple, list) else "" if factory is None else "see right"
    if isinstance(value, BaseModel) or value == ():
        return "empty"
    return "none" if value is None else f"`{json.dumps(value)}`"


def _limits(annotation: Any, metadata: list[Any]) -> str:
    """The kind of a value, and its limits, in words."""
    choices = [value for value in get_args(annotation) if isinstance(value, str)]
    kind = " or ".join(f"`{json.dumps(value)}`" for value in choices) if choices else _kind_of(annotation)
    return ", ".join([kind, *_bounds(metadata)])


def _kind_of(annotation: Any) -> str:
    if isinstance(annotation, type):
        return _KINDS.get(annotation.__name__.split("[")[0], "table")
    inner = [kind for kind in get_args(annotation) if kind is not type(None)]
    return "table" if "dict" in str(annotation) else _kind_of(inner[0]) if inner else "table"


def _bounds(metadata: list[Any]) -> Iterator[str]:
    signs = (("ge", "at least"), ("gt", "above"), ("le", "at most"))
    for limit in metadata:
        for name, words in signs:
            if (value := getattr(limit, name, None)) is not None:
                yield f"{words} {value:g}"


# Events

_EVENTS = """# Events

`shoal ask --json`, `shoal sessions show --json` and the [Python interface](python.md) give the same events that the
screen draws: one JSON object a line, in the order in which they happened. `type` says which event it is, `at_s` the
seconds since the run started. A run begins with `run_started` and ends with `run_ended`, whatever happens. New fields
and new types may be added. A reader should ignore what it does not know.

A finding is in `tool_ended`. Its `count` is null where a cell was suppressed. Its `share` is in percent of the column's
total. [events.schema.json](events.schema.json) is the JSON Schema of one event.
"""


def _events() -> str:
    known = event_schema()["$defs"]
    parts = [_EVENTS, f"{_MADE}\n"]
    for kind in get_args(get_args(Event)[0]):
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
    return "\n".join(parts)


def _kind(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_kind(choice) for choice in field["anyOf"])
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "$ref" in field:
        return f"`{field['$ref'].rsplit('/', 1)[-1]}` (in the schema)"
    kind = str(field.get("type", "any"))
    return f"list of {_kind(field['items'])}" if kind == "array" and "items" in field else kind


if __name__ == "__main__":
    for name, text in pages().items():
        (FOLDER / name).write_text(text, "utf-8")
