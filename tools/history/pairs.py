"""What pairs of the newest sets make, by signature: the ready two thirds of a combination of three (`tools.history.combinations`).

Everything here is made once for a ledger's state and read for each set that is asked about. Numbers of signatures alone: no
member in sight.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tools.history.signatures import Words

FILTER_BITS = 18
SIZE = 1 << FILTER_BITS
"""Of a filter: small enough to stay in the processor's cache, where it is looked into at random."""

LOW = np.uint64(SIZE - 1)
HIGH = np.uint64(64 - FILTER_BITS)

Places = NDArray[np.int64]

_SIGNS = ((1, 1), (1, -1), (-1, 1), (-1, -1))


def signed(words: Words, sign: int) -> Words:
    return words if sign > 0 else negative(words)


def negative(words: Words) -> Words:
    return np.uint64(0) - words


def twice_over(few: int) -> Places:
    """Where each bucket begins in a table that holds its low bits twice, shape (few, 1)."""
    return np.arange(few, dtype=np.int64)[:, None] * 2 * SIZE


class Fits(NamedTuple):
    """Where a wanted signature is there in some bucket: the bucket, the column of what was wanted, and the word."""

    buckets: Places
    columns: Places
    words: Words

    def at(self, kept: NDArray[np.bool_]) -> "Fits":
        return Fits(self.buckets[kept], self.columns[kept], self.words[kept])


class Joined(NamedTuple):
    """Signatures of pairs, shape (few, pairs), each bucket's in the `order` of their low bits, so that a filter is read
    along and not at random. `low`: where those bits are in the tables of all buckets."""

    order: Places
    words: Words
    low: Places

    @classmethod
    def of(cls, words: Words) -> "Joined":
        # By the upper sixteen of those bits: short numbers are sorted by their digits, without a comparison.
        order = np.argsort(((words & LOW) >> np.uint64(FILTER_BITS - 16)).astype(np.uint16), axis=1, kind="stable")
        words = np.take_along_axis(words, order, axis=1)
        return cls(order, words, (words & LOW).astype(np.int64) + twice_over(len(words)))


class Rooted(NamedTuple):
    """Pairs that may contain a theme's set by one that they add. `places`: shape (pairs, 2), with their `signs`, and the
    `words` that they make, shape (few, pairs)."""

    places: Places
    signs: list[tuple[int, int]]
    words: Words


class Made(NamedTuple):
    """What all pairs make with each of the signs. `words`: ascending, of all buckets, made by the entries `order`; `low` and
    `high`: which bits some of them have there, shape (few, SIZE)."""

    words: Words
    order: Places
    many: int
    low: NDArray[np.bool_]
    high: NDArray[np.bool_]

    @classmethod
    def of(cls, words: Words) -> "Made":
        low, high = np.zeros((2, len(words), SIZE), dtype=bool)
        np.put_along_axis(low, (words & LOW).view(np.int64), values=True, axis=1)
        np.put_along_axis(high, (words >> HIGH).view(np.int64), values=True, axis=1)
        order = np.argsort(words, axis=None)
        return cls(words.ravel()[order], order, words.shape[1], low, high)

    def fits(self, wanted: Words) -> Fits:
        """Where a column of `wanted`, shape (few, any), is made in some bucket."""
        starts = np.arange(len(wanted), dtype=np.int64)[:, None] * SIZE
        hits = np.flatnonzero(self.low.ravel().take((wanted & LOW).view(np.int64) + starts))
        words = wanted.ravel()[hits]
        buckets, columns = np.divmod(hits, max(1, wanted.shape[1]))
        kept = self.high[buckets, words >> HIGH]
        return Fits(buckets[kept], columns[kept], words[kept])

    def making(self, words: Words) -> tuple[Places, Places]:
        """Where in the ascending words each of these begins, and how often it is there."""
        first, last = (np.searchsorted(self.words, words, side) for side in ("left", "right"))
        return first, last - first


@dataclass(frozen=True)
class Pairs:
    """All pairs of some sets. `places`: shape (pairs, 2). `words`: what they make when they are added (True) or not."""

    places: Places
    words: dict[bool, Words]

    @classmethod
    def of(cls, sets: Places, coarse: Words) -> "Pairs":
        """`coarse`: signatures of all sets, shape (few, any), of which `sets` are paired."""
        first, second = (sets[side] for side in np.triu_indices(len(sets), 1))
        one, other = coarse[:, first], coarse[:, second]
        return cls(np.column_stack([first, second]), {True: one + other, False: one - other})

    @cached_property
    def joined(self) -> dict[bool, Joined]:
        return {is_sum: Joined.of(words) for is_sum, words in self.words.items()}

    @cached_property
    def made(self) -> Made:
        """With each of the signs."""
        return Made.of(np.concatenate([self._signed(*signs) for signs in _SIGNS], axis=1))

    def _signed(self, first: int, second: int) -> Words:
        """What they make with these signs, shape (few, pairs)."""
        return signed(self.words[first == second], first)

    def of_entries(self, fits: Fits, first: Places, counts: Places) -> tuple[Places, Places, Places]:
        """Columns of the fits, and pairs with their signs, both of shape (any, 2), that make them in their bucket: of each as
        many as counted, from the first on."""
        begun = np.repeat(first - np.cumsum(counts) + counts, counts)
        buckets, entries = np.divmod(self.made.order[begun + np.arange(len(begun))], self.made.many)
        is_there = buckets == np.repeat(fits.buckets, counts)
        signs, pairs = np.divmod(entries[is_there], len(self.places))
        return np.repeat(fits.columns, counts)[is_there], self.places[pairs], np.array(_SIGNS)[signs]

    def rooted(self, reaches: Words, all_roots: Words, root: np.uint64, reach: np.uint64, last: int) -> Rooted:
        """Pairs that with a last set of this sign may make one of this reach. Where it is added, what the pair adds lies in
        the one that is made, or in what is subtracted; where it is not, what else is subtracted lies in what is added.
        `reaches`, `all_roots`: of all sets."""
        (one, other), (roots, others) = (words[self.places].T for words in (reaches, all_roots))
        here, there = (one & root) != 0, (other & root) != 0
        kept = {(1, 1): here | there, (1, -1): here, (-1, 1): there}
        if last > 0:
            kept[1, 1] &= ((roots | others) & ~reach) == 0
            kept[1, -1] &= (roots & ~(reach | other)) == 0
            kept[-1, 1] &= (others & ~(reach | one)) == 0
        else:
            kept[1, -1] &= (others & ~one) == 0
            kept[-1, 1] &= (roots & ~other) == 0
        return Rooted(
            np.concatenate([self.places[of_these] for of_these in kept.values()]),
            [signs for signs, of_these in kept.items() for _ in range(np.count_nonzero(of_these))],
            np.concatenate([self._signed(*signs)[:, of_these] for signs, of_these in kept.items()], axis=1),
        )
