"""What one run is: its id, its analyst, its budget and where its events go.

A value that is passed along, never a field that a run sets on something shared, so that two runs in one process cannot
charge or log each other.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from agent.core.budget import Budget
from agent.core.events import Event

Emit = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class RunContext:
    """One run. `id` names it in the ledger and the session store; `emit` takes its events, in order."""

    id: str
    analyst: str
    budget: Budget
    emit: Emit

    @classmethod
    def unlimited(cls, run: str = "", analyst: str = "", emit: Emit = lambda _: None) -> "RunContext":
        """A run that may spend what it likes, for work that no question pays for."""
        return cls(run, analyst, Budget(math.inf, math.inf, {}), emit)
