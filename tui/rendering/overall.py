"""How far an ingest is as a whole. Each stage takes its measured share of the time (the demo, 9,400 conversations, two cores,
built-in roles); a model that reads makes the first stage longer, and the estimate corrects itself as it goes. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

_SHARES: Mapping[str, float] = MappingProxyType(
    {
        "reading": 0.40,
        "summarising": 0.28,
        "copying vectors": 0.01,
        "placing summaries": 0.26,
        "naming clusters": 0.03,
        "grouping clusters": 0.005,
        "naming groups": 0.01,
        "finding cells": 0.0025,
        "looking for coordination": 0.0025,
    }
)
_LEAST = 0.02
"""Of the work that must be done before the time that is left is said."""


class Step(Protocol):
    """Where a stage stands."""

    @property
    def stage(self) -> str: ...
    @property
    def done(self) -> int: ...
    @property
    def total(self) -> int: ...


def share_done(step: Step) -> float | None:
    """The share of the whole that is done; None in a stage that is not one of these."""
    if step.stage not in _SHARES:
        return None
    names = list(_SHARES)
    before = sum(_SHARES[name] for name in names[: names.index(step.stage)])
    within = min(1.0, step.done / step.total) if step.total else 0.0
    return before + _SHARES[step.stage] * within


def left(share: float, elapsed_s: float) -> str:
    """The time that is left, in words."""
    if share < _LEAST:
        return "time left: not known yet"
    seconds = elapsed_s * (1 - share) / share
    if seconds < 60:
        return f"about {max(1, round(seconds / 5) * 5)} s left"
    return f"about {round(seconds / 60):,} min left"
