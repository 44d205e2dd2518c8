"""What a record shape is, and the readers of single fields that all shapes share.

A converter raises `BadRecord` with a fixed sentence for a record it cannot use; it must never put the record's values
into that sentence.
"""

import json
import re
from calendar import month_abbr
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from index.core.records import UNKNOWN, Conversation

Record = Mapping[str, Any]

WHOLE = "each record is a conversation"
REQUESTS = (
    "each record is a request; requests of one conversation (the same conversation, session, thread or trace id, or a "
    "history that goes on) are joined to one"
)

MESSAGES = (
    "each record is a message; those with the same conversation id are one conversation, in the order of the file"
)


class BadRecord(ValueError):
    """A record of a known shape that cannot be used. The message is a fixed sentence."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One way to write a conversation down.

    `fields` says what becomes of each field that is used; every other field is ignored. `thread` is set where a
    conversation may be spread over several records: it gives a record's conversation id, or None where the record
    states none. `unfold` is set where one record may hold several. Shapes of one `family` may stand mixed in a file.
    """

    name: str
    fits: Callable[[Record], bool]
    convert: Callable[[Record], Conversation]
    fields: Mapping[str, str]
    thread: Callable[[Record], str | None] | None = None
    unfold: Callable[[Record], Iterable[object]] | None = None
    family: str = field(default="")
    is_message: bool = False
    """Whether a record is one message, and a conversation is made of several."""

    @property
    def unit(self) -> str:
        if self.is_message:
            return MESSAGES
        return WHOLE if self.thread is None else REQUESTS


def has(*keys: str) -> Callable[[Record], bool]:
    return lambda record: all(key in record for key in keys)


def as_object(value: object) -> Record:
    """A JSON object, also where it is written as a string; an empty one for anything else."""
    value = parsed(value)
    return value if isinstance(value, Mapping) else {}


def opened(value: object) -> object:
    """A record out of the envelope that a search engine or a log service puts around it, with the envelope's id and time."""
    if not isinstance(value, Mapping):
        return value
    inner = next((value[key] for key in _AROUND if isinstance(value.get(key), Mapping)), None)
    if inner is None or (value.keys() & {"messages", "prompt", "conversation", "conversations", "mapping"}):
        return value
    around = {key: value[key] for key in ("timestamp", "@timestamp") if key in value and key not in inner}
    return {**inner, **around}


_AROUND = ("_source", "jsonPayload")


def parsed(value: object) -> object:
    """A value that some exports write as a JSON string inside JSON; any other string stays as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def first(record: Record, *keys: str) -> Any:
    """The first of these fields that says something."""
    return next((record[key] for key in keys if record.get(key) not in (None, "")), None)


def whole(text: str) -> str:
    """The text with halves of surrogate pairs, which no file can hold, replaced. Text without any is not copied, because one
    conversation may have a million turns."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("utf-8")
    return text


def decoded(record: Record) -> Record:
    """The record with bytes, as tables of binary columns give text, as text."""
    if not any(isinstance(value, bytes) for value in record.values()):
        return record
    return {
        key: value.decode("utf-8", "replace") if isinstance(value, bytes) else value for key, value in record.items()
    }


def optional_text(value: object) -> str | None:
    return whole(str(value)) if isinstance(value, str | int) and str(value).strip() else None


_WORDS = {"true": True, "false": False}


def flag(value: object) -> bool | None:
    """True or false, also as a table of text writes them; None for anything else."""
    if isinstance(value, str):
        return _WORDS.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def any_flag(values: Iterable[bool | None]) -> bool | None:
    """True when one is, False when all that are stated say so, None when none is stated."""
    stated = [value for value in values if value is not None]
    return any(stated) if stated else None


def moderation_flag(value: object) -> bool | None:
    """The verdict of OpenAI's moderation: one result, or one for each turn."""
    results = value if isinstance(value, list) else [value]
    return any_flag(flag(result.get("flagged")) for result in results if isinstance(result, Mapping))


_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""A Unix time beyond the first number counts the second's parts of a second: nano, micro, milli."""

_OLDEST = datetime(2015, 1, 1, tzinfo=UTC)
"""No assistant was asked before. What states an earlier time, or one after tomorrow, states none: zero, -1, the year 1."""

