"""From anyone's messages to turns: roles, multi-part content, tool calls, images.

What becomes of each kind of content is decided here and nowhere else (docs/reference/formats.md has the table). Text is kept in its
speaker's turn; a tool's call and result are turns of role "tool"; an image, a sound or a file gives no text, and neither
does a model's reasoning. A result in a user's message is never taken for the user's words.
"""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from index.core.records import Role, Turn
from index.sources.shapes.base import BadRecord, Record, flag, parsed, whole
from index.sources.shapes.speakers import speaker_of

_ROLES: dict[str, Role] = {
    "user": "user", "human": "user", "prompter": "user", "humanmessage": "user", "humanmessagechunk": "user",
    "assistant": "assistant", "gpt": "assistant", "chatgpt": "assistant", "bard": "assistant", "bing": "assistant",
    "claude": "assistant", "model": "assistant", "bot": "assistant", "ai": "assistant", "aimessage": "assistant",
    "aimessagechunk": "assistant", "choice": "assistant", "system": "system", "developer": "system",
    "systemmessage": "system", "tool": "tool", "function": "tool", "ipython": "tool", "observation": "tool",
    "function_call": "tool", "function_response": "tool", "tool_call": "tool", "tool_response": "tool",
    "toolmessage": "tool", "functionmessage": "tool", "gemini": "assistant", "request": "user", "response": "assistant",
    "customer": "user", "agent": "assistant", "usermessage": "user", "apimessage": "assistant", "chatbot": "assistant",
    "user_message": "user", "assistant_message": "assistant", "ai_message": "assistant", "bot_message": "assistant",
    "userprompt": "user", "airesponse": "assistant", "copilot": "assistant", "incoming": "user", "outgoing": "assistant",
    "nutzer": "user", "benutzer": "user", "anwender": "user", "kunde": "user", "kundin": "user", "mensch": "user", "ich": "user", "me": "user",
    "usuario": "user", "usuário": "user", "cliente": "user", "humano": "user", "utilisateur": "user", "humain": "user", "utente": "user",
    "gebruiker": "user", "klant": "user", "użytkownik": "user", "klient": "user", "пользователь": "user", "клиент": "user", "kullanıcı": "user",
    "müşteri": "user", "ユーザー": "user", "お客様": "user", "用户": "user", "用戶": "user", "客户": "user", "사용자": "user", "고객": "user", "مستخدم": "user",
    "you": "user", "person": "user", "questioner": "user", "contact": "user", "lead": "user", "q": "user",
    "ki": "assistant", "assistent": "assistant", "assistentin": "assistant", "ia": "assistant", "asistente": "assistant", "assistente": "assistant",
    "agente": "assistant", "asystent": "assistant", "ассистент": "assistant", "бот": "assistant", "asistan": "assistant", "アシスタント": "assistant",
    "ボット": "assistant", "助手": "assistant", "机器人": "assistant", "어시스턴트": "assistant", "챗봇": "assistant", "berater": "assistant",
    "operator": "assistant", "machine": "assistant", "maschine": "assistant", "gpt-4": "assistant", "gpt-4o": "assistant", "llm": "assistant", "robot": "assistant",
    "virtual_assistant": "assistant", "virtual assistant": "assistant", "github copilot": "assistant", "a": "assistant", "human agent": "assistant",
    "inbound": "user", "outbound": "assistant", "visitor": "user", "end_user": "user", "client": "user", "virtual_agent": "assistant",
}  # fmt: skip

_TEXT = {"text", "input_text", "output_text", "refusal", "audio_transcription", "voice_note", "markdown"}
_CALLS = {"tool_use", "server_tool_use", "mcp_tool_use", "tool_call", "server_tool_call", "function_call",
          "custom_tool_call", "web_search_call", "file_search_call", "computer_call", "code_interpreter_call",
          "mcp_call", "image_generation_call", "local_shell_call"}  # fmt: skip
_RESULTS = {"tool_result", "mcp_tool_result", "web_search_tool_result", "tool_call_response",
            "server_tool_call_response", "function_call_output", "custom_tool_call_output",
            "computer_call_output"}  # fmt: skip
_TOOL_PARTS = _CALLS | _RESULTS
_SILENT_ITEMS = {"reasoning", "item_reference", "compaction", "mcp_list_tools", "mcp_approval_request"}
_OTHER_TEXT = ("text", "value", "message", "refusal")
"""Where a message's text is that has none under its usual name."""


def turns_of(messages: object, role_key: str = "role", text_key: str = "content") -> tuple[Turn, ...]:
    """The turns of a list of messages."""
    messages = parsed(messages)
    if not isinstance(messages, list):
        raise BadRecord("its messages are not a list")
    found: list[Turn] = []
    unread = 0
    for message in messages:
        if isinstance(message, Mapping) and is_deleted(message):
            continue
        try:
            found += message_turns(message, role_key, text_key)
        except BadRecord:
            unread += 1  # a part that is not understood costs the part
    if unread and unread == len(messages):
        raise BadRecord("none of its messages has a known role and text")
    return tuple(found)


