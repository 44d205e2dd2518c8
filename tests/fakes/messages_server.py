"""A Messages API on the loopback, so that tests run the real `anthropic` SDK against the true wire.

A mocked transport never opens a socket. What goes wrong in the field does: a body dropped in the middle, a connection
that goes silent, a cancelled stream that must really be closed, keep-alive after an error, `retry-after`, retries the
SDK makes without saying so. Here the SDK does all of its own work (HTTP, chunks, SSE, accumulation, typed errors), and a
test decides each reply from the request's content and reads afterwards what was truly sent.

    with MessagesServer(script(Error(529, "overloaded_error"), Message([text("hello")]))) as server:
        client = AsyncAnthropic(api_key="x", base_url=server.url)

The event shapes follow the types of anthropic 2.12 (`anthropic/types/raw_*_event.py`) and how its
`lib/streaming/_messages.py` accumulates them: a signature comes in one piece, usage in `message_delta` is cumulative.
"""

import itertools
import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from types import TracebackType
from typing import Any, Self, TypeAlias

Block: TypeAlias = dict[str, Any]

_PIECE = 7  # characters in one delta: small, so that short texts already come in several
_JOIN_S = 5.0
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
    """A whole answer. `usage` is laid over the default; `delay_s` passes before the first byte."""

    content: list[Block]
    stop_reason: str = "end_turn"
    usage: Mapping[str, Any] | None = None
    delay_s: float = 0.0


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
Elsewhere: TypeAlias = Callable[[str, str, bytes], bytes | None]
"""What other paths answer, given method, path and body: the bytes of a 200, or None for a 404."""


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


