"""What a search for combinations of earlier sets finds: likely candidates, and the combination that was compared in full.

Apart from the search (`tools.history.combinations`), because thresholds and releases use its result alone. Data plane: a
combination holds members.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.snapshots.snapshot import Rows


@dataclass(frozen=True, slots=True)
class Combination:
    """The set that earlier ones make together, which few accounts tell from the new one. `rows`: its members. `differing`:
    those accounts, and `contributions`: how many conversations of each the combination counts, one that is in two of its
    sets twice."""

    rows: Rows
    differing: NDArray[np.int64]
    contributions: NDArray[np.int64]
    is_unchecked: bool = False
    """Too many combinations were likely to look at all of them: the set must be suppressed."""


_NONE = np.zeros(0, dtype=np.int64)
UNCHECKED = Combination(_NONE, _NONE, _NONE, is_unchecked=True)


class Candidate(NamedTuple):
    """Places of the sets that are added and of those that are subtracted, ascending."""

    plus: tuple[int, ...]
    minus: tuple[int, ...]


TOO_MANY = Candidate((), ())
"""Among the candidates of a set: not all were looked at."""
