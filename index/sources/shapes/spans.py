"""OpenTelemetry spans of model calls, under the GenAI or the OpenInference conventions.

One span is one call with its whole history, so spans of one conversation are joined. A span that is no model call (a
tool, a retriever, a chain) is passed over: what it holds is in the calls too.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from index.core.records import Conversation, Turn
from index.sources.shapes.base import BadRecord, Record, Shape, as_object, first, optional_text, parsed, time
from index.sources.shapes.messages import message_turns, text_of, turns_of
from index.sources.shapes.payloads import asked, conversation_turns, exchange, thread_id

NO_CALL = "a span or step that is not a model call with its messages"

_ACCOUNTS = (
    "user.id",
    "ai.telemetry.metadata.userId",
    "ai.telemetry.metadata.user_id",
    "enduser.id",
    "langfuse.user.id",
    "gen_ai.user.id",
    "traceloop.association.properties.user_id",
)
_THREADS = ("gen_ai.conversation.id", "ai.telemetry.metadata.sessionId", "ai.telemetry.metadata.chatId", "session.id", "langfuse.session.id",
            "traceloop.association.properties.session_id", "traceloop.association.properties.chat_id")  # fmt: skip
_PREFIX = "attributes."
_NUMBERED = re.compile(r"(llm\.input_messages|llm\.output_messages|gen_ai\.prompt|gen_ai\.completion)\.(\d{1,5})\.(.+)")
_EVENT_ROLES = {"gen_ai.system.message": "system", "gen_ai.user.message": "user", "gen_ai.tool.message": "tool",
                "gen_ai.assistant.message": "assistant", "gen_ai.choice": "assistant"}  # fmt: skip


def _jaeger(record: Record) -> Iterator[object]:
    """The spans of a trace as Jaeger writes them, with tags for attributes."""
    for span in _objects(record["spans"]):
        tags = {str(tag.get("key")): tag.get("value") for tag in _objects(span.get("tags"))}
        yield {
            **span,
            "traceId": span.get("traceID"),
            "spanId": span.get("spanID"),
            "attributes": tags,
            "timestamp": span.get("startTime"),
        }


def _spans(record: Record) -> Iterator[object]:
    """The spans of an OTLP request; any other record is a span itself."""
    if "traceID" in record and "spans" in record:
        yield from _jaeger(record)
        return
    if not _WRAPPERS & record.keys():
        yield record
        return
    wrapped = first(record, "resourceSpans", "resource_spans", "resourceLogs", "resource_logs")
    for resource in _objects(wrapped) or [record]:
        for scope in _objects(first(resource, *_SCOPES)):
            spans = first(scope, "spans", "logRecords", "log_records")
            yield from spans if isinstance(spans, list) else ()


_SCOPES = ("scopeSpans", "scope_spans", "instrumentationLibrarySpans", "scopeLogs", "scope_logs")
_WRAPPERS = frozenset((*_SCOPES, "resourceSpans", "resource_spans", "resourceLogs", "resource_logs"))
"""What spans and log records of an OTLP request are wrapped in, in both ways to write its names."""


def _objects(value: object) -> list[Record]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _is_span(record: Record) -> bool:
    if (
        _WRAPPERS & record.keys()
        or {"traceID", "spans"} <= record.keys()
        or ("spanId" in record and "traceId" in record)
    ):
        return True
    attributes = record.get("attributes")
    stands_alone = any(isinstance(key, str) and key.startswith((_PREFIX + "llm", _PREFIX + "gen_ai")) for key in record)
    return stands_alone or (
        isinstance(attributes, Mapping | list)
        and bool({"traceId", "trace_id", "spanId", "span_id", "context"} & record.keys())
    )


def _attributes(span: Record) -> dict[str, Any]:
    """The attributes by their dotted names, however nested they were written."""
    found = span.get("attributes")
    plain: object = _otlp(found) if isinstance(found, list) else found
    if not isinstance(plain, Mapping):
        plain = {str(key).removeprefix(_PREFIX): value for key, value in span.items() if str(key).startswith(_PREFIX)}
    flat: dict[str, Any] = {}
    waiting: list[tuple[str, object]] = [("", plain)]
    while waiting:
        name, value = waiting.pop()
        value = parsed(value) if name.endswith(".messages") or name.endswith("system_instructions") else value
        if name:
            flat[name] = value
        inner: Iterable[tuple[object, object]] = ()
        if isinstance(value, Mapping):
            inner = value.items()
        elif isinstance(value, list) and name.startswith("llm."):
            inner = enumerate(value)
        waiting += [(f"{name}.{key}" if name else str(key), item) for key, item in inner]
    return flat


def _otlp(pairs: list[Any]) -> dict[str, Any]:
    """OTLP's list of keys with typed values as a plain object."""
    return {str(pair.get("key")): _otlp_value(pair.get("value")) for pair in pairs if isinstance(pair, Mapping)}


def _otlp_value(value: object) -> object:
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    ((kind, inner),) = value.items()
    values = inner.get("values") if isinstance(inner, Mapping) else None
    if kind == "arrayValue":
        return [_otlp_value(item) for item in values] if isinstance(values, list) else []
    if kind == "kvlistValue":
        return _otlp(values) if isinstance(values, list) else {}
    return inner


