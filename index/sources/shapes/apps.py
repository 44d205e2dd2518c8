"""What chat applications and coding agents write of their conversations: exports and transcripts.

Each has keys that no other has. Reasoning, tool traffic and what a machine put into a user's mouth is no user's text.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from index.core.records import Conversation, Turn
from index.sources.shapes.base import BadRecord, Record, Shape, has, optional_text, time
from index.sources.shapes.exports import EXPORT_OWNER, branch
from index.sources.shapes.messages import message_turns, text_of, turns_of, turns_said

_REASONING = re.compile(r"<details type=\"reasoning\".*?</details>|<think>.*?</think>", re.DOTALL)
_MACHINE = re.compile(
    r"\s*(?:<(?:local-command|command-|system-reminder|environment_context|user_instructions|bash-|task-notification|ide_)|"
    r"# AGENTS\.md instructions|# CLAUDE\.md|\[Request interrupted by user|Caveat: The messages below were generated)"
)
_TAGS = re.compile(r"<[^>]+>")
_MENTION = re.compile(r"<@[A-Z0-9]+>\s*")


def _list(value: object) -> list[Record]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


# --- Open WebUI, LibreChat, SillyTavern-like trees -----------------------------------------------------------------


def _open_webui(record: Record) -> Conversation:
    chat = record["chat"]
    if not isinstance(chat, Mapping):
        raise BadRecord("its chat is not an object")
    history = chat.get("history")
    nodes = history.get("messages") if isinstance(history, Mapping) else None
    if isinstance(nodes, Mapping) and nodes and isinstance(history, Mapping):
        parents = {key: node.get("parentId") for key, node in nodes.items() if isinstance(node, Mapping)}
        messages: Iterable[object] = [nodes[key] for key in branch(parents, history.get("currentId"))]
    else:
        messages = _list(chat.get("messages"))
    turns = tuple(turn for message in messages for turn in message_turns(message))
    return Conversation(turns=_without_reasoning(turns), time=time(record.get("created_at")))


def _without_reasoning(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    return tuple(Turn(turn.role, _REASONING.sub("", turn.text).strip()) for turn in turns)


def _librechat(record: Record) -> Conversation:
    """The branch of the last message; a flag says who speaks, and not the sender's name."""
    messages = list(_flat(record.get("messages") or record.get("messagesTree")))
    known = {message.get("messageId"): message for message in messages if isinstance(message.get("messageId"), str)}
    parents = {key: message.get("parentMessageId") for key, message in known.items()}
    chosen = [known[key] for key in branch(parents, next(reversed(known), None))] if known else messages
    turns: list[Turn] = []
    for message in chosen:
        content = message.get("text") or message.get("content")
        turns += turns_said("user" if message.get("isCreatedByUser") is True else "assistant", content)
    return Conversation(
        turns=tuple(turns), account=optional_text(record.get("user")), time=_first_time(messages, "createdAt")
    )


def _flat(messages: object) -> Iterator[Record]:
    """Messages and those that stand under them, in their order. A loop and no recursion: a branch may be long."""
    waiting = _list(messages)[::-1]
    while waiting:
        message = waiting.pop()
        yield message
        waiting += _list(message.get("children"))[::-1]


def _is_librechat(record: Record) -> bool:
    return "conversationId" in record and ("messagesTree" in record or {"messages", "endpoint"} <= record.keys())


def _first_time(messages: Iterable[Record], key: str) -> datetime | None:
    return next((moment for message in messages if (moment := time(message.get(key))) is not None), None)


# --- Grok, DeepSeek, Gemini ----------------------------------------------------------------------------------------


def _is_grok(record: Record) -> bool:
    return isinstance(record.get("conversation"), Mapping) and isinstance(record.get("responses"), list)


def _grok(record: Record) -> Conversation:
    about = record["conversation"]
    replies = [
        inner if isinstance(inner := item.get("response"), Mapping) else item for item in _list(record["responses"])
    ]
    turns = tuple(
        Turn(
            "user" if str(reply.get("sender", "")).lower() in ("human", "user") else "assistant",
            text_of(reply.get("message")),
        )
        for reply in replies
    )
    return Conversation(
        turns=turns, account=optional_text(about.get("user_id")) or EXPORT_OWNER,
        time=time(about.get("create_time")) or _first_time(replies, "create_time"),
    )  # fmt: skip


def _is_deepseek(record: Record) -> bool:
    nodes = record.get("mapping")
    return isinstance(nodes, Mapping) and any(
        isinstance(node, Mapping) and isinstance(message := node.get("message"), Mapping) and "fragments" in message
        for node in nodes.values()
    )


