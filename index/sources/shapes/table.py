"""Tables whose columns Shoal does not know: the person says which column is what (`--map account=user_hash`).

A mapping that names the text makes a shape of its own; one that does not adds to the shape the records have.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from index.core.errors import SettingsError
from index.core.language import stated
from index.core.records import Conversation, Turn
from index.sources.shapes.aliases import conversation_id
from index.sources.shapes.base import BadRecord, Record, Shape, flag, optional_text, parsed, surface, time
from index.sources.shapes.messages import text_of, turns_of
from index.sources.shapes.templates import templated

FIELDS = ("account", "time", "prompt", "response", "conversation", "language", "flagged", "surface")
_OTHER_NAMES = {"text": "prompt"}
_TEXT = {"prompt", "conversation"}
_HINT = f"Write --map FIELD=COLUMN, once a field; fields: {', '.join(FIELDS)} (text is another name of prompt)."
_TRUE, _FALSE = {"true", "1", "yes", "t", "y"}, {"false", "0", "no", "f", "n"}


def parse_mapping(pairs: Sequence[str]) -> dict[str, str]:
    """`["account=user_hash"]` as `{"account": "user_hash"}`. Raises SettingsError saying which is wrong."""
    mapping: dict[str, str] = {}
    for pair in pairs:
        name, separator, column = pair.partition("=")
        field = _OTHER_NAMES.get(name.strip(), name.strip())
        if not separator or not column.strip():
            raise SettingsError(f"--map {pair} does not say which column.", _HINT)
        if field not in FIELDS:
            raise SettingsError(f"--map knows no field {field}.", _HINT)
        if field in mapping:
            raise SettingsError(f"--map says twice which column is {field}.", _HINT)
        mapping[field] = column.strip()
    if mapping.keys() >= _TEXT:
        raise SettingsError("--map names both a prompt and a conversation.", "Name the one that holds the text.")
    return mapping


_OBVIOUS = {
    "conversation": ("conversation", "conversations", "messages", "dialogue", "transcript"),
    "prompt": ("prompt", "question", "query", "user_message", "user_prompt", "instruction", "input", "text", "message"),
    "response": ("response", "answer", "completion", "reply", "assistant_message", "output"),
    "account": ("account", "account_id", "user_id", "user_hash", "hashed_ip", "user", "userid", "username"),
    "time": ("time", "timestamp", "ts", "created_at", "datetime", "date"),
    "language": ("language", "lang"),
    "flagged": ("flagged", "toxic"),
    "surface": ("surface",),
}  # fmt: skip


def obvious(columns: Sequence[str]) -> dict[str, str]:
    """The mapping that a table's column names suggest by themselves; empty where none of them holds the text."""
    by_name = {column.lower().replace(" ", "_"): column for column in reversed(columns)}
    mapping = {field: by_name[name] for field, names in _OBVIOUS.items()
               if (name := next((name for name in names if name in by_name), None))}  # fmt: skip
    if "conversation" in mapping:
        mapping.pop("prompt", None)
        mapping.pop("response", None)
    return mapping if has_text(mapping) else {}


def has_text(mapping: Mapping[str, str]) -> bool:
    """Whether the mapping alone is enough to read a record."""
    return bool(_TEXT & mapping.keys())


def mapped(mapping: Mapping[str, str], base: Shape | None) -> Shape:
    """The shape of records under a mapping; `base` is what they are without it, needed where no text is mapped."""
    fields = {column: ("turns" if field in ("prompt", "response", "conversation") else field)
              for field, column in mapping.items()}  # fmt: skip
    if has_text(mapping) or base is None:
        columns = [mapping[field] for field in ("conversation", "prompt") if field in mapping]
        is_exchange = {"prompt", "response"} <= mapping.keys()
        return Shape("mapped columns", lambda record: all(has_column(record, key) for key in columns),
                     lambda record: _overlay(_read(record, mapping), record, mapping), fields,
                     thread=conversation_id if is_exchange else None)  # fmt: skip
    return replace(base, name=f"{base.name} with mapped columns", convert=_overlaid(base, mapping),
                   fields={**base.fields, **fields})  # fmt: skip


def _value(record: Record, column: str) -> object:
    """The value of a column; a dot leads into an object, also one that is written as a string."""
    if column in record:
        return record[column]
    value: object = record
    for step in column.split("."):
        value = parsed(value)
        value = value.get(step) if isinstance(value, Mapping) else None
    return next(iter(value.values()), None) if isinstance(value, Mapping) and "$oid" in value else value


def has_column(record: Record, column: str) -> bool:
    """Whether a record has a column, or an object that a dot leads into."""
    return column in record or _value(record, column) is not None


def _overlaid(base: Shape, mapping: Mapping[str, str]) -> Callable[[Record], Conversation]:
    return lambda record: _overlay(base.convert(record), record, mapping)


def _read(record: Record, mapping: Mapping[str, str]) -> Conversation:
    if "conversation" in mapping:
        messages = parsed(_value(record, mapping["conversation"]))
        by_sender = isinstance(messages, list) and any(
            isinstance(item, Mapping) and "from" in item for item in messages
        )
        turns = turns_of(messages, "from", "value") if by_sender else turns_of(messages)
    else:
        prompt = text_of(_value(record, mapping["prompt"]))
        turns = templated(prompt) or (Turn("user", prompt),)
    if "response" in mapping:
        turns += (Turn("assistant", text_of(_value(record, mapping["response"]))),)
    return Conversation(turns=turns)


def _overlay(conversation: Conversation, record: Record, mapping: Mapping[str, str]) -> Conversation:
    """The conversation with what the mapped columns say of it."""
    stated_of = {field: _value(record, column) for field, column in mapping.items()}
    if "account" in stated_of:
        conversation = replace(conversation, account=optional_text(stated_of["account"]))
    if "time" in stated_of:
        conversation = replace(conversation, time=time(stated_of["time"]))
    if "language" in stated_of:
        conversation = replace(conversation, language=stated(stated_of["language"]))
    if "flagged" in stated_of:
        conversation = replace(conversation, flagged=_boolean(stated_of["flagged"]))
    if "surface" in stated_of:
        conversation = replace(conversation, surface=surface(stated_of["surface"]))
    return conversation


def _boolean(value: object) -> bool | None:
    """A flag as tables write it: true, 1, yes; an empty cell states none."""
    if value is None or isinstance(value, bool):
        return flag(value)
    word = str(value).strip().lower()
    if word not in _TRUE | _FALSE | {""}:
        raise BadRecord("its flag is neither true nor false")
    return None if not word else word in _TRUE
