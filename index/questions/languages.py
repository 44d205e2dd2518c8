"""Names of languages as people write them: in the question's own language, by CLDR, and in English.

A language that is learnt ("learn French") is a topic, and not what conversations are written in.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

import regex

from index.core.language import LANGUAGES, code_of

_ALSO = {
    "mandarin": "Chinese", "cantonese": "Chinese", "farsi": "Persian", "brazilian": "Portuguese", "castilian": "Spanish",
    "germans": "German", "americans": "English", "spaniards": "Spanish", "russians": "Russian", "italians": "Italian", "koreans": "Korean",
    "中文": "Chinese", "汉语": "Chinese", "castellano": "Spanish", "francophones": "French", "anglophones": "English", "germanophones": "German", "hispanophones": "Spanish",
    "hispanohablantes": "Spanish", "angloparlantes": "English", "anglofoni": "English", "francofoni": "French", "mandarín": "Chinese",
}  # fmt: skip
_LEARNT = r"\b(?:learn|teach|study|speak|practi[cs])\w* {name}\b|\b{name} (?:grammar|lessons?|vocabulary|class(?:es)?|homework|exams?)\b"
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Hangul}]")
_COMPOUND, _ENDING, _SHORT_ENDING = 10, 4, 1
"""Letters that may follow a name: in compounds such as German "deutschsprachige"; endings of a case; and of a name whose stem
is so short that other words begin like it (Spanish "persa", "personas")."""
_SHORT_STEM = 4
_PLACE = regex.compile(r"land\w{0,3}$")


def languages_in(
    question: str, spoken: str, known: Sequence[str], *, english: bool = True
) -> list[tuple[str, int, int]]:
    """The languages that a question names, with their places, in order, each once. `spoken`: what the question is written in;
    `known`: those of the index; `english`: whether English names count too."""
    found: dict[str, tuple[str, int, int]] = {}
    named = [*(_english(question, known) if english else ()), *_other(question, spoken)]
    for name, start, end in sorted(named, key=lambda item: item[1]):
        found.setdefault(name, (name, start, end))
    return list(found.values())


def _english(question: str, known: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    folded = question.casefold() if len(question.casefold()) == len(question) else question
    for word, name in {**{name.casefold(): name for name in (*known, *LANGUAGES)}, **_ALSO}.items():
        pattern = regex.escape(word) if _UNSPACED.search(word) else rf"\b{regex.escape(word)}\b"
        match = regex.search(pattern, folded)
        is_learnt = regex.search(_LEARNT.format(name=regex.escape(word)), folded) is not None
        if match and not is_learnt and (name != "Polish" or regex.search(r"\bPolish\b|\b[Ii]n polish\b", question)):
            yield name, match.start(), match.end()


def _other(question: str, spoken: str) -> Iterator[tuple[str, int, int]]:
    if spoken == "English":
        return
    for written, name in _names(spoken).items():
        if _UNSPACED.search(written):
            matches = [match.span() for match in regex.finditer(regex.escape(written), question)]
        else:
            stem = _plain(written)[: -2 if spoken in ("Russian", "Polish") else -1]
            matches = [
                match.span()
                for match in regex.finditer(r"[\p{L}\p{M}]+", question)
                if len(stem) > 2
                and _plain(match[0]).startswith(stem)
                and len(match[0]) <= len(written) + _ending(stem, spoken)
                and not _PLACE.search(match[0])
            ]
        yield from ((name, start, end) for start, end in matches[:1])


def _ending(stem: str, spoken: str) -> int:
    if spoken == "German":
        return _COMPOUND
    return _SHORT_ENDING if len(stem) <= _SHORT_STEM else _ENDING


@cache
def _names(spoken: str) -> Mapping[str, str]:
    """What the languages are called in one of them, to their English names."""
    from babel import Locale

    called = Locale(code_of(spoken) or "en").languages
    found = {written: name for name in LANGUAGES if (written := called.get(code_of(name)))}
    if spoken == "Chinese":
        # What is written: 英文 beside 英语, which is what is spoken.
        found |= {f"{written[:-1]}文": name for written, name in found.items() if written.endswith("语")}
    return found


def _plain(word: str) -> str:
    split = unicodedata.normalize("NFD", word.casefold())
    return "".join(letter for letter in split if not unicodedata.combining(letter))
