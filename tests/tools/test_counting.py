"""Fast counts are those of the plain way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.counting import distinct, how_often


@given(numbers=st.lists(st.integers(0, 400)))
@pytest.mark.parametrize("times", [1, 3_000])
def test_distinct_numbers_and_how_often_each_occurs(times: int, numbers: list[int]) -> None:
    array = np.array(numbers * times if len(numbers) < 5 else numbers, dtype=np.int64)
    values, counts = np.unique(array, return_counts=True)
    assert distinct(array).tolist() == values.tolist()
    assert how_often(array).tolist() == counts.tolist()
