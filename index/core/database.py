"""SQLite files whose faults are said in words: who holds the file, a disk that is full, a file that is damaged.

Every store of Shoal that is SQLite is opened here, with the same permissions, and anywhere it is used a fault of the file is an
IndexFault with a next step.
"""

import sqlite3
from pathlib import Path
from typing import Any

from index.core.errors import IndexFault

_WAIT_S = 10.0
"""How long another process's write is waited for."""


class Database(sqlite3.Connection):
    """A connection. What fails for a reason that a person can mend raises IndexFault; a mistake of ours stays sqlite3's own."""

    what: str
    """What the file holds, for the message: "the cases"."""

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        try:
            return super().execute(*arguments)
        except sqlite3.DatabaseError as error:
            raise self._named(error) from error

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:
        try:
            return super().executemany(*arguments)
        except sqlite3.DatabaseError as error:
            raise self._named(error) from error

    def executescript(self, script: str) -> sqlite3.Cursor:
        try:
            return super().executescript(script)
        except sqlite3.DatabaseError as error:
            raise self._named(error) from error

    def _named(self, error: sqlite3.DatabaseError) -> Exception:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return IndexFault(
                f"Another process is writing {self.what}.", "Wait until it is done, or close it; then try again."
            )
        if code == sqlite3.SQLITE_FULL:
            return IndexFault(f"The disk is full; nothing was written to {self.what}.", "Make room, then try again.")
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM):
            return IndexFault(f"The file of {self.what} cannot be written.", "Look at its permissions and its disk.")
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return IndexFault(f"The file of {self.what} is damaged.", "Restore it from a backup, or move it away.")
        return error


def opened(path: Path, what: str) -> Database:
    """The database of a file, made where there is none, that only this user can read. Statements are their own transactions
    until BEGIN; threads may share it where they take turns. Raises IndexFault."""
    try:
        made = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False, factory=Database)
    except sqlite3.OperationalError as error:
        raise IndexFault(f"The file of {what} cannot be opened: {path}.", "Look at its permissions.") from error
    made.what = what
    path.chmod(0o600)
    return made
