"""Commands of the prompt: offered, done, never asked."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, OptionList, Static

from index.core.errors import IndexFault
from tests.fakes.desk import NARROW, WIDE, ask, desk, opened, text, until
from tests.fakes.session import FakeSession, events
from tools.index_facts import IndexFacts
from tui.screens.choose import ChooseScreen, RenameScreen
from tui.screens.panels import HelpScreen
from tui.state import commands
from tui.state.actions import ACTIONS
from tui.state.view import View
from tui.widgets.findings_pane import Findings
from tui.widgets.prompt import Offers, Prompt


async def test_commands_are_offered_while_one_types_and_tab_takes_one(tmp_path: Path) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        await pilot.press("slash")
        await pilot.pause(0.1)
        shown = str(app.query_one(Offers).visual)
        assert "/help" in shown
        assert "/open" not in shown, "nothing is there to be opened yet"
        await pilot.press(*"mo", "tab")
        assert app.query_one(Prompt).value == "/model"
        await pilot.press("escape")
        app.query_one(Prompt).value = ""
        await pilot.pause(0.1)
        assert not app.query_one(Offers).display


async def test_the_marked_command_is_done_and_nothing_is_asked(tmp_path: Path) -> None:
    fake = FakeSession(events())
    app = desk(fake, tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        await pilot.press("slash", *"hel", "enter")
        await pilot.pause(0.3)
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("escape")
        await pilot.pause(0.1)
        assert app.query_one(Prompt).value == ""
        assert fake.asked == []
        assert app.view.turns == ()


@pytest.mark.parametrize("word", ["help", "Help", "?", "/help"])
async def test_plain_words_are_commands_where_they_stand_alone(tmp_path: Path, word: str) -> None:
    fake = FakeSession(events())
    app = desk(fake, tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        await ask(pilot, word)
        assert isinstance(app.screen, HelpScreen)
        assert fake.asked == []


def test_a_word_within_a_question_is_no_command() -> None:
    assert commands.read("help me find spam") is None
    assert commands.read("How many quit?") is None
    assert commands.read("//server/share is what?") is None
    assert commands.read(" QUIT ") is not None
    known = commands.read("/export /tmp/x.md")
    assert known is not None
    assert (known.name, known.rest) == ("export", "/tmp/x.md")


@pytest.mark.parametrize(
    ("typed", "said"),
    [("/nothing", "there is no command /nothing"), ("/open", "does nothing now"), ("/quit now", "takes nothing")],
)
async def test_a_command_that_cannot_be_done_says_why_and_stays(tmp_path: Path, typed: str, said: str) -> None:
    fake = FakeSession(events())
    app = desk(fake, tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, typed)
        assert said in text(app, "#status")
        assert app.query_one(Prompt).value == typed
        assert fake.asked == []


async def test_a_finding_is_opened_by_its_handle(tmp_path: Path) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        for typed in ("/open F2", "/open [f2]"):
            await ask(pilot, "/open F1")
            await ask(pilot, typed)
            assert app.view.selected == "F2"
        await ask(pilot, "/open F99")
        assert "no finding F99" in text(app, "#status")


async def test_themes_are_searched_asked_about_and_renamed(tmp_path: Path) -> None:
    fake = FakeSession(events())
    app = desk(fake, tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "/themes python")
        await _on(pilot, app, ChooseScreen)
        assert app.screen.query_one(OptionList).option_count == 1
        await pilot.press("f2")
        await _on(pilot, app, RenameScreen)
        app.screen.query_one(Input).value = "Zorblax"
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert "Choose general words" in text(app, "#rename-said")
        app.screen.query_one(Input).value = "Python faults"
        await pilot.press("enter")
        await pilot.pause(0.3)
        assert fake.renamed == [("C1", "Python faults")]
        await ask(pilot, "/themes recipes")
        await _on(pilot, app, ChooseScreen)
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert app.query_one(Prompt).value == "Open “Recipes”"


async def test_a_theme_of_a_finding_is_renamed_where_one_stands(tmp_path: Path) -> None:
    fake = FakeSession(events())
    app = desk(fake, tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        await pilot.press("f3", "down", "down", "r")
        await _on(pilot, app, RenameScreen)
        assert app.screen.query_one(Input).value == "Python errors"
        await pilot.press("escape")
        await pilot.pause(0.1)
        assert fake.renamed == []
        assert app.query_one(Findings).row is not None


async def test_earlier_questions_of_all_sessions_are_found(tmp_path: Path) -> None:
    fake = FakeSession(events())
    for place, question in enumerate(("What about spam?", "Which languages?")):
        fake.store.start(f"r-0{place}", "s-0", Path("demo"), question)
        fake.store.mark(f"r-0{place}", "done")
    app = desk(fake, tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await pilot.pause(0.3)
        await ask(pilot, "/history spam")
        await _on(pilot, app, ChooseScreen)
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert app.query_one(Prompt).value == "What about spam?"


async def test_who_answers_is_said_and_a_model_that_is_not_set_says_how(tmp_path: Path) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "/model")
        await _on(pilot, app, ChooseScreen)
        assert "Now: rules (built-in)" in str(app.screen.query_one(".title", Static).visual)
        await pilot.press("escape")
        await pilot.pause(0.1)
        app.query_one(Prompt).value = ""
        await ask(pilot, "/model model")
        await pilot.pause(0.2)
        assert "ANTHROPIC_API_KEY" in text(app, "#status")


async def test_an_unknown_index_names_those_there_are(tmp_path: Path, own_home: Path) -> None:
    for name in ("april", "may"):
        folder = own_home / "indexes" / name
        folder.mkdir(parents=True)
        (folder / "index.toml").write_text('id = "x"\n')
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "/index june")
        await pilot.pause(0.3)
        assert "there is no index june; there are: april, may" in text(app, "#status")
        await ask(pilot, "/index")
        await _on(pilot, app, ChooseScreen)
        listed = app.screen.query_one(OptionList)
        lines = [str(listed.get_option_at_index(place).prompt) for place in range(listed.option_count)]
        assert ["april" in lines[0], "nothing published" in lines[0], "a new index" in lines[-1]] == [True] * 3


async def test_where_there_is_nothing_to_ask_a_number_opens_an_index(
    tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from agent.wiring import App

    folder = own_home / "indexes" / "april"
    (folder / "snapshots").mkdir(parents=True)
    (folder / "index.toml").write_text('id = "x"\n')
    (folder / "snapshots" / "0001.duckdb").touch()
    asked: list[Path] = []

    def session(self: App, **_: object) -> FakeSession:
        asked.append(self.path)
        if self.path != folder:
            raise IndexFault("There is no index.", "Build one.")
        return FakeSession(events())

    monkeypatch.setattr(App, "session", session)
    monkeypatch.setattr("tui.screens.desk._age_days", lambda _: 0)
    app = desk(None, tmp_path / "default")
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, app, "no index")
        assert "1   open the index april" in text(app, "#welcome")
        assert "2   open the bundled demo" in text(app, "#welcome")
        app.query_one(Prompt).value = "1"
        await pilot.press("enter")
        await until(pilot, app, "ready")
        assert asked == [tmp_path / "default", folder]


async def test_a_new_session_leaves_the_old_one_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from agent.wiring import App

    second = FakeSession(events())
    second.id = "s-2"
    monkeypatch.setattr(App, "session", lambda *_, **__: second)
    monkeypatch.setattr("tui.screens.desk._age_days", lambda _: 0)
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        await ask(pilot, "/new")
        for _ in range(60):
            await pilot.pause(0.05)
            if app._session is not None and app._session.id == "s-2" and app.view.phase == "ready":
                break
        assert app.view.turns == ()
        assert app.view.findings == {}
        assert "This index" in text(app, "#welcome") or "Ask how people" in text(app, "#welcome")


async def test_what_is_typed_while_a_screen_opens_is_for_that_screen(tmp_path: Path) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        app.simulate_key("f1")
        for letter in "ledger":
            app.simulate_key(letter)
        await _on(pilot, app, HelpScreen)
        for _ in range(60):
            if app.screen.query_one(Input).value == "ledger":
                break
            await pilot.pause(0.05)
        assert app.screen.query_one(Input).value == "ledger"
        assert app.query_one(Prompt).value == ""


async def test_a_fault_while_themes_are_listed_is_said_and_the_screen_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: FakeSession) -> None:
        raise IndexFault("The file of names is damaged.", "Delete it.")

    monkeypatch.setattr(FakeSession, "themes", broken)
    app = desk(FakeSession(events()), tmp_path / "demo")
    told: list[str] = []
    monkeypatch.setattr(app, "notify", lambda message, **_: told.append(message))
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "/themes")
        for _ in range(40):
            if told:
                break
            await pilot.pause(0.05)
        assert told == ["The file of names is damaged.\nDelete it."]
        await ask(pilot, "anything")
        assert app.view.phase == "done"


async def test_what_is_asked_while_the_first_screen_is_still_being_filled_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_end = asyncio.Event()

    async def slow(fake: FakeSession) -> IndexFacts:
        await may_end.wait()
        return fake.held

    monkeypatch.setattr(FakeSession, "facts", slow)
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        assert app.view.phase == "done"
        may_end.set()
        await pilot.pause(0.3)
        assert len(app.view.turns) == 1
        assert app.view.phase == "done"
        assert app.view.findings


def test_each_command_is_told_once_and_has_a_sentence() -> None:
    slashes = [action.slash for action in ACTIONS if action.slash]
    assert len(slashes) == len(set(slashes))
    assert {"help", "new", "index", "open", "export", "quit", "model", "cases"} <= set(slashes)
    assert all(action.key or action.slash for action in ACTIONS)
    assert not commands.offers("/open F", View(), {"open": [("G1", "x")]})


async def _on(pilot: Any, app: Any, screen: type) -> None:
    for _ in range(60):
        if isinstance(app.screen, screen):
            break
        await pilot.pause(0.05)
    assert isinstance(app.screen, screen)
    await pilot.pause(0.1)
