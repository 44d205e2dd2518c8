"""Under which names logs state the account, the time, the conversation, the language, the flag and the surface.

One table, asked for every shape behind the shape's own fields. A shape that read fewer names would let one person's forty
conversations count as forty accounts. A dot leads into an object; an object in place of a name is asked for its id.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from index.core.language import stated
from index.core.records import UNKNOWN, Conversation
from index.sources.shapes.base import Record, first, flag, optional_text, parsed, surface, time

ALIASES: Mapping[str, tuple[str, ...]] = {
    "account": (
        "account", "account_id", "accountId", "user_id", "userId", "user", "end_user", "enduser_id", "user_hash", "hashed_ip",
        "userid", "user_uuid", "customer_id", "customerId", "client_id", "requester", "request_user_id", "safety_identifier", "from_end_user_id", "end_user_id", "userID", "sender_id", "visitor_id", "contact_id",
        "author_id", "owner_id", "member_id", "anonymous_id", "distinct_id", "user.id", "user.uuid", "metadata.user_id", "metadata.userId",
        "metadata.user", "request.user", "request.user_id", "request.metadata.user_id", "body.user", "identity.arn", "author.id", "judge",
        "username", "user_name", "email", "user_email", "metadata._user", "from.user.id", "request.labels.user_id", "full_request.labels.user_id",
        *(f"{outer}.{inner}" for outer in ("labels", "tags", "context", "properties", "extra", "meta", "attributes", "trace", "body.metadata",
        "request.metadata", "full_request") for inner in ("user_id", "userId", "user", "end_user", "account_id")),
    ),
    "time": (
        "time", "timestamp", "created_at", "createdAt", "created", "create_time", "ts", "datetime", "date", "start_time", "startTime",
        "started_at", "request_time", "request_created_at", "inserted_at", "logged_at", "logging_time", "tstamp", "created_date", "sent_at", "request_start_time", "@timestamp", "createdDateTime", "created_time", "createTime", "createdDate", "processed_time", "start_timestamp", "zeit", "horodatage", "when",
        "metadata.timestamp", "metadata.created_at",
    ),
    "conversation": (
        "conversation_id", "conversationId", "conversation_hash", "topicId", "session_id", "sessionId", "thread_id", "threadId", "chat_id", "chatId",
        "dialog_id", "dialogue_id", "conv_id", "composerId", "threadID", "sitzung", "sitzung_id", "session", "conversation.id", "session_hash", "conversationsThreadId", "message_tree_id", "metadata.conversation_id", "metadata.session_id", "metadata.thread_id",
        "request.conversation_id", "properties.$ai_session_id", "properties.$ai_trace_id", "trace_id",
    ),
    "language": ("language", "lang", "locale", "metadata.language"),
    "flagged": ("flagged", "toxic", "is_flagged", "moderation.flagged", "metadata.flagged"),
    "surface": ("surface", "platform", "channel", "client", "metadata.surface"),
}  # fmt: skip
"""Names by what they state, the likeliest first."""

_IDS = ("id", "$oid", "uuid", "user_id", "account_uuid", "_id", "email")
_OWN_IDS = ("id", "uuid", "_id", "request_id", "requestId", "question_id")
_MESSAGES = (
    "messages",
    "conversation",
    "conversations",
    "turns",
    "chat_messages",
    "conversation_history",
    "transcript",
    "steps",
)


def stated_value(record: Record, what: str) -> object:
    """What the first of the names that says something states; None where none does."""
    found = _first(record, ALIASES[what], what)
    if found is None and any(isinstance(key, str) and (key != key.lower() or " " in key) for key in record):
        # A table's columns as people write them: "User ID", "Timestamp".
        plain = {str(key).strip().lower().replace(" ", "_"): value for key, value in record.items()}
        found = _first(plain, [name for name in ALIASES[what] if name == name.lower()], what)
    return found


def _first(record: Record, names: Iterable[str], what: str) -> object:
    for name in names:
        value: object = record
        for step in name.split(".") if name not in record else [name]:
            value = parsed(value)
            value = value.get(step) if isinstance(value, Mapping) else None
        if isinstance(value, Mapping):
            if what == "time" and "$date" in value:
                return value
            value = next((value[key] for key in _IDS if value.get(key) not in (None, "")), None)
        if value not in (None, "", [], {}) and not isinstance(value, list):
            return value
    return None


def completed(conversation: Conversation, record: Record) -> Conversation:
    """The conversation with what the record states under any name and the shape did not read."""
    more: dict[str, object] = {}
    if conversation.account is None and (found := optional_text(stated_value(record, "account"))):
        more["account"] = found
    if conversation.time is None:
        more["time"] = time(stated_value(record, "time")) or _day_and_time(record) or _of_messages(record)
    if conversation.language is None:
        more["language"] = stated(stated_value(record, "language"))
    if conversation.flagged is None:
        more["flagged"] = flag(stated_value(record, "flagged"))
    if conversation.surface == UNKNOWN:
        more["surface"] = surface(stated_value(record, "surface"))
    account = more.get("account", conversation.account)
    if isinstance(account, str) and account.strip().casefold() in _NOBODY:
        more["account"] = UNNAMED  # whoever gave no name counts as one account together, never as many
    more["id"] = conversation.id or conversation_id(record) or optional_text(first(record, *_OWN_IDS))
    return replace(conversation, **more)  # type: ignore[arg-type]


def _day_and_time(record: Record) -> object:
    """A moment in two columns: Date and Time."""
    plain = {str(key).strip().lower(): value for key, value in record.items()}
    day, clock = plain.get("date"), plain.get("time")
    return time(f"{day} {clock}") if isinstance(day, str) and isinstance(clock, str) else None


def _of_messages(record: Record) -> object:
    """The time of the first message that states one."""
    messages = next((found for key in _MESSAGES if isinstance(found := parsed(record.get(key)), list)), [])
    moments = (time(stated_value(message, "time")) for message in messages if isinstance(message, Mapping))
    return next((moment for moment in moments if moment is not None), None)


UNNAMED = "anonymous"
_NOBODY = frozenset(
    (
        "anonymous",
        "anon",
        "guest",
        "unknown",
        "none",
        "null",
        "nil",
        "undefined",
        "nan",
        "n/a",
        "na",
        "-",
        "--",
        "?",
        "0",
        "-1",
        "default",
        "unbekannt",
    )
)
"""What systems write for an account where there is none."""
_LOOKS_LIKE_ACCOUNT = re.compile(
    r"(?:^|[_.])(?:user|account|customer|cust|member|client|owner|person|employee|subscriber|visitor|student|patient|e?mail|uid|login|handle|"
    r"phone|mobile|tel|msisdn|whatsapp|contact|kunden?|nutzer|benutzer|mitglied|cliente|usuario|utilisateur|utente|klant|klient|requester)s?"
    r"_?(?:id|uuid|guid|hash|name|key|no|nr|num|number|nummer|ref|code|address|mail)?_?$",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def unread_accounts(records: Iterable[object]) -> tuple[str, ...]:
    """Fields, of records or of objects in them, whose names say that they state an account, and that no name here is."""
    known = {name.casefold() for name in ALIASES["account"]}
    found: dict[str, None] = {}
    for record in records:
        if not isinstance(record, Mapping):
            continue
        inner = (
            (f"{key}.{name}", item)
            for key, value in record.items()
            if isinstance(value, Mapping)
            for name, item in value.items()
        )
        for name, value in (*record.items(), *inner):
            plain = re.sub(r"[\s.\-]+", "_", _CAMEL.sub("_", str(name)).strip())
            is_value = isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip()
            if is_value and _LOOKS_LIKE_ACCOUNT.search(plain) and str(name).casefold() not in known:
                found[str(name)] = None
    return tuple(found)


def holds_several(messages: object) -> bool:
    """Whether a list holds messages of more than one conversation, by the ids that they state."""
    listed = parsed(messages)
    if not isinstance(listed, list):
        return False
    found = [message for message in listed[:_LOOKED_AT] if isinstance(message, Mapping)]
    ids = {conversation_id(message) for message in found} - {None}
    named = {
        (key, str(message[key]))
        for message in found
        for key in message
        if _NAMES_CONVERSATION.search(_CAMEL.sub("_", str(key)))
    }
    return len(ids) > 1 or len(named) > len({key for key, _ in named})


_LOOKED_AT = 200
_NAMES_CONVERSATION = re.compile(
    r"(?:conversation|conversations_thread|session|thread|chat|dialog(?:ue)?)[._]?(?:id|uuid|key|hash)$", re.IGNORECASE
)


def conversation_id(record: Record) -> str | None:
    """The conversation's id, under any name."""
    return optional_text(stated_value(record, "conversation"))
