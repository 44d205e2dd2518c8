"""Public datasets of conversations and Shoal's own shape: one record is one conversation, or one tree of them."""

import re
from collections.abc import Mapping

from index.core.language import stated
from index.core.records import Conversation, Turn
from index.sources.shapes.aliases import conversation_id, holds_several
from index.sources.shapes.base import (
    BadRecord,
    Record,
    Shape,
    any_flag,
    first,
    flag,
    has,
    moderation_flag,
    optional_text,
    surface,
    time,
)
from index.sources.shapes.messages import text_of, turns_of
from index.sources.shapes.templates import templated


def _shoal(record: Record) -> Conversation:
    return Conversation(
        turns=turns_of(record["messages"]),
        account=optional_text(record.get("account")),
        time=time(record.get("time")),
        flagged=flag(record.get("flagged")),
        language=stated(record.get("language")),
        surface=surface(record.get("surface")),
    )


def _is_sharegpt(record: Record) -> bool:
    """`conversations` is also what some call a list of whole conversations; that list is read from within."""
    messages = record.get("conversations")
    opening = messages[0] if isinstance(messages, list) and messages else None
    is_list_of_whole = (
        isinstance(opening, Mapping)
        and {"messages", "mapping", "chat_messages", "conversation", "responses", "chat"} & opening.keys()
    )
    return "conversations" in record and not is_list_of_whole


def _sharegpt(record: Record) -> Conversation:
    messages = record["conversations"]
    by_role = isinstance(messages, list) and any(isinstance(item, Mapping) and "role" in item for item in messages)
    return Conversation(turns=turns_of(messages) if by_role else turns_of(messages, "from", "value"))


def _is_lmsys(record: Record) -> bool:
    return has("conversation", "conversation_id")(record) and not ({"hashed_ip", "conversation_hash"} & record.keys())


def _lmsys(record: Record) -> Conversation:
    return Conversation(
        turns=turns_of(record["conversation"]),
        flagged=moderation_flag(record.get("openai_moderation")),
        language=stated(record.get("language")),
    )


def _wildchat(record: Record) -> Conversation:
    """The first user turn states address and time where the record itself does not (the oldest releases)."""
    messages = record["conversation"]
    opening: Record = (
        messages[0] if isinstance(messages, list) and messages and isinstance(messages[0], Mapping) else {}
    )
    return Conversation(
        turns=turns_of(messages),
        account=optional_text(record.get("hashed_ip") or opening.get("hashed_ip")),
        time=time(first(record, "timestamp") or opening.get("timestamp")),
        flagged=any_flag((moderation_flag(record.get("openai_moderation")), flag(record.get("toxic")))),
        language=stated(record.get("language")),
    )


def _prompt_response(record: Record) -> Conversation:
    prompt = text_of(record["prompt"])
    return Conversation(
        turns=(
            *(templated(prompt) or (Turn("user", prompt),)),
            Turn("assistant", text_of(first(record, "response", "completion", "answer", "output", "reply"))),
        ),
        account=optional_text(first(record, "account", "hashed_ip")),
        time=time(first(record, "ts", "timestamp", "time")),
        flagged=flag(record.get("flagged")),
        language=stated(first(record, "lang", "language")),
        surface=surface(record.get("surface")),
    )


def _oasst_thread(record: Record) -> Conversation:
    return Conversation(
        turns=turns_of(record["turns"], text_key="text"),
        account=optional_text(record.get("user_id")),
        time=time(record.get("ts")),
        language=stated(record.get("lang")),
    )


def _oasst_tree(record: Record) -> Conversation:
    """The tree's best-ranked path: at each step the reply of the lowest rank (unranked ones last, deleted ones never)."""
    node = record["prompt"]
    if not isinstance(node, Mapping):
        raise BadRecord("its prompt is not an object")
    path = [node]
    while replies := _replies(node):
        node = min(replies, key=_rank)
        path.append(node)
    return Conversation(
        turns=turns_of(path, text_key="text"),
        account=optional_text(path[0].get("user_id")),
        time=time(path[0].get("created_date")),
        language=stated(path[0].get("lang")),
    )


