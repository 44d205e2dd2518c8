"""Weak models and partial endpoints: Shoal stays truthful, says what it did without them, and goes on."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from agent.core.budget import Budget
from agent.core.errors import BadRequest, BudgetSpent, ContextFull, Malformed, Refused, TooSlow, Truncated, Unusable
from agent.core.events import AnswerMade, Event, ModelWaiting, Notice, RunEnded, TaskEnded, ToolEnded, UsageReported
from agent.core.settings import Settings
from agent.grounding.verify import check
from agent.llm.client import RunModel
from agent.llm.endpoint import Ask, Endpoint, named_options
from agent.roles.claude.loop import run_loop
from agent.roles.claude.tool_definitions import REPORT
from agent.roles.protocols import Claim
from tests.agent.conftest import MakeSession, collect
from tests.fakes.messages import (
    Block,
    Decide,
    Error,
    Message,
    Reply,
    Stall,
    broken_tool_use,
    script,
    text,
    thinking,
    tool_use,
)
from tests.fakes.messages_server import MessagesServer
from tests.fakes.roles import close, data_behind, model_at, run_of
from tests.fakes.weak_model import WeakModel
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding


async def test_on_a_weak_model_every_sentence_of_the_answer_stands_in_a_finding(make_session: MakeSession) -> None:
    with MessagesServer(WeakModel()) as server:
        session = make_session(server.url)
        events = await collect(session.ask("Which languages are used most?"))
    (answer,) = [event for event in events if isinstance(event, AnswerMade)]
    stored = {
        event.finding["id"]: data_behind(session).gate.restore(event.finding)
        for event in events
        if isinstance(event, ToolEnded) and event.finding
    }
    said = answer.text.split("*Built-in rules did")[0]
    assert not check(said, stored).problems
    for invention in ("9,876", "45.3", "2031", "12,345", "Secret plans"):
        assert invention not in answer.text
    assert "the audit, the writing" in answer.text  # what was left of the model's answer cited nothing
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    assert ended.state in ("done", "partial")
    assert sum(isinstance(event, TaskEnded) for event in events) == 3
    calls = [json.dumps(release.arguments) for release in data_behind(session).gate.ledger.releases()]
    assert len(calls) <= 3 * 8


class _Tools:
    """Tools that count calls and give no finding: what it says is a refusal."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    async def call(self, tool: str, arguments: dict[str, Any]) -> Finding:
        self.calls.append((tool, arguments))
        raise ToolRefusal("Nothing to see.")


REPORTED = Message([tool_use(REPORT, {"claims": ["Nothing is known [F1]."]})], stop_reason="tool_use")
_OTHER = Message([tool_use("overview", {})], stop_reason="tool_use")


async def _loop(*replies: Reply) -> tuple[Sequence[Claim], list[dict[str, Any]], _Tools]:
    tools = _Tools()
    with MessagesServer(script(*replies)) as server:
        model = model_at(server.url)
        try:
            claims = await run_loop(model, "m", "system", "task", tools)
        finally:
            await close(model)
            sent = server.requests
    return claims, sent, tools


def _said(*blocks: Block) -> Message:
    return Message(list(blocks), stop_reason="end_turn")


MISTAKES: dict[str, Message] = {
    "a malformed tool call": _said(broken_tool_use("count_by", '{"by": nonsense')),
    "no tool call": _said(text("I think I should count the languages.")),
    "an empty reply": Message([]),
    "an unknown tool": _said(tool_use("read_conversation", {"id": 1})),
    "a report without claims": _said(tool_use(REPORT, {"text": "done"})),
    "a reply without end": _said(text("The user asked about it. " * 600)),
}


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_each_mistake_is_put_right_once(mistake: str) -> None:
    claims, sent, _ = await _loop(MISTAKES[mistake], REPORTED)
    assert [claim.findings for claim in claims] == [("F1",)]
    assert len(sent) == 2


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_the_same_mistake_twice_ends_the_task_with_its_name(mistake: str) -> None:
    with pytest.raises(Unusable) as caught:
        await _loop(MISTAKES[mistake], _OTHER, MISTAKES[mistake])
    assert mistake.rsplit(maxsplit=1)[-1] in caught.value.message


async def test_a_call_made_before_is_not_made_again_and_a_report_is_asked_for() -> None:
    call = _said(tool_use("count_by", {"by": "language"}))
    claims, sent, tools = await _loop(call, call, REPORTED)
    assert claims
    assert tools.calls == [("count_by", {"by": "language"})]
    assert sent[2]["tool_choice"] == {"type": "tool", "name": REPORT}


async def test_a_named_tool_choice_that_is_taken_for_any_is_replaced_by_offering_one_tool() -> None:
    call = _said(tool_use("count_by", {"by": "language"}))
    claims, sent, _ = await _loop(call, call, _OTHER, REPORTED)
    assert claims
    assert "tool_choice" in sent[2]
    assert "tool_choice" not in sent[3]
    assert [tool["name"] for tool in sent[3]["tools"]] == [REPORT]


