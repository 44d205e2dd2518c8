"""The arithmetic of measures against slow plain references."""

from collections.abc import Sequence
from itertools import pairwise
from math import log, sqrt

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, false_discovery_control, norm

from tools.core.finding import bound_sign
from tools.core.statistic import ReleasedCounts
from tools.registry import TOOLS
from tools.statistics.change_points import change_points
from tools.statistics.measures import (
    PRIOR_WEIGHT,
    change_between_periods,
    false_discovery_adjusted,
    few_caught,
    few_false,
    few_missed,
    log_odds,
    missed_and_false,
    over_and_under,
    proportion_interval,
    two_sided_p,
)
from tools.statistics.trend_statistics import course

COUNTS = st.integers(0, 5_000)


def released(counts: list[list[int | None]], totals: list[int], small: bool = True) -> ReleasedCounts:
    return ReleasedCounts(
        labels=[f"g{place}" for place in range(len(counts))],
        columns=[f"c{place}" for place in range(len(counts[0]))],
        counts=counts,
        small=[[count is None and small for count in row] for row in counts],
        totals=totals,
        least=15,
        step=5,
    )


@given(count=COUNTS, more=st.integers(1, 5_000))
def test_an_interval_of_a_share_is_wilsons(count: int, more: int) -> None:
    low, high = proportion_interval(count, count + more)
    plain = binomtest(count, count + more).proportion_ci(method="wilson")
    assert low == pytest.approx(plain.low, abs=1e-6)
    assert high == pytest.approx(plain.high, abs=1e-6)


