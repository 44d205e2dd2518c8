"""Which of many patterns a text can hold, found in one pass, so that the others are never searched.

Screening asks nearly a hundred patterns of each text, and most texts hold none of them. RE2 runs a set of expressions as one
automaton, in time linear in the text. It has no look-around and knows letters of ASCII best, so it gets each pattern in a wider
form: look-arounds are left out, and every character beyond ASCII passes for every other. What the wider form
does not find, the pattern cannot find.
"""

from collections.abc import Sequence, Set
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING

import regex

if TYPE_CHECKING:
    import re2

_BEYOND = r"\x{80}-\x{10ffff}"
_SHORT = {
    r"\d": "0-9",
    r"\s": r"\t-\r \x{85}\x{2028}\x{2029}",
    r"\w": f"A-Za-z0-9_{_BEYOND}",
    r"\p{L}": f"A-Za-z{_BEYOND}",
    r"\p{Latin}": f"A-Za-z{_BEYOND}",
    r"\p{Lu}": f"A-Z{_BEYOND}",
    r"\p{Ll}": f"a-z{_BEYOND}",
}
"""What a class of characters is in the wider form. Other scripts and categories that patterns name hold nothing in ASCII. In a
look, digits and spaces of every script are those of ASCII."""
_MOST_COUNTED = 4
"""A repeat that may go beyond this many times may go on for ever: each one counted is a state of the automaton."""
_PATTERNS = 10
"""In one automaton: their states multiply, so many patterns are spread over a few automata."""
_MEMORY = 8 << 20
"""Bytes of states that an automaton keeps. When they are full, it forgets them and goes on."""

_TOKEN = regex.compile(
    r"(?P<around>\(\?<?[=!])|(?P<set>\[(?:\\.(?:\{\w+\})?|[^\]\\])+\])|(?P<edge>\\[bB]|[$^])|(?P<short>\\[swd]|\\p\{\w+\})"
    r"|(?P<escape>\\u[0-9a-f]{4}|\\.)|(?P<count>\{(?P<least>\d+)(?P<more>,\d*)?\})|(?P<open>\()|(?P<close>\))|(?P<plain>.)",
    regex.DOTALL,
)
_IN_SET = regex.compile(r"\\[swd]|\\p\{\w+\}|\\u([0-9a-f]{4})|\\(.)")


Held = Set["regex.Pattern[str]"]
"""The patterns that a text can hold: all that match it, and seldom another."""


_ALWAYS = r"\z"
_NEVER = r"[^\x00-\x{10ffff}]"
_DIGIT = regex.compile("[0-9]")

_Automaton = tuple["re2.Set", list["regex.Pattern[str]"]]


class Sieve:
    """Patterns, and which of them a text can hold. The automata are made when first asked."""

    def __init__(self, patterns: Sequence["regex.Pattern[str]"]) -> None:
        self._patterns = tuple(patterns)

    def held(self, text: str) -> Held:
        """Which patterns the text of a look can hold."""
        if not text.isascii():
            text = text.replace("İ", "I")  # the one letter that only `regex` takes for the other case of an ASCII one
        encoded = text.encode()
        always, with_digits = self._automata
        held: set[regex.Pattern[str]] = set()
        for automaton, patterns in (*always, *with_digits) if _DIGIT.search(text) else always:
            places = automaton.Match(encoded)
            if places is None:
                held.update(patterns)  # it gave up, so nothing is known: even what is always found was not
            elif len(places) > 1:
                held.update([patterns[place] for place in places if place < len(patterns)])
        return held

    @cached_property
    def _automata(self) -> tuple[list[_Automaton], list[_Automaton]]:
        """Those of patterns that a text without a digit can hold, and of the others."""
        written = {pattern: _written(pattern) for pattern in self._patterns}
        needing = {pattern: form for pattern, form in written.items() if _needs_digit(form)}
        others = {pattern: form for pattern, form in written.items() if pattern not in needing}
        return _automata_of(others), _automata_of(needing)


def _automata_of(written: dict["regex.Pattern[str]", str]) -> list[_Automaton]:
    import re2

    options = re2.Options()
    options.max_mem = _MEMORY
    patterns, automata = list(written), []
    apart = ceil(len(patterns) / _PATTERNS)
    for start in range(apart):
        part = patterns[start::apart]
        automaton = re2.Set.SearchSet(options)
        for pattern in part:
            automaton.Add(written[pattern])
        automaton.Add(_ALWAYS)
        automaton.Compile()
        automata.append((automaton, part))
    return automata


def _written(pattern: "regex.Pattern[str]") -> str:
    return ("(?i)" if pattern.flags & regex.IGNORECASE else "") + wider(pattern.pattern)


def _needs_digit(form: str) -> bool:
    """Whether nothing is left of it where no digit is: of an expression that matches nothing RE2 makes one instruction."""
    import re2

    without = form.replace("[0-9]", _NEVER).replace("0-9", "").replace("[]", _NEVER)
    return "[^]" not in without and re2.compile(without).programsize == 1


def wider(pattern: str) -> str:
    """A pattern of RE2 that is found in every text in which `pattern` is found."""
    written: list[str] = []
    depth, around = 0, None
    for token in _TOKEN.finditer(pattern):
        kind = next(name for name in _KINDS if token[name] is not None)
        if kind in ("open", "around"):
            depth += 1
            if kind == "around" and around is None:
                around = depth
        if around is None:
            written.append(_wider(kind, token))
        if kind == "close":
            depth -= 1
            if around is not None and depth < around:
                around = None
    return "".join(written)


_KINDS = ("around", "set", "edge", "short", "escape", "count", "open", "close", "plain")


def _wider(kind: str, token: "regex.Match[str]") -> str:
    said = token[0]
    match kind:
        case "edge":
            return ""
        case "short":
            return f"[{_SHORT.get(said, _BEYOND)}]"
        case "set":
            return _set(said)
        case "count" if token["more"] and not _is_short(token["more"]):
            return f"{{{token['least']},}}"
        case "escape":
            return _escaped(said)
    return said


def _is_short(more: str) -> bool:
    return more != "," and int(more[1:]) <= _MOST_COUNTED


def _escaped(said: str) -> str:
    if said.startswith("\\u"):
        return rf"\x{{{said[2:]}}}"
    return said if said[1].isalnum() else regex.escape(said[1])


def _set(said: str) -> str:
    """A set of characters. Of one that says what does not match, only what it names in ASCII is kept out."""
    is_not = said.startswith("[^")

    def put(part: "regex.Match[str]") -> str:
        if part[1] or part[2]:
            return _escaped(part[0])
        short = _SHORT.get(part[0], _BEYOND)
        return short.replace(_BEYOND, "") if is_not else short

    return _IN_SET.sub(put, said)
