"""Near combinations of earlier sets are found as a comparison with every pair and every three would find them."""

import itertools
from collections.abc import Iterator
from functools import partial, reduce
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from index.snapshots.snapshot import Rows, Snapshot
from tests.fakes.corpus import small_index
from tests.fakes.snapshots import bare_snapshot
from tools.history import combinations, likely
from tools.history.candidates import UNCHECKED, Combination
from tools.history.combinations import MOST_COMPARED, NEWEST, Combinations
from tools.history.overlap import IsNear
from tools.history.signatures import Signer

FEW = 5
SIZE = len(small_index().snapshot)


class Filed:
    """Sets whose numbers were said."""

    def __init__(self, sets: list[Rows], snapshot: Snapshot | None = None, is_near: IsNear | None = None) -> None:
        snapshot = snapshot or small_index().snapshot
        self.signer, self.combinations = Signer(snapshot, FEW), Combinations(snapshot, FEW, is_near)
        for rows in sets:
            members = BitMap(snapshot.numbers[rows].tolist())
            self.combinations.add(self.signer.of(rows), partial(BitMap, members))

    def of(self, rows: Rows) -> Combination | None:
        return self.combinations.of(rows, self.signer.of(rows))

    def prepare(self, sets: list[Rows]) -> None:
        self.combinations.prepare([self.signer.of(rows) for rows in sets])


def _reported(found: Combination | None) -> tuple[list[int], list[int], list[int]] | None:
    return (found.rows.tolist(), found.differing.tolist(), found.contributions.tolist()) if found is not None else None


