"""Whether a reply that is still coming has begun to say the same for ever, as small models do until their limit.

What repeats compresses to next to nothing, also where a number counts up between like paragraphs. Prose and JSON of any
use do not, a long list of like rows included: those must not be cut, so a loop of short numbered lines is not found.
"""

import zlib

_WINDOW = 6_000
"""Characters looked at: those that came last."""
_STEP = 1_000
_SHARE = 0.08
"""Compressed to original size. English prose has .35 to .45, a long list of like JSON objects about .15, a loop .01 to .05."""


class Repetition:
    """Fed with a reply piece by piece."""

    def __init__(self) -> None:
        self._tail = ""
        self._new = 0
        self.chars = 0

    def is_endless(self, piece: str) -> bool:
        """Take in a piece; whether the last characters are the same thing again and again."""
        self._tail = (self._tail + piece)[-_WINDOW:]
        self._new += len(piece)
        self.chars += len(piece)
        if len(self._tail) < _WINDOW or self._new < _STEP:
            return False
        self._new = 0
        wording = self._tail.encode("utf-8", "replace")
        return len(zlib.compress(wording)) < _SHARE * len(wording)
