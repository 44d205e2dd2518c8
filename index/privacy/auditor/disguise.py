"""Whether a text hides something from who reads it: letters that only look alike, spelled words, codes, orders.

A name of a group has no reason to do any of this, so each is enough to reject it, whatever it hides.
"""

import unicodedata

import regex

from index.privacy.auditor.lexicon import pattern

_WORD = regex.compile(r"[\p{L}\p{M}]+")
_LATIN, _LOOKALIKE = regex.compile(r"\p{Latin}"), regex.compile(r"[\p{Cyrillic}\p{Greek}\p{Armenian}\p{Cherokee}]")
_GREEK_IN_LATIN = regex.compile(r"\p{Greek}")
_JOINERS = "\u200c\u200d"
_NEEDS_JOINERS = regex.compile(r"[\p{Arabic}\p{Devanagari}\p{Bengali}\p{Tamil}\p{Malayalam}\p{Sinhala}]")
_ODD_SYMBOL = regex.compile(r"[[\p{So}\p{Sk}\p{Co}\p{Cn}]--[°©®™`^´]]", regex.V1)
_FULL_WIDTH = regex.compile(r"[\uFF01-\uFF5E]{2,}")
_SPELLED = regex.compile(
    r"(?<![\p{L}\p{M}\d])(?:\p{L}\p{M}*[\s.,_*-]{1,3}){3,}\p{L}(?![\p{L}\d])|(?<!\p{Han})(?:\p{Han}\s){2,}\p{Han}"
)
_CODED = regex.compile(
    r"(?=[A-Za-z0-9+/]*[a-z])(?=[A-Za-z0-9+/]*[A-Z])(?=[A-Za-z+/]*\d)[A-Za-z0-9+/]{14,}={0,2}|[A-Za-z0-9+/]{8,}==?|(?i:[0-9a-f]{16,})|(?i:\brot-?13\b|\bbase-?64:)"
)
_ODD_CASE = regex.compile(r"(?<!\p{L})\p{Ll}\p{Lu}{3,}(?!\p{L})")
_SPELLED_ADDRESS = regex.compile(
    r"(?i)\p{L}\s(?:dot|punkt|point|punto)\s\p{L}+\s(?:at|ät|arobase|arroba)\s\p{L}|\sat\s\p{L}+\sdot\s\p{L}"
)
_SPELLED_DIGITS = regex.compile(r"(?i)(?:\b(?:zero|one|two|three|four|five|six|seven|eight|nine)\b[\s,-]*){4,}")


def is_disguised(text: str) -> bool:
    """Whether letters, codes or spelling hide what the text says, or the text talks to its auditor."""
    if _has_hidden_characters(text) or _ODD_SYMBOL.search(text) or _FULL_WIDTH.search(text):
        return True
    plain = unicodedata.normalize("NFKC", text)
    if any(_is_mixed(word) for word in _WORD.findall(plain)):
        return True
    found = (_SPELLED, _CODED, _ODD_CASE, _SPELLED_ADDRESS, _SPELLED_DIGITS)
    return any(odd.search(plain) for odd in found) or pattern("instructions").search(plain.casefold()) is not None


def _has_hidden_characters(text: str) -> bool:
    joins = _NEEDS_JOINERS.search(text) is not None
    return any(
        unicodedata.category(letter) in ("Cf", "Cc", "Co", "Cn") and not (joins and letter in _JOINERS)
        for letter in text
    )


def _is_mixed(word: str) -> bool:
    """One word in two scripts that look alike."""
    return bool(_LATIN.search(word) and _LOOKALIKE.search(word))
