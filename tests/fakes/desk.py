"""The desk over a session that replays written events: fixed clock, no blinking, no spinner."""

from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Static

from tests.fakes.session import FakeSession, as_session, started
from tui.screens.app import ShoalApp
from tui.state.commands import read
from tui.widgets.prompt import Prompt

WIDE = (130, 38)
NARROW = (80, 24)
SIZES = {"wide": WIDE, "narrow": NARROW}


class StillClock:
    """A clock that stands at `now` until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def desk(fake: FakeSession | None, path: Path, **more: Any) -> ShoalApp:
    """The app over `fake`; None: it opens the index at `path` itself."""
    more.setdefault("clock", StillClock())
    return ShoalApp(started(path), built_in=True, session=as_session(fake) if fake else None, **more)


async def ask(pilot: Pilot[None], text: str) -> None:
    """Ask, and wait until every event of the run is drawn, however slow the machine is. A command is only given time."""
    app = pilot.app
    prompt = app.query_one(Prompt)
    prompt.value = text
    prompt.focus()
    before = _replayed(app)
    await pilot.press("enter")
    if read(text) is not None:
        await pilot.pause(0.3)
        return
    for _ in range(200):
        if _replayed(app) > before or bool(getattr(app, "_queued", False)):
            break
        await pilot.pause(0.05)
    await pilot.pause(0.2)


def _replayed(app: object) -> int:
    """Runs of the fake session whose last event is drawn."""
    return int(getattr(getattr(app, "_session", None), "replayed", 0))


async def until(pilot: Pilot[None], app: ShoalApp, *phases: str) -> None:
    """Wait until the view has one of these phases."""
    for _ in range(100):
        if app.view.phase in phases:
            break
        await pilot.pause(0.05)
    await pilot.pause(0.1)


async def opened(pilot: Pilot[None], app: ShoalApp) -> None:
    """Wait until the desk has opened its index, or cannot. The cursor stands still, so that no picture depends on the time."""
    for _ in range(200):
        if app.view.phase != "starting":
            break
        await pilot.pause(0.05)
    app.query_one(Prompt).cursor_blink = False
    await pilot.pause()


def text(app: ShoalApp, selector: str) -> str:
    return str(app.screen.query_one(selector, Static).visual)


def said(app: ShoalApp, selector: str) -> str:
    """The text of the last widget that the selector finds."""
    return str(list(app.screen.query(selector).results(Static))[-1].visual)