def _ones(rows: Rows, size: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    found = np.zeros(size, dtype=np.int64)
    found[rows] = 1
    return found


def _kinds(many: int) -> Iterator[list[tuple[tuple[int, ...], tuple[int, ...]]]]:
    """Sums, differences and threes of so many sets, as places that are added and subtracted; each kind oldest first."""
    places = range(many)
    yield [(pair, ()) for pair in itertools.combinations(places, 2)]
    yield [((one,), (other,)) for one, other in itertools.permutations(places, 2)]
    threes = []
    for three in itertools.combinations(places, 3):
        for added in range(1, 4):
            threes += [(plus, tuple(set(three) - set(plus))) for plus in itertools.combinations(three, added)]
    yield sorted((plus, tuple(sorted(minus))) for plus, minus in threes)


def _slow(
    sets: list[Rows], rows: Rows, snapshot: Snapshot, is_near: IsNear | None = None
) -> tuple[list[int], list[int], list[int]] | None:
    """The oldest combination that nearly makes the rows: its members, who tells them apart, and how many it counts of
    each; None where it makes them exactly, or none does."""
    accounts, size = snapshot.accounts, len(snapshot)
    ones = [_ones(item, size) for item in sets]
    for kind in _kinds(len(sets)):
        for plus, minus in kind:
            made = sum((ones[place] for place in plus), _ones(rows[:0], size))
            made = made - sum((ones[place] for place in minus), _ones(rows[:0], size))
            apart = np.flatnonzero(_ones(rows, size) - made)
            differing = sorted(set(accounts[apart].tolist()))
            if is_near(apart, 0) if is_near else len(differing) < FEW:
                contributions = [max(0, int(made[accounts == account].sum())) for account in differing]
                return (np.flatnonzero(made > 0).tolist(), differing, contributions) if differing else None
    return None


@st.composite
def families(draw: st.DrawFn) -> tuple[list[Rows], Rows]:
    """Distinct sets made of a few common parts, so that many are nearly or wholly the sums of others, and one more; some
    so small that they have nobody in most buckets of accounts. Parts are drawn, or lie in few themes each."""
    chance = np.random.default_rng(draw(st.integers(0, 1_000_000)))
    order = chance.permutation(draw(st.sampled_from([30, 120, SIZE])))
    if draw(st.booleans()):
        order = order[np.argsort(small_index().snapshot.base_labels[order], kind="stable")]
    cuts = np.sort(chance.choice(np.arange(1, len(order)), 5, replace=False))
    parts = np.split(order, cuts)
    made: dict[bytes, Rows] = {}
    for _ in range(draw(st.integers(2, 8))):
        chosen = [part for part in parts if chance.random() < 0.4] or parts[:1]
        flipped = chance.choice(order, int(chance.choice([0, 0, 1, 2, 4, 7])), replace=False)
        rows = np.setxor1d(np.concatenate(chosen), flipped).astype(np.int64)
        if len(rows):
            made[rows.tobytes()] = rows
    *earlier, new = made.values()
    return earlier, new


def _is_near(rows: Rows, more: int) -> bool:
    """As a policy with a soft edge draws it: between three and FEW accounts."""
    accounts = len(set(small_index().snapshot.accounts[rows].tolist())) + more
    return accounts < 3 + int(rows.sum()) % (FEW - 2)


@settings(max_examples=150)
@given(family=families(), is_near=st.sampled_from([None, _is_near]))
def test_what_is_found_is_what_all_pairs_and_threes_of_exact_sets_would_find(
    family: tuple[list[Rows], Rows], is_near: IsNear | None
) -> None:
    earlier, rows = family
    expected = _slow(earlier, rows, small_index().snapshot, is_near)
    # Of so few accounts more can be likely than are compared: then the set counts as unchecked, which suppresses it.
    found = Filed(earlier, is_near=is_near).of(rows)
    assert found is UNCHECKED or _reported(found) == expected
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(combinations, "MOST_COMPARED", 10_000)
        patch.setattr(likely, "MOST_FOUND", 10_000)
        assert _reported(Filed(earlier, is_near=is_near).of(rows)) == expected


@pytest.fixture(scope="module")
def in_themes(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """Ten themes of thirty conversations each."""
    return bare_snapshot(tmp_path_factory.mktemp("themes"), [(number, 1 + number * 7 % 131) for number in range(300)])


@settings(max_examples=50)
@given(seed=st.integers(0, 1_000_000))
def test_sets_of_other_themes_are_left_aside_without_missing_a_combination(in_themes: Snapshot, seed: int) -> None:
    chance = np.random.default_rng(seed)
    # Parts of three or four themes of ten, so that each theme has few of the sets; one set has them all.
    themes = np.split(np.arange(300), 10)
    parts = [np.sort(part) for theme in themes[:4] for part in np.split(chance.permutation(theme), [12, 24])]

    def drawn() -> Rows:
        chosen = chance.choice(len(parts), int(chance.choice([1, 1, 2, 3, 4])), replace=False)
        flipped = chance.choice(300, int(chance.choice([0, 0, 1, 3, 6])), replace=False)
        return np.setxor1d(np.concatenate([parts[place] for place in chosen]), flipped).astype(np.int64)

    made = {rows.tobytes(): rows for rows in [drawn() for _ in range(9)]}
    *earlier, new = made.values()
    others = [theme.astype(np.int64) for theme in themes[4:]] if chance.random() < 0.5 else []
    filed = Filed([*others, *earlier], in_themes)
    asked = [new, drawn()]
    for many in (2, 2, 3):
        # Sums of sets that share nothing, and what a set leaves of one that it lies in.
        few = chance.choice(300, int(chance.choice([0, 1, 2])), replace=False)
        chosen = chance.choice(len(earlier), min(many, len(earlier)), replace=False)
        asked.append(reduce(np.setxor1d, [earlier[place] for place in chosen], few).astype(np.int64))
    if chance.random() < 0.5:
        filed.prepare(asked)
    known = {rows.tobytes() for rows in earlier}
    for rows in asked:
        expected = None if rows.tobytes() in known else _slow([*others, *earlier], rows, in_themes)
        assert _reported(filed.of(rows)) == expected


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
    assert found.contributions.tolist() == [len(of_it) + 1]


def test_many_sets_are_kept_beyond_the_first_room_and_a_pair_is_found_among_all_of_them() -> None:
    chance = np.random.default_rng(5)
    one, other, last = _parts(200, 300, 1)
    many = [np.sort(chance.choice(SIZE, 80, replace=False)).astype(np.int64) for _ in range(300)]
    made = Filed([one, *many, other, *many])
    assert len(made.combinations) == 302
    found = made.of(_whole(one, other, last))
    assert found is not None
    assert found.rows.tolist() == _whole(one, other).tolist()


def test_of_three_sets_two_must_be_among_the_newest() -> None:
    chance = np.random.default_rng(6)
    one, other, third, last = _parts(200, 300, 100, 1)
    many = [np.sort(chance.choice(SIZE, 80, replace=False)).astype(np.int64) for _ in range(NEWEST)]
    rows = _whole(one, other, third, last)
    found = Filed([one, *many, other, third]).of(rows)
    assert found is not None
    assert found.rows.tolist() == _whole(one, other, third).tolist()
    assert Filed([one, other, *many, third]).of(rows) is None


def test_who_differs_does_not_choose_the_combination_that_he_is_judged_by() -> None:
    one, other, shared, few, last = _parts(200, 300, 100, 1, 1)
    earlier = [one, _whole(other, shared), _whole(one, shared), _whole(other, last)]
    with_them = Filed(earlier).of(_whole(one, other, shared, few))
    assert with_them is not None
    assert with_them.rows.tolist() == _whole(one, other, shared).tolist()
    assert Filed(earlier).of(_whole(one, other, shared)) is None


@pytest.mark.parametrize("is_prepared", [False, True])
@pytest.mark.parametrize(
    "bound", ["likely.MOST_FITS", "likely.MOST_LOOKED_AT", "likely.MOST_FOUND", "combinations.MOST_COMPARED"]
)
def test_where_not_every_likely_combination_can_be_looked_at_the_set_counts_as_unchecked(
    monkeypatch: pytest.MonkeyPatch, bound: str, is_prepared: bool
) -> None:
    parts = [np.arange(start, start + 60, dtype=np.int64) for start in (0, 60, 120)]
    nearly = np.arange(0, 179, dtype=np.int64)

    def found() -> Combination | None:
        filed = Filed(parts)
        if is_prepared:
            filed.prepare([nearly, parts[0]])
        return filed.of(nearly)

    usual = found()
    assert usual is not None
    assert not usual.is_unchecked
    monkeypatch.setattr(f"tools.history.{bound}", 0)
    bounded = found()
    assert bounded is not None
    assert bounded.is_unchecked


@pytest.mark.parametrize("accounts", [1, 4, 100])
def test_sets_of_a_few_accounts_are_looked_at_in_bounded_work(tmp_path: Path, accounts: int) -> None:
    chance = np.random.default_rng(7)
    compared = 0

    def is_near(differing: Rows, more: int) -> bool:
        nonlocal compared
        compared += 1
        return False

    snapshot = bare_snapshot(tmp_path, [(no + 1, 1 + no % accounts) for no in range(SIZE)])
    sets = [np.flatnonzero(chance.random(SIZE) < 0.5).astype(np.int64) for _ in range(200)]
    *earlier, asked = sets
    found = Filed(earlier, snapshot, is_near).of(asked)
    assert compared <= MOST_COMPARED
    assert (found is not None and found.is_unchecked) == (accounts < FEW)
