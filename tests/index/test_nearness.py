"""The cut between near and not: as defined, whatever the similarities are."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from index.geometry.nearness import FLOOR, near_cut

similarities = arrays.arrays(np.float32, st.integers(0, 400), elements=st.floats(-1, 1, width=32))


@given(similarities)
def test_the_cut_is_halfway_from_the_mean_to_the_ten_nearest_and_never_under_the_floor(values: np.ndarray) -> None:
    nearest = sorted(values.tolist(), reverse=True)[:10]
    halfway = (sum(values.tolist()) / len(values) + sum(nearest) / len(nearest)) / 2 if len(values) else FLOOR
    assert abs(near_cut(values) - max(FLOOR, halfway)) < 1e-5


def test_among_many_summaries_the_nearest_are_one_in_a_thousand() -> None:
    values = np.zeros(50_000, np.float32)
    values[:10] = 1.0
    assert near_cut(values) < 0.30 + 1e-6
    values[:50] = 1.0
    assert near_cut(values) > 0.5


def test_a_phrase_that_nothing_is_about_keeps_the_floor() -> None:
    values = np.random.default_rng(1).normal(0.05, 0.05, 5_000).astype(np.float32)
    assert near_cut(values) == FLOOR
