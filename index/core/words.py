"""What a word is, in any script, and which words are specific.

One definition serves sealing at ingest, phrases for names, and the gate's attestation (R6): if they disagreed about
what a word is, a specific could leave by the gap. Nothing here may decide that a word is safe because it looks
harmless: only function words are exempt from attestation.
"""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import regex

WORD = regex.compile(r"[\p{L}\p{M}\p{N}](?:[\p{L}\p{M}\p{N}]|['’.+#_-](?=[\p{L}\p{N}+#]))*[+#]*")
"""A run of letters, marks and digits; inner apostrophes, hyphens and the signs of c++, c#, node.js belong to it."""

_NUMBER = r"(?<![\p{L}\p{M}\p{N}])\p{Nd}+(?:[.,:/'_-]\p{Nd}+|\s\p{Nd}{3}(?!\p{Nd}))+(?![\p{L}\p{M}\p{N}])"
_SPECIFIC = regex.compile(f"(?P<number>{_NUMBER})|{WORD.pattern}")
"""A number that is written with separators is one specific: its parts may each be attested by other numbers."""

_SENTENCE_START = regex.compile(r"(?:^|[.!?…:;·•|(\[])[\s\p{S}\p{C}\"'“‘«»¿¡]*$")

_CAPITALISED = regex.compile(
    r"(?:Mc|Mac|O['’]|D['’]|\p{Lu}[\p{Ll}\p{M}]+-)?\p{Lu}[\p{Ll}\p{M}]+(?!\p{Lu})(?:['’-]\p{L}+)*"
)
"""As names are written: PowerShell and KeyError are not."""
_HEADING = 0.5
"""Share of a line's words with a capital above which capitals say nothing."""

_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]")
_ASCII_PLURAL = regex.compile(r"[a-z]{4,}")

FUNCTION_WORDS = frozenset(
    """a about above after again against all also although always am among an and another any anyone are around as ask
    asked asking asks assistant at away back be became because been before being below between both but by came can
    cannot come could did different do does doing done down during each either else enough especially etc even ever
    every example few find for from further general generally get getting give given gives giving go going good had
    has have having he help helped helping helps her here hers him his how however i if in include included includes
    including into involves involving is it its itself just keep kind know large last least less let like made mainly
    make makes making many may me might more most mostly much must my near need needed needs never new no non nor not
    now of off often on one ones only onto or other others our out over own part parts people per please provide
    provided providing put rather related request requested requesting requests s same seek seeking seeks several she
    should similar since so some someone something specific such take than that the their them themselves then there
    these they thing things this those through time to together too topic topics toward towards two under until up
    upon us use used user users uses using usually various very want wanted wanting wants was way ways we well were
    what when where whether which while who whom whose why will with within without would yet you your""".split()
)
"""English closed-class and reporting words: they carry no fact about anyone and may stand unattested."""


def normalise(text: str) -> str:
    """NFKC, casefold, one apostrophe: the form in which words are compared. (Turkish İ folds to i and a dot above.)"""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).casefold().replace("\u0307", "").replace("’", "'")


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """A light stem so that an English plural attests its singular; other words stay as they are."""
    if word.endswith("'s") or word.endswith("’s"):
        word = word[:-2]
    if not _ASCII_PLURAL.fullmatch(word) or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    return word[:-1] if word.endswith("s") else word


def words(text: str) -> Iterator[str]:
    """The normalised words of a text, in order."""
    return (match.group() for match in WORD.finditer(normalise(text)))


def is_function_word(word: str) -> bool:
    return word in FUNCTION_WORDS


_ALSO_NAMES = frozenset("an do ever may so will".split())
"""Function words that are names of people and months too: inside a sentence a capital makes them specific."""


def may_stand(written: str, before: str) -> bool:
    """Whether a word, as it is written behind `before`, may leave unattested."""
    word = normalise(written)
    if word in _ALSO_NAMES and written[0].isupper() and not _SENTENCE_START.search(before):
        return False
    return is_function_word(word)


def capitalised_inside(text: str) -> set[str]:
    """The normalised words that stand with a capital inside a sentence. Lines in which most words do say nothing: they are
    headings, or German."""
    found: set[str] = set()
    for line in text.splitlines():
        matches = list(WORD.finditer(line))
        capital = [match for match in matches if _CAPITALISED.fullmatch(match[0])]
        if len(capital) <= _HEADING * len(matches):
            inside = (match for match in capital if not _SENTENCE_START.search(line[: match.start()]))
            found.update(normalise(match[0]) for match in inside)
    return found


def specifics(text: str) -> list[str]:
    """The stems of every word that must be attested before the text may leave (R6), in order, once each.

    Sources: every content word counts, not only capitalised or numeric ones, because a rare disease in lower case
    identifies as well as a name does (Annamalai et al. 2026). A number is compared by its digits in any script, without
    the separators of its thousands.
    """
    text = unicodedata.normalize("NFKC", text)
    found = (
        _number(match[0]) if match["number"] or match[0].isdecimal() else stem(normalise(match[0]))
        for match in _SPECIFIC.finditer(text)
        if not may_stand(match[0], text[: match.start()])
    )
    return list(dict.fromkeys(found))


def _number(written: str) -> str:
    parts = regex.findall(r"\p{Nd}+", written)
    plain = ["".join(str(unicodedata.decimal(digit)) for digit in part) for part in parts]
    thousands = len(plain[0]) <= 3 and all(len(part) == 3 for part in plain[1:])
    return "".join(plain) if thousands else ".".join(plain)


def is_unspaced(text: str) -> bool:
    """Whether the text is in a script written without spaces between words."""
    return _UNSPACED.search(text) is not None
