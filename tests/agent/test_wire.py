"""The Claude role set on the true wire: the real SDK against a local server that speaks the Messages API."""

import asyncio
import itertools
import json
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from agent.builtin.namer import BuiltinNamer
from agent.claude.extractor import ClaudeExtractor
from agent.claude.namer import ClaudeNamer
from agent.errors import AuthRejected, NetworkDown, Refused, Truncated
from agent.events import AnswerMade, AuditEnded, ModelWaiting, Notice, RunEnded, TaskEnded, ToolEnded, UsageReported
from agent.llm import AnthropicModel, Ask
from agent.session import BudgetHolder
from agent.settings import Price, Settings
from index.extraction import Extraction, NotExtracted
from index.naming import NamingSample, Phrase
from index.records import Conversation, Turn
from index.sealing import Prose
from tests.agent.conftest import MakeSession, collect
from tests.fakes.corpus import CANARY_PIECES, small_index
from tests.fakes.messages_server import (
    Cut,
    Error,
    Message,
    MessagesServer,
    Reply,
    Stall,
    script,
    text,
    thinking,
    tool_use,
)

FAST = {"retry-after-ms": "20"}


def _role(body: dict[str, Any]) -> str:
    """Which role is asking, by its system prompt."""
    system = body["system"][0]["text"]
    for name, opening in {
        "lead": "You lead an investigation",
        "investigator": "You investigate how",
        "auditor": "You audit",
        "writer": "You write the answer",
        "namer": "You name groups",
    }.items():
        if system.startswith(opening):
            return name
    raise AssertionError("unknown prompt")


def _plan(*objectives: str, clarification: str | None = None) -> Message:
    tasks = [
        {
            "specialist": "usage",
            "focus": "breakdown",
            "objective": objective,
            "scope": {"language": None, "concern_at_least": None, "flagged": None, "surface": None, "since": None,
                      "until": None, "near": None, "cluster": None},
            "facet": None,
            "disconfirmer": "none",
        }
        for objective in objectives
    ]  # fmt: skip
    return Message([text(json.dumps({"tasks": tasks, "assumptions": ["x"], "clarification": clarification}))])


def _last_result(body: dict[str, Any]) -> dict[str, Any] | None:
    last = body["messages"][-1]["content"]
    if isinstance(last, list) and last and last[0].get("type") == "tool_result":
        found: dict[str, Any] = last[0]
        return found
    return None


def _investigate(body: dict[str, Any]) -> Message:
    result = _last_result(body)
    if result is None:
        blocks = [thinking("let me count", "sig-1"), tool_use("count_by", {"by": "language"})]
        return Message(blocks, stop_reason="tool_use")
    finding = json.loads(result["content"])
    claim = f"There are {finding['totals'][0]:,} conversations [{finding['id']}]."
    return Message([tool_use("report", {"claims": [claim]})], stop_reason="tool_use")


AUDITED = Message([text(json.dumps({"verdicts": [], "gaps": []}))])


def _write(body: dict[str, Any]) -> Message:
    user = body["messages"][0]["content"]
    claims = user.split("<claims>")[1].split("</claims>")[0].strip().splitlines()
    return Message([text(" ".join(claim.split(". ", 1)[1] for claim in claims if ". " in claim))])


def _server(**changed: Callable[[dict[str, Any], int], Reply]) -> Callable[[dict[str, Any], int], Reply]:
    usual: dict[str, Callable[[dict[str, Any], int], Reply]] = {
        "lead": lambda body, _: _plan("count one", "count two", "count three"),
        "investigator": lambda body, _: _investigate(body),
        "auditor": lambda body, _: AUDITED,
        "writer": lambda body, _: _write(body),
    }
    usual.update(changed)
    return lambda body, number: usual[_role(body)](body, number)


