"""What every request passes before anything else: host, origin, size, token, rate and number at once; and its line in the log.

An ASGI layer of ours, so that MCP and the terminal's own paths are guarded alike. A request that is refused here has touched
neither the index nor the ledger. The log has who, what path and how it ended, never a body, an argument or a token.
"""

import asyncio
import json
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from starlette.requests import ClientDisconnect

from agent.gateway.people import Caller
from agent.gateway.tokens import TokenStore

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CALLER = "shoal.caller"
"""Where a request's scope keeps who makes it."""
HEALTH, MCP = "/health", "/mcp"
MAX_BODY = 256 * 1024
"""Bytes of a request: a question has at most 20,000 letters."""
_BODY_WITHIN_S = 20.0
_TAKEN_WITHIN_S = 30.0
"""How long a client may leave a part of an answer untaken."""
_WAITS_S = 30.0
_AT_ONCE, _OF_ONE = 64, 8
"""Requests of analysts at once, and of one of them."""
_OF_STAFF = 8
"""Places of their own for admins, operators and overseers, whatever analysts do."""
_PER_MINUTE, _BURST = 240, 60
_MOST_BUCKETS = 10_000
_LOG_BYTES, _LOG_FILES = 10 * 1024 * 1024, 5


class _Refused(Exception):
    """A request that is not let through."""

    def __init__(self, status: int, message: str, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, list(headers)


class _Gone(OSError):
    """A client that does not take its answer."""


@dataclass(slots=True)
class _Buckets:
    """How many requests each token may still make at once; what it has used comes back with time."""

    left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, name: str) -> bool:
        now = time.monotonic()
        tokens, at = self.left.pop(name, (float(_BURST), now))
        tokens = min(float(_BURST), tokens + (now - at) * _PER_MINUTE / 60)
        self.left[name] = (tokens - 1 if tokens >= 1 else tokens, now)
        while len(self.left) > _MOST_BUCKETS:
            self.left.popitem(last=False)
        return tokens >= 1


class Guard:
    """Wraps an ASGI app. `hosts`: names (with their port, if not the scheme's own) that it answers to; `origins`: pages
    that may ask."""

    def __init__(self, app: App, tokens: TokenStore, hosts: Sequence[str], origins: Sequence[str], log: Path) -> None:
        self._app, self._tokens = app, tokens
        self._hosts, self._origins = frozenset(map(str.lower, hosts)), frozenset(origins)
        self._buckets = _Buckets()
        self._turns, self._turns_of_staff = asyncio.Semaphore(_AT_ONCE), asyncio.Semaphore(_OF_STAFF)
        self._turns_of: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._log = _logger(log)

    def close(self) -> None:
        """Close the log."""
        for handler in self._log.handlers:
            handler.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # there is no socket to upgrade to
        began, heard = time.monotonic(), {"status": 0, "in": 0, "out": 0}
        caller: Caller | None = None

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                heard["status"] = message["status"]
            elif message["type"] == "http.response.body":
                heard["out"] += len(message.get("body", b""))
            try:
                async with asyncio.timeout(_TAKEN_WITHIN_S):
                    await send(message)
            except TimeoutError:
                raise _Gone from None

        try:
            headers = _headers(scope)
            self._check_place(headers)
            if scope["path"] == HEALTH:
                await _reply(counted, 200, {"status": "ok"})
                return
            caller = await self._caller(headers)
            if scope["path"] == MCP and scope["method"] != "POST":
                raise _Refused(405, "Nothing is pushed here, and no session is kept.", [(b"allow", b"POST")])
            if not self._buckets.take(caller.token):
                raise _Refused(429, "Too many requests in a short time.", [(b"retry-after", b"5")])
            scope[CALLER] = caller
            bounded = await self._bounded(headers, receive, heard)
            await self._in_turn(caller, partial(self._app, scope, bounded, counted))
        except (_Gone, ClientDisconnect):
            pass  # nobody is there to be told; the server closes what was begun
        except _Refused as refused:
            if not heard["status"]:
                await _reply(counted, refused.status, {"error": refused.message}, refused.headers)
        finally:
            self._note(scope, caller, heard, began)

    def _check_place(self, headers: dict[bytes, bytes]) -> None:
        """Another host's name or another page's address: a browser was led here."""
        if headers.get(b"host", b"").decode("latin-1").lower() not in self._hosts:
            raise _Refused(421, "This server does not answer to that host name.")
        origin = headers.get(b"origin")
        if origin is not None and origin.decode("latin-1") not in self._origins:
            raise _Refused(403, "Pages of that origin may not ask here.")

    async def _caller(self, headers: dict[bytes, bytes]) -> Caller:
        scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        found = (
            await asyncio.to_thread(self._tokens.caller, token.strip()[:200]) if scheme.lower() == "bearer" else None
        )
        if found is None:
            raise _Refused(401, "A valid token is needed.", [(b"www-authenticate", b'Bearer realm="shoal"')])
        return found

    async def _bounded(self, headers: dict[bytes, bytes], receive: Receive, heard: dict[str, int]) -> Receive:
        """The whole body, read within a time and a size before anything works on it: a slow client holds nothing up."""
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > MAX_BODY:
            raise _Refused(413, f"A request has at most {MAX_BODY:,} bytes.")
        body = bytearray()
        more = True
        try:
            async with asyncio.timeout(_BODY_WITHIN_S):
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _Refused(400, "The request ended early.")
                    body += message.get("body", b"")
                    more = message.get("more_body", False)
                    if len(body) > MAX_BODY:
                        raise _Refused(413, f"A request has at most {MAX_BODY:,} bytes.")
        except TimeoutError:
            raise _Refused(408, "The request did not come within its time.") from None
        heard["in"] = len(body)
        whole: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def again() -> Message:
            return whole.pop() if whole else await receive()

        return again

    async def _in_turn(self, caller: Caller, answer: Callable[[], Awaitable[None]]) -> None:
        own = self._turns_of.setdefault(caller.identity, asyncio.Semaphore(_OF_ONE))
        everybody = self._turns if caller.role == "analyst" else self._turns_of_staff
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(_WAITS_S):
                    await held.enter_async_context(own)
                    await held.enter_async_context(everybody)
            except TimeoutError:
                raise _Refused(503, "Too many requests at once.", [(b"retry-after", b"10")]) from None
            await answer()

    def _note(self, scope: Scope, caller: Caller | None, heard: dict[str, int], began: float) -> None:
        who = {"token": caller.token, "identity": caller.identity, "role": caller.role} if caller is not None else {}
        line = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            **who,
            "method": scope["method"],
            "path": scope["path"][:120],
            **heard,
            "ms": round((time.monotonic() - began) * 1000, 1),
        }
        self._log.info(json.dumps(line, ensure_ascii=True))


def _headers(scope: Scope) -> dict[bytes, bytes]:
    """Headers by name. One that comes twice is refused: two readers could take different ones."""
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in found and name in (b"host", b"origin", b"authorization", b"content-length"):
            raise _Refused(400, "A header came twice.")
        found[name] = value
    return found


async def _reply(send: Send, status: int, value: object, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
    body = json.dumps(value).encode()
    fixed = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*fixed, *headers]})
    await send({"type": "http.response.body", "body": body})


def _logger(path: Path) -> logging.Logger:
    """A log of its own, private, in a few files of bounded size."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = logging.Logger(f"shoal.audit.{path}", logging.INFO)
    handler = RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8", delay=False)
    path.chmod(0o600)
    handler.setFormatter(logging.Formatter("%(message)s"))
    made.addHandler(handler)
    return made
