"""Which cells of a snapshot's partition count as near a phrase: a cut on their similarity that fits the phrase.

A phrase that many summaries are about reaches higher similarities than one they only touch, so the cut lies between what any
summary has to the phrase and what its nearest have, and never under a floor: a phrase that nothing is about has next to
nothing near it. A cell is near as a whole, by the mean of its members: so no set smaller than a cell can be singled out by
phrases, and no account alone moves the cut. docs/evaluation/nearness.md says how the numbers were chosen.
"""

import numpy as np
from numpy.typing import NDArray

FLOOR = 0.25
_BETWEEN = 0.55
_NEAREST_ONE_IN = 1_000
_NEAREST_AT_LEAST = 10


def near_cells(similarity: NDArray[np.float32], cells: NDArray[np.int32], at_most: int) -> NDArray[np.bool_]:
    """Which summaries are near a phrase, at most so many. `similarity`: the phrase's to every summary; `cells`: of the
    partition; all of shape (n,)."""
    if not len(similarity):
        return np.zeros(0, dtype=bool)
    sizes = np.bincount(cells)
    means = np.bincount(cells, weights=similarity) / np.maximum(1, sizes)
    order = np.argsort(-means, kind="stable")
    reached = np.cumsum(sizes[order])
    nearest = order[: int(np.searchsorted(reached, max(_NEAREST_AT_LEAST, len(cells) // _NEAREST_ONE_IN))) + 1]
    usual = float(similarity.mean(dtype=np.float64))
    cut = max(FLOOR, usual + _BETWEEN * (float(np.average(means[nearest], weights=sizes[nearest])) - usual))
    is_near = np.zeros(len(sizes), dtype=bool)
    is_near[order[(means[order] >= cut) & (reached <= at_most)]] = True
    return is_near[cells]
