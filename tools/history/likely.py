"""Which combinations are likely to make a set, by signature alone: what a search collects, in bounded work.

Of conversations of a few accounts nearly every combination is likely. So the work for one set is bounded whatever is in
the index: by places where a sum fits, by combinations looked at there, and by those found. A set beyond a bound counts as
unchecked, which suppresses it. Numbers of signatures alone: no member in sight.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tools.history.candidates import TOO_MANY, Candidate
from tools.history.pairs import Places
from tools.history.signatures import Signature, Words

MOST_FITS = 2_048
"""Places where the signature of a combination fits in some bucket, of one set and kind of combination."""

MOST_LOOKED_AT = 8 * MOST_FITS
"""Combinations of one set and kind whose finer buckets are compared: several sets can have the same sum in a bucket."""

MOST_FOUND = 64
"""Likely combinations of one set and kind."""

_AT_ONCE = 1_024
"""Combinations that are compared together."""


class Likely:
    """Likely combinations of some sets, of one kind. `found`: those of each, with `TOO_MANY` where some were not looked at.
    `few`: a combination that differs in so many finer buckets differs by so many accounts."""

    def __init__(self, owns: Sequence[Signature], few: int) -> None:
        self.found: list[set[Candidate]] = [set() for _ in owns]
        self._fine, self._few = np.stack([own.fine for own in owns]), few
        self._fits, self._looked_at = np.zeros((2, len(owns)), dtype=np.int64)
        self._is_full = np.zeros(len(owns), dtype=bool)

    def first(self, owns: Places) -> NDArray[np.bool_]:
        """Which places, each of one of the sets, are within the bound."""
        return self._within(self._fits, MOST_FITS, owns, np.ones_like(owns)) > 0

    def room(self, owns: Places, counts: Places) -> Places:
        """How many of so many combinations, each number of one of the sets, are within the bound."""
        return self._within(self._looked_at, MOST_LOOKED_AT, owns, counts)

    def add(self, fine: Words, owns: Places, places: Places, signs: Places) -> None:
        """Add those that differ from their set in fewer buckets than `few` accounts can touch. `fine`: signatures of all
        sets, shape (any, k x FINER). `places` and their `signs`, shape (some, 2 or 3), of sets that make one of `owns`."""
        apart = (np.sort(places, axis=1)[:, 1:] != np.sort(places, axis=1)[:, :-1]).all(axis=1)
        owns, places, signs = owns[apart], places[apart], signs[apart]
        for at in range(0, len(owns), _AT_ONCE):
            block = at + np.flatnonzero(~self._is_full[owns[at : at + _AT_ONCE]])
            rest = self._fine[owns[block]]
            for column in range(places.shape[1]):
                rest -= fine[places[block, column]] * signs[block, column, None].view(np.uint64)
            near = block[np.count_nonzero(rest, axis=1) < self._few]
            for own, made, of in zip(owns[near].tolist(), places[near].tolist(), signs[near].tolist(), strict=True):
                self._file(own, made, of)

    def _file(self, own: int, places: list[int], signs: list[int]) -> None:
        if self._is_full[own]:
            return
        if len(self.found[own]) >= MOST_FOUND:
            self._overflow(own)
            return
        of = sorted(zip(places, signs, strict=True))
        self.found[own].add(Candidate(*(tuple(place for place, sign in of if sign == side) for side in (1, -1))))

    def _overflow(self, own: int) -> None:
        self._is_full[own] = True
        self.found[own].add(TOO_MANY)

    def _within(self, seen: Places, most: int, owns: Places, counts: Places) -> Places:
        """As much of each count as is left of `most` for its set, of which `seen` were there before."""
        if seen.max(initial=0) + counts.sum() <= most and not self._is_full.any():
            seen += np.bincount(owns, counts, len(seen)).astype(np.int64)
            return counts
        # Short numbers, because those are sorted by their digits, without a comparison.
        order = np.argsort(owns.astype(np.uint16), kind="stable")
        sets, ordered = owns[order], np.where(self._is_full[owns[order]], 0, counts[order])
        upto = np.cumsum(ordered)
        starts = np.searchsorted(sets, sets, side="left")
        before = upto - ordered - (upto - ordered)[starts] + seen[sets] if len(sets) else upto
        kept = np.empty_like(counts)
        kept[order] = np.clip(most - before, 0, ordered)
        seen += np.bincount(owns, kept, len(seen)).astype(np.int64)
        for own in np.unique(sets[before + ordered > most]).tolist():
            self.found[own].add(TOO_MANY)
        return kept
