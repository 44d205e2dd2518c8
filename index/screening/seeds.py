"""Seed phrases of wallets: a run of words of one list of BIP-39 opens the wallet, whoever reads it.

Source: BIP-39 (Palatinus et al. 2013), whose lists hold no word of the closed classes, so that twelve in a row are no sentence.
"""

from collections.abc import Iterator
from functools import cache

from index.core.words import normalise
from index.screening.look import WORD, Look, Span
from index.screening.sieve import Held

_LEAST = 11
"""Words in a row: a phrase has twelve or more, and somebody may have miscopied one."""


@cache
def _lists() -> tuple[frozenset[str], ...]:
    from mnemonic import Mnemonic

    return tuple(frozenset(map(normalise, Mnemonic(name).wordlist)) for name in sorted(Mnemonic.list_languages()))


@cache
def _all() -> frozenset[str]:
    return frozenset().union(*_lists())


def spans(look: Look, _held: Held) -> Iterator[Span]:
    """Where a seed phrase stands. What stands between two of its words does not matter: they may be numbered."""
    if bytes([True] * _LEAST) not in bytes(map(_all().__contains__, look.words)):
        return
    found = [(normalise(word.group()), word.span()) for word in WORD.finditer(look.text)]
    for words in _lists():
        yield from _in_a_row(found, words)


def _in_a_row(found: list[tuple[str, Span]], words: frozenset[str]) -> Iterator[Span]:
    start = 0
    for place in range(len(found) + 1):
        if place < len(found) and found[place][0] in words:
            continue
        if place - start >= _LEAST:
            yield found[start][1][0], found[place - 1][1][1]
        start = place + 1
