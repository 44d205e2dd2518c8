"""Noise for counts, and how far it may carry a number (differential privacy: Dwork et al. 2006).

OpenDP draws it, from the operating system's randomness: integers from the discrete Laplace ("geometric") distribution
(Ghosh, Roughgarden & Sundararajan 2012; Canonne, Kamath & Steinke 2020), so that no floating-point number can give the
count away. What is drawn here must never be drawn again for the same question: the ledger keeps it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import exp, expm1, inf, log2, nextafter, sqrt

import numpy as np

_SPAN = 24
"""Standard scales that a sum's distribution is computed over; what lies beyond is less than one part in a million."""


@dataclass(frozen=True, slots=True)
class Noise:
    """Discrete Laplace noise that makes a list of counts ε-private, where one account changes it by at most
    `sensitivity` in all (the L1 distance). `epsilon` > 0, `sensitivity` >= 1."""

    epsilon: float
    sensitivity: int

    @property
    def scale(self) -> float:
        """Of the distribution; its standard deviation is about 1.41 times this."""
        return _measurement(self.epsilon, self.sensitivity)[0]

    def add(self, counts: Sequence[int]) -> list[int]:
        """Each count with a draw of its own; it may fall below zero."""
        return _measurement(self.epsilon, self.sensitivity)[1](list(counts)) if counts else []

    def half_width(self, terms: int = 1, confidence: float = 0.95) -> int:
        """The least w so that the sum of `terms` draws lies within -w to w with at least this probability."""
        return _half_width(self.scale, terms, confidence)


@cache
def _measurement(epsilon: float, sensitivity: int) -> tuple[float, Callable[[list[int]], list[int]]]:
    """The smallest scale for which OpenDP itself finds the release to be ε-private, and the mechanism."""
    import opendp.prelude as dp

    dp.enable_features("contrib")
    space = dp.vector_domain(dp.atom_domain(T=int)), dp.l1_distance(T=int)
    scale = sensitivity / epsilon
    measurement = space >> dp.m.then_laplace(scale=scale)
    while measurement.map(sensitivity) > epsilon:
        # OpenDP rounds the loss up, so that the quotient can be one step of a float too small.
        scale = nextafter(scale, inf)
        measurement = space >> dp.m.then_laplace(scale=scale)
    return scale, measurement


@cache
def _half_width(scale: float, terms: int, confidence: float) -> int:
    """From the distribution itself: its characteristic function, raised to the number of terms, turned back."""
    size = 2 ** int(np.ceil(log2(_SPAN * scale * sqrt(terms) + 64)))
    decay, rest = exp(-1 / scale), -expm1(-1 / scale)
    angles = 2 * np.pi * np.arange(size // 2 + 1) / size
    single = rest**2 / (rest**2 + 4 * decay * np.sin(angles / 2) ** 2)
    chances = np.fft.irfft(single**terms, size)[: size // 2]
    within = chances[0] + 2 * np.concatenate([[0.0], np.cumsum(chances[1:])])
    # A millionth of slack, for what the transform itself rounds.
    return int(np.searchsorted(within, confidence - 1e-9))