async def test_three_workers_answer_over_the_wire(make_session: MakeSession) -> None:
    settings = Settings(prices={"claude-opus-5-5": Price(5, 25), "claude-sonnet-5-5": Price(3, 15)})
    with MessagesServer(_server()) as server:
        events = await collect(make_session(server.url, settings=settings).ask("How many?"))
        bodies = server.requests
    answer = next(event for event in events if isinstance(event, AnswerMade))
    assert len(answer.cited) == 3
    assert not answer.struck
    assert sum(isinstance(event, ToolEnded) for event in events) == 3
    usage = next(event for event in events if isinstance(event, UsageReported))
    assert usage.calls == len(bodies) == 9
    assert usage.cost is not None
    assert usage.cost > 0
    assert next(event for event in events if isinstance(event, RunEnded)).state == "done"


async def test_requests_carry_no_sampling_no_server_thread_and_nothing_planted(make_session: MakeSession) -> None:
    with MessagesServer(_server()) as server:
        await collect(make_session(server.url).ask("How many?"))
        bodies = server.requests
    for body in bodies:
        assert not {"temperature", "top_p", "top_k", "thread"} & set(body)
        assert body["stream"] is True
        sent = json.dumps(body, ensure_ascii=False).casefold()
        assert all(piece not in sent for piece in CANARY_PIECES)
    snapshot = (await asyncio.to_thread(small_index)).snapshot
    summaries = {summary for summary in snapshot.texts(snapshot.rows_of(snapshot.numbers)[0]) if len(summary) > 40}
    sent = json.dumps(bodies, ensure_ascii=False)
    assert not [summary for summary in summaries if summary in sent]


async def test_an_investigators_requests_extend_one_cached_prefix_and_keep_thinking(make_session: MakeSession) -> None:
    with MessagesServer(_server(lead=lambda body, _: _plan("count"))) as server:
        await collect(make_session(server.url).ask("How many?"))
        first, second = [body for body in server.requests if _role(body) == "investigator"]
    assert json.dumps(first["tools"]) == json.dumps(second["tools"])
    assert first["system"] == second["system"]
    assert first["system"][0]["cache_control"] == {"type": "ephemeral"}
    assert second["messages"][: len(first["messages"])] == first["messages"]
    assistant = second["messages"][1]["content"]
    assert assistant[0] == {"type": "thinking", "thinking": "let me count", "signature": "sig-1"}
    assert second["messages"][2]["content"][0]["tool_use_id"] == assistant[1]["id"]


async def test_rate_limits_and_overload_are_announced_and_sat_out(make_session: MakeSession) -> None:
    refusals: list[Reply] = [
        Error(429, "rate_limit_error", headers={"retry-after": "1", **FAST}),
        Error(529, "overloaded_error", headers=FAST),
    ]

    def lead(body: dict[str, Any], _: int) -> Reply:
        return refusals.pop(0) if refusals else _plan("count")

    with MessagesServer(_server(lead=lead)) as server:
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
        return _investigate(body)

    with MessagesServer(_server(investigator=investigator)) as server:
        events = await collect(make_session(server.url).ask("How many?"))
    failures = [event.failure for event in events if isinstance(event, TaskEnded) and event.failure]
    assert failures == [Refused().message]
    assert next(event for event in events if isinstance(event, RunEnded)).state == "partial"
    assert len(next(event for event in events if isinstance(event, AnswerMade)).cited) == 2


async def test_a_truncated_plan_falls_back_to_the_built_in_lead_and_says_so(make_session: MakeSession) -> None:
    cut = Message([text('{"tasks": [')], stop_reason="max_tokens")
    with MessagesServer(_server(lead=lambda body, _: cut)) as server:
        events = await collect(make_session(server.url).ask("Which languages are used most?"))
    notices = [event.text for event in events if isinstance(event, Notice)]
    assert any(Truncated().message in notice and "built-in" in notice for notice in notices)
    assert next(event for event in events if isinstance(event, AnswerMade)).cited


