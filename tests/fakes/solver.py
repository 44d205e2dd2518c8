"""An attacker with a solver: everything that was said of some tables as linear constraints, and what they leave open."""

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

MOST = 5_000.0
"""No number of the small corpus is larger."""


@dataclass
class Attack:
    """Unknown whole numbers, each in an interval, and sums among them."""

    step: int = 5
    least: int = 15
    fewest: int | None = None
    """Values that must stay possible; by default what the threshold leaves open less the rounding, 10 of 0 to 14."""
    _low: list[float] = field(default_factory=list)
    _high: list[float] = field(default_factory=list)
    _sums: list[dict[int, float]] = field(default_factory=list)

    def number(self, said: int | None, *, is_small: bool = False, may_be_less: int = 0) -> int:
        """An unknown. `said`: as the finding shows it, within its rounding; None: suppressed, under the threshold where
        the finding tells that. `may_be_less`: by how much it may have been told as more than it is."""
        self._low.append(0.0 if said is None else max(0.0, said - self.step // 2 - may_be_less))
        high = float(self.least - 1) if is_small else MOST
        self._high.append(high if said is None else said - self.step // 2 + self.step - 1)
        return len(self._low) - 1

    def is_sum(self, total: int, parts: list[int]) -> None:
        """`total` = the sum of `parts`."""
        self._sums.append({total: -1.0, **dict.fromkeys(parts, 1.0)})

    def interval(self, unknown: int) -> tuple[int, int] | None:
        """The least and the greatest value that fits everything said; None when nothing does."""
        matrix = np.zeros((len(self._sums), len(self._low)))
        for place, terms in enumerate(self._sums):
            for number, factor in terms.items():
                matrix[place, number] = factor
        ends = []
        for sign in (1.0, -1.0):
            aim = np.zeros(len(self._low))
            aim[unknown] = sign
            found = milp(
                aim,
                integrality=np.ones(len(aim)),
                bounds=Bounds(np.array(self._low), np.array(self._high)),
                constraints=LinearConstraint(matrix, 0.0, 0.0),
            )
            if found.x is None:
                return None
            ends.append(round(float(found.x[unknown])))
        return ends[0], ends[1]

    def recovers(self, unknown: int, truth: int) -> bool:
        """Whether the truth is known to within fewer values than must stay possible."""
        found = self.interval(unknown)
        fewest = self.least - self.step if self.fewest is None else self.fewest
        return found is not None and found[0] <= truth <= found[1] and found[1] - found[0] < fewest
