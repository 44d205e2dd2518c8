"""Presidio's recognisers, where a checksum or a parser decides what a pattern alone cannot.

Four of them: IBAN (also grouped, with its checksum), bitcoin addresses (checksum), IP and MAC addresses (parsers). Not
used are those whose texts a pattern of ours takes anyway: telephones, cards and social security numbers are runs of
seven digits and more, e-mail needs no public suffix, and the web address recogniser takes seconds on a hostile text.
None may reach the network: those that would ask for a list of public suffixes are not among them (R10).
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache

import regex

from index.screening.look import Look, Span
from index.screening.sieve import Held

_CUES = {
    "Iban": regex.compile(r"[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z\d]{4}){2}"),
    "Crypto": regex.compile(r"[13][a-zA-HJ-NP-Z\d]{25}"),
    "Ip": regex.compile(r"\.\d{1,3}\.\d|:[\da-fA-F]{0,4}:"),
    "MacAddress": regex.compile(r"[:-][\da-fA-F]{2}[:-][\da-fA-F]{2}[:-]|\.[\da-fA-F]{4}\."),
}
"""What a text must hold for a recogniser to be asked. Most texts hold nothing of the kind, and then Presidio, which
takes seconds to load, is never loaded."""


_HEAVY = ("torch", "transformers")


@contextmanager
def torch_hidden() -> Iterator[None]:
    """spaCy and Presidio import torch and transformers when they find them: seconds and 200 MB that no pattern needs."""
    hidden = [name for name in _HEAVY if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def sought() -> list["regex.Pattern[str]"]:
    """What the sieve is to look for."""
    return list(_CUES.values())


@cache
def _recogniser(name: str) -> Callable[[str], Iterable[Span]]:
    with torch_hidden():
        from presidio_analyzer import predefined_recognizers as known
    recogniser = getattr(known, f"{name}Recognizer")()

    def find(text: str) -> Iterable[Span]:
        results = recogniser.analyze(text, recogniser.supported_entities, None)
        return [(result.start, result.end) for result in results or [] if result.score > 0]

    return find


def spans(look: Look, held: Held) -> Iterator[Span]:
    """Where a recogniser finds something."""
    text = look.text
    for name, cue in _CUES.items():
        if cue in held and cue.search(text):
            # A recogniser wants an account's number in capitals; the others read both, or tell them apart.
            yield from _recogniser(name)(text.upper() if name == "Iban" and len(text.upper()) == len(text) else text)
