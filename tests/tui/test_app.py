from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import DataTable, Label, Markdown, TabbedContent, Tree

from agent.events import RunEnded, ToolEnded, dump
from tests.fakes.desk import NARROW, WIDE, StillClock, ask, desk, opened, said, text, until
from tests.fakes.session import MAP, TREE, FakeSession, events
from tui.chat import KEPT, Conversation
from tui.ledger_screen import LedgerScreen
from tui.map import DensityMap
from tui.panels import ConfirmScreen, HelpScreen
from tui.prompt import Prompt
from tui.reduce import replay
from tui.turn import TurnView
from tui.view import Turn, View


async def test_a_question_shows_timeline_answer_findings_and_privacy(tmp_path: Path) -> None:
    fake = FakeSession(events())
    app = desk(fake, tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "What do people use it for?")
        assert fake.asked == ["What do people use it for?"]
        assert "✓" in text(app, ".timeline")
        assert "420" in app.query_one(".answer", Markdown).source
        assert "F1" in text(app, "#finding-title")
        assert "Code and tests" in str(app.query_one(Tree).root.children[0].label)
        assert app.query_one(DataTable).row_count == 5
        assert "withheld 4 groups, 2 cells · shown 2 findings" in text(app, "#privacy")
        assert app.view.phase == "done"


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


async def test_without_an_index_the_screen_says_what_to_do(tmp_path: Path) -> None:
    app = desk(None, tmp_path / "nowhere")
    async with app.run_test(size=NARROW) as pilot:
        await until(pilot, app, "no index")
        assert app.view.phase == "no index"
        assert "shoal demo" in text(app, "#welcome")
        assert "nowhere" in text(app, "#welcome").replace("\n", "")
        assert "shoal ingest FILE" in text(app, "#welcome")
        assert app.query_one(Prompt).disabled


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


async def test_a_narrow_screen_switches_between_chat_and_findings(tmp_path: Path) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        assert not app.query_one("#findings").display
        await pilot.press("f3")
        await pilot.pause()
        assert app.query_one("#findings").display
        assert not app.query_one("#talk").display
        await pilot.press("f2")
        await pilot.pause()
        assert app.query_one("#talk").display


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


async def test_asking_about_a_cluster_fills_the_prompt(tmp_path: Path) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        app.query_one(Tree).focus()
        await pilot.press("down", "o")
        await pilot.pause()
        assert "“" in app.query_one(Prompt).value


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


async def test_a_handle_in_an_answer_opens_its_finding(tmp_path: Path) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        await pilot.press("alt+right")
        assert app.view.selected == "F2"
        app.query_one(".answer", Markdown).post_message(Markdown.LinkClicked(app.query_one(Markdown), "finding:F1"))
        await pilot.pause()
        assert app.view.selected == "F1"
        assert "scope" in text(app, "#evidence")
        assert "method" in text(app, "#evidence")
        assert "2 groups (1.5 %)" in text(app, "#evidence")


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
    assert copied[1].startswith("▾ plan")
    assert copied[2] == "What do people use it for?"
    assert copied[3].startswith("**What do people use it for?**")


async def test_earlier_questions_come_back_and_what_is_typed_is_not_lost(tmp_path: Path) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "first")
        await ask(pilot, "second")
        prompt = app.query_one(Prompt)
        await pilot.press("x", "up", "up")
        assert prompt.value == "first"
        await pilot.press("down", "down")
        assert prompt.value == "x"


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


async def test_a_maximized_pane_gives_way_to_escape_before_anything_stops(tmp_path: Path) -> None:
    app = desk(FakeSession(events(until="task_ended"), hold=True), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        await pilot.press("f3", "m")
        await pilot.pause(0.1)
        assert [app.screen.maximized] == [app.query_one("#findings")]
        await pilot.press("escape")
        await pilot.pause(0.1)
        assert [app.screen.maximized] == [None]
        assert app.view.phase == "running"


async def test_a_digit_opens_the_tree_to_that_depth(tmp_path: Path) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        await pilot.press("f3", "1")
        first = app.query_one(Tree).root.children[0]
        assert not first.is_expanded
        await pilot.press("2")
        assert first.is_expanded


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


async def test_a_finding_has_its_whole_title_when_a_narrow_screen_turns_to_it(tmp_path: Path) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        await pilot.press("f3")
        await pilot.pause(0.2)
        assert text(app, "#finding-title").endswith("What the assistant is used for")


async def test_a_name_on_the_map_is_chosen_shown_with_its_numbers_and_opened(tmp_path: Path) -> None:
    whole, own = {**MAP, "id": "F1"}, {**MAP, "id": "F2", "scope": "conversations in cluster C1"}
    run = [*events(until="tool_started"), _released("t1", whole), _released("t2", own), *events()[-1:]]
    app = desk(FakeSession(run), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        await pilot.press("alt+left", "f3", "n")
        await pilot.pause(0.1)
        assert app.query_one(DensityMap).chosen == "C1"
        assert "Recipes" in text(app, "#evidence")
        assert "400" in text(app, "#evidence")
        await pilot.press("plus")
        assert app.query_one(DensityMap).window.width == 0.5
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert app.view.selected == "F2"
        await pilot.press("n", "n", "enter")
        await pilot.pause(0.1)
        assert app.query_one(Prompt).value == "Show the map of C2"


def _released(task: str, found: dict[str, Any]) -> ToolEnded:
    return ToolEnded(task=task, call=f"{task}.1", tool="topic_map", elapsed_s=0.1, finding=found)


async def test_after_a_map_a_finding_with_groups_opens_on_its_groups(tmp_path: Path) -> None:
    run = [*events(until="tool_started"), _released("t1", MAP), _released("t2", TREE)]
    app = desk(FakeSession([*run, *events()[-2:]]), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        assert app.view.selected == TREE["id"]
        assert app.query_one(TabbedContent).active == "tab-groups"


@pytest.mark.parametrize(
    ("letter", "place"), [("c", "conversation"), ("t", "table"), ("e", "evidence-scroll"), ("p", "prompt")]
)
async def test_a_letter_of_jump_mode_goes_to_its_pane_or_tab(tmp_path: Path, letter: str, place: str) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        await pilot.press("f9")
        await pilot.pause(0.2)
        assert letter in {str(label.visual).strip() for label in app.screen.query(Label)}
        await pilot.press(letter)
        await pilot.pause(0.2)
        assert app.focused is not None
        assert app.focused.id == place


async def test_jump_mode_offers_only_what_is_seen_and_any_other_key_leaves_it(tmp_path: Path) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        await pilot.press("f9")
        await pilot.pause(0.2)
        assert {str(label.visual).strip() for label in app.screen.query(Label)} == {"p", "c"}
        await pilot.press("escape")
        await pilot.pause(0.1)
        assert app.screen is app.desk


async def test_a_finding_of_one_row_shows_that_rows_numbers_at_once(tmp_path: Path) -> None:
    one = {**TREE, "id": "F9", "rows": TREE["rows"][:1]}
    run = [*events(until="tool_started"), _released("t1", one), *events()[-1:]]
    app = desk(FakeSession(run), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        assert text(app, "#evidence").startswith(str(one["rows"][0]["label"]))
