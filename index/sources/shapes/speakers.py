"""Who wrote a message where it is not called a role: a flag, a direction, a kind of event.

One place, so that every shape agrees about who the user is. A name of a person ("Anna Weber") tells nothing here: which of two
names is the assistant's, nobody can know.
"""

from collections.abc import Mapping

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
