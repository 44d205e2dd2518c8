"""What a search for combinations of earlier sets finds: likely candidates, and the combination that was compared in full.

Apart from the search (`tools.history.combinations`), because thresholds and releases use its result alone. Data plane: a
combination holds members.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.snapshots.snapshot import Rows
from tools.history.pairs import Places


@dataclass(frozen=True, slots=True)
class Combination:
    """The set that earlier ones make together, and whether so few accounts tell it from the new one that it `is_near`. `rows`: its
    members. `differing`: those accounts, and `contributions`: how many conversations of each the combination counts, one
    that is in two of its sets twice."""

    rows: Rows
    differing: NDArray[np.int64]
    contributions: NDArray[np.int64]
    is_near: bool = True
    is_unchecked: bool = False
    """Too many combinations were likely to look at all of them: the set must be suppressed."""


_NONE = np.zeros(0, dtype=np.int64)
UNCHECKED = Combination(_NONE, _NONE, _NONE, is_unchecked=True)


@dataclass(frozen=True, slots=True)
class Found:
    """Candidates, one a row: places of sets and the sign of each column."""

    places: Places
    signs: tuple[int, ...]


class Candidate(NamedTuple):
    """Places of the sets that are added and of those that are subtracted, ascending."""

    plus: tuple[int, ...]
    minus: tuple[int, ...]


TOO_MANY = Candidate((), ())
"""Among the candidates of a set: not all were looked at."""
