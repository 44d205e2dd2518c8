"""How words are written in a built-in name: capitals, lists, and when two words are one."""

import unicodedata
from collections.abc import Sequence

from index.core.words import normalise

_ACRONYMS = frozenset(
    """api apr asap atm aws bbc bmi cbt ceo cli cnn cpu css csv ctf cv diy dna faq fbi gcp gdpr gdp gmat gpt gpu
    gre hr html http https ide ielts ip irs iot json jwt kpi llm mba nasa nba nfl nhl nft nlp ocr oop pc pdf
    php pto rfid roi rpg rss sdk seo sms sop sql ssh ssl svg swot tcp toefl tv ui uk url usa usb ux vba vm vpn
    xml yaml""".split()
)
"""Written in capitals. None that is an everyday word too."""

_NAMES = {
    "youtube": "YouTube",
    "github": "GitHub",
    "mysql": "MySQL",
    "javascript": "JavaScript",
    "typescript": "TypeScript",
    "chatgpt": "ChatGPT",
    "linkedin": "LinkedIn",
    "iphone": "iPhone",
    "ai": "AI",
}
_PROPER = frozenset(
    """python java docker kubernetes linux windows google facebook instagram twitter amazon android excel english
    french german spanish italian portuguese russian chinese japanese korean turkish arabic hindi dutch christmas
    halloween tiktok wordpress shopify microsoft uber visa verizon netflix django flask laravel postgres
    monday tuesday wednesday thursday friday saturday sunday january february april june july august september october
    november december america europe india china japan london paris""".split()
)
"""Names that are hardly ever anything else."""

_SHORT_STEM = 4


def written(phrase: str) -> str:
    """A phrase as it is written within a sentence. Summaries are in lower case; capitals are what is added here."""
    return " ".join(_cased(word) for word in phrase.removesuffix("'s").split())


def _cased(word: str) -> str:
    if word in _NAMES:
        return _NAMES[word]
    if word in _ACRONYMS:
        return word.upper()
    return word.capitalize() if word in _PROPER else word


def capitalised(text: str) -> str:
    """The text with a capital at its beginning, unless its first word has one somewhere."""
    first = text.split(" ", 1)[0]
    return text if any(letter.isupper() for letter in first) else text[:1].upper() + text[1:]


def listed(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"; commas alone where a part has an "and" of its own."""
    if len(parts) < 2:
        return "".join(parts)
    if any(" and " in part for part in parts):
        return ", ".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def same_word(left: str, right: str) -> bool:
    """Whether two words are one word or forms of it: the same but for accents and hyphens, or with a long beginning in
    common (explain, explanation). Names only: attestation never treats two words as one."""
    left, right = _plain(left), _plain(right)
    if left == right:
        return True
    common = next((at for at, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]), None)
    shorter = min(len(left), len(right))
    if common is None:
        common = shorter
    return shorter >= _SHORT_STEM and (common >= 5 or common == shorter) and common >= 0.7 * shorter


def _plain(word: str) -> str:
    split = unicodedata.normalize("NFD", normalise(word))
    return "".join(letter for letter in split if letter.isalnum())
