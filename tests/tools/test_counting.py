"""Fast counts are those of the plain way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.core.counting import complement_of, distinct, how_many, how_often, ranked


@given(numbers=st.lists(st.integers(0, 400)))
@pytest.mark.parametrize("times", [1, 3_000])
def test_distinct_numbers_and_how_often_each_occurs(times: int, numbers: list[int]) -> None:
    array = np.array(numbers * times if len(numbers) < 5 else numbers, dtype=np.int64)
    values, counts = np.unique(array, return_counts=True)
    assert distinct(array).tolist() == values.tolist()
    assert [each for each in how_often(array).tolist() if each] == counts.tolist()
    assert how_many(array) == len(values)


@given(whole=st.sets(st.integers(0, 5_000)), taken=st.sets(st.integers(0, 6_000)))
@pytest.mark.parametrize("more", [0, 3_000])
def test_what_is_left_of_a_whole_is_ascending(more: int, whole: set[int], taken: set[int]) -> None:
    whole = whole | set(range(more))
    left = complement_of(np.array(sorted(taken), dtype=np.int64), np.array(sorted(whole), dtype=np.int64))
    assert left.tolist() == sorted(whole - taken)


@given(st.lists(st.integers(-1, 30_000), max_size=60))
def test_days_are_ranked_as_numpy_ranks_them(days: list[int]) -> None:
    given_days = np.array(days, dtype=np.int64)
    found, places = ranked(given_days)
    expected, inverse = np.unique(given_days, return_inverse=True)
    assert found.tolist() == expected.tolist()
    assert places.tolist() == inverse.tolist()