async def test_a_call_or_a_report_written_as_text_is_read() -> None:
    written = _said(text('First:\n```json\n{"name": "count_by", "arguments": {"by": "surface"}}\n```'))
    reported = _said(text('Done: {"claims": ["Nothing is known [F2]."]}'))
    claims, _, tools = await _loop(written, reported)
    assert tools.calls == [("count_by", {"by": "surface"})]
    assert [claim.findings for claim in claims] == [("F2",)]


async def test_a_model_that_never_reports_is_ended_by_its_turns() -> None:
    calls = [_said(tool_use("count_by", {"by": f"facet {place}"})) for place in range(30)]
    with pytest.raises(Unusable):
        await _loop(*calls)


async def test_thinking_is_sent_back_unchanged_and_every_request_extends_the_one_before() -> None:
    first = Message([thinking("hm", "sig-7"), tool_use("overview", {})], stop_reason="tool_use")
    _, sent, _ = await _loop(first, Message([text("wait")], stop_reason="pause_turn"), _OTHER, REPORTED)
    assert sent[1]["messages"][1]["content"][0] == {"type": "thinking", "thinking": "hm", "signature": "sig-7"}
    for before, after in pairwise(sent):
        assert json.dumps(after["messages"]).startswith(json.dumps(before["messages"])[:-1])
        assert json.dumps([before["tools"], before["system"]]) == json.dumps([after["tools"], after["system"]])


STRUCTURED = Ask("m", "s", [{"role": "user", "content": "q"}], schema={"type": "object"}, effort="low", thinking=True)


async def _asked(decide: Decide, *asks: Ask) -> tuple[list[dict[str, Any]], list[str], RunModel]:
    told: list[str] = []
    run = run_of(emit=lambda event: told.append(event.text) if isinstance(event, Notice) else None)
    with MessagesServer(decide) as server:
        model = model_at(server.url, run)
        try:
            for ask in asks:
                await model.reply(ask)
        finally:
            await close(model)
            sent = server.requests
    return sent, told, model


def _rejects(name: str, said: str, present: Callable[[dict[str, Any]], bool]) -> Decide:
    def decide(body: dict[str, Any], _: int) -> Reply:
        return Error(400, "invalid_request_error", said) if present(body) else Message([text("{}")])

    return decide


REJECTIONS: dict[str, tuple[str, Callable[[dict[str, Any]], bool]]] = {
    "caching": (
        "system.0.cache_control: Extra inputs are not permitted",
        lambda body: "cache_control" in body["system"][0],
    ),
    "thinking": ("unknown field: thinking", lambda body: "thinking" in body),
    "effort": (
        "output_config.effort is not supported by this model",
        lambda body: "effort" in body.get("output_config", {}),
    ),
    "format": ("output_config.format: json_schema unsupported", lambda body: "format" in body.get("output_config", {})),
}


@pytest.mark.parametrize("option", REJECTIONS)
async def test_an_option_that_the_endpoint_rejects_by_name_is_left_out_from_then_on(option: str) -> None:
    said, present = REJECTIONS[option]
    sent, told, _ = await _asked(_rejects(option, said, present), STRUCTURED, STRUCTURED)
    assert [present(body) for body in sent] == [True, False, False]
    assert told == [f"The model endpoint does not take {option}; Shoal goes on without."]
    for other, (_, other_present) in REJECTIONS.items():
        assert other_present(sent[-1]) is (other != option)
    if option == "format":
        assert "JSON schema" in sent[1]["messages"][0]["content"]


async def test_output_config_as_a_whole_may_be_rejected() -> None:
    sent, told, _ = await _asked(
        _rejects("both", "output_config: Extra inputs are not permitted", lambda body: "output_config" in body),
        STRUCTURED,
    )
    assert ["output_config" in body for body in sent] == [True, False]
    assert len(told) == 2


async def test_a_rejection_that_names_nothing_or_never_ends_is_a_fault_without_its_text() -> None:
    with pytest.raises(BadRequest) as caught:
        await _asked(lambda body, number: Error(400, "invalid_request_error", "no such model SECRET"), STRUCTURED)
    assert "SECRET" not in f"{caught.value} {caught.value.message}"
    with pytest.raises(BadRequest):
        await _asked(lambda body, number: Error(400, "invalid_request_error", "thinking thinking"), STRUCTURED)


def test_options_are_found_in_an_error_by_their_own_names() -> None:
    assert named_options("Output_Config: unknown") == {"effort", "format"}
    assert named_options("output_config.effort: bad") == {"effort"}
    assert named_options("invalid format of the request") == frozenset()


