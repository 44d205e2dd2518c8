"""Watches at rest (SQLite): questions that are asked again, and what was found last, so that only changes are reported.

Where the index has no newer snapshot, nothing is asked: an answer that cannot have changed would only fill the ledger.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from agent.storage.conditions import parsed
from agent.storage.typed import typed
from index.core.database import opened
from index.core.errors import SettingsError
from index.core.home import private_folder
from tools.core.finding import with_present_names

Every = Literal["day", "week", "month"]
_DAYS: dict[str, int] = {"day": 1, "week": 7, "month": 28}

_SCHEMA = """
CREATE TABLE IF NOT EXISTS watches (
    id TEXT PRIMARY KEY, question TEXT NOT NULL, every TEXT NOT NULL, index_path TEXT NOT NULL, made TEXT NOT NULL,
    last TEXT NOT NULL, snapshot INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS found (id TEXT NOT NULL, key TEXT NOT NULL, finding TEXT NOT NULL, PRIMARY KEY (id, key));
"""
_COLUMNS = "id, question, every, index_path, made, last, snapshot, sinks, conditions"


@dataclass(frozen=True, slots=True)
class Watch:
    """A question and when it was last answered (ISO; empty: never) and on which snapshot (0: none)."""

    id: str
    question: str
    every: Every
    index_path: str
    made: str
    last: str
    snapshot: int
    sinks: tuple[str, ...] = ()
    """Names of sinks in the settings that its changes go to."""
    conditions: tuple[str, ...] = ()
    """What it tells, as typed (`agent.storage.conditions`); none: every material change."""

    def is_due(self, now: datetime) -> bool:
        """By days of the calendar, so that a cron job at a fixed hour finds it due."""
        return not self.last or (now.date() - datetime.fromisoformat(self.last).date()).days >= _DAYS[self.every]


class WatchStore:
    """Opens, fills and reads watches."""

    def __init__(self, folder: Path) -> None:
        path = private_folder(folder) / "watches.sqlite3"
        self._connection = opened(path, "the watches")
        self._connection.execute("PRAGMA secure_delete = ON")
        self._connection.executescript(_SCHEMA)
        columns = {row[1] for row in self._connection.execute("PRAGMA table_info(watches)")}
        for column in {"sinks", "conditions"} - columns:  # of a Shoal before December 2026
            self._connection.execute(f"ALTER TABLE watches ADD COLUMN {column} TEXT NOT NULL DEFAULT '[]'")

    def add(
        self,
        question: str,
        every: str,
        index_path: Path,
        sinks: Sequence[str] = (),
        conditions: Sequence[str] = (),
    ) -> Watch:
        """Keep a question. It is answered for the first time by the next run."""
        if not question.strip():
            raise SettingsError("There is no question to watch.", 'Write: shoal watch add "..." --every week')
        if every not in _DAYS:
            raise SettingsError(f"{every!r} is no interval.", f"Intervals: {', '.join(_DAYS)}.")
        made = f"w-{secrets.token_hex(3)}"
        values = [
            made,
            typed(question),
            every,
            str(index_path),
            datetime.now(UTC).isoformat(timespec="seconds"),
            "",
            0,
            json.dumps(list(sinks)),
            json.dumps([str(parsed(condition)) for condition in conditions]),
        ]
        self._connection.execute(f"INSERT INTO watches ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        return self.find(made)

    def watches(self) -> list[Watch]:
        """Every watch, the oldest first."""
        rows = self._connection.execute(f"SELECT {_COLUMNS} FROM watches ORDER BY rowid").fetchall()
        return [
            replace(Watch(*row[:7]), sinks=tuple(json.loads(row[7])), conditions=tuple(json.loads(row[8])))
            for row in rows
        ]

    def find(self, name: str) -> Watch:
        """The watch of that id or beginning of an id. Raises SettingsError."""
        found = [watch for watch in self.watches() if name and watch.id.startswith(name)]
        if len(found) != 1:
            raise SettingsError(f"There is no watch {name!r}.", "List them: shoal watch list")
        return found[0]

    def remove(self, watch: Watch) -> None:
        for table in ("watches", "found"):
            self._connection.execute(f"DELETE FROM {table} WHERE id = ?", [watch.id])
        self._connection.execute("VACUUM")

    def found(self, watch: Watch) -> dict[str, dict[str, Any]]:
        """What was found last, by the call."""
        rows = self._connection.execute("SELECT key, finding FROM found WHERE id = ?", [watch.id])
        return {key: with_present_names(json.loads(finding)) for key, finding in rows}

    def keep(self, watch: Watch, found: dict[str, dict[str, Any]], now: datetime, snapshot: int) -> None:
        """Note an answer: when, on which snapshot, and what was found."""
        self._connection.execute("BEGIN IMMEDIATE")
        for key, finding in found.items():
            stored = json.dumps(finding, ensure_ascii=False)
            self._connection.execute("INSERT OR REPLACE INTO found VALUES (?, ?, ?)", [watch.id, key, stored])
        self._connection.execute(
            "UPDATE watches SET last = ?, snapshot = ? WHERE id = ?",
            [now.isoformat(timespec="seconds"), snapshot, watch.id],
        )
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()
