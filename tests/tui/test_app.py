from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import DataTable, Markdown, Static, Tree

from agent.events import RunEnded
from tests.fakes.session import FakeSession, as_session, events, finding, row, started
from tui.app import ShoalApp
from tui.screens import HelpScreen, LedgerScreen
from tui.widgets import Prompt

WIDE = (130, 38)
NARROW = (80, 24)


def _app(fake: FakeSession | None, path: Path) -> ShoalApp:
    return ShoalApp(started(path), built_in=True, session=as_session(fake) if fake else None)


async def _ask(pilot: Pilot[None], text: str) -> None:
    prompt = pilot.app.query_one(Prompt)
    prompt.value = text
    prompt.focus()
    await pilot.press("enter")
    await pilot.pause(0.2)


def _text(app: ShoalApp, selector: str) -> str:
    return str(app.query_one(selector, Static).visual)


async def test_a_question_shows_timeline_answer_findings_and_privacy(tmp_path: Path) -> None:
    fake = FakeSession(events())
    app = _app(fake, tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        await _ask(pilot, "What do people use it for?")
        assert fake.asked == ["What do people use it for?"]
        assert "✓" in _text(app, ".timeline")
        assert "420" in app.query_one(".answer", Markdown).source
        assert "F1" in str(app.query_one(Tree).root.children[0].label)
        assert app.query_one(DataTable).row_count == 5
        assert "withheld" in _text(app, "#trend")
        assert "shown 2 findings · withheld 4 groups, 2 cells" in _text(app, "#privacy")
        assert app.view.phase == "done"


async def test_a_number_alone_sends_the_example_or_suggestion(tmp_path: Path) -> None:
    fake = FakeSession(events())
    async with _app(fake, tmp_path / "demo").run_test(size=WIDE) as pilot:
        await pilot.pause()
        await _ask(pilot, "3")
        await _ask(pilot, "1")
        assert fake.asked == ["What is new since the launch?", "Which languages are used most?"]


async def test_one_escape_asks_and_two_stop_and_keep_what_was_found(tmp_path: Path) -> None:
    fake = FakeSession(events(until="task_ended"), hold=True)
    app = _app(fake, tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        await _ask(pilot, "anything")
        await pilot.press("escape")
        await pilot.pause()
        assert app.view.is_busy
        assert "esc again to stop" in _text(app, "#status")
        await pilot.press("escape")
        await pilot.pause(0.2)
        assert app.view.phase == "stopped"
        assert list(app.view.findings) == ["F2"]
        assert "What was found so far is kept" in _text(app, ".closing")


async def test_a_stopped_run_resumes_with_one_key(tmp_path: Path) -> None:
    fake = FakeSession(events(until="task_ended"), events(), hold=True)
    app = _app(fake, tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        await _ask(pilot, "anything")
        await pilot.press("escape", "escape")
        await pilot.pause(0.2)
        await pilot.press("f5")
        await pilot.pause(0.3)
        assert fake.resumed == 1
        assert app.view.phase == "done"


async def test_a_question_asked_while_agents_run_is_queued_shown_and_droppable(tmp_path: Path) -> None:
    fake = FakeSession(events(until="task_started"), hold=True)
    app = _app(fake, tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        await _ask(pilot, "first")
        await _ask(pilot, "second")
        assert "next: second" in _text(app, "#queued")
        await pilot.press("escape")
        assert "second" not in _text(app, "#queued")
        assert app.view.is_busy
        assert fake.asked == ["first"]


async def test_without_an_index_the_screen_says_what_to_do(tmp_path: Path) -> None:
    app = _app(None, tmp_path / "nowhere")
    async with app.run_test(size=NARROW) as pilot:
        await pilot.pause(0.5)
        assert app.view.phase == "no index"
        assert "shoal demo" in _text(app, "#welcome")
        assert "nowhere" in _text(app, "#welcome").replace("\n", "")
        assert app.query_one(Prompt).disabled


async def test_a_failed_run_shows_the_next_step_and_the_app_stays(tmp_path: Path) -> None:
    failed = RunEnded(
        state="failed", elapsed_s=0.1, message="The model endpoint rejected the key.", hint="Check the key."
    )
    fake = FakeSession([*events(until="run_started"), failed])
    app = _app(fake, tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        await _ask(pilot, "anything")
        assert "Check the key." in _text(app, ".closing")
        assert app.view.phase == "failed"
        assert not app.query_one(Prompt).disabled


async def test_names_with_markup_and_control_codes_are_drawn_as_text(tmp_path: Path) -> None:
    evil = "[bold red]x[/] \x1b[31m\u202edne [click](http://evil)"
    hostile = finding("F1", rows=[row(evil, 100, 10.0, id="C1")], title=evil, scope=evil)
    run = events(evil, until="tool_started")
    run += [event.model_copy(update={"finding": hostile}) for event in events() if event.type == "tool_ended"]
    app = _app(FakeSession(run), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        await _ask(pilot, evil)
        label = str(app.query_one(Tree).root.children[0].children[0].label)
        assert "[bold red]x[/]" in label
        assert "\x1b" not in label
        assert "\u202e" not in _text(app, "#evidence")
        assert "[bold red]" in _text(app, ".question")


async def test_a_narrow_screen_switches_between_chat_and_findings(tmp_path: Path) -> None:
    app = _app(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await pilot.pause()
        await _ask(pilot, "anything")
        assert not app.query_one("#findings").display
        await pilot.press("f3")
        await pilot.pause()
        assert app.query_one("#findings").display
        assert not app.query_one("#conversation").display
        await pilot.press("f2")
        await pilot.pause()
        assert app.query_one("#conversation").display


@pytest.mark.parametrize(("key", "screen"), [("f1", HelpScreen), ("f4", LedgerScreen)])
async def test_help_and_ledger_open_and_escape_closes_them(tmp_path: Path, key: str, screen: type) -> None:
    app = _app(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await pilot.pause()
        await pilot.press(key)
        await pilot.pause(0.2)
        assert isinstance(app.screen, screen)
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(app.screen, screen)


async def test_asking_about_a_cluster_fills_the_prompt(tmp_path: Path) -> None:
    app = _app(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        await _ask(pilot, "anything")
        app.query_one(Tree).focus()
        await pilot.press("down", "down", "ctrl+o")
        await pilot.pause()
        assert "“" in app.query_one(Prompt).value


def _still(app: ShoalApp) -> Any:
    async def prepare(pilot: Pilot[None]) -> None:
        app.query_one(Prompt).cursor_blink = False
        await pilot.pause(0.3)

    return prepare


def _asked(app: ShoalApp, *keys: str) -> Any:
    async def prepare(pilot: Pilot[None]) -> None:
        app.query_one(Prompt).cursor_blink = False
        await pilot.pause()
        await _ask(pilot, "What do people use it for?")
        await pilot.press(*keys)
        await pilot.pause(0.3)

    return prepare


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_picture_ready(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    app = _app(FakeSession(events()), tmp_path / "demo")
    assert snap_compare(app, terminal_size=size, run_before=_still(app))


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_picture_done(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    app = _app(FakeSession(events()), tmp_path / "demo")
    assert snap_compare(app, terminal_size=size, run_before=_asked(app))


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_picture_stopped(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    app = _app(FakeSession(events(until="task_ended"), hold=True), tmp_path / "demo")
    assert snap_compare(app, terminal_size=size, run_before=_asked(app, "escape", "escape"))


def test_picture_findings_narrow(snap_compare: Any, tmp_path: Path) -> None:
    app = _app(FakeSession(events()), tmp_path / "demo")
    assert snap_compare(app, terminal_size=NARROW, run_before=_asked(app, "f3"))


def test_picture_ledger(snap_compare: Any, tmp_path: Path) -> None:
    app = _app(FakeSession(events()), tmp_path / "demo")
    assert snap_compare(app, terminal_size=WIDE, run_before=_asked(app, "f4"))
