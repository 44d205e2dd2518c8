"""A Messages API on the loopback, so that tests run the real `anthropic` SDK against the true wire.

A mocked transport never opens a socket. What goes wrong in the field does: a body dropped in the middle, a connection
that goes silent, a cancelled stream that must really be closed, keep-alive after an error, `retry-after`, retries the
SDK makes without saying so. Here the SDK does all of its own work (HTTP, chunks, SSE, accumulation, typed errors), and a
test decides each reply from the request's content and reads afterwards what was truly sent.

    with MessagesServer(script(Error(529, "overloaded_error"), Message([text("hello")]))) as server:
        client = AsyncAnthropic(api_key="x", base_url=server.url)
"""

import json
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from types import TracebackType
from typing import Any, Self, TypeAlias

from tests.fakes.messages import (
    Cut,
    Decide,
    Error,
    Message,
    Reply,
    Stall,
    as_json,
    parts_of,
    whole_message,
)

_JOIN_S = 5.0
_MESSAGES = re.compile(r"/v1/messages|/projects/.*:(?:streamRawPredict|rawPredict)")
"""Where messages are asked for: the API's own path, and Vertex'."""

Elsewhere: TypeAlias = Callable[[str, str, bytes], bytes | None]
"""What other paths answer, given method, path and body: the bytes of a 200, or None for a 404."""


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
        if not _MESSAGES.fullmatch(self.path.partition("?")[0]):
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
        is_stream = body.get("stream") is True
        parts, middle = parts_of(whole_message(reply, body, number), stream=is_stream)
        if is_stream:
            kind = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
            self._start(200, kind, request_id)
            self.send_header("transfer-encoding", "chunked")
        else:
            self._start(200, {"content-type": "application/json"}, request_id)
            self.send_header("content-length", str(sum(map(len, parts))))
        self.end_headers()
        pace = reply.pace_s if isinstance(reply, Message) else 0.0
        for part in parts[:middle]:
            self._silence(pace)
            self.wfile.write(part)
        if isinstance(reply, Cut):
            self.wfile.write(parts[middle][: len(parts[middle]) // 2])
            self.close_connection = True
            return
        if isinstance(reply, Stall):
            self._silence(reply.seconds)
        for part in parts[middle:]:
            self._silence(pace)
            self.wfile.write(part)

    def _start(self, status: int, headers: Mapping[str, str], request_id: str) -> None:
        self.send_response(status)
        self.send_header("request-id", request_id)
        for name, value in headers.items():
            self.send_header(name, value)

    def _send_error(self, error: Error, request_id: str) -> None:
        details = {"type": error.type, "message": error.message}
        whole = as_json({"type": "error", "error": details, "request_id": request_id})
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
