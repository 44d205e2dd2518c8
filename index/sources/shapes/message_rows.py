"""Tables of messages: a row with a role is one message, and rows of one conversation id are one conversation.

Without an id nothing says which rows belong together, and every answer would be taken for a conversation: such a table is
refused. The one exception is a file that is nothing but the messages of one conversation.
"""

from collections.abc import Mapping

from index.core.language import stated
from index.core.records import Conversation
from index.sources.shapes.aliases import conversation_id
from index.sources.shapes.base import BadRecord, Record, Shape, has, optional_text, time
from index.sources.shapes.messages import message_turns

_ROLES = ("role", "sender", "speaker", "author_role", "author", "from", "sender_type", "message_role")
_TEXTS = ("content", "text", "message", "body", "value", "utterance")
WHOLE_FILE = "messages of one conversation"
NO_ID = "rows are messages, and no column says which conversation they belong to"


def _plain(record: Record) -> Record:
    """The record with its fields in lower case, as tables of people have "Author" and "Message"."""
    if all(key == key.lower() for key in record if isinstance(key, str)):
        return record
    return {str(key).strip().lower().replace(" ", "_"): value for key, value in record.items()}


def _role_of(record: Record) -> str | None:
    return next((key for key in _ROLES if isinstance(record.get(key), str)), None)


def _id_of(record: Record) -> str | None:
    """The conversation's id; a column "conversation" of a table of messages holds one too."""
    stated_id = conversation_id(record)
    named = _plain(record).get("conversation")
    return stated_id or (optional_text(named) if isinstance(named, str | int) else None)


def _is_message(record: Record) -> bool:
    """A role and a text, and nothing that only a whole conversation has."""
    record = _plain(record)
    has_text = any(isinstance(record.get(key), str | list) for key in _TEXTS)
    return (
        _role_of(record) is not None
        and has_text
        and not {"messages", "conversations", "prompt", "mapping"} & record.keys()
    )


def _is_row(record: Record) -> bool:
    return _is_message(record) and _id_of(record) is not None


def _row(record: Record) -> Conversation:
    record = _plain(record)
    role, text = _role_of(record), next(key for key in _TEXTS if isinstance(record.get(key), str | list))
    return Conversation(turns=tuple(message_turns({"role": record[str(role)], "content": record[text]})))


def _oasst(record: Record) -> Conversation:
    """Of several answers to one message the best-ranked counts; deleted ones never."""
    if record.get("deleted") in (True, "true") or record.get("rank") not in (None, "", 0, 0.0, "0", "0.0"):
        raise BadRecord("an answer beside the best one")
    return Conversation(
        turns=tuple(message_turns({"role": record["role"], "content": record["text"]})),
        account=optional_text(record.get("user_id")) if record["role"] == "prompter" else None,
        time=time(record.get("created_date")), language=stated(record.get("lang")),
    )  # fmt: skip


def _is_bare(record: Record) -> bool:
    return _is_message(record) and record.keys() <= {
        "role",
        "content",
        "text",
        "name",
        "id",
        "tool_calls",
        "tool_call_id",
        "timestamp",
    }


MESSAGE_ROWS = (
    Shape("OASST messages", has("message_tree_id", "role", "text"), _oasst,
          {"message_tree_id": "conversation id", "role": "turns", "text": "turns", "user_id": "account", "created_date": "time", "lang": "language"},
          thread=lambda record: optional_text(record.get("message_tree_id")), is_message=True),
    Shape("table of messages", _is_row, _row, {**dict.fromkeys(_ROLES, "turns (who speaks)"), **dict.fromkeys(_TEXTS, "turns")},
          thread=_id_of, is_message=True),
    Shape(WHOLE_FILE, _is_bare, _row, {"role": "turns (who speaks)", "content": "turns"},
          thread=lambda _: "the conversation of the file", is_message=True),
)  # fmt: skip


def is_without_id(record: object) -> bool:
    """Whether a record is a message that no conversation id goes with."""
    return isinstance(record, Mapping) and _is_message(record) and _id_of(record) is None
