"""What a tool may raise. A refusal is not an error: the model (or the built-in role) reads it and asks otherwise."""

from typing import Literal

from index.core.errors import ShoalError

Reason = Literal[
    "not askable", "too few or too close", "nearly everything", "too many facets", "a side too small", "privacy budget spent", "phrase budget spent",
]  # fmt: skip
"""Why, for the ledger. A group below a threshold and one that is suppressed to protect another share one."""

PHRASES_SPENT: Reason = "phrase budget spent"
"""A phrase that was refused for this was not answered, and does not count as one that was asked."""


class ToolRefusal(Exception):
    """The question cannot be answered as asked. The message says why and what to try; it never holds data."""

    def __init__(self, message: str, reason: Reason = "not askable") -> None:
        super().__init__(message)
        self.reason = reason


class LedgerFault(ShoalError):
    """The record of earlier releases is not whole, so nothing more may leave."""

    exit_code = 6


class PrivacyViolation(ShoalError):
    """A privacy rule was about to be broken by our own code: a bug. It stops the run and carries no content."""

    exit_code = 6
