"""Finds, among numbers that were said, two or three whose sum or difference nearly gives a new set's (R5).

Counts are linear: where S = A + B - C but for the members of a few accounts, the four numbers give these few accounts'
number. Fewer than k differing accounts leave one of k buckets of the additive signatures exact (`tools.history.signatures`), so
that the last set of a combination is looked up by the signature it must have there (as in subset sums, Horowitz & Sahni
1974); what is found so is then compared in full. All pairs are looked at; of threes, those of which two are among the newest sets. Exact combinations
say nothing new. Sets whose themes rule them out are left aside before: a part of S has no root where S has no member, and
a set that contains S has members at all of its roots. Data plane: it holds members.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from index.snapshots.snapshot import Rows, Snapshot
from tools.core.counting import distinct
from tools.history.candidates import TOO_MANY, UNCHECKED, Candidate, Combination
from tools.history.likely import Likely
from tools.history.overlap import IsNear
from tools.history.pairs import HIGH, LOW, SIZE, Fits, Pairs, Places, Rooted, negative, signed, twice_over
from tools.history.signatures import FINER, Signature, Words

NEWEST = 96
"""Two of three sets must be among so many newest ones: all threes would be a search by the square of the ledger."""

_MANY_THEMES = 128
"""Themes whose sets are kept at hand during a release: its cells come from one theme after the other, and again."""

_AT_ONCE = 1 << 15
"""Words of a bucket that are looked up together."""

_MOST_PREPARED = 4_096
"""Sets whose combinations are kept at hand until a set is added, because the same table is often asked for again."""

MOST_COMPARED = 8
"""Likely combinations that are compared in full for one set. A set of a few accounts is nearly made by any, and then counts
as unchecked."""

_THREES = tuple(signs for signs in product((1, -1), repeat=3) if max(signs) > 0)


class _Chosen(NamedTuple):
    """Some of the sets: their places, shape (n,), coarse signatures, shape (few, n), and accounts, shape (n,)."""

    places: Places
    coarse: Words
    accounts: NDArray[np.int64]


class _Prepared(NamedTuple):
    """What was found of one of many sets: `likely` sums, differences and threes, and whether it discloses a protected one."""

    likely: tuple[set[Candidate], ...]
    discloses: bool


_Alike = Sequence[Signature]
"""Signatures of the same reach and roots."""


class Combinations:
    """Distinct sets whose number was said. `few`: only what differs by fewer accounts can be near; `is_near`: whether it is (None:
    always). `surely`: what differs by fewer accounts is near in any case."""

    def __init__(self, snapshot: Snapshot, few: int, is_near: IsNear | None = None, surely: int | None = None) -> None:
        self._snapshot, self._few, self._is_near = snapshot, few, is_near
        self._surely = surely or few
        self._fine = np.zeros((64, few * FINER), dtype=np.uint64)
        self._coarse = np.zeros((few, 64), dtype=np.uint64)
        self._accounts = np.zeros(64, dtype=np.int64)
        self._reach, self._roots = np.zeros((2, 64), dtype=np.uint64)
        self._is_twin = np.zeros((few, 64), dtype=bool)
        """Whether another set has the same members in a bucket."""
        self._read: list[Callable[[], BitMap]] = []
        self._place: dict[bytes, int] = {}
        self._under: list[dict[int, tuple[int, ...]]] = [{} for _ in range(few)]
        """Places of sets by signature; tuples, because Python's collector would look through as many lists again and again."""
        self._high = np.zeros((few, SIZE), dtype=bool)
        """Which high bits of a signature some set has in a bucket."""
        self._ahead, self._behind = (np.zeros((few, 2 * SIZE), dtype=bool) for _ in range(2))
        """Which low bits, and which in the negative, each twice over: read from some place on, the table is moved by it."""
        self._starts = twice_over(few)
        self._protected_sets: list[Words] = []
        """Fine signatures of sets whose number must stay unsaid, `_held_under` by signature, and `_held_low` its low bits."""
        self._protected_place: dict[bytes, int] = {}
        self._protected_within: list[int] = []
        """In how many finer buckets what two sets leave may differ from a held one, and still be taken for it."""
        self._protected_under: list[dict[int, list[int]]] = [defaultdict(list) for _ in range(few)]
        self._protected_low = np.zeros((few, SIZE), dtype=bool)
        self._pairs: Pairs | None = None
        self._parts_of, self._wholes_of = (lru_cache(_MANY_THEMES)(find) for find in (self._parts, self._wholes))
        self._prepared: dict[bytes, _Prepared] = {}
        """What was found for many sets at once, by signature."""
        self._rooted_at = lru_cache(_MANY_THEMES)(self._rooted)
        self.held = 0
        """How often a set was held, or held for more."""

    def __len__(self) -> int:
        return len(self._read)

    def add(self, signature: Signature, read: Callable[[], BitMap]) -> None:
        """A set whose number was said, and all of which lies in this snapshot. `read` gives its members."""
        if self._place.setdefault(signature.fine.tobytes(), len(self)) == len(self):
            self._file(signature, read)

    def hold(self, signature: Signature, *, exactly: bool = False) -> None:
        """A set whose number must stay unsaid, because another one's would follow, or (`exactly`) it is itself too small:
        then what is nearly it is no secret of its own, and a set that was said would nearly uncover every set of one or
        two accounts by being asked again."""
        within = 0 if exactly else self._surely - 1
        place = self._protected_place.setdefault(signature.fine.tobytes(), len(self._protected_sets))
        if place < len(self._protected_sets) and within <= self._protected_within[place]:
            return  # the same table was released again
        self.held += 1
        self._prepared.clear()
        if place < len(self._protected_sets):
            self._protected_within[place] = within
            return
        for bucket, word in enumerate(signature.coarse):
            self._protected_under[bucket][int(word)].append(place)
            self._protected_low[bucket, int(word) % SIZE] = True
        self._protected_sets.append(signature.fine)
        self._protected_within.append(within)

    def discloses(self, own: Signature) -> bool:
        """Whether a held set is what a said one leaves of this set, or this one of a said one, or nearly so: then both
        numbers would give the held one. By signatures alone, so that a set that differs from it by `few` accounts and more is
        taken for it only where all of them fall into the same few buckets."""
        known = self._prepared.get(own.fine.tobytes())
        return known.discloses if known is not None else self._disclosing([own])[0]

    def _disclosing(self, owns: _Alike) -> list[bool]:
        found = [False] * len(owns)
        if not self._protected_sets:
            return found
        starts = np.arange(self._few, dtype=np.int64)[:, None] * SIZE
        for sign, said in ((1, self._parts_of(owns[0].reach)), (-1, self._wholes_of(owns[0].roots))):
            many = len(said.places)
            for at, own in _few_at_once(owns, many):
                wanted = signed(_beside(own, said.coarse), sign)
                hits = np.flatnonzero(self._protected_low.ravel().take((wanted & LOW).view(np.int64) + starts))
                buckets, columns = np.divmod(hits, max(1, wanted.shape[1]))
                words = wanted.ravel()[hits].tolist()
                for bucket, column, word in zip(buckets.tolist(), columns.tolist(), words, strict=True):
                    place, fine = at + column // many, self._fine[said.places[column % many]]
                    for contributions in self._protected_under[bucket].get(word, ()):
                        left = signed(owns[place].fine - fine, sign) - self._protected_sets[contributions]
                        found[place] |= np.count_nonzero(left) <= self._protected_within[contributions]
        return found

    def of(self, rows: Rows, own: Signature) -> Combination | None:
        """What earlier sets nearly make of a set; None when nothing does, when the oldest that nearly do make it exactly,
        or when its own number was said."""
        if not len(self) or not len(rows) or own.fine.tobytes() in self._place:
            return None
        left = MOST_COMPARED
        for likely in self._candidates(own):
            # The oldest, whichever bucket it was found in, and exact or not: so that those who differ do not decide
            # by which combination they are judged.
            oldest = sorted(likely - {TOO_MANY})
            for candidate in oldest[:left]:
                if (combination := self._made(rows, candidate)) is not None:
                    return combination if len(combination.differing) else None
            if TOO_MANY in likely or len(oldest) > left:
                return UNCHECKED
            left -= len(oldest)
        return None

    def prepare(self, signatures: Sequence[Signature]) -> None:
        """Look for what is made of many sets at once, which takes less than to look for each when it is asked for."""
        if len(self._prepared) > _MOST_PREPARED:
            self._prepared.clear()
        together: dict[tuple[np.uint64, np.uint64], list[Signature]] = defaultdict(list)
        for own in signatures:
            if own.fine.tobytes() not in self._place and own.fine.tobytes() not in self._prepared:
                together[own.reach, own.roots].append(own)
        for alike in together.values():
            kinds = zip(*(kind(alike) for kind in (self._sums, self._differences, self._threes)), strict=True)
            for own, likely, discloses in zip(alike, kinds, self._disclosing(alike), strict=True):
                self._prepared[own.fine.tobytes()] = _Prepared(likely, discloses)

    def _candidates(self, own: Signature) -> Iterator[set[Candidate]]:
        """Likely sums, then differences, then threes."""
        prepared = self._prepared.get(own.fine.tobytes())
        if prepared is not None:
            return iter(prepared.likely)
        return (kind([own])[0] for kind in (self._sums, self._differences, self._threes))

    def _file(self, signature: Signature, read: Callable[[], BitMap]) -> None:
        place = len(self)
        if place == len(self._accounts):
            self._grow()
        self._read.append(read)
        self._pairs = None
        self._prepared.clear()
        for known in (self._parts_of, self._wholes_of, self._rooted_at):
            known.cache_clear()
        self._fine[place], self._coarse[:, place] = signature.fine, signature.coarse
        self._accounts[place] = signature.accounts
        self._reach[place], self._roots[place] = signature.reach, signature.roots
        for bucket, word in enumerate(signature.coarse):
            same = self._under[bucket][int(word)] = (*self._under[bucket].get(int(word), ()), place)
            if len(same) > 1:
                self._is_twin[bucket, list(same)] = True
            self._high[bucket, word >> HIGH] = True
            for table, low in ((self._ahead, int(word) % SIZE), (self._behind, -int(word) % SIZE)):
                table[bucket, low] = table[bucket, low + SIZE] = True

    def _grow(self) -> None:
        size = len(self._accounts)
        self._fine = np.concatenate([self._fine, np.zeros_like(self._fine)])
        self._coarse = np.concatenate([self._coarse, np.zeros_like(self._coarse)], axis=1)
        self._is_twin = np.concatenate([self._is_twin, np.zeros_like(self._is_twin)], axis=1)
        self._accounts = np.concatenate([self._accounts, np.zeros(size, dtype=np.int64)])
        self._reach, self._roots = (
            np.concatenate([words, np.zeros(size, dtype=np.uint64)]) for words in (self._reach, self._roots)
        )

    def _parts(self, reach: np.uint64) -> _Chosen:
        """Sets that may lie in one of this reach, but for fewer than `few` accounts."""
        return self._chosen((self._roots[: len(self)] & ~reach) == 0)

    def _wholes(self, roots: np.uint64) -> _Chosen:
        """Sets that may contain one of these roots, but for fewer than `few` accounts."""
        return self._chosen((roots & ~self._reach[: len(self)]) == 0)

    def _chosen(self, kept: NDArray[np.bool_]) -> _Chosen:
        places = np.flatnonzero(kept)
        if 2 * len(places) > len(self):
            # Most of them: not copied, because what is looked at for nothing costs less.
            places = np.arange(len(self))
            return _Chosen(places, self._coarse[:, : len(self)], self._accounts[: len(self)])
        return _Chosen(places, self._coarse[:, places], self._accounts[places])

    def _sums(self, owns: _Alike) -> list[set[Candidate]]:
        """A + B that fit in some bucket."""
        parts, most = self._parts_of(owns[0].reach), max(own.accounts for own in owns) + self._few
        inside = parts.accounts < most
        places, coarse = parts.places[inside], parts.coarse[:, inside]
        likely = Likely(owns, self._few)
        for at, own in _few_at_once(owns, len(places)):
            self._complete(likely, self._fits(_beside(own, coarse)), at, places[:, None], np.array([[1, 1]]))
        return likely.found

    def _differences(self, owns: _Alike) -> list[set[Candidate]]:
        """A - B that fit in some bucket."""
        wholes, least = self._wholes_of(owns[0].roots), min(own.accounts for own in owns) - self._few
        around = wholes.accounts > least
        places, coarse = wholes.places[around], wholes.coarse[:, around]
        is_twin = self._is_twin[:, places]
        likely = Likely(owns, self._few)
        for at, own in _few_at_once(owns, len(places)):
            # Where the set has nobody in the bucket, every other set would complete itself.
            useful = None if own.all() else ((own != 0)[:, :, None] | is_twin[:, None]).reshape(self._few, -1)
            fits = self._fits(negative(_beside(own, coarse)), useful)
            self._complete(likely, fits, at, places[:, None], np.array([[1, -1]]))
        return likely.found

    def _threes(self, owns: _Alike) -> list[set[Candidate]]:
        """Threes that fit in some bucket, two of them among the newest sets."""
        root = np.uint64(int(owns[0].roots) & -int(owns[0].roots))
        wholes, likely = self._wholes_of(root), Likely(owns, self._few)
        if len(wholes.places) < min(len(self._paired().places), len(self) // 2):
            self._threes_around(owns, wholes, root, likely)
        else:
            for place, own in enumerate(owns):
                self._any_threes(own, place, likely)
        return likely.found

    def _any_threes(self, own: Signature, place: int, likely: Likely) -> None:
        pairs = self._paired()
        for signs in _THREES:
            # S = x A + y B + z C, so that C = z S - z x (A + xy B).
            first, second, last = signs
            joined = pairs.joined[first == second]
            is_added = first != last
            table = self._ahead if is_added else self._behind
            own_part = signed(own.coarse, last)
            moved = ((own_part if is_added else negative(own_part)) & LOW).astype(np.int64)
            hits = np.flatnonzero(table.ravel().take(joined.low + moved[:, None]))
            buckets = hits // max(1, joined.low.shape[1])
            words = own_part[buckets] + signed(joined.words.ravel()[hits], -last * first)
            kept = self._high[buckets, words >> HIGH]
            found = Fits(buckets[kept], joined.order.ravel()[hits[kept]], words[kept])
            self._complete(likely, found, place, pairs.places, np.array([signs]))

    def _threes_around(self, owns: _Alike, wholes: _Chosen, root: np.uint64, likely: Likely) -> None:
        """The same, by what must be there of sets with a root: one that is added and has members there. It is the last one,
        or one of the pair."""
        many = len(wholes.places)
        for at, own in _few_at_once(owns, many):
            made = self._paired().made
            fits = made.fits(_beside(own, wholes.coarse))
            fits = fits.at(likely.first(at + fits.columns // many))
            first, counts = made.making(fits.words)
            counts = likely.room(at + fits.columns // many, counts)
            columns, pairs, signs = self._paired().of_entries(fits, first, counts)
            three = np.column_stack([pairs, wholes.places[columns % many]])
            likely.add(self._fine, at + columns // many, three, np.column_stack([signs, np.ones_like(columns)]))
        for last in (1, -1):
            rooted = self._rooted_at(root, owns[0].reach, last)
            signs = np.column_stack([rooted.signs, np.full(len(rooted.signs), last)])
            for at, own in _few_at_once(owns, len(rooted.signs)):
                fits = self._fits(signed(_beside(own, rooted.words), last))
                self._complete(likely, fits, at, rooted.places, signs)

    def _rooted(self, root: np.uint64, reach: np.uint64, last: int) -> Rooted:
        return self._paired().rooted(self._reach, self._roots, root, reach, last)

    def _paired(self) -> Pairs:
        if self._pairs is None:
            newest = np.arange(max(0, len(self) - NEWEST), len(self))
            self._pairs = Pairs.of(newest, self._coarse)
        return self._pairs

    def _fits(self, wanted: Words, useful: NDArray[np.bool_] | None = None) -> Fits:
        """Those signatures that some set may have. `wanted`: shape (few, any). `useful`, of the same shape: which of them
        to look at."""
        low = (wanted & LOW).view(np.int64) + self._starts
        hits = np.flatnonzero(self._ahead.ravel().take(low))
        buckets, columns = np.divmod(hits, max(1, wanted.shape[1]))
        words = wanted.ravel()[hits]
        kept = self._high[buckets, words >> HIGH]
        if useful is not None:
            kept &= useful.ravel()[hits]
        return Fits(buckets[kept], columns[kept], words[kept])

    def _complete(self, likely: Likely, fits: Fits, at: int, places: Places, signs: Places) -> None:
        """Add what these places and a further set that has the signature in the bucket nearly make. `places`, shape (some,
        1 or 2), with `signs` of theirs and of the further set, shape (some or 1, 2 or 3): columns of the fits go through them,
        for one set after the other, from the set `at` on."""
        fits = fits.at(likely.first(at + fits.columns // max(1, len(places))))
        under = [
            self._under[bucket].get(word, ())
            for bucket, word in zip(fits.buckets.tolist(), fits.words.tolist(), strict=True)
        ]
        owns = at + fits.columns // max(1, len(places))
        counts = likely.room(owns, np.fromiter(map(len, under), dtype=np.int64, count=len(under)))
        last = chain.from_iterable(those[:count] for those, count in zip(under, counts.tolist(), strict=True))
        some = np.repeat(fits.columns % max(1, len(places)), counts)
        made = np.column_stack([places[some], np.fromiter(last, dtype=np.int64, count=len(some))])
        likely.add(self._fine, np.repeat(owns, counts), made, signs[some if len(signs) > 1 else np.zeros_like(some)])

    def _made(self, rows: Rows, candidate: Candidate) -> Combination | None:
        """The combination of these sets, beside the set that it nearly is; None where it is not."""
        made = np.zeros(len(self._snapshot), dtype=np.int8)
        for places, sign in ((candidate.plus, 1), (candidate.minus, -1)):
            for place in places:
                numbers = np.array(self._read[place]().to_array(), dtype=np.int64)
                made[self._snapshot.rows_of(numbers)[0]] += np.int8(sign)
        rest = made.copy()
        rest[rows] -= 1
        accounts = self._snapshot.accounts
        apart = np.flatnonzero(rest != 0)
        differing = distinct(accounts[apart])
        if len(differing) >= self._few or not (self._is_near is None or self._is_near(apart, 0)):
            return None
        counted = np.flatnonzero(made)
        theirs = counted[np.isin(accounts[counted], differing)]
        contributions = np.bincount(np.searchsorted(differing, accounts[theirs]), made[theirs], len(differing)).astype(
            np.int64
        )
        return Combination(np.flatnonzero(made > 0).astype(np.int64), differing, np.maximum(contributions, 0))


def _few_at_once(owns: _Alike, many: int) -> Iterator[tuple[int, Words]]:
    """Coarse signatures, shape (few, some), and the place of the first: so many that all of them beside `many` others stay
    in the processor's cache."""
    some = max(1, _AT_ONCE // max(1, many))
    for at in range(0, len(owns), some):
        yield at, np.column_stack([own.coarse for own in owns[at : at + some]])


def _beside(own: Words, others: Words) -> Words:
    """What each of these leaves of each of its own, shape (few, own x others)."""
    return (own[:, :, None] - others[:, None]).reshape(len(own), -1)