async def test_prose_around_the_structure_is_read_and_none_is_asked_for_once_more(make_session: MakeSession) -> None:
    plan = _plan("count").content[0]["text"]
    replies: list[Reply] = [Message([text("Sure! Let me think.")]), Message([text(f"Here:\n```json\n{plan}\n```")])]
    with MessagesServer(_server(lead=lambda body, _: replies.pop(0))) as server:
        events = await collect(make_session(server.url).ask("How many?"))
        lead = [body for body in server.requests if _role(body) == "lead"]
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

    with MessagesServer(_server(lead=lambda body, _: _plan("x"), investigator=investigator)) as server:
        await collect(make_session(server.url).ask("How many?"))
        second = [body for body in server.requests if _role(body) == "investigator"][1]
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

    with MessagesServer(_server(lead=lambda body, _: _plan("x"), investigator=investigator)) as server:
        session = make_session(server.url)
        events = await collect(session.ask("How many?"))
        bodies = [body for body in server.requests if _role(body) == "investigator"]
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


async def test_invented_numbers_go_back_once_and_are_then_struck(make_session: MakeSession) -> None:
    def writer(body: dict[str, Any], _: int) -> Reply:
        handle = "F1"
        return Message([text(f"It rose by 4,321 percent [{handle}]. Nothing more is known.")])

    with MessagesServer(_server(lead=lambda body, _: _plan("x"), writer=writer)) as server:
        events = await collect(make_session(server.url).ask("How many?"))
        bodies = [body for body in server.requests if _role(body) == "writer"]
    answer = next(event for event in events if isinstance(event, AnswerMade))
    assert answer.text == "Nothing more is known."
    assert "4,321" in answer.struck[0]
    assert len(bodies) == 2
    assert "4,321" in bodies[1]["messages"][0]["content"]


async def test_a_writers_markdown_becomes_the_typed_answer_with_its_lead_card(make_session: MakeSession) -> None:
    def writer(body: dict[str, Any], _: int) -> Reply:
        claim = body["messages"][0]["content"].split("<claims>")[1].split("</claims>")[0].strip().split(". ", 1)[1]
        parts = [
            claim,
            "**Findings**",
            f"- {claim}\n- There are 4,321 more [F1].",
            f"**Lead 1**\n\n- Claim: {claim}\n- Signals:\n  - {claim}\n- Benign readings considered:\n  - A course.",
            "**Confidence: moderate.** One finding.",
            "**Next questions**\n\n- Which languages?",
        ]
        return Message([text("\n\n".join(parts))])

    with MessagesServer(_server(lead=lambda body, _: _plan("x"), writer=writer)) as server:
        events = await collect(make_session(server.url).ask("How many?"))
    answer = next(event for event in events if isinstance(event, AnswerMade))
    assert answer.parts is not None
    assert answer.parts.findings == (answer.parts.answer,)
    assert answer.parts.confidence == "moderate"
    (lead,) = answer.parts.leads
    assert lead.benign == ("A course.",)
    assert answer.suggestions == ("Which languages?",)
    assert [sentence for sentence in answer.struck if "4,321" in sentence]
    assert "4,321" not in answer.text
    assert "**Lead 1**" in answer.text


async def test_a_follow_up_tells_the_lead_what_was_looked_at_and_named(make_session: MakeSession) -> None:
    plans: list[str] = []

    def lead(body: dict[str, Any], _: int) -> Reply:
        plans.append(body["messages"][0]["content"])
        return _plan("count one")

    with MessagesServer(_server(lead=lead)) as server:
        session = make_session(server.url)
        await collect(session.ask("How many?"))
        await collect(session.ask("And in Japanese?"))
        systems = {body["system"][0]["text"] for body in server.requests if _role(body) == "lead"}
        auditors = [body for body in server.requests if _role(body) == "auditor"]
    assert "Looked at: breakdown of all conversations" in plans[1]
    assert len(systems) == 1
    assert "F1: Conversations by language" in auditors[1]["messages"][0]["content"].split("<claims>")[0]


