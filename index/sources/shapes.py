"""The record shapes that are recognised, whichever container they came in.

Each shape is a test on the record's keys and a converter. A converter raises `BadRecord` with a fixed sentence for a
record it cannot use; it must never put the record's values into that sentence.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from index.language import stated
from index.records import UNKNOWN, Conversation, Role, Turn

Record = Mapping[str, Any]


class BadRecord(ValueError):
    """A record of a known shape that cannot be used. The message is a fixed sentence."""


@dataclass(frozen=True, slots=True)
class Shape:
    name: str
    fits: Callable[[Record], bool]
    convert: Callable[[Record], Conversation]


_ROLES: dict[str, Role] = {
    "user": "user", "human": "user", "prompter": "user", "assistant": "assistant", "gpt": "assistant",
    "chatgpt": "assistant", "bard": "assistant", "bing": "assistant", "claude": "assistant", "model": "assistant",
    "bot": "assistant", "system": "system", "developer": "system", "tool": "tool", "function": "tool",
}  # fmt: skip


def _turns(messages: object, role_key: str, text_key: str) -> tuple[Turn, ...]:
    if not isinstance(messages, list):
        raise BadRecord("its messages are not a list")
    turns = []
    for message in messages:
        if not isinstance(message, Mapping):
            raise BadRecord("a message is not an object")
        role = _ROLES.get(str(message.get(role_key, "")).lower())
        if role is None:
            raise BadRecord("a message has an unknown role")
        turns.append(Turn(role, _text(message.get(text_key))))
    return tuple(turns)


def _text(content: object) -> str:
    """The text of a message: a string, or the text parts of multi-part content. Images and tool calls give none."""
    if isinstance(content, str):
        return _whole(content)
    if isinstance(content, list):
        parts = [part.get("text", "") if isinstance(part, Mapping) else part for part in content]
        return "\n".join(_whole(part) for part in parts if isinstance(part, str))
    return ""


def _whole(text: str) -> str:
    """The text with halves of surrogate pairs, which no file can hold, replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _time(value: object) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
        moment = datetime.fromisoformat(str(value).strip().replace("Z", "+00:00"))
    except (ValueError, OverflowError, OSError) as error:
        raise BadRecord("its time is not ISO 8601 or a Unix time") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _optional_text(value: object) -> str | None:
    return _whole(str(value)) if isinstance(value, str | int) and str(value).strip() else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _shoal(record: Record) -> Conversation:
    return Conversation(
        turns=_turns(record["messages"], "role", "content"),
        account=_optional_text(record.get("account")),
        time=_time(record.get("time")),
        flagged=_flag(record.get("flagged")),
        language=stated(record.get("language")),
        surface=_surface(record.get("surface")),
    )


_SURFACES = {"web", "mobile", "api", "desktop", "ide", "voice", "other"}


def _surface(value: object) -> str:
    """A closed facet must have closed values: what is not a known surface is "other", never passed through."""
    if not isinstance(value, str) or not value:
        return UNKNOWN
    return value if value in _SURFACES else "other"


def _sharegpt(record: Record) -> Conversation:
    return Conversation(turns=_turns(record["conversations"], "from", "value"))


def _wildchat(record: Record) -> Conversation:
    moderation = record.get("openai_moderation")
    moderation = moderation if isinstance(moderation, list) else []
    flags = [bool(entry.get("flagged")) for entry in moderation if isinstance(entry, Mapping)]
    return Conversation(
        turns=_turns(record["conversation"], "role", "content"),
        account=_optional_text(record.get("hashed_ip")),
        time=_time(record.get("timestamp")),
        flagged=any(flags) if flags else _flag(record.get("toxic")),
        language=stated(record.get("language")),
    )


def _prompt_response(record: Record) -> Conversation:
    turns = [Turn("user", _text(record["prompt"])), Turn("assistant", _text(record.get("response")))]
    return Conversation(
        turns=tuple(turns),
        account=_optional_text(record.get("account") or record.get("hashed_ip")),
        time=_time(record.get("ts") or record.get("timestamp")),
        language=stated(record.get("lang") or record.get("language")),
    )


def _oasst_thread(record: Record) -> Conversation:
    return Conversation(
        turns=_turns(record["turns"], "role", "text"),
        account=_optional_text(record.get("user_id")),
        time=_time(record.get("ts")),
        language=stated(record.get("lang")),
    )


def _oasst_tree(record: Record) -> Conversation:
    """The tree's best-ranked path: at each step the reply of the lowest rank (unranked ones last)."""
    node = record["prompt"]
    if not isinstance(node, Mapping):
        raise BadRecord("its prompt is not an object")
    path = [node]
    while replies := _replies(node):
        node = min(replies, key=_rank)
        path.append(node)
    return Conversation(
        turns=_turns(path, "role", "text"),
        account=_optional_text(path[0].get("user_id")),
        time=_time(path[0].get("created_date")),
        language=stated(path[0].get("lang")),
    )


def _replies(node: Record) -> list[Record]:
    replies = node.get("replies")
    return [reply for reply in replies if isinstance(reply, Mapping)] if isinstance(replies, list) else []


def _rank(reply: Record) -> tuple[bool, float]:
    rank = reply.get("rank")
    return (False, float(rank)) if isinstance(rank, int | float) else (True, 0.0)


def _has(*keys: str) -> Callable[[Record], bool]:
    return lambda record: all(key in record for key in keys)


SHAPES = (
    Shape("Shoal JSONL", _has("messages"), _shoal),
    Shape("ShareGPT", _has("conversations"), _sharegpt),
    Shape("WildChat", _has("conversation"), _wildchat),
    Shape("OASST threads", _has("turns", "user_id"), _oasst_thread),
    Shape("OASST trees", lambda record: isinstance(record.get("prompt"), Mapping), _oasst_tree),
    Shape("prompt and response", lambda record: isinstance(record.get("prompt"), str), _prompt_response),
)


def recognise(records: Iterable[object]) -> Shape | None:
    """The first shape that any of the records has."""
    for record in records:
        if isinstance(record, Mapping):
            for shape in SHAPES:
                if shape.fits(record):
                    return shape
    return None
