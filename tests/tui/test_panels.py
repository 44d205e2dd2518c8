"""The screens over the desk: help, ledger, sessions, settings, ingest, export; and the lists they read."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import DataTable, Input, OptionList, Static

from agent.core.events import dump
from agent.core.settings import Settings
from agent.storage.session_store import SessionStore
from tests.fakes.desk import NARROW, SIZES, WIDE, ask, desk, opened, text
from tests.fakes.session import FakeSession, events
from tui.screens.background import BackgroundTask
from tui.screens.ingest import IngestScreen
from tui.screens.ledger import LedgerScreen
from tui.screens.sessions import SessionsScreen, ago
from tui.screens.settings import lines
from tui.state.actions import ACTIONS, working
from tui.state.preferences import load
from tui.state.view import View
from tui.text.clipboard import copy, tool
from tui.text.glyphs import ASCII, UNICODE, chosen
from tui.widgets.prompt import Prompt


async def test_help_lists_what_can_be_asked_and_enter_puts_it_into_the_prompt(tmp_path: Path) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        await pilot.press("f1")
        await pilot.pause(0.2)
        await pilot.press(*"malware", "enter")
        await pilot.pause(0.2)
        assert app.query_one(Prompt).value == "Is someone writing malware?"


async def test_help_filters_by_word_and_key_lists_only_what_works_and_enter_runs_it(tmp_path: Path) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        await pilot.press("f1")
        await pilot.pause(0.2)
        listed = app.screen.query_one(OptionList)
        assert "What do people use the assistant for most?" in str(listed.get_option_at_index(1).prompt)
        await pilot.press("tab")
        enabled = [option for option in listed.options if not option.disabled]
        assert len(enabled) == len(working(app.view)) < len(ACTIONS)
        await pilot.press(*"f4")
        await pilot.pause()
        assert listed.option_count == 1
        await pilot.press("enter")
        await pilot.pause(0.3)
        assert isinstance(app.screen, LedgerScreen)


async def test_the_ledger_sums_and_exports(tmp_path: Path) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        await pilot.press("f4")
        await pilot.pause(0.3)
        assert "1 release · the chain holds" in text(app, ".title")
        assert "groups asked 5, shown 4, suppressed 2" in text(app, ".title")
        assert app.screen.query_one(DataTable).row_count == 1
        await pilot.press("e")
        await pilot.pause(0.2)
        app.screen.query_one("#file", Input).value = str(tmp_path / "ledger.csv")
        await pilot.press("enter")
        await pilot.pause(0.2)
    file = tmp_path / "ledger.csv"
    assert file.read_text().splitlines()[1].startswith("2026-11-23 10:00:00,r-1,overview,all,5,4,2,25,no,10")
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("form", "ending", "start"),
    [(0, "md", "# anything"), (1, "html", "<!doctype html"), (2, "json", "{"), (3, "csv", "finding,title"),
     (4, "tidy.csv", "date_start"), (6, "ipynb", "{"), (7, "stix.json", "{"), (8, "attack.json", "{"),
     (11, "jsonl", '{"at_s"'), (12, "screen.svg", "<svg")],
)  # fmt: skip
async def test_a_session_is_exported_in_each_form_to_where_the_user_is(
    tmp_path: Path, form: int, ending: str, start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        await pilot.press("ctrl+e")
        await pilot.pause(0.2)
        await pilot.press(*["down"] * form, "enter")
        for _ in range(100):  # charts load a library at the first time
            await pilot.pause(0.2)
            if "saved" in text(app, "#status"):
                break
        assert "saved" in text(app, "#status")
    (file,) = here.iterdir()
    assert file.name == f"shoal-s-1.{ending}"
    assert file.read_text().startswith(start)
    assert file.stat().st_mode & 0o077 == 0


async def test_an_export_by_command_goes_where_it_says_and_never_over_another_file(tmp_path: Path) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    there = tmp_path / "mine.md"
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        await ask(pilot, f"/export {there}")
        assert there.read_text().startswith("# anything")
        there.write_text("mine")
        await ask(pilot, f"/export {there}")
        assert there.read_text() == "mine"
        await ask(pilot, f"/export {tmp_path / 'x.pdf'}")
        for _ in range(40):
            if "endings" in text(app, "#status"):
                break
            await pilot.pause(0.05)
        assert "x.pdf: choose one of the endings .md" in text(app, "#status")


def _store(folder: Path, index: Path) -> SessionStore:
    store = SessionStore(folder)
    for number, question in enumerate(("Spam in Japan?", "What is new?")):
        store.start(f"r-{number}", f"s-{number}", index, question)
        for event in events(question):
            store.add(
                f"r-{number}",
                dump(event.model_copy(update={"run": f"r-{number}"}) if event.type == "run_started" else event),
            )
    return store


async def test_a_session_is_found_and_taken_up_as_it_was(tmp_path: Path, own_home: Path) -> None:
    store = _store(own_home / "sessions", tmp_path / "demo")
    fake = FakeSession(events())
    app = desk(fake, tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        await pilot.press("ctrl+r")
        await pilot.pause(0.2)
        assert isinstance(app.screen, SessionsScreen)
        await pilot.press(*"japan")
        await pilot.pause()
        assert app.screen.query_one(DataTable).row_count == 1
        await pilot.press("enter")
        await pilot.pause(0.4)
        assert fake.reopened == ["s-0"]
        assert [turn.question for turn in app.view.turns] == ["Spam in Japan?"]
        assert app.view.phase == "done"
        assert not app.query_one(Prompt).disabled
    store.close()


async def test_a_session_is_renamed_and_deleted_only_after_a_yes(tmp_path: Path, own_home: Path) -> None:
    store = _store(own_home / "sessions", tmp_path / "demo")
    fake = FakeSession(events())
    fake.id = "s-9"
    app = desk(fake, tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        await pilot.press("ctrl+r")
        await pilot.pause(0.2)
        await pilot.press("f2", "end", *" two", "enter")
        await pilot.pause(0.1)
        assert store.sessions()[0].title == "What is new? two"
        await pilot.press("ctrl+d", "enter")
        await pilot.pause(0.1)
        assert len(store.sessions()) == 2
        await pilot.press("ctrl+d", "y")
        await pilot.pause(0.2)
        assert [session.id for session in store.sessions()] == ["s-0"]
    store.close()


async def test_a_session_whose_run_has_not_ended_is_read_only_until_it_is_forked(
    tmp_path: Path, own_home: Path
) -> None:
    store = _store(own_home / "sessions", tmp_path / "demo")
    store.begin("r-1")
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        await pilot.press("ctrl+r", "enter")
        await pilot.pause(0.5)
        assert "● viewing" in text(app, "#status")
        assert app.query_one(Prompt).disabled
        await pilot.press("f")
        await pilot.pause(0.1)
        assert "● ready" in text(app, "#status")
        assert not app.query_one(Prompt).disabled
    store.close()


def test_every_setting_has_a_sentence_and_no_key_is_shown() -> None:
    told = lines(Settings(api_key="sk-secret"))
    assert all(sentence for _, _, sentence in told)
    assert "sk-secret" not in str(told)
    assert ("api_key", "set", "The key of the Messages API.") in told


async def test_settings_open_with_the_policy_in_force(tmp_path: Path) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        await pilot.press("f6")
        await pilot.pause(0.2)
        shown = "".join(str(static.visual) for static in app.screen.query(Static))
        assert "max_run_cost" in shown
        assert app.view.policy in shown


async def test_a_file_is_looked_into_before_it_is_taken_and_a_missing_one_says_so(tmp_path: Path) -> None:
    file = tmp_path / "talk.jsonl"
    turns = [{"role": "user", "content": "hello there"}, {"role": "assistant", "content": "hi"}]
    file.write_text("\n".join(json.dumps({"messages": turns, "user": f"u{number}"}) for number in range(3)))
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        await pilot.press("f7")
        await pilot.pause(0.2)
        assert isinstance(app.screen, IngestScreen)
        field = app.screen.query_one(Input)
        for path, expected in ((file, "3 conversations would be taken"), (tmp_path / "gone.csv", "gone.csv")):
            field.value = str(path)
            await pilot.press("enter")
            for _ in range(100):
                await pilot.pause(0.05)
                if expected in text(app, "#said"):
                    break
            assert expected in text(app, "#said").replace("\n", "")
        assert "hello" not in text(app, "#said")


async def test_work_beside_the_screen_gives_its_result_its_error_or_none_when_cancelled() -> None:
    async def answer() -> int:
        return 7

    async def fault() -> int:
        raise ValueError

    async def long() -> int:
        await asyncio.sleep(60)
        return 1

    assert await BackgroundTask(answer).run() == 7
    with pytest.raises(ValueError):
        await BackgroundTask(fault).run()
    work = BackgroundTask(long)
    running = asyncio.create_task(work.run())
    await asyncio.sleep(0.2)
    work.cancel()
    assert await running is None


async def test_a_copy_says_where_it_went_and_never_that_it_arrived_when_it_may_not_have(tmp_path: Path) -> None:
    sent: list[str] = []
    taken = tmp_path / "taken"
    command = ["/bin/sh", "-c", f"cat > {taken}"]
    assert await copy("text", sent.append, tmp_path, command) == "copied"
    assert taken.read_text() == "text"
    assert sent == []
    for broken in (None, ["/bin/false"], [str(tmp_path / "no-such-tool")]):
        assert "copied.txt" in await copy("text", sent.append, tmp_path, broken)
    assert sent == ["text"] * 3


def test_the_clipboard_of_another_machine_is_not_used() -> None:
    def found(name: str) -> str:
        return f"/bin/{name}"

    assert tool({"SSH_CONNECTION": "x"}, found) is None
    assert tool({"WAYLAND_DISPLAY": "w"}, lambda name: found(name) if name == "wl-copy" else None) == ["/bin/wl-copy"]
    assert tool({}, lambda name: found(name) if name == "xclip" else None) is None


def test_preferences_that_are_gone_are_said_and_left_out(tmp_path: Path) -> None:
    themes, actions = frozenset({"textual-dark", "nord"}), frozenset({"ledger"})
    assert load(tmp_path, themes, actions).problems == ()
    file = tmp_path / "screen.toml"
    file.write_text('theme = "gone"\nsigns = "ascii"\nmotion = false\n[keys]\nledger = "ctrl+l"\nnothing = "x"\n')
    wishes = load(tmp_path, themes, actions)
    assert (wishes.theme, wishes.signs == "ascii", wishes.motion, dict(wishes.keys)) == (
        "textual-dark", True, False, {"ledger": "ctrl+l"})  # fmt: skip
    assert len(wishes.problems) == 2
    file.write_text("theme = ")
    assert "not valid TOML" in load(tmp_path, themes, actions).problems[0]


async def test_an_own_key_runs_its_action(tmp_path: Path) -> None:
    from tui.state.preferences import Preferences

    app = desk(FakeSession(events()), tmp_path / "demo", preferences=Preferences(keys={"ledger": "f9"}))
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        await pilot.press("f9")
        await pilot.pause(0.3)
        assert isinstance(app.screen, LedgerScreen)


def test_signs_are_letters_where_a_terminal_draws_no_more() -> None:
    assert chosen({"TERM": "xterm-256color"}) is UNICODE
    assert chosen({"TERM": "dumb"}) is ASCII
    assert chosen({"TERM": "xterm"}, "ISO-8859-1") is ASCII
    assert chosen({}, ascii_only=True) is ASCII
    assert all(sign.isascii() for sign in (getattr(ASCII, name) for name in ASCII.__slots__))


def test_every_action_has_its_own_id_and_call_and_at_most_seven_stand_in_the_footer() -> None:
    assert len({action.id for action in ACTIONS}) == len({action.call for action in ACTIONS}) == len(ACTIONS)
    assert sum(action.in_footer for action in ACTIONS) <= 7
    assert "ledger" not in {action.id for action in working(View())}


def test_times_are_said_as_distances() -> None:
    now = datetime(2026, 11, 25, 12, tzinfo=UTC)
    assert ago("2026-11-25T11:59:30+00:00", now) == "now"
    assert ago("2026-11-25T09:00:00+00:00", now) == "3 h ago"
    assert ago("2026-11-20T09:00:00+00:00", now) == "5 d ago"


PANELS = {"help": "f1", "ledger": "f4", "settings": "f6", "ingest": "f7", "export": "ctrl+e"}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PANELS)
def test_picture_of_a_panel(snap_compare: Any, name: str, size: str, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Path("/tmp/shoal-pictures")
    monkeypatch.setenv("SHOAL_HOME", str(home))
    monkeypatch.chdir("/tmp")
    monkeypatch.setattr("getpass.getuser", lambda: "analyst")
    app = desk(FakeSession(events()), Path("/data/demo"))

    async def prepare(pilot: Any) -> None:
        app.query_one(Prompt).cursor_blink = False
        await pilot.pause()
        await ask(pilot, "anything")
        await pilot.press(PANELS[name])
        await pilot.pause(0.3)
        for field in app.screen.query(Input):
            field.cursor_blink = False
        await pilot.pause(0.1)

    assert snap_compare(app, terminal_size=SIZES[size], run_before=prepare)
