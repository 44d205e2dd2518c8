"""The handles of a session's findings: F1, F2, ... in the order of their release."""

import itertools


class Handles:
    """Gives the next handle each time. `prefix` sets findings apart that no answer cites."""

    def __init__(self, prefix: str = "F") -> None:
        self._prefix, self._numbers = prefix, itertools.count(1)

    def start_at(self, number: int) -> None:
        """Go on from a number (a resumed session)."""
        self._numbers = itertools.count(number)

    def __next__(self) -> str:
        return f"{self._prefix}{next(self._numbers)}"
