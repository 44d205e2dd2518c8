"""What goes wrong on the true wire: limits, refusals, broken replies and a model that loops; each is said and survived."""

import asyncio
import json
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from agent.core.errors import AuthRejected, NetworkDown, Refused, Truncated
from agent.core.events import AnswerMade, ModelWaiting, Notice, RunEnded, TaskEnded
from agent.llm.client import Ask
from tests.agent.conftest import MakeSession, collect
from tests.fakes.messages import Cut, Error, Message, Reply, Stall, script, text, tool_use
from tests.fakes.messages_server import MessagesServer
from tests.fakes.roles import close, model_at
from tests.fakes.team import investigate, plan, role, team

FAST = {"retry-after-ms": "20"}


async def test_rate_limits_and_overload_are_announced_and_sat_out(make_session: MakeSession) -> None:
    refusals: list[Reply] = [
        Error(429, "rate_limit_error", headers={"retry-after": "1", **FAST}),
        Error(529, "overloaded_error", headers=FAST),
    ]

    def lead(body: dict[str, Any], _: int) -> Reply:
        return refusals.pop(0) if refusals else plan("count")

    with MessagesServer(team(lead=lead)) as server:
        events = await collect(make_session(server.url).ask("How many?"))
    waits = [event for event in events if isinstance(event, ModelWaiting)]
    assert [wait.cause for wait in waits] == ["rate_limited", "overloaded"]
    assert waits[0].retry_after_s == 1
    assert [wait.attempt for wait in waits] == [1, 2]
    assert next(event for event in events if isinstance(event, RunEnded)).state == "done"


async def test_one_worker_that_is_refused_leaves_the_other_two(make_session: MakeSession) -> None:
    def investigator(body: dict[str, Any], _: int) -> Reply:
        if "count two" in body["messages"][0]["content"]:
            return Message([text("I cannot help with that.")], stop_reason="refusal")
        return investigate(body)

    with MessagesServer(team(investigator=investigator)) as server:
        events = await collect(make_session(server.url).ask("How many?"))
    failures = [event.failure for event in events if isinstance(event, TaskEnded) and event.failure]
    assert failures == [Refused().message]
    assert next(event for event in events if isinstance(event, RunEnded)).state == "partial"
    assert len(next(event for event in events if isinstance(event, AnswerMade)).cited) == 2


async def test_a_truncated_plan_falls_back_to_the_built_in_lead_and_says_so(make_session: MakeSession) -> None:
    cut = Message([text('{"tasks": [')], stop_reason="max_tokens")
    with MessagesServer(team(lead=lambda body, _: cut)) as server:
        events = await collect(make_session(server.url).ask("Which languages are used most?"))
    notices = [event.text for event in events if isinstance(event, Notice)]
    assert any(Truncated().message in notice and "built-in" in notice for notice in notices)
    assert next(event for event in events if isinstance(event, AnswerMade)).cited


async def test_prose_around_the_structure_is_read_and_none_is_asked_for_once_more(make_session: MakeSession) -> None:
    planned = plan("count").content[0]["text"]
    replies: list[Reply] = [Message([text("Sure! Let me think.")]), Message([text(f"Here:\n```json\n{planned}\n```")])]
    with MessagesServer(team(lead=lambda body, _: replies.pop(0))) as server:
        events = await collect(make_session(server.url).ask("How many?"))
        lead = [body for body in server.requests if role(body) == "lead"]
    assert len(lead) == 2
    assert "did not have the asked form" in json.dumps(lead[1]["messages"])
    assert next(event for event in events if isinstance(event, AnswerMade)).cited


async def test_unknown_tools_and_bad_arguments_are_results_in_order_that_echo_nothing(
    make_session: MakeSession,
) -> None:
    def investigator(body: dict[str, Any], _: int) -> Reply:
        if len(body["messages"]) == 1:
            calls = [
                tool_use("read_conversation", {"id": 1}),
                tool_use("count_by", {"by": "SECRET-VALUE"}),
                tool_use("overview", {}),
            ]
            return Message(calls, stop_reason="tool_use")
        return Message([tool_use("report", {"claims": ["Nothing to say."]})], stop_reason="tool_use")

    with MessagesServer(team(lead=lambda body, _: plan("x"), investigator=investigator)) as server:
        await collect(make_session(server.url).ask("How many?"))
        second = [body for body in server.requests if role(body) == "investigator"][1]
    asked = second["messages"][1]["content"]
    results = second["messages"][2]["content"]
    assert [result["tool_use_id"] for result in results] == [call["id"] for call in asked]
    assert results[0]["is_error"]
    assert results[1]["is_error"]
    assert "SECRET-VALUE" not in results[1]["content"]
    assert "is_error" not in results[2]


async def test_a_looping_investigator_is_told_once_then_the_built_in_one_does_its_task(
    make_session: MakeSession,
) -> None:
    def investigator(body: dict[str, Any], _: int) -> Reply:
        return Message([tool_use("count_by", {"by": "language"})], stop_reason="tool_use")

    with MessagesServer(team(lead=lambda body, _: plan("x"), investigator=investigator)) as server:
        session = make_session(server.url)
        events = await collect(session.ask("How many?"))
        bodies = [body for body in server.requests if role(body) == "investigator"]
    ended = next(event for event in events if isinstance(event, TaskEnded))
    assert ended.failure is not None
    assert "the same call again, twice" in ended.failure
    assert "built-in investigator did it" in ended.failure
    assert len(bodies) == 3
    assert bodies[2]["tool_choice"] == {"type": "tool", "name": "report"}
    assert "made this call before" in json.dumps(bodies[2]["messages"][-1])
    answer = next(event for event in events if isinstance(event, AnswerMade))
    assert "Built-in rules did what the model could not: task t1" in answer.text
    assert answer.cited


async def test_stopping_in_the_middle_of_a_reply_closes_the_stream(make_session: MakeSession) -> None:
    stall = Stall([text("The answer is coming")], seconds=30)
    with MessagesServer(team(lead=lambda body, _: plan("x"), writer=lambda body, _: stall)) as server:
        session = make_session(server.url)
        async with aclosing(session.ask("How many?")) as events:
            async for event in events:
                if event.type == "answer_delta":
                    break
        assert await asyncio.to_thread(server.wait_closed_early)


async def _reply(replies: list[Reply], **changes: Any) -> Any:
    with MessagesServer(script(*replies)) as server:
        model = model_at(server.url)
        try:
            return await model.reply(replace(Ask("m", "s", [{"role": "user", "content": "q"}]), **changes))
        finally:
            await close(model)


async def test_a_rejected_key_and_a_broken_stream_have_their_own_faults() -> None:
    with pytest.raises(AuthRejected):
        await _reply([Error(401, "authentication_error")])
    with pytest.raises(NetworkDown):
        await _reply([Cut([text("half a sentence that never")])])
    with pytest.raises(Truncated):
        await _reply([Message([text("half")], stop_reason="max_tokens")])
