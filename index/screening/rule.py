"""What a pattern of screening is, and when it is asked."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern and its cues. `words`: one of them must be in the lower-cased text (all rules' words are looked for in
    one pass). `shape`: a cheap pattern that must match first. `run`: so long a piece without a space must be there. A
    rule without cues is always asked."""

    pattern: str
    words: tuple[str, ...] = ()
    shape: str = ""
    run: int = 0
