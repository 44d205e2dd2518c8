"""Spelling and numbers of a question: contractions, slips of one letter, and how many groups it asks for."""

from collections.abc import Collection, Sequence

import regex

from agent.roles.builtin.lead.period import NUMBERS
from index.core.language import LANGUAGES
from index.lists import is_common


def expanded(question: str) -> str:
    """A question in lower case with contractions written out ("what's" as "what is"), which time expressions are read in."""
    text = question.casefold().replace("’", "'").replace("‘", "'")
    text = regex.sub(r"\b(what|who|where|how|that|there|it|here|when)'s\b", r"\1 is", text)
    return regex.sub(r"\s+", " ", text).strip()


def corrected(question: str, languages: Sequence[str]) -> tuple[str, list[str]]:
    """The question with slips of one letter mended in the names of languages and months, and what was read as what. Only words
    of six letters and more are mended, and none that a longer or shorter form of the word would be ("Germany")."""
    wanted = [name for name in dict.fromkeys((*languages, *LANGUAGES, *_SLIPS)) if len(name) >= _MENDED]
    known = {name.casefold() for name in wanted}
    found = []
    for word in dict.fromkeys(regex.findall(rf"[A-Za-z]{{{_MENDED - 1},}}", question)):
        if word.casefold() in known:
            continue
        meant = next((name for name in wanted if _is_slip(word.casefold(), name.casefold())), None)
        if meant is not None:
            question = regex.sub(rf"\b{word}\b", meant, question)
            found.append(f"“{word}” is read as “{meant}”")
    return question, found


def spelled(question: str, asking: Collection[str]) -> tuple[str, list[str]]:
    """An English question with slips of one letter mended in the words that questions are made of ("wich topcs"), and with the
    g that "droppin" leaves out. Words that a dictionary has, and capitals, stay: they may name what is asked about."""
    found = []
    for word in dict.fromkeys(regex.findall(r"(?<![\p{L}'’-])\p{Ll}{4,}(?![\p{L}'’-])", question)):
        if word in asking or is_common(word):
            continue
        likely = [f"{word}g"] if word.endswith("in") and is_common(f"{word}g") else []
        likely = likely or [name for name in asking if len(name) > _SHORT and _is_slip(word, name)]
        if len(likely) == 1:
            question = regex.sub(rf"\b{word}\b", likely[0], question)
            found.append(f"“{word}” is read as “{likely[0]}”")
    return question, found


_SHORT = 4
"""Letters of a word that are too few to tell a slip of it from another word."""
_MENDED = 6
"""Letters of a name from which on one that is missing, added or changed is a slip."""
_SLIPS = tuple(
    "mobile average website browser android languages conversations coordinated classifier flagged surface yesterday January February August September October November December".split()
)


def is_slip_of(word: str, known: Collection[str]) -> bool:
    """Whether a word is a slip of one of these."""
    return len(word) >= _MENDED and any(len(name) >= _MENDED and _is_slip(word, name) for name in known)


def _is_slip(word: str, name: str) -> bool:
    """Whether one letter is missing, added, changed, or swapped with its neighbour (Damerau 1964)."""
    if word[0] != name[0] or word.startswith(name) or name.startswith(word) or abs(len(word) - len(name)) > 1:
        return False
    at = next((place for place, (one, other) in enumerate(zip(word, name, strict=False)) if one != other), len(name))
    rest, other = word[at:], name[at:]
    return (
        rest[1:] == other
        or rest == other[1:]
        or rest[1:] == other[1:]
        or (rest[:2] == other[1::-1] and rest[2:] == other[2:])
    )


_NUMBER = rf"(?P<many>\d{{1,2}}|{'|'.join(NUMBERS)})"
_MANY = regex.compile(
    rf"\b(?:top|main|best|first) {_NUMBER}\b(?! (?:days?|weeks?|months?|years?))|\b{_NUMBER} (?:top|main|largest|biggest|most|commonest|fastest)\b|前{_NUMBER.replace('many', 'many2')}"
)
_ONE = regex.compile(
    r"\b(?:one|a single|single|in a|1)[ -](?:sentence|line|liner)\b|\b(?:ein(?:em|en)?|une|una) (?:satz|phrase|frase)\b|一文で|一言で|一句话"
)
_MOST_NAMED = 20


def many_in(question: str) -> int | None:
    """How many groups a question asks for ("the top ten"), at most twenty; None where it does not say."""
    if _ONE.search(question):
        return 1
    if (match := _MANY.search(question)) is None:
        return None
    word = match["many"] or match["many2"]
    return min(_MOST_NAMED, int(word) if word.isdigit() else NUMBERS[word]) or None
