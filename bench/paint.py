"""How soon the screen is there and how long a key waits: `python bench/paint.py [RUNS]`.

First paint: a new process imports the app and draws its first frame, before any index is opened (median of RUNS). Typing:
a key is pressed again and again while 100,000 points are clustered as a question does; printed are the median and the
slowest of the waits, in milliseconds. Long sessions: the time of one more event on a session of 500 questions.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

_PAINT = """
import asyncio, sys, time
began = time.perf_counter()
from pathlib import Path
from agent.wiring import App
from tui.app import ShoalApp

ShoalApp._open = lambda self: None  # the first frame comes before any index is opened

async def main():
    app = ShoalApp(App.start("nothing"), built_in=True)
    async with app.run_test(size=(130, 38)) as pilot:
        await pilot.pause()
        print(time.perf_counter() - began)
        heavy = {"torch", "langgraph", "anthropic", "chromadb", "duckdb", "hdbscan", "sklearn"} & set(sys.modules)
        assert not heavy, heavy
asyncio.run(main())
"""


def first_paint(runs: int) -> list[float]:
    """Seconds from the start of the imports to the first frame, each in a new process."""
    environment = {**os.environ, "SHOAL_HOME": tempfile.mkdtemp()}
    return [
        float(
            subprocess.run(
                [sys.executable, "-c", _PAINT], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
            ).stdout
        )
        for _ in range(runs)
    ]


async def _busy(points: int) -> None:
    """What a question does: HDBSCAN over a five-dimensional space, as the tools ask for it."""
    import numpy as np

    from index.clustering_process import density_clusters

    space = np.random.default_rng(0).normal(size=(points, 5)).astype(np.float32)
    while True:
        await density_clusters(space, 25)


async def typing(keys: int, points: int) -> tuple[list[float], float]:
    """Seconds each key waited while `points` were clustered, and seconds of one event on 500 turns."""
    from tests.fakes.desk import desk
    from tests.fakes.session import FakeSession, events
    from tui.prompt import Prompt
    from tui.reduce import apply
    from tui.view import Turn

    app = desk(FakeSession(events()), Path(tempfile.mkdtemp()))
    waits = []
    async with app.run_test(size=(130, 38)) as pilot:
        await pilot.pause()
        prompt = app.query_one(Prompt)
        worker = asyncio.create_task(_busy(points))
        await asyncio.sleep(3)
        for _ in range(keys):
            before, began = len(prompt.value), time.perf_counter()
            prompt.post_message(_key())
            while len(prompt.value) == before:
                await asyncio.sleep(0.001)
            waits.append(time.perf_counter() - began)
            await asyncio.sleep(0.02)
        worker.cancel()
        turns = tuple(Turn(f"r-{number}", "question", answer="an answer [F1]", is_final=True) for number in range(500))
        app.view = replace(app.view, turns=turns)
        await app._draw()
        began = time.perf_counter()
        for event in events():
            app.view = apply(app.view, event)
            await app._draw()
        each = (time.perf_counter() - began) / len(events())
    return waits, each


def _key() -> object:
    from textual.events import Key

    return Key("x", "x")


if __name__ == "__main__":
    paints = first_paint(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
    print(f"first paint  median {statistics.median(paints):.2f} s, fastest {min(paints):.2f} s")
    waits, each = asyncio.run(typing(100, 100_000))
    ordered = sorted(waits)
    print(
        f"a key waits  median {1000 * statistics.median(ordered):.0f} ms, 95 % {1000 * ordered[94]:.0f} ms, slowest {1000 * ordered[-1]:.0f} ms"
    )
    print(f"one event on a session of 500 questions  {1000 * each:.0f} ms")
