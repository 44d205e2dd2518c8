"""The values that flow through ingest.

`Conversation` is the only type that holds raw text. It lives in memory between a source and an extractor and must
never be written, logged or put in an error message (R1); its text is therefore left out of every `repr`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal

Role = Literal["system", "user", "assistant", "tool"]

UNKNOWN = "unknown"
"""The value of a closed facet that the source does not state."""

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Turn:
    """One message. `text` may be empty (an image, a bare tool call)."""

    role: Role
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation as a source gives it.

    `account` None: the source knows no accounts. `time` None: undated. `flagged` None: no external classifier ran.
    `id` is what the source calls the conversation, which tells it from another of the same words.
    `language` is the source's own statement and wins over detection. `resumed` None: the source tells whole
    conversations; else it tells requests, and this says whether the first one here had been answered before, so that an
    earlier log holds the beginning.
    """

    turns: Sequence[Turn] = field(repr=False)
    account: str | None = field(default=None, repr=False)
    time: datetime | None = None
    flagged: bool | None = None
    language: str | None = None
    surface: str = UNKNOWN
    resumed: bool | None = None
    id: str | None = field(default=None, repr=False)

    def said_by(self, role: Role) -> list[str]:
        """The non-empty texts of one role, in order."""
        return [turn.text for turn in self.turns if turn.role == role and turn.text.strip()]


def spoken(conversation: Conversation) -> list[Turn]:
    """What both sides said: instructions and tool traffic may differ between requests that repeat a history."""
    return [
        Turn(turn.role, turn.text.strip())
        for turn in conversation.turns
        if turn.role in ("user", "assistant") and turn.text.strip()
    ]


@dataclass(frozen=True, slots=True)
class Facets:
    """The closed facets of one summary. `day` counts days since 1970-01-01 in UTC; None is undated. `own` holds the
    values of facets that the index defines for itself."""

    language: str
    concern: int
    turns: int
    day: int | None
    flagged: bool | None
    surface: str
    harm: str = UNKNOWN
    outcome: str = UNKNOWN
    own: Mapping[str, str] = field(default_factory=dict)


def day_number(moment: datetime) -> int:
    """Days since 1970-01-01 in UTC; a naive time is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware.astimezone(UTC).date() - _EPOCH).days


def as_day(value: date) -> int:
    """A calendar date as a day number."""
    return (value - _EPOCH).days


def as_date(day: int) -> date:
    """A day number as a calendar date."""
    return _EPOCH + timedelta(days=int(day))
