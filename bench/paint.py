"""How soon the screen is there and how long a key waits: `python -m bench.paint [RUNS] [FOLDER ...]`.

First paint: a new process of the command is started in a terminal of its own, and what it writes is read: seconds until the
first words stand there, until the desk with its prompt does, and processor seconds until then (medians of RUNS, the first
start left out: the files are warm). More FOLDERs are other checkouts to compare with, started in turn with this one. Typing:
a key is pressed again and again while 100,000 points are clustered as a question does; printed are the median and the
slowest of the waits, in milliseconds; and how soon each dialog is there after its key. Long sessions: the time of one more event on a session of 500 questions, beside that
of a session of one.
"""

import asyncio
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.app import App
    from textual.events import Key

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

_COMMAND = "from tui.cli.app import main; main()"
_WORDS, _DESK = b"tarting", b"stay hidden"
"""What stands in the first frame, and in the line under the desk's prompt."""
_AT_MOST_S = 30.0


def first_paint(folder: Path, home: str) -> tuple[float, float, float]:
    """Seconds from the start of the process to the first words and to the desk, and processor seconds till then."""
    began = time.perf_counter()
    child, line = pty.fork()
    if child == 0:
        os.chdir(folder)
        environment = {**os.environ, "SHOAL_HOME": home, "TERM": "xterm-256color"}
        os.execve(sys.executable, [sys.executable, "-c", _COMMAND], environment)
    fcntl.ioctl(line, termios.TIOCSWINSZ, struct.pack("HHHH", 38, 130, 0, 0))
    seen, words = b"", 0.0
    while _DESK not in seen:
        if not select.select([line], [], [], _AT_MOST_S)[0]:
            raise SystemExit("the desk did not come")
        seen += os.read(line, 65_536)
        if not words and _WORDS in seen:
            words = time.perf_counter() - began
    desk = time.perf_counter() - began
    os.kill(child, signal.SIGKILL)
    used = os.wait4(child, 0)[2]
    os.close(line)
    return words or desk, desk, used.ru_utime + used.ru_stime


def compare_paint(folders: list[Path], runs: int) -> None:
    """Print the medians of each checkout, started in turn."""
    home = tempfile.mkdtemp()
    found: dict[Path, list[tuple[float, float, float]]] = {folder: [] for folder in folders}
    for run in range(runs + 1):
        for folder in folders:
            measured = first_paint(folder, home)
            if run:
                found[folder].append(measured)
    for folder, measures in found.items():
        words, desk, cpu = (statistics.median(column) for column in zip(*measures, strict=True))
        fastest = min(measure[1] for measure in measures)
        print(
            f"{folder.name}: first words {words:.2f} s, desk {desk:.2f} s (fastest {fastest:.2f} s), processor {cpu:.2f} s"
        )


async def _busy(points: int) -> None:
    """What the tools of a question do: arithmetic over summaries, in a thread beside the screen's loop."""
    import numpy as np

    vectors = np.random.default_rng(0).normal(size=(points, 384)).astype(np.float32)
    while True:
        await asyncio.to_thread(lambda: (vectors @ vectors[:1_000].T).argmax(axis=1))


async def typing(keys: int, points: int) -> tuple[list[float], dict[int, float]]:
    """Seconds each key waited while `points` were compared, and of one event by the questions of the session."""
    from tests.fakes.desk import desk
    from tests.fakes.session import FakeSession, events
    from tui.state.reduce import apply
    from tui.state.view import Turn
    from tui.widgets.prompt import Prompt

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
        each = {}
        for questions in (1, 500):
            turns = tuple(
                Turn(f"r-{number}", "question", answer="an answer [F1]", is_final=True) for number in range(questions)
            )
            app.view = replace(app.view, turns=turns)
            await app._draw()
            began = time.perf_counter()
            for event in events():
                app.view = apply(app.view, event)
                await app._draw()
            each[questions] = (time.perf_counter() - began) / len(events())
    return waits, each


DIALOGS = {"help": "f1", "ledger": "f4", "settings": "f6", "add data": "f7", "cases": "f8", "sessions": "ctrl+r",
           "export": "ctrl+e", "find": "ctrl+f"}  # fmt: skip


async def dialogs(rounds: int, points: int) -> dict[str, list[float]]:
    """Seconds from a key to the dialog that it opens, drawn and with the focus, while `points` are clustered."""
    from tests.fakes.desk import ask, desk, opened
    from tests.fakes.session import FakeSession, events

    app = desk(FakeSession(events()), Path(tempfile.mkdtemp()))
    found: dict[str, list[float]] = {name: [] for name in DIALOGS}
    async with app.run_test(size=(130, 38)) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        worker = asyncio.create_task(_busy(points))
        await asyncio.sleep(3)
        for _ in range(rounds):
            for name, key in DIALOGS.items():
                began = time.perf_counter()
                app.post_message(_key(key))
                while not _is_dialog(app):
                    await asyncio.sleep(0.001)
                found[name].append(time.perf_counter() - began)
                await pilot.pause(0.2)
                app.post_message(_key("escape"))
                while _is_dialog(app):
                    await asyncio.sleep(0.001)
                await asyncio.sleep(0.05)
        worker.cancel()
    return found


def _is_dialog(app: "App[None]") -> bool:
    from textual.screen import ModalScreen

    return isinstance(app.screen, ModalScreen) and bool(app.screen.size.width)


def _key(name: str = "x") -> "Key":
    from textual.events import Key

    return Key(name, name if len(name) == 1 else None)


if __name__ == "__main__":
    compare_paint([ROOT, *map(Path, sys.argv[2:])], int(sys.argv[1]) if len(sys.argv) > 1 else 5)
    waits, each = asyncio.run(typing(100, 100_000))
    ordered = sorted(waits)
    print(
        f"a key waits  median {1000 * statistics.median(ordered):.0f} ms, 95 % {1000 * ordered[94]:.0f} ms, slowest {1000 * ordered[-1]:.0f} ms"
    )
    for name, opened_in in asyncio.run(dialogs(6, 100_000)).items():
        first, *later = (1000 * second for second in opened_in)
        print(
            f"{name} opens  first {first:.0f} ms, then median {statistics.median(later):.0f} ms, slowest {max(later):.0f} ms"
        )
    for questions, seconds in each.items():
        print(f"one event on a session of {questions} questions  {1000 * seconds:.0f} ms")
