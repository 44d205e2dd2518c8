"""Who wrote a message where it is not called a role: a flag, a direction, a kind of event.

One place, so that every shape agrees about who the user is. A name of a person ("Anna Weber") tells nothing here: which of two
names is the assistant's, nobody can know.
"""

from collections.abc import Iterable, Mapping, Sequence

from index.sources.shapes.base import Record, flag

_USER_FLAGS = (
    "isCreatedByUser",
    "is_created_by_user",
    "is_user",
    "isUser",
    "from_user",
    "fromUser",
    "is_human",
    "isHuman",
    "fromMe",
    "from_me",
)
_BOT_FLAGS = ("is_bot", "isBot", "from_bot", "fromBot", "is_ai", "isAI", "is_assistant", "isAssistant", "is_agent", "bot")  # fmt: skip
_DIRECTIONS = ("direction", "message_direction")
_KINDS = ("interactionType", "event", "event_type", "message_type", "messageType", "sender_type", "author_type", "participant")  # fmt: skip
_OF_DIRECTION = {
    "incoming": "user", "inbound": "user", "in": "user", "received": "user",
    "outgoing": "assistant", "outbound": "assistant", "out": "assistant", "sent": "assistant",
}  # fmt: skip
_OF_KIND = {
    "userprompt": "user", "user": "user", "human": "user", "user_message": "user", "usermessage": "user", "prompt": "user", "customer": "user",
    "airesponse": "assistant", "bot": "assistant", "ai": "assistant", "assistant": "assistant", "bot_message": "assistant",
    "assistant_message": "assistant", "botmessage": "assistant", "response": "assistant", "agent": "assistant",
}  # fmt: skip


_FLAGS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (_USER_FLAGS, "user", "assistant"),
    (_BOT_FLAGS, "assistant", "user"),
)
_WORDS: tuple[tuple[tuple[str, ...], Mapping[str, str]], ...] = ((_DIRECTIONS, _OF_DIRECTION), (_KINDS, _OF_KIND))


def speaker_of(record: Record) -> str | None:
    """ "user" or "assistant"; None where nothing says it."""
    for names, role, other in _FLAGS:
        for name in names:
            stated = flag(record.get(name))
            if stated is not None:
                return role if stated else other
    for names, words in _WORDS:
        for name in names:
            value = record.get(name)
            said = words.get(value.strip().lower()) if isinstance(value, str) else None
            if said is not None:
                return said
    return None


def says_who(record: object) -> bool:
    """Whether a field of a record says who speaks, understood or not: such records are messages, and no prompts."""
    if not isinstance(record, Mapping):
        return False
    plain = {str(key).strip().lower().replace(" ", "_") for key in record}
    return bool(plain & _SAYS_WHO)


_SAYS_WHO = {
    name.lower() for name in (*_USER_FLAGS, *_BOT_FLAGS, *_DIRECTIONS, "interactionType", "sender_type", "author_type")
} | {"role", "sender", "speaker", "author_role", "author", "sender_name", "from_name", "message_role", "participant"}


_OF_LOGS = {
    "level",
    "loglevel",
    "log_level",
    "logger",
    "severity",
    "span_name",
    "trace_flags",
    "log.level",
    "status_code",
    "lineno",
}


def is_log(columns: Iterable[str]) -> bool:
    """Whether records are lines of a program's log: their message is nobody's."""
    return bool(_OF_LOGS & {column.lower() for column in columns})


_FEW = 4
_LEAST = 6
_LONGEST = 24


def is_dialogue(sample: Sequence[object], mapping: Mapping[str, str]) -> bool:
    """Whether rows look like the messages of two sides: a column that has a few short words and changes from row to row within
    what another column holds together. Who of them is the user, nobody can tell."""
    rows = [row for row in sample if isinstance(row, Mapping)]
    if len(rows) < _LEAST:
        return False
    taken = set(mapping.values())
    columns = [key for key in rows[0] if key not in taken and all(isinstance(row.get(key), str | int) for row in rows)]
    values = {key: [str(row[key]) for row in rows] for key in columns}
    few = [key for key in columns if 1 < len(set(values[key])) <= _FEW and max(map(len, values[key])) <= _LONGEST]
    held = [key for key in columns if 1 < len(set(values[key])) <= len(rows) / 2]
    return any(_alternates(values[who], values[group]) for who in few for group in held if who != group)


def _alternates(who: Sequence[str], group: Sequence[str]) -> bool:
    """Whether, among rows that follow each other in one group, the word changes mostly."""
    pairs = [(first, second) for first, second, a, b in zip(who, who[1:], group, group[1:], strict=False) if a == b]
    return len(pairs) >= 2 and sum(first != second for first, second in pairs) >= 0.8 * len(pairs)
