"""Logs of requests to the Anthropic and OpenAI APIs: what a gateway or a proxy writes, and the files of batches.

A request carries its whole history, so records of one conversation are joined (`index.sources.joining`).
"""

import re
from collections.abc import Mapping
from typing import Any

from index.core.records import Conversation
from index.sources.shapes.base import (
    BadRecord,
    Record,
    Shape,
    any_flag,
    as_object,
    first,
    flag,
    moderation_flag,
    optional_text,
    parsed,
    surface,
    time,
)
from index.sources.shapes.payloads import conversation_turns, thread_id

_ENVELOPES = (
    "request", "request_body", "requestBody", "full_request", "proxy_server_request", "inputBodyJson", "params", "body", "kwargs",
)  # fmt: skip
_RESPONSES = ("response", "response_body", "responseBody", "full_response", "outputBodyJson", "result", "completion")
_SHOAL_ONLY = {"account", "time", "surface", "flagged"}
_ACCOUNTS = ("account", "user_id", "userId", "end_user", "safety_identifier", "user")
_TIMES = ("timestamp", "time", "created_at", "createdAt", "created", "start_time", "startTime", "ts", "date")
_CLAUDE_CODE_SESSION = "_session_"


def _opened(record: Record) -> Record:
    """A record of Bedrock's invocation log with its two bodies where those of others are."""
    if record.get("schemaType") != "ModelInvocationLog":
        return record
    # `accountId` is the company's account at the provider; who asks is the identity.
    who = optional_text(as_object(record.get("identity")).get("arn"))
    bodies = {**as_object(record.get("input")), **as_object(record.get("output"))}
    return {**{key: value for key, value in record.items() if key != "accountId"}, **bodies, "user_id": who}


def _request(record: Record) -> Record:
    """The request's body, out of up to two envelopes, some of them JSON in a string."""
    body: Record = _opened(record)
    for _ in range(2):
        inner = next((found for key in _ENVELOPES if (found := as_object(body.get(key)))), None)
        if inner is None:
            break
        body = inner
    return body


def _is_request(record: Record) -> bool:
    body = _request(record)
    is_asked = {"messages", "contents"} & body.keys() or {"message", "chat_history"} <= body.keys()
    if not is_asked and not ("input" in body and "model" in body):
        return False
    return body is not record or ("model" in record and not _SHOAL_ONLY & record.keys())


def _response(record: Record) -> object:
    found = parsed(first(_opened(record), *_RESPONSES))
    if isinstance(found, Mapping) and isinstance(message := found.get("message"), Mapping):
        return message
    return found if found is not None else {key: record[key] for key in ("choices", "output") if key in record}


def _is_bedrock(record: Record) -> bool:
    return record.get("schemaType") == "ModelInvocationLog" and _is_request(record)


def _is_gemini(record: Record) -> bool:
    return _is_request(record) and "contents" in _request(record)


def _is_anthropic(record: Record) -> bool:
    if not _is_request(record):
        return False
    body, response = _request(record), _response(record)
    return (
        "params" in record
        or "system" in body
        or str(body.get("model", "")).startswith(("claude", "anthropic"))
        or (isinstance(response, Mapping) and response.get("type") == "message")
    )


NO_CHAT = "an embedding, moderation, image or speech request"
_NO_CHAT = re.compile(r"embed|moderation|image|speech|transcription|rerank|whisper|tts-|dall-e", re.IGNORECASE)
_WHERE = ("url", "path", "request_path", "endpoint", "operation", "call_type", "route")


def _convert(record: Record) -> Conversation:
    body, response = _request(record), _response(record)
    about = " ".join(
        str(found) for found in (*(record.get(key) for key in _WHERE), body.get("model")) if isinstance(found, str)
    )
    if "messages" not in body and _NO_CHAT.search(about):
        raise BadRecord(NO_CHAT)
    places = _places(record, body)
    created = first(response, "created", "created_at") if isinstance(response, Mapping) else None
    stated = next((found for place in places if (found := first(place, *_TIMES)) is not None), created)
    return Conversation(
        turns=conversation_turns(body, response),
        account=_account(places),
        time=time(stated),
        flagged=any_flag((flag(record.get("flagged")), moderation_flag(record.get("openai_moderation")))),
        surface=surface(record.get("surface")),
    )


def _places(record: Record, body: Record) -> tuple[Record, ...]:
    return _opened(record), as_object(record.get("metadata")), body, as_object(body.get("metadata"))


def _account(places: tuple[Record, ...]) -> str | None:
    """The first stated account; that of Claude Code carries its session with it, which is cut off."""
    stated: Any = next((found for place in places if (found := first(place, *_ACCOUNTS)) is not None), None)
    user = parsed(stated)
    if isinstance(user, Mapping):
        user = first(user, "account_uuid", "user_id", "id", "device_id")
    text = optional_text(user)
    return text.split(_CLAUDE_CODE_SESSION)[0] if text else None


def _thread(record: Record) -> str | None:
    body = _request(record)
    places = _places(record, body)
    stated = thread_id(*places)
    user = as_object(body.get("metadata")).get("user_id")
    if stated is None and isinstance(user, str):
        nested = as_object(user)
        stated = thread_id(nested) if nested else (user.partition(_CLAUDE_CODE_SESSION)[2] or None)
    return stated


_FIELDS = {
    **dict.fromkeys(_ENVELOPES, "turns, account, time"), **dict.fromkeys(_RESPONSES, "turns (the answer)"),
    **dict.fromkeys(("messages", "input", "system", "instructions", "choices", "output"), "turns"),
    **dict.fromkeys(_ACCOUNTS, "account"), **dict.fromkeys(_TIMES, "time"), "metadata": "account, conversation id",
    **dict.fromkeys(("conversation_id", "conversationId", "thread_id", "session_id", "sessionId", "conversation"),
                    "conversation id"),
    "flagged": "flagged", "openai_moderation": "flagged", "surface": "surface",
}  # fmt: skip

API_LOGS = (
    Shape(
        "Bedrock invocation log",
        _is_bedrock,
        _convert,
        {"input": "turns", "output": "turns (the answer)", "identity": "account", "timestamp": "time"},
        thread=_thread,
        family="API logs",
    ),
    Shape("Gemini API log", _is_gemini, _convert, _FIELDS, thread=_thread, family="API logs"),
    Shape("Anthropic API log", _is_anthropic, _convert, _FIELDS, thread=_thread, family="API logs"),
    Shape("OpenAI API log", _is_request, _convert, _FIELDS, thread=_thread, family="API logs"),
)
