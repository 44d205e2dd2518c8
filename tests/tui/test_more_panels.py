"""Cases, find, log, own settings, export of events, palette, a whole ingest and its stop: through their keys."""

import json
import multiprocessing
from collections import Counter
from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.widgets import DataTable, Input, OptionList, Static

from agent.core.events import dump
from agent.services.ingest import Taken
from agent.storage.cases import CaseStore
from agent.storage.session_store import SessionStore
from index.ingest.pipeline import IngestReport, Progress
from index.snapshots.history import Published
from tests.fakes.desk import NARROW, ask, desk, opened, text
from tests.fakes.session import FakeSession, events
from tui.rendering.overall import left, share_done
from tui.screens.background import BackgroundTask
from tui.screens.cases import CasesScreen
from tui.screens.choose import ChooseScreen
from tui.screens.ingest import IngestScreen
from tui.screens.log import log
from tui.state import preferences
from tui.state.reduce import replay
from tui.state.view import View
from tui.text.paths import completed


async def test_a_case_is_made_given_a_note_and_the_finding_on_the_desk(tmp_path: Path, own_home: Path) -> None:
    sessions = SessionStore(own_home / "sessions")
    sessions.start("r-1", "s-1", Path("/x/demo"), "anything")
    for event in events():
        sessions.add("r-1", dump(event))
    sessions.close()
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        await pilot.press("f8")
        await pilot.pause(0.3)
        assert "none yet" in text(app, "#cases-title")
        await pilot.press("n", *"Spam wave", "enter")
        await pilot.press("t", *"first look", "enter")
        await pilot.press("a", "a")
        await pilot.pause(0.1)
        assert "it is in the case already" in text(app, "#cases-title")
        assert "first look" in text(app, "#case")
        assert "What the assistant is used for" in text(app, "#case")
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(app.screen, CasesScreen)
    store = CaseStore(own_home / "cases")
    (case,) = store.cases()
    store.close()
    assert [item.kind for item in case.items] == ["note", "finding"]


async def test_a_case_that_cannot_be_asked_again_says_why(tmp_path: Path, own_home: Path) -> None:
    store = CaseStore(own_home / "cases")
    store.new("Old", tmp_path / "gone")
    store.close()
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        await pilot.press("f8", "r")
        for _ in range(60):
            await pilot.pause(0.1)
            if "There is no index" in text(app, "#cases-title"):
                break
        assert "There is no index" in text(app, "#cases-title")


