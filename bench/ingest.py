"""Ingest speed: `python -m bench.ingest FILE` takes a log into a fresh index and prints what it cost.

Prints conversations a second end to end (reading, screening, embedding, publishing), peak memory and size on disk.
The embedding model is compiled before the clock starts: that happens once a machine.
"""

import asyncio
import os
import platform
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

from agent.services.ingest import ingest
from agent.wiring import App
from index.ingest.pipeline import Progress
from index.sources import open_file


class Memory:
    """The most memory that this process and its workers held together (pages shared by two are counted once)."""

    def __init__(self) -> None:
        self.peak_mib = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(0.5):
            self.peak_mib = max(self.peak_mib, sum(map(_held_mib, _family(os.getpid()))))

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


def _family(root: int) -> list[int]:
    children: list[int] = []
    for task in Path(f"/proc/{root}/task").glob("*"):
        with suppress(OSError):  # the thread has ended meanwhile
            children += map(int, (task / "children").read_text().split())
    return [root, *(member for child in children for member in _family(child))]


def _held_mib(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def main(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SHOAL_HOME"] = folder
        app = App.start("bench")
        app.encoder().encode(["compile before the clock starts"])
        watch = Memory()
        stages: dict[str, float] = {}
        last = started = time.perf_counter()

        def report(step: Progress) -> None:
            nonlocal last
            now = time.perf_counter()
            stages[step.stage] = stages.get(step.stage, 0.0) + now - last
            last = now

        taken = asyncio.run(ingest(app, open_file(path), report, built_in=True))
        outcome, published = taken.outcome, taken.published
        seconds = time.perf_counter() - started
        disk = sum(item.stat().st_size for item in app.path.rglob("*") if item.is_file())
        watch.stop()
        print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {path.name}")
        print(f"{outcome.taken:,} taken, {sum(outcome.skipped.values()):,} skipped, {published.clusters} base clusters")
        print(
            f"{outcome.taken / seconds:.0f} conversations a second, {seconds:.0f} s, {watch.peak_mib:.0f} MiB peak, {disk / 2**20:.0f} MiB on disk"
        )
        for stage, spent in sorted(stages.items(), key=lambda item: -item[1]):
            print(f"  {stage:<24}{spent:>7.1f} s  {100 * spent / seconds:>4.0f} %")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("Which file?  python -m bench.ingest FILE")
    main(Path(sys.argv[1]))
