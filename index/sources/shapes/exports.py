"""The account exports of ChatGPT and Claude: `conversations.json`, a list of conversations of one person; and the exports of
an organisation's compliance API, whose conversations name their persons.

A conversation there is a tree, because a message can be edited and an answer made anew; the branch that the person last
saw is taken. All of a file belongs to one person: where it does not say whose it is, one fixed account stands for them,
so that one person's conversations never count as many accounts.
"""

from collections.abc import Mapping
from typing import Any

from index.core.records import Conversation, Turn
from index.sources.shapes.base import BadRecord, Record, Shape, first, optional_text, time
from index.sources.shapes.messages import message_turns, text_of, turns_said

EXPORT_OWNER = "the person of an account export that does not say whose it is"

_SPOKEN = {"text", "multimodal_text"}
_FOR_TOOLS = {"code", "execution_output", "tether_quote", "tether_browsing_display", "tether_browsing_code",
              "system_error", "computer_output", "sonic_webpage"}  # fmt: skip
_INSTRUCTIONS = {"user_editable_context", "model_editable_context"}


def _is_chatgpt(record: Record) -> bool:
    return isinstance(record.get("mapping"), Mapping)


def _chatgpt(record: Record) -> Conversation:
    nodes = record["mapping"]
    if not isinstance(nodes, Mapping):
        raise BadRecord("its mapping is not an object")
    parents = {key: node.get("parent") for key, node in nodes.items() if isinstance(node, Mapping)}
    messages = [nodes[key].get("message") for key in branch(parents, record.get("current_node"))]
    turns = tuple(turn for message in messages if isinstance(message, Mapping) for turn in _chatgpt_turns(message))
    return Conversation(turns=turns, account=EXPORT_OWNER, time=time(record.get("create_time")))


def branch(parents: Mapping[Any, Any], leaf: object) -> list[Any]:
    """The keys from the root to the leaf; from the last childless node where the leaf is not known."""
    if not isinstance(leaf, str) or leaf not in parents:
        with_children = {parent for parent in parents.values() if isinstance(parent, str)}
        leaf = next((key for key in reversed(parents) if key not in with_children), None)
    path: dict[Any, None] = {}
    while isinstance(leaf, str) and leaf in parents and leaf not in path:
        path[leaf] = None
        leaf = parents[leaf]
    return list(path)[::-1]


def _chatgpt_turns(message: Record) -> list[Turn]:
    """A message that was never shown (the hidden system messages) and a model's thoughts give no turn."""
    author, content, metadata = message.get("author"), message.get("content"), message.get("metadata")
    if not isinstance(author, Mapping) or not isinstance(content, Mapping):
        return []
    kind = str(content.get("content_type", "text"))
    if kind in _INSTRUCTIONS:
        return [Turn("system", text_of(first(content, "user_instructions", "model_set_context")))]
    if isinstance(metadata, Mapping) and metadata.get("is_visually_hidden_from_conversation") is True:
        return []
    role, recipient = author.get("role"), message.get("recipient", "all")
    if role == "tool":
        return [Turn("tool", text_of(first(content, "text", "result", "parts")))]
    if recipient not in ("all", None) or kind in _FOR_TOOLS:
        return [Turn("tool", text_of(recipient))]
    said = first(content, "parts", "value", "text")
    return list(message_turns({"role": role, "content": said})) if kind in _SPOKEN else []


def _is_compliance(record: Record) -> bool:
    messages = record.get("messages")
    return isinstance(messages, Mapping) and isinstance(messages.get("data"), list)


def _compliance(record: Record) -> Conversation:
    messages = record["messages"]["data"]
    turns = tuple(turn for message in messages if isinstance(message, Mapping) for turn in _chatgpt_turns(message))
    return Conversation(
        turns=turns, account=optional_text(first(record, "user_id", "user_email")), time=time(record.get("created_at"))
    )


def _is_claude(record: Record) -> bool:
    return isinstance(record.get("chat_messages"), list)


def _claude(record: Record) -> Conversation:
    messages = record["chat_messages"]
    if not isinstance(messages, list):
        raise BadRecord("its messages are not a list")
    account = first(record, "account", "user")
    turns = tuple(turn for message in _claude_branch(messages) for turn in _claude_turns(message))
    return Conversation(
        turns=turns,
        account=optional_text(first(account, "uuid", "id") if isinstance(account, Mapping) else None) or EXPORT_OWNER,
        time=time(record.get("created_at")),
    )


def _claude_branch(messages: list[object]) -> list[Record]:
    """The branch of the last message where messages name their parents, as newer exports do; else all in order."""
    known = {message.get("uuid"): message for message in messages
             if isinstance(message, Mapping) and isinstance(message.get("uuid"), str)}  # fmt: skip
    parents = {key: message.get("parent_message_uuid") for key, message in known.items()}
    if known and any(parent in known for parent in parents.values() if isinstance(parent, str)):
        return [known[key] for key in branch(parents, list(known)[-1])]
    if not all(isinstance(message, Mapping) for message in messages):
        raise BadRecord("a message is not an object")
    return [message for message in messages if isinstance(message, Mapping)]


def _claude_turns(message: Record) -> list[Turn]:
    """`content` is whole where `text` may be stale or cut; a file's extracted text is not the person's words."""
    content = message.get("content")
    if not isinstance(content, list) or not content:
        content = message.get("text")
    sender = first(message, "sender", "role")
    if sender not in ("human", "user", "assistant"):
        return []
    return list(turns_said("assistant" if sender == "assistant" else "user", content))


EXPORTS = (
    Shape(
        "ChatGPT export", _is_chatgpt, _chatgpt,
        {"mapping": "turns (the branch last seen)", "current_node": "turns (the branch last seen)",
         "create_time": "time"},
    ),
    Shape(
        "ChatGPT compliance export", _is_compliance, _compliance,
        {"messages": "turns", "user_id": "account (also user_email)", "created_at": "time"},
    ),
    Shape(
        "Claude export", _is_claude, _claude,
        {"chat_messages": "turns (the branch last seen)", "account": "account", "created_at": "time"},
    ),
)  # fmt: skip
