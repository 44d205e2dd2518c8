"""Graded concern without a model: patterns of a hand-written lexicon (`concern.toml`), of which the highest grade counts.

A pattern is found by an entry of its own, or by two words near each other (a verb and whom it is done to), and is compared
against what must occur too and what makes it benign. It reads one text at a time and must never learn from any.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import regex
from pydantic import BaseModel, ConfigDict, Field

from agent.roles.builtin.lexicon import Matcher
from index.core.facets import NO_HARM
from index.core.words import normalise

_SENTENCE_ENDS = regex.compile(r"[.!?;\n。！？]")
_REST_OF_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]*")
_WORD_CHARS = 12
"""Characters that a word between two others may take up: in scripts without spaces words cannot be counted."""

Found = Mapping[str, Sequence[tuple[int, int]]]
"""Where the entries of each slot are in a text, by start and end. A slot is a list of entries that something refers to."""


class _Row(BaseModel):
    """Part of a pattern as the file has it. Pydantic refuses a misspelt key, which would silently never match."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _PairRow(_Row):
    first: list[str]
    then: list[str]
    within: int = Field(0, ge=0, le=12)


class _PatternRow(_Row):
    name: str
    level: int = Field(ge=1, le=5)
    harm: str
    any: list[str] = []
    near: list[_PairRow] = []
    with_: list[list[str]] = Field([], alias="with")
    without_level: int = Field(1, ge=1, le=5)
    benign: list[str] = []


class _File(_Row):
    lists: dict[str, list[str]]
    pattern: list[_PatternRow]


@dataclass(frozen=True, slots=True)
class _Pair:
    """One of the first, then one of the other, with at most so many words of the same sentence between them."""

    first: frozenset[str]
    then: frozenset[str]
    within: int

    def occurs(self, text: str, found: Found) -> bool:
        if self.first.isdisjoint(found) or self.then.isdisjoint(found):
            return False
        starts = [start for slot in self.then for start, _ in found.get(slot, ())]
        ends = [end for slot in self.first for _, end in found.get(slot, ())]
        return any(self._is_near(text, end, start) for start in starts for end in ends)

    def _is_near(self, text: str, end: int, start: int) -> bool:
        if not 0 <= start - end <= _WORD_CHARS * (self.within + 1):
            return False
        rest = _REST_OF_WORD.match(text, end, start)
        gap = text[rest.end() if rest else end : start]
        return len(gap.split()) <= self.within and _SENTENCE_ENDS.search(gap) is None


@dataclass(frozen=True, slots=True)
class _Pattern:
    """What is looked for, by slot, and what else decides its grade. `with_`: one slot of each must occur too."""

    level: int
    harm: str
    any: frozenset[str]
    pairs: Sequence[_Pair]
    with_: Sequence[frozenset[str]]
    without_level: int
    benign: frozenset[str]

    def grade(self, text: str, found: Found) -> int:
        if self.any.isdisjoint(found) and not any(pair.occurs(text, found) for pair in self.pairs):
            return 1
        level = self.without_level if any(needed.isdisjoint(found) for needed in self.with_) else self.level
        return max(1, level if self.benign.isdisjoint(found) else level - 2)


class _Slots:
    """Gives each list of entries a slot; "@name" among them stands for the slot of the list of that name."""

    def __init__(self, lists: Mapping[str, Sequence[str]]) -> None:
        if nested := [name for name, listed in lists.items() if any(entry.startswith("@") for entry in listed)]:
            raise ValueError(f"concern.toml: a list cannot hold another list, as {nested} do")
        self._lists = lists
        self.entries = [(entry, f"@{name}") for name, listed in lists.items() for entry in listed]

    def of(self, name: str, listed: Sequence[str]) -> frozenset[str]:
        shared = frozenset(entry for entry in listed if entry.startswith("@"))
        if unknown := [entry for entry in shared if entry.removeprefix("@") not in self._lists]:
            raise ValueError(f"concern.toml, pattern {name!r}: there is no list {unknown}")
        own = [entry for entry in listed if not entry.startswith("@")]
        slot = f"{name} {len(self.entries)}"
        self.entries += [(entry, slot) for entry in own]
        return shared | {slot} if own else shared


@cache
def _lexicon() -> tuple[Matcher, tuple[_Pattern, ...]]:
    """One matcher over every entry, so that a text is read once; and the patterns."""
    read = _File.model_validate(tomllib.loads((files("agent.roles.builtin") / "concern.toml").read_text("utf-8")))
    slots = _Slots(read.lists)
    patterns = tuple(_patterns(read.pattern, slots))
    return Matcher(slots.entries), patterns


def _patterns(rows: Sequence[_PatternRow], slots: _Slots) -> Iterator[_Pattern]:
    for row in rows:
        yield _Pattern(
            level=row.level,
            harm=row.harm,
            any=slots.of(row.name, row.any),
            pairs=[_Pair(slots.of(row.name, p.first), slots.of(row.name, p.then), p.within) for p in row.near],
            with_=[slots.of(row.name, listed) for listed in row.with_],
            without_level=row.without_level,
            benign=slots.of(row.name, row.benign),
        )


def concern(text: str) -> tuple[int, str]:
    """1 (benign) to 5 (immediate review), the highest grade of any pattern, and that pattern's hazard category. A
    grade of 1 has none."""
    folded = normalise(text)
    matcher, patterns = _lexicon()
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for owners, start, end in matcher.found(folded):
        for owner in owners:
            found[owner].append((start, end))
    graded = [(pattern.grade(folded, found), pattern.harm) for pattern in patterns]
    level, harm = max(graded, key=lambda grade: grade[0], default=(1, NO_HARM))
    return level, harm if level > 1 else NO_HARM
