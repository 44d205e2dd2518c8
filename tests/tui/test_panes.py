"""From pane to pane: findings, their tabs, the tree, the map, and the keys that go there."""

from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Label, Markdown, TabbedContent, Tree

from agent.core.events import ToolEnded
from tests.fakes.desk import NARROW, WIDE, ask, desk, opened, text
from tests.fakes.session import MAP, TREE, FakeSession, events
from tui.widgets.map import DensityMap
from tui.widgets.prompt import Prompt


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


async def test_asking_about_a_cluster_fills_the_prompt(tmp_path: Path) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        app.query_one(Tree).focus()
        await pilot.press("down", "o")
        await pilot.pause()
        assert "“" in app.query_one(Prompt).value


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
        assert "2 groups, 1.5 % of conversations" in text(app, "#evidence")


async def test_a_maximized_pane_gives_way_to_escape_before_anything_stops(tmp_path: Path) -> None:
    app = desk(FakeSession(events(until="task_ended"), hold=True), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        await pilot.press("f3", "z")
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


async def test_a_finding_has_its_whole_title_when_a_narrow_screen_turns_to_it(tmp_path: Path) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        await pilot.press("f3")
        await pilot.pause(0.2)
        assert text(app, ".found-title").endswith("What the assistant is used for")


async def test_a_name_on_the_map_is_chosen_shown_with_its_numbers_and_opened(tmp_path: Path) -> None:
    whole, own = {**MAP, "id": "F1"}, {**MAP, "id": "F2", "scope": "conversations in cluster C1"}
    run = [*events(until="tool_started"), _released("t1", whole), _released("t2", own), *events()[-1:]]
    app = desk(FakeSession(run), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        await pilot.press("alt+left", "f3", "n")
        await pilot.pause(0.1)
        assert app.query_one(DensityMap).canvas.chosen == "C1"
        assert "Recipes" in text(app, "#evidence")
        assert "400" in text(app, "#evidence")
        await pilot.press("plus")
        assert app.query_one(DensityMap).canvas.window.width == 0.5
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert app.view.selected == "F2"
        await pilot.press("n", "enter")
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


async def test_the_line_of_keys_is_made_anew_only_when_other_keys_are_to_be_shown(tmp_path: Path) -> None:
    app = desk(FakeSession(events(until="task_ended"), hold=True), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await pilot.pause()
        keys = list(app.query("FooterKey"))
        assert keys
        app.refresh_bindings()
        await pilot.pause()
        assert list(app.query("FooterKey")) == keys
        await ask(pilot, "anything")
        assert len(app.query("FooterKey")) > len(keys)
