"""Every setting with its value, where it comes from and what it does. The sentences are those of the settings themselves,
so that the two cannot drift apart. Nothing is changed here: the screen says which line of which file changes it."""

import ast
import inspect
import textwrap
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui import preferences
from tui.panels import Panel
from tui.text import safe

if TYPE_CHECKING:
    from agent.settings import Settings

_SECRET = ("api_key", "base_url")


def explained(kind: type) -> dict[str, str]:
    """The sentence under each field of a class, by field."""
    body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    found: dict[str, str] = {}
    lines = body.body if isinstance(body, ast.ClassDef) else []
    for field, said in pairwise(lines):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            found[field.target.id] = _sentence(said)
    return found


def _sentence(line: ast.stmt) -> str:
    value = line.value if isinstance(line, ast.Expr) else None
    return " ".join(str(value.value).split()) if isinstance(value, ast.Constant) else ""


def lines(settings: "Settings") -> list[tuple[str, str, str]]:
    """Name, value and sentence of each setting. A key is never shown, only whether there is one."""
    said = explained(type(settings))
    found = []
    for field in fields(settings):
        value = getattr(settings, field.name)
        text = ("set" if value else "not set") if field.name in _SECRET else repr(value)
        found.append((field.name, text, said.get(field.name, "")))
    return found


class SettingsScreen(Panel[None]):
    """All settings, the policy in force, and how this screen may look."""

    def __init__(self, settings: "Settings", home: Path, policy: str) -> None:
        super().__init__()
        self._settings = settings
        self._home = home
        self._policy = policy

    def compose(self) -> ComposeResult:
        file = self._home / "settings.toml"
        state = "read at start" if file.exists() else "not there yet: these are the defaults"
        with Vertical(classes="panel"):
            yield Static(f"Settings · {safe(str(file))} ({state})", classes="title", markup=False)
            with VerticalScroll():
                yield Static(self._text(), markup=False)
            yield Static("Change a line in the file and start again · esc closes", classes="hint")

    def _text(self) -> Content:
        parts: list[Content] = []
        for name, value, sentence in lines(self._settings):
            parts += [Content.assemble((name, "bold"), f" = {safe(value)}"), Content.styled(f"  {sentence}", "dim")]
        if self._policy:
            parts += [
                Content(""),
                Content.styled("Privacy policy in force", "bold"),
                Content(f"  {safe(self._policy)}"),
            ]
        place = safe(str(self._home / preferences.FILE))
        parts += [Content(""), Content.styled(f"The screen's own file: {place}", "bold"), Content(preferences.EXAMPLE)]
        return Content("\n").join(parts)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
