"""What an evaluation measures: items, each run once, and what came of each.

An item is one question, one theme, one corpus or one attack. Its result says how often something was right, or holds one
figure. Nothing of a conversation is ever in one.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Result:
    """`right` of `of` were as they should be. `value`: a figure with its `unit`, where nothing is counted. `verdict`: what went
    wrong, one of the suite's closed list; empty where nothing did. `detail`: what a reader needs to understand it."""

    right: int = 0
    of: int = 0
    value: float | None = None
    unit: str = ""
    verdict: str = ""
    detail: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    """Further figures of this item by name, such as seconds or tokens."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to measure. `kind` and `group` are what a table has as rows and columns."""

    suite: str
    id: str
    kind: str
    group: str
    title: str
    run: Callable[[], Awaitable[Result]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Measured:
    """An item that was run, as the record holds it."""

    suite: str
    id: str
    kind: str
    group: str
    title: str
    round: int
    seconds: float
    result: Result

    @property
    def key(self) -> tuple[str, str, int]:
        """By what one item is the same in two runs."""
        return self.suite, self.id, self.round

    def as_dict(self) -> dict[str, Any]:
        """JSON-safe form, a line of the record."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Measured":
        """What `as_dict` made. Raises TypeError or KeyError for anything else."""
        return cls(**{**stored, "result": Result(**stored["result"])})


def rate(measured: Sequence[Measured]) -> tuple[int, int]:
    """How often something was right in these, and of how many."""
    return sum(one.result.right for one in measured), sum(one.result.of for one in measured)
