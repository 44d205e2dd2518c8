"""Where a series changes its level: exact segmentation of counts by their likelihood.

Pure functions of numbers that may be said (`tools.statistics.measures.ReleasedCounts`). Method: optimal partitioning (Jackson et al. 2005)
by the binomial likelihood where there is an exposure and the Poisson one where there is none. Not by `ruptures`: its PELT
misses the best cuts of one series in some four hundred, because pruning does not hold where stretches have a least length.
"""

from collections.abc import Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

_SHORTEST = 2
"""Buckets between two changes; a single high bucket is a burst, not a new level."""

_FEWEST = 6
_MEDIAN_OF_CHI2 = 0.4549
"""Median of a chi-squared variable with one degree of freedom."""


def change_points(counts: Sequence[float], exposures: Sequence[float] | None) -> list[int]:
    """Places (from 0) at which a new level begins, ascending; empty where nothing changes clearly or there are fewer
    than six buckets.

    The penalty of a change is 3 log n (stricter than BIC's 2), times the dispersion of neighbouring buckets, so that
    a series that is restless everywhere is not cut everywhere.
    """
    if len(counts) < _FEWEST:
        return []
    given = np.ones(len(counts)) if exposures is None else np.asarray(exposures, dtype=np.float64)
    signal = np.column_stack([np.asarray(counts, dtype=np.float64), given])
    is_share = exposures is not None
    penalty = 3 * log(len(counts)) * _dispersion(signal, is_share=is_share)
    return _cuts(np.vstack([np.zeros(2), np.cumsum(signal, axis=0)]), penalty, is_share=is_share)


def _cuts(sums: NDArray[np.float64], penalty: float, *, is_share: bool) -> list[int]:
    """The cuts of least deviance and penalty. `sums`: of counts and exposures up to each place, shape (buckets + 1, 2)."""
    last = len(sums) - 1
    best, begun = np.full(last + 1, np.inf), np.zeros(last + 1, dtype=np.int64)
    best[0] = -penalty  # the first stretch is no change
    for end in range(_SHORTEST, last + 1):
        starts = np.arange(end - _SHORTEST + 1)
        stretch = sums[end] - sums[starts]
        costs = best[starts] + penalty + _deviance(stretch[:, 0], stretch[:, 1], is_share=is_share)
        begun[end] = int(np.argmin(costs))
        best[end] = costs[begun[end]]
    cuts: list[int] = []
    while (last := int(begun[last])) > 0:
        cuts.append(last)
    return cuts[::-1]


def _deviance(counts: NDArray[np.float64], exposures: NDArray[np.float64], *, is_share: bool) -> NDArray[np.float64]:
    """-2 times the maximal log likelihood of each stretch, without what does not depend on the level."""
    rest = exposures - counts
    found = counts * _logs(counts, exposures) + (rest * _logs(rest, exposures) if is_share else -counts)
    return np.where((exposures <= 0) | (counts <= 0), 0.0, -2 * found)


def _logs(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logs of part by whole; 0 where there is none, for it is then multiplied by nothing."""
    is_there = (part > 0) & (whole > 0)
    return np.log(np.divide(part, whole, out=np.ones_like(part), where=is_there))


def _dispersion(signal: NDArray[np.float64], *, is_share: bool) -> float:
    """How much more neighbouring buckets differ than chance, at least 1 (median, so that a change does not count)."""
    counts, exposures = signal[:, 0], np.maximum(signal[:, 1], 1e-9)
    rates = counts / exposures
    pooled = (counts[1:] + counts[:-1]) / (exposures[1:] + exposures[:-1])
    spread = pooled * (1 - pooled) if is_share else pooled
    variance = np.maximum(spread, 1e-9) * (1 / exposures[1:] + 1 / exposures[:-1])
    return max(1.0, float(np.median(np.diff(rates) ** 2 / variance)) / _MEDIAN_OF_CHI2)
