"""Runs the gate: over standard input and output for one client, or over HTTP for many."""

import asyncio
import resource
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from agent.gateway.house import House
from agent.gateway.people import Caller
from agent.gateway.service import GateService
from agent.gateway.tokens import TokenStore
from agent.wiring import App
from index.core.errors import SettingsError
from index.handle import read_settings

_HEADERS_BYTES = 65_536
_CONNECTIONS = 65_536


def tokens_of(app: App) -> TokenStore:
    """The tokens of the index, kept outside its folder."""
    return TokenStore(app.home.folder("gate") / f"{read_settings(app.path).id}.sqlite3")


@asynccontextmanager
async def opened(app: App, *, built_in: bool) -> AsyncIterator[House]:
    """The house over an index, closed at the end."""
    house = House(GateService(app, tokens_of(app), built_in=built_in))
    try:
        yield house
    finally:
        await house.close()


async def over_stdio(app: App, *, built_in: bool) -> None:
    """Serve one MCP client, in the name of whoever started this process."""
    from mcp.server.stdio import stdio_server

    from agent.gateway.mcp_server import server

    me = Caller(app.analyst_name(), "analyst")
    async with opened(app, built_in=built_in) as house:
        made = server(house, lambda _: me)
        async with stdio_server() as (reading, writing):
            await made.run(reading, writing, made.create_initialization_options())


async def over_http(
    app: App, host: str, port: int, public: Sequence[str], say: Callable[[str], None], *, built_in: bool
) -> None:
    """Serve everybody who has a token, until the process ends. `public`: addresses that clients use."""
    import uvicorn

    from agent.gateway.http import application

    hosts, origins = _places(host, port, public)
    log = app.home.folder("gate") / "requests.jsonl"
    async with opened(app, built_in=built_in) as house:
        await asyncio.to_thread(house.service.context)
        if not await asyncio.to_thread(house.service.tokens.tokens):
            say("There is no token yet. Make one: shoal token make ana@example.org --role analyst")
        say(f"The gate of {app.path.name} listens on http://{host}:{port}. Requests are noted in {log}.")
        guard = application(house, hosts, origins, log)
        config = uvicorn.Config(
            guard,
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=10,
            http="h11",  # the one that bounds headers
            h11_max_incomplete_event_size=_HEADERS_BYTES,
            ws="none",
        )
        _allow_connections()
        try:
            await uvicorn.Server(config).serve()
        finally:
            guard.close()


def _allow_connections() -> None:
    """As many open connections as the system lets this process have: the usual limit is reached by a thousand silent ones."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _CONNECTIONS if hard == resource.RLIM_INFINITY else min(hard, _CONNECTIONS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))


def _places(host: str, port: int, public: Sequence[str]) -> tuple[list[str], list[str]]:
    """The names of hosts that it answers to, and the pages that may ask."""
    local = [f"{name}:{port}" for name in dict.fromkeys(("127.0.0.1", "localhost", host))]
    hosts, origins = [*local, f"[::1]:{port}"], [f"http://{name}" for name in local]
    for address in public:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/"):
            raise SettingsError(f"{address} is not an address.", "Write it as https://gate.example.org")
        hosts.append(parts.netloc.lower())
        origins.append(f"{parts.scheme}://{parts.netloc}")
    return hosts, origins
