"""Tables of messages: a row with a role is one message, and rows of one conversation id are one conversation.

Without an id nothing says which rows belong together, and every answer would be taken for a conversation: such a table is
refused. The one exception is a file that is nothing but the messages of one conversation.
"""

from collections.abc import Mapping
from dataclasses import replace

from index.core.language import stated
from index.core.records import Conversation
from index.sources.shapes.aliases import conversation_id
from index.sources.shapes.base import BadRecord, Record, Shape, has, optional_text, parsed, time
from index.sources.shapes.exports import EXPORT_OWNER
from index.sources.shapes.messages import has_role, is_deleted, message_turns
from index.sources.shapes.speakers import speaker_of

_ROLES = (
    *(
        "role",
        "sender",
        "speaker",
        "author_role",
        "author",
        "from",
        "sender_type",
        "message_role",
        "who",
        "type",
        "name",
    ),
    *(
        "rolle",
        "rol",
        "rôle",
        "sprecher",
        "absender",
        "émetteur",
        "emetteur",
        "autor",
        "auteur",
        "hablante",
        "quien",
        "роль",
        "役割",
        "角色",
    ),
)
_ABOUT_TYPE = ("type", "name")
"""Fields that say who speaks in some logs and something else in most."""
_TEXTS = (
    "content",
    "text",
    "message",
    "body",
    "value",
    "utterance",
    "payload",
    "msg",
    "message_text",
    "query",
    "output",
)
WHOLE_FILE = "messages of one conversation"
NO_ID = "rows are messages, and no column says which conversation they belong to"


def _plain(record: Record) -> Record:
    """The record with its fields in lower case, as tables of people have "Author" and "Message"."""
    if all(key == key.lower() for key in record if isinstance(key, str)):
        return record
    return {str(key).strip().lower().replace(" ", "_"): value for key, value in record.items()}


def role_of(record: Record) -> str | None:
    """Who speaks, in the log's own word where that is known, or as a flag or a direction says; else the word that is not known."""
    stated_roles = [record[key] for key in _ROLES if isinstance(record.get(key), str)]
    inner = record.get("from", record.get("author"))
    if isinstance(inner, Mapping):
        stated_roles += [inner[key] for key in ("role", "type") if isinstance(inner.get(key), str)]
        if isinstance(inner.get("application"), Mapping) or isinstance(inner.get("user"), Mapping):
            stated_roles.append("bot" if isinstance(inner.get("application"), Mapping) else "user")
    known: str | None = next((name for name in stated_roles if has_role(name)), None)
    if known is not None:
        return known
    surely: list[str] = [record[key] for key in _ROLES if key not in _ABOUT_TYPE and isinstance(record.get(key), str)]
    return speaker_of(record) or next(iter(surely), None)


def text_in(record: Record) -> object:
    """The text of a row, also where an object or JSON in a cell holds it."""
    for key in _TEXTS:
        value = parsed(record.get(key))
        if isinstance(value, Mapping):
            value = next(
                (value[name] for name in ("text", "content", "body") if isinstance(value.get(name), str)), None
            )
        if isinstance(value, str | list):
            return value
    return None


def _inner(record: Record) -> Record:
    """A message that stands as JSON in one cell ({"type": "ai", "data": ...}), with the row's other columns."""
    message = parsed(record.get("message"))
    if isinstance(message, Mapping) and not has_role(role_of(record) or ""):
        data = message.get("data") if isinstance(message.get("data"), Mapping) else message
        role = message.get("role", message.get("type"))
        if isinstance(role, str) and isinstance(data, Mapping) and has_role(role):
            return {**record, "message": None, "role": role, "content": data.get("content", data.get("text"))}
    return record


def _both(record: Record) -> Record:
    """The record with its fields as they are written, and in lower case."""
    plain = _plain(record)
    return record if plain is record else {**plain, **record}


def _id_of(record: Record) -> str | None:
    """The conversation's id; a column "conversation" of a table of messages holds one too."""
    stated_id = conversation_id(record)
    named = _plain(record).get("conversation")
    return stated_id or (optional_text(named) if isinstance(named, str | int) else None)


def _is_message(record: Record) -> bool:
    """A role and a text, and nothing that only a whole conversation has."""
    record = _inner(_both(record))
    return (
        role_of(record) is not None
        and text_in(record) is not None
        and not {"messages", "conversations", "prompt", "mapping", "events", "answer"} & record.keys()
    )


def _is_row(record: Record) -> bool:
    return _is_message(record) and _id_of(record) is not None


def _row(record: Record) -> Conversation:
    record = _inner(_both(record))
    if is_deleted(record):
        raise BadRecord("a message that was deleted")
    return Conversation(turns=tuple(message_turns({"role": role_of(record), "content": text_in(record)})))


def _is_copilot(record: Record) -> bool:
    return record.keys() == {"Conversation", "Time", "Author", "Message"}


def _copilot(record: Record) -> Conversation:
    """One person's own export."""
    return replace(_row(record), account=EXPORT_OWNER)


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
    Shape("Copilot activity", _is_copilot, _copilot,
          {"Conversation": "conversation id", "Time": "time", "Author": "turns (who speaks)", "Message": "turns"},
          thread=_id_of, is_message=True),
    Shape("table of messages", _is_row, _row, {**dict.fromkeys(_ROLES, "turns (who speaks)"), **dict.fromkeys(_TEXTS, "turns")},
          thread=_id_of, is_message=True),
    Shape(WHOLE_FILE, _is_bare, _row, {"role": "turns (who speaks)", "content": "turns"},
          thread=lambda _: "the conversation of the file", is_message=True),
)  # fmt: skip


def is_without_id(record: object) -> bool:
    """Whether a record is a message that no conversation id goes with."""
    return isinstance(record, Mapping) and _is_message(record) and _id_of(record) is None
