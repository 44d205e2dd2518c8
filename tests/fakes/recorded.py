"""Traffic of a real model: recorded beside a server that is asked, and played again byte by byte.

with Recorder("http://127.0.0.1:8080", file) as server: ...   # asks the real server, and keeps what went by
with Player(file) as server: ...                              # answers as it did, in the same order
"""

import json
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

_TIMEOUT_S = 300


class _Server:
    """An HTTP server on the loopback whose replies are whole bodies."""

    def __init__(self) -> None:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("content-length") or 0))
                body = owner.reply(self.path, raw)
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def reply(self, path: str, raw: bytes) -> bytes:
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Recorder(_Server):
    """Hands requests on to a real server and writes each exchange as a JSON line."""

    def __init__(self, real: str, file: Path) -> None:
        super().__init__()
        self._real, self._file = real, file
        file.write_text("")

    def reply(self, path: str, raw: bytes) -> bytes:
        asked = urllib.request.Request(f"{self._real}{path}", raw, {"content-type": "application/json"})
        with urllib.request.urlopen(asked, timeout=_TIMEOUT_S) as response:
            body: bytes = response.read()
        with self._file.open("a") as file:
            file.write(json.dumps({"request": json.loads(raw), "response": body.decode()}, ensure_ascii=False) + "\n")
        return body


class Player(_Server):
    """Answers as the recorded server did, and keeps the requests."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._left = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        self.requests: list[dict[str, Any]] = []

    @property
    def left(self) -> int:
        """Exchanges that nobody asked for again."""
        return len(self._left)

    def reply(self, path: str, raw: bytes) -> bytes:
        self.requests.append(json.loads(raw))
        return str(self._left.pop(0)["response"]).encode()
