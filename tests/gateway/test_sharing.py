"""Many at one gate: who is slow, greedy or hostile takes nothing from others, and no name means two things."""

import asyncio
import json
from collections.abc import MutableMapping
from contextlib import aclosing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from agent.core.events import RunEnded, RunStarted, dump
from agent.engine.remote_session import GateAddress, RemoteSession
from agent.gateway import desk as desks
from agent.gateway import guard as guarding
from agent.gateway.guard import Guard
from agent.gateway.people import Role
from agent.gateway.tokens import BudgetOfIdentity
from agent.storage.session_store import SessionStore
from index.core.errors import IndexFault, SettingsError, ShoalError
from tests.fakes.gate import HOST, Served

ASKED = "Which languages are used most?"


async def answered(gate: Served, identity: str, question: str = ASKED, session: str | None = None) -> str:
    """Ask to the end; the session's id."""
    caller, known = gate.caller(identity), list[str]()
    events = gate.house.desk(caller).ask(caller, question, session, known.append, may_begin=True)
    assert isinstance([event async for event in events][-1], RunEnded)
    return known[0]


async def test_who_does_not_read_the_answer_holds_nobody_up(gate: Served) -> None:
    eve = gate.caller("eve")
    left = [gate.house.desk(eve).ask(eve, ASKED) for _ in range(6)]
    for events in left:
        await anext(events)
    async with asyncio.timeout(30):
        await answered(gate, "bo")
    for events in left:
        await events.aclose()


async def test_questions_under_way_have_a_limit_and_calls_of_tools_do_not_wait_for_them(
    gate: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "_WAIT_AT_MOST", 3)
    eve, bo = gate.caller("eve"), gate.caller("bo")
    for _ in range(4):
        await gate.house.service.running.acquire()
    for _ in range(3):
        await gate.house.desk(eve).start(eve, ASKED)
    with pytest.raises(BudgetOfIdentity, match="3 questions under way"):
        await gate.house.desk(eve).start(eve, ASKED)
    await answered_call(gate, "bo")
    for _ in range(4):
        gate.house.service.running.release()
    await answered(gate, "bo")
    assert bo


async def answered_call(gate: Served, identity: str, facet: str = "language") -> str:
    caller = gate.caller(identity)
    found = await gate.house.desk(caller).call(caller, "count_by", {"by": facet})
    return f"{found.session}/{found.finding['id']}"


async def test_a_list_of_themes_is_released_once_in_a_while(gate: Served) -> None:
    async with gate.client(gate.token()) as client:
        first = await client.get("/v1/themes")
        ledger = gate.house.service.context().gate.ledger
        entries = len(ledger.entries())
        assert (await client.get("/v1/themes")).json() == first.json()
        assert len(ledger.entries()) == entries


async def test_a_limit_holds_for_the_next_question_of_an_open_session(gate: Served) -> None:
    session = await answered(gate, "ana")
    limited = gate.caller("ana", epsilon=0.25)
    desk = gate.house.desk(limited)
    before = desk._open[session].session
    events = desk.ask(limited, "And by surface?", session)
    assert isinstance([event async for event in events][-1], RunEnded)
    assert desk._open[session].session is not before
    assert desk._open[session].made_for[1].epsilon == 0.25


async def test_a_name_of_a_finding_means_one_finding(gate: Served) -> None:
    ana = gate.caller("ana")
    first = await answered_call(gate, "ana")
    tools = first.split("/")[0]
    for wrong in (tools, "t-00000000", "s-1", "../x"):
        with pytest.raises(SettingsError):
            await anext(gate.house.desk(ana).ask(ana, ASKED, wrong, may_begin=True))
        with pytest.raises(SettingsError):
            await anext(gate.house.desk(ana).go_on(ana, wrong, approved=None))
    again = desks.Desk(gate.house.service, "ana")  # another process of the same analyst
    found = await again.call(ana, "count_by", {"by": "surface"})
    assert found.session != tools
    await again.close()


