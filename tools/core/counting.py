"""Distinct numbers, fast: every release counts accounts and unites rows many times, and the general way to do so is what
a release would otherwise spend most of its time on. Numbers of accounts and of rows are small and not negative, so a
count by number serves.
"""

import numpy as np
from numpy.typing import NDArray

_FEW = 2_048
_SPARSE = 16
"""Below so many, or where there are so many times as many numbers to count by, sorting is faster than counting."""

Numbers = NDArray[np.int64]


def _is_sparse(numbers: Numbers) -> bool:
    return len(numbers) < _FEW or len(numbers) * _SPARSE < int(numbers.max())


def distinct(numbers: Numbers) -> Numbers:
    """The distinct numbers, ascending."""
    if _is_sparse(numbers):
        ordered = np.sort(numbers)
        return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered
    found: Numbers = np.flatnonzero(np.bincount(numbers)).astype(np.int64)
    return found


def how_many(numbers: Numbers) -> int:
    """How many distinct numbers there are."""
    return len(distinct(numbers)) if _is_sparse(numbers) else int(np.count_nonzero(np.bincount(numbers)))


def how_often(numbers: Numbers) -> Numbers:
    """How often each distinct number occurs, in the numbers' order. Zeros stand for numbers between that do not occur."""
    if _is_sparse(numbers):
        ordered = np.sort(numbers)
        ends = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(ordered) - 1)
        ends[1:] -= ends[:-1].copy()
        ends[0] += 1
        return ends if len(ordered) else ordered
    return np.bincount(numbers)


def complement_of(numbers: Numbers, whole: Numbers) -> Numbers:
    """What of an ascending whole is not among the numbers, which are distinct too."""
    if numbers is whole:
        return whole[:0]
    if _is_sparse(whole):
        return np.setdiff1d(whole, numbers, assume_unique=True)
    kept = np.zeros(int(max(whole[-1], numbers.max(initial=0))) + 1, dtype=bool)
    kept[whole] = True
    kept[numbers] = False
    found: Numbers = np.flatnonzero(kept).astype(np.int64)
    return found


def ranked(days: Numbers) -> tuple[Numbers, Numbers]:
    """The distinct days, ascending, and the place of each day among them. Days are not below -1, which stands for none."""
    found = distinct(days + 1) - 1
    places = np.zeros(int(found[-1]) + 2 if len(found) else 0, dtype=np.int64)
    places[found + 1] = np.arange(len(found))
    return found, places[days + 1]
