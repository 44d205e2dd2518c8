"""What a tool may raise. A refusal is not an error: the model (or the built-in role) reads it and asks otherwise."""

from index.errors import ShoalError


class ToolRefusal(Exception):
    """The question cannot be answered as asked. The message says why and what to try; it never holds data."""


class PrivacyViolation(ShoalError):
    """A privacy rule was about to be broken by our own code: a bug. It stops the run and carries no content."""

    exit_code = 6