async def test_find_goes_to_the_turn_that_has_the_words(tmp_path: Path) -> None:
    app = desk(FakeSession(events("Which spam is there?"), events("What is new?")), tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        for question in ("first", "second"):
            await ask(pilot, question)
        await pilot.press("ctrl+f", *"SPAM")
        await pilot.pause(0.3)
        assert app.screen.query_one(OptionList).option_count == 1
        await pilot.press("enter")
        await pilot.pause(0.3)
        assert "Which spam" in str(app.screen.query_one(".-cursor", Static).visual)


def test_the_log_holds_nothing_that_was_asked_or_found() -> None:
    view = replay(View(), [dump(event) for event in events("the secret question")])
    lines = "\n".join(log(view))
    assert "overview F1 0.4 s" in lines
    assert "r-1  done" in lines
    for private in ("secret", "Code and tests", "420", "largest themes"):
        assert private not in lines


async def test_theme_motion_and_keys_are_changed_on_the_screen_and_kept(tmp_path: Path, own_home: Path) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        before = app.theme
        await pilot.press("f6", "t", "n", "k", *"ledger ???", "enter")
        await pilot.pause(0.1)
        assert "is no key" in text(app, "#wishes")
        app.screen.query_one(Input).value = "ledger f9"
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert app.theme != before
        assert app.animation_level == "none"
        await pilot.press("escape", "f9")
        await pilot.pause(0.3)
        assert app.screen.query_one(DataTable).id == "ledger"
    kept = preferences.load(own_home, frozenset([app.theme]), frozenset(["ledger"]))
    assert (kept.theme, kept.motion, dict(kept.keys)) == (app.theme, False, {"ledger": "f9"})
    assert kept.problems == ()


async def test_the_events_are_exported_one_a_line(tmp_path: Path) -> None:
    file = tmp_path / "all.jsonl"
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        await ask(pilot, f"/export {file}")
    assert [json.loads(line)["type"] for line in file.read_text().splitlines()] == [event.type for event in events()]


async def test_the_palette_lists_what_works_now_with_its_keys(tmp_path: Path) -> None:
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        offered = {command.title for command in app.get_system_commands(app.screen)}
        assert "Ledger" in offered
        assert "Export" not in offered
        await ask(pilot, "anything")
        assert "Export" in {command.title for command in app.get_system_commands(app.screen)}
        await pilot.press("ctrl+p")
        await pilot.pause(0.2)
        assert isinstance(app.screen, CommandPalette)


async def test_an_account_that_is_not_read_is_asked_for_before_a_file_is_taken_and_the_report_is_that_of_the_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "talk.jsonl"
    lines = [{"person": f"p{place % 9}", "stamp": f"2026-10-0{1 + place % 9}T10:00:00Z",
              "messages": [{"role": "user", "content": f"hello {place}"}]} for place in range(40)]  # fmt: skip
    file.write_text("\n".join(map(json.dumps, lines)))
    taken: list[object] = []

    async def take(app: object, source: object, report: object, **_: object) -> Taken:
        taken.append(next(read.item for read in source))  # type: ignore[attr-defined]
        outcome = IngestReport(40, 40, skipped=Counter({"empty": 2}), first_skips={"empty": "line 3"}, elapsed_s=1.0)
        return Taken(outcome, Published(None, 0, 0, "too few accounts"), None)

    monkeypatch.setattr("agent.services.ingest.ingest", take)
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        await ask(pilot, f"/add {file}")
        await pilot.pause(0.3)
        app.screen.query_one("#index-name", Input).value = "own"
        await pilot.press("ctrl+g")
        for expected in ("to be the account", "to be the time"):
            for _ in range(60):
                await pilot.pause(0.05)
                if isinstance(app.screen, ChooseScreen) and expected in text(app, ".title"):
                    break
            assert expected in text(app, ".title")
            await pilot.press("enter")
        for _ in range(60):
            await pilot.pause(0.05)
            if taken and "taken in" in text(app, "#said"):
                break
        assert taken, text(app, "#said")
        (first,) = taken
        assert first.account == "p0"  # type: ignore[attr-defined]
        assert first.time is not None  # type: ignore[attr-defined]
        said = text(app, "#said")
        assert "40 taken in" in said
        assert "2 skipped: empty" in said
        assert "No snapshot published: too few accounts" in said


def test_a_path_is_completed_as_in_a_shell(tmp_path: Path) -> None:
    (tmp_path / "chats-1.jsonl").touch()
    (tmp_path / "chats-2.jsonl").touch()
    (tmp_path / "logs").mkdir()
    assert completed(f"{tmp_path}/ch") == f"{tmp_path}/chats-"
    assert completed(f"{tmp_path}/chats-1") == f"{tmp_path}/chats-1.jsonl"
    assert completed(f"{tmp_path}/lo") == f"{tmp_path}/logs/"
    for nothing in ("", f"{tmp_path}/zz", "/nowhere/at/all"):
        assert completed(nothing) == nothing


def test_the_whole_of_an_ingest_only_grows_and_ends_at_one() -> None:
    steps = [Progress(stage, done, 10) for stage in ("reading", "summarising", "placing summaries", "looking for coordination")
             for done in (0, 5, 10)]  # fmt: skip
    shares = [share_done(step) or 0.0 for step in steps]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert round(shares[-1], 6) == 1.0
    assert share_done(Progress("something else", 1, 2)) is None
    assert (left(0.5, 30.0), left(0.01, 5.0)) == ("about 30 s left", "time left: not known yet")


async def test_a_fault_that_nobody_foresaw_while_taking_in_is_a_number_and_one_can_begin_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ValueError("text of a conversation")

    monkeypatch.setattr("agent.services.ingest.ingest", broken)
    file = tmp_path / "talk.jsonl"
    _corpus(file, 3)
    app = desk(FakeSession(events()), tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        await pilot.press("f7")
        await pilot.pause(0.2)
        app.screen.query_one(Input).value = str(file)
        await pilot.press("ctrl+g")
        for _ in range(50):
            await pilot.pause(0.1)
            if "Something went wrong" in text(app, "#said"):
                break
        assert "ValueError in test_more_panels.py" in text(app, "#said")
        assert "text of a conversation" not in text(app, "#said")
        assert "ctrl+g takes it in" in text(app, "#ingest-hint")


async def test_work_beside_the_screen_can_start_processes(tmp_path: Path) -> None:
    async def lock() -> bool:
        return bool(multiprocessing.get_context("spawn").Lock().acquire())

    async with desk(FakeSession(events()), tmp_path / "demo").run_test(size=NARROW):
        assert await BackgroundTask(lock).run()


_ASKED = ("sort", "filter", "merge", "count", "print", "copy", "reverse", "group")
_OF = ("dates", "prices", "names of cities", "recipes", "invoices", "song titles", "measurements", "chess moves")


def _corpus(file: Path, count: int) -> None:
    """So many conversations of 40 accounts, no two alike, in 64 groups of meaning."""
    lines = []
    for place in range(count):
        words = f"How do I {_ASKED[place % 8]} a list of {_OF[place // 8 % 8]} when it has {place + 3} entries?"
        turns = [{"role": "user", "content": words}, {"role": "assistant", "content": "Like this."}]
        lines.append(json.dumps({"messages": turns, "user": f"u{place % 40}", "id": str(place)}))
    file.write_text("\n".join(lines))


@pytest.mark.slow
async def test_a_file_is_taken_in_from_the_screen_and_a_stop_keeps_what_was_finished(
    tmp_path: Path, own_home: Path
) -> None:
    file = tmp_path / "talk.jsonl"
    _corpus(file, 3_000)
    app = desk(None, own_home / "indexes" / "own")
    async with app.run_test(size=NARROW) as pilot:
        await pilot.pause(0.5)
        await pilot.press("f7")
        await pilot.pause(0.3)
        app.screen.query_one(Input).value = str(file)
        await pilot.press("ctrl+g")
        await pilot.pause(3)
        await pilot.press("escape")
        for _ in range(600):
            await pilot.pause(0.1)
            if not isinstance(app.screen, IngestScreen) or "goes on from there" in text(app, "#said"):
                break
        assert "goes on from there" in text(app, "#said")
        await pilot.press("ctrl+g")
        for _ in range(1800):
            await pilot.pause(0.1)
            if app.view.phase == "ready":
                break
        assert app.view.phase == "ready", text(app, "#said")
