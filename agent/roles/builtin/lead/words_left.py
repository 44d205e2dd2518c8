"""The words of a question that no slot took: a subject that no vocabulary has, words that nobody knows, and how many are left."""

from collections.abc import Iterator, Sequence

import regex

from agent.roles.builtin.lead.material import asking_words
from agent.roles.builtin.lead.spelling import is_slip_of
from index.questions.values import Found

_STATED = regex.compile(
    r"\b(?:mention(?:s|ed|ing)?|(?:ask|talk|know|conversations?|questions?|requests?|chats?|anything|something|discussions?)\w* (?:about|on|regarding|concerning)|(?:is|are|be|mentions?|all) about|use it for|looking for help with)"
    r"\s+(?P<topic>[^?!.,;]{3,60})",
    regex.IGNORECASE,
)


def stated(text: str, taken: Sequence[tuple[int, int]]) -> Found | None:
    """What a question says itself to be about ("ask about zeppelin maintenance"), in words that the vocabulary does not have."""
    match = _STATED.search(text)
    if match is None:
        return None
    start, end = match.span("topic")
    end = min([end, *(begin for begin, _ in taken if begin > start)])
    words = regex.sub(
        r"\s+(?:in|on|since|from|by|per|over|during|most|mostly|at|before|after)$", "", text[start:end].strip()
    )
    if not words or not list(unknown(words, ())):
        return None
    return Found(words, "quoted", words, start, start + len(words))


def unknown(text: str, taken: Sequence[tuple[int, int]]) -> Iterator[str]:
    """Words of four letters and more that no slot took and no example of a question holds."""
    for match in regex.finditer(r"[\p{L}][\p{L}\p{M}'-]{3,}", text):
        word = match[0].casefold().removesuffix("'s")
        is_taken = any(start < match.end() and match.start() < end for start, end in taken)
        if (
            not is_taken
            and not {
                word,
                word.removesuffix("s"),
                word.removesuffix("ing"),
                word.removesuffix("ed"),
                f"{word}s",
                f"{word}ed",
                f"{word}ing",
                f"{word}d",
            }
            & asking_words()
            and not is_slip_of(word, asking_words())
        ):
            yield match[0]


_NOUNS = frozenset(
    "conversations conversation convos convo chats chat requests request questions question stuff things".split()
)


def is_bare(text: str, taken: Sequence[tuple[int, int]]) -> bool:
    """Whether slots took something, and no word is left but one for conversations."""
    words, rest = _words(text, ()), _words(text, taken)
    return len(words) > len(rest) and all(word in _NOUNS or word in _SMALL for word in rest)


_SMALL = frozenset("in on via from for about with the of".split())


def left(text: str, taken: Sequence[tuple[int, int]]) -> int:
    """How many words are left."""
    return len(_words(text, taken))


def _words(text: str, taken: Sequence[tuple[int, int]]) -> list[str]:
    """The words that no slot took."""
    return [
        match[0].casefold()
        for match in regex.finditer(r"[\p{L}\p{N}][\p{L}\p{M}\p{N}'-]*", text)
        if not any(start < match.end() and match.start() < end for start, end in taken)
    ]
