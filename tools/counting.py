"""Distinct numbers, fast: every release counts accounts and unites rows many times, and the general way to do so is what
a release would otherwise spend most of its time on. Numbers of accounts and of rows are small and not negative, so a
count by number serves.
"""

import numpy as np
from numpy.typing import NDArray

_FEW = 2_048
"""Below it sorting is faster than a count as long as the largest number."""

Numbers = NDArray[np.int64]


def distinct(numbers: Numbers) -> Numbers:
    """The distinct numbers, ascending."""
    if len(numbers) < _FEW:
        ordered = np.sort(numbers)
        return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered
    found: Numbers = np.flatnonzero(np.bincount(numbers)).astype(np.int64)
    return found


def how_often(numbers: Numbers) -> Numbers:
    """How often each distinct number occurs, in the numbers' order."""
    if len(numbers) < _FEW:
        return np.unique(numbers, return_counts=True)[1].astype(np.int64)
    counts = np.bincount(numbers)
    found: Numbers = counts[counts > 0].astype(np.int64)
    return found
