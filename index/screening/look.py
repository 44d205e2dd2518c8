"""A text as a reader sees it, for patterns to search: disguises that no eye notices are taken off.

Full-width and Arabic-Indic digits, look-alike at-signs and dots, odd spaces and dashes become their plain forms, and
characters without width disappear. The look is only searched. What is masked is the original text, which must stay as
it was everywhere else: a zero-width joiner is spelling in Persian and Hindi.
"""

import unicodedata
from dataclasses import dataclass
from functools import cached_property

import regex

from index.core.words import normalise

Span = tuple[int, int]

_HIDDEN = regex.compile(r"[\p{Cf}\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0\ufe00-\ufe0f]")
"""Characters without width: joiners, direction marks, soft hyphens, fillers, variation selectors."""
_LOOK_ALIKES = {"。": ".", "‚": ",", "⁄": "/", "∕": "/", "−": "-", "ⓐ": "@", "∙": "·", "•": "·", "‧": "·", "・": "·"}


class _Plain(dict[int, str]):
    """For `str.translate`: one character for one, worked out when a character is first met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        self[code] = plain = _plain(character)
        return plain


def _plain(character: str) -> str:
    if character in _LOOK_ALIKES:
        return _LOOK_ALIKES[character]
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    category = unicodedata.category(character)
    if category == "Cs":
        return "\ufffd"  # half a character, which no automaton takes
    if category == "Pd":
        return "-"
    if category == "Zs":
        return " "
    folded = unicodedata.normalize("NFKC", character)
    return folded if len(folded) == 1 and folded.isascii() else character


_PLAIN = _Plain()


_NO_LETTERS = {code: " " for code in range(128) if not chr(code).isalpha()}
WORD = regex.compile(r"[\p{L}\p{M}]+")


@dataclass(frozen=True)
class Look:
    """`text` is searched; `places` gives the original position of each of its characters, None where they agree."""

    text: str
    places: list[int] | None = None

    @classmethod
    def at(cls, text: str) -> "Look":
        if text.isascii():
            return cls(text)
        places = None
        hidden = {match.start() for match in _HIDDEN.finditer(text)}
        if hidden:
            places = [place for place in range(len(text)) if place not in hidden]
            text = "".join([text[place] for place in places])
        return cls(text.translate(_PLAIN), places)

    @cached_property
    def words(self) -> list[str]:
        """Its runs of letters in the form in which words are compared, in order."""
        if self.text.isascii():
            return self.text.lower().translate(_NO_LETTERS).split()
        return WORD.findall(normalise(self.text))

    def original(self, start: int, end: int) -> Span:
        """The span of the original text behind a span of the look. Hidden characters inside go with it."""
        if self.places is None:
            return start, end
        return self.places[start], self.places[end - 1] + 1