async def test_calls_at_once_have_handles_of_their_own(gate: Served) -> None:
    caller, limited = gate.caller("ana"), gate.caller("ana", questions_per_day=500)
    desk = gate.house.desk(caller)
    facets = ("language", "surface", "flagged", "outcome", "concern", "field")
    calls = [desk.call((caller, limited)[n % 2], "count_by", {"by": facet}) for n, facet in enumerate(facets)]
    found = await asyncio.gather(*calls)
    refs = {f"{item.session}/{item.finding['id']}": item.finding["title"] for item in found}
    assert len(refs) == len(facets)
    for ref, title in refs.items():
        assert desk.finding(caller, ref).finding["title"] == title


@pytest.mark.parametrize("session", ["", "s-", "LAST", "%"])
async def test_what_is_no_id_names_no_session(gate: Served, session: str) -> None:
    gate.token("carl")
    ana = gate.caller("ana")
    await answered(gate, "ana")
    desk = gate.house.desk(ana)
    with pytest.raises(SettingsError):
        desk.investigation(ana, session)
    with pytest.raises(SettingsError):
        desk.finding(ana, f"{session}/F1")
    with pytest.raises(SettingsError):
        await desk.export(ana, session, "json")
    with pytest.raises(SettingsError):
        await desk.hand_over(ana, session, "carl")


async def test_an_id_of_a_session_is_one_identitys(gate: Served) -> None:
    session = await answered(gate, "bo")
    eve = gate.caller("eve")
    with pytest.raises(SettingsError, match="is taken"):
        await anext(gate.house.desk(eve).ask(eve, ASKED, session, may_begin=True))


async def test_what_is_found_after_a_hand_over_is_not_handed_over(gate: Served) -> None:
    gate.token("carl")
    bo, carl = gate.caller("bo"), gate.caller("carl")
    desk = gate.house.desk(bo)
    session = await answered(gate, "bo")
    async with aclosing(desk.ask(bo, "How many are flagged?", session)) as events:
        await anext(events)  # it is under way
        await desk.hand_over(bo, session, "carl")
        async for _ in events:
            pass
    found = gate.house.desk(carl).finding(carl, f"{session}/F1")
    assert found.finding["id"] == "F1"
    later = desk.findings(bo)[0]
    with pytest.raises(SettingsError, match="no finding"):
        gate.house.desk(carl).finding(carl, f"{session}/{later.finding['id']}")


async def test_a_name_that_an_analyst_gives_is_in_the_ledger_once(gate: Served) -> None:
    async with gate.client(gate.token()) as client:
        cluster = (await client.get("/v1/themes")).json()["rows"][0]["id"]
        for _ in range(2):
            answer = await client.post(f"/v1/themes/{cluster}", json={"name": "Cooking"})
            assert answer.json() == {"name": "Cooking"}
    ledger = gate.house.service.context().gate.ledger
    assert [item.analyst for item in ledger.entries() if item.tool == "rename theme"] == ["ana"]


