"""Two runs at once in one process: each is charged for its own calls, logs its own releases, and emits its own events."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.core.events import Event, ModelWaiting, RunStarted, ToolEnded, UsageReported
from agent.core.settings import Settings
from agent.engine.session import Session
from agent.storage.session_store import SessionStore
from agent.wiring import App
from tests.fakes.corpus import context, small_index
from tests.fakes.messages import Error, Message, Reply, text, tool_use
from tests.fakes.messages_server import MessagesServer
from tests.fakes.roles import data_behind, with_built_in_readers
from tests.fakes.team import investigate, last_result, plan, role, team
from tools.toolbox import Toolbox


def _is_busy(body: dict[str, Any]) -> bool:
    return "busy question" in str(body["messages"][0]["content"])


def _plan(body: dict[str, Any], _: int) -> Reply:
    return plan("one busy question", "two busy question") if _is_busy(body) else plan("a quiet one")


async def _collect(events: AsyncIterator[Event]) -> list[Event]:
    return [event async for event in events]


async def test_two_runs_of_one_application_do_not_charge_or_log_each_other(tmp_path: Path) -> None:
    index = await asyncio.to_thread(small_index)
    put_off: list[int] = []

    def decide(body: dict[str, Any], number: int) -> Reply:
        if role(body) == "investigator" and _is_busy(body) and not put_off:
            put_off.append(number)
            return Error(529, "overloaded_error", headers={"retry-after-ms": "20"})
        return team(lead=_plan, investigator=_investigate)(body, number)

    with MessagesServer(decide) as server:
        settings = Settings(api_key="key", base_url=server.url)
        app = replace(App.start("none"), settings=settings)
        roles, toolbox = (
            with_built_in_readers(app.model_roles()),
            Toolbox(context(index, tmp_path / "ledger" / "x.sqlite3")),
        )
        sessions = []
        for name in ("busy", "quiet"):
            folder = tmp_path / name
            made = Session(toolbox, roles, app.built_in_roles(), settings, SessionStore(folder), folder)
            sessions.append(made)
        busy, quiet = await asyncio.gather(
            _collect(sessions[0].ask("A busy question")), _collect(sessions[1].ask("A quiet one"))
        )
        bodies = server.requests
        ledger = data_behind(sessions[0]).gate.ledger
        counted = {events[0].run: events for events in (busy, quiet) if isinstance(events[0], RunStarted)}
        for run, events in counted.items():
            released = {event.finding["digest"] for event in events if isinstance(event, ToolEnded) and event.finding}
            logged = {release.digest for release in ledger.releases(run)}
            assert released
            assert released <= logged
            others = [name for name in counted if name != run]
            assert not released & {release.digest for release in ledger.releases(others[0])}
        await roles.close()
        for session in sessions:
            session.store.close()
        toolbox.close()
    calls = {name: next(e.calls for e in events if isinstance(e, UsageReported)) for name, events in
             (("busy", busy), ("quiet", quiet))}  # fmt: skip
    asked = {"busy": sum(map(_is_busy, bodies)) - 1, "quiet": sum(not _is_busy(body) for body in bodies)}
    assert calls == asked
    assert [event for event in busy if isinstance(event, ModelWaiting)]
    assert not [event for event in quiet if isinstance(event, ModelWaiting)]


def _investigate(body: dict[str, Any], _: int) -> Reply:
    """The quiet run counts by surface, so that no finding of the two is the same."""
    if last_result(body) is None and not _is_busy(body):
        return Message([text("let me count"), tool_use("count_by", {"by": "surface"})], stop_reason="tool_use")
    return investigate(body)
