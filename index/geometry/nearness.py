"""Which summaries count as near a phrase: a cut on cosine similarity that fits the phrase.

A phrase that many summaries are about reaches higher similarities than one they only touch, so the cut lies halfway
between what any summary has to the phrase and what its nearest have, and never under a floor: a phrase that nothing is
about has next to nothing near it. docs/evaluation/nearness.md says how both were chosen and how stable the result is to wording.
"""

import numpy as np
from numpy.typing import NDArray

FLOOR = 0.30
_HALFWAY = 0.5
_NEAREST_ONE_IN = 1_000
_NEAREST_AT_LEAST = 10


def near_cut(similarity: NDArray[np.float32]) -> float:
    """The similarity from which a summary is near. `similarity`: the phrase's to every summary, shape (n,)."""
    if not len(similarity):
        return FLOOR
    count = min(len(similarity), max(_NEAREST_AT_LEAST, len(similarity) // _NEAREST_ONE_IN))
    nearest = float(np.partition(similarity, len(similarity) - count)[-count:].mean())
    usual = float(similarity.mean(dtype=np.float64))
    return max(FLOOR, usual + _HALFWAY * (nearest - usual))
