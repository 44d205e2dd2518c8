"""Whether a set follows from said ones: held against exact linear algebra."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from index.snapshots.snapshot import Rows
from tests.fakes.corpus import small_index
from tools.suppression.span import MOST, Projection, Span

SETS = st.lists(st.sets(st.integers(0, 11), min_size=1), min_size=1, max_size=7)


def rows(members: set[int]) -> Rows:
    return np.array(sorted(members), dtype=np.int64)


def follows(said: list[set[int]], wanted: set[int]) -> bool:
    """By the rank of the sets' whole vectors."""
    matrix = np.zeros((len(said) + 1, 12))
    for place, members in enumerate([*said, wanted]):
        matrix[place, sorted(members)] = 1
    return bool(np.linalg.matrix_rank(matrix) == np.linalg.matrix_rank(matrix[:-1]))


@settings(max_examples=60, deadline=None)
@given(SETS, st.sets(st.integers(0, 11), min_size=1))
def test_a_set_is_exposed_by_the_first_set_from_which_on_it_follows(said: list[set[int]], wanted: set[int]) -> None:
    projection, span = Projection(small_index().snapshot), Span()
    span.guard(projection.of(rows(wanted))[None, :])
    for place, members in enumerate(said):
        if follows(said[:place], wanted):
            return
        vector = projection.of(rows(members))
        assert span.discloses(vector) == follows(said[: place + 1], wanted)
        span.say(vector)


def test_a_set_that_followed_before_it_was_guarded_is_past_help_and_exposed_by_nothing() -> None:
    projection, span = Projection(small_index().snapshot), Span()
    one, both = projection.of(rows({1})), projection.of(rows({1, 2}))
    span.say(one)
    span.say(both)
    span.guard(projection.of(rows({2}))[None, :])
    assert not span.discloses(one)


def test_what_is_tried_on_a_copy_is_not_known_to_the_first() -> None:
    projection, span = Projection(small_index().snapshot), Span()
    one, both = projection.of(rows({1})), projection.of(rows({1, 2}))
    span.guard(projection.of(rows({2}))[None, :])
    other = span.copy()
    other.say(one)
    assert other.discloses(both)
    assert not span.discloses(both)


def test_more_sets_than_are_held_together_leave_the_newest() -> None:
    projection, span = Projection(small_index().snapshot), Span()
    span.guard(projection.of(rows({900}))[None, :])
    for first in range(MOST + 10):
        span.say(projection.of(rows({first, first + 1})))
    assert span.discloses(projection.of(rows({MOST + 9, MOST + 10, 900})))
    span.say(projection.of(rows({MOST + 9, 900})))
    assert span.discloses(projection.of(rows({MOST + 9})))
