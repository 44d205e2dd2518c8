import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from agent.core.errors import RateLimited
from agent.core.events import (
    AnswerMade,
    AuditEnded,
    ClarificationAsked,
    Notice,
    RunEnded,
    RunStarted,
    TaskEnded,
    TaskStarted,
    ToolEnded,
    dump,
    load,
)
from agent.grounding.verify import check
from agent.roles.protocols import Brief, Claim, Plan, RoleSet, Task, ToolCaller
from tests.agent.conftest import MakeSession, collect
from tests.fakes.corpus import CANARY_PIECES, RARE_WORDS
from tests.fakes.roles import data_behind
from tools.core.errors import PrivacyViolation


def _one(events: Sequence[Any], kind: type) -> Any:
    found = [event for event in events if isinstance(event, kind)]
    assert len(found) == 1, f"{len(found)} {kind.__name__}"
    return found[0]


async def test_a_question_is_answered_with_findings_that_hold_every_number(make_session: MakeSession) -> None:
    session = make_session()
    events = await collect(session.ask("What do people use the assistant for most?"))
    answer = _one(events, AnswerMade)
    assert _one(events, RunEnded).state == "done"
    assert answer.cited
    assert not answer.removed
    stored = {
        event.finding["id"]: data_behind(session).gate.restore(event.finding)
        for event in events
        if isinstance(event, ToolEnded) and event.finding
    }
    assert not check(answer.text, stored).problems


async def test_nothing_planted_is_in_any_event(make_session: MakeSession) -> None:
    session = make_session()
    for question in ("What do people use it for most?", "Is anyone running coordinated spam?", "Which languages?"):
        text = "".join(str(dump(event)).casefold() for event in await collect(session.ask(question)))
        for planted in (*CANARY_PIECES, *RARE_WORDS):
            assert planted not in text


async def test_events_survive_json_and_the_store_keeps_them_all(make_session: MakeSession) -> None:
    session = make_session()
    events = await collect(session.ask("Which languages are used most?"))
    assert [load(dump(event)) for event in events] == events
    assert session.last_run is not None
    assert [load(stored) for stored in session.store.events(session.last_run)] == events


async def test_a_question_nobody_understands_is_asked_back_and_the_reply_is_planned(make_session: MakeSession) -> None:
    session = make_session()
    asked = await collect(session.ask("blah fnord qwerty"))
    assert _one(asked, ClarificationAsked).suggestions
    assert _one(asked, RunEnded).state == "waiting"
    replied = await collect(session.ask("Which languages are used most?"))
    assert _one(replied, AnswerMade).cited
    assert _one(replied, RunEnded).state == "done"


class _Planner:
    def __init__(self, *tasks: Task) -> None:
        self._tasks = tasks
        self.calls = 0

    async def plan(self, brief: Brief) -> Plan:
        self.calls += 1
        return Plan(tasks=self._tasks)


class _Investigator:
    """Does one tool call a task; `behave` decides what else happens."""

    def __init__(self, behave: Any) -> None:
        self.behave = behave
        self.started: list[str] = []

    async def investigate(self, task: Task, tools: ToolCaller) -> Sequence[Claim]:
        self.started.append(task.id)
        await self.behave(task, tools)
        finding = await tools.call("count_by", {"by": "language"})
        return [Claim(text=f"There are {finding.totals[0]:,} conversations [{finding.id}].", findings=(finding.id,))]


def _tasks(count: int) -> tuple[Task, ...]:
    return tuple(
        Task(id=f"t{number}", specialist="usage", focus="breakdown", objective=f"task {number}")
        for number in range(1, count + 1)
    )


async def test_a_failing_worker_is_a_row_and_the_others_are_kept(make_session: MakeSession) -> None:
    async def behave(task: Task, _: ToolCaller) -> None:
        if task.id == "t2":
            raise RateLimited(3)

    session = make_session(
        change=lambda roles: replace(roles, planner=_Planner(*_tasks(3)), investigator=_Investigator(behave))
    )
    events = await collect(session.ask("anything"))
    failures = {event.task: event.failure for event in events if isinstance(event, TaskEnded)}
    assert failures["t1"] is None
    assert failures["t3"] is None
    assert "rate-limiting" in (failures["t2"] or "")
    assert _one(events, RunEnded).state == "partial"
    assert "Not done" in _one(events, AnswerMade).text


async def test_a_stopped_run_resumes_without_repeating_finished_tasks(make_session: MakeSession) -> None:
    release = asyncio.Event()

    async def behave(task: Task, _: ToolCaller) -> None:
        if task.id == "t2" and not release.is_set():
            await asyncio.sleep(60)

    investigator = _Investigator(behave)
    session = make_session(change=lambda roles: replace(roles, planner=_Planner(*_tasks(2)), investigator=investigator))
    async with aclosing(session.ask("anything")) as events:
        async for event in events:
            if isinstance(event, TaskEnded):
                break
    assert session.last_run is not None
    assert session.store.runs(session.id)[0].state == "interrupted"
    release.set()
    resumed = await collect(session.resume())
    assert investigator.started.count("t1") == 1
    assert investigator.started.count("t2") == 2
    assert _one(resumed, RunEnded).state == "done"
    assert "conversations [F" in _one(resumed, AnswerMade).text
    assert _one(resumed, AuditEnded).kept == 2


