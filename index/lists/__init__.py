"""Names by public lists: whether a word is a person's name, and whether a name is one that everybody knows.

Screening and the filter of proper nouns ask here, so that they agree about who is a private person; the auditor has lists of
its own. They are made by `scripts/public_lists.py`, which says of what; `NOTICE.md` beside them has sources and licences. They
must never be taken for complete: what is on no list may still be a name, and R6 decides about it.
"""

from functools import cache
from importlib.resources import files

import regex

from index.core.words import normalise, stem

GIVEN, SURNAMES, WORDS, PUBLIC, COMMON = "given", "surnames", "words", "public", "common"
"""Given names; surnames; those of both that are a word or a place too; names that point at nobody: countries, languages,
large cities, products, works, historic people; and common English words."""

_INFLECTED = {
    regex.compile(r"\p{Cyrillic}+"): regex.compile(
        r"(?:ами|ями|ого|его|ому|ему|ові|еві|ой|ей|ою|ею|ым|им|ом|ем|ём|ую|юю|ая|яя|ію|ії|ы|и|а|я|у|ю|е|о|й|ь|і|ї)$"
    ),
    regex.compile(r"\p{Greek}+"): regex.compile(r"(?:ουσ|ούσ|οσ|όσ|ησ|ήσ|ασ|άσ|εσ|ου|ού|ο|ό|η|ή|α|ά|ε|ι|ω)$"),
}
"""Scripts of languages whose names change with the case, and what changes at their end."""


@cache
def listed(name: str) -> frozenset[str]:
    """A list by its name, in the form in which words are compared."""
    return frozenset((files("index.lists") / f"{name}.txt").read_text("utf-8").split("\n")) - {""}


def is_given(word: str) -> bool:
    """Whether a word (in the form of `as_listed`) is a given name. Of Slavic and Greek names every case is known."""
    return _is_on(word, GIVEN)


def is_surname(word: str) -> bool:
    """Whether a word is a surname."""
    return _is_on(word, SURNAMES) or any(
        word.startswith(prefix) and word.removeprefix(prefix) in listed(SURNAMES) for prefix in ("o'", "mc", "mac")
    )


def is_word(name: str) -> bool:
    """Whether a name of people is also a word or a place: mark, grace, paris."""
    return name in listed(WORDS)


def is_common(word: str) -> bool:
    """Whether an English dictionary has the word, or its singular, without a capital."""
    return word in listed(COMMON) or stem(word) in listed(COMMON)


def is_public(name: str) -> bool:
    """Whether everybody knows what bears the name (in the form of `normalise`)."""
    return any(form in listed(PUBLIC) for form in (name, name.removesuffix("'s"), stem(name)))


def _is_on(word: str, name: str) -> bool:
    if word in listed(name):
        return True
    if "-" in word:
        return all(part in listed(name) for part in word.split("-"))
    if word.isascii() or len(word) < 4:
        return False
    return any(
        script.fullmatch(word) and _stem(word, endings) in _stems(name, script)
        for script, endings in _INFLECTED.items()
    )


@cache
def _stems(name: str, script: "regex.Pattern[str]") -> frozenset[str]:
    """Of names in a script what stays in every case."""
    return frozenset(
        _stem(entry, _INFLECTED[script]) for entry in listed(name) if script.fullmatch(entry) and len(entry) > 3
    )


def _stem(word: str, endings: "regex.Pattern[str]") -> str:
    stem = endings.sub("", word.replace("ё", "е"))
    return stem if len(stem) > 2 else word


def as_listed(written: str) -> str:
    """A written word in the form that the lists use."""
    return normalise(written).removesuffix("'s").strip(".'-")
