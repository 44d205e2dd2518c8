"""How unlikely luck is: the exact binomial tail, for dozens as for thousands."""

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.redteam.result import Outcome


def of(tried: int, succeeded: int, rate: float) -> Outcome:
    return Outcome("made", "made", "targets", tried, succeeded, "no better than guessing", rate)


@given(st.integers(1, 200), st.data(), st.sampled_from([0.0, 0.125, 0.5, 0.6875, 1.0]))
def test_luck_is_the_chance_that_guessing_does_as_well(tried: int, data: st.DataObject, rate: float) -> None:
    succeeded = data.draw(st.integers(0, tried))
    exact = Fraction(rate)
    tail = sum(comb(tried, k) * exact**k * (1 - exact) ** (tried - k) for k in range(succeeded, tried + 1))
    assert of(tried, succeeded, rate).luck == pytest.approx(float(tail), rel=1e-6, abs=1e-12)


def test_a_goal_is_missed_where_luck_is_rarer_than_one_in_a_hundred() -> None:
    assert of(200, 116, 0.5).is_met
    assert not of(200, 117, 0.5).is_met
    assert of(1_200, 840, 0.6875).is_met
    assert not of(1_200, 900, 0.6875).is_met
    assert not of(0, 0, 0.5).is_met
