"""An erasure that ends in the middle as a killed process does: at once, and with all that it held in memory.

An exception in the test's own process is no kill: the vector store stays open, and what it holds is written when the
collector comes to it, which may be after the erasure was finished.
"""

import importlib
import os
from multiprocessing import get_context
from pathlib import Path

from index.core.home import Home
from index.maintenance.erasure import forget

KILLED = 9


def _nothing(stage: str, done: int, total: int) -> None:
    """Takes progress and says nothing."""


def _forget_until(path: Path, home: Home, account: str, step: str) -> None:
    module, name = step.rsplit(".", 1)
    setattr(importlib.import_module(module), name, lambda *_, **__: os._exit(KILLED))
    forget(path, home, _nothing, account=account)


def forget_killed_at(step: str, path: Path, home: Home, account: str) -> None:
    """Forget in a process of its own that is killed where it calls `step` (module and name)."""
    process = get_context("spawn").Process(target=_forget_until, args=(path, home, account, step))
    process.start()
    process.join()
    assert process.exitcode == KILLED
