"""Makes the pictures of the docs from the true program on the demo: `make pictures`. The demo must be indexed.

They are made in a home of their own, a copy with neither sessions nor ledgers, so that nothing an analyst asked before is in
them. The picture of a browser needs Chromium; without one the old picture stays, and that is said.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from agent.services.oversight import newest_snapshot
from agent.wiring import DEMO, App
from tests.fakes.browser import CHROMIUM, Page, visit
from tui.screens.app import ShoalApp
from tui.widgets.prompt import Prompt

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
PICTURES = (
    ("desk", "What is new since the launch?", (140, 42), ("ctrl+home",)),
    ("trend", "How has coding developed by week?", (140, 42), ()),
    ("map", "Show the map", (140, 42), ("f3", "n", "z")),
    ("side-by-side", "Is anyone running coordinated spam?", (140, 42), ("f3", "v", "right_square_bracket")),
    ("commands", "", (110, 30), ("slash",)),
    ("lead", "Is anyone running coordinated spam?", (140, 42), ("ctrl+home",)),
    ("narrow", "Is anyone running coordinated spam?", (80, 30), ()),
    ("findings-narrow", "What do people use the assistant for most?", (80, 24), ("f3",)),
    ("ledger", "Which languages are used most?", (140, 36), ("f4",)),
    ("help", "", (110, 36), ("f1",)),
    ("ready", "", (110, 30), ()),
    ("first-run", "", (110, 30), ()),
)
AT_ONCE_S = 120.0
"""Longest that one picture may take. A run that hangs must not hang this command."""


async def picture(name: str, question: str, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    """Ask the demo, press keys, and keep the screen as SVG."""
    app = ShoalApp(App.start("/data/shoal/indexes/none-yet" if name == "first-run" else DEMO), built_in=True)
    async with app.run_test(size=size) as pilot:
        while app.view.phase not in ("ready", "no index"):
            await pilot.pause(0.1)
        prompt = app.query_one(Prompt)
        prompt.cursor_blink = False
        if question:
            prompt.value = question
            await pilot.press("enter")
            while app.view.phase not in ("done", "partial", "failed"):
                await pilot.pause(0.1)
        await pilot.pause(0.5)
        await pilot.press(*keys)
        await pilot.pause(0.5)
        (FOLDER / f"{name}.svg").write_text(app.export_screenshot(title="shoal"), "utf-8")


async def browser_picture(home: Path) -> None:
    """Serve the demo, ask it in a real browser, and keep the page as PNG when the run has ended."""

    async def act(page: Page) -> None:
        while not (seen := list((home / "visitors").glob("*"))):
            await asyncio.sleep(0.5)
        await asyncio.sleep(5)  # until the desk is drawn
        for kind in ("mousePressed", "mouseReleased"):
            await page.call("Input.dispatchMouseEvent", type=kind, x=400, y=692, button="left", clickCount=1)
        await page.type("Is anyone running coordinated spam?\n")
        store = App.start(DEMO).for_visitor(seen[0].name).store()
        while not any(run.state == "done" for run in store.runs()):
            await asyncio.sleep(0.5)
        store.close()
        await asyncio.sleep(3)  # until the page has drawn it
        (FOLDER / "browser.png").write_bytes(await page.picture())

    command = [sys.executable, "-m", "tui", "serve", "--index", DEMO, "--built-in", "--port", "8799"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            line = await asyncio.to_thread(server.stdout.readline) if server.stdout else ""
            await visit(line.strip(), home / "profile", act, size=(1440, 900))
        finally:
            server.terminate()


async def main(home: Path) -> None:
    for name, question, size, keys in PICTURES:
        await asyncio.wait_for(picture(name, question, size, keys), AT_ONCE_S)
        print(name)
    if CHROMIUM is None:
        print("browser: there is no Chromium here; the old picture stays")
    else:
        await asyncio.wait_for(browser_picture(home), AT_ONCE_S)
        print("browser")


if __name__ == "__main__":
    mine = App.start(DEMO)
    if not newest_snapshot(mine):
        sys.exit("The demo is not indexed yet: shoal demo does that.")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("indexes/demo", "encoders", "keys"):
            shutil.copytree(mine.home.root / name, Path(folder) / name, ignore=shutil.ignore_patterns("ledger*"))
        os.environ["SHOAL_HOME"] = folder
        asyncio.run(main(Path(folder)))
