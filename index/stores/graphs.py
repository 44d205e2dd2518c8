"""Blanks the unused part of the graph files that Chroma writes.

Chroma (hnswlib) makes a graph with room for vectors to come and writes that room to disk as it finds it in memory: what the
process freed before, so also vectors that were erased. Measured: vectors of one store in the files of the next.
"""

import struct
import time
from pathlib import Path

import psutil

_HEADER = struct.Struct("<i4Q")
"""Version, offset of the base layer, room, vectors held, bytes a vector (hnswlib, `header.bin`)."""
_LENGTH_BYTES = 4
_WAIT_S = 5.0


def is_let_go(folder: Path) -> bool:
    """Wait until no file below a folder is open in this process: Chroma closes its files in threads of its own, some
    milliseconds after it said that it did. False: after five seconds one is still open."""
    until = time.monotonic() + _WAIT_S
    inside = f"{folder.resolve()}/"
    me = psutil.Process()
    while any(file.path.startswith(inside) for file in me.open_files()):
        if time.monotonic() > until:
            return False
        time.sleep(0.002)
    return True


def blank_unused(folder: Path) -> None:
    """Zeros in place of what stands behind the last vector, in every graph below a folder that nothing has open."""
    for header in folder.glob("*/header.bin"):
        read = header.read_bytes()[: _HEADER.size]
        if len(read) < _HEADER.size:
            continue  # a kill while the header was written; Chroma makes the graph anew
        _, _, _, held, size = _HEADER.unpack(read)
        _blank_behind(header.with_name("data_level0.bin"), held * size)
        _blank_behind(header.with_name("length.bin"), held * _LENGTH_BYTES)


def _blank_behind(file: Path, used: int) -> None:
    if not file.exists() or (whole := file.stat().st_size) <= used:
        return
    with file.open("r+b") as opened:
        opened.truncate(used)
        opened.truncate(whole)
