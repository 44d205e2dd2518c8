"""Makes the pictures of the docs from the true program on the demo: `make pictures`. The demo must be indexed."""

import asyncio
from pathlib import Path

from agent.wiring import DEMO, App
from tui.app import ShoalApp
from tui.prompt import Prompt

FOLDER = Path(__file__).parent
PICTURES = (
    ("desk", "What is new since the launch?", (140, 42), ("ctrl+home",)),
    ("trend", "What is the trend of conversations by month?", (140, 42), ()),
    ("map", "What do people use the assistant for most?", (140, 42), ("alt+right", "f3", "n", "n")),
    ("lead", "Is anyone running coordinated spam?", (140, 42), ("ctrl+home",)),
    ("narrow", "Is anyone running coordinated spam?", (80, 30), ()),
    ("findings-narrow", "What do people use the assistant for most?", (80, 24), ("f3",)),
    ("ledger", "Which languages are used most?", (140, 36), ("f4",)),
    ("help", "", (110, 36), ("f1",)),
    ("ready", "", (110, 30), ()),
    ("first-run", "", (110, 30), ()),
)
AT_ONCE_S = 120.0
"""Longest that one picture may take: a run that stands still must not stand for ever."""


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


async def main() -> None:
    for name, question, size, keys in PICTURES:
        await asyncio.wait_for(picture(name, question, size, keys), AT_ONCE_S)


if __name__ == "__main__":
    asyncio.run(main())
