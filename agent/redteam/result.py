"""What an attack came to: a printed figure beside its goal. It must never hold what was found, only how often."""

from dataclasses import asdict, dataclass
from math import exp, lgamma, log, log1p
from typing import Any

CHANCE = 0.01
"""How unlikely luck must be before successes above the base rate count as an attack that works."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One figure of one attack. `tried` and `succeeded` are counted in `unit`; `base_rate` is the share that an
    attacker without the product would get right, None where that is nothing."""

    attack: str
    figure: str
    unit: str
    tried: int
    succeeded: int
    goal: str
    base_rate: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_met(self) -> bool:
        """Whether the goal was met: nothing succeeded, or no more than guessing explains. Nothing tried is no proof."""
        if not self.tried:
            return False
        if self.base_rate is None:
            return self.succeeded == 0
        return self.luck >= CHANCE

    @property
    def luck(self) -> float:
        """Chance that guessing alone does at least as well (exact binomial, one-sided)."""
        rate, tried = self.base_rate or 0.0, self.tried
        if not self.succeeded or not 0 < rate < 1:
            return 1.0 if not self.succeeded or rate == 1 else 0.0
        # By logarithms, because the numbers of ways to choose of a thousand are beyond a float.
        terms = (
            exp(lgamma(tried + 1) - lgamma(k + 1) - lgamma(tried - k + 1) + k * log(rate) + (tried - k) * log1p(-rate))
            for k in range(self.succeeded, tried + 1)
        )
        return min(1.0, sum(terms))

    def as_dict(self) -> dict[str, Any]:
        """JSON-safe form."""
        return {**asdict(self), "is_met": self.is_met}
