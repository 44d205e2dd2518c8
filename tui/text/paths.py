"""Completing the path of a file, as a shell does."""

from pathlib import Path

_MOST = 5_000
"""Entries of a folder that are looked at."""


def completed(typed: str) -> str:
    """What was typed with as much added as all entries that begin so share; a folder ends with a slash. The same text
    where nothing begins so."""
    if not typed:
        return typed
    head, _, tail = typed.rpartition("/")
    folder = Path(f"{head}/" if head or typed.startswith("/") else ".").expanduser()
    try:
        names = [entry.name + ("/" if entry.is_dir() else "") for entry in _entries(folder)]
    except OSError:
        return typed
    found = sorted(
        name for name in names if name.startswith(tail) and (tail.startswith(".") or not name.startswith("."))
    )
    if not found:
        return typed
    shared = found[0]
    for name in found[1:]:
        while not name.startswith(shared):
            shared = shared[:-1]
    return f"{typed[: len(typed) - len(tail)]}{shared}"


def _entries(folder: Path) -> list[Path]:
    found = []
    for entry in folder.iterdir():
        found.append(entry)
        if len(found) >= _MOST:
            break
    return found