@given(values=st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_adjusted_p_values_are_benjamini_and_hochbergs(values: list[float]) -> None:
    assert false_discovery_adjusted(values) == pytest.approx(false_discovery_control(values).tolist())


@given(z=st.floats(-8, 8))
def test_a_p_value_is_both_tails_of_a_normal(z: float) -> None:
    assert two_sided_p(z) == pytest.approx(2 * norm.sf(abs(z)), rel=1e-6, abs=1e-12)


@given(first=st.integers(1, 500), second=st.integers(1, 500), rest=st.integers(1, 5_000), other=st.integers(1, 5_000))
def test_log_odds_are_those_of_the_paper(first: int, second: int, rest: int, other: int) -> None:
    prior = PRIOR_WEIGHT * (first + second) / (first + second + rest + other)
    found = log_odds(first, second, first + rest, second + other, prior, PRIOR_WEIGHT, 1)
    n1, n2 = first + rest, second + other
    plain = log((first + prior) / (n1 + PRIOR_WEIGHT - first - prior)) - log(
        (second + prior) / (n2 + PRIOR_WEIGHT - second - prior)
    )
    assert found.value == pytest.approx(plain)
    assert found.error == pytest.approx(sqrt(1 / (first + prior) + 1 / (second + prior)), rel=0.1)


@given(first=st.integers(20, 400), second=st.integers(20, 400), step=st.integers(2, 10))
def test_rounding_widens_an_interval_and_never_moves_it(first: int, second: int, step: int) -> None:
    sharp = log_odds(first, second, 1_000, 1_000, 5, 100, 1)
    coarse = log_odds(first, second, 1_000, 1_000, 5, 100, step)
    assert coarse.value == sharp.value
    assert coarse.error > sharp.error


TABLES = st.lists(st.tuples(st.integers(3, 100), st.integers(3, 100)), min_size=2, max_size=8)


@given(table=TABLES)
def test_swapping_the_columns_turns_over_into_under(table: list[tuple[int, int]]) -> None:
    counts: list[list[int | None]] = [[5 * first, 5 * second] for first, second in table]
    totals = [5 * sum(column) for column in zip(*table, strict=True)]
    there = over_and_under(released([list(row) for row in counts], totals)).rows
    back = over_and_under(released([row[::-1] for row in counts], totals[::-1])).rows
    turned = {"over": "under", "under": "over", "no clear difference": "no clear difference"}
    for (one,), (other,) in zip(there, back, strict=True):
        assert turned[one.verdict] == other.verdict
        assert one.value is not None
        assert other.value is not None
        assert one.value * other.value == pytest.approx(1, abs=0.005 * (one.value + other.value) + 0.01)


def test_two_scopes_alike_differ_nowhere_and_two_unlike_do() -> None:
    alike = over_and_under(released([[100, 200], [300, 600], [50, 100]], [450, 900]))
    assert {row[0].verdict for row in alike.rows} == {"no clear difference"}
    unlike = over_and_under(released([[300, 20], [100, 400], [50, 50]], [450, 470]))
    assert [row[0].verdict for row in unlike.rows] == ["over", "under", "no clear difference"]
    assert unlike.order == (0, 2, 1)


def test_what_was_under_the_threshold_is_a_bound_and_is_called_new_only_when_that_is_clear() -> None:
    found = change_between_periods(
        released([[200, None], [20, None], [None, 200], [300, 300], [None, None]], [520, 520])
    )
    new, unclear, gone, steady, nothing = found.rows
    assert (new[0].verdict, new[0].is_bound) == ("new", True)
    assert unclear[0].verdict == "no clear difference"
    assert gone[0].verdict == "vanished"
    assert steady[0].verdict == "no clear difference"
    assert nothing == ()
    signs = [bound_sign({"is_bound": item[0].is_bound, "is_at_most": item[0].is_at_most}) for item in found.rows[:4]]
    assert signs == ["≥", "≥", "≤", ""]


def test_a_cell_suppressed_for_another_reason_gives_no_statistic() -> None:
    assert over_and_under(released([[200, None], [300, 300]], [500, 300], small=False)).rows[0] == ()


@settings(max_examples=30)
@given(
    before=st.floats(0.02, 0.3),
    factor=st.floats(2.5, 4.0),
    at=st.integers(4, 16),
    exposure=st.integers(800, 3_000),
    seed=st.integers(0, 99),
)
def test_a_doubled_share_is_found_where_it_begins(
    before: float, factor: float, at: int, exposure: int, seed: int
) -> None:
    chance = np.random.default_rng(seed)
    shares = [before if place < at else min(0.9, before * factor) for place in range(20)]
    counts = chance.binomial(exposure, shares).astype(float)
    found = change_points(counts.tolist(), [float(exposure)] * 20)
    assert any(abs(place - at) <= 1 for place in found)


def test_a_level_that_stays_changes_nowhere() -> None:
    chance = np.random.default_rng(3)
    cut = sum(
        bool(change_points(chance.binomial(1_000, 0.1, 24).astype(float).tolist(), [1_000.0] * 24)) for _ in range(200)
    )
    assert cut <= 10


def _cost(counts: Sequence[float], exposures: Sequence[float]) -> float:
    count, exposure = sum(counts), sum(exposures)
    if count in (0, exposure):
        return 0.0
    share = count / exposure
    return -2 * (count * log(share) + (exposure - count) * log(1 - share))


def _slow_segmentation(counts: list[float], exposures: list[float], penalty: float) -> float:
    """The least penalised -2 log likelihood over all segmentations, by dynamic programming over every cut."""

    best = [0.0] + [float("inf")] * len(counts)
    for end in range(2, len(counts) + 1):
        best[end] = min(
            best[start] + _cost(counts[start:end], exposures[start:end]) + (penalty if start else 0.0)
            for start in range(end - 1)
        )
    return best[-1]


@settings(max_examples=40)
@given(counts=st.lists(st.integers(1, 99), min_size=6, max_size=14))
@example(counts=[1, 1, 1, 1, 1, 1, 1, 5, 7, 9, 28, 1])
def test_the_cuts_are_the_best_ones_there_are(counts: list[int]) -> None:
    from tools.statistics.change_points import _dispersion

    exposures = [100.0] * len(counts)
    signal = np.column_stack([np.array(counts, dtype=float), exposures])
    penalty = 3 * log(len(counts)) * _dispersion(signal, is_share=True)
    cuts = [0, *change_points([float(count) for count in counts], exposures), len(counts)]
    ours = sum(_cost(counts[a:b], exposures[a:b]) for a, b in pairwise(cuts)) + penalty * (len(cuts) - 2)
    assert ours == pytest.approx(_slow_segmentation([float(item) for item in counts], exposures, penalty), rel=1e-6)


def test_missed_and_false_are_shares_of_their_own_side() -> None:
    found = missed_and_false(released([[30, 70, 50, 500], [None, 70, 50, 500]], [30, 140, 100, 1_000]))
    assert [(measure.name, measure.value) for measure in found.rows[0]] == [
        ("not flagged", 30.0),
        ("flagged in error", 41.7),
    ]
    assert [measure.name for measure in found.rows[1]] == ["flagged in error"]


@given(counts=st.tuples(*[st.integers(15, 400)] * 3), few=st.integers(0, 14))
def test_a_bound_is_never_above_what_it_bounds(counts: tuple[int, int, int], few: int) -> None:
    """`few` conversations of the side that is not told lie in the theme, however many of them."""
    table = released([list(counts)], list(counts))
    truths = {
        few_caught: {"not flagged": (counts[0], few), "flagged in error": (counts[1] - few, few)},
        few_false: {"not flagged": (counts[0], counts[1] - few)},
        few_missed: {"flagged in error": (counts[1], counts[0] - few)},
    }
    for statistic, truth in truths.items():
        for measure in statistic(table).rows[0]:
            part, other = truth[measure.name]
            assert measure.is_bound
            assert measure.value is not None
            assert measure.value <= round(100 * part / (part + other), 1)


@given(noisy_table=st.integers(15, 400), rest=st.integers(0, 14), caught=st.integers(0, 14))
def test_a_number_that_may_be_told_for_its_whole_row_bounds_no_more_than_that_allows(
    noisy_table: int, rest: int, caught: int
) -> None:
    """The row holds `rest` more conversations than the side that is told for it, `caught` of them of the hidden side."""
    missed, caught = noisy_table - rest, min(rest, caught)
    (measure,) = few_caught(released([[noisy_table, None, None]], [noisy_table, 100, 500])).rows[0]
    assert measure.value is not None
    assert measure.value <= round(100 * missed / max(1, missed + caught), 1)


def test_no_statistic_can_hold_a_member() -> None:
    """They are functions of modules without a closure; the gate gives them what it says and nothing else."""
    for function in (
        over_and_under,
        change_between_periods,
        course,
        missed_and_false,
        few_caught,
        few_false,
        few_missed,
    ):
        assert function.__closure__ is None
        assert function.__defaults__ is None
    for tool in TOOLS.values():
        source = tool.run.__code__.co_names
        assert not any(name == "partial" for name in source)


def test_an_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    chance = np.random.default_rng(1)
    covered = 0
    for _ in range(400):
        first, second = chance.binomial(2_000, 0.1), chance.binomial(2_000, 0.05)
        prior = PRIOR_WEIGHT * (first + second) / 4_000
        _, low, high = log_odds(first, second, 2_000, 2_000, prior, PRIOR_WEIGHT, 5).ratio()
        covered += low <= (0.1 / 0.9) / (0.05 / 0.95) <= high
    assert covered / 400 > 0.9
