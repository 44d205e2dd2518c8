"""Standard input as a file: it is read more than once, so it is held in memory, and never written to disk (R1)."""

import os
import shutil
import sys
from pathlib import Path

from index.core.errors import IndexFault

STANDARD_INPUT = Path("-")
"""How standard input is named on a command line."""
SHOWN = "standard input"


def held() -> Path:
    """A path under which what standard input gives can be opened any number of times by this process."""
    if sys.stdin.isatty():
        raise IndexFault("Standard input is a terminal.", "Pipe a file into it: cat log.jsonl | shoal ingest -")
    if not hasattr(os, "memfd_create"):
        raise IndexFault("This system cannot hold standard input in memory.", "Write it to a file and give that.")
    memory = os.memfd_create(SHOWN)
    with open(memory, "wb", closefd=False) as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return Path(f"/proc/self/fd/{memory}")