def _deepseek(record: Record) -> Conversation:
    nodes = record["mapping"]
    parents = {key: node.get("parent") for key, node in nodes.items() if isinstance(node, Mapping)}
    roles = {"REQUEST": "user", "RESPONSE": "assistant"}
    turns = [
        Turn(role, text_of(part.get("content")))  # type: ignore[arg-type]
        for key in branch(parents, None)
        if isinstance(message := nodes[key].get("message"), Mapping)
        for part in _list(message.get("fragments"))
        if (role := roles.get(str(part.get("type")))) is not None
    ]
    return Conversation(turns=tuple(turns), account=EXPORT_OWNER, time=time(record.get("inserted_at")))


def _is_gemini_takeout(record: Record) -> bool:
    return "Gemini" in str(record.get("header", "")) and "title" in record


def _gemini_takeout(record: Record) -> Conversation:
    title = str(record["title"])
    if not title.startswith("Prompted "):
        raise BadRecord("an activity that is no prompt")
    pages = [str(item.get("html", "")) for item in _list(record.get("safeHtmlItem"))]
    answer = _TAGS.sub(" ", " ".join(pages)).strip()
    turns = (Turn("user", title.removeprefix("Prompted ")), *((Turn("assistant", answer),) if answer else ()))
    return Conversation(turns=turns, account=EXPORT_OWNER, time=time(record.get("time")))


def _is_gemini_cli(record: Record) -> bool:
    return "messages" in record and ("projectHash" in record or {"sessionId", "startTime"} <= record.keys())


def _gemini_cli(record: Record) -> Conversation:
    messages = [{**message, "role": message.get("type")} for message in _list(record["messages"])]
    turns = turns_of(messages)
    return Conversation(turns=turns, account=EXPORT_OWNER, time=time(record.get("startTime")))


# --- transcripts of coding agents, one line a step ---------------------------------------------------------------------


def _is_claude_code(record: Record) -> bool:
    return (
        record.get("type") in ("user", "assistant")
        and isinstance(record.get("message"), Mapping)
        and "sessionId" in record
    )


def _claude_code(record: Record) -> Conversation:
    if any(record.get(key) is True for key in ("isMeta", "isSidechain", "isCompactSummary")):
        raise BadRecord("a step that no user wrote")
    turns = [
        turn for turn in message_turns(record["message"]) if not (turn.role == "user" and _MACHINE.match(turn.text))
    ]
    return Conversation(turns=tuple(turns), account=EXPORT_OWNER, time=time(record.get("timestamp")))


def _is_codex(record: Record) -> bool:
    return isinstance(record.get("payload"), Mapping) and record.get("type") in (
        "response_item",
        "session_meta",
        "event_msg",
        "turn_context",
    )


def _codex(record: Record) -> Conversation:
    payload = record["payload"]
    if record["type"] != "response_item" or payload.get("type") != "message":
        raise BadRecord("a step that no user wrote")
    turns = [turn for turn in message_turns(payload) if not (turn.role == "user" and _MACHINE.match(turn.text))]
    return Conversation(turns=tuple(turns), account=EXPORT_OWNER, time=time(record.get("timestamp")))


# --- others -----------------------------------------------------------------------------------------------------------


def _items(record: Record) -> Conversation:
    return Conversation(turns=turns_of(record["items"], "from", "value"))


def _is_items(record: Record) -> bool:
    messages = _list(record.get("items"))
    return bool(messages) and {"from", "value"} <= messages[0].keys()


def _is_copilot_chat(record: Record) -> bool:
    return "responderUsername" in record and isinstance(record.get("requests"), list)


def _copilot_chat(record: Record) -> Conversation:
    """One person's chat in an editor; a response comes in pieces, some of them files and steps without a text."""
    turns: list[Turn] = []
    for request in _list(record["requests"]):
        message = request.get("message")
        asked = message.get("text") if isinstance(message, Mapping) else message
        pieces = [piece.get("value") for piece in _list(request.get("response"))]
        turns.append(Turn("user", text_of(asked)))
        turns.append(Turn("assistant", "".join(text_of(piece) for piece in pieces if isinstance(piece, str))))
    return Conversation(
        turns=tuple(turns), account=EXPORT_OWNER, time=_first_time(_list(record["requests"]), "timestamp")
    )


def _is_rasa(record: Record) -> bool:
    return "sender_id" in record and any("event" in event for event in _list(record.get("events"))[:5])


def _rasa(record: Record) -> Conversation:
    events = [event for event in _list(record["events"]) if event.get("event") in ("user", "bot")]
    turns = tuple(
        Turn("user" if event["event"] == "user" else "assistant", text_of(event.get("text"))) for event in events
    )
    return Conversation(
        turns=turns, account=optional_text(record.get("sender_id")), time=_first_time(events, "timestamp")
    )


