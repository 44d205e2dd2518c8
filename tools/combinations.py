"""Finds, among numbers that were said, two or three whose sum or difference nearly gives a new set's (R5).

Counts are linear: where S = A + B - C but for the members of a few accounts, the four numbers give these few accounts'
number. Fewer than k differing accounts leave one of k buckets of the additive signatures exact (`tools.signatures`), so
that the last set of a combination is looked up by the signature it must have there (as in subset sums, Horowitz & Sahni
1974); what is found so is then compared in full. All pairs are looked at; of threes, those of which two are among the newest sets. Exact combinations
say nothing new. Data plane: it holds members.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from index.snapshot import Rows, Snapshot
from tools.counting import distinct
from tools.signatures import FINER, Signature, Words

NEWEST = 96
"""Two of three sets must be among so many newest ones: all threes would be a search by the square of the ledger."""

_FILTER_BITS = 18
_SIZE = 1 << _FILTER_BITS
"""Of a filter: small enough to stay in the processor's cache, where it is looked into at random."""

_LOW = np.uint64(_SIZE - 1)
_HIGH = np.uint64(64 - _FILTER_BITS)

_THREES = tuple(signs for signs in product((1, -1), repeat=3) if max(signs) > 0)

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Combination:
    """The set that earlier ones make together, which fewer than `few` accounts tell from the new one. `rows`: its
    members. `differing`: those accounts, and `held`: how many conversations of each the combination counts, one that
    lies in two of its sets twice."""

    rows: Rows
    differing: NDArray[np.int64]
    held: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Found:
    """Candidates, one a row: places of sets and the sign of each column."""

    places: Places
    signs: tuple[int, ...]


class _Candidate(NamedTuple):
    """Places of the sets that are added and of those that are subtracted, ascending."""

    plus: tuple[int, ...]
    minus: tuple[int, ...]