async def test_the_auditor_strikes_narrows_and_asks_for_one_more_plan(make_session: MakeSession) -> None:
    plans: list[str] = []

    def lead(body: dict[str, Any], _: int) -> Reply:
        plans.append(body["messages"][0]["content"])
        return _plan("count one", "count two") if len(plans) == 1 else _plan("close the gap")

    def auditor(body: dict[str, Any], _: int) -> Reply:
        verdicts = [
            {"claim": 0, "judgement": "contradicted", "reason": "no", "text": None},
            {"claim": 1, "judgement": "too strong", "reason": "no cause", "text": "There are some conversations."},
        ]
        return Message([text(json.dumps({"verdicts": verdicts, "gaps": ["look at months"]}))])

    with MessagesServer(_server(lead=lead, auditor=auditor)) as server:
        events = await collect(make_session(server.url).ask("How many?"))
    audits = [event for event in events if isinstance(event, AuditEnded)]
    assert len(plans) == len(audits) == 2
    assert "look at months" in plans[1]
    assert (audits[0].kept, audits[0].narrowed, audits[0].struck) == (1, 1, 1)
    assert "There are some conversations." in next(event for event in events if isinstance(event, AnswerMade)).text


async def test_a_whole_run_with_a_failing_worker_a_rate_limit_and_one_more_plan(make_session: MakeSession) -> None:
    """Everything that goes wrong in the field at the same time, with the true bodies looked at."""
    plans: list[str] = []
    limits: list[Reply] = [Error(429, "rate_limit_error", headers={"retry-after": "1", **FAST})]

    def lead(body: dict[str, Any], _: int) -> Reply:
        plans.append(body["messages"][0]["content"])
        return _plan("count one", "count two", "count three") if len(plans) == 1 else _plan("close the gap")

    def investigator(body: dict[str, Any], _: int) -> Reply:
        if "count two" in body["messages"][0]["content"]:
            return Message([text("No.")], stop_reason="refusal")
        if "count three" in body["messages"][0]["content"] and limits:
            return limits.pop()
        return _investigate(body)

    def auditor(body: dict[str, Any], _: int) -> Reply:
        gaps = ["look at months"] if len(plans) == 1 else []
        return Message([text(json.dumps({"verdicts": [], "gaps": gaps}))])

    with MessagesServer(_server(lead=lead, investigator=investigator, auditor=auditor)) as server:
        session = make_session(server.url)
        events = await collect(session.ask("How many?"))
        bodies = server.requests
    ended = {event.task: event.failure for event in events if isinstance(event, TaskEnded)}
    assert ended == {"t1": None, "t2": Refused().message, "t3": None, "t1r1": None}
    assert [event.cause for event in events if isinstance(event, ModelWaiting)] == ["rate_limited"]
    assert len(plans) == 2
    (answer,) = [event for event in events if isinstance(event, AnswerMade)]
    assert len(answer.cited) == 3
    assert answer.partial
    run = next(event for event in events if isinstance(event, RunEnded))
    assert (run.state, run.exit_code) == ("partial", 4)
    for name in ("lead", "investigator", "auditor", "writer"):
        stable = {json.dumps([body.get("tools"), body["system"]]) for body in bodies if _role(body) == name}
        assert len(stable) == 1, name
    turns: dict[str, list[dict[str, Any]]] = {}
    for body in bodies:
        if _role(body) == "investigator":
            turns.setdefault(body["messages"][0]["content"], []).append(body)
    for asked in turns.values():
        for before, after in itertools.pairwise(asked):
            assert json.dumps(after["messages"]).startswith(json.dumps(before["messages"])[:-1])
    with MessagesServer(_server()) as server:
        await session.roles.close()
        session.roles = make_session(server.url).roles
        resumed = await collect(session.resume())
    assert [event.task for event in resumed if isinstance(event, TaskEnded)] == ["t2"]


