"""What all releases together disclose exactly: whether a suppressed set is a sum and difference of sets with a released number.

Rounding keeps long sums apart: every number leaves a few values open. Where a policy rounds little or not at all, a suppressed
number follows as soon as its set is a linear combination of released ones (Chin & Özsoyoglu 1982), whichever tables they
are in. Sets are vectors over conversations; they are looked at through a sparse random projection (Kane & Nelson 2014),
which keeps every combination and, as long as there are fewer independent sets than its width, makes no new one but by an
accident of probability near none. Data plane: it sees members, and answers only whether.
"""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from index.snapshots.snapshot import Rows, Snapshot
from tools.core.memo import MemoByArray

MOST = 512
"""Independent said sets that are held together; then the newest half goes on alone."""

MOST_GUARDED = 4_096
"""Guarded sets; beyond them the oldest is guarded no longer."""

_WIDTH = 768
"""Numbers of a projected set. More than MOST, or sets that do not follow from each other would seem to."""

_HASHES = 3
"""Places of a conversation in it. With so many, sets fall together only when there are more than nine of ten as _WIDTH has
numbers (the threshold of 3-uniform hypergraphs, Dietzfelbinger et al. 2010); with two they did at half of it."""

_NOTHING = 1e-12
"""Squared length below which what is left of a projected set is an error of arithmetic: one conversation leaves about 1."""

_NEARLY = 1e-3
"""Part of a squared length; what keeps more needs no second look."""

Vector = NDArray[np.float64]


class Projection:
    """Vectors of a snapshot's sets, shape (_WIDTH,), the same in every process."""

    def __init__(self, snapshot: Snapshot) -> None:
        chance = np.random.default_rng(20260301)
        size = len(snapshot)
        self._buckets = chance.integers(0, _WIDTH, (_HASHES, size))
        self._words = chance.standard_normal((_HASHES, size))
        self.of = MemoByArray(self._projected)

    def _projected(self, rows: Rows) -> Vector:
        found: Vector = np.zeros(_WIDTH)
        for buckets, words in zip(self._buckets, self._words, strict=True):
            found += np.bincount(buckets[rows], words[rows], _WIDTH)
        return found


class Span:
    """ReleasedCounts sets as an orthonormal basis, and of every guarded one what the basis leaves."""

    def __init__(self) -> None:
        self._basis: Vector = np.zeros((MOST, _WIDTH))
        self._rank = 0
        self._newest: deque[Vector] = deque(maxlen=MOST // 2)
        self._originals: Vector = np.zeros((0, _WIDTH))
        """The guarded sets; `_guarded`: what the basis leaves of each, of these squared lengths."""
        self._guarded, self._lengths = self._originals, np.zeros(0)

    def copy(self) -> "Span":
        """One that can be tried out."""
        other = Span()
        other._basis[: self._rank] = self._basis[: self._rank]
        other._rank, other._newest = self._rank, self._newest.copy()
        other._originals, other._guarded, other._lengths = self._originals, self._guarded, self._lengths
        return other

    def guard(self, vectors: Vector) -> None:
        """Hold from now on that these do not follow, shape (sets, _WIDTH). What follows already is past help."""
        originals = np.concatenate([self._originals, vectors])
        self._keep(originals, np.concatenate([self._guarded, self._rest(vectors)]))

    def discloses(self, vector: Vector) -> bool:
        """Whether some guarded set would follow if this one's number were said too."""
        axis = self._axis(vector)
        if axis is None:
            return False
        along = self._guarded @ axis
        near = np.flatnonzero(self._lengths - along**2 < _NEARLY * self._lengths)
        rest = self._guarded[near] - np.outer(along[near], axis)
        return bool((_lengths(rest) < _NOTHING).any())

    def say(self, vector: Vector) -> None:
        """From now on this set's number is known."""
        self._newest.append(vector)
        if self._rank == MOST:
            self._rank = 0
            for known in self._newest:
                self._add(known)
            self._keep(self._originals, self._rest(self._originals))
        else:
            self._add(vector)

    def _add(self, vector: Vector) -> None:
        axis = self._axis(vector)
        if axis is not None:
            self._basis[self._rank] = axis
            self._rank += 1
            along = self._guarded @ axis
            if (np.abs(along) > _NOTHING).any():
                self._keep(self._originals, self._guarded - np.outer(along, axis))

    def _axis(self, vector: Vector) -> Vector | None:
        """The direction in which a set leaves the span; None when it follows from what is known."""
        rest = self._rest(vector[None, :])[0]
        length = float(np.linalg.norm(rest))
        return rest / length if length**2 > _NOTHING else None

    def _rest(self, vectors: Vector) -> Vector:
        """What the span leaves of these; twice, because once leaves errors of rounding."""
        basis = self._basis[: self._rank]
        for _ in range(2):
            vectors = vectors - (vectors @ basis.T) @ basis
        return vectors

    def _keep(self, originals: Vector, rests: Vector) -> None:
        """Guard the newest of these from now on, as far as anything is left of them."""
        lengths = _lengths(rests)
        left = np.flatnonzero(lengths > _NOTHING)[-MOST_GUARDED:]
        self._originals, self._guarded, self._lengths = originals[left], rests[left], lengths[left]


def _lengths(vectors: Vector) -> Vector:
    """Squared lengths."""
    return np.asarray(np.einsum("ij,ij->i", vectors, vectors))
