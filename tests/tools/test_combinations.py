"""Near combinations of earlier sets are found as a comparison with every pair and every three would find them."""

import itertools
from collections.abc import Iterator
from functools import partial

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from index.snapshot import Rows
from tests.fakes.corpus import small_index
from tools.combinations import Combination, Combinations
from tools.signatures import Signer

FEW = 5
SIZE = len(small_index().snapshot)


class Filed:
    """Sets whose numbers were said."""

    def __init__(self, sets: list[Rows]) -> None:
        snapshot = small_index().snapshot
        self.signer, self.combinations = Signer(snapshot, FEW), Combinations(snapshot, FEW)
        for rows in sets:
            members = BitMap(snapshot.numbers[rows].tolist())
            self.combinations.add(self.signer.of(rows), partial(BitMap, members))

    def of(self, rows: Rows) -> Combination | None:
        return self.combinations.of(rows, self.signer.of(rows))


def _ones(rows: Rows) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    found = np.zeros(SIZE, dtype=np.int64)
    found[rows] = 1
    return found


def _slow(sets: list[Rows], rows: Rows) -> Iterator[bytes]:
    """What pairs and threes nearly make of the rows."""
    accounts = small_index().snapshot.accounts
    for many in (2, 3):
        for places in itertools.combinations(range(len(sets)), many):
            for signs in itertools.product((1, -1), repeat=many):
                made = sum(
                    (sign * _ones(sets[place]) for place, sign in zip(places, signs, strict=True)), _ones(rows[:0])
                )
                if 0 < len(np.unique(accounts[np.flatnonzero(_ones(rows) - made)])) < FEW:
                    yield np.flatnonzero(made > 0).tobytes()


@st.composite
def families(draw: st.DrawFn) -> tuple[list[Rows], Rows]:
    """Distinct sets made of a few common parts, so that many are nearly the sums of others, and one more."""
    chance = np.random.default_rng(draw(st.integers(0, 100_000)))
    order = chance.permutation(SIZE)
    cuts = np.sort(chance.choice(np.arange(1, SIZE), 5, replace=False))
    parts = np.split(order, cuts)
    made: dict[bytes, Rows] = {}
    for _ in range(draw(st.integers(2, 8))):
        chosen = [part for part in parts if chance.random() < 0.4] or parts[:1]
        flipped = chance.choice(SIZE, int(chance.choice([0, 0, 1, 2, 4, 7])), replace=False)
        rows = np.setxor1d(np.concatenate(chosen), flipped).astype(np.int64)
        if len(rows):
            made[rows.tobytes()] = rows
    *earlier, new = made.values()
    return earlier, new


@settings(max_examples=80, deadline=None, derandomize=True)
@given(family=families())
def test_what_is_found_is_a_near_combination_and_none_is_missed(family: tuple[list[Rows], Rows]) -> None:
    earlier, rows = family
    possible = set(_slow(earlier, rows))
    found = Filed(earlier).of(rows)
    assert (found is None) == (not possible)
    assert found is None or found.rows.tobytes() in possible


def _parts(*sizes: int) -> list[Rows]:
    """Sets that share no row."""
    order = np.random.default_rng(3).permutation(SIZE)
    return [np.sort(part).astype(np.int64) for part in np.split(order, np.cumsum(sizes))[: len(sizes)]]


def _whole(*parts: Rows) -> Rows:
    return np.sort(np.concatenate(parts))


def test_an_exact_combination_says_nothing_new_and_changes_nothing() -> None:
    one, other, third = _parts(200, 300, 100)
    assert Filed([one, other]).of(_whole(one, other)) is None
    assert Filed([_whole(one, other), one]).of(other) is None
    assert Filed([one, other, third]).of(_whole(one, other, third)) is None


def test_a_sum_but_for_one_account_is_the_sum_without_it() -> None:
    one, other, last = _parts(200, 300, 1)
    found = Filed([one, other]).of(_whole(one, other, last))
    assert found is not None
    assert found.rows.tolist() == _whole(one, other).tolist()
    assert found.differing.tolist() == small_index().snapshot.accounts[last].tolist()


def test_an_intersection_follows_from_two_sets_and_their_union() -> None:
    one, both, other, last = _parts(150, 200, 150, 1)
    found = Filed([_whole(one, both), _whole(both, other), _whole(one, both, other)]).of(_whole(both, last))
    assert found is not None
    assert found.rows.tolist() == both.tolist()


def test_a_set_whose_number_was_said_keeps_it() -> None:
    one, other, last = _parts(200, 300, 1)
    whole = _whole(one, other, last)
    assert Filed([whole, one, other]).of(whole) is None


def test_of_two_sets_that_share_a_conversation_their_sum_counts_it_twice() -> None:
    one, shared, other = _parts(200, 1, 300)
    found = Filed([_whole(one, shared), _whole(other, shared)]).of(_whole(one, shared, other))
    assert found is not None
    (who,) = small_index().snapshot.accounts[shared].tolist()
    of_it = np.flatnonzero(small_index().snapshot.accounts[_whole(one, shared, other)] == who)
    assert found.differing.tolist() == [who]
    assert found.held.tolist() == [len(of_it) + 1]


def test_many_sets_are_kept_beyond_the_first_room_and_a_pair_is_found_among_all_of_them() -> None:
    chance = np.random.default_rng(5)
    one, other, last = _parts(200, 300, 1)
    many = [np.sort(chance.choice(SIZE, 80, replace=False)).astype(np.int64) for _ in range(300)]
    made = Filed([one, *many, other, *many])
    assert len(made.combinations) == 302
    found = made.of(_whole(one, other, last))
    assert found is not None
    assert found.rows.tolist() == _whole(one, other).tolist()