async def test_a_format_that_is_ignored_is_asked_for_in_words_from_then_on(make_session: MakeSession) -> None:
    with MessagesServer(WeakModel()) as server:
        events = await collect(make_session(server.url).ask("Which languages are used most?"))
        bodies = [body for body in server.requests if not body.get("tools")]
    assert "output_config" in bodies[0]
    audits = [body for body in bodies if body["system"][0]["text"].startswith("You audit")]
    assert audits
    assert "format" not in audits[0].get("output_config", {})
    assert "JSON schema" in audits[0]["messages"][0]["content"]
    assert any("ignores format" in event.text for event in events if isinstance(event, Notice))


async def test_a_model_that_never_ends_a_reply_is_stood_in_for_and_what_it_sent_is_counted(
    make_session: MakeSession,
) -> None:
    loop = Message([text("The languages are used most. The languages are asked about. " * 300)])
    with MessagesServer(script(loop)) as server:
        events = await collect(make_session(server.url).ask("Which languages are used most?"))
    (answer,) = [event for event in events if isinstance(event, AnswerMade)]
    assert "English" in answer.text
    assert "Built-in rules did what the model could not: the plan" in answer.text
    (usage,) = [event for event in events if isinstance(event, UsageReported)]
    assert usage.output_tokens >= 2_000


async def test_an_answer_that_a_model_writes_out_of_nothing_is_written_by_rules(make_session: MakeSession) -> None:
    """Prose without a number, as a model of 135 million parameters sent it, gives the check nothing to fail by."""
    prose = "The sentences are from the story of claims. There is no more from the claim that was being reported."

    class _Dreamer(WeakModel):
        def __call__(self, body: dict[str, Any], number: int) -> Reply:
            is_writer = body["system"][0]["text"].startswith("You write the answer")
            return Message([text(prose)]) if is_writer else super().__call__(body, number)

    with MessagesServer(_Dreamer()) as server:
        events = await collect(make_session(server.url).ask("Which languages are used most?"))
    (answer,) = [event for event in events if isinstance(event, AnswerMade)]
    assert "story of claims" not in answer.text
    assert "English" in answer.text
    assert "the writing" in answer.text.split("*Built-in rules did")[1]
    assert "no model ran" not in answer.text


@pytest.mark.parametrize(
    ("stop", "fault"),
    [
        ("end_turn", None),
        ("stop_sequence", None),
        ("tool_use", None),
        ("pause_turn", None),
        ("max_tokens", Truncated),
        ("refusal", Refused),
        ("model_context_window_exceeded", ContextFull),
    ],
)
async def test_every_stop_reason_has_its_meaning(stop: str, fault: type[Exception] | None) -> None:
    asked = _asked(script(Message([text("{}")], stop_reason=stop)), STRUCTURED)
    if fault is None:
        await asked
    else:
        with pytest.raises(fault):
            await asked


async def test_a_malformed_call_is_its_own_fault_and_repeats_nothing_of_it() -> None:
    ask = replace(STRUCTURED, schema=None, tools=[{"name": "count_by", "input_schema": {"type": "object"}}])
    with pytest.raises(Malformed) as caught:
        await _asked(script(_said(broken_tool_use("count_by", '{"by": SECRET'))), ask)
    assert "SECRET" not in f"{caught.value!r} {caught.value.__cause__!r}"


async def test_waits_say_which_try_of_how_many_and_how_long() -> None:
    events: list[Event] = []
    busy: list[Reply] = [Error(503, "api_error"), Error(500, "api_error", headers={"retry-after-ms": "10"})]
    with MessagesServer(lambda body, number: busy.pop(0) if busy else Message([text("ok")])) as server:
        model = model_at(server.url, run_of(emit=events.append))
        await model.reply(STRUCTURED)
        await close(model)
    waits = [event for event in events if isinstance(event, ModelWaiting)]
    assert [(wait.cause, wait.attempt, wait.attempts) for wait in waits] == [
        ("unavailable", 1, 5),
        ("unavailable", 2, 5),
    ]
    assert [wait.retry_after_s for wait in waits] == [0.5, 1.0]


async def test_the_seconds_of_a_run_end_a_reply_that_does_not_come() -> None:
    budget = Budget.of(Settings().with_values(max_run_seconds=0.5))
    with MessagesServer(script(Stall([text("half")], seconds=30))) as server:
        model = model_at(server.url, run_of(budget))
        with pytest.raises(TooSlow):  # half of the time is kept
            await model.reply(STRUCTURED)
        assert server.wait_closed_early()
        with pytest.raises(BudgetSpent):
            while True:
                with suppress(TooSlow):
                    await model.reply(STRUCTURED)
        await close(model)
    assert budget.usage.output_tokens  # of replies that were closed


def test_the_stable_part_of_a_body_is_the_same_bytes_whatever_is_asked() -> None:
    endpoint = Endpoint()
    one, other = (endpoint.body(replace(STRUCTURED, messages=[{"role": "user", "content": word}])) for word in "ab")
    assert one["messages"] != other["messages"]
    assert json.dumps({**one, "messages": []}) == json.dumps({**other, "messages": []})
