"""What follows from what was said, by exact linear algebra over every conversation of the small corpus."""

from collections.abc import Sequence

import numpy as np

from index.snapshots.snapshot import Rows
from tests.fakes.corpus import records


def follows(said: Sequence[Rows], wanted: Rows) -> bool:
    """Whether a set is a sum and difference of said ones, by the rank of whole vectors."""
    matrix = np.zeros((len(said) + 1, len(records())))
    for place, rows in enumerate([*said, wanted]):
        matrix[place, rows] = 1
    return bool(np.linalg.matrix_rank(matrix) == np.linalg.matrix_rank(matrix[:-1]))
