"""Replies of the Messages API as a test writes them, and the bytes that the API sends for them.

The event shapes follow the types of anthropic 2.12 (`anthropic/types/raw_*_event.py`) and how its
`lib/streaming/_messages.py` accumulates them: a signature comes in one piece, usage in `message_delta` is cumulative.
"""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Block: TypeAlias = dict[str, Any]

_PIECE = 7  # characters in one delta: small, so that short texts already come in several
_USAGE: dict[str, Any] = {
    "input_tokens": 10,
    "output_tokens": 5,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": 0,
    "service_tier": "standard",
}
_DELTA_USAGE = (
    "input_tokens",
    "output_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "output_tokens_details",
    "server_tool_use",
)
_tool_ids = itertools.count(1)


@dataclass(frozen=True)
class Message:
    """A whole answer. `usage` is laid over the default; `delay_s` passes before the first byte, `pace_s` before each event."""

    content: list[Block]
    stop_reason: str = "end_turn"
    usage: Mapping[str, Any] | None = None
    delay_s: float = 0.0
    pace_s: float = 0.0


@dataclass(frozen=True)
class Error:
    """An error status with the API's error body. A 429 gets `retry-after: 1` unless `headers` has its own."""

    status: int
    type: str
    message: str = "the fake server was told to fail"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cut:
    """A body that starts well, first delta included, and is dropped in the middle."""

    content: list[Block]


@dataclass(frozen=True)
class Stall:
    """A body that starts well, first delta included, is silent for `seconds`, then goes on to its end."""

    content: list[Block]
    seconds: float
    stop_reason: str = "end_turn"


Reply: TypeAlias = Message | Error | Cut | Stall
Decide: TypeAlias = Callable[[dict[str, Any], int], Reply]


def text(words: str) -> Block:
    return {"type": "text", "text": words}


def tool_use(name: str, input: Mapping[str, Any], id: str | None = None) -> Block:
    """A tool call; without an id it gets one that is unique in this process. Set `stop_reason="tool_use"` with it."""
    return {"type": "tool_use", "id": id or f"toolu_fake{next(_tool_ids):06d}", "name": name, "input": dict(input)}


def broken_tool_use(name: str, raw: str) -> Block:
    """A tool call whose arguments are whatever a model wrote. Only in streams."""
    return {**tool_use(name, {}), "raw": raw}


def thinking(words: str, signature: str = "sig") -> Block:
    return {"type": "thinking", "thinking": words, "signature": signature}


def script(*replies: Reply) -> Decide:
    """The replies in order, the last one for ever after."""
    if not replies:
        raise ValueError("a script needs at least one reply")
    return lambda _body, number: replies[min(number, len(replies) - 1)]


def whole_message(reply: Message | Cut | Stall, body: dict[str, Any], number: int) -> dict[str, Any]:
    usage = reply.usage if isinstance(reply, Message) else None
    return {
        "id": f"msg_fake{number:06d}",
        "type": "message",
        "role": "assistant",
        "model": body.get("model", "unknown"),
        "content": reply.content,
        "stop_reason": "end_turn" if isinstance(reply, Cut) else reply.stop_reason,
        "stop_sequence": None,
        "usage": _USAGE | dict(usage or {}),
    }


def _events(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The message as the API streams it."""
    usage = message["usage"]
    start = message | {"content": [], "stop_reason": None, "usage": usage | {"output_tokens": 1}}
    yield {"type": "message_start", "message": start}
    for index, block in enumerate(message["content"]):
        opening, deltas = _opening_and_deltas(block)
        yield {"type": "content_block_start", "index": index, "content_block": opening}
        if index == 0:
            yield {"type": "ping"}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": message["stop_reason"], "stop_sequence": message["stop_sequence"]},
        "usage": {name: usage[name] for name in _DELTA_USAGE if name in usage},
    }
    yield {"type": "message_stop"}


def _opening_and_deltas(block: Block) -> tuple[Block, list[dict[str, Any]]]:
    match block["type"]:
        case "text":
            deltas = [{"type": "text_delta", "text": piece} for piece in _pieces(block["text"])]
            cited = [{"type": "citations_delta", "citation": citation} for citation in block.get("citations") or []]
            return block | {"text": ""} | ({"citations": []} if cited else {}), [*deltas, *cited]
        case "tool_use":
            written = block["raw"] if "raw" in block else json.dumps(block["input"], ensure_ascii=False)
            block = {name: value for name, value in block.items() if name != "raw"}
            # As on the wire, the first piece is empty.
            return block | {"input": {}}, [
                {"type": "input_json_delta", "partial_json": piece} for piece in ("", *_pieces(written))
            ]
        case "thinking":
            deltas = [{"type": "thinking_delta", "thinking": piece} for piece in _pieces(block["thinking"])]
            signed = {"type": "signature_delta", "signature": block["signature"]}
            return block | {"thinking": "", "signature": ""}, [*deltas, signed]
        case _:
            return block, []  # redacted thinking and server-side results come whole


def parts_of(message: dict[str, Any], *, stream: bool) -> tuple[list[bytes], int]:
    """The body in parts, and how many of them come before a cut or a silence."""
    if not stream:
        whole = as_json(message)
        return [whole[: len(whole) // 2], whole[len(whole) // 2 :]], 1
    events = list(_events(message))
    middle = max(len(events) // 2, min(4, len(events) - 1))  # the first delta is the fourth event
    return [_chunk(_sse(event)) for event in events] + [b"0\r\n\r\n"], middle


def _pieces(words: str) -> list[str]:
    return [words[at : at + _PIECE] for at in range(0, len(words), _PIECE)]


def as_json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _sse(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: ".encode() + as_json(event) + b"\n\n"


def _chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"
