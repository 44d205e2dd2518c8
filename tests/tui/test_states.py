"""Every state of the desk, in words and as a picture in both sizes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.pilot import Pilot

from agent.core.errors import ContextFull, NetworkDown, Refused, Truncated
from agent.core.events import (
    AnswerDelta,
    ApprovalAsked,
    ClarificationAsked,
    Event,
    ModelWaiting,
    Notice,
    PlannedTask,
    RunEnded,
    TaskEnded,
    ToolEnded,
    UsageReported,
)
from agent.wiring import App
from index.core.errors import IndexFault, ShoalError
from tests.fakes.desk import SIZES, StillClock, ask, desk, opened, said, text, until
from tests.fakes.session import FakeSession, events, finding
from tui.rendering import welcome
from tui.screens.app import ShoalApp
from tui.state.reduce import stopping
from tui.widgets.prompt import Prompt


def _failed(code: int, message: str, hint: str) -> list[Event]:
    ended = RunEnded(state="failed", elapsed_s=4.0, message=message, hint=hint, exit_code=code)
    return [*events(until="task_ended"), ended]


def _waiting(cause: Any, seconds: float | None) -> list[Event]:
    return [
        *events(until="task_ended"),
        ModelWaiting(cause=cause, retry_after_s=seconds, attempt=2, attempts=5, at_s=0.0),
    ]


HIDDEN = finding("F1", rows=[], suppressed={"groups": 12, "cells": 0, "share": 100.0, "unnamed": 0}, title="Groups")
ALL_WITHHELD: list[Event] = [
    *events(until="tool_started"),
    ToolEnded(task="t1", call="t1.1", tool="count_by", elapsed_s=0.1, finding=HIDDEN),
    TaskEnded(task="t1", elapsed_s=0.2),
    RunEnded(state="done", elapsed_s=1.0),
]
LOST: list[Event] = [
    *(event for event in events(until="answer_made") if not (isinstance(event, TaskEnded) and event.task == "t1")),
    TaskEnded(task="t1", elapsed_s=9.0, failure="The model endpoint is overloaded. It was asked five times."),
    UsageReported(input_tokens=18_000, output_tokens=200, cached_tokens=0, calls=6, cost=0.07),
    RunEnded(state="partial", elapsed_s=9.0),
]
CUT_OFF: list[Event] = [
    *events(until="audit_ended"),
    AnswerDelta(text="Most conversations are about “Code and"),
    Notice(text=f"{Truncated().message} The built-in writer wrote the answer instead. {Truncated().hint}"),
    *events()[-2:],
]
ASKED_BACK: list[Event] = [
    *events(until="run_started"),
    ClarificationAsked(question="Which launch do you mean?", suggestions=("The launch of May", "The launch of August")),
    RunEnded(state="waiting", elapsed_s=0.1),
]
APPROVAL: list[Event] = [
    *events(until="run_started"),
    ApprovalAsked(tasks=(PlannedTask(id="t1", specialist="abuse", objective="Screen every theme"),),
                  reasons=("It clusters everything anew.",), cost=0.4),
    RunEnded(state="waiting", elapsed_s=0.1, message="The plan waits for a yes.", hint="Answer yes, no, or: without t2."),
]  # fmt: skip


def _fault(fault: ShoalError) -> list[Event]:
    return _failed(fault.exit_code, fault.message, fault.hint)


@dataclass(frozen=True)
class State:
    """`phases` it comes to; `bar` stands in the status bar, `place` in what is said, `open` whether one can type."""

    run: list[Event]
    phase: str
    bar: str
    place: str = ""
    hold: bool = False
    is_open: bool = True
    keys: tuple[str, ...] = ()


STATES = {
    "planning": State(events(until="run_started"), "planning", "planning 0:00", hold=True),
    "running": State(events(until="task_ended"), "running", "agents 1/2", "overview()", hold=True),
    "stopped": State(events(until="task_ended"), "stopped", "■ stopped", "f5 goes on", hold=True, keys=("escape", "escape")),
    "done": State(events(), "done", "● done", "1.0 s"),
    "failed-worker": State(LOST, "partial", "1 worker failed", "f5 tries it again"),
    "rate-limited": State(_waiting("rate_limited", 17), "waiting", "rate limited 17s (2/5)", hold=True),
    "overloaded": State(_waiting("overloaded", None), "waiting", "service busy (2/5)", hold=True),
    "offline-waiting": State(_waiting("unavailable", 4), "waiting", "offline 4s (2/5)", hold=True),
    "offline": State(_fault(NetworkDown()), "failed", "✖ stopped: model", "f5 tries again"),
    "truncated": State(CUT_OFF, "done", "● done", "cut off at its limit"),
    "asks-back": State(ASKED_BACK, "ready", "● ready", "2 The launch of August"),
    "approval": State(APPROVAL, "ready", "● ready", "waits for a yes"),
    "budget": State(
        _failed(5, "The budget of 0.5 US dollars is spent (0.51).", "Raise it in the settings, or ask less."), "failed",
        "■ stopped: budget spent", "how to raise the budget"),
    "refusal": State(_fault(Refused()), "failed", "stopped: model", "Rephrase"),
    "context-full": State(_fault(ContextFull()), "failed", "stopped: model", "new session"),
    "all-suppressed": State(ALL_WITHHELD, "done", "● done", "All 12 groups are below"),
    "privacy-stop": State(
        _failed(6, "The privacy check stopped this run (E-3f2a).", "Report this number."), "failed",
        "stopped: privacy check", "E-3f2a"),
    "crash": State(
        _failed(1, "Something went wrong inside Shoal (E-3f2a, KeyError in trend.py:88).", "Report this number."),
        "failed", "stopped: error", "ctrl+y copies a report"),
}  # fmt: skip


def _at(state: State, app: ShoalApp) -> Callable[[Pilot[None]], Any]:
    async def prepare(pilot: Pilot[None]) -> None:
        app.query_one(Prompt).cursor_blink = False
        await pilot.pause()
        await ask(pilot, "What do people use it for?")
        await pilot.press(*state.keys)
        await until(pilot, app, state.phase)

    return prepare


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", STATES)
def test_a_state_says_what_it_is_and_what_can_be_done(snap_compare: Any, tmp_path: Path, name: str, size: str) -> None:
    state = STATES[name]
    app = desk(FakeSession(state.run, hold=state.hold), tmp_path / "demo")

    async def prepare(pilot: Pilot[None]) -> None:
        await _at(state, app)(pilot)
        assert app.view.phase == state.phase
        assert state.bar in text(app, "#status")
        assert state.place in said(app, ".timeline") + said(app, ".closing")
        assert app.query_one(Prompt).disabled is not state.is_open

    assert snap_compare(app, terminal_size=SIZES[size], run_before=prepare)


def _stopping(app: ShoalApp) -> Callable[[Pilot[None]], Any]:
    """A run that was stopped and has not ended yet."""

    async def prepare(pilot: Pilot[None]) -> None:
        await _at(STATES["running"], app)(pilot)
        app.view = stopping(app.view)
        await app._draw()
        await pilot.pause(0.1)

    return prepare


@pytest.mark.parametrize("size", SIZES)
def test_a_run_that_is_being_stopped_says_so_in_the_bar_and_in_its_rows(
    snap_compare: Any, tmp_path: Path, size: str
) -> None:
    app = desk(FakeSession(STATES["running"].run, hold=True), tmp_path / "demo")

    async def prepare(pilot: Pilot[None]) -> None:
        await _stopping(app)(pilot)
        assert "◍ stopping" in text(app, "#status")
        assert "◍" in said(app, ".timeline")

    assert snap_compare(app, terminal_size=SIZES[size], run_before=prepare)


async def test_an_index_that_cannot_be_opened_says_why_and_where_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "index.toml").write_text("this is no TOML")
    app = desk(None, folder)
    async with app.run_test(size=SIZES["narrow"]) as pilot:
        await until(pilot, app, "no index")
        assert "This index cannot be opened." in text(app, "#welcome")
        assert "○ no index" in text(app, "#status")
        assert "type a number" in str(app.query_one(Prompt).placeholder)


@pytest.mark.parametrize("size", SIZES)
def test_picture_of_an_index_that_cannot_be_opened(
    snap_compare: Any, monkeypatch: pytest.MonkeyPatch, size: str
) -> None:
    said = welcome.no_index
    monkeypatch.setattr(welcome, "no_index", lambda error, path, **_: said(error, path, is_there=True))
    app = desk(FakeSession(events()), Path("/data/demo"))

    async def prepare(pilot: Pilot[None]) -> None:
        await opened(pilot, app)
        await app.workers.wait_for_complete()
        app._cannot_ask(
            IndexFault("/data/demo/facts.duckdb cannot be opened as an index.", "Restore it, or ingest into a new one.")
        )
        await pilot.pause(0.1)

    assert snap_compare(app, terminal_size=SIZES[size], run_before=prepare)


async def test_a_snapshot_that_another_process_publishes_is_said_and_taken_up_in_the_same_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = FakeSession(events()), FakeSession(events())
    second.card = replace(second.card, snapshot=2)
    monkeypatch.setattr(App, "session", lambda *_, **__: second)
    monkeypatch.setattr(
        "agent.services.oversight.snapshots", lambda _: [SimpleNamespace(published=datetime.now(UTC).isoformat())]
    )
    app = desk(first, tmp_path / "demo")
    folder = tmp_path / "demo" / "snapshots"
    folder.mkdir(parents=True)
    (folder / "1.duckdb").touch()
    async with app.run_test(size=SIZES["wide"]) as pilot:
        await opened(pilot, app)
        await ask(pilot, "What do people use it for?")
        await _looked(pilot, app)
        assert "is out" not in text(app, "#status")
        assert not app.check_action("newest", ())
        (folder / "2.duckdb").touch()
        await _looked(pilot, app)
        assert "snapshot 1, 2 is out" in text(app, "#status")
        assert app.check_action("newest", ())
        await pilot.press("ctrl+n")
        for _ in range(100):
            if app.view.snapshot == 2:
                break
            await pilot.pause(0.05)
        await pilot.pause(0.2)
        assert "snapshot 2" in text(app, "#status")
        assert "is out" not in text(app, "#status")
        assert second.reopened == ["s-1"]
        assert len(app.view.turns) == 1


async def _looked(pilot: Pilot[None], app: ShoalApp) -> None:
    """Let the desk look for what was published."""
    await app._look_for_newer().wait()
    await pilot.pause(0.1)


def _before(name: str, app: ShoalApp) -> Callable[[Pilot[None]], Any]:
    """States that no event brings about."""

    async def prepare(pilot: Pilot[None]) -> None:
        app.query_one(Prompt).cursor_blink = False
        await opened(pilot, app)
        if name == "starting":
            app.view = replace(app.view, phase="starting")
        elif name == "no-index":
            app._cannot_ask(IndexFault("There is no index at /data/demo.", "Build one: shoal ingest FILE."))
        elif name == "newer":
            app.view = replace(app.view, newest=2)
            app.refresh_bindings()
        elif name == "no-key":
            app.view = replace(app.view, is_keyless=True)
        elif name == "stale":
            app.view = replace(app.view, age_days=40)
        elif name == "viewing":
            app.view = replace(app.view, phase="viewing")
            app._enable(False, "read only: its last run has not ended; f forks it, f5 takes it over")
        app._draw_welcome()
        app._draw_lines()
        await pilot.pause(0.1)

    return prepare


EMPTY = {
    "starting": ("◌ starting", "Your question is sent as soon as".lower()),
    "no-index": ("○ no index", "shoal ingest file"),
    "no-key": ("○ ready · no key", "anthropic_api_key"),
    "newer": ("snapshot 1, 2 is out", "what is new since the launch?"),
    "stale": ("index stale", "40 days ago"),
    "ready": ("● ready", "what is new since the launch?"),
    "viewing": ("● viewing", ""),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_desk_says_what_is_possible(
    snap_compare: Any, monkeypatch: pytest.MonkeyPatch, name: str, size: str
) -> None:
    if name == "newer":
        monkeypatch.setattr(
            "agent.services.oversight.newest_snapshot", lambda _: 2
        )  # the desk looks again where the machine is slow
    app = desk(FakeSession(events()), Path("/data/demo"))

    async def prepare(pilot: Pilot[None]) -> None:
        await _before(name, app)(pilot)
        bar, words = EMPTY[name]
        assert bar in text(app, "#status")
        assert words in text(app, "#welcome").casefold().replace("\n", " ")
        assert app.query_one(Prompt).disabled is (name == "viewing")

    assert snap_compare(app, terminal_size=SIZES[size], run_before=prepare)


def test_picture_of_a_terminal_that_is_too_small(snap_compare: Any, tmp_path: Path) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    assert snap_compare(app, terminal_size=(50, 12), run_before=_before("ready", app))


async def test_a_wait_counts_down_on_the_screen(tmp_path: Path) -> None:
    clock = StillClock()
    app = desk(FakeSession(STATES["rate-limited"].run, hold=True), tmp_path / "demo", clock=clock)
    async with app.run_test(size=SIZES["narrow"]) as pilot:
        await _at(STATES["rate-limited"], app)(pilot)
        clock.now += 5
        await pilot.pause(0.5)
        assert "rate limited 12s" in text(app, "#status")


@pytest.mark.parametrize("theme", ["textual-light", "ansi-dark", "ansi-light"])
def test_picture_in_another_theme(snap_compare: Any, tmp_path: Path, theme: str) -> None:
    from tui.state.preferences import Preferences

    app = desk(FakeSession(events()), tmp_path / "demo", preferences=Preferences(theme=theme))
    assert snap_compare(app, terminal_size=SIZES["wide"], run_before=_at(STATES["done"], app))


def test_picture_with_letters_only(snap_compare: Any, tmp_path: Path) -> None:
    from tui.text.glyphs import ASCII

    app = desk(FakeSession(LOST), tmp_path / "demo", glyphs=ASCII)
    assert snap_compare(app, terminal_size=SIZES["narrow"], run_before=_at(STATES["failed-worker"], app))
