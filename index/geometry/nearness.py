"""Which cells of a snapshot's partition count as near a phrase: a cut on their similarity that fits the phrase.

A phrase that many summaries are about reaches higher similarities than one they only touch, so the cut lies between what any
summary has to the phrase and what its nearest have, and never under a floor: a phrase that nothing is about has next to
nothing near it. A cell is near as a whole, by the mean of its members: so no set smaller than a cell can be singled out by
phrases, and no account alone moves the cut. docs/benchmarks/nearness.md says how the numbers were chosen.
"""

import numpy as np
from numpy.typing import NDArray

FLOOR = 0.25
_BETWEEN = 0.55
_NEAREST_ONE_IN = 1_000
_NEAREST_AT_LEAST = 10


def near_cells(likeness: NDArray[np.float64], sizes: NDArray[np.int64], at_most: int) -> NDArray[np.bool_]:
    """Which cells are near a phrase, with at most so many summaries together. `likeness`: the mean similarity of each cell's
    members to the phrase; `sizes`: how many it has; all of shape (cells,)."""
    total = int(sizes.sum())
    is_near = np.zeros(len(sizes), dtype=bool)
    if not total:
        return is_near
    order = np.argsort(-likeness, kind="stable")
    reached = np.cumsum(sizes[order])
    nearest = order[: int(np.searchsorted(reached, max(_NEAREST_AT_LEAST, total // _NEAREST_ONE_IN))) + 1]
    usual = float(np.average(likeness, weights=sizes))
    cut = max(FLOOR, usual + _BETWEEN * (float(np.average(likeness[nearest], weights=sizes[nearest])) - usual))
    is_near[order[(likeness[order] >= cut) & (reached <= at_most)]] = True
    return is_near