class _Joined(NamedTuple):
    """Signatures of pairs, shape (few, pairs), each bucket's in the `order` of their low bits, so that a filter is read
    along and not at random. `low`: where those bits stand in the tables of all buckets."""

    order: Places
    words: Words
    low: Places


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Pairs of the newest sets: `places`, shape (pairs, 2), and what they make when they are added (True) or not."""

    places: Places
    made: dict[bool, _Joined]


class Combinations:
    """Distinct sets whose number was said. `few`: fewer differing accounts are near."""

    def __init__(self, snapshot: Snapshot, few: int) -> None:
        self._snapshot, self._few = snapshot, few
        self._fine = np.zeros((64, few * FINER), dtype=np.uint64)
        self._coarse = np.zeros((few, 64), dtype=np.uint64)
        self._accounts = np.zeros(64, dtype=np.int64)
        self._is_twin = np.zeros((few, 64), dtype=bool)
        """Whether another set has the same members in a bucket."""
        self._read: list[Callable[[], BitMap]] = []
        self._place: dict[bytes, int] = {}
        self._under: list[dict[int, list[int]]] = [defaultdict(list) for _ in range(few)]
        self._high = np.zeros((few, _SIZE), dtype=bool)
        """Which high bits of a signature some set has in a bucket."""
        self._ahead, self._behind = (np.zeros((few, 2 * _SIZE), dtype=bool) for _ in range(2))
        """Which low bits, and which in the negative, each twice over: read from some place on, the table is moved by it."""
        self._starts = np.arange(few, dtype=np.int64)[:, None] * 2 * _SIZE
        self._held: list[Words] = []
        """Fine signatures of sets whose number must stay unsaid, `_held_under` by signature, and `_held_low` its low bits."""
        self._held_under: list[dict[int, list[int]]] = [defaultdict(list) for _ in range(few)]
        self._held_low = np.zeros((few, _SIZE), dtype=bool)
        self._pairs: _Pairs | None = None

    def __len__(self) -> int:
        return len(self._read)

    def add(self, signature: Signature, read: Callable[[], BitMap]) -> None:
        """A set whose number was said, and all of which lies in this snapshot. `read` gives its members."""
        if self._place.setdefault(signature.fine.tobytes(), len(self)) == len(self):
            self._file(signature, read)

    def hold(self, signature: Signature) -> None:
        """A set whose number must stay unsaid, because another one's would follow."""
        for bucket, word in enumerate(signature.coarse):
            self._held_under[bucket][int(word)].append(len(self._held))
            self._held_low[bucket, int(word) % _SIZE] = True
        self._held.append(signature.fine)

    def uncovers(self, own: Signature) -> bool:
        """Whether a held set is (nearly) what a said one leaves of this set, or this one of a said one: then both numbers
        would give the held one. By signatures alone, so that a set that differs from it by `few` accounts and more is
        taken for it only where all of them fall into the same few buckets."""
        if not self._held:
            return False
        said = self._coarse[:, : len(self)]
        starts = np.arange(self._few, dtype=np.int64)[:, None] * _SIZE
        for sign, wanted in ((1, own.coarse[:, None] - said), (-1, said - own.coarse[:, None])):
            hits = np.flatnonzero(self._held_low.ravel().take((wanted & _LOW).astype(np.int64) + starts))
            buckets, columns = np.divmod(hits, max(1, wanted.shape[1]))
            words = wanted.ravel()[hits].tolist()
            for bucket, column, word in zip(buckets.tolist(), columns.tolist(), words, strict=True):
                left = _signed(own.fine - self._fine[column], sign)
                for place in self._held_under[bucket].get(word, ()):
                    if np.count_nonzero(left - self._held[place]) < self._few:
                        return True
        return False

    def of(self, rows: Rows, own: Signature) -> Combination | None:
        """What earlier sets nearly make of a set; None when nothing does, when the oldest that nearly do make it exactly,
        or when its own number was said."""
        if not len(self) or not len(rows) or own.fine.tobytes() in self._place:
            return None
        for kind in (self._sums, self._differences, self._threes):
            likely = {candidate for found in kind(own) for candidate in self._likely(own, found)}
            # The oldest, whichever bucket it was found in, and exact or not: so that those who differ do not decide
            # by which combination they are judged.
            for candidate in sorted(likely):
                combination = self._made(rows, candidate)
                if len(combination.differing) < self._few:
                    return combination if len(combination.differing) else None
        return None

    def _file(self, signature: Signature, read: Callable[[], BitMap]) -> None:
        place = len(self)
        if place == len(self._accounts):
            self._grow()
        self._read.append(read)
        self._pairs = None
        self._fine[place], self._coarse[:, place] = signature.fine, signature.coarse
        self._accounts[place] = signature.accounts
        for bucket, word in enumerate(signature.coarse):
            same = self._under[bucket][int(word)]
            same.append(place)
            if len(same) > 1:
                self._is_twin[bucket, same] = True
            self._high[bucket, word >> _HIGH] = True
            for table, low in ((self._ahead, int(word) % _SIZE), (self._behind, -int(word) % _SIZE)):
                table[bucket, low] = table[bucket, low + _SIZE] = True

    def _grow(self) -> None:
        size = len(self._accounts)
        self._fine = np.concatenate([self._fine, np.zeros_like(self._fine)])
        self._coarse = np.concatenate([self._coarse, np.zeros_like(self._coarse)], axis=1)
        self._is_twin = np.concatenate([self._is_twin, np.zeros_like(self._is_twin)], axis=1)
        self._accounts = np.concatenate([self._accounts, np.zeros(size, dtype=np.int64)])

    def _sums(self, own: Signature) -> Iterator[_Found]:
        """A + B that fit in some bucket."""
        inside = self._accounts[: len(self)] < own.accounts + self._few
        parts = np.flatnonzero(inside)
        for bucket, column, wanted in self._hits(own.coarse[:, None] - self._coarse[:, parts]):
            yield from self._completed(bucket, wanted, parts[[column]], (1, 1), inside)

    def _differences(self, own: Signature) -> Iterator[_Found]:
        """A - B that fit in some bucket."""
        word = own.coarse[:, None]
        wholes = np.flatnonzero(self._accounts[: len(self)] > own.accounts - self._few)
        # Where the set has nobody in the bucket, every other set would complete itself.
        useful = None if word.all() else (word != 0) | self._is_twin[:, wholes]
        for bucket, column, wanted in self._hits(self._coarse[:, wholes] - word, useful):
            yield from self._completed(bucket, wanted, wholes[[column]], (1, -1))

    def _threes(self, own: Signature) -> Iterator[_Found]:
        """Threes that fit in some bucket, two of them among the newest sets."""
        pairs = self._paired()
        for signs in _THREES:
            # S = x A + y B + z C, so that C = z S - z x (A + xy B).
            first, second, last = signs
            joined = pairs.made[first == second]
            is_added = first != last
            table = self._ahead if is_added else self._behind
            own_part = _signed(own.coarse, last)
            moved = ((own_part if is_added else _signed(own_part, -1)) & _LOW).astype(np.int64)
            hits = np.flatnonzero(table.ravel().take(joined.low + moved[:, None]))
            buckets = hits // max(1, joined.low.shape[1])
            words = own_part[buckets] + _signed(joined.words.ravel()[hits], -last * first)
            kept = self._high[buckets, words >> _HIGH]
            columns = joined.order.ravel()[hits[kept]]
            for bucket, column, word in zip(
                buckets[kept].tolist(), columns.tolist(), words[kept].tolist(), strict=True
            ):
                if word in self._under[bucket]:
                    yield from self._completed(bucket, word, pairs.places[column], signs)

    def _paired(self) -> _Pairs:
        if self._pairs is None:
            newest = np.arange(max(0, len(self) - NEWEST), len(self))
            first, second = (newest[side] for side in np.triu_indices(len(newest), 1))
            one, other = self._coarse[:, first], self._coarse[:, second]
            made = {True: self._joined(one + other), False: self._joined(one - other)}
            self._pairs = _Pairs(np.column_stack([first, second]), made)
        return self._pairs

    def _joined(self, words: Words) -> _Joined:
        order = np.argsort(words & _LOW, axis=1, kind="stable")
        words = np.take_along_axis(words, order, axis=1)
        return _Joined(order, words, (words & _LOW).astype(np.int64) + self._starts)

    def _hits(self, wanted: Words, useful: NDArray[np.bool_] | None = None) -> Iterator[tuple[int, int, int]]:
        """Bucket, column and word of those signatures that some set has. `wanted`: shape (few, any). `useful`, of the same
        shape: which of them to look at."""
        low = (wanted & _LOW).view(np.int64) + self._starts
        hits = np.flatnonzero(self._ahead.ravel().take(low))
        buckets, columns = np.divmod(hits, max(1, wanted.shape[1]))
        words = wanted.ravel()[hits]
        kept = self._high[buckets, words >> _HIGH]
        if useful is not None:
            kept &= useful.ravel()[hits]
        found = zip(buckets[kept].tolist(), columns[kept].tolist(), words[kept].tolist(), strict=True)
        return ((bucket, column, word) for bucket, column, word in found if word in self._under[bucket])

    def _completed(
        self, bucket: int, word: int, places: Places, signs: tuple[int, ...], allowed: NDArray[np.bool_] | None = None
    ) -> Iterator[_Found]:
        """These places with every further set that has this signature in the bucket."""
        last = np.array(self._under[bucket][word], dtype=np.int64)
        if allowed is not None:
            last = last[allowed[last]]
        last = last[(last[:, None] != places).all(axis=1)]
        if len(last):
            yield _Found(np.column_stack([np.tile(places, (len(last), 1)), last]), signs)

    def _likely(self, own: Signature, found: _Found) -> Iterator[_Candidate]:
        """Candidates that differ from the set in fewer buckets than `few` accounts can touch."""
        rest = own.fine
        for column, sign in enumerate(found.signs):
            fine = self._fine[found.places[:, column]]
            rest = rest - fine if sign > 0 else rest + fine
        for places in found.places[np.count_nonzero(rest, axis=1) < self._few].tolist():
            signed = sorted(zip(places, found.signs, strict=True))
            yield _Candidate(*(tuple(place for place, sign in signed if sign == side) for side in (1, -1)))

    def _made(self, rows: Rows, candidate: _Candidate) -> Combination:
        """The combination of these sets, beside the set that it nearly is."""
        made = np.zeros(len(self._snapshot), dtype=np.int8)
        for places, sign in ((candidate.plus, 1), (candidate.minus, -1)):
            for place in places:
                numbers = np.array(self._read[place]().to_array(), dtype=np.int64)
                made[self._snapshot.rows_of(numbers)[0]] += np.int8(sign)
        rest = made.copy()
        rest[rows] -= 1
        accounts = self._snapshot.accounts
        differing = distinct(accounts[np.flatnonzero(rest)])
        theirs = np.flatnonzero(np.isin(accounts, differing)) if len(differing) < self._few else rows[:0]
        held = np.bincount(np.searchsorted(differing, accounts[theirs]), made[theirs], len(differing)).astype(np.int64)
        return Combination(np.flatnonzero(made > 0).astype(np.int64), differing, np.maximum(held, 0))


def _signed(words: Words, sign: int) -> Words:
    return words if sign > 0 else np.uint64(0) - words
