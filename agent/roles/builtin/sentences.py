"""The sentences of the built-in roles in the language of a question.

Written once for each language that the answers come in; in others they are English. Names of themes, languages and facets'
values stay as published, because that is what a reader finds in the finding.
"""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import regex

from index.core.language import code_of
from tools.core.scope import Scope

_FIGURE = regex.compile(r"“[^”]*”(*SKIP)(*FAIL)|(?<![\w.,])(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+)(?![\w.,]\d|\w)")
"""A number as code writes it, outside names."""

SPOKEN = ("English", "German", "French", "Spanish", "Portuguese", "Japanese", "Chinese")
"""Languages that answers are written in."""


@cache
def _texts() -> Mapping[str, Any]:
    return tomllib.loads((files("agent.roles.builtin") / "sentences.toml").read_text("utf-8"))


def sentence(key: str, spoken: str, **values: object) -> str:
    """A sentence with its values filled in."""
    texts = _texts()[key]
    return str(texts.get(spoken, texts["English"])).format(**values)


def figures(text: str, spoken: str) -> str:
    """The text with its numbers written as its language does (CLDR): 9,400 and 2.5 % are 9.400 and 2,5 % in German."""
    code = code_of(spoken)
    if code in (None, "en"):
        return text
    from babel.numbers import format_decimal

    def written(match: "regex.Match[str]") -> str:
        plain = match[0].replace(",", "")
        decimals = "0" * len(plain.partition(".")[2])
        return format_decimal(plain, f"#,##0.{decimals}" if decimals else "#,##0", code)

    return _FIGURE.sub(written, text)


def word(name: str, spoken: str) -> str:
    """A facet's name, or another word that sentences hold."""
    words: Mapping[str, str] = _texts()["words"].get(spoken, {})
    return words.get(name, words.get(f"{name}s", name))


def what(scope: Scope | None, spoken: str, *, every: bool = True) -> str:
    """A scope in words: in English as it describes itself, else "conversations" with what restricts them in brackets. `every`:
    that all conversations are meant is said."""
    if spoken not in _texts()["words"]:
        if scope is None:
            return "all other conversations"
        return (scope.describe() if every else scope.described()).replace("“", "").replace("”", "")
    if scope is None:
        return word("others", spoken)
    parts = ", ".join(_parts(scope, spoken))
    noun = word("all" if every and not parts else "conversations", spoken)
    return f"{noun} ({parts})" if parts else noun


def _parts(scope: Scope, spoken: str) -> Iterator[str]:
    yield from filter(None, (scope.cluster, scope.language, scope.field, scope.area, scope.harm, scope.surface))
    yield from scope.own.values()
    if scope.near:
        yield f"{word('near', spoken)} {scope.near}"
    if scope.outcome:
        yield word("refused", spoken) if scope.outcome == "refused" else scope.outcome
    if scope.flagged:
        yield word("flagged" if scope.flagged == "yes" else "unflagged", spoken)
    if scope.concern_at_least:
        yield word("concern", spoken)
    if scope.since or scope.until:
        yield when(scope.since, scope.until, spoken)


def when(since: date | None, until: date | None, spoken: str) -> str:
    """A period in words, in the languages that sentences are written in."""
    key = "period_both" if since and until else "period_since" if since else "period_until"
    return sentence(key, spoken, since=since, until=until)