def has_role(name: str) -> bool:
    """Whether a word says whose message it is."""
    return name.strip().lower() in _ROLES


def role_named(name: str) -> Role:
    """The role that a word names. Raises BadRecord for any other word."""
    role = _ROLES.get(name.strip().lower())
    if role is None:
        raise BadRecord("a message has an unknown role")
    return role


def is_deleted(message: Record) -> bool:
    """Whether a message was taken back: nobody said it any more."""
    return any(flag(message.get(key)) is True for key in _DELETED) or message.get("deleted_at") not in (None, "")


_NAMED = ("from", "sender", "author", "speaker")
"""Where who speaks is said, if not as a role."""
_DELETED = ("deleted", "is_deleted", "isDeleted")


def message_turns(message: object, role_key: str = "role", text_key: str = "content") -> Iterator[Turn]:
    """The turns of one message, in the order of its parts."""
    if isinstance(message, list) and len(message) == 2 and all(isinstance(part, str) for part in message):
        message = {role_key: message[0], text_key: message[1]}
    if not isinstance(message, Mapping):
        raise BadRecord("a message is not an object")
    if role_key not in message:
        if _kind(message) in _TOOL_PARTS:
            yield _tool_turn(message)
            return
        if _kind(message) in _SILENT_ITEMS:
            return
        named = (message.get(key) for key in _NAMED)
        speaker = next((name for name in named if isinstance(name, str) and has_role(name)), None) or speaker_of(
            message
        )
        message = {**message, role_key: speaker} if speaker is not None else _langchain(message, role_key, text_key)
    role = _ROLES.get(str(message.get(role_key, "")).lower())
    if role is None:
        raise BadRecord("a message has an unknown role")
    content = message.get(text_key)
    if content is None and "parts" in message:
        content = message["parts"]
    if content in (None, "", []) and isinstance(payload := message.get("payload", message.get("body")), Mapping):
        content = payload.get("text", payload.get("content"))
    if content in (None, "", []):
        content = next((message[key] for key in _OTHER_TEXT if message.get(key) not in (None, "", [])), content)
    listed = message.get("tool_calls")
    calls = [call for call in (listed if isinstance(listed, list) else [message.get("function_call")])
             if isinstance(call, Mapping)]  # fmt: skip
    if content or not calls:
        yield from turns_said(role, content)
    for call in calls:
        yield Turn("tool", _tool_name(call))


def turns_said(role: Role, content: object) -> Iterator[Turn]:
    """The turns that one speaker's content gives. An image alone still is a turn, without text."""
    parts = content if isinstance(content, list) else [content]
    is_silent = True
    for is_tool, run in groupby(parts, key=_is_tool_part):
        alike = list(run)
        turns = [_tool_turn(part) for part in alike] if is_tool else [Turn(role, text_of(alike))]
        for turn in turns:
            if is_tool or turn.text:
                is_silent = False
                yield turn
    if is_silent:
        yield Turn(role, "")


def _is_tool_part(part: object) -> bool:
    return isinstance(part, Mapping) and _kind(part) in _TOOL_PARTS


def _kind(part: Record) -> str:
    """The kind that a part or an item states; one that states none is text."""
    kind = part.get("type", part.get("content_type", "text"))
    return kind if isinstance(kind, str) else ""


def text_of(content: object) -> str:
    """The text of a message: a string, or the text parts of multi-part content. Everything else gives none."""
    if isinstance(content, str):
        return whole(content)
    if isinstance(content, Mapping):
        return _part_text(content)
    if isinstance(content, list):
        return "\n".join(text for part in content if (text := _part_text(part)))
    return ""


def _part_text(part: object) -> str:
    if isinstance(part, str):
        return whole(part)
    if not isinstance(part, Mapping) or _kind(part) not in _TEXT:
        return ""
    if isinstance(inner := part.get("text"), Mapping):
        return _part_text({"text": inner.get("value")})
    found = next((part[key] for key in ("text", "content", "refusal") if isinstance(part.get(key), str)), "")
    return whole(found)


def _tool_turn(part: Record) -> Turn:
    """A call gives the tool's name, never its arguments; a result gives its text."""
    if _kind(part) in _CALLS:
        return Turn("tool", _tool_name(part))
    result = next((part[key] for key in ("content", "output", "result", "response") if key in part), None)
    return Turn("tool", text_of(result))


def _tool_name(call: Record) -> str:
    function = call.get("function")
    name = function.get("name") if isinstance(function, Mapping) else call.get("name")
    return whole(name) if isinstance(name, str) else ""


def _langchain(message: Record, role_key: str, text_key: str) -> dict[str, Any]:
    """LangChain's ways to write a message, as a plain one: a serialised constructor, or a type with data."""
    kwargs = message.get("kwargs")
    kind = message.get("id")
    if isinstance(kwargs, Mapping) and isinstance(kind, list) and kind:
        return {**kwargs, role_key: kind[-1], text_key: kwargs.get("content")}
    data = message.get("data")
    if isinstance(data, Mapping):
        return {**data, role_key: message.get("type"), text_key: data.get("content")}
    return {**message, role_key: message.get("type", ""), text_key: message.get("content")}
