"""The desk through a run: what is shown as its events come, and what stays when it ends."""

from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import DataTable, Markdown, Tree

from agent.core.events import RunEnded, dump
from tests.fakes.desk import NARROW, WIDE, ask, desk, opened, said, text, until
from tests.fakes.session import FakeSession, events
from tui.screens.ledger import LedgerScreen
from tui.screens.panels import HelpScreen
from tui.state.reduce import replay
from tui.state.view import Turn, View
from tui.widgets.chat import KEPT, Conversation
from tui.widgets.prompt import Prompt
from tui.widgets.turn import TurnView


async def test_a_question_shows_timeline_answer_findings_and_privacy(tmp_path: Path) -> None:
    fake = FakeSession(events())
    app = desk(fake, tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "What do people use it for?")
        assert fake.asked == ["What do people use it for?"]
        assert "▸ plan · 2 tasks · 2 calls" in text(app, ".timeline")
        assert "420" in app.query_one(".answer", Markdown).source
        assert "F1" in text(app, ".found-title")
        assert "Code and tests" in str(app.query_one(Tree).root.children[0].label)
        assert app.query_one(DataTable).row_count == 5
        assert (
            "Hidden in this answer: 2 groups, 1.5 % of conversations, 1 number · shown from 15 conversations of 5"
            in text(app, "#privacy")
        )
        assert app.view.phase == "done"


async def test_a_stopped_run_resumes_with_one_key(tmp_path: Path) -> None:
    fake = FakeSession(events(until="task_ended"), events(), hold=True)
    app = desk(fake, tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        await pilot.press("escape", "escape")
        await pilot.pause(0.2)
        await pilot.press("f5")
        await pilot.pause(0.3)
        assert fake.resumed == 1
        assert app.view.phase == "done"


async def test_without_an_index_the_screen_says_what_to_do(tmp_path: Path) -> None:
    app = desk(None, tmp_path / "nowhere")
    async with app.run_test(size=NARROW) as pilot:
        await until(pilot, app, "no index")
        assert app.view.phase == "no index"
        assert "shoal demo" in text(app, "#welcome")
        assert "nowhere" in text(app, "#welcome").replace("\n", "")
        assert "shoal ingest FILE" in text(app, "#welcome")
        await ask(pilot, "What is it used for?")
        assert "there is nothing to ask yet" in text(app, "#status")
        assert app.query_one(Prompt).value == "What is it used for?", "what was typed is not lost"


async def test_a_failed_run_shows_the_next_step_and_the_app_stays(tmp_path: Path) -> None:
    failed = RunEnded(
        state="failed", elapsed_s=0.1, message="The model endpoint rejected the key.", hint="Check the key."
    )
    fake = FakeSession([*events(until="run_started"), failed])
    app = desk(fake, tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        assert "Check the key." in text(app, ".closing")
        assert app.view.phase == "failed"
        assert not app.query_one(Prompt).disabled


@pytest.mark.parametrize(("key", "screen"), [("f1", HelpScreen), ("f4", LedgerScreen)])
async def test_help_and_ledger_open_and_escape_closes_them(tmp_path: Path, key: str, screen: type) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        await pilot.press(key)
        await pilot.pause(0.2)
        assert isinstance(app.screen, screen)
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(app.screen, screen)


async def test_an_answer_streams_and_the_checked_answer_replaces_it(tmp_path: Path) -> None:
    fake = FakeSession(events(until="answer_delta"), hold=True)
    app = desk(fake, tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        assert "Most conversations" in app.query_one(".answer", Markdown).source
        app.view = replay(View(), [dump(event) for event in events()])
        await app._draw()
        assert app.query_one(".answer", Markdown).source.endswith("[F1].")


async def test_the_block_cursor_copies_a_block_and_a_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    copied: list[str] = []
    async with app.run_test(size=WIDE) as pilot:
        monkeypatch.setattr(app, "_copy", copied.append)
        await pilot.pause()
        await ask(pilot, "What now?")
        await pilot.press("alt+up", "y", "alt+up", "y", "alt+up", "y", "Y")
        await pilot.pause()
    assert copied[0].startswith("Most conversations")
    assert copied[1].startswith("▸ plan")
    assert copied[2] == "What do people use it for?"
    assert copied[3].startswith("**What do people use it for?**")


async def test_a_reader_who_scrolled_up_stays_there_and_is_told_of_new_lines(tmp_path: Path) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        for _ in range(4):
            await ask(pilot, "again")
        await pilot.press("pageup", "pageup")
        await pilot.pause(0.5)
        chat = app.query_one("#conversation")
        place = chat.scroll_y
        app.view = replay(app.view, [dump(event) for event in events()])
        await app._draw()
        await pilot.pause(0.3)
        assert chat.scroll_y == place
        assert "new lines" in text(app, "#below")
        assert app.query_one("#below").has_class("-shown")
        await pilot.press("ctrl+end")
        await pilot.pause(0.5)
        assert chat.scroll_y > place
        assert not app.query_one("#below").has_class("-shown")


async def test_long_sessions_keep_their_data_and_few_widgets(tmp_path: Path) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        turns = tuple(Turn(f"r-{number}", f"question {number}", answer="text", is_final=True) for number in range(500))
        app.view = replace(app.view, turns=turns[:1])
        await app._draw()
        app.view = replace(app.view, turns=turns)
        await app._draw()
        await pilot.pause(0.2)
        newest = app.query(TurnView).last()
        assert newest.turn.question == "question 499"
        await app._draw()
        assert app.query(TurnView).last() is newest, "an event more must not make widgets anew"
        assert len(app.query(TurnView)) == KEPT
        assert "470 earlier questions" in text(app, "#earlier")
        await app.query_one(Conversation).bring_back()
        assert "question 460" in str(app.query(TurnView).first().turn.question)


async def test_the_timeline_has_three_densities(tmp_path: Path) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        await pilot.press("ctrl+t")
        await pilot.pause(0.1)
        assert "→ F1" in said(app, ".timeline")
        await pilot.press("ctrl+t")
        await pilot.pause(0.1)
        assert said(app, ".timeline").startswith("▸ plan · 2 tasks")
        assert len(said(app, ".timeline").splitlines()) == 1


async def test_the_clock_may_tick_while_the_screens_close(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.screens.desk._TICK_S", 0.0005)
    app = desk(FakeSession(events(until="task_ended"), hold=True), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        assert app.view.phase == "running"
