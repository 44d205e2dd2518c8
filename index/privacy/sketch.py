"""The form of a request as sixteen keyed numbers: enough to tell that two requests were made from one template.

Raw text is never stored (R1), so what `coordination` needs of it is taken at ingest: a MinHash of the first user
message's word triples, numbers and links masked (Broder 1997). The hash is keyed with the index's key, so that nobody
without it can confirm a guess at what was said. A sketch is as sensitive as a summary: it is encrypted at rest, a snapshot
holds of it what enough accounts share, and it never leaves the data plane.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from index.core.records import Conversation
from index.core.words import is_unspaced, words

VALUES = 16
"""Numbers in a sketch. The share of equal ones estimates the Jaccard similarity of the triples, within .125 (one
standard error) at the middle of the scale."""

Sketches = NDArray[np.uint32]
"""Shape (n, VALUES)."""

_SHINGLE = 3
_FEWEST = 6
"""Words that a request needs to have a form: shorter ones are alike by chance ("translate this please")."""
_CHARS = 4_000
_WIDTH = 4
_LINK = re.compile(r"\b(?:https?://|www\.)\S+|\S+@\S+|\b[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?:/\S*)?", re.IGNORECASE)
_DIGIT = re.compile(r"\d")


def sketch(key: bytes, conversation: Conversation) -> bytes | None:
    """The sketch of the first message of the user, VALUES numbers of four bytes each. None: it is too short."""
    said = conversation.said_by("user")
    tokens = list(_tokens(said[0][:_CHARS])) if said else []
    if len(tokens) < _FEWEST:
        return None
    shingles = {" ".join(tokens[start : start + _SHINGLE]) for start in range(len(tokens) - _SHINGLE + 1)}
    hashed = b"".join(_hashes(key, sorted(shingles)))
    lowest: bytes = np.frombuffer(hashed, dtype="<u4").reshape(-1, VALUES).min(axis=0).tobytes()
    return lowest


def _hashes(key: bytes, shingles: Sequence[str]) -> Iterator[bytes]:
    keyed = hashlib.blake2b(key=key, digest_size=VALUES * _WIDTH, person=b"shoal-form")
    for shingle in shingles:
        hasher = keyed.copy()  # taking the key in costs as much as a shingle
        hasher.update(shingle.encode())
        yield hasher.digest()


def unpacked(stored: list[bytes]) -> Sketches:
    """Sketches as they are stored, as numbers of shape (len(stored), VALUES)."""
    return np.frombuffer(b"".join(stored), dtype="<u4").reshape(-1, VALUES).astype(np.uint32)


def shared_forms(forms: Sketches, accounts: NDArray[np.int64], min_accounts: int) -> Sketches:
    """The forms, of conversations of these accounts, with every number that fewer than `min_accounts` accounts have at its
    place drawn anew by chance. A form that few share is then like no other, so nobody learns what one person wrote
    by writing it again."""
    fresh = np.random.default_rng()
    found = forms.copy()
    for place in range(forms.shape[1]):
        pairs = np.unique(np.column_stack([forms[:, place].astype(np.int64), accounts]), axis=0)
        numbers, held = np.unique(pairs[:, 0], return_counts=True)
        few = ~np.isin(forms[:, place], numbers[held >= min_accounts])
        found[few, place] = fresh.integers(0, 1 << 32, int(few.sum()), dtype=np.uint32)
    return found


def _tokens(text: str) -> Iterator[str]:
    """Words in order, every number and every link the same; a script without spaces gives its characters."""
    for word in words(_LINK.sub(" linkx ", text)):
        if _DIGIT.search(word):
            yield "0"
        elif is_unspaced(word):
            yield from word
        else:
            yield word
