"""What a pattern of screening is, and what must stand beside it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern, and words: where there are any, one of them must stand somewhere in the text, in whatever case."""

    pattern: str
    words: tuple[str, ...] = ()
