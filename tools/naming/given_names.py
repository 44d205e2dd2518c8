"""Whether an analyst's own name for a theme may be shown, like any name (R6).

An analyst knows only what was released, but may know a person's name from elsewhere. So every word must be in public use (a
list has it, or many more accounts of the whole index wrote it than a name of a theme needs) or be in the present name of
the theme, and the auditor's rules must not object. The theme's members are not asked: whether they use a word would be an
answer about few. Data plane: it gives a sentence or nothing.
"""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np
import regex

from index.core.words import is_function_word, normalise, specifics, stem
from index.lists import COMMON, as_listed, is_common, is_given, is_public, is_surname, listed
from index.screening import mask_typed
from index.snapshots.snapshot import Snapshot
from tools.naming.attestation import Attestation

LONGEST = 80
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}][\p{L}\p{M}\p{N}'’.+#-]*")


def problem_with(text: str, present: str, snapshot: Snapshot, everywhere: Attestation) -> str | None:
    """Why a text cannot be a theme's name, None where it can. `present` is the name that is shown now; `everywhere` says
    which words enough accounts of the whole index use."""
    from index.privacy.auditor.rules import judge

    if not 2 <= len(text) <= LONGEST or not regex.search(r"\p{L}", text):
        return f"A name has 2 to {LONGEST} characters, with a letter among them."
    if mask_typed(text) != text:
        return "It holds an identifier, or the name of a person."
    forms = [as_listed(word) for word in _WORD.findall(text)]
    telling = [word for word in forms if not is_function_word(word)]
    if telling and all(is_given(word) or is_surname(word) for word in telling):
        return "It holds nothing but what may be names of people."
    if _names_somebody(text):
        return "It holds what may be the name of a person."
    if judge(text).is_rejected:
        return "It seems to point at a person, a small group or an organisation."
    unknown = _unknown(text, present, snapshot, everywhere)
    if unknown:
        words = ", ".join(f"“{word}”" for word in unknown[:3])
        return f"{words} {'is' if len(unknown) == 1 else 'are'} in no public list and not in wide use in this index."
    return None


def _names_somebody(text: str) -> bool:
    """Whether a word with a capital behind the first one is a surname, or a given name stands before a surname, however they are
    written. Words of the dictionary do not count as a pair by themselves."""
    written = _WORD.findall(text)
    forms = [as_listed(word) for word in written]
    inside = any(
        word[0].isupper() and is_surname(form) and not is_public(form)
        for word, form in zip(written[1:], forms[1:], strict=True)
    )
    pairs = any(
        is_given(first) and is_surname(second) and not (is_common(first) and is_common(second))
        for first, second in pairwise(forms)
    )
    return inside or pairs


def _unknown(text: str, present: str, snapshot: Snapshot, everywhere: Attestation) -> Sequence[str]:
    shown = set(map(normalise, _WORD.findall(present)))
    asked = [word for word in _WORD.findall(text) if not _is_ordinary(word) and normalise(word) not in shown]
    rows = np.arange(len(snapshot), dtype=np.int64)
    return [word for word in asked if specifics(word) and not everywhere.attested([(word, rows)])[0]]


def _is_ordinary(word: str) -> bool:
    form = as_listed(word)
    return is_function_word(form) or is_common(form) or is_public(form) or stem(form) in _stems()


@cache
def _stems() -> frozenset[str]:
    """Of common English words, so that their other forms are ordinary too."""
    return frozenset(map(stem, listed(COMMON)))