def _is_intercom(record: Record) -> bool:
    return isinstance(record.get("conversation_parts"), Mapping) and isinstance(record.get("source"), Mapping)


def _intercom(record: Record) -> Conversation:
    """The opening and its parts; a part without a text is an event."""
    parts = [record["source"], *_list(record["conversation_parts"].get("conversation_parts"))]
    turns = []
    account = None
    for part in parts:
        author = part.get("author") if isinstance(part.get("author"), Mapping) else {}
        is_user = str(author.get("type")) in ("user", "lead", "contact")
        if said := _TAGS.sub(" ", text_of(part.get("body"))).strip():
            turns.append(Turn("user" if is_user else "assistant", said))
        account = account or (optional_text(author.get("id")) if is_user else None)
    return Conversation(turns=tuple(turns), account=account, time=time(record.get("created_at")))


def _arena(record: Record) -> Conversation:
    """Both models were asked the same; the first one's answers stand for it."""
    return Conversation(turns=turns_of(record["conversation_a"]))


def _slack(record: Record) -> Conversation:
    if record.get("subtype") not in (None, "bot_message", "thread_broadcast"):
        raise BadRecord("a message of the channel itself")
    is_bot = record.get("subtype") == "bot_message" or "bot_id" in record
    turn = Turn("assistant" if is_bot else "user", _MENTION.sub("", text_of(record.get("text"))))
    return Conversation(
        turns=(turn,), account=None if is_bot else optional_text(record.get("user")), time=time(record.get("ts"))
    )


def _is_slack(record: Record) -> bool:
    return record.get("type") == "message" and {"text", "ts"} <= record.keys()


def _is_silly_tavern(record: Record) -> bool:
    return "mes" in record and "is_user" in record


def _silly_tavern(record: Record) -> Conversation:
    if record.get("is_system") is True:
        raise BadRecord("a step that no user wrote")
    turn = Turn("user" if record["is_user"] is True else "assistant", text_of(record["mes"]))
    return Conversation(turns=(turn,), account=EXPORT_OWNER, time=time(record.get("send_date")))


APPS = (
    Shape("SillyTavern chat", _is_silly_tavern, _silly_tavern, {"mes": "turns", "is_user": "turns (who speaks)", "send_date": "time"},
          thread=lambda _: "the conversation of the file", is_message=True),
    Shape("DeepSeek export", _is_deepseek, _deepseek, {"mapping": "turns (the branch last seen)", "inserted_at": "time"}),
    Shape("Grok export", _is_grok, _grok, {"conversation": "account, time", "responses": "turns"}),
    Shape("Open WebUI export", lambda record: isinstance(record.get("chat"), Mapping), _open_webui,
          {"chat": "turns (the branch last seen)", "created_at": "time"}),
    Shape("LibreChat export", _is_librechat, _librechat,
          {"messages": "turns (the branch last seen)", "messagesTree": "turns", "user": "account"}),
    Shape("Gemini activity of Google Takeout", _is_gemini_takeout, _gemini_takeout,
          {"title": "turns", "safeHtmlItem": "turns", "time": "time"}),
    Shape("Gemini CLI session", _is_gemini_cli, _gemini_cli, {"messages": "turns", "startTime": "time"}),
    Shape("Claude Code transcript", _is_claude_code, _claude_code,
          {"message": "turns", "timestamp": "time", "sessionId": "conversation id"},
          thread=lambda record: optional_text(record.get("sessionId")), family="Claude Code", is_message=True),
    Shape("Codex transcript", _is_codex, _codex, {"payload": "turns", "timestamp": "time"},
          thread=lambda _: "the session of the file", family="Codex", is_message=True),
    Shape("Copilot chat export", _is_copilot_chat, _copilot_chat, {"requests": "turns, time"}),
    Shape("Rasa tracker", _is_rasa, _rasa, {"events": "turns", "sender_id": "account"}),
    Shape("Intercom conversation", _is_intercom, _intercom,
          {"source": "turns, account", "conversation_parts": "turns", "created_at": "time"}),
    Shape("ShareGPT items", _is_items, _items, {"items": "turns"}),
    Shape("Chatbot Arena battles", has("conversation_a", "conversation_b"), _arena, {"conversation_a": "turns"}),
    Shape("Slack day file", _is_slack, _slack, {"text": "turns", "user": "account", "ts": "time, conversation id"},
          thread=lambda record: optional_text(record.get("thread_ts") or record.get("ts")), is_message=True),
)  # fmt: skip
