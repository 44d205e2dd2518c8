"""The gate over HTTP, attacked: without a right, from a wrong place, too large, too slow, too many."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp.client.streamable_http import streamable_http_client

from agent.gateway import guard as guarding
from agent.gateway.guard import MAX_BODY
from agent.gateway.people import RIGHTS, ROLES, Role
from tests.fakes.gate import HOST, Served, listening

ASK = {"question": "Which languages are used most?"}
SESSION = "s-0000000a"
DOORS: dict[str, tuple[str, str, Any]] = {
    "card": ("GET", "/v1/card", None),
    "facts": ("GET", "/v1/facts", None),
    "themes": ("GET", "/v1/themes", None),
    "rename": ("POST", "/v1/themes/C1", {"name": "Cooking"}),
    "ledger": ("GET", "/v1/ledger", None),
    "ask": ("POST", f"/v1/sessions/{SESSION}/ask", ASK),
    "decide": ("POST", f"/v1/sessions/{SESSION}/decide", {"approved": True}),
    "resume": ("POST", f"/v1/sessions/{SESSION}/resume", {}),
    "oversee": ("GET", "/v1/oversight/ledger", None),
    "publish": ("POST", "/v1/operate/publish", None),
    "forget": ("POST", "/v1/operate/forget", {"account": "nobody"}),
    "tokens": ("GET", "/v1/tokens", None),
    "make": ("POST", "/v1/tokens", {"identity": "eve", "role": "admin"}),
    "limit": ("PATCH", "/v1/tokens/00000000", {"questions_per_day": 1}),
    "revoke": ("DELETE", "/v1/tokens/00000000", None),
}
NEEDED = {
    **dict.fromkeys(("card", "facts", "themes", "rename", "ledger", "ask", "decide", "resume"), "ask"),
    "oversee": "oversee", **dict.fromkeys(("publish", "forget"), "operate"), **dict.fromkeys(("tokens", "make", "limit", "revoke"), "administer"),
}  # fmt: skip


def bytes_at(folder: Path) -> bytes:
    kept = [path for path in folder.rglob("*") if path.is_file() and "encoders" not in path.parts]
    return b"".join(path.read_bytes() for path in kept)


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_opens_its_own_doors_and_no_other(gate: Served, role: Role) -> None:
    async with gate.client(gate.token("who", role)) as client:
        for name, (method, path, body) in DOORS.items():
            if RIGHTS[role] == NEEDED[name]:
                continue
            answer = await client.request(method, path, json=body)
            assert answer.status_code == 403, name
            assert f"of the role {role}" in answer.json()["error"]
    tokens = gate.house.service.tokens.tokens()
    assert [(token.identity, token.role) for token in tokens] == [("who", role)]
    assert not gate.house.service.context().gate.ledger.entries()


async def test_without_a_valid_token_nothing_is_answered(gate: Served) -> None:
    valid = gate.token()
    revoked = gate.token("bo")
    gate.house.service.tokens.revoke(revoked.split("_")[1])
    ended = gate.house.service.tokens.make("cy", "analyst", gate.caller().limits, days=0)
    swapped = f"shoal_{revoked.split('_')[1]}_{valid.split('_', 2)[2]}"
    for token in (
        None,
        "",
        "shoal",
        "shoal_x_y",
        valid[:-1],
        valid + "x",
        valid.upper(),
        revoked,
        ended,
        swapped,
        "x" * 5_000,
    ):
        async with gate.client(token) as client:
            for method, path, body in DOORS.values():
                answer = await client.request(method, path, json=body)
                assert answer.status_code == 401
                assert answer.headers["www-authenticate"].startswith("Bearer")
    async with gate.client() as client:
        assert (await client.get("/v1/card", headers={"Authorization": f"Basic {valid}"})).status_code == 401
        assert (await client.get("/v1/card", params={"token": valid})).status_code == 401
        assert (await client.get("/health")).json() == {"status": "ok"}


async def test_a_browser_that_was_led_here_is_refused(gate: Served) -> None:
    token = gate.token()
    async with gate.client(token) as client:
        assert (await client.get("/v1/card", headers={"Host": "evil.example"})).status_code == 421
        assert (await client.get("/health", headers={"Host": "evil.example"})).status_code == 421
        assert (await client.get("/v1/card", headers={"Origin": "https://evil.example"})).status_code == 403
        assert (await client.get("/v1/card", headers={"Origin": "null"})).status_code == 403
        assert (await client.get("/v1/card", headers={"Origin": f"https://{HOST}"})).status_code == 200
        twice = [("Host", HOST), ("Host", "evil.example"), ("Authorization", f"Bearer {token}")]
        assert (await client.send(httpx.Request("GET", f"http://{HOST}/v1/card", headers=twice))).status_code == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400), (b"{", 400), (b"null", 400), (b"[]", 400), (b"\xff\xfe", 400), (b'{"question": 7}', 400), (b'{"q": "x"}', 400),
        (b'{"question": "' + b"x" * 25_000 + b'"}', 400), (b'{"question": "' + b"x" * 1_000_000 + b'"}', 413),
        (b"[" * 100_000, 400), (b'{"question": "' + b"\\ud800" + b'"}', None),
    ],
)  # fmt: skip
async def test_what_is_malformed_or_too_large_is_refused_and_not_repeated(
    gate: Served, body: bytes, status: int | None
) -> None:
    async with gate.client(gate.token()) as client:
        answer = await client.post(f"/v1/sessions/{SESSION}/ask", content=body)
        assert answer.status_code == status or status is None
        assert answer.status_code < 500
        assert len(answer.content) < 50_000
        for path in ("/v1/sessions/x/ask", "/v1/sessions/s-0000000A/ask", "/v1/sessions/..%2F..%2Fetc/ask"):
            assert (await client.post(path, json=ASK)).status_code in (400, 404)


async def test_a_body_of_unstated_size_is_cut_at_the_limit(gate: Served) -> None:
    async def endless() -> Any:
        for _ in range(10_000):
            yield b"x" * 10_000

    async with gate.client(gate.token()) as client:
        answer = await client.post(f"/v1/sessions/{SESSION}/ask", content=endless())
    assert answer.status_code == 413
    line = json.loads(gate.log.read_text("utf-8").splitlines()[-1])
    assert line["status"] == 413
    assert MAX_BODY < 10_000 * 10_000


async def test_a_slow_client_is_let_go(gate: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "_BODY_WITHIN_S", 0.05)

    async def slow() -> Any:
        yield b'{"question": '
        await asyncio.sleep(0.5)
        yield b'"x"}'

    async with gate.client(gate.token()) as client:
        assert (await client.post(f"/v1/sessions/{SESSION}/ask", content=slow())).status_code == 408


async def test_too_many_requests_of_one_token_wait_and_those_of_another_do_not(
    gate: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarding, "_BURST", 5)
    async with gate.client(gate.token()) as client:
        statuses = [(await client.get("/v1/tokens")).status_code for _ in range(8)]
        assert statuses == [403] * 5 + [429] * 3
    async with gate.client(gate.token("bo")) as client:
        assert (await client.get("/v1/tokens")).status_code == 403


async def test_a_thousand_at_once_are_answered_or_put_off(gate: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "_BURST", 2_000)
    async with gate.client(gate.token()) as client:
        answers = await asyncio.gather(*(client.get("/v1/card") for _ in range(1_000)))
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert sum(answer.status_code == 200 for answer in answers) > 900


async def test_the_log_says_who_and_what_path_and_nothing_of_the_content(gate: Served) -> None:
    token = gate.token("ana@example.org")
    async with gate.client(token) as client:
        await client.post(f"/v1/sessions/{SESSION}/ask", json={"question": "Do they ask about marmaladefalcon?"})
    text = gate.log.read_text("utf-8")
    line = json.loads(text.splitlines()[-1])
    assert (line["identity"], line["role"], line["status"]) == ("ana@example.org", "analyst", 200)
    assert "marmaladefalcon" not in text
    assert token.split("_", 2)[2] not in text
    assert gate.log.stat().st_mode & 0o077 == 0
    assert token.split("_", 2)[2].encode() not in bytes_at(gate.house.service.app.home.root)


async def test_another_identity_cannot_go_on_with_a_session(gate: Served) -> None:
    async with gate.client(gate.token("ana")) as client:
        first = (await client.post(f"/v1/sessions/{SESSION}/ask", json=ASK)).text
    async with gate.client(gate.token("bo")) as client:
        for what, body in (("resume", {}), ("decide", {"approved": True})):
            answer = await client.post(f"/v1/sessions/{SESSION}/{what}", json=body)
            assert "English" not in answer.text
        followed = (
            await client.post(f"/v1/sessions/{SESSION}/ask", json={"question": "Tell me more about the biggest one"})
        ).text
    assert "answer_made" in first
    assert "the last question again" not in followed


async def test_an_admin_makes_limits_and_revokes_and_an_operator_erases(gate: Served) -> None:
    async with gate.client(gate.token("root", "admin")) as client:
        made = (
            await client.post(
                "/v1/tokens", json={"identity": "ana", "role": "analyst", "limits": {"questions_per_day": 1}}
            )
        ).json()
        name = made["token"].split("_")[1]
        async with gate.client(made["token"]) as hers:
            assert (await hers.post(f"/v1/sessions/{SESSION}/ask", json=ASK)).status_code == 200
            spent = await hers.post(f"/v1/sessions/{SESSION}/ask", json=ASK)
            assert spent.status_code == 429
            assert "asked 1 questions today" in spent.json()["error"]
            assert (await client.patch(f"/v1/tokens/{name}", json={"questions_per_day": 5})).status_code == 200
            assert (await hers.post(f"/v1/sessions/{SESSION}/ask", json=ASK)).status_code == 200
            assert (await client.delete(f"/v1/tokens/{name}")).status_code == 200
            assert (await hers.get("/v1/card")).status_code == 401
        listed = (await client.get("/v1/tokens")).json()
        assert not [item for item in listed if "secret" in item or "digest" in item]
    async with gate.client(gate.token("op", "operator")) as client:
        answer = await client.post("/v1/operate/forget", json={"account": "nobody at all"})
        assert answer.status_code == 409
        assert "Nothing was erased" in answer.json()["error"]


async def test_clients_of_the_protocol_come_in_by_token_alone(gate: Served) -> None:
    from mcp import Client

    token = gate.token()
    async with gate.client(token) as plain:
        assert (await plain.get("/mcp")).status_code == 405
    with listening(gate.guard) as address:
        import httpx2

        for era in ("auto", "legacy"):
            async with (
                httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as http,
                Client(streamable_http_client(f"{address}/mcp", http_client=http), mode=era) as client,
            ):
                found = await client.call_tool("count_by", {"by": "language"})
                assert not found.is_error
        async with httpx2.AsyncClient() as http:
            answer = await http.post(f"{address}/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
            assert answer.status_code == 401
    analysts = {entry.analyst for entry in gate.house.service.context().gate.ledger.entries()}
    assert analysts == {"ana"}
