"""Direct identifiers are masked before anything else reads a conversation.

Patterns of ours (`patterns`), Presidio's recognisers where a checksum or a parser decides (`recognisers`), people's names by
public lists (`names`) and by relations (`related`), wallets' seed phrases (`seeds`) and, only where a spaCy pipeline is installed, its names (`ner`) find
them; what only looks like one stays (`ordinary`). They are the first line only: what they miss must still be attested by
many accounts to be shown (R6). `docs/benchmarks/screening.md` measures each of them.

Nothing here may return, log or raise the text it removed, and nothing may write to it: what leaves is the original
with spans replaced by the mask.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import regex

from index.core.once import once
from index.core.records import Conversation, Turn
from index.screening import names, ner, ordinary, patterns, recognisers, related, seeds
from index.screening.look import Look, Span
from index.screening.sieve import Sieve

MASK = " "
REMOVED = "[removed]"
_DATE = regex.compile(
    r"\d{4}[-./]\d{1,2}(?:[-./]\d{1,2})?|\d{1,2}[-./]\d{1,2}[-./](?:\d{2}|\d{4})|(?:\d{1,2}\p{L}*[.,]?\s)?\p{L}+[.,]?\s(?:\d{1,2}\p{L}*,?\s)?\d{4}"
)
"""In digits, or with a month's name."""

__all__ = ["MASK", "REMOVED", "has_identifier", "is_full_name", "mask", "mask_identifiers", "mask_typed", "screened"]


def mask(text: str) -> str:
    """The text with every direct identifier found replaced by a space, and people's names where the model layer is on."""
    return _masked(text, lambda text: list(_identifiers(text)) or list(ner.spans(text)))


def mask_identifiers(text: str) -> str:
    """The same without the names that only a model finds."""
    return _masked(text, lambda text: list(_identifiers(text)))


def mask_typed(text: str) -> str:
    """What an analyst typed, with direct identifiers replaced by REMOVED. Dates stay: questions are about periods."""
    for start, end in _merged(list(_identifiers(text))):
        said = text[start:end]
        if not _DATE.fullmatch(said.strip()):
            before, after = (" " if said[:1].isspace() else ""), (" " if said[-1:].isspace() else "")
            text = text[:start] + before + REMOVED + after + text[end:]
    return text


def _masked(text: str, find: Callable[[str], list[Span]]) -> str:
    """Masking one span can join what was on its two sides, so it is done until nothing more is found. It ends: each
    round takes at least one character that is not the mask."""
    while found := find(text):
        for start, end in _merged(found):
            text = text[:start] + MASK + text[end:]
    return text


def has_identifier(text: str) -> bool:
    """Whether patterns or recognisers find a direct identifier. It stops at the first; names are not asked for."""
    return next(_identifiers(text), None) is not None


def is_full_name(word: str) -> bool:
    """Whether public lists say that the whole is a person's full name, as it may be in a script that has no spaces."""
    look = Look.at(word)
    return any(end - start == len(word) for start, end in names.spans(look, _sieve().held(look.text)))


def screened(conversation: Conversation) -> Conversation:
    """The conversation with each turn masked."""
    return replace(conversation, turns=tuple(Turn(turn.role, mask(turn.text)) for turn in conversation.turns))


@once
def _sieve() -> Sieve:
    return Sieve([*patterns.sought(), *recognisers.sought(), *names.sought(), *related.sought()])


def _identifiers(text: str) -> Iterator[Span]:
    look = Look.at(text)
    held = _sieve().held(look.text)
    for find in (patterns.spans, recognisers.spans, names.spans, related.spans, seeds.spans):
        for start, end in find(look, held):
            if not ordinary.stays(look.text, start, end):
                yield look.original(start, end)


def _merged(spans: list[Span]) -> list[Span]:
    """Overlapping spans joined, last first, so that masking one does not shift another."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged[::-1]
