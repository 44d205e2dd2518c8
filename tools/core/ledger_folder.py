"""The one ledger of an index: where it is, and how the ledgers of an older Shoal, one for each name of an analyst, become one.

An older index has a file for each name. Their entries are copied into one chain in the order of their time, so that whoever
asks next is compared with what everybody was answered. The old files are kept, for whoever has to verify them.
"""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from heapq import merge
from operator import itemgetter
from pathlib import Path
from typing import Any

from index.core.home import private_folder
from tools.core.ledger import Ledger, ReleasedSet
from tools.core.ledger_chain import Spending

NAME = "releases.sqlite3"
_KEPT = "joined"
"""The folder of the old files."""


def open_ledger(folder: Path, anchor: Path, analyst: str) -> Ledger:
    """The ledger of the index whose ledgers are in `folder`. `anchor`: the file that keeps its end, outside the index."""
    path = private_folder(folder) / NAME
    if not path.exists():
        with (folder / "join.turn").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            if not path.exists():
                _join(folder, path)
    return Ledger(path, anchor, analyst)


def _join(folder: Path, path: Path) -> None:
    """Copy what older ledgers hold into a new one; nothing where there are none."""
    older = [file for file in sorted(folder.glob("*.sqlite3")) if file != path]
    if not older:
        return
    made = folder / "joining"
    shutil.rmtree(made, ignore_errors=True)
    with closing(Ledger(made / NAME)) as joined, ExitStack() as opened:
        ledgers = {file.stem: opened.enter_context(closing(Ledger(file))) for file in older}
        with joined.exclusive():
            for _, name, entry, sets, spending in merge(
                *(_named(*item) for item in ledgers.items()), key=itemgetter(0)
            ):
                joined.append(entry, sets, _asked_once(joined, spending, name), name)
    (made / NAME).rename(path)
    shutil.rmtree(made)
    kept = private_folder(folder / _KEPT)
    for file in older:
        for part in folder.glob(f"{file.stem}.*"):
            part.rename(kept / part.name)


def _named(name: str, ledger: Ledger) -> Iterator[tuple[str, str, dict[str, Any], list[ReleasedSet], Spending | None]]:
    for entry, sets, spending in ledger.copies():
        yield entry["at"], name, entry, sets, spending


def _asked_once(joined: Ledger, spending: Spending | None, name: str) -> Spending | None:
    """The spending, under another question where an earlier ledger has the same one: both cost ε."""
    if spending is None or joined.answer(spending.question) is None:
        return spending
    return replace(spending, question=f"{name}: {spending.question}")
