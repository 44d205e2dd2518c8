"""The hand-written lexicon of the built-in extractor: what people ask for, in many languages.

Its entries bridge languages without a model. Matching is by word start (whole word with a trailing "$"), by substring in
scripts without spaces. The lexicon's own words are the only thing of it that enters a summary.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files

import regex

from index.core.words import is_unspaced, normalise

_MAX_CONCEPTS = 5

_INSIDE_WORD = regex.compile(r"[\p{L}\p{M}\p{N}--[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]]", regex.V1)
"""A neighbour that makes a match part of a longer word. Scripts without spaces are boundaries (用python写)."""


@cache
def _is_inside_word(character: str) -> bool:
    """Kept by character: it is asked twice for every entry that is found."""
    return _INSIDE_WORD.match(character) is not None


class Matcher:
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
        return list(dict.fromkeys(owner for owners, _, _ in self.found(text) for owner in owners))

    def found(self, text: str) -> Iterator[tuple[Sequence[str], int, int]]:
        """Each place of a normalised text where an entry stands: its owners, start and end."""
        for place, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            if self._unspaced[place] or self._stands(text, start, end, whole=self._entries[place][1]):
                yield self._owners[place], start, end

    @staticmethod
    def _stands(text: str, start: int, end: int, *, whole: bool) -> bool:
        if start and _is_inside_word(text[start - 1]):
            return False
        return not (whole and end < len(text) and _is_inside_word(text[end]))


_NOT_ENTRIES = ("name", "title", "field")


@cache
def _table() -> list[dict[str, str | list[str]]]:
    table: list[dict[str, str | list[str]]] = tomllib.loads(
        (files("agent.roles.builtin") / "concepts.toml").read_text("utf-8")
    )["concept"]
    return table


@cache
def _concepts() -> Matcher:
    entries = [
        (entry, str(concept["name"]))
        for concept in _table()
        for language, listed in concept.items()
        if language not in _NOT_ENTRIES
        for entry in listed
    ]
    return Matcher(entries)


@cache
def titles() -> Mapping[str, str]:
    """How each concept is written within a name, by its normalised English name."""
    return {normalise(str(concept["name"])): str(concept.get("title", concept["name"])) for concept in _table()}


def concepts(text: str) -> list[str]:
    """English names of what a text asks about, first mentioned first, at most five."""
    return _concepts().owners(normalise(text))[:_MAX_CONCEPTS]


def valued(text: str, words: Mapping[str, Sequence[str]]) -> str | None:
    """The last listed value of which a word occurs in the text; None when none does."""
    found = _valued(tuple((value, tuple(listed)) for value, listed in words.items())).owners(normalise(text))
    return next((value for value in reversed(list(words)) if value in found), None)


@cache
def _valued(words: tuple[tuple[str, tuple[str, ...]], ...]) -> Matcher:
    return Matcher([(entry, value) for value, listed in words for entry in listed])


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
