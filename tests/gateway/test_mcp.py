"""The gate as clients of the protocol see it: the SDK's own client, in both eras of the protocol."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import jsonschema
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from agent.gateway.mcp_server import server
from agent.gateway.people import Role
from agent.gateway.shapes import UNTRUSTED
from tests.fakes.corpus import CANARY_PIECES
from tests.fakes.gate import Served, names

ERAS: tuple[Literal["auto", "legacy"], ...] = ("auto", "legacy")
ARGUMENTS: dict[str, dict[str, Any]] = {
    "overview": {}, "count_by": {"by": "language"}, "search_topics": {"phrase": "travel itineraries"}, "cluster_scope": {}, "drill_down": {"cluster": "T1"},
    "compare": {"by": "language", "scope": {"flagged": "yes"}}, "trend": {"by": "month"}, "emerging": {"since": "2026-07-01"},
    "coordination": {}, "flag_gaps": {}, "precedent": {}, "coverage": {},
}  # fmt: skip
TOKENS = 20_000
LETTERS_A_TOKEN = 3


@asynccontextmanager
async def client(
    gate: Served, role: Role = "analyst", identity: str = "ana", era: Literal["auto", "legacy"] = "auto"
) -> AsyncIterator[Client]:
    made = server(gate.house, lambda _: gate.caller(identity, role))
    async with Client(made, mode=era) as opened:
        yield opened


def content(result: Any) -> dict[str, Any]:
    assert not result.is_error, result.content[0].text
    found: dict[str, Any] = result.structured_content
    return found


def text_of(result: Any) -> str:
    return str(result.content[0].text)


@pytest.mark.parametrize("era", ERAS)
async def test_every_tool_is_listed_with_its_shape_and_says_that_it_only_reads(
    gate: Served, era: Literal["auto", "legacy"]
) -> None:
    async with client(gate, era=era) as opened:
        tools = (await opened.list_tools()).tools
    assert {
        *ARGUMENTS,
        "audit_claim",
        "ask",
        "start_investigation",
        "get_investigation",
        "open_finding",
        "list_findings",
        "export",
    } <= {*names(tools)}
    for tool in tools:
        assert tool.title
        assert tool.description
        assert tool.annotations is not None
        assert tool.annotations.destructive_hint is False
        assert tool.output_schema is not None
        jsonschema.Draft202012Validator.check_schema(tool.input_schema)
        jsonschema.Draft202012Validator.check_schema(tool.output_schema)
    assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools if tool.name in ARGUMENTS)
    size = sum(len(json.dumps(tool.model_dump(mode="json", exclude_none=True))) for tool in tools)
    assert size / LETTERS_A_TOKEN < TOKENS


@pytest.mark.parametrize("era", ERAS)
async def test_a_tool_gives_a_finding_of_its_stated_shape(gate: Served, era: Literal["auto", "legacy"]) -> None:
    async with client(gate, era=era) as opened:
        schemas = {tool.name: tool.output_schema for tool in (await opened.list_tools()).tools}
        answered = 0
        for name, arguments in ARGUMENTS.items():
            result = await opened.call_tool(name, arguments)
            if result.is_error:
                assert text_of(result).startswith("Refused: "), name
                continue
            found = content(result)
            jsonschema.validate(found, schemas[name] or {})
            assert found["untrusted"] == UNTRUSTED
            assert len(json.dumps(found)) / LETTERS_A_TOKEN < TOKENS
            again = content(await opened.call_tool("open_finding", {"ref": found["ref"]}))
            assert again["finding"] == found["finding"]
            answered += 1
        assert answered >= len(ARGUMENTS) - 3
        told = json.dumps(content(await opened.call_tool("list_findings", {})))
    assert not [piece for piece in CANARY_PIECES if piece in told.lower()]


@pytest.mark.parametrize("era", ERAS)
async def test_an_investigation_reports_progress_and_answers(gate: Served, era: Literal["auto", "legacy"]) -> None:
    steps: list[str] = []

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        steps.append(message or "")

    async with client(gate, era=era) as opened:
        found = content(
            await opened.call_tool("ask", {"question": "Which languages are used most?"}, progress_callback=heard)
        )
        assert found["state"] == "done"
        assert "English" in found["answer"]
        ref = found["findings"][0]["ref"]
        assert content(await opened.call_tool("open_finding", {"ref": ref}))["finding"]["tool"] == "count_by"
        session = found["session"]
        follow = content(await opened.call_tool("ask", {"question": "And by surface?", "session": session}))
        assert follow["session"] == session
        exported = content(await opened.call_tool("export", {"session": session, "format": "markdown"}))
        assert exported["text"].count("## ") >= 2
    assert [step for step in steps if step.startswith("calling")]
    entries = [entry.tool for entry in gate.house.service.context().gate.ledger.entries()]
    assert "export" in entries


async def test_a_started_investigation_is_fetched_until_its_end(gate: Served) -> None:
    async with client(gate) as opened:
        begun = content(await opened.call_tool("start_investigation", {"question": "Which languages are used most?"}))
        assert begun["state"] == "running"
        for _ in range(100):
            found = content(await opened.call_tool("get_investigation", {"session": begun["session"]}))
            if found["state"] != "running":
                break
            await asyncio.sleep(0.05)
    assert found["state"] == "done"
    assert found["answer"]


async def test_what_does_not_fit_is_said_without_the_value(gate: Served) -> None:
    async with client(gate) as opened:
        for name, arguments in (
            ("count_by", {"by": 7, "secret": "hunter2"}),
            ("ask", {"question": "x" * 30_000}),
            ("open_finding", {"ref": "s-00000000/F1"}),
            ("get_investigation", {"session": "s-00000000"}),
            ("no_such_tool", {}),
            ("search_topics", {"phrase": "a" * 1_000_000}),
        ):
            result = await opened.call_tool(name, arguments)
            assert result.is_error
            text = text_of(result)
            assert len(text) < 1_000
            assert "hunter2" not in text


async def test_resources_and_prompts_can_be_read(gate: Served) -> None:
    async with client(gate) as opened:
        listed = [str(item.uri) for item in (await opened.list_resources()).resources]
        for uri in listed:
            (read,) = (await opened.read_resource(uri)).contents
            assert len(getattr(read, "text", "")) > 50
        ref = content(await opened.call_tool("count_by", {"by": "language"}))["ref"]
        (read,) = (await opened.read_resource(f"shoal://finding/{ref}")).contents
        assert json.loads(getattr(read, "text", ""))["ref"] == ref
        with pytest.raises(MCPError):
            await opened.read_resource("shoal://finding/s-00000000/F9")
        for prompt in (await opened.list_prompts()).prompts:
            values = {argument.name: "2026-08-01" for argument in prompt.arguments or ()}
            words = (await opened.get_prompt(prompt.name, values)).messages[0].content
            assert "findings" in getattr(words, "text", "")
        with pytest.raises(MCPError):
            await opened.get_prompt("abuse_investigation", {})


ASKING = (
    "count_by",
    "ask",
    "start_investigation",
    "get_investigation",
    "list_findings",
    "open_finding",
    "export",
    "hand_over",
)


@pytest.mark.parametrize("role", ["oversight", "operator", "admin"])
async def test_who_does_not_ask_is_refused_every_tool_of_analysts(gate: Served, role: Role) -> None:
    async with client(gate, role) as opened:
        listed = names((await opened.list_tools()).tools)
        assert not {*ASKING} & {*listed}
        for name in ASKING:
            arguments = {"by": "language", "question": "x", "session": "s-1", "ref": "x", "to": "x"}
            result = await opened.call_tool(
                name, arguments if name == "count_by" else {k: v for k, v in arguments.items() if k != "by"}
            )
            assert result.is_error
            assert f"of the role {role} cannot do this" in text_of(result)
        with pytest.raises(MCPError):
            await opened.read_resource("shoal://themes")


async def test_oversight_reads_the_whole_ledger_and_asks_nothing(gate: Served) -> None:
    async with client(gate, identity="ana") as opened:
        content(await opened.call_tool("count_by", {"by": "language"}))
    async with client(gate, "oversight", "olga") as opened:
        found = content(await opened.call_tool("read_ledger", {}))
    assert found["is_whole"]
    assert [(entry["analyst"], entry["tool"]) for entry in found["entries"]] == [("ana", "count_by")]
    async with client(gate, "analyst") as opened:
        assert (await opened.call_tool("read_ledger", {})).is_error


async def test_what_was_released_to_one_is_shown_to_another_only_when_handed_over(gate: Served) -> None:
    gate.token("ana")
    gate.token("bo")
    async with client(gate, identity="ana") as opened:
        found = content(await opened.call_tool("ask", {"question": "Which languages are used most?"}))
    session, ref = found["session"], found["findings"][0]["ref"]
    async with client(gate, identity="bo") as opened:
        for name, arguments in (
            ("open_finding", {"ref": ref}),
            ("get_investigation", {"session": session}),
            ("export", {"session": session}),
            ("ask", {"question": "And by surface?", "session": session}),
            ("hand_over", {"session": session, "to": "bo"}),
        ):
            assert (await opened.call_tool(name, arguments)).is_error, name
    async with client(gate, identity="ana") as opened:
        assert (await opened.call_tool("hand_over", {"session": session, "to": "nobody"})).is_error
        content(await opened.call_tool("hand_over", {"session": session, "to": "bo"}))
    async with client(gate, identity="bo") as opened:
        assert content(await opened.call_tool("open_finding", {"ref": ref}))["finding"]["tool"] == "count_by"
    entry = gate.house.service.context().gate.ledger.entries()[0]
    assert (entry.tool, entry.analyst) == ("hand over", "ana")
    assert json.loads(entry.arguments) == {"session": session, "to": "bo"}


async def test_what_is_typed_into_a_tool_is_screened_before_it_is_kept(gate: Served) -> None:
    async with client(gate) as opened:
        await opened.call_tool("search_topics", {"phrase": "mail to ana.muster@example.org about python"})
    entries = gate.house.service.context().gate.ledger.entries()
    assert entries
    assert "ana.muster" not in json.dumps([entry.arguments for entry in entries])
    kept = b"".join(
        path.read_bytes()
        for path in gate.house.service.app.home.root.rglob("*")
        if path.is_file() and "encoders" not in path.parts
    )
    assert b"ana.muster" not in kept
