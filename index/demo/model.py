"""The shapes and constants that every part of the demo corpus shares.

This module exists so that the generator, the planted stories and the truth summary agree on one definition of a
conversation. It must never read files or draw random numbers by itself: everything random comes from `stream`.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from random import Random

TOTAL = 9_400
BACKGROUND_ACCOUNTS = 2_350
FIRST_DAY = date(2026, 3, 1)
LAST_DAY = date(2026, 10, 31)
LAUNCH_DAY = date(2026, 8, 3)
CATEGORIES = (
    "coding",
    "writing",
    "learning",
    "translation",
    "work",
    "daily-life",
    "health",
    "creative",
    "data",
    "travel",
    "games",
    "career",
    "security",
    "relationships",
    "finance",
    "cooking",
)

Message = tuple[str, str]


@dataclass(frozen=True, slots=True)
class DemoConversation:
    """One synthetic conversation, with the truth about it in the last four fields."""

    id: str
    account: str
    time: datetime
    messages: tuple[Message, ...]
    flagged: bool
    surface: str
    story: str | None
    theme: str
    category: str
    language: str


class Ids:
    """Hands out identifiers that look random, never the same one twice."""

    def __init__(self, rng: Random, prefix: str, digits: int) -> None:
        self._rng = rng
        self._prefix = prefix
        self._digits = digits
        self._used: set[str] = set()

    def new(self) -> str:
        while True:
            name = f"{self._prefix}-{self._rng.getrandbits(4 * self._digits):0{self._digits}x}"
            if name not in self._used:
                self._used.add(name)
                return name


def stream(seed: int, purpose: str) -> Random:
    """An independent random stream, so that a change in one part of the corpus leaves the others as they are."""
    return Random(f"shoal-demo:{seed}:{purpose}")


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
