"""Reconstruction by linear programming (Dinur & Nissim 2003): what everything that was released together implies.

Unknown are the sizes of atoms (cells too small to be shown, people of one day); known are sums of some of them, each
within its rounding. HiGHS finds the values that contradict the releases least, and how far an atom can still move.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array, eye_array, hstack, vstack

_SLACK = 1e-6
Atom = Hashable


@dataclass(slots=True)
class Released:
    """Sums of atoms, each known to within its rounding."""

    atoms: Sequence[Atom]
    _place: dict[Atom, int] = field(init=False)
    _sums: dict[tuple[int, ...], tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._place = {atom: place for place, atom in enumerate(self.atoms)}

    def add(self, parts: Iterable[Atom], low: float, high: float) -> None:
        """The sum of these atoms lies between `low` and `high`. A later answer about the same atoms narrows it, unless
        it contradicts the earlier one."""
        places = tuple(sorted(self._place[part] for part in parts))
        before = self._sums.get(places)
        if before is not None and max(before[0], low) <= min(before[1], high):
            low, high = max(before[0], low), min(before[1], high)
        self._sums[places] = (low, high)

    def __len__(self) -> int:
        return len(self._sums)

    def likeliest(self) -> dict[Atom, float]:
        """Sizes that contradict the releases least (least absolute deviation, then least total)."""
        matrix, low, high = self._matrix()
        sums, count = matrix.shape
        # Columns: atoms, then for each sum how far it falls short and how far it goes beyond.
        cost = np.concatenate([np.full(count, 1e-4), np.ones(2 * sums)])
        eye = eye_array(sums)
        upper = hstack([matrix, csr_array((sums, sums)), -eye])
        lower = hstack([-matrix, -eye, csr_array((sums, sums))])
        found = linprog(cost, A_ub=vstack([upper, lower]).tocsr(), b_ub=np.concatenate([high, -low]), method="highs")
        sizes = found.x[:count] if found.x is not None else np.zeros(count)
        return {atom: float(size) for atom, size in zip(self.atoms, sizes, strict=True)}

    def bounds(self, wanted: Sequence[Sequence[Atom]]) -> list[tuple[float, float]]:
        """Least and greatest sum of each wanted group of atoms that agrees with the releases as well as anything can."""
        matrix, low, high = self._loosened()
        above_below = vstack([matrix, -matrix]).tocsr()
        limits = np.concatenate([high, -low])
        found = []
        for atoms in wanted:
            ends = []
            for sign in (1.0, -1.0):
                cost = np.zeros(len(self.atoms))
                cost[[self._place[atom] for atom in atoms]] = sign
                solved = linprog(cost, A_ub=above_below, b_ub=limits, method="highs")
                ends.append(sign * solved.fun if solved.fun is not None else -sign * np.inf)
            found.append((float(ends[0]), float(ends[1])))
        return found

    def _loosened(self) -> tuple[csr_array, NDArray[np.float64], NDArray[np.float64]]:
        """Answers about an earlier, nearly identical set contradict others: each sum is widened by as much as the
        likeliest sizes break it."""
        matrix, low, high = self._matrix()
        likeliest = self.likeliest()
        sizes = np.array([likeliest[atom] for atom in self.atoms])
        at = matrix @ sizes
        return matrix, np.minimum(low, at) - _SLACK, np.maximum(high, at) + _SLACK

    def _matrix(self) -> tuple[csr_array, NDArray[np.float64], NDArray[np.float64]]:
        rows = [number for number, places in enumerate(self._sums) for _ in places]
        columns = [place for places in self._sums for place in places]
        shape = (len(self._sums), len(self.atoms))
        matrix = coo_array((np.ones(len(rows)), (rows, columns)), shape=shape).tocsr()
        limits = np.array(list(self._sums.values()), dtype=np.float64).reshape(-1, 2)
        return matrix, limits[:, 0], limits[:, 1]