@dataclass(frozen=True)
class Stray:
    """A request that was not a well-formed POST to /v1/messages; it was answered with 404 or 400."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class MessagesServer:
    """Serves while the context is open. `reply` runs on the connection's thread, so it may be called concurrently.

    If `reply` raises, the client gets a 400 (which the SDK does not retry) and the exception surfaces on leaving.
    """

    def __init__(self, reply: Decide, elsewhere: Elsewhere = lambda _method, _path, _body: None) -> None:
        self._reply = reply
        self._elsewhere = elsewhere
        self._changed = threading.Condition()
        self._requests: list[dict[str, Any]] = []
        self._headers: list[dict[str, str]] = []
        self._paths: list[str] = []
        self._strays: list[Stray] = []
        self._closed_early = 0
        self._failures: list[BaseException] = []
        self._closing = threading.Event()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        if self._server is None:
            raise RuntimeError("the server has a url only inside its context")
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The parsed bodies of all POSTs to /v1/messages so far, in the order of their numbers (a copy of the list)."""
        with self._changed:
            return list(self._requests)

    @property
    def headers(self) -> list[dict[str, str]]:
        """The headers of the same requests, names in lower case (SDK 2.12 sends the key as `authorization: Bearer`)."""
        with self._changed:
            return list(self._headers)

    @property
    def paths(self) -> list[str]:
        """The paths of the same requests as asked for, with any query."""
        with self._changed:
            return list(self._paths)

    @property
    def strays(self) -> list[Stray]:
        """Everything else that was asked of this server."""
        with self._changed:
            return list(self._strays)

    @property
    def closed_early(self) -> int:
        """How many replies the client hung up on. The server needs a moment to notice: see `wait_closed_early`."""
        with self._changed:
            return self._closed_early

    def wait_closed_early(self, count: int = 1, timeout_s: float = 5.0) -> bool:
        """Blocks until that many were closed early. In async tests: `await asyncio.to_thread(server.wait_closed_early)`."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closed_early >= count, timeout_s)

    def __enter__(self) -> Self:
        if self._server is not None or self._closing.is_set():
            raise RuntimeError("a server is entered once")
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="messages-server", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join(_JOIN_S)
            self._server.hang_up()
            self._server.server_close()
            self._server = None
        if not self._failures:
            return
        if error is None:
            raise self._failures[0]
        for failure in self._failures:
            error.add_note(f"MessagesServer: {failure!r}")

    # From here on: called by the handlers, on their threads.

    def _record(self, body: dict[str, Any], headers: dict[str, str], path: str) -> int:
        with self._changed:
            self._requests.append(body)
            self._headers.append(headers)
            self._paths.append(path)
            return len(self._requests) - 1

    def _record_stray(self, stray: Stray) -> None:
        with self._changed:
            self._strays.append(stray)

    def _record_closed_early(self) -> None:
        with self._changed:
            if not self._closing.is_set():
                self._closed_early += 1
                self._changed.notify_all()

    def _record_failure(self, failure: BaseException) -> None:
        with self._changed:
            self._failures.append(failure)

    def _decide(self, body: dict[str, Any], number: int) -> Reply:
        try:
            return self._reply(body, number)
        except BaseException as failure:  # pytest.fail is not an Exception
            self._record_failure(failure)
            return Error(400, "invalid_request_error", f"the test's reply raised {type(failure).__name__}")


class _ClientGone(Exception):
    """The client closed the connection while we were silent."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, owner: MessagesServer) -> None:
        self.owner = owner
        self._connections: list[tuple[socket.socket, threading.Thread]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # HTTPServer's own would look the host's name up
        self.server_name, self.server_port = "127.0.0.1", int(self.socket.getsockname()[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), name="messages-connection", daemon=True
        )
        self._connections.append((request, thread))
        thread.start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        failure = sys.exception()
        if failure is not None and not isinstance(failure, ConnectionError):
            self.owner._record_failure(failure)

    def hang_up(self) -> None:
        """Closes what keep-alive left open and waits for the threads; called after `shutdown`, so no new ones come."""
        for connection, _ in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        deadline = time.monotonic() + _JOIN_S
        for _, thread in self._connections:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                self.owner._record_failure(RuntimeError("a reply was still running when the server closed"))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server
    connection: socket.socket

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the server keeps records instead."""

    def do_POST(self) -> None:
        owner = self.server.owner
        raw = self._read_body()
        if self.path.partition("?")[0] != "/v1/messages":
            self._elsewhere(raw, Error(404, "not_found_error", f"Not found: {self.path}"))
            return
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            self._stray(raw, Error(400, "invalid_request_error", "the request body is not a JSON object"))
            return
        number = owner._record(body, self._header_dict(), self.path)
        try:
            self._answer(owner._decide(body, number), body, number)
        except (_ClientGone, ConnectionError):
            self.close_connection = True
            owner._record_closed_early()

    def _other(self) -> None:
        self._elsewhere(self._read_body(), Error(404, "not_found_error", f"Not found: {self.path}"))

    do_GET = do_HEAD = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _other  # noqa: N815

    def _read_body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def _header_dict(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def _elsewhere(self, raw: bytes, unknown: Error) -> None:
        found = self.server.owner._elsewhere(self.command, self.path, raw)
        if found is None:
            self._stray(raw, unknown)
            return
        self._start(200, {"content-type": "application/json"}, "req_fake_elsewhere")
        self.send_header("content-length", str(len(found)))
        self.end_headers()
        self.wfile.write(found)

    def _stray(self, raw: bytes, error: Error) -> None:
        self.server.owner._record_stray(Stray(self.command, self.path, self._header_dict(), raw))
        self._send_error(error, "req_fake_stray")

    def _answer(self, reply: Reply, body: dict[str, Any], number: int) -> None:
        request_id = f"req_fake{number:06d}"
        if isinstance(reply, Error):
            self._send_error(reply, request_id)
            return
        if isinstance(reply, Message):
            self._silence(reply.delay_s)
        stream = body.get("stream") is True
        message = _message(reply, body, number)
        if stream:
            events = list(_events(message))
            middle = max(len(events) // 2, min(4, len(events) - 1))  # the first delta is the fourth event
            parts = [_chunk(_sse(event)) for event in events] + [b"0\r\n\r\n"]
            self._start(
                200, {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}, request_id
            )
            self.send_header("transfer-encoding", "chunked")
        else:
            whole = _json(message)
            middle = 1
            parts = [whole[: len(whole) // 2], whole[len(whole) // 2 :]]
            self._start(200, {"content-type": "application/json"}, request_id)
            self.send_header("content-length", str(len(whole)))
        self.end_headers()
        for part in parts[:middle]:
            self.wfile.write(part)
        if isinstance(reply, Cut):
            self.wfile.write(parts[middle][: len(parts[middle]) // 2])
            self.close_connection = True
            return
        if isinstance(reply, Stall):
            self._silence(reply.seconds)
        for part in parts[middle:]:
            self.wfile.write(part)

    def _start(self, status: int, headers: Mapping[str, str], request_id: str) -> None:
        self.send_response(status)
        self.send_header("request-id", request_id)
        for name, value in headers.items():
            self.send_header(name, value)

    def _send_error(self, error: Error, request_id: str) -> None:
        details = {"type": error.type, "message": error.message}
        whole = _json({"type": "error", "error": details, "request_id": request_id})
        headers = {name.lower(): value for name, value in error.headers.items()}
        if error.status == 429:
            headers.setdefault("retry-after", "1")
        self._start(error.status, {"content-type": "application/json"} | headers, request_id)
        self.send_header("content-length", str(len(whole)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(whole)

    def _silence(self, seconds: float) -> None:
        """Says nothing for that long, but raises at once when the client hangs up (or the server closes)."""
        if seconds <= 0:
            return
        deadline = time.monotonic() + seconds
        self.connection.settimeout(seconds)
        try:
            if not self.connection.recv(1, socket.MSG_PEEK):
                raise _ClientGone
        except TimeoutError:
            return
        finally:
            self.connection.settimeout(None)
        # The client has already sent its next request: nothing to watch any more, only the time is left.
        if self.server.owner._closing.wait(max(0.0, deadline - time.monotonic())):
            raise _ClientGone


def _message(reply: Message | Cut | Stall, body: dict[str, Any], number: int) -> dict[str, Any]:
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


def _pieces(words: str) -> list[str]:
    return [words[at : at + _PIECE] for at in range(0, len(words), _PIECE)]


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _sse(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: ".encode() + _json(event) + b"\n\n"


def _chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"
