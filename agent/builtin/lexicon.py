"""The hand-written lexicons of the built-in extractor: what people ask for in many languages, and graded concern.

They bridge languages without a model. Matching is by word start (whole word with a trailing "$"), by substring in
scripts without spaces. The lexicon's own words are the only thing of it that enters a summary.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import regex

from index.facets import NO_HARM
from index.words import is_unspaced, normalise

_MAX_CONCEPTS = 5

_INSIDE_WORD = regex.compile(r"[\p{L}\p{M}\p{N}--[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]]", regex.V1)
"""A neighbour that makes a match part of a longer word. Scripts without spaces are boundaries (用python写)."""


class _Matcher:
    """Many entries found in one pass (Aho-Corasick); each entry belongs to one or more owners."""

    def __init__(self, entries: Sequence[tuple[str, str]]) -> None:
        """`entries` are (entry, owner) pairs."""
        from ahocorasick_rs import AhoCorasick

        owners: dict[tuple[str, bool], list[str]] = {}
        for raw, owner in entries:
            owners.setdefault((normalise(raw.removesuffix("$")), raw.endswith("$")), []).append(owner)
        self._entries = list(owners)
        self._owners = [tuple(dict.fromkeys(who)) for who in owners.values()]
        self._unspaced = [is_unspaced(entry) for entry, _ in self._entries]
        self._automaton = AhoCorasick([entry for entry, _ in self._entries])

    def owners(self, text: str) -> list[str]:
        """Owners of the entries found in a normalised text, in order of first appearance, once each."""
        found: dict[str, None] = {}
        for place, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            if self._unspaced[place] or self._stands(text, start, end, whole=self._entries[place][1]):
                found.update(dict.fromkeys(self._owners[place]))
        return list(found)

    @staticmethod
    def _stands(text: str, start: int, end: int, *, whole: bool) -> bool:
        if start and _INSIDE_WORD.match(text[start - 1]):
            return False
        return not (whole and end < len(text) and _INSIDE_WORD.match(text[end]))


_NOT_ENTRIES = ("name", "title")


@cache
def _table() -> list[dict[str, str | list[str]]]:
    table: list[dict[str, str | list[str]]] = tomllib.loads(
        (files("agent.builtin") / "concepts.toml").read_text("utf-8")
    )["concept"]
    return table


@cache
def _concepts() -> _Matcher:
    entries = [
        (entry, str(concept["name"]))
        for concept in _table()
        for language, listed in concept.items()
        if language not in _NOT_ENTRIES
        for entry in listed
    ]
    return _Matcher(entries)


@cache
def titles() -> Mapping[str, str]:
    """How each concept is written within a name, by its normalised English name."""
    return {normalise(str(concept["name"])): str(concept.get("title", concept["name"])) for concept in _table()}


def concepts(text: str) -> list[str]:
    """English names of what a text asks about, first mentioned first, at most five."""
    return _concepts().owners(normalise(text))[:_MAX_CONCEPTS]


@dataclass(frozen=True, slots=True)
class _Concern:
    """A pattern of which an entry was found: what else decides its grade."""

    level: int
    harm: str
    without_level: int
    with_: _Matcher | None
    benign: _Matcher | None

    def grade(self, text: str) -> int:
        level = self.level if self.with_ is None or self.with_.owners(text) else self.without_level
        if self.benign is not None and self.benign.owners(text):
            level -= 2
        return max(1, level)


def _optional(entries: Sequence[str] | None) -> _Matcher | None:
    return _Matcher([(entry, "x") for entry in entries]) if entries else None


@cache
def _concerns() -> tuple[_Matcher, dict[str, _Concern]]:
    """One matcher over every pattern's entries, owned by the pattern's name; and the patterns."""
    table = tomllib.loads((files("agent.builtin") / "concern.toml").read_text("utf-8"))["pattern"]
    entries = [(entry, row["name"]) for row in table for entry in row["any"]]
    patterns = {
        row["name"]: _Concern(
            level=row["level"],
            harm=row["harm"],
            without_level=row.get("without_level", 1),
            with_=_optional(row.get("with")),
            benign=_optional(row.get("benign")),
        )
        for row in table
    }
    return _Matcher(entries), patterns


def concern(text: str) -> tuple[int, str]:
    """1 (benign) to 5 (immediate review), the highest grade of any pattern, and that pattern's hazard category. A
    grade of 1 has none."""
    folded = normalise(text)
    matcher, patterns = _concerns()
    graded = [(patterns[name].grade(folded), patterns[name].harm) for name in matcher.owners(folded)]
    level, harm = max(graded, key=lambda found: found[0], default=(1, NO_HARM))
    return level, harm if level > 1 else NO_HARM


def valued(text: str, words: Mapping[str, Sequence[str]]) -> str | None:
    """The last listed value of which a word occurs in the text; None when none does."""
    found = _valued(tuple((value, tuple(listed)) for value, listed in words.items())).owners(normalise(text))
    return next((value for value in reversed(list(words)) if value in found), None)


@cache
def _valued(words: tuple[tuple[str, tuple[str, ...]], ...]) -> _Matcher:
    return _Matcher([(entry, value) for value, listed in words for entry in listed])


_REFUSALS = regex.compile(
    r"""(?:i['’]?m\ sorry|i\ apologi[sz]e|sorry)[,.]?\ (?:but\ )?(?:i\ |as\ an\ ai)|
    i\ (?:can['’]?t|cannot|am\ not\ able\ to|am\ unable\ to|won['’]?t)\ (?:help|assist|provide|create|write|do|fulfil|comply|engage|support)|
    as\ an\ ai\ (?:language\ )?model,?\ i\ (?:can['’]?t|cannot|am\ not\ able|do\ not)|
    lo\ siento,?\ (?:pero\ )?no\ puedo|no\ puedo\ ayudar|désolé,?\ (?:mais\ )?je\ ne\ peux|je\ ne\ peux\ pas\ vous\ aider|
    (?:es\ )?tut\ mir\ leid,?\ (?:aber\ )?|dabei\ kann\ ich\ nicht|desculpe,?\ (?:mas\ )?não\ posso|mi\ dispiace,?\ (?:ma\ )?non\ posso|
    к\ сожалению,?\ я\ не\ могу|извините,?\ (?:но\ )?я\ не\ могу|申し訳(?:ありません|ございません)|対応できません|
    抱歉,?\ ?(?:但\ ?)?我(?:不能|无法)|对不起,?\ ?(?:但\ ?)?我(?:不能|无法)|죄송(?:합니다|하지만)|maaf,?\ (?:tetapi\ )?saya\ tidak\ (?:bisa|dapat)|
    üzgünüm,?\ (?:ama\ )?|عذرا|क्षमा\ करें""",
    regex.VERBOSE,
)
"""How refusals begin, in the lexicon's languages."""


def refuses(reply: str) -> bool:
    """Whether a reply begins as refusals do. Partial refusals deeper in a reply are not seen."""
    return _REFUSALS.match(normalise(reply.lstrip())) is not None
