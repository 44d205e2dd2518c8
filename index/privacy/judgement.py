"""The auditor of names and cluster texts: whether a text points at a person, a small group or an organisation (R11).

It is the last and weakest layer: the thresholds (R3) and attestation (R6) decide before it, and it can only take away.
Built-in rules (`rules`) judge every text inside the gate; a model that implements `NameAuditor` may be handed in beside
them and can make a verdict stricter, never looser, because a model may obey what the text tells it. Nothing here keeps,
logs or returns any part of a text: a verdict is a score and classes from a closed list.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

INDIVIDUAL, GROUP, THOUSANDS, CONTEXT, NOBODY = 1, 2, 3, 4, 5
"""The scale of Clio (G.8): what a text identifies."""


class Reason(StrEnum):
    """What a text gives away. The same words are in the model's rubric and in the validation set."""

    IDENTIFIER = "direct_identifier"
    PERSON = "named_person"
    ORGANISATION = "organisation"
    PLACE = "small_place"
    COMBINATION = "combination"
    SPECIAL = "special_category"
    EVENT = "rare_event"
    HANDLE = "handle"
    NUMBER = "small_number"
    DISGUISE = "adversarial"


@dataclass(frozen=True, slots=True)
class Proposed:
    """A text that somebody wants to show of a group, and the group's rounded number of conversations."""

    text: str
    conversations: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """`score` is on the scale: 1 an individual, 2 a small group or an organisation, 3 about thousands of people, 4 needs
    significant context, 5 nothing identifying. `reasons` are empty where nothing was found."""

    score: int
    reasons: frozenset[Reason] = frozenset()

    def __post_init__(self) -> None:
        if not INDIVIDUAL <= self.score <= NOBODY:
            raise ValueError(f"a score lies between {INDIVIDUAL} and {NOBODY}")

    @property
    def is_rejected(self) -> bool:
        """Whether the text must not be shown. Any class rejects, whatever the score: a score alone misses special
        categories, which Clio's rubric rates as not identifying."""
        return bool(self.reasons) or self.score < CONTEXT


class NameAuditor(Protocol):
    """Judges texts, one judgement each, in order. A reader: it has no tools and sees nothing but these texts."""

    name: str

    async def judge(self, texts: Sequence[Proposed]) -> Sequence[Judgement]: ...


def stricter(first: Judgement, second: Judgement) -> Judgement:
    """The lower score and all reasons: a second opinion can only take away."""
    return Judgement(min(first.score, second.score), first.reasons | second.reasons)
