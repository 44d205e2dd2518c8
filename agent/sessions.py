"""Sessions at rest (SQLite): their questions and events. Only what was released is in an event, so nothing more is here."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from index.home import private_folder

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    run TEXT PRIMARY KEY, session TEXT NOT NULL, index_path TEXT NOT NULL, question TEXT NOT NULL,
    started TEXT NOT NULL, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    run TEXT NOT NULL, seq INTEGER NOT NULL, event TEXT NOT NULL, PRIMARY KEY (run, seq));
"""


@dataclass(frozen=True, slots=True)
class StoredRun:
    """One question of a session. `state` is its last RunEnded state, or "running"."""

    run: str
    session: str
    index_path: str
    question: str
    started: str
    state: str


class SessionStore:
    """Writes events as they come; a crash loses at most the one being written."""

    def __init__(self, folder: Path) -> None:
        path = private_folder(folder) / "sessions.sqlite3"
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
        path.chmod(0o600)
        self._connection.executescript(_SCHEMA)

    def start(self, run: str, session: str, index_path: Path, question: str) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._connection.execute(
            "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, 'running')",
            [run, session, str(index_path), question, now],
        )

    def add(self, run: str, event: dict[str, Any]) -> None:
        self._connection.execute(
            "INSERT INTO events SELECT ?, coalesce(max(seq), 0) + 1, ? FROM events WHERE run = ?",
            [run, json.dumps(event, ensure_ascii=False), run],
        )
        if event["type"] == "run_ended":
            self.mark(run, event["state"])

    def mark(self, run: str, state: str) -> None:
        self._connection.execute("UPDATE runs SET state = ? WHERE run = ?", [state, run])

    def runs(self, session: str | None = None) -> list[StoredRun]:
        """Runs, newest first."""
        where, parameters = ("WHERE session = ?", [session]) if session else ("", [])
        rows = self._connection.execute(
            f"SELECT run, session, index_path, question, started, state FROM runs {where} ORDER BY started DESC, rowid DESC",
            parameters,
        ).fetchall()
        return [StoredRun(*row) for row in rows]

    def events(self, run: str) -> Iterator[dict[str, Any]]:
        """The events of a run, in order."""
        for (stored,) in self._connection.execute("SELECT event FROM events WHERE run = ? ORDER BY seq", [run]):
            yield json.loads(stored)

    def close(self) -> None:
        self._connection.close()
