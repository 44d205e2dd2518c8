"""Conversations somewhere inside a record: a list of messages whose speakers are known, whatever it is called and however deep.

The last shape that is asked, for the many exports that wrap what others write plainly. It reads a list only where who speaks is
said by a role, a flag, a direction, or a pair of question and answer; a list of texts alone is never taken.
"""

from collections.abc import Iterator, Mapping, Sequence

from index.core.records import Conversation, Turn
from index.sources.shapes.aliases import conversation_id, holds_several, stated_value
from index.sources.shapes.base import BadRecord, Record, Shape, parsed
from index.sources.shapes.message_rows import role_of, text_in
from index.sources.shapes.messages import has_role, is_deleted, role_named, text_of, turns_said

_DEPTH = 3
_MOST_LISTS = 40
_PAIRS = frozenset(("history", "chatbot", "internal", "visible", "chat_history", "pairs", "data", "chat"))
"""Names of lists whose items are a question and its answer, without a role."""
_CURSOR = {1: "user", 2: "assistant"}


def _is_inside(record: Record) -> bool:
    return any(_words_of_user(turns) for turns in _found(record))


def _inside(record: Record) -> Conversation:
    """The list in which the user says most."""
    lists = list(_found(record))
    asked = [turns for turns in lists if _words_of_user(turns)]
    if not asked:
        raise BadRecord("no list of messages in it says who speaks")
    turns = max(asked, key=_words_of_user)
    # A log of requests has the answer in a list of its own.
    answers = [found for found in lists if found and all(turn.role != "user" for turn in found)]
    if answers and turns[-1].role == "user":
        turns = (*turns, *answers[-1])
    return Conversation(turns=turns)


def _words_of_user(turns: Sequence[Turn]) -> int:
    return sum(turn.role == "user" and bool(turn.text) for turn in turns)


def _found(record: Record) -> Iterator[tuple[Turn, ...]]:
    """The turns of every list that can be read, nearest first."""
    waiting: list[tuple[str, object, int]] = [("", record, 0)]
    looked = 0
    while waiting and looked < _MOST_LISTS:
        name, value, depth = waiting.pop(0)
        value = parsed(value)
        if isinstance(value, Mapping) and depth and (turns := tuple(_messages([value]))):
            yield turns  # a message that stands alone: the answer beside a list of what was asked
        if isinstance(value, Mapping) and depth < _DEPTH:
            waiting += [(str(key).casefold(), item, depth + 1) for key, item in value.items()]
        elif isinstance(value, list) and value:
            looked += 1
            if turns := _read(name, value):
                yield turns


def _read(name: str, items: Sequence[object]) -> tuple[Turn, ...]:
    """The turns of a list; none where it is no list of messages, or nobody known speaks."""
    turns: list[Turn] = []
    if all(isinstance(item, list) and len(item) == 2 for item in items):
        turns = list(_pairs(name, [item for item in items if isinstance(item, list)]))
    elif all(isinstance(item, Mapping) for item in items) and not holds_several(items):
        messages = [item for item in items if isinstance(item, Mapping) and not is_deleted(item)]
        turns = [] if _is_of_many(messages) else list(_messages(messages))
    return tuple(turns) if any(turn.text for turn in turns) else ()


def _pairs(name: str, items: Sequence[Sequence[object]]) -> Iterator[Turn]:
    """Pairs of a speaker and a text, or of a question and its answer."""
    if all(isinstance(item[0], str) and has_role(item[0]) for item in items):
        for speaker, said in items:
            yield from turns_said(role_named(str(speaker)), said)
    elif name in _PAIRS and all(isinstance(part, str) or part is None for item in items for part in item):
        for asked, answered in items:
            yield from (Turn("user", text_of(asked)),) if asked and asked != "<|BEGIN-VISIBLE-CHAT|>" else ()
            yield from (Turn("assistant", text_of(answered)),) if answered else ()


def _messages(items: Sequence[Record]) -> Iterator[Turn]:
    if all(
        isinstance(item.get("input"), str) and isinstance(item.get("output"), str) and "type" not in item
        for item in items
    ):
        for item in items:
            yield from (Turn("user", text_of(item["input"])), Turn("assistant", text_of(item["output"])))
        return
    is_numbered = all(item.get("type") in (1, 2) and "text" in item for item in items)
    for item in items:
        item = _chosen(item)
        role = _CURSOR[item["type"]] if is_numbered else role_of(item)
        steps = item.get("steps")
        said = text_in(item) if not isinstance(steps, list) else "\n".join(_texts(steps))
        if role is not None and has_role(role) and said is not None:
            yield from turns_said(role_named(role), said)


def _texts(steps: Sequence[object]) -> Iterator[str]:
    """The texts of an answer that was made in steps."""
    for step in steps:
        if isinstance(step, Mapping) and (said := text_of(step.get("content"))):
            yield said


def _is_of_many(items: Sequence[Record]) -> bool:
    """Whether several people write in a list: then it is a channel and no conversation."""
    authors = {
        stated_value(item, "account")
        for item in items
        if (role := role_of(item)) and has_role(role) and role_named(role) == "user"
    }
    return len(authors - {None}) > 1


def _chosen(item: Record) -> Record:
    """A message out of what is around it: the version that was chosen, or the message of a choice."""
    versions, place = item.get("versions"), item.get("currentlySelected")
    if isinstance(versions, list) and versions:
        chosen = versions[place] if isinstance(place, int) and 0 <= place < len(versions) else versions[-1]
        return chosen if isinstance(chosen, Mapping) else item
    inner = item.get("message")
    return inner if isinstance(inner, Mapping) and "role" in inner else item


def is_message(record: Record) -> bool:
    """Whether a record is itself a message of a conversation, and none that holds one."""
    return "versions" in record or has_role(str(record.get("role", "")))


def _unfold(record: Record) -> Iterator[object]:
    """The record; where it names several conversations by their ids, each of them."""
    parts = {
        key: value for key, value in record.items() if isinstance(value, Mapping | list) and _is_inside({key: value})
    }
    if len(parts) < _SEVERAL or len(parts) < len(record) - 1:
        yield record
        return
    for key, value in parts.items():
        yield {"conversation_id": key, **(value if isinstance(value, Mapping) else {"messages": value})}


_SEVERAL = 2
INSIDE = Shape(
    "messages inside a record", _is_inside, _inside, {}, unfold=_unfold, thread=lambda record: conversation_id(record)
)