@pytest.mark.parametrize("role", ["admin", "oversight", "operator"])
async def test_one_identity_takes_its_own_places_and_none_of_staff(
    gate: Served, monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    monkeypatch.setattr(guarding, "_WAITS_S", 0.2)
    release, arrived = asyncio.Event(), asyncio.Semaphore(0)

    async def slow(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["path"] == "/slow":
            arrived.release()
            await release.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    gate.guard._app = slow
    async with gate.client(gate.token("eve")) as eve, gate.client(gate.token("bo")) as bo:
        waiting = [asyncio.create_task(eve.get("/slow")) for _ in range(8)]
        for _ in waiting:
            await arrived.acquire()
        assert (await eve.get("/quick")).status_code == 503
        assert (await bo.get("/quick")).status_code == 200
        async with gate.client(gate.token("who", role)) as staff:
            gate.guard._turns = asyncio.Semaphore(0)
            assert (await bo.get("/quick")).status_code == 503
            assert (await staff.get("/quick")).status_code == 200
        release.set()
        assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {200}


async def test_an_answer_that_nobody_takes_is_given_up(gate: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "_TAKEN_WITHIN_S", 0.1)
    never = asyncio.Event()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            await never.wait()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    headers = [(b"host", HOST.encode()), (b"authorization", f"Bearer {gate.token()}".encode())]
    scope = {"type": "http", "method": "GET", "path": "/v1/card", "headers": headers, "query_string": b""}
    guard: Guard = gate.guard
    async with asyncio.timeout(5):
        await guard({**scope, "http_version": "1.1", "scheme": "http", "root_path": ""}, receive, send)
    assert guard._turns._value == 64


# A gate that is not ours


_CARD = (
    b'{"path": "x", "snapshot": 1, "landmarks": {}, "own_facets": [], "policy": "p", "min_conversations": 1,'
    b' "min_accounts": 1, "published": "", "roles": "built-in"}'
)


def hostile(body: bytes, status: int = 200, card: bytes = _CARD) -> ThreadingHTTPServer:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(card, 200)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self._say(body, status)

        def _say(self, said: bytes, code: int) -> None:
            self.send_response(code)
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(said)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    Thread(target=server.serve_forever, daemon=True).start()
    return server


def started(run: str) -> bytes:
    event = RunStarted(run=run, question="q", roles="built-in", index="x", snapshot=1, policy="p")
    return json.dumps(dump(event)).encode() + b"\n"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (started("../../victim"), 200),
        (started("{folder}/victim"), 200),
        (started("r-1"), 200),
        (started("r-0badcafe") + b"[" * 100_000 + b"\n", 200),
        (b"[" * 100_000, 400),
        (b"[1]", 400),
        (b'{"error": "x", "exit_code": "zz"}', 400),
        (b'{"type": "answer_delta", "text": "x"}\n', 200),
        (started("r-0badcafe") + b"x" * 9_000_000, 200),
    ],
)
async def test_a_hostile_gate_reaches_no_file_and_is_an_error_of_ours(tmp_path: Path, body: bytes, status: int) -> None:
    victim = tmp_path / "victim.lock"
    victim.write_text("kept")
    server = hostile(body.replace(b"{folder}", str(tmp_path).encode()), status)
    try:
        address = GateAddress.of(f"http://127.0.0.1:{server.server_address[1]}", "token")
        session = await asyncio.to_thread(RemoteSession, address, SessionStore(tmp_path / "kept"), tmp_path / "gate")
        try:
            async with aclosing(session.ask("q")) as events:
                said: list[str] = [event.state async for event in events if isinstance(event, RunEnded)]
        except ShoalError as error:
            said = [error.hint]
        assert said == ["interrupted"] or len(said[0]) > 20
        await session.close()
    finally:
        server.shutdown()
        server.server_close()
    assert victim.read_text() == "kept"


async def test_an_answer_without_end_is_given_up(tmp_path: Path) -> None:
    server = hostile(b"", card=b"x" * 9_000_000)
    try:
        address = GateAddress.of(f"http://127.0.0.1:{server.server_address[1]}", "token")
        with pytest.raises(IndexFault, match="does not speak as a gate"):
            await asyncio.to_thread(address.get, "/v1/card")
    finally:
        server.shutdown()
        server.server_close()


async def test_a_gate_cannot_take_over_a_run_of_another_session(tmp_path: Path) -> None:
    store = SessionStore(tmp_path / "kept")
    store.start("r-0badcafe", "s-00000001", tmp_path, "mine")
    store.mark("r-0badcafe", "done")
    server = hostile(started("r-0badcafe"))
    try:
        address = GateAddress.of(f"http://127.0.0.1:{server.server_address[1]}", "token")
        session = await asyncio.to_thread(RemoteSession, address, store, tmp_path / "gate")
        with pytest.raises(IndexFault):
            [event async for event in session.ask("q")]
        assert [run.question for run in store.runs("s-00000001")] == ["mine"]
        await session.close()
    finally:
        server.shutdown()
        server.server_close()
