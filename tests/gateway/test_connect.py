"""A terminal that a gate elsewhere answers: the same events, lists and errors as with an index of its own."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.events import AnswerMade, Event, RunEnded
from agent.engine.remote_session import GateAddress, RemoteSession
from agent.storage.export import document, to_markdown
from agent.storage.session_store import SessionStore
from agent.wiring import App
from index.core.errors import IndexFault, SettingsError
from tests.fakes.gate import Served, listening

ASKED = "Which languages are used most?"


@pytest.fixture
def address(gate: Served) -> Iterator[str]:
    with listening(gate.guard) as url:
        yield url


def session_at(address: str, token: str, folder: Path) -> RemoteSession:
    return RemoteSession(GateAddress.of(address, token), SessionStore(folder / "kept"), folder / "gate")


async def collect(events: AsyncIterator[Event]) -> list[Event]:
    return [event async for event in events]


async def test_a_question_and_its_follow_up_come_as_events_and_are_kept(
    gate: Served, address: str, tmp_path: Path
) -> None:
    session = await asyncio.to_thread(session_at, address, gate.token(), tmp_path)
    assert session.card.path.name == "small"
    assert session.role_names == "built-in"
    events = await collect(session.ask(ASKED))
    answer = next(event for event in events if isinstance(event, AnswerMade))
    assert "English" in answer.text
    assert isinstance(events[-1], RunEnded)
    followed = await collect(session.ask("And by surface?"))
    assert next(event for event in followed if isinstance(event, AnswerMade)).cited
    assert [run.state for run in session.store.runs(session.id)] == ["done", "done"]
    assert [item.finding["id"] for item in session.store.released(session.id)][:1] == ["F1"]
    assert "English" in to_markdown(document(session.store, session.id))
    kept = session.id
    await session.close()
    again = await asyncio.to_thread(session_at, address, gate.token(), tmp_path)
    again.reopen(kept)
    more = await collect(again.ask("Tell me more about the biggest one"))
    assert isinstance(more[-1], RunEnded)
    facts = await again.facts()
    assert facts.conversations > 0
    assert (await again.themes())["rows"]
    reading = await asyncio.to_thread(again.read_ledger)
    assert reading.releases
    assert {entry.analyst for entry in reading.releases} == {"ana"}
    await again.close()


async def test_an_identifier_is_removed_before_it_travels(gate: Served, address: str, tmp_path: Path) -> None:
    session = await asyncio.to_thread(session_at, address, gate.token(), tmp_path)
    await collect(session.ask("What does ana.muster@example.org ask about python?"))
    assert "ana.muster" not in session.store.runs(session.id)[0].question
    await session.close()


async def test_a_gate_that_goes_away_in_the_middle_is_an_interrupted_run(
    gate: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening(gate.guard) as url:
        session = await asyncio.to_thread(session_at, url, gate.token(), tmp_path)
        await collect(session.ask(ASKED))
    with pytest.raises(IndexFault, match="cannot be reached"):
        await collect(session.ask(ASKED))
    await session.close()


async def test_leaving_the_events_stops_the_run_at_the_gate(gate: Served, address: str, tmp_path: Path) -> None:
    session = await asyncio.to_thread(session_at, address, gate.token(), tmp_path)
    events = session.ask("What is new since 2026-07-01?")
    await anext(events)
    await events.aclose()
    assert session.store.runs(session.id)[0].state == "interrupted"
    resumed = await collect(session.resume())
    assert not resumed or isinstance(resumed[-1], RunEnded)
    await session.close()


@pytest.mark.parametrize(
    ("url", "token", "word"),
    [
        ("gate.example.org", "x", "not the address"),
        ("http://gate.example.org", "x", "not encrypted"),
        ("https://gate.example.org", None, "needs a token"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused(url: str, token: str | None, word: str) -> None:
    with pytest.raises(SettingsError, match=word):
        GateAddress.of(url, token)


async def test_a_wrong_token_and_a_wrong_role_are_said(gate: Served, address: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not accept"):
        await asyncio.to_thread(session_at, address, "shoal_1_2", tmp_path)
    with pytest.raises(Exception, match="of the role oversight cannot do this"):
        await asyncio.to_thread(session_at, address, gate.token("olga", "oversight"), tmp_path)
    with pytest.raises(IndexFault, match="cannot be reached"):
        await asyncio.to_thread(session_at, "http://127.0.0.1:9", gate.token(), tmp_path)


async def test_the_screen_of_a_gate_holds_no_record(
    gate: Served, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from textual.widgets import Static

    from tui.screens.app import ShoalApp
    from tui.widgets.prompt import Prompt

    home = tmp_path / "terminal"
    monkeypatch.setenv("SHOAL_HOME", str(home))
    monkeypatch.setenv("SHOAL_TOKEN", gate.token())
    app = await asyncio.to_thread(App.connected, address)
    screen = ShoalApp.for_terminal(app, built_in=False)
    async with screen.run_test(size=(120, 36)) as pilot:
        for _ in range(200):
            await pilot.pause(0.05)
            if screen.view.phase == "ready":
                break
        assert "small" in str(screen.query_one("#status", Static).content)
        screen.query_one(Prompt).value = ASKED
        await pilot.press("enter")
        for _ in range(200):
            await pilot.pause(0.05)
            if screen.view.turns and not screen.view.is_busy:
                break
        assert screen.view.findings
    files = sorted(path.name for path in home.rglob("*") if path.is_file())
    assert "sessions.sqlite3" in files
    assert not [name for name in files if name.endswith((".duckdb", ".npy", ".key"))]
    with closing(replace(app).store()) as store:
        assert [run.state for run in store.runs()] == ["done"]
