"""Takes the files of a folder as they come: those that are there, then those that appear or grow."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

Look = dict[Path, tuple[int, int]]
"""Files with size and time of change."""

EVERY_S = 5.0
"""Seconds between two looks."""


async def arrivals(folder: Path, *, every_s: float = EVERY_S) -> AsyncGenerator[list[Path]]:
    """Files that are new or have changed since they were last given, each once it has not changed between two looks: somebody
    may still be writing it. Ends never; what is given is taken as done."""
    given: Look = {}
    before: Look | None = None
    while True:
        now = dict(_looked(folder))
        still = now if before is None else {path: seen for path, seen in now.items() if before.get(path) == seen}
        if fresh := sorted(path for path, seen in still.items() if given.get(path) != seen):
            yield fresh
            given.update((path, still[path]) for path in fresh)
        before = now
        await asyncio.sleep(every_s)


def _looked(folder: Path) -> Iterator[tuple[Path, tuple[int, int]]]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        try:
            if not hidden and path.is_file():
                status = path.stat()
                yield path, (status.st_size, status.st_mtime_ns)
        except FileNotFoundError:
            continue  # it was moved away between the two calls
