"""Loads the demo texts of each language from TOML into frozen dataclasses.

The texts are data, so they are checked here once and loudly: every mistake is a ValueError that names the file and
the theme. This module must never fill a template or guess a missing value.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from index.demo.model import CATEGORIES

STORIES_FILE = "stories.toml"
SLOT = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_FEWEST = {"openings": 8, "followups": 4, "replies": 4}
_SLOT_VALUES = range(6, 16)

Slots = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Theme:
    id: str
    category: str
    language: str
    weight: float
    flag_rate: float
    openings: tuple[str, ...]
    followups: tuple[str, ...]
    replies: tuple[str, ...]
    slots: Slots
    story: str | None = None


@dataclass(frozen=True, slots=True)
class Language:
    name: str
    code: str
    share: float
    themes: tuple[Theme, ...]
    leads: tuple[str, ...] = ()
    tails: tuple[str, ...] = ()


class Table:
    """A TOML table together with the place it came from, for error messages that help."""

    def __init__(self, values: object, where: str) -> None:
        self.where = where
        if not isinstance(values, Mapping):
            raise self.fail("expected a table")
        self.values: Mapping[str, object] = values

    def fail(self, problem: str) -> ValueError:
        return ValueError(f"{self.where}: {problem}")

    def text(self, key: str) -> str:
        value = self.values.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.fail(f"'{key}' must be a text that is not empty")
        return value

    def number(self, key: str, least: float = 0.0, most: float = 1e9) -> float:
        value = self.values.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise self.fail(f"'{key}' must be a number from {least:g} to {most:g}")
        return float(value)

    def count(self, key: str) -> int:
        value = self.number(key, 1)
        if value != int(value):
            raise self.fail(f"'{key}' must be a whole number")
        return int(value)

    def list(self, key: str) -> Sequence[object]:
        value = self.values.get(key, ())
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise self.fail(f"'{key}' must be a list")
        return value

    def texts(self, key: str, fewest: int = 0) -> tuple[str, ...]:
        values = self.list(key)
        texts = tuple(value for value in values if isinstance(value, str) and value.strip())
        if len(texts) != len(values) or len(texts) < fewest:
            raise self.fail(f"'{key}' must hold at least {fewest} texts")
        return texts

    def tables(self, key: str) -> tuple["Table", ...]:
        return tuple(Table(value, f"{self.where}, {key} {n}") for n, value in enumerate(self.list(key), 1))


def read(name: str) -> Table:
    source = files("index.demo").joinpath("texts", name)
    try:
        return Table(tomllib.loads(source.read_text(encoding="utf-8")), name)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{name}: not valid TOML: {error}") from error


def theme_from(table: Table, language: str, fewest: Mapping[str, int] = _FEWEST) -> Theme:
    """One theme, checked: known category, enough texts, and every {slot} that is used is also defined."""
    theme_id = table.text("id")
    table = Table(table.values, f"{table.where.split(',')[0]}, theme '{theme_id}'")
    category = table.text("category")
    if category not in CATEGORIES:
        raise table.fail(f"unknown category '{category}'")
    texts = {key: table.texts(key, least) for key, least in fewest.items()}
    slots = _slots(table)
    _check_places(table, [text for group in texts.values() for text in group], {name for name, _ in slots})
    return Theme(
        id=theme_id,
        category=category,
        language=language,
        weight=table.number("weight", 0.001) if "weight" in table.values else 1.0,
        flag_rate=table.number("flag_rate", 0.0, 1.0) if "flag_rate" in table.values else 0.0,
        openings=texts["openings"],
        followups=texts["followups"],
        replies=texts["replies"],
        slots=slots,
        story=table.text("story") if "story" in table.values else None,
    )


def _slots(table: Table) -> Slots:
    slots = Table(table.values.get("slots", {}), f"{table.where}, slots")
    filled = tuple((name, slots.texts(name, _SLOT_VALUES.start)) for name in slots.values)
    for name, values in filled:
        if len(values) not in _SLOT_VALUES:
            raise slots.fail(f"'{name}' has too many values")
        if any("{" in value or "}" in value for value in values):
            raise slots.fail(f"'{name}' has a value with a brace")
    return filled


def _check_places(table: Table, texts: Sequence[str], known: set[str]) -> None:
    for text in texts:
        unknown = set(SLOT.findall(text)) - known
        if unknown:
            raise table.fail(f"no slot for {sorted(unknown)} in: {text[:80]}")
        if re.search(r"[{}]", SLOT.sub("", text)):
            raise table.fail(f"stray brace in: {text[:80]}")


def _language(name: str) -> Language:
    table = read(name)
    spoken = table.text("language")
    themes = tuple(theme_from(entry, spoken) for entry in table.tables("theme"))
    if not themes:
        raise table.fail("no themes")
    voice = Table(table.values.get("voice", {}), f"{name}, voice")
    language = Language(
        spoken, table.text("code"), table.number("share", 0.001), themes, voice.texts("leads"), voice.texts("tails")
    )
    prefix = f"{language.code}-"
    for theme in themes:
        if language.code != "en" and not theme.id.startswith(prefix):
            raise table.fail(f"theme '{theme.id}' must start with '{prefix}'")
    return language


@cache
def languages() -> tuple[Language, ...]:
    """Every language file, in the order of the file names; theme ids are unique over all of them."""
    names = sorted(entry.name for entry in files("index.demo").joinpath("texts").iterdir())
    found = tuple(_language(name) for name in names if name.endswith(".toml") and name != STORIES_FILE)
    seen: set[str] = set()
    for language in found:
        for theme in language.themes:
            if theme.id in seen:
                raise ValueError(f"{language.code}.toml, theme '{theme.id}': the id is used twice")
            seen.add(theme.id)
    return found
