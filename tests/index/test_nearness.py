"""What is near a phrase is whole cells of a partition, and every cell is a group of people."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from index.geometry import nearness
from index.geometry.nearness import FLOOR
from index.geometry.partition import Least, cell_means, cells

LEAST = Least(15, 5, 0.5)
similarities = arrays.arrays(np.float32, st.integers(0, 400), elements=st.floats(-1, 1, width=32))


def near_cells(values: NDArray[np.float32], labels: NDArray[np.int32], at_most: int) -> NDArray[np.bool_]:
    """Which summaries are near, by their similarities and cells."""
    sizes = np.bincount(labels)
    return nearness.near_cells(np.bincount(labels, weights=values) / sizes, sizes, at_most)[labels]


@given(st.integers(0, 200), st.integers(1, 9), st.integers(1, 50))
def test_the_mean_of_a_cell_is_as_like_a_phrase_as_its_members_are_on_average(count: int, many: int, size: int) -> None:
    chance = np.random.default_rng(count)
    vectors = chance.standard_normal((count, 6)).astype(np.float32)
    labels = np.unique(chance.integers(0, many, count), return_inverse=True)[1].astype(np.int32)
    means = cell_means((vectors[start : start + size] for start in range(0, count, size)), labels)
    phrase = chance.standard_normal(6).astype(np.float32)
    for cell in range(int(labels.max(initial=-1)) + 1):
        assert np.isclose(means[cell] @ phrase, (vectors[labels == cell] @ phrase).mean(), atol=1e-4)


@given(similarities)
def test_a_cell_is_near_as_a_whole_or_not_at_all(values: np.ndarray) -> None:
    labels = (np.arange(len(values)) // 15).astype(np.int32)
    near = near_cells(values, labels, 10_000)
    assert all(len(set(near[labels == cell].tolist())) == 1 for cell in set(labels.tolist()))
    assert all(values[labels == cell].mean() >= FLOOR - 1e-6 for cell in set(labels[near].tolist()))


def test_no_more_than_asked_for_are_near() -> None:
    values = np.linspace(1, 0.9, 1_000).astype(np.float32)
    near = near_cells(values, (np.arange(1_000) // 20).astype(np.int32), 130)
    assert np.flatnonzero(near).tolist() == list(range(120))


def test_a_phrase_that_nothing_is_about_has_nothing_near_it() -> None:
    values = np.random.default_rng(1).normal(0.05, 0.05, 5_000).astype(np.float32)
    assert not near_cells(values, (np.arange(5_000) // 20).astype(np.int32), 5_000).any()


def test_a_dozen_conversations_of_one_account_do_not_hide_what_others_said() -> None:
    labels = (np.arange(1_000) // 20).astype(np.int32)
    values = np.full(1_000, 0.05, np.float32)
    values[:60] = 0.5
    before = near_cells(values, labels, 5_000)
    values[60:72] = 1.0
    assert (near_cells(values, labels, 5_000)[:60] == before[:60]).all()
    assert before[:60].all()


def is_enough(accounts: NDArray[np.int64]) -> bool:
    each = np.bincount(accounts)
    return bool(
        len(accounts) >= LEAST.conversations
        and np.count_nonzero(each) >= LEAST.accounts
        and each.max() <= LEAST.dominance * len(accounts)
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 900), st.integers(1, 60))
def test_every_cell_holds_enough_people_unless_all_of_them_are_not(seed: int, count: int, people: int) -> None:
    chance = np.random.default_rng(seed)
    vectors = chance.standard_normal((count, 8)).astype(np.float32)
    accounts = chance.integers(0, people, count)
    labels = cells(vectors, accounts, LEAST)
    found = [accounts[labels == cell] for cell in range(int(labels.max(initial=-1)) + 1)]
    assert sum(map(len, found)) == count
    assert len(found) <= 1 or all(is_enough(held) for held in found)
    assert np.array_equal(labels, cells(vectors, accounts, LEAST))


def test_cells_keep_what_is_alike_together() -> None:
    chance = np.random.default_rng(3)
    kinds = np.repeat(np.arange(10), 40)
    vectors = np.eye(16, dtype=np.float32)[kinds] + chance.normal(0, 0.02, (400, 16)).astype(np.float32)
    labels = cells(vectors, np.arange(400), LEAST)
    assert all(len(set(kinds[labels == cell].tolist())) == 1 for cell in set(labels.tolist()))
    assert len(set(labels.tolist())) >= 10
