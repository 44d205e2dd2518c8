"""Noise and bounding: the scale is the stated one, intervals are the distribution's, and one account moves what is stated."""

from collections import Counter
from math import exp
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.snapshots.snapshot import Rows, Snapshot
from tools.core.errors import PrivacyViolation
from tools.dp.bounding import bounded
from tools.dp.noise import Noise

DRAWS = 20_000


@pytest.mark.parametrize(("epsilon", "sensitivity"), [(0.1, 10), (1.0, 10), (3.0, 20), (0.7, 1)])
def test_noise_is_discrete_laplace_of_the_stated_scale(epsilon: float, sensitivity: int) -> None:
    noise = Noise(epsilon, sensitivity)
    assert noise.scale == pytest.approx(sensitivity / epsilon)
    drawn = np.array(noise.add([1_000] * DRAWS)) - 1_000
    decay = exp(-1 / noise.scale)
    mean, deviation = 2 * decay / (1 - decay**2), (2 * decay) ** 0.5 / (1 - decay)
    # Six standard errors: it would take millions of runs to fail by chance.
    assert abs(drawn.mean()) < 6 * deviation / DRAWS**0.5
    assert abs(np.abs(drawn).mean() - mean) < 6 * (deviation**2 - mean**2) ** 0.5 / DRAWS**0.5
    assert abs((drawn == 0).mean() - (1 - decay) / (1 + decay)) < 6 * 0.5 / DRAWS**0.5


@pytest.mark.parametrize("scale", [1, 7, 33, 400])
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.975])
def test_the_half_width_of_one_draw_is_the_quantile_of_its_closed_form(scale: int, confidence: float) -> None:
    decay = exp(-1 / scale)
    within = [1 - 2 * decay ** (width + 1) / (1 + decay) for width in range(20 * scale)]
    expected = next(width for width, chance in enumerate(within) if chance >= confidence)
    assert Noise(1.0, scale).half_width(1, confidence) == expected


@pytest.mark.parametrize("terms", [1, 2, 12, 60])
def test_the_half_width_of_a_sum_holds_as_often_as_it_says(terms: int) -> None:
    noise = Noise(1.0, 10)
    sums = np.array(noise.add([0] * (DRAWS // 5 * terms))).reshape(-1, terms).sum(axis=1)
    inside = (np.abs(sums) <= noise.half_width(terms)).mean()
    assert inside == pytest.approx(0.95, abs=0.02)  # six standard errors here too


def test_intervals_around_noisy_counts_hold_the_true_count_in_ninety_five_of_a_hundred_draws() -> None:
    noise = Noise(0.5, 10)
    true = np.arange(DRAWS) % 500
    told = np.array(noise.add(true.tolist()))
    assert (np.abs(told - true) <= noise.half_width()).mean() == pytest.approx(0.95, abs=0.015)


def snapshot(accounts: list[int]) -> Snapshot:
    """As much of a snapshot as bounding reads: who wrote each summary, numbered as they came."""
    held = SimpleNamespace(accounts=np.array(accounts, dtype=np.int64), numbers=np.arange(1, len(accounts) + 1))

    class Sized(SimpleNamespace):
        def __len__(self) -> int:
            return len(accounts)

    return cast(Snapshot, Sized(**vars(held)))


def cells_of(labels: list[list[int]], cells: int) -> list[Rows]:
    return [np.array([row for row, mine in enumerate(labels) if cell in mine], dtype=np.int64) for cell in range(cells)]


@st.composite
def neighbours(draw: st.DrawFn) -> tuple[list[int], list[list[int]], int, int, int]:
    """Accounts and cells of conversations (each in up to `each` of them), a bound, and the account that will go."""
    each = draw(st.integers(1, 3))
    rows = draw(
        st.lists(
            st.tuples(st.integers(0, 4), st.lists(st.integers(0, 5), max_size=each, unique=True)),
            min_size=1,
            max_size=80,
        )
    )
    return (
        [who for who, _ in rows],
        [cells for _, cells in rows],
        draw(st.integers(1, 6)),
        each,
        draw(st.integers(0, 4)),
    )


@settings(max_examples=200, deadline=None)
@given(made=neighbours())
def test_with_or_without_an_account_a_table_differs_by_no_more_than_the_stated_sum(
    made: tuple[list[int], list[list[int]], int, int, int],
) -> None:
    accounts, labels, most, each, gone = made
    whole = bounded(snapshot(accounts), cells_of(labels, 6), most, each)
    # Without it every later summary has another number and another row.
    left = [place for place, who in enumerate(accounts) if who != gone]
    less = bounded(
        snapshot([accounts[place] for place in left]), cells_of([labels[place] for place in left], 6), most, each
    )
    assert whole.sensitivity == less.sensitivity == most * each
    assert sum(abs(a - b) for a, b in zip(whole.counts, less.counts, strict=True)) <= whole.sensitivity


def test_an_account_with_many_conversations_counts_as_often_as_the_bound_over_all_cells() -> None:
    accounts = [0] * 500 + [1, 2, 3]
    labels = [[place % 5] for place in range(503)]
    found = bounded(snapshot(accounts), cells_of(labels, 5), 10, 1)
    assert sum(found.counts) == 13
    # Spread over its own conversations, whatever their rhythm.
    assert max(found.counts) < 6


@given(accounts=st.lists(st.integers(0, 5), min_size=1, max_size=60), most=st.integers(1, 8))
def test_bounding_keeps_all_of_an_account_or_exactly_the_bound(accounts: list[int], most: int) -> None:
    found = bounded(snapshot(accounts), [np.arange(len(accounts))], most, 1)
    assert sum(found.counts) == sum(min(each, most) for each in Counter(accounts).values())


def test_a_conversation_in_more_cells_than_declared_stops_the_run() -> None:
    with pytest.raises(PrivacyViolation):
        bounded(snapshot([0, 1, 2]), [np.array([0, 1]), np.array([1, 2])], 10, 1)
