"""Direct identifiers are masked before anything else reads a conversation.

Patterns and checksums come from Presidio's recognisers; secrets and handles have patterns of ours because Presidio
has none. This is the first layer only: what it misses must still be attested by many accounts to be shown (R6).
It must never return the text it removed.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache

import regex

from index.records import Conversation, Turn

MASK = " "

_OURS = [
    # API keys and tokens by a known prefix.
    r"\b(?:sk|pk|rk|ghp|gho|ghs|xox[abpr]|AKIA|ASIA|AIza|ya29|glpat)[-_A-Za-z0-9]{12,}",
    r"-----BEGIN [A-Z ]+-----[\s\S]*?(?:-----END [A-Z ]+-----|$)",
    # Handles, and identifiers of letters and digits together (passports, policies, plates).
    r"(?<![\w@])@[A-Za-z0-9_.]{2,}",
    r"\b(?=[A-Z0-9-]*\d)[A-Z]{1,3}-?\d{5,12}[A-Z]?\b",
    # Any run of seven or more digits, however it is grouped.
    # It takes every phone number that Presidio's own (slow) phone recogniser would.
    r"(?<!\d)(?:\+?\d[\s().\-/]{0,3}){7,}(?!\d)",
    # Street addresses: number and street word in the common orders.
    r"(?i)\b\d{1,5}[a-z]?\s+(?:[\p{L}.'-]+\s+){1,4}(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|court|ct|way|"
    r"boulevard|blvd|square|terrace|place|close|crescent)\b\.?",
    r"(?i)\b(?:rue|avenue|calle|avenida|via|rua|praça|plaza)\s+(?:[\p{L}.'-]+\s+){0,4}\d{1,4}\b",
    # Names that introduce themselves or stand behind a title.
    r"(?i)\b(?:my name is|i am called|me llamo|je m'appelle|ich heiße|mi chiamo|meu nome é)\s+[\p{L}'-]+(?:\s+\p{Lu}[\p{L}'-]+){0,3}",
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|Herr|Frau|Señor|Señora|Monsieur|Madame)\.?\s+\p{Lu}[\p{L}'-]+(?:\s+\p{Lu}[\p{L}'-]+){0,2}",
]
_GUARDED = [
    # (what a text must hold, pattern): slow patterns, asked only where they can match.
    # A long unbroken run that mixes letters and digits: keys, tokens, hashes.
    (r"[A-Za-z0-9_-]{20}", r"\b(?=[A-Za-z0-9_-]*\d)(?=[A-Za-z0-9_-]*[A-Za-z])[A-Za-z0-9_-]{20,}\b"),
    # German streets with a number.
    (
        r"(?i)(?:straße|strasse|str\.|gasse|platz|weg|allee)\s+\d",
        r"(?i)\b[\p{L}.'-]*(?:straße|strasse|str\.|gasse|platz|weg|allee)\s+\d{1,4}[a-z]?\b",
    ),
]
_PRESIDIO = {
    "CreditCard": r"\d",
    "Crypto": r"\d",
    "Email": "@",
    "Iban": r"\d",
    "Ip": r"\d\.\d|::",
    "MacAddress": r"[\da-fA-F][:.-][\da-fA-F]",
    "Url": r"[hH][tT]{2}[pP]|[wW]{3}\.|[\p{L}\d-]\.\p{L}{2}",
    "UsSsn": r"\d",
}
"""Presidio's recognisers used, and what a text must hold for one to be asked: most texts hold nothing of the kind, and
some recognisers are slow. Its phone recogniser is not used: a digit-run pattern of ours takes what it would."""

_CUE = regex.compile("|".join(sorted(set(_PRESIDIO.values()))))
"""Without any of these Presidio, which takes seconds to load, is not asked at all."""


@contextmanager
def _torch_hidden() -> Iterator[None]:
    """spaCy, which Presidio imports, pulls in torch when it finds it: seconds and 200 MB that no pattern needs."""
    if "torch" in sys.modules:
        yield
        return
    sys.modules["torch"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["torch"]


def _keep_tldextract_offline() -> None:
    """Presidio's e-mail and URL checks ask tldextract, which would fetch a list from the network (R10)."""
    import tldextract

    offline = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    tldextract.tldextract.TLD_EXTRACTOR = offline
    tldextract.extract = offline.__call__


@cache
def _finders() -> list[Callable[[str], Iterable[tuple[int, int]]]]:
    """Presidio's recognisers. Loading them takes seconds, so it waits for the first text that may need one."""
    with _torch_hidden():
        from presidio_analyzer import predefined_recognizers as known
    _keep_tldextract_offline()

    def finder(name: str, cue: str) -> Callable[[str], Iterable[tuple[int, int]]]:
        recogniser = getattr(known, f"{name}Recognizer")()
        needed = regex.compile(cue)

        def spans(text: str) -> Iterable[tuple[int, int]]:
            if not needed.search(text):
                return []
            results = recogniser.analyze(text, recogniser.supported_entities, None)
            return [(result.start, result.end) for result in results or [] if result.score > 0]

        return spans

    return [finder(name, cue) for name, cue in _PRESIDIO.items()]


@cache
def _patterns() -> list[tuple[regex.Pattern[str] | None, regex.Pattern[str]]]:
    """(what must be found first, pattern)."""
    plain = [(None, regex.compile(pattern)) for pattern in _OURS]
    return [*plain, *((regex.compile(cue), regex.compile(pattern)) for cue, pattern in _GUARDED)]


def mask(text: str) -> str:
    """The text with every direct identifier found replaced by a space. Masking one can join what stood on its either
    side, so it is done until nothing more is found."""
    masked = _masked(text)
    while masked != text:
        text, masked = masked, _masked(masked)
    return masked


def _masked(text: str) -> str:
    spans: list[tuple[int, int]] = []
    for cue, pattern in _patterns():
        if cue is not None and not cue.search(text):
            continue
        spans.extend(match.span() for match in pattern.finditer(text, timeout=2))
    if _CUE.search(text):
        for find in _finders():
            spans.extend(find(text))
    for start, end in _merged(spans):
        text = text[:start] + MASK + text[end:]
    return text


def screened(conversation: Conversation) -> Conversation:
    """The conversation with each turn masked."""
    return replace(conversation, turns=tuple(Turn(turn.role, mask(turn.text)) for turn in conversation.turns))


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Overlapping spans joined, last first, so that masking one does not shift another."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged[::-1]
