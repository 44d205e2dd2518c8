"""The gate over HTTP: MCP under /mcp, and under /v1 what a connected terminal, overseers, operators and admins use.

A question's events come as lines of JSON while they happen (application/x-ndjson), the same events that a screen reads. Errors are
sentences of ours with their next step.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from mcp.server.transport_security import TransportSecuritySettings
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from agent.core.errors import fault_of
from agent.core.events import Event, dump
from agent.gateway.guard import CALLER, Guard
from agent.gateway.house import House
from agent.gateway.mcp_server import server
from agent.gateway.people import Caller, Limits, NotAllowed, Role
from agent.gateway.tokens import BudgetOfIdentity
from index.core.errors import IndexFault, SettingsError, ShoalError
from index.core.untrusted import safe_json
from tools.core.errors import ToolRefusal

_STATUS: tuple[tuple[type[ShoalError], int], ...] = (
    (NotAllowed, 403),
    (BudgetOfIdentity, 429),
    (SettingsError, 400),
    (IndexFault, 409),
)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Question(_Body):
    question: str = Field(max_length=20_000)


class _Decision(_Body):
    approved: bool
    leave_out: tuple[str, ...] = ()


class _Name(_Body):
    name: str = Field(max_length=200)


class _Erasure(_Body):
    account: str | None = Field(None, max_length=500)
    before: date | None = None


class _NewToken(_Body):
    identity: str = Field(max_length=120)
    role: Role
    limits: Limits = Field(default_factory=Limits)
    days: int | None = Field(None, ge=1, le=3_650)


def application(house: House, hosts: Sequence[str], origins: Sequence[str], log: Path) -> Guard:
    """The guarded app. `hosts` and `origins` are those it answers to; `log` is the file of its audit log."""
    mcp = server(house, lambda ctx: _caller_of(ctx.request))
    made = mcp.streamable_http_app(
        stateless_http=True,  # no session that another caller could take up
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),  # the guard's work
        custom_starlette_routes=_routes(house),
    )
    return Guard(made, house.service.tokens, hosts, origins, log)


def _caller_of(request: Any) -> Caller:
    caller: Caller = request.scope[CALLER]
    return caller


def _routes(house: House) -> list[Route]:
    async def card(request: Request) -> Response:
        caller = _caller_of(request)
        desk = house.desk(caller)
        toolbox = await desk.toolbox(caller)
        known = asdict(toolbox.card)
        return _Json(
            {
                **known,
                "path": toolbox.card.path.name,
                "landmarks": {name: day.isoformat() for name, day in toolbox.card.landmarks.items()},
                "roles": house.service.roles.name,
                "identity": caller.identity,
            }
        )

    async def facts(request: Request) -> Response:
        caller = _caller_of(request)
        found = asdict(await house.desk(caller).facts(caller))
        days = {name: found[name].isoformat() if found[name] else None for name in ("first_day", "last_day")}
        return _Json({**found, **days})

    async def themes(request: Request) -> Response:
        caller = _caller_of(request)
        return _Json(await house.desk(caller).themes(caller))

    async def rename(request: Request) -> Response:
        caller, body = _caller_of(request), await _body(request, _Name)
        kept = await house.desk(caller).rename_theme(caller, request.path_params["cluster"], body.name)
        return _Json({"name": kept})

    async def ledger(request: Request) -> Response:
        return _Json(await asyncio.to_thread(house.own_entries, _caller_of(request)))

    async def ask(request: Request) -> Response:
        caller, body = _caller_of(request), await _body(request, _Question)
        session = request.path_params["session"]
        return await _stream(house.desk(caller).ask(caller, body.question, session, may_begin=True))

    async def decide(request: Request) -> Response:
        caller, body = _caller_of(request), await _body(request, _Decision)
        session = request.path_params["session"]
        return await _stream(house.desk(caller).go_on(caller, session, body.approved, body.leave_out))

    async def resume(request: Request) -> Response:
        caller = _caller_of(request)
        return await _stream(house.desk(caller).go_on(caller, request.path_params["session"], None))

    async def oversee(request: Request) -> Response:
        page = request.query_params.get("page", "1")
        number = int(page) if page.isdigit() and 0 < len(page) < 9 else 1
        found = await asyncio.to_thread(house.ledger_page, _caller_of(request), max(1, number))
        return _Json(found.model_dump(mode="json"))

    async def policy(request: Request) -> Response:
        return _Json(await asyncio.to_thread(house.policy, _caller_of(request)))

    async def publish(request: Request) -> Response:
        return _Json({"message": await house.publish(_caller_of(request))})

    async def forget(request: Request) -> Response:
        body = await _body(request, _Erasure)
        return _Json({"message": await house.forget(_caller_of(request), body.account, body.before)})

    async def tokens(request: Request) -> Response:
        caller = _caller_of(request)
        if request.method == "POST":
            body = await _body(request, _NewToken)
            made = await asyncio.to_thread(house.make_token, caller, body.identity, body.role, body.limits, body.days)
            return _Json({"token": made}, status_code=201)
        listed = await asyncio.to_thread(house.tokens, caller)
        return _Json([{**asdict(item), "limits": item.limits.model_dump()} for item in listed])

    async def token(request: Request) -> Response:
        caller, name = _caller_of(request), request.path_params["name"]
        if request.method == "DELETE":
            await asyncio.to_thread(house.revoke_token, caller, name)
        else:
            await asyncio.to_thread(house.limit_token, caller, name, await _body(request, Limits))
        return _Json({"token": name})

    paths: list[tuple[str, Callable[[Request], Awaitable[Response]], list[str]]] = [
        ("/v1/card", card, ["GET"]),
        ("/v1/facts", facts, ["GET"]),
        ("/v1/themes", themes, ["GET"]),
        ("/v1/themes/{cluster}", rename, ["POST"]),
        ("/v1/ledger", ledger, ["GET"]),
        ("/v1/sessions/{session}/ask", ask, ["POST"]),
        ("/v1/sessions/{session}/decide", decide, ["POST"]),
        ("/v1/sessions/{session}/resume", resume, ["POST"]),
        ("/v1/oversight/ledger", oversee, ["GET"]),
        ("/v1/oversight/policy", policy, ["GET"]),
        ("/v1/operate/publish", publish, ["POST"]),
        ("/v1/operate/forget", forget, ["POST"]),
        ("/v1/tokens", tokens, ["GET", "POST"]),
        ("/v1/tokens/{name}", token, ["PATCH", "DELETE"]),
    ]
    return [Route(path, _safely(endpoint), methods=methods) for path, endpoint, methods in paths]


class _Json(JSONResponse):
    """JSON that steers no terminal."""

    def render(self, content: Any) -> bytes:
        return safe_json(content).encode()


def _safely(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint, whose errors are a status and a sentence."""

    async def run(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ToolRefusal as refusal:
            return _Json({"error": str(refusal), "hint": ""}, status_code=400)
        except Exception as error:
            known = fault_of(error)
            status = next((status for kind, status in _STATUS if isinstance(known, kind)), 500)
            return _Json({"error": known.message, "hint": known.hint, "exit_code": known.exit_code}, status_code=status)

    return run


_Shape = TypeVar("_Shape", bound=BaseModel)


async def _body(request: Request, shape: type[_Shape]) -> _Shape:
    try:
        return shape.model_validate(await request.json())
    except ValidationError as error:
        fields = sorted({".".join(str(part) for part in item["loc"]) or "body" for item in error.errors()})
        raise SettingsError(
            f"The request does not fit: {', '.join(fields)}.", "See docs/guide/deployment.md."
        ) from None
    except (ValueError, RecursionError):
        raise SettingsError("The request is not JSON.", "See docs/guide/deployment.md.") from None


async def _stream(events: AsyncGenerator[Event, None]) -> Response:
    """Events as lines. The first one is waited for, so that a refusal is a status and no broken stream."""
    first = await anext(events, None)

    async def lines() -> AsyncGenerator[bytes, None]:
        async with aclosing(events):
            if first is not None:
                yield _line(first)
            async for event in events:
                yield _line(event)

    return StreamingResponse(lines(), media_type="application/x-ndjson", headers={"cache-control": "no-store"})


def _line(event: Event) -> bytes:
    value: Any = dump(event)
    return (safe_json(value) + "\n").encode()
