"""Generalisation of a name's unattested specifics (R6): an organisation to its kind, a city to "a city", a number away,
and from "head: one detail and another" the details that hold one.

Only kinds of closed lists are taken, in English, and the result is attested like any other text, so a name can lose
what identifies but never gain an unattested word. What is left over makes the name be suppressed.
"""

import regex

from index.core.words import WORD, is_function_word, normalise, specifics, stem
from index.privacy.auditor.lexicon import pattern

_KINDS = {
    **{
        kind: f"a {kind}"
        for kind in ("hospital", "clinic", "school", "college", "church", "mosque", "synagogue", "bank")
    },
    **{kind: f"a {kind}" for kind in ("bakery", "restaurant", "hotel", "pharmacy", "library", "museum", "charity")},
    **{
        "university": "a university",
        "academy": "a school",
        "airport": "an airport",
        "café": "a café",
        "cafe": "a cafe",
    },
    **dict.fromkeys(("inc", "ltd", "llc", "llp", "plc", "corp", "gmbh", "company", "corporation"), "a company"),
}
"""Words for a kind of organisation, and what a name of that kind becomes."""

_LONGEST_NAME = 4
_BETWEEN = regex.compile(r"[ \t'’.&-]{1,3}")
_OF = frozenset(("of", "the", "st", "saint"))
_IN_NAMES = frozenset(("general", "first", "new"))
"""Function words that stand inside names of organisations."""
_CITIES = regex.compile(r"a city(?:(?:, and|,| and| or| ·) a city)+")
_DANGLING = regex.compile(
    r"(?i)(?<!\p{L})(?:in|on|at|of|for|from|since|until|by|under|over|about|with|to|no\.?|number)(?=\s*(?:$|[,.;:·)\]]))"
)
_BETWEEN_DETAILS = regex.compile(r",? and |, ")
_EMPTY = regex.compile(r"[(\[]\s*[)\]]|(?<=^|[·,;:])\s*(?:[·,;:]|$)")


def generalise(name: str, missing: frozenset[str]) -> str | None:
    """The name without its unattested specifics, or None where one of them is of no known kind."""
    text = _without_numbers(_without_cities(_without_organisations(name, missing), missing), missing)
    text = _tidy(_CITIES.sub("cities", text))
    left = set(specifics(text))
    if text == name or not left or not any(letter.isalpha() for letter in text) or left & missing - _kind_words():
        return None
    return text[:1].upper() + text[1:] if name[:1].isupper() else text


def shortened(name: str, missing: frozenset[str]) -> str | None:
    """The name without those of its details that hold unattested specifics, or None where its head holds one."""
    head, colon, details = name.partition(": ")
    if not colon or missing & set(specifics(head)):
        return None
    kept = [detail for detail in _BETWEEN_DETAILS.split(details) if not missing & set(specifics(detail))]
    return f"{head}: {' and '.join(kept)}" if kept else head


def _kind_words() -> frozenset[str]:
    """Words that generalisation itself may put in: whether they are attested is for attestation to say."""
    return frozenset(word for phrase in (*_KINDS.values(), "a city", "cities") for word in specifics(phrase))


def _without_organisations(text: str, missing: frozenset[str]) -> str:
    tokens = list(WORD.finditer(text))
    place = len(tokens)
    while (place := place - 1) >= 0:
        phrase = _KINDS.get(normalise(tokens[place][0]))
        if phrase is None:
            continue
        first, last = _span(text, tokens, place, missing)
        named = {stem(normalise(token[0])) for token in tokens[first : last + 1]} - {stem(normalise(tokens[place][0]))}
        if not named & missing:
            continue
        if first and normalise(tokens[first - 1][0]) in ("the", "a", "an"):
            first -= 1
        text = text[: tokens[first].start()] + phrase + text[tokens[last].end() :]
        tokens, place = list(WORD.finditer(text)), first
    return text


def _span(text: str, tokens: "list[regex.Match[str]]", place: int, missing: frozenset[str]) -> tuple[int, int]:
    """The first and last word of the organisation's name around its kind: the capitalised words. A word in lower case
    may be the topic, so it is left, and the name is suppressed if it was what nobody attests."""

    def belongs(at: int) -> bool:
        word, written = normalise(tokens[at][0]), tokens[at][0]
        if not at:  # every name begins with a capital
            return stem(word) in missing and tokens[1][0][0].isupper()
        return word in _IN_NAMES or (written[0].isupper() and not is_function_word(word))

    first = last = place
    while first and place - first < _LONGEST_NAME and belongs(first - 1) and _joined(text, tokens, first - 1):
        first -= 1
    while first < place and normalise(tokens[first][0]) in _IN_NAMES:
        first += 1
    after = place + 1
    while after < len(tokens) and normalise(tokens[after][0]) in _OF and _joined(text, tokens, after - 1):
        after += 1
    while after > place + 1 and after < len(tokens) and belongs(after) and _joined(text, tokens, after - 1):
        last = after
        after += 1
    return first, last


def _joined(text: str, tokens: "list[regex.Match[str]]", place: int) -> bool:
    """Whether nothing but a space or the like stands between a word and the next."""
    return _BETWEEN.fullmatch(text[tokens[place].end() : tokens[place + 1].start()]) is not None


def _without_cities(text: str, missing: frozenset[str]) -> str:
    def replaced(match: "regex.Match[str]") -> str:
        return "a city" if missing & set(specifics(match[0])) else match[0]

    return pattern("cities").sub(replaced, text)


def _without_numbers(text: str, missing: frozenset[str]) -> str:
    def replaced(match: "regex.Match[str]") -> str:
        is_number = all(not letter.isalpha() for letter in match[0])
        return "" if is_number and missing & set(specifics(match[0])) else match[0]

    return _NUMBERS.sub(replaced, text)


_NUMBERS = regex.compile(r"(?<![\p{L}\p{M}])[$€£]?\p{N}(?:[\p{N}.,:/'\s-]*\p{N})?%?(?![\p{L}\p{M}\p{N}]|['’]\p{L})")


def _tidy(text: str) -> str:
    """Without what a removed number leaves behind: empty brackets, hanging prepositions, doubled spaces and signs."""
    before = ""
    while before != text:
        before = text
        text = " ".join(_EMPTY.sub(" ", _DANGLING.sub("", text)).split()).strip(" ,;:·-–")
    return regex.sub(r"\s+(?=[,.;:)\]])|(?<=[(\[])\s+", "", text)
