"""How one analyst likes the screen: theme, signs, motion and keys, from `screen.toml` in Shoal's home.

It is apart from settings.toml because nothing in it changes an answer. What is wrong in it is said and left out: a theme
that is gone, or a key for an action that is gone, must never keep the screen from opening.
"""

import json
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tui.text.glyphs import Glyphs, chosen

FILE = "screen.toml"
DEFAULT_THEME = "textual-dark"
EXAMPLE = """\
theme = "ansi-dark"     # the terminal's own colours; or textual-dark, textual-light, ansi-light, nord, ...
signs = "auto"          # "ascii" draws with letters only
motion = true           # false: nothing moves but the text itself

[keys]                  # an action's id (help lists them) and the key you want
# ledger = "ctrl+k"
"""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the file says; `problems` are sentences about what was left out."""

    theme: str = DEFAULT_THEME
    is_ascii: bool = False
    has_motion: bool = True
    keys: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def load(home: Path, themes: frozenset[str], actions: frozenset[str]) -> Preferences:
    """The preferences under `home`. `themes` and `actions` are those that exist."""
    file = home / FILE
    if not file.exists():
        return Preferences()
    try:
        values = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return Preferences(problems=(f"{file} is not valid TOML ({error}); the defaults are used.",))
    problems = [f"{FILE}: {name!r} is no preference." for name in set(values) - {"theme", "signs", "motion", "keys"}]
    theme = values.get("theme", DEFAULT_THEME)
    if theme not in themes:
        problems.append(f"{FILE}: there is no theme {theme!r}; the default is used.")
        theme = DEFAULT_THEME
    table = values.get("keys", {})
    keys = {str(name): str(key) for name, key in table.items()} if isinstance(table, dict) else {}
    problems += [f"{FILE}: there is no action {name!r}." for name in keys if name not in actions]
    kept = {name: key for name, key in keys.items() if name in actions}
    return Preferences(
        theme, values.get("signs") == "ascii", values.get("motion", True) is not False, kept, tuple(problems)
    )


def signs(wishes: Preferences) -> Glyphs:
    """The signs that this terminal can draw and its analyst wants."""
    return chosen(encoding=sys.stdout.encoding or "ascii", ascii_only=wishes.is_ascii)


def save(home: Path, wishes: Preferences) -> Path:
    """Write the preferences; returns the file. It holds nothing but them, so it is written whole."""
    lines = [
        f"theme = {json.dumps(wishes.theme)}",
        f'signs = "{"ascii" if wishes.is_ascii else "auto"}"',
        f"motion = {json.dumps(wishes.has_motion)}",
        "",
        "[keys]",
        *(f"{json.dumps(action)} = {json.dumps(key)}" for action, key in sorted(wishes.keys.items())),
    ]
    from index.core.home import private_folder

    file = private_folder(home) / FILE
    file.write_text("\n".join(lines) + "\n", "utf-8")
    file.chmod(0o600)
    return file
