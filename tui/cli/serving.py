"""The terminal UI in a browser on this machine: `shoal serve`.

It listens on the loopback only. Nothing is answered without the token in the address it prints, under another name of the
host, or to another page. A browser sends a cookie to every port of a host, so everything is under a path that nobody can
guess, and the cookie with it. The page may load from this address alone (R10): textual-serve's own page names a host of
fonts, so Shoal has one of its own. Each browser has a process and a store of sessions for itself; the index and its ledger
are one, as for every analyst (R5).
"""

import asyncio
import copy
import re
import secrets
import shlex
import sys
from collections.abc import Awaitable, Callable
from hmac import compare_digest
from pathlib import Path

from aiohttp import web
from textual_serve.server import Server

HOST = "127.0.0.1"
_VISITOR = re.compile(r"[0-9a-f]{16}")
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class BrowserServer(Server):
    """Serves `shoal chat` with these `arguments` on `port`. `say` is given the address to open."""

    def __init__(self, arguments: list[str], port: int, say: Callable[[str], None]) -> None:
        self.token = secrets.token_urlsafe(32)
        self._root = f"/{secrets.token_urlsafe(16)}"
        self._arguments = [sys.executable, "-m", "tui", "chat", *arguments]
        self._say = say
        super().__init__("", HOST, port, "Shoal", templates_path=Path(__file__).parent / "browser")

    def initialize_logging(self) -> None:
        """None: textual-serve's would print what is in memory when something fails."""

    async def on_startup(self, app: web.Application) -> None:
        del app
        self._announced = asyncio.create_task(self._announce())

    async def _announce(self) -> None:
        """Say the address once somebody answers there: this is called before the port is listened to."""
        while True:
            try:
                _, writer = await asyncio.open_connection(HOST, self.port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                break
        self._say(f"{self.public_url}{self._root}/?token={self.token}")

    async def _make_app(self) -> web.Application:
        app = web.Application(middlewares=[self._guarded])
        app.add_subapp(self._root, await super()._make_app())
        return app

    @web.middleware
    async def _guarded(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Refuse what has no token, another host's name, or another page's address; forbid the page other hosts."""
        given = request.query.get("token") or request.cookies.get(self._cookie("token"), "")
        origin = request.headers.get("Origin", self.public_url)
        is_known = compare_digest(given.encode(), self.token.encode())
        if not is_known or origin != self.public_url or request.host != f"{HOST}:{self.port}":
            raise web.HTTPForbidden(text="Open the address that shoal serve printed.")
        if request.path == f"{self._root}/":
            return await self._page(request, handler)
        return await handler(request)

    async def _page(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        response = await handler(request)
        for name, value in (("token", self.token), ("visitor", self._visitor(request) or secrets.token_hex(8))):
            response.set_cookie(self._cookie(name), value, httponly=True, samesite="Strict", path=f"{self._root}/")
        response.headers["Content-Security-Policy"] = (
            f"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
            f"font-src 'self' data:; connect-src 'self' ws://{HOST}:{self.port}; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'"
        )
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    def _cookie(self, name: str) -> str:
        """Cookies belong to a host and a path, not to a port: two servers must not share one."""
        return f"shoal-{name}-{self.port}"

    def _visitor(self, request: web.Request) -> str:
        """The visitor's name from its cookie, empty where it has none."""
        name = request.cookies.get(self._cookie("visitor"), "")
        return name if _VISITOR.fullmatch(name) else ""

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """The screen of one visitor: a process of its own over its own sessions."""
        visitor = self._visitor(request)
        if not visitor:
            raise web.HTTPForbidden(text="This browser keeps no cookies; Shoal needs one to tell visitors apart.")
        theirs = copy.copy(self)
        theirs.command = f"exec {shlex.join([*self._arguments, '--visitor', visitor])}"
        return await Server.handle_websocket(theirs, request)
