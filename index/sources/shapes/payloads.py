"""What was asked of a model and what it answered, out of a logged request, response, input or output.

Logs write the two in the forms of whichever API or framework made them; this reads them all, so that API logs, spans and
exports of tracing tools agree. It must never guess from free text: an unknown form gives no turns.
"""

from collections.abc import Iterator, Mapping, Sequence

from index.core.records import Turn
from index.sources.shapes.base import BadRecord, Record, first, parsed
from index.sources.shapes.messages import message_turns, text_of, turns_of, turns_said
from index.sources.shapes.templates import templated

_QUESTION = ("input", "question", "query", "prompt", "user_input", "text", "message")
_NO_MESSAGES = ("mcp_list_tools", "reasoning", "item_reference", "compaction")
_ANSWER = ("output", "answer", "response", "message", "text", "output_text", "completion", "result")


def asked(value: object) -> tuple[Turn, ...]:
    """The turns of a request, in order, with what instructs the model first."""
    value = parsed(value)
    if isinstance(value, str):
        return templated(value) or (Turn("user", text_of(value)),)
    if isinstance(value, list):
        return _messages(value, "user")
    if not isinstance(value, Mapping):
        return ()
    if isinstance(value.get("chat_history"), list) and isinstance(value.get("message"), str):  # Cohere
        head = (Turn("system", text_of(value["preamble"])),) if value.get("preamble") else ()
        earlier = turns_of(value["chat_history"]) if value["chat_history"] else ()
        return (*head, *earlier, Turn("user", text_of(value["message"])))
    instructions = first(value, "system", "instructions", "system_instruction", "systemInstruction")
    instructions = instructions.get("parts", instructions) if isinstance(instructions, Mapping) else instructions
    head = (Turn("system", text_of(instructions)),) if instructions is not None else ()
    for key in ("messages", "contents"):
        if isinstance(found := parsed(value.get(key)), list):
            return head + _messages(found, "user")
    if "role" in value or "kwargs" in value:
        return head + tuple(message_turns(value))
    question = first(value, *_QUESTION)
    return head + (asked(question) if isinstance(question, str | list | Mapping) else ())


def answered(value: object) -> tuple[Turn, ...]:
    """The turns of a response. Of several choices the first counts: it is what an application shows."""
    value = parsed(value)
    if isinstance(value, str):
        events = list(_server_events(value))
        return _streamed(events) if events else (Turn("assistant", text_of(value)),)
    if isinstance(value, list):
        if value and isinstance(value[0], Mapping) and isinstance(value[0].get("message"), Mapping):
            return answered({"choices": value})
        return _streamed(value) if _is_stream(value) else _messages(value, "assistant")
    if not isinstance(value, Mapping):
        return ()
    if isinstance(body := value.get("body"), Mapping):
        return answered(body)
    for key in ("choices", "generations", "candidates"):
        choice = value.get(key)
        while isinstance(choice, list) and choice:
            choice = choice[0]
        if isinstance(choice, Mapping):
            inner = first(choice, "message", "content", "text")
            return answered(inner) if inner is not None else ()
    if isinstance(messages := parsed(value.get("messages")), list):
        return _messages(messages, "assistant")
    if "role" in value or "kwargs" in value:
        return tuple(
            message_turns({**value, "role": value.get("role", "assistant")} if "kwargs" not in value else value)
        )
    if isinstance(found := first(value, "parts", "content"), str | list):
        return tuple(turns_said("assistant", found))
    answer = first(value, *_ANSWER)
    return answered(answer) if isinstance(answer, str | list | Mapping) else ()


def _server_events(text: str) -> Iterator[Record]:
    """The events of a stream that was logged as it came ("data: {...}"); nothing of any other text."""
    if not text.lstrip().startswith(("event:", "data:")):
        return
    for line in text.splitlines():
        if line.startswith("data:") and isinstance(event := parsed(line.removeprefix("data:").strip()), Mapping):
            yield event


def _is_stream(items: Sequence[object]) -> bool:
    """Whether a list holds the pieces of one streamed answer."""
    opening = items[0] if items else None
    return isinstance(opening, Mapping) and (
        str(opening.get("object", "")).endswith("chunk")
        or str(opening.get("type", "")).startswith(("message_start", "content_block", "response."))
        or "delta" in opening
    )


def _streamed(events: Sequence[object]) -> tuple[Turn, ...]:
    """The text that the pieces of a streamed answer make, of either API; reasoning and arguments of tools are no text."""
    pieces: list[str] = []
    for event in events:
        if not isinstance(event, Mapping):
            continue
        choices = event.get("choices")
        place = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], Mapping) else event
        delta = place.get("delta")
        if isinstance(delta, str) and str(event.get("type", "")).endswith(("output_text.delta", "refusal.delta")):
            pieces.append(delta)
        elif isinstance(delta, Mapping):
            found = first(delta, "content", "text", "refusal")
            pieces.append(found if isinstance(found, str) else "")
    return (Turn("assistant", text_of("".join(pieces))),)


def exchange(asking: Sequence[Turn], answering: Sequence[Turn]) -> tuple[Turn, ...]:
    """Request and response as one conversation. A response that repeats the request (a graph's state) stands alone."""
    if asking and list(answering[: len(asking)]) == list(asking):
        return tuple(answering)
    return (*asking, *answering)


def _messages(items: list[object], speaker: str) -> tuple[Turn, ...]:
    """A list of messages, of batches of messages (the first counts), or of content parts and plain strings."""
    if items and isinstance(items[0], list) and not _is_pair(items[0]):
        items = items[0]
    items = [item for item in items if not (isinstance(item, Mapping) and item.get("type") in _NO_MESSAGES)]
    if items and all(isinstance(item, str) or _is_part(item) for item in items):
        return tuple(turns_said("assistant" if speaker == "assistant" else "user", items))
    return turns_of(items)


def _is_pair(item: Sequence[object]) -> bool:
    return len(item) == 2 and all(isinstance(part, str) for part in item)


def _is_part(item: object) -> bool:
    return isinstance(item, Mapping) and not {"role", "kwargs", "data"} & item.keys() and (
        item.get("type") in ("text", "input_text", "output_text", "tool_use", "thinking", "image", "image_url")
    )  # fmt: skip


def conversation_turns(asking: object, answering: object) -> tuple[Turn, ...]:
    """Both sides of an exchange. An answer of an unknown form is dropped: what was asked still counts."""
    question = asked(asking)
    try:
        answer = answered(answering)
    except BadRecord:
        answer = ()
    return exchange(question, answer)


def thread_id(*places: Record) -> str | None:
    """The id of the conversation that a request belongs to, from the first place that states one."""
    keys = ("conversation_id", "conversationId", "thread_id", "threadId", "session_id", "sessionId", "conversation")
    for place in places:
        found = first(place, *keys)
        found = found.get("id") if isinstance(found, Mapping) else found
        if isinstance(found, str | int):
            return str(found)
    return None