async def test_stopping_in_the_middle_of_a_reply_closes_the_stream(make_session: MakeSession) -> None:
    stall = Stall([text("The answer is coming")], seconds=30)
    with MessagesServer(_server(lead=lambda body, _: _plan("x"), writer=lambda body, _: stall)) as server:
        session = make_session(server.url)
        async with aclosing(session.ask("How many?")) as events:
            async for event in events:
                if event.type == "answer_delta":
                    break
        assert await asyncio.to_thread(server.wait_closed_early)


async def _reply(replies: list[Reply], **changes: Any) -> Any:
    with MessagesServer(script(*replies)) as server:
        model = AnthropicModel("key", server.url, BudgetHolder())
        try:
            return await model.reply(replace(Ask("m", "s", [{"role": "user", "content": "q"}]), **changes))
        finally:
            await model.close()


async def test_a_rejected_key_and_a_broken_stream_have_their_own_faults() -> None:
    with pytest.raises(AuthRejected):
        await _reply([Error(401, "authentication_error")])
    with pytest.raises(NetworkDown):
        await _reply([Cut([text("half a sentence that never")])])
    with pytest.raises(Truncated):
        await _reply([Message([text("half")], stop_reason="max_tokens")])


async def test_the_extractor_reads_and_a_bad_reply_is_a_counted_state() -> None:
    good = {
        "summary": "The user asks for help with a cover letter.",
        "task": "To write a letter.",
        "language": "English",
        "concern": 1,
        "harm": "none",
        "outcome": "answered",
    }
    conversation = Conversation((Turn("user", "please help with my letter"),))
    with MessagesServer(script(Message([text(json.dumps(good))]))) as server:
        model = AnthropicModel("key", server.url, BudgetHolder())
        (found,) = await ClaudeExtractor(model, Settings()).extract([conversation])
        body = server.requests[0]
        await model.close()
    assert isinstance(found, Extraction)
    assert isinstance(found.draft, Prose)
    assert "tools" not in body
    assert body["output_config"]["format"]["type"] == "json_schema"
    with MessagesServer(script(Message([text("no")]))) as server:
        model = AnthropicModel("key", server.url, BudgetHolder())
        (failed,) = await ClaudeExtractor(model, Settings()).extract([conversation])
        await model.close()
    assert failed == NotExtracted("the model could not read it (Unusable)")


async def test_the_namer_names_in_order_and_falls_back_when_the_reply_does_not_fit() -> None:
    samples = [NamingSample((Phrase(word, 20, 2.0),)) for word in ("cooking", "taxes")]
    with MessagesServer(script(Message([text(json.dumps({"names": ["Cooking at home", None]}))]))) as server:
        model = AnthropicModel("key", server.url, BudgetHolder())
        names = await ClaudeNamer(model, Settings(), BuiltinNamer()).name_groups(samples)
        await model.close()
    assert names == ["Cooking at home", None]
    with MessagesServer(script(Message([text(json.dumps({"names": ["one"]}))]))) as server:
        model = AnthropicModel("key", server.url, BudgetHolder())
        names = await ClaudeNamer(model, Settings(), BuiltinNamer()).name_groups(samples)
        await model.close()
    assert names == ["Cooking", "Taxes"]


async def test_a_second_try_tells_the_namer_which_words_to_leave_and_not_why() -> None:
    sample = NamingSample((Phrase("poem", 20, 2.0),), barred=frozenset({"zephyrine"}), taken=("Songs",))
    with MessagesServer(script(Message([text(json.dumps({"names": ["Poems"]}))]))) as server:
        model = AnthropicModel("key", server.url, BudgetHolder())
        await ClaudeNamer(model, Settings(), BuiltinNamer()).name_groups([sample])
        await model.close()
        (group,) = json.loads(server.requests[0]["messages"][0]["content"].split("<groups>")[1].split("</groups>")[0])
    assert group["words_not_to_use"] == ["zephyrine"]
    assert group["names_of_others"] == ["Songs"]
    assert set(group) == {"group", "phrases", "just_outside", "words_not_to_use", "names_of_others"}