async def test_a_bug_ends_the_run_with_an_incident_number_and_no_content(make_session: MakeSession) -> None:
    async def behave(task: Task, _: ToolCaller) -> None:
        raise RuntimeError("SECRET-CONTENT")

    session = make_session(
        change=lambda roles: replace(roles, planner=_Planner(*_tasks(1)), investigator=_Investigator(behave))
    )
    events = await collect(session.ask("anything"))
    ended = _one(events, RunEnded)
    assert ended.state == "failed"
    assert "RuntimeError" in ended.message
    assert all("SECRET-CONTENT" not in str(dump(event)) for event in events)


async def test_a_privacy_violation_stops_the_run_with_its_own_exit_code(make_session: MakeSession) -> None:
    async def behave(task: Task, _: ToolCaller) -> None:
        raise PrivacyViolation("A finding was built outside the gate.")

    session = make_session(
        change=lambda roles: replace(roles, planner=_Planner(*_tasks(1)), investigator=_Investigator(behave))
    )
    ended = _one(await collect(session.ask("anything")), RunEnded)
    assert ended.state == "failed"
    assert ended.exit_code == 6


async def test_an_unsupported_sentence_is_struck_and_shown(make_session: MakeSession) -> None:
    class Inventive:
        async def write(self, evidence: Any, problems: Sequence[str], on_delta: Any) -> Any:
            from agent.core.answer import Draft

            handle = evidence.findings[0].id
            return Draft(answer=f"There are 987,654 of them [{handle}]. This has no number.")

    async def behave(task: Task, _: ToolCaller) -> None:
        return None

    def change(roles: RoleSet) -> RoleSet:
        return replace(roles, planner=_Planner(*_tasks(1)), investigator=_Investigator(behave), writer=Inventive())

    answer = _one(await collect(make_session(change=change).ask("anything")), AnswerMade)
    assert answer.text == "This has no number."
    assert "987,654" in answer.removed[0]


async def test_a_task_over_its_tool_calls_ends_with_what_it_has(make_session: MakeSession) -> None:
    async def behave(task: Task, tools: ToolCaller) -> None:
        for _ in range(20):
            await tools.call("count_by", {"by": "language"})

    session = make_session(
        change=lambda roles: replace(roles, planner=_Planner(*_tasks(1)), investigator=_Investigator(behave))
    )
    events = await collect(session.ask("anything"))
    ended = _one(events, TaskEnded)
    assert "budget of 8 tool calls" in (ended.failure or "")
    assert sum(isinstance(event, ToolEnded) for event in events) == 8


async def test_no_checkpoint_or_session_file_holds_anything_planted(make_session: MakeSession) -> None:
    session = make_session()
    await collect(session.ask("What do people use the assistant for most?"))
    for path in session.folder.rglob("*"):
        if path.is_file():
            raw = path.read_bytes().lower()
            assert all(piece.encode() not in raw for piece in (*CANARY_PIECES, *RARE_WORDS)), path.name


async def test_parallel_tasks_start_before_any_ends(make_session: MakeSession) -> None:
    async def behave(task: Task, _: ToolCaller) -> None:
        await asyncio.sleep(0.05)

    session = make_session(
        change=lambda roles: replace(roles, planner=_Planner(*_tasks(3)), investigator=_Investigator(behave))
    )
    kinds = [
        type(event) for event in await collect(session.ask("anything")) if isinstance(event, TaskStarted | TaskEnded)
    ]
    assert kinds[:3] == [TaskStarted] * 3


async def test_the_plan_is_announced_before_any_tool_runs(make_session: MakeSession) -> None:
    events = await collect(make_session().ask("Which languages are used most?"))
    kinds = [event.type for event in events]
    assert kinds.index("plan_made") < kinds.index("tool_started")


async def test_a_map_that_is_asked_for_is_cited_first_and_narrowed_to_its_scope(make_session: MakeSession) -> None:
    events = await collect(make_session().ask("Show the map of Spanish conversations"))
    maps = [event.finding for event in events if isinstance(event, ToolEnded) and event.tool == "topic_map"]
    assert [finding["scope"] for finding in maps if finding is not None] == ["conversations in Spanish"]
    assert _one(events, AnswerMade).cited[0] == "F1"


async def test_an_identifier_in_a_question_is_stored_nowhere_and_a_notice_says_so(make_session: MakeSession) -> None:
    session = make_session()
    events = await collect(session.ask("Does zephyrine.quackenbush@canarymail.example ask about cover letters?"))
    assert "identifier" in _one(events, Notice).text
    assert "[removed]" in _one(events, RunStarted).question
    said = "".join(str(dump(event)) for event in events) + str(data_behind(session).gate.ledger.entries())
    assert "quackenbush" not in said
    assert "quackenbush" not in str(session.store.runs(session.id))
