"""What is typed: sent, queued, brought back, and never lost; and the keys that stop and quit."""

from pathlib import Path

from tests.fakes.desk import WIDE, StillClock, ask, desk, opened, text, until
from tests.fakes.session import FakeSession, events
from tui.screens.panels import ConfirmScreen
from tui.widgets.prompt import Prompt


async def test_a_number_alone_sends_the_example_or_suggestion(tmp_path: Path) -> None:
    fake = FakeSession(events())
    app = desk(fake, tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "3")
        await ask(pilot, "1")
        assert fake.asked == ["What is new since the launch?", "Which languages are used most?"]


async def test_one_escape_asks_and_two_stop_and_keep_what_was_found(tmp_path: Path) -> None:
    fake = FakeSession(events(until="task_ended"), hold=True)
    app = desk(fake, tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        await pilot.press("escape")
        await pilot.pause()
        assert app.view.is_busy
        assert "esc again to stop" in text(app, "#status")
        await pilot.press("escape")
        await pilot.pause(0.2)
        assert app.view.phase == "stopped"
        assert list(app.view.findings) == ["F2"]
        assert "What was found so far is kept" in text(app, ".closing")


async def test_a_question_asked_while_agents_run_is_queued_shown_and_droppable(tmp_path: Path) -> None:
    fake = FakeSession(events(until="task_started"), hold=True)
    app = desk(fake, tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "first")
        await ask(pilot, "second")
        assert "next: second" in text(app, "#queued")
        await pilot.press("escape")
        assert "second" not in text(app, "#queued")
        assert app.view.is_busy
        assert fake.asked == ["first"]


async def test_earlier_questions_come_back_and_what_is_typed_is_not_lost(tmp_path: Path) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "first")
        await ask(pilot, "second")
        prompt = app.query_one(Prompt)
        await pilot.press("up", "up")
        assert prompt.value == "first"
        await pilot.press("down", "down")
        assert prompt.value == ""
        await pilot.press(*"co", "up")
        assert prompt.value == "second", "the newest that holds what is typed"
        await pilot.press("up", "down")
        assert prompt.value == "co"


async def test_alt_enter_makes_a_new_line_and_enter_sends_both(tmp_path: Path) -> None:
    fake = FakeSession(events())
    app = desk(fake, tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await pilot.press("a", "alt+enter", "b", "enter")
        await pilot.pause(0.1)
    assert fake.asked == ["a\nb"]


async def test_a_stopped_question_comes_back_only_if_nothing_came_of_it(tmp_path: Path) -> None:
    for until_event, expected in (("plan_made", "What do people use it for?"), ("task_ended", "")):
        app = desk(FakeSession(events(until=until_event), hold=True), tmp_path / "demo")
        async with app.run_test(size=WIDE) as pilot:
            await opened(pilot, app)
            await ask(pilot, "anything")
            await pilot.press("escape", "escape")
            await until(pilot, app, "stopped")
            assert app.query_one(Prompt).value == expected


async def test_a_second_escape_after_three_seconds_asks_again(tmp_path: Path) -> None:
    clock = StillClock()
    app = desk(FakeSession(events(until="plan_made"), hold=True), tmp_path / "demo", clock=clock)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        await pilot.press("escape")
        clock.now += 4
        await pilot.press("escape")
        await pilot.pause(0.1)
        assert app.view.is_busy
        await pilot.press("escape")
        await until(pilot, app, "stopped")
        assert app.view.phase == "stopped"


async def test_ctrl_c_empties_the_prompt_then_says_how_to_quit_and_stops_nothing(tmp_path: Path) -> None:
    app = desk(FakeSession(events(until="plan_made"), hold=True), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        await pilot.press("x", "ctrl+c")
        assert app.query_one(Prompt).value == ""
        await pilot.press("up")
        assert app.query_one(Prompt).value == "x"
        await pilot.press("ctrl+c", "ctrl+c")
        assert "ctrl+q quits" in text(app, "#status")
        assert app.view.is_busy


async def test_quitting_asks_first_while_a_run_is_on(tmp_path: Path) -> None:
    app = desk(FakeSession(events(until="plan_made"), hold=True), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        await pilot.press("ctrl+q")
        await pilot.pause(0.1)
        assert isinstance(app.screen, ConfirmScreen)
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert app.view.is_busy
        assert app.is_running
