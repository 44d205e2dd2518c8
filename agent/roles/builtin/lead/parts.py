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
    body = _body(text)
    if len(text) <= _LONG and body == text:
        parts = [part.strip(" ,;") for part in _PARTS.split(text.strip()) if part and part.strip(" ,;")]
        yield from parts if len(parts) > 1 and all(_is_whole(part) for part in parts) else [text.strip()]
        return
    asked, _ = _asked(body)
    parts = [part for sentence in asked for part in _PARTS.split(sentence) if part] if len(asked) == 1 else asked
    yield from (part.strip(" ,;")[:_LONG] for part in (parts if all(map(_is_whole, parts)) else asked))


def background(text: str) -> str:
    """What a letter or a report says beside its questions, which may leave out what they are about; empty for other texts."""
    body = _body(text)
    return " ".join(_asked(body)[1]) if len(text) > _LONG or body != text else ""


def _asked(body: str) -> tuple[list[str], list[str]]:
    """The sentences that ask, or the last one, and the others."""
    sentences = [part.strip() for part in regex.split(r"(?<=[.!?。？！])\s+|\n+", body) if part.strip()] or [body]
    asked = [part for part in sentences if part.endswith(("?", "？"))] or sentences[-1:]
    return asked, [part for part in sentences if part not in asked]


def _body(text: str) -> str:
    """A letter without the line that greets and the lines that close it; other texts as they are. Read from how the lines lie,
    whatever their language: both are short, the first ends with a comma or an exclamation mark, and no line of the last asks."""
    blocks = [block.strip() for block in regex.split(r"\n\s*\n", text.strip()) if block.strip()]
    first, *_ = lines = [line.strip() for line in text.strip().split("\n") if line.strip()] or [""]
    greets = len(first.split()) <= _COURTESY and first.endswith((",", "!", "，", "！", "、", ":"))
    if not greets or all(map(_is_courtesy, lines)):
        return text
    blocks[0] = blocks[0].removeprefix(first).strip()
    while len(blocks) > 1 and all(_is_courtesy(line) for line in blocks[-1].split("\n")):
        blocks.pop()
    *rest, last = blocks
    ending = last.split("\n")
    while len(ending) > 1 and _is_courtesy(ending[-1]):
        ending.pop()
    kept = [*rest, "\n".join(ending)]
    return "\n\n".join(regex.sub(r"\s*\n\s*", " ", block) for block in kept if block) or text


def _is_courtesy(line: str) -> bool:
    return len(line.split()) <= _COURTESY and not line.strip().endswith(("?", "？"))


_COURTESY = 7
"""Words of a line that greets or closes a letter, at most."""
