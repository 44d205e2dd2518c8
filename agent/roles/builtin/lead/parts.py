"""The questions of a text: it may ask several, list them, quote a claim to be checked, or be a report."""

from collections.abc import Iterator

import regex

_LONG = 600
"""Characters from which on a text is a report, of which only the questions are read."""

_ASKS = (
    r"what|which|how|who|when|where|is there|are there|does|did|do people|was|ist|sind|wird|werden|hat|haben|nimmt|steigt|wächst|merkt|erkennt|welche[rs]?|wie|wann|wer|was|wo|worum|wofür|worüber|woran|gibt es|quels?|quelles?|combien|quand|"
    r"comment|quoi|où|qué|cuánt[ao]s|cuándo|cuáles?|cómo|quanti|quante|quando|come|quais|quantas|quantos|como"
)
_ON = r"(?:on|in|for|from|by|about|with|at|to|auf|in|zu|über|aus|sur|en|dans|pour|de|sobre|para|em)"
ON_PART = regex.compile(rf"(?:{_ON})\s", regex.IGNORECASE)
"""How a part begins that is about what the part before it was about ("on what subjects")."""
_PARTS = regex.compile(
    rf"(?<=[?？]|か。)\s*(?=\S)|\s[+&]\s(?=\p{{L}})|;\s|,?\s+(?:and|und|et|y|e)\s+(?=(?:{_ON} )?(?:{_ASKS})\b|(?:is|are) )",
    regex.IGNORECASE,
)
"""Between two questions in one text."""
_FEWEST_WORDS = 3


def _is_whole(part: str) -> bool:
    """Whether a part can be a question of its own."""
    return len(part.split()) >= _FEWEST_WORDS or len(regex.findall(r"[\p{Han}\p{Hiragana}\p{Katakana}]", part)) >= 5


_CLAIMED = regex.compile(r"[“„«\"]([^“”„«»\"]{40,600})[”“»\"]")
_CHECKED = regex.compile(
    r"\b(?:true|correct|right|check|verify|confirm|accurate|stimmt|richtig|vrai|exact|cierto|verdad)\b",
    regex.IGNORECASE,
)


def questions_of(text: str) -> Iterator[str]:
    """The questions of a text: itself or its parts, or, of a report, the sentences that ask. Of a quoted claim that is to be
    checked its parts are the questions."""
    claim = _CLAIMED.search(text)
    if claim is not None and _CHECKED.search(text.replace(claim[0], "")):
        parts = regex.split(
            r"[.;,]\s+(?:and\s+)?|\s+and\s+(?=\p{Ll}+ (?:is|are|has|have|was|were)\b)", claim[1].strip(" .,")
        )
        yield from (part.strip(" .,") for part in parts if _is_whole(part))
        return
    if len(listed := regex.split(r"[,:;]?\s*(?:and\s+)?(?:\(\d\)|(?<=\n|^)\d[.)])\s*", text.strip())) > 2:
        # What stands before the list says why it is asked.
        yield from (part.split("\n")[0].split(". ")[0].strip(" ,;")[:_LONG] for part in listed[1:] if _is_whole(part))
        return
    if len(text) <= _LONG:
        parts = [part.strip(" ,;") for part in _PARTS.split(text.strip()) if part and part.strip(" ,;")]
        yield from parts if len(parts) > 1 and all(_is_whole(part) for part in parts) else [text.strip()]
        return
    sentences = [part.strip() for part in regex.split(r"(?<=[.!?。？！])\s+|\n+", text) if part.strip()]
    asked = [part[:_LONG] for part in sentences if part.endswith(("?", "？"))]
    yield from asked or [(sentences or [text])[-1][:_LONG]]
