"""Small models: the profile `local` on the wire, the probe, patience with a slow stream, and looks that are taken once."""

import json
from dataclasses import replace
from typing import Any

import pytest

from agent.core.budget import Budget
from agent.core.errors import TooSlow
from agent.core.events import AnswerMade, ClarificationAsked, Notice, PlanMade, RunEnded, TaskStarted, ToolEnded
from agent.core.settings import Settings
from agent.services import probe as probing
from agent.wiring import App
from index.core.errors import SettingsError
from tests.agent.conftest import MakeSession, collect
from tests.agent.test_weak import STRUCTURED
from tests.fakes.messages import Error, Message, Reply, Stall, script, text, tool_use
from tests.fakes.messages_server import MessagesServer
from tests.fakes.roles import close, model_at, run_of
from tests.fakes.team import plan, team

LOCAL = Settings(profile="local", lead_model="small-1b", agents=1)
QUESTION = "How many conversations are there in English?"


def said(body: dict[str, Any]) -> str:
    return str(body["messages"][0]["content"])


async def answered(
    make_session: MakeSession, reply: Reply, question: str = QUESTION
) -> tuple[AnswerMade, list[str], list[dict[str, Any]]]:
    """The answer, what was noticed, and what went over the wire."""
    with MessagesServer(lambda body, number: reply) as server:
        session = make_session(server.url, settings=LOCAL)
        events = await collect(session.ask(question))
        bodies = list(server.requests)
    (answer,) = [event for event in events if isinstance(event, AnswerMade)]
    assert isinstance(events[-1], RunEnded)
    assert events[-1].state in ("done", "partial")
    return answer, [event.text for event in events if isinstance(event, Notice)], bodies


async def test_a_small_model_words_the_answer_and_gets_one_short_request_without_tools(
    make_session: MakeSession,
) -> None:
    answer, _, bodies = await answered(make_session, Message([text("Those in English are about 850 [F2].")]))
    assert answer.text.startswith("Those in English are about 850 [F2].")
    assert "A model worded the answer; built-in rules investigated." in answer.text
    (body,) = bodies
    assert "tools" not in body
    assert body["max_tokens"] <= 500
    assert len(json.dumps(body)) < 6_000  # about 1,500 tokens


@pytest.mark.parametrize(
    "reply",
    [
        Message([text("There are 12,345 conversations in English [F1].")]),
        Message([text("I think English is popular.")]),
        Message([text("")]),
        Message([text("Half")], stop_reason="max_tokens"),
        Error(400, "invalid_request_error", "the request exceeds the available context size"),
    ],
    ids=["invented number", "no handle", "silence", "cut", "context too small"],
)
async def test_whatever_a_small_model_does_the_question_is_answered_and_the_fallback_is_named(
    make_session: MakeSession, reply: Reply
) -> None:
    answer, notices, _ = await answered(make_session, reply)
    assert "12,345" not in answer.text
    assert "850 conversations in English" in answer.text
    assert "built-in" in answer.text.casefold()
    assert not answer.removed
    assert any("built-in writer" in notice for notice in notices)


async def test_a_question_that_the_built_in_lead_does_not_read_is_said_again_by_the_model(
    make_session: MakeSession,
) -> None:
    rough = "gimme the tally for anglais pls the one w/ the biggest crowd zzz qqq"

    def reply(body: dict[str, Any], _: int) -> Reply:
        if "You say an analyst's question again" in json.dumps(body["system"]):
            assert rough in said(body)
            return Message([text("How many conversations are in English?")])
        return Message([text("About 850 are in English [F2].")])

    with MessagesServer(reply) as server:
        session = make_session(server.url, settings=LOCAL)
        events = await collect(session.ask(rough))
    plans = [event for event in events if isinstance(event, PlanMade)]
    if any(isinstance(event, ClarificationAsked) for event in events):
        pytest.fail("the question was not said again")
    assert plans
    if plans[0].assumptions:
        assert "read by small-1b as: How many conversations are in English?" in plans[0].assumptions[0]


async def test_a_question_that_stays_unclear_is_asked_back(make_session: MakeSession) -> None:
    with MessagesServer(script(Message([text("blorp")]))) as server:
        session = make_session(server.url, settings=LOCAL)
        events = await collect(session.ask("blorp fnord"))
    assert any(isinstance(event, ClarificationAsked | AnswerMade) for event in events)
    assert isinstance(events[-1], RunEnded)
    assert events[-1].state in ("waiting", "done")


