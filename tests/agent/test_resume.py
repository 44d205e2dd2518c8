"""Runs that were stopped, failed or killed go on where they were, and a reopened session knows what was said."""

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from agent.core.errors import NetworkDown, RateLimited
from agent.core.events import (
    AnswerMade,
    AuditEnded,
    Event,
    Notice,
    RunEnded,
    RunStarted,
    TaskEnded,
    TaskStarted,
    ToolEnded,
)
from agent.roles.protocols import Brief, Plan
from tests.agent.conftest import MakeSession, collect
from tests.fakes.corpus import small
from tests.fakes.roles import data_behind, with_roles
from tests.fakes.slow_session import SESSION, Counting, FixedPlanner, session_over
from tools.toolbox import Toolbox


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "kept"
    folder.mkdir(mode=0o700)
    return folder


def _kept(events: Sequence[Event]) -> int:
    """Claims that the auditor kept: of each task one."""
    return next(event.kept for event in events if isinstance(event, AuditEnded))


async def test_a_killed_run_goes_on_with_the_one_task_that_was_not_done(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    command = [
        sys.executable,
        "-m",
        "tests.fakes.slow_session",
        str((await asyncio.to_thread(small)).path),
        str(folder),
    ]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 60) == b"two are done\n"
    process.kill()
    await process.wait()

    investigator = Counting()
    session = session_over(small().path, folder, investigator)
    session.reopen(SESSION)
    assert session.store.runs(SESSION)[0].state == "interrupted"
    events = await collect(session.resume())
    await session.close()
    assert investigator.started == ["t2"]
    assert [event.task for event in events if isinstance(event, TaskStarted)] == ["t2"]
    (answer,) = [event for event in events if isinstance(event, AnswerMade)]
    assert "conversations [F" in answer.text
    assert _kept(events) == 3
    assert len({event.finding["id"] for event in events if isinstance(event, ToolEnded) and event.finding}) == 1
    assert isinstance(events[-1], RunEnded)
    assert events[-1].state == "done"


async def test_of_three_workers_only_the_one_that_failed_runs_again(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    first = Counting(lambda task: RateLimited(3) if task == "t2" else None)
    path = (await asyncio.to_thread(small)).path
    session = session_over(path, folder, first)
    events = await collect(session.ask("How many?"))
    name = session.id
    await session.close()
    assert events[-1].type == "run_ended"
    assert (events[-1].state, events[-1].exit_code) == ("partial", 4)

    second = Counting()
    session = session_over(path, folder, second)
    session.reopen(name)
    events = await collect(session.resume())
    again = await collect(session.resume())
    history = session.store.history(name)
    await session.close()
    assert second.started == ["t2"]
    assert [event.failure for event in events if isinstance(event, TaskEnded)] == [None]
    (answer,) = [event for event in events if isinstance(event, AnswerMade)]
    assert "conversations [F" in answer.text
    assert _kept(events) == 3
    assert not answer.partial
    assert isinstance(events[-1], RunEnded)
    assert (events[-1].state, events[-1].exit_code) == ("done", 0)
    assert again == []
    assert [event["text"] for _, _, event in history] == [answer.text]


async def test_a_run_that_failed_while_planning_is_planned_again(make_session: MakeSession) -> None:
    class Flaky(FixedPlanner):
        calls = 0

        async def plan(self, brief: Brief) -> Plan:
            self.calls += 1
            if self.calls == 1:
                raise NetworkDown
            return await super().plan(brief)

    flaky = Flaky(1)
    session = make_session(change=lambda roles: replace(roles, planner=flaky, investigator=Counting()))
    failed = await collect(session.ask("How many?"))
    assert isinstance(failed[-1], RunEnded)
    assert (failed[-1].state, failed[-1].exit_code) == ("failed", 4)
    events = await collect(session.resume())
    assert isinstance(events[-1], RunEnded)
    assert events[-1].state == "done"


async def test_a_reopened_session_asks_with_its_earlier_answers_and_counts_its_handles_on(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    path = (await asyncio.to_thread(small)).path
    seen: list[Brief] = []

    class Seeing(FixedPlanner):
        async def plan(self, brief: Brief) -> Plan:
            seen.append(brief)
            return await super().plan(brief)

    session = session_over(path, folder, Counting())
    await collect(session.ask("How many?"))
    name, answer = session.id, next(iter(session.answers.values()))["answer"]
    await session.close()
    session = session_over(path, folder, Counting())
    session.reopen(name)
    session.roles = with_roles(session.roles, planner=Seeing(1))
    events = await collect(session.ask("And now?"))
    await session.close()
    assert [(item.question, item.answer) for item in seen[0].history] == [("How many?", answer)]
    assert [event.finding["id"] for event in events if isinstance(event, ToolEnded) and event.finding] == ["F4"]


async def test_a_run_that_goes_on_over_a_newer_snapshot_says_so(make_session: MakeSession) -> None:
    session = make_session()
    await collect(session.ask("blah fnord qwerty"))
    assert session.last_run is not None
    stored = list(session.store.events(session.last_run))
    started = next(event for event in stored if event["type"] == "run_started")
    from agent.engine.resume import newer_snapshot

    event = RunStarted.model_validate(started)
    assert newer_snapshot(event.snapshot, event) == ""
    assert "goes on over snapshot" in newer_snapshot(event.snapshot - 1, event)
    replied = await collect(session.ask("Which languages are used most?"))
    assert not [event for event in replied if isinstance(event, Notice)]


async def test_a_reopened_session_knows_the_findings_of_all_its_questions_for_the_auditor(
    make_session: MakeSession,
) -> None:
    session = make_session()
    await collect(session.ask("Which languages are used most?"))
    await collect(session.ask("Where are the coverage gaps?"))
    before = {handle: finding.digest for handle, finding in session.known.items()}
    again = make_session()
    again.store = session.store
    gate = replace(data_behind(again).gate, ledger=data_behind(session).gate.ledger)
    again.toolbox = Toolbox(replace(data_behind(again), gate=gate))
    again.reopen(session.id)
    assert {handle: finding.digest for handle, finding in again.known.items()} == before
    assert [item["tasks"] for item in again.answers.values()] == [item["tasks"] for item in session.answers.values()]
    assert len(before) >= 2
