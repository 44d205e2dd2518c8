"""The Claude role set on the true wire: the real SDK against a local server that speaks the Messages API."""

import asyncio
import itertools
import json
from typing import Any

from agent.core.errors import Refused
from agent.core.events import AnswerMade, AuditEnded, ModelWaiting, RunEnded, TaskEnded, ToolEnded, UsageReported
from agent.core.settings import Price, Settings
from tests.agent.conftest import MakeSession, collect
from tests.fakes.corpus import CANARY_PIECES, small_index
from tests.fakes.messages import Error, Message, Reply, text
from tests.fakes.messages_server import MessagesServer
from tests.fakes.team import investigate, plan, role, team

FAST = {"retry-after-ms": "20"}


async def test_three_workers_answer_over_the_wire(make_session: MakeSession) -> None:
    settings = Settings(
        prices={"claude-opus-5-5": Price(input=5, output=25), "claude-sonnet-5-5": Price(input=3, output=15)}
    )
    with MessagesServer(team()) as server:
        events = await collect(make_session(server.url, settings=settings).ask("How many?"))
        bodies = server.requests
    answer = next(event for event in events if isinstance(event, AnswerMade))
    assert len(answer.cited) == 3
    assert not answer.removed
    assert sum(isinstance(event, ToolEnded) for event in events) == 3
    usage = next(event for event in events if isinstance(event, UsageReported))
    assert usage.calls == len(bodies) == 9
    assert usage.cost is not None
    assert usage.cost > 0
    assert next(event for event in events if isinstance(event, RunEnded)).state == "done"


async def test_requests_carry_no_sampling_no_server_thread_and_nothing_planted(make_session: MakeSession) -> None:
    with MessagesServer(team()) as server:
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
    with MessagesServer(team(lead=lambda body, _: plan("count"))) as server:
        await collect(make_session(server.url).ask("How many?"))
        first, second = [body for body in server.requests if role(body) == "investigator"]
    assert json.dumps(first["tools"]) == json.dumps(second["tools"])
    assert first["system"] == second["system"]
    assert first["system"][0]["cache_control"] == {"type": "ephemeral"}
    assert second["messages"][: len(first["messages"])] == first["messages"]
    assistant = second["messages"][1]["content"]
    assert assistant[0] == {"type": "thinking", "thinking": "let me count", "signature": "sig-1"}
    assert second["messages"][2]["content"][0]["tool_use_id"] == assistant[1]["id"]


async def test_invented_numbers_go_back_once_and_are_then_removed(make_session: MakeSession) -> None:
    def writer(body: dict[str, Any], _: int) -> Reply:
        handle = "F1"
        return Message([text(f"There are 1,030 conversations [{handle}]. It rose by 4,321 percent [{handle}].")])

    with MessagesServer(team(lead=lambda body, _: plan("x"), writer=writer)) as server:
        events = await collect(make_session(server.url).ask("How many?"))
        bodies = [body for body in server.requests if role(body) == "writer"]
    answer = next(event for event in events if isinstance(event, AnswerMade))
    assert answer.text == "There are 1,030 conversations [F1]."
    assert "4,321" in answer.removed[0]
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

    with MessagesServer(team(lead=lambda body, _: plan("x"), writer=writer)) as server:
        events = await collect(make_session(server.url).ask("How many?"))
    answer = next(event for event in events if isinstance(event, AnswerMade))
    assert answer.parts is not None
    assert answer.parts.findings == (answer.parts.answer,)
    assert answer.parts.confidence == "moderate"
    (lead,) = answer.parts.leads
    assert lead.benign == ("A course.",)
    assert answer.suggestions == ("Which languages?",)
    assert [sentence for sentence in answer.removed if "4,321" in sentence]
    assert "4,321" not in answer.text
    assert "**Lead 1.**" in answer.text


async def test_a_follow_up_tells_the_lead_what_was_looked_at_and_named(make_session: MakeSession) -> None:
    plans: list[str] = []

    def lead(body: dict[str, Any], _: int) -> Reply:
        plans.append(body["messages"][0]["content"])
        return plan("count one")

    with MessagesServer(team(lead=lead)) as server:
        session = make_session(server.url)
        await collect(session.ask("How many?"))
        await collect(session.ask("And in Japanese?"))
        systems = {body["system"][0]["text"] for body in server.requests if role(body) == "lead"}
        auditors = [body for body in server.requests if role(body) == "auditor"]
    assert "Looked at: breakdown of all conversations" in plans[1]
    assert len(systems) == 1
    assert "F1: Conversations by language" in auditors[1]["messages"][0]["content"].split("<claims>")[0]


async def test_the_auditor_strikes_narrows_and_asks_for_one_more_plan(make_session: MakeSession) -> None:
    plans: list[str] = []

    def lead(body: dict[str, Any], _: int) -> Reply:
        plans.append(body["messages"][0]["content"])
        return plan("count one", "count two") if len(plans) == 1 else plan("close the gap")

    def auditor(body: dict[str, Any], _: int) -> Reply:
        verdicts = [
            {"claim": 0, "judgement": "contradicted", "reason": "no", "text": None},
            {"claim": 1, "judgement": "too strong", "reason": "no cause", "text": "There are some conversations."},
        ]
        return Message([text(json.dumps({"verdicts": verdicts, "gaps": ["look at months"]}))])

    with MessagesServer(team(lead=lead, auditor=auditor)) as server:
        events = await collect(make_session(server.url).ask("How many?"))
    audits = [event for event in events if isinstance(event, AuditEnded)]
    assert len(plans) == len(audits) == 2
    assert "look at months" in plans[1]
    assert (audits[0].kept, audits[0].narrowed, audits[0].removed) == (1, 1, 1)
    assert "There are some conversations." in next(event for event in events if isinstance(event, AnswerMade)).text


async def test_a_whole_run_with_a_failing_worker_a_rate_limit_and_one_more_plan(make_session: MakeSession) -> None:
    """Everything that goes wrong in the field at the same time, with the true bodies looked at."""
    plans: list[str] = []
    limits: list[Reply] = [Error(429, "rate_limit_error", headers={"retry-after": "1", **FAST})]

    def lead(body: dict[str, Any], _: int) -> Reply:
        plans.append(body["messages"][0]["content"])
        return plan("count one", "count two", "count three") if len(plans) == 1 else plan("close the gap")

    def investigator(body: dict[str, Any], _: int) -> Reply:
        if "count two" in body["messages"][0]["content"]:
            return Message([text("No.")], stop_reason="refusal")
        if "count three" in body["messages"][0]["content"] and limits:
            return limits.pop()
        return investigate(body)

    def auditor(body: dict[str, Any], _: int) -> Reply:
        gaps = ["look at months"] if len(plans) == 1 else []
        return Message([text(json.dumps({"verdicts": [], "gaps": gaps}))])

    with MessagesServer(team(lead=lead, investigator=investigator, auditor=auditor)) as server:
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
        stable = {json.dumps([body.get("tools"), body["system"]]) for body in bodies if role(body) == name}
        assert len(stable) == 1, name
    turns: dict[str, list[dict[str, Any]]] = {}
    for body in bodies:
        if role(body) == "investigator":
            turns.setdefault(body["messages"][0]["content"], []).append(body)
    for asked in turns.values():
        for before, after in itertools.pairwise(asked):
            assert json.dumps(after["messages"]).startswith(json.dumps(before["messages"])[:-1])
    with MessagesServer(team()) as server:
        await session.roles.close()
        session.roles = make_session(server.url).roles
        resumed = await collect(session.resume())
    assert [event.task for event in resumed if isinstance(event, TaskEnded)] == ["t2"]
