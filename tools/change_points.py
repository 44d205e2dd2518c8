"""Where a series changes its level: exact segmentation of counts by their likelihood.

Pure functions of numbers that may be said (`tools.statistics.Said`). Method: PELT (Killick, Fearnhead & Eckley 2012) as
`ruptures` has it, with the binomial likelihood where there is an exposure and the Poisson one where there is none.
"""

from collections.abc import Sequence
from math import log
from typing import Any

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
    import ruptures

    class Likelihood(ruptures.base.BaseCost):  # type: ignore[misc]
        """-2 log likelihood of a stretch with one level."""

        model = "counts"
        min_size = _SHORTEST

        def fit(self, signal: NDArray[np.float64]) -> Any:
            self._sums = np.vstack([np.zeros(2), np.cumsum(signal, axis=0)])
            self.signal = signal
            return self

        def error(self, start: int, end: int) -> float:
            count, exposure = self._sums[end] - self._sums[start]
            return _deviance(float(count), float(exposure), is_share=exposures is not None)

    given = np.ones(len(counts)) if exposures is None else np.asarray(exposures, dtype=np.float64)
    signal = np.column_stack([np.asarray(counts, dtype=np.float64), given])
    penalty = 3 * log(len(counts)) * _dispersion(signal, is_share=exposures is not None)
    model = ruptures.Pelt(custom_cost=Likelihood(), min_size=_SHORTEST, jump=1).fit(signal)
    return [int(place) for place in model.predict(pen=penalty)[:-1]]


def _deviance(count: float, exposure: float, *, is_share: bool) -> float:
    """-2 times the maximal log likelihood, without what does not depend on the level."""
    if exposure <= 0 or count <= 0:
        return 0.0
    if not is_share:
        return -2 * (count * log(count / exposure) - count)
    rest = exposure - count
    return -2 * (count * log(count / exposure) + (rest * log(rest / exposure) if rest > 0 else 0.0))


def _dispersion(signal: NDArray[np.float64], *, is_share: bool) -> float:
    """How much more neighbouring buckets differ than chance, at least 1 (median, so that a change does not count)."""
    counts, exposures = signal[:, 0], np.maximum(signal[:, 1], 1e-9)
    rates = counts / exposures
    pooled = (counts[1:] + counts[:-1]) / (exposures[1:] + exposures[:-1])
    spread = pooled * (1 - pooled) if is_share else pooled
    variance = np.maximum(spread, 1e-9) * (1 / exposures[1:] + 1 / exposures[:-1])
    return max(1.0, float(np.median(np.diff(rates) ** 2 / variance)) / _MEDIAN_OF_CHI2)