async def test_a_model_that_streams_steadily_may_finish_and_one_that_stalls_is_cut() -> None:
    steady = Message([text("a word " * 40)], pace_s=0.06)
    budget = Budget.of(Settings().with_values(max_run_seconds=6))
    with MessagesServer(script(steady)) as server:
        model = model_at(server.url, run_of(budget))
        await model.reply(STRUCTURED)
        await close(model)
    with MessagesServer(script(Stall([text("a word " * 40)], seconds=30))) as server:
        model = model_at(server.url, run_of(Budget.of(Settings().with_values(max_run_seconds=1))))
        with pytest.raises(TooSlow):
            await model.reply(STRUCTURED)
        assert server.wait_closed_early()
        await close(model)


async def test_a_wait_for_the_first_word_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.llm.client._SAY_AFTER_S", 0.05)
    events: list[Any] = []
    with MessagesServer(script(Message([text("ok")], delay_s=0.4), Message([text("ok")]))) as server:
        model = model_at(server.url, run_of(emit=events.append))
        await model.reply(STRUCTURED)
        assert [event.text for event in events if isinstance(event, Notice)] == [
            "The model is reading; it has not begun to answer."
        ]
        await close(model)


async def test_the_same_look_of_two_tasks_is_released_once_and_said_once(make_session: MakeSession) -> None:
    with MessagesServer(team(lead=lambda body, _: plan("count one", "count one again"))) as server:
        session = make_session(server.url)
        events = await collect(session.ask("How many?"))
    released = {event.finding["id"] for event in events if isinstance(event, ToolEnded) and event.finding}
    assert released == {"F1"}
    (answer,) = [event for event in events if isinstance(event, AnswerMade)]
    assert answer.text.count("There are") == 1


async def test_a_plan_that_repeats_a_finished_task_is_dropped(make_session: MakeSession) -> None:
    audited: list[int] = []

    def auditor(body: dict[str, Any], _: int) -> Reply:
        audited.append(1)
        return Message([text(json.dumps({"verdicts": [], "gaps": ["once more"] if len(audited) == 1 else []}))])

    with MessagesServer(team(lead=lambda body, _: plan("count one", "count two"), auditor=auditor)) as server:
        events = await collect(make_session(server.url).ask("How many?"))
    assert [event.task for event in events if isinstance(event, TaskStarted)] == ["t1", "t2"]
    assert isinstance(events[-1], RunEnded)
    assert events[-1].state == "done"


def _probed_app(url: str, **settings: Any) -> App:
    return replace(App.start("none"), settings=Settings(lead_model="m", **settings).with_values(base_url=url))


async def test_the_probe_tells_what_a_model_can_do_and_which_profile_suits(monkeypatch: pytest.MonkeyPatch) -> None:
    def able(body: dict[str, Any], _: int) -> Reply:
        if "tools" in body:
            return Message([tool_use("count", {"by": "language"})], stop_reason="tool_use")
        return Message([text("one two three")], usage={"output_tokens": 400})

    def weak(body: dict[str, Any], _: int) -> Reply:
        if "tools" in body:
            return Message([text("I would count by language.")])
        if len(said(body)) > 10_000:
            return Error(400, "invalid_request_error", "exceeds the context")
        return Message([text("one two three")], usage={"output_tokens": 400})

    for reply, profile in ((able, "full"), (weak, "local")):
        with MessagesServer(reply) as server:
            app = _probed_app(server.url)
            found = await probing.probe(app)
        assert found.profile == profile
        lines = probing.described(app, found)
        assert [line.what for line in lines] == ["model answers", "calls tools", "reads 4,500 tokens", "profile"]
        assert (lines[-1].next == "") is (profile == "full")
    monkeypatch.setattr(probing, "_PATIENCE_S", 0.0)
    with MessagesServer(able) as server:
        assert (await probing.probe(_probed_app(server.url))).reads is None
    with MessagesServer(script(Error(401, "authentication_error"))) as server:
        app = _probed_app(server.url)
        (line,) = probing.described(app, await probing.probe(app))
        assert line.state == "wrong"
    with pytest.raises(SettingsError, match="no model to probe"):
        await probing.probe(App.start("none"))