_DECIMAL_COMMA = re.compile(r"\d+,\d+")
_EPOCH_OF_SHEETS = datetime(1899, 12, 30, tzinfo=UTC)
_FIRST_SERIAL, _LAST_SERIAL = 42_000, 65_000
"""Days as spreadsheets count them, from 2014 to 2077; as Unix times these are of one day in 1970."""
_DAY_FIRST = re.compile(r"\d{1,2}\.\d{1,2}\.\d{2,4}")


def time(value: object) -> datetime | None:
    """The moment that a field states: ISO 8601, Unix time in any part of a second, RFC 2822, Mongo's `$date`, a German or an
    American date. None for what is none of these and for what cannot be: it costs the time, and not the conversation."""
    moment = _moment(value)
    if moment is None:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment if _OLDEST <= moment <= datetime.now(UTC) + timedelta(days=1) else None


def _moment(value: object) -> datetime | None:
    if isinstance(value, Mapping):
        inner = value.get("$date", value.get("$numberLong"))
        return _moment(inner)
    if value is None or isinstance(value, bool) or value == "":
        return None
    if isinstance(value, datetime):
        return value
    try:
        if isinstance(value, int | float | Decimal):
            seconds = float(value)
        else:
            text = str(value).strip()
            number = text.replace(",", ".") if _DECIMAL_COMMA.fullmatch(text) else text
            if not number.replace(".", "", 1).isdigit():
                return _written(text)
            seconds = float(number)
        if _FIRST_SERIAL <= seconds < _LAST_SERIAL:
            return _EPOCH_OF_SHEETS + timedelta(days=seconds)
        divisor = next((divisor for least, divisor in _UNITS if seconds > least), 1.0)
        return datetime.fromtimestamp(seconds / divisor, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _written(text: str) -> datetime | None:
    """A date in words and figures."""
    try:
        return datetime.fromisoformat(text.removesuffix(" UTC").replace("Z", "+00:00"))
    except ValueError:
        pass
    from dateutil import parser

    if not any(map(str.isdigit, text)):
        return None
    try:
        moment: datetime = parser.parse(
            _in_english(text), dayfirst=_DAY_FIRST.match(text) is not None, default=_NO_DAY, tzinfos=_no_zone
        )
    except (ValueError, OverflowError):
        return None
    return moment


_WORD = re.compile(r"[^\W\d_]{3,}\.?")
_EAST_ASIAN = re.compile(r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]")
_BETWEEN = re.compile(r"(?<![^\W\d_])(?:de|del|du|den|der|um|uhr|à|at|on|alle|ore|às|kl|г|в)\b\.?", re.IGNORECASE)
"""What joins the parts of a date in words."""
_IN_BRACKETS = re.compile(r"\s*\([^)]*\)$")
"""A zone's name, as JavaScript writes it behind a time."""


def _in_english(text: str) -> str:
    """The date with the months of other languages in English ones."""
    text = _EAST_ASIAN.sub(r"\1-\2-\3 ", _IN_BRACKETS.sub("", text))
    english, replaced = _WORD.subn(lambda match: _months().get(match[0].rstrip(".").casefold(), match[0]), text)
    return _BETWEEN.sub(" ", english) if replaced else english


@cache
def _months() -> Mapping[str, str]:
    """English names of months by those of the languages that Shoal tells apart (CLDR); what two months are called is left."""
    from babel import Locale, UnknownLocaleError

    from index.core.language import LANGUAGES, code_of

    found: dict[str, set[int]] = {}
    for language in LANGUAGES:
        try:
            months = Locale.parse(str(code_of(language))).months
        except (UnknownLocaleError, ValueError):
            continue
        for context in months.values():
            for width in ("wide", "abbreviated"):
                for number, name in context.get(width, {}).items():
                    found.setdefault(name.rstrip(".").casefold(), set()).add(number)
    return {
        name: f" {month_abbr[numbers.pop()]} " for name, numbers in found.items() if len(numbers) == 1 and len(name) > 2
    }


def _no_zone(_name: str, offset: int | None) -> int | None:
    """Of a zone that is only named, nothing is known: the time counts as UTC."""
    return offset


_NO_DAY = datetime(1, 1, 1)
"""What a date is filled up with that states no day, month or year: it then lies out of bounds."""


_SURFACES = {"web", "mobile", "api", "desktop", "ide", "voice", "other"}


def surface(value: object) -> str:
    """A closed facet must have closed values: what is not a known surface is "other", never passed through."""
    if not isinstance(value, str) or not value:
        return UNKNOWN
    return value if value in _SURFACES else "other"
