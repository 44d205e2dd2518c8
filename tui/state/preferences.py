"""How one analyst likes the screen: theme, signs, motion and keys, from `screen.toml` in Shoal's home.

It is apart from settings.toml because nothing in it changes an answer. What is wrong in it is said and left out: a theme
that is gone, or a key for an action that is gone, must never keep the screen from opening.
"""

import json
import sys
from pathlib import Path
from typing import Literal

from pydantic import Field

from index.core.errors import SettingsError
from index.core.settings_file import SettingsModel, read_toml, usable
from tui.text.glyphs import Glyphs, chosen

FILE = "screen.toml"
DEFAULT_THEME = "textual-dark"
LEAST, MOST = 25, 75
"""Bounds of the findings' share of the width, in percent."""
EXAMPLE = """\
theme = "ansi-dark"     # the terminal's own colours; or textual-dark, textual-light, ansi-light, nord, ...
signs = "auto"          # "ascii" draws with letters only
motion = true           # false: nothing moves but the text itself
findings = 45           # percent of the width for the findings (also < and > there, or drag their edge)

[keys]                  # an action's id (help lists them) and the key you want
# ledger = "ctrl+k"
"""


class Preferences(SettingsModel):
    """What the file says."""

    theme: str = DEFAULT_THEME
    """A theme of Textual."""
    signs: Literal["auto", "ascii"] = "auto"
    """"ascii" draws with letters only."""
    motion: bool = True
    """Off: nothing moves but the text itself."""
    findings: int = Field(45, ge=LEAST, le=MOST)
    """Percent of the width that the findings have beside the chat."""
    keys: dict[str, str] = Field(default_factory=dict)
    """Keys of one's own by an action's id."""
    problems: tuple[str, ...] = Field(())
    """Sentences about what was wrong in the file and is left out."""


def load(home: Path, themes: frozenset[str], actions: frozenset[str]) -> Preferences:
    """The preferences under `home`. `themes` and `actions` are those that exist. Never raises."""
    file = home / FILE
    try:
        values = read_toml(file)
    except SettingsError as error:
        return Preferences(problems=(f"{error.message} The defaults are used.",))
    found, problems = usable(Preferences, values, FILE)
    if found.problems or "problems" in values:
        found, problems = found.with_values(problems=()), (f"{FILE}: 'problems' is not a known name; it is left out.",)
    if found.theme not in themes and themes:
        problems += (f"{FILE}: there is no theme {found.theme!r}; the default is used.",)
        found = found.with_values(theme=DEFAULT_THEME)
    problems += tuple(f"{FILE}: there is no action {name!r}." for name in found.keys if actions and name not in actions)
    kept = {name: key for name, key in found.keys.items() if name in actions}
    return found.with_values(keys=kept, problems=problems)


def signs(wishes: Preferences) -> Glyphs:
    """The signs that this terminal can draw and its analyst wants."""
    return chosen(encoding=sys.stdout.encoding or "ascii", ascii_only=wishes.signs == "ascii")


def save(home: Path, wishes: Preferences) -> Path:
    """Write the preferences; returns the file. It holds nothing but them, so it is written whole."""
    lines = [
        f"theme = {json.dumps(wishes.theme)}",
        f"signs = {json.dumps(wishes.signs)}",
        f"motion = {json.dumps(wishes.motion)}",
        f"findings = {wishes.findings}",
        "",
        "[keys]",
        *(f"{json.dumps(action)} = {json.dumps(key)}" for action, key in sorted(wishes.keys.items())),
    ]
    from index.core.home import private_folder

    file = private_folder(home) / FILE
    file.write_text("\n".join(lines) + "\n", "utf-8")
    file.chmod(0o600)
    return file
