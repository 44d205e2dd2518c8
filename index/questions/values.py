"""What reading a question gives, and the port through which roles ask for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Name:
    """What people call a thing. `kind`: a level of the vocabulary ("field", "area", "request"), "hazard", "phrase", or what
    a caller adds. `is_abuse`: whether a question for it is one for abuse."""

    text: str
    label: str
    kind: str
    is_abuse: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A name that some words of a question stand for. `start` and `end`: their place; `fit`: cosine, 1 for the name itself."""

    label: str
    kind: str
    words: str
    start: int
    end: int
    is_abuse: bool = False
    fit: float = 1.0


@dataclass(frozen=True, slots=True)
class Example:
    """A question with its intent. `marks`: features beside its meaning, the same number for every example."""

    text: str
    intent: str
    marks: tuple[float, ...] = ()


class QuestionReader(Protocol):
    """Reads questions in any language that the encoder knows."""

    def names_in(
        self, question: str, taken: Sequence[tuple[int, int]] = (), without: Sequence[tuple[int, int]] = ()
    ) -> list[Found]:
        """The names that a question holds, in its order. `taken`: places that mean something else;
        `without`: places that are no name by themselves."""
        ...

    def intents_of(self, text: str, marks: Sequence[float]) -> Mapping[str, float]:
        """The probability of each intent, the likeliest first."""
        ...

    def warm(self) -> None:
        """Load what reading needs."""
        ...