def _numbered(flat: Mapping[str, Any], prefix: str) -> list[dict[str, Any]]:
    """Messages written one attribute a field: `llm.input_messages.0.message.role`, `gen_ai.prompt.0.role`."""
    messages: dict[int, dict[str, Any]] = {}
    parts: dict[int, dict[int, str]] = {}
    for name, value in flat.items():
        match = _NUMBERED.fullmatch(name)
        if match is None or match[1] != prefix:
            continue
        place, path = int(match[2]), match[3].removeprefix("message.")
        message = messages.setdefault(place, {})
        steps = path.split(".")
        if path in ("role", "content"):
            message[path] = value
        elif steps[0] == "contents" and path.endswith("message_content.text") and steps[1].isdecimal():
            parts.setdefault(place, {})[int(steps[1])] = text_of(value)
        elif steps[0] == "tool_calls" and path.endswith(".name"):
            message.setdefault("tool_calls", []).append({"name": value})
    for place, texts in parts.items():
        messages[place].setdefault("content", [texts[key] for key in sorted(texts)])
    return [message for _, message in sorted(messages.items()) if "role" in message]


def _from_events(span: Record) -> list[dict[str, Any]]:
    """Messages written as one event each, with their content in attributes or in a body."""
    messages = []
    for event in _objects(span.get("events")):
        attributes = event.get("attributes")
        fields = _otlp(attributes) if isinstance(attributes, list) else as_object(attributes)
        body = {**fields, **as_object(event.get("body"))}
        role = _EVENT_ROLES.get(str(first(event, "name", "event.name") or fields.get("event.name")))
        inner = as_object(body.get("message")) or body
        if role:
            messages.append({"role": role, "content": parsed(first(inner, "content", "gen_ai.event.content"))})
    return messages


def _with_events(span: Record, flat: dict[str, Any]) -> dict[str, Any]:
    """The attributes, and those of the events that carry a call's details or, in older conventions, its content."""
    for event in _objects(span.get("events")):
        if event.get("name") in ("gen_ai.client.inference.operation.details", "gen_ai.content.prompt",
                                 "gen_ai.content.completion"):  # fmt: skip
            flat = {**_attributes(event), **flat}
    return flat


def _turns(span: Record, flat: dict[str, Any]) -> tuple[Turn, ...]:
    structured = first(flat, "gen_ai.input.messages")
    if structured is not None:
        system = parsed(flat.get("gen_ai.system_instructions"))
        head = (Turn("system", text_of(system)),) if system else ()
        answer = parsed(flat.get("gen_ai.output.messages"))
        return head + exchange(turns_of(structured), turns_of(answer) if isinstance(answer, list) else ())
    for asking, answering in (("llm.input_messages", "llm.output_messages"), ("gen_ai.prompt", "gen_ai.completion")):
        if messages := _numbered(flat, asking):
            answers = [{"role": "assistant", **message} for message in _numbered(flat, answering)]
            return exchange(turns_of(messages), turns_of(answers))
    if messages := _from_events(span):
        return tuple(turn for message in messages for turn in message_turns(message))
    if isinstance(flat.get("gen_ai.prompt"), str):
        return conversation_turns(flat["gen_ai.prompt"], flat.get("gen_ai.completion"))
    if isinstance(prompt := parsed(flat.get("ai.prompt.messages")), list):
        return exchange(
            turns_of(prompt), conversation_turns((), flat.get("ai.response.text") or flat.get("ai.result.text"))
        )
    if flat.get("openinference.span.kind") == "LLM" and asked(flat.get("input.value")):
        return conversation_turns(flat["input.value"], flat.get("output.value"))
    raise BadRecord(NO_CALL)


def _convert(record: Record) -> Conversation:
    flat = _with_events(record, _attributes(record))
    metadata = as_object(flat.get("metadata"))
    return Conversation(
        turns=_turns(record, flat),
        account=optional_text(first(flat, *_ACCOUNTS)) or optional_text(first(metadata, "user_id", "userId")),
        time=time(
            first(
                record,
                "startTimeUnixNano",
                "start_time",
                "startTime",
                "start_time_unix_nano",
                "timeUnixNano",
                "time_unix_nano",
                "observedTimeUnixNano",
                "timestamp",
            )
        ),
    )


def _thread(record: Record) -> str | None:
    """The conversation that the span states; else its trace, as the calls of one trace repeat each other's history."""
    flat = _attributes(record)
    stated = optional_text(first(flat, *_THREADS)) or thread_id(as_object(flat.get("metadata")))
    trace = first(record, "traceId", "trace_id", "context.trace_id") or as_object(record.get("context")).get("trace_id")
    return stated or optional_text(trace)


_FIELDS = {
    "resourceSpans": "spans", "attributes": "turns, account, conversation id", "events": "turns",
    **dict.fromkeys(("startTimeUnixNano", "start_time", "startTime", "start_time_unix_nano", "timestamp"), "time"),
    **dict.fromkeys(("traceId", "trace_id", "context", "context.trace_id"), "conversation id, where no other is stated"),
    **{f"{_PREFIX}{name}": "account" for name in _ACCOUNTS},
    **{f"{_PREFIX}{name}": "conversation id" for name in _THREADS},
    **{f"{_PREFIX}{name}": "turns" for name in (
        "llm.input_messages", "llm.output_messages", "gen_ai.input.messages", "gen_ai.output.messages",
        "gen_ai.system_instructions", "input.value", "output.value")},
}  # fmt: skip


SPANS = Shape("OpenTelemetry spans (GenAI, OpenInference)", _is_span, _convert, _FIELDS, thread=_thread, unfold=_spans)
