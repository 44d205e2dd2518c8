"""Labels of an index's own, links that open the screen, waiting, and dark pages, on the command line."""

import asyncio
import json
import threading
import time
from pathlib import Path

import pytest

from agent.services.places import place_of
from agent.wiring import App
from index.core.errors import SettingsError
from tests.tui.test_ask_cli import LANGUAGES, home, shoal
from tui.screens.app import ShoalApp
from tui.screens.cases import CasesScreen
from tui.screens.choose import ThemesScreen
from tui.screens.saving import SaveScreen

__all__ = ["home"]


@pytest.mark.parametrize(
    "text",
    [
        "Letters of Anna Kowalska",
        "Call 555-123-4567",
        "Writing a cover letter",
        "Xyzzyq parts",
        "x",
        "Smith",
        "Rose and Mark and Will",
    ],
)
def test_what_may_not_be_a_name_is_no_label(home: Path, text: str) -> None:
    assert shoal("themes", "label", text).exit_code == 2
    assert not (home / "indexes" / "small" / "labels.toml").exists()


def test_a_label_is_kept_listed_noted_and_taken_away(home: Path) -> None:
    assert shoal("themes", "label", "Help with letters", "-p", "write a letter for me").exit_code == 0
    assert json.loads(shoal("themes", "labels", "--json").stdout) == [
        {"text": "Help with letters", "phrasings": ["write a letter for me"]}
    ]
    assert shoal("themes", "label", "Help with letters", "--remove").exit_code == 0
    assert json.loads(shoal("themes", "labels", "--json").stdout) == []
    assert shoal("themes", "label", "Help with letters", "--remove").exit_code == 2


def asked() -> str:
    """A session with one answer; its id."""
    shoal("ask", LANGUAGES)
    return str(json.loads(shoal("sessions", "list", "--json").stdout)[0]["id"])


def test_a_link_to_a_finding_prints_and_exports_it_alone(home: Path) -> None:
    link = f"shoal:finding/{asked()}/F1"
    shown = shoal("sessions", "show", link).stdout
    assert "### F1 · Conversations by language" in shown
    assert shoal("sessions", "export", link, "-f", "csv").stdout.startswith("finding,title,scope")
    assert shoal("sessions", "show", link.replace("F1", "F9")).exit_code == 2
    assert shoal("sessions", "show", "shoal:case/c-1").exit_code == 2
    assert shoal("sessions", "show", "shoal:finding/x").exit_code == 2


def test_a_dry_run_needs_a_file_and_a_missing_index_is_not_waited_for(home: Path) -> None:
    assert shoal("ask", LANGUAGES, "--dry-run").exit_code == 2
    assert shoal("ask", LANGUAGES, "-i", "nosuch", "--wait").exit_code == 3
    assert json.loads(shoal("sessions", "list", "--json").stdout) == []
    session = asked()
    assert shoal("sessions", "delete", f"shoal:finding/{session}/F1", "--yes").exit_code == 2
    assert len(json.loads(shoal("sessions", "list", "--json").stdout)) == 1


def test_a_place_is_looked_up_before_the_screen_is_opened(home: Path) -> None:
    session = asked()
    made = json.loads(shoal("case", "new", "Ring", "--json").stdout)["id"]
    assert place_of(App.start(), f"shoal:finding/{session}/F1").index_path == str(home / "indexes" / "small")
    assert place_of(App.start(), f"shoal:case/{made}").link.id == made
    for wrong in (
        f"shoal:finding/{session}/F7",
        "shoal:session/nobody",
        "shoal:case/c-none",
        f"shoal:case/{made}/4",
        "F1",
    ):
        with pytest.raises(SettingsError):
            place_of(App.start(), wrong)
        assert shoal("open", wrong).exit_code == 2


async def test_the_screen_opens_at_a_finding(home: Path) -> None:
    place = place_of(App.start(), f"shoal:finding/{await asyncio.to_thread(asked)}/F1")
    screen = ShoalApp.for_terminal(App.start(), built_in=True, link=place.link)
    async with screen.run_test(size=(120, 40)) as pilot:
        for _ in range(100):
            await pilot.pause(0.05)
            if screen.desk.query(".closing"):
                break
        await screen.workers.wait_for_complete()
        assert screen.view.selected == "F1"
        assert screen.view.turns[0].question == LANGUAGES


async def test_the_screen_opens_at_a_case(home: Path) -> None:
    made = await asyncio.to_thread(shoal, "case", "new", "Ring", "--json")
    await asyncio.to_thread(shoal, "case", "new", "Another")
    wanted = json.loads(made.stdout)["id"]
    place = place_of(App.start(), f"shoal:case/{wanted}")
    screen = ShoalApp.for_terminal(App.start(), built_in=True, link=place.link)
    async with screen.run_test(size=(120, 40)) as pilot:
        for _ in range(100):
            await pilot.pause(0.05)
            if isinstance(screen.screen, CasesScreen) and screen.screen._cases:
                break
        assert isinstance(screen.screen, CasesScreen)
        assert screen.screen._at is not None
        assert screen.screen._at.id == wanted


def test_waiting_ends_when_the_index_can_be_asked(home: Path) -> None:
    index = home / "indexes" / "small"
    hidden = home / "hidden"
    (index / "snapshots").rename(hidden)
    assert shoal("ask", LANGUAGES).exit_code == 3

    def come() -> None:
        time.sleep(0.5)
        hidden.rename(index / "snapshots")

    later = threading.Thread(target=come)
    later.start()
    found = shoal("ask", LANGUAGES, "--wait")
    later.join()
    assert found.exit_code == 0
    assert "Waiting until small can be asked." in found.stderr
    assert shoal("ask", LANGUAGES, "--wait").stderr.count("Waiting") == 0


def test_a_page_and_a_chart_can_be_dark(home: Path, tmp_path: Path) -> None:
    session = asked()
    light, dark = (
        shoal("sessions", "export", session, "-f", "svg", "-F", "F1", *more).stdout for more in ([], ["--dark"])
    )
    assert "#1b1d21" in dark
    assert "#1b1d21" not in light
    assert "background:#1b1d21" in shoal("sessions", "export", session, "-f", "html", "--dark").stdout


async def test_the_themes_are_exported_from_the_screen(home: Path) -> None:
    screen = ShoalApp.for_terminal(App.start(), built_in=True)
    async with screen.run_test(size=(120, 40)) as pilot:
        for _ in range(100):
            await pilot.pause(0.05)
            if screen.view.phase == "ready":
                break
        await screen.run_action("themes")
        for _ in range(100):
            await pilot.pause(0.05)
            if isinstance(screen.screen, ThemesScreen):
                break
        await pilot.press("f3")
        for _ in range(100):
            await pilot.pause(0.05)
            if isinstance(screen.screen, SaveScreen):
                break
        assert isinstance(screen.screen, SaveScreen)
