"""What a run may spend, and what it has spent. Raises before the call that cannot fit, never after."""

import math
import time
from dataclasses import dataclass, field

from agent.core.errors import BudgetSpent
from agent.core.settings import Price, Settings


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one model reply."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0


_STALL_S = 30.0
"""Seconds without a piece of a reply after which it is given up."""
_KEPT_S = 15.0
"""Seconds that are kept for the built-in roles to answer."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that a reply may take to begin, from one piece to the next, and in all. None: without a limit."""

    to_begin: float | None
    to_go_on: float | None
    in_all: float | None


@dataclass(slots=True)
class Budget:
    """Seconds and money of one run, and its running totals. `cost` None: some model's price is unknown."""

    max_seconds: float
    max_cost: float
    prices: dict[str, Price]
    max_tokens: float = math.inf
    started: float = field(default_factory=time.monotonic)
    usage: Usage = field(default_factory=Usage)
    calls: int = 0
    cost: float | None = 0.0
    reserved: float = 0.0
    """Dollars that batches under way are expected to cost."""

    @classmethod
    def of(cls, settings: Settings) -> "Budget":
        return cls(settings.max_run_seconds, settings.max_run_cost, settings.prices, settings.max_run_tokens)

    def elapsed(self) -> float:
        return time.monotonic() - self.started

    def seconds_left(self) -> float | None:
        """What `asyncio.timeout` takes; None where there is no limit."""
        return None if math.isinf(self.max_seconds) else max(0.0, self.max_seconds - self.elapsed())

    def patience(self) -> "Patience":
        """How long one model call is waited for now."""
        left = self.seconds_left()
        if left is None:
            return Patience(None, None, None)
        return Patience(left / 2, min(_STALL_S, left / 2), max(left / 2, left - _KEPT_S))

    def out_of_time(self) -> BudgetSpent:
        return BudgetSpent("seconds", round(self.elapsed(), 1), self.max_seconds)

    @property
    def tokens(self) -> int:
        used = self.usage
        return used.input_tokens + used.output_tokens + used.cache_read_tokens + used.cache_write_tokens

    def require(self) -> None:
        """Raise BudgetSpent when nothing is left for another call."""
        if self.elapsed() >= self.max_seconds:
            raise self.out_of_time()
        if self.tokens >= self.max_tokens:
            raise BudgetSpent("tokens", self.tokens, self.max_tokens)
        if self.cost is not None and self.cost + self.reserved >= self.max_cost:
            raise BudgetSpent("US dollars", round(self.cost + self.reserved, 4), self.max_cost)

    def reserve(self, model: str, usage: Usage, rate: float) -> float:
        """Set aside what calls are expected to cost; returns the dollars. Raises BudgetSpent when they do not fit."""
        self.require()
        expected = self._price(model, usage, rate) or 0.0
        if self.cost is not None and self.cost + self.reserved + expected > self.max_cost:
            raise BudgetSpent("US dollars", round(self.cost + self.reserved + expected, 4), self.max_cost)
        self.reserved += expected
        return expected

    def spend(self, model: str, usage: Usage, rate: float = 1.0) -> None:
        """Add one reply, at a share `rate` of the listed price."""
        self.calls += 1
        self.usage = Usage(
            self.usage.input_tokens + usage.input_tokens,
            self.usage.output_tokens + usage.output_tokens,
            self.usage.cache_read_tokens + usage.cache_read_tokens,
            self.usage.cache_write_tokens + usage.cache_write_tokens,
        )
        price = self._price(model, usage, rate)
        self.cost = None if price is None or self.cost is None else self.cost + price

    def _price(self, model: str, usage: Usage, rate: float) -> float | None:
        price = self.prices.get(model)
        if price is None:
            return None
        inputs = usage.input_tokens + 0.1 * usage.cache_read_tokens + 1.25 * usage.cache_write_tokens
        return rate * (inputs * price.input + usage.output_tokens * price.output) / 1e6
