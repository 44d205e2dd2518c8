"""Makes the README's picture from the true program on the demo: `make pictures`. The demo must be indexed."""

import asyncio
from pathlib import Path

from agent.wiring import DEMO, App
from tui.app import ShoalApp
from tui.widgets import Prompt

FOLDER = Path(__file__).parent


async def picture(name: str, question: str, size: tuple[int, int]) -> None:
    """Ask the demo and keep the screen as SVG."""
    app = ShoalApp(App.start(DEMO), built_in=True)
    async with app.run_test(size=size) as pilot:
        while app.view.phase != "ready":
            await pilot.pause(0.1)
        prompt = app.query_one(Prompt)
        prompt.cursor_blink = False
        prompt.value = question
        await pilot.press("enter")
        while app.view.phase != "done":
            await pilot.pause(0.1)
        await pilot.pause(0.5)
        (FOLDER / f"{name}.svg").write_text(app.export_screenshot(title="shoal"), "utf-8")


if __name__ == "__main__":
    asyncio.run(picture("desk", "Is anyone running coordinated spam?", (140, 42)))
    asyncio.run(picture("narrow", "What is new since the launch?", (80, 30)))
