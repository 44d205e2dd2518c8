"""A gate service over a copy of the small index: everything is the product's own but the encoder."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import uvicorn

from agent.gateway.guard import Guard
from agent.gateway.house import House
from agent.gateway.http import application
from agent.gateway.people import Caller, Limits, Role
from agent.gateway.service import GateService
from agent.gateway.tokens import TokenStore
from agent.wiring import App
from index.core.home import Home
from index.handle import Index
from tests.fakes.corpus import FakeEncoder, small
from tests.fakes.homes import copied
from tests.fakes.policy import SHARP
from tools.context import ToolContext
from tools.core.policy import PrivacyPolicy
from tools.release.gate import Gate

HOST = "gate.test"


class SmallService(GateService):
    """Opens the index with the fake encoder."""

    policy: PrivacyPolicy = SHARP

    def context(self) -> ToolContext:
        with self._lock:
            if self._opened is None:
                index = Index(self.app.path, FakeEncoder())
                self._opened = ToolContext(Gate(index, self.policy, self.app.ledger()))
            return self._opened


@dataclass
class Served:
    """A house with its tokens, and the app over HTTP."""

    house: House
    guard: Guard
    log: Path

    def caller(self, identity: str = "ana", role: Role = "analyst", **limits: Any) -> Caller:
        return Caller(identity, role, "t", Limits(**limits))

    def token(self, identity: str = "ana", role: Role = "analyst", **limits: Any) -> str:
        return self.house.service.tokens.make(identity, role, Limits(**limits))

    def client(self, token: str | None = None, **headers: str) -> httpx.AsyncClient:
        given = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.guard),
            base_url=f"http://{HOST}",
            headers={**given, **headers},
        )


def app_in(folder: Path) -> App:
    """An app over a copy of the small index in `folder`."""
    copied(small().home.root, folder)
    app = App.start("small")
    return replace(app, home=Home(folder), path=folder / "indexes" / "small")


@asynccontextmanager
async def served(folder: Path, policy: PrivacyPolicy = SHARP) -> AsyncIterator[Served]:
    app = app_in(folder)
    service = SmallService(app, TokenStore(folder / "gate" / "tokens.sqlite3"), built_in=True)
    service.policy = policy
    house = House(service)
    log = folder / "gate" / "requests.jsonl"
    guard = application(house, [HOST], [f"https://{HOST}"], log)
    try:
        yield Served(house, guard, log)
    finally:
        guard.close()
        await house.close()


@contextmanager
def listening(guard: Guard) -> Iterator[str]:
    """The app on a real port in a thread; its address. The guard must answer to 127.0.0.1 with any port."""
    config = uvicorn.Config(guard, host="127.0.0.1", port=0, log_level="critical", lifespan="on")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    while not (server.started and server.servers):
        thread.join(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    guard._hosts = guard._hosts | {f"127.0.0.1:{port}"}
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


def names(rows: Sequence[Any]) -> list[str]:
    return [row.name for row in rows]