def _replies(node: Record) -> list[Record]:
    replies = node.get("replies")
    found = replies if isinstance(replies, list) else []
    return [reply for reply in found if isinstance(reply, Mapping) and reply.get("deleted") is not True]


def _rank(reply: Record) -> tuple[bool, float]:
    rank = reply.get("rank")
    return (False, float(rank)) if isinstance(rank, int | float) else (True, 0.0)


_SPEAKERS = re.compile(r"(?:^|\n\n)(Human|Assistant):\s*")


def _is_transcript(record: Record) -> bool:
    return isinstance(record.get("chosen"), str) and record["chosen"].lstrip().startswith("Human:")


def _transcript(record: Record) -> Conversation:
    """A conversation in one text. The answer that was preferred stands for both."""
    _, *parts = _SPEAKERS.split(record["chosen"])
    pairs = zip(parts[::2], parts[1::2], strict=False)
    return Conversation(
        turns=tuple(Turn("user" if who == "Human" else "assistant", text.strip()) for who, text in pairs)
    )


def _is_preference(record: Record) -> bool:
    return isinstance(record.get("chosen"), list) and "rejected" in record


def _preference(record: Record) -> Conversation:
    asked = record.get("prompt")
    head = (
        (Turn("user", text_of(asked)),)
        if isinstance(asked, str) and record["chosen"][:1] and _says_less(record)
        else ()
    )
    return Conversation(turns=(*head, *turns_of(record["chosen"])))


def _says_less(record: Record) -> bool:
    """Whether the preferred answer stands without the question."""
    opening = record["chosen"][0]
    return isinstance(opening, Mapping) and opening.get("role") == "assistant"


def _is_alternating(record: Record) -> bool:
    lines = record.get("data")
    return (
        isinstance(lines, list) and len(lines) > 1 and all(isinstance(line, str) for line in lines) and "id" in record
    )


def _alternating(record: Record) -> Conversation:
    """UltraChat: texts of both sides in turn, the user first."""
    roles = ("user", "assistant")
    return Conversation(turns=tuple(Turn(roles[place % 2], line) for place, line in enumerate(record["data"])))  # type: ignore[arg-type]


SHOAL = Shape(
    "Shoal JSONL", lambda record: "messages" in record and not holds_several(record["messages"]), _shoal,
    {"messages": "turns", "account": "account", "time": "time", "flagged": "flagged", "language": "language",
     "surface": "surface"},
)  # fmt: skip

CHAT_LOGS = (
    Shape("transcripts of a preference set", _is_transcript, _transcript, {"chosen": "turns"}),
    Shape("preference pairs", _is_preference, _preference, {"chosen": "turns", "prompt": "turns"}),
    Shape("texts in turn (UltraChat)", _is_alternating, _alternating, {"data": "turns"}),
    Shape("ShareGPT", _is_sharegpt, _sharegpt, {"conversations": "turns"}),
    Shape(
        "LMSYS-Chat-1M", _is_lmsys, _lmsys,
        {"conversation": "turns", "openai_moderation": "flagged", "language": "language"},
    ),
    Shape(
        "WildChat", has("conversation"), _wildchat,
        {"conversation": "turns", "hashed_ip": "account", "timestamp": "time", "openai_moderation": "flagged",
         "toxic": "flagged", "language": "language"},
    ),
    Shape(
        "OASST threads", has("turns", "user_id"), _oasst_thread,
        {"turns": "turns", "user_id": "account", "ts": "time", "lang": "language"},
    ),
    Shape(
        "OASST trees", lambda record: isinstance(record.get("prompt"), Mapping), _oasst_tree,
        {"prompt": "turns (the best-ranked path), account, time, language"},
    ),
    Shape(
        "prompt and response", lambda record: isinstance(record.get("prompt"), str), _prompt_response,
        {"prompt": "turns", "response": "turns", "account": "account", "hashed_ip": "account", "ts": "time",
         "timestamp": "time", "time": "time", "lang": "language", "language": "language", "flagged": "flagged",
         "surface": "surface"},
        thread=conversation_id,
    ),
)  # fmt: skip
