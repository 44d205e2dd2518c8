"""Sessions at rest (SQLite): their questions and events. Only what was released is in an event, so nothing more is here.

What is deleted is gone from every file of the folder, the graph's checkpoints and the search index included; the ledger
keeps that it was released, because it is append-only (R9).
"""

import fcntl
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, TextIO

from agent.storage.links import Link
from agent.storage.typed import typed
from index.core.database import opened
from index.core.errors import SettingsError
from index.core.home import private_folder
from tools.core.finding import with_present_names

CHECKPOINTS = "checkpoints.sqlite3"
RUNNING, INTERRUPTED = "running", "interrupted"
"""States of a run that is under way, and of one that was stopped, timed out or killed before its end."""
LAST = "last"
"""Names the session that was used last."""
_TITLE = 80
_TRIGRAM = 3

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    run TEXT PRIMARY KEY, session TEXT NOT NULL, index_path TEXT NOT NULL, question TEXT NOT NULL,
    started TEXT NOT NULL, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    run TEXT NOT NULL, seq INTEGER NOT NULL, event TEXT NOT NULL, PRIMARY KEY (run, seq));
CREATE TABLE IF NOT EXISTS titles (session TEXT PRIMARY KEY, title TEXT NOT NULL);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(session UNINDEXED, text, tokenize = 'trigram');
"""


@dataclass(frozen=True, slots=True)
class StoredRun:
    """One question of a session. `state` is its last RunEnded state, `RUNNING`, or `INTERRUPTED`."""

    run: str
    session: str
    index_path: str
    question: str
    started: str
    state: str


@dataclass(frozen=True, slots=True)
class StoredSession:
    """One session as a list shows it. `state` is that of its last run; times are ISO, UTC."""

    id: str
    title: str
    index: str
    began: str
    last: str
    questions: int
    state: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was typed, and the events that followed until something else was. `state` is that of its end."""

    run: str
    typed: str
    state: str
    events: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Released:
    """A finding of a session with the call that it answers."""

    session: str
    run: str
    specialist: str
    tool: str
    arguments: dict[str, Any]
    finding: dict[str, Any]


class SessionStore:
    """Writes events as they come; a crash loses at most the one being written."""

    def __init__(self, folder: Path) -> None:
        self.folder = private_folder(folder)
        path = self.folder / "sessions.sqlite3"
        self._connection = opened(path, "the sessions")
        self._connection.execute("PRAGMA secure_delete = ON")
        self._connection.executescript(_SCHEMA)
        self._alive: dict[str, TextIO] = {}
        """Lock files of the runs of this process. The system lets a lock go when its process ends, however it ends."""
        self._index_older()

    def _index_older(self) -> None:
        """Make sessions of a store that had no search findable."""
        self._connection.execute(
            "INSERT INTO words SELECT session, question FROM runs WHERE session NOT IN (SELECT session FROM words)"
        )

    def start(self, run: str, session: str, index_path: Path, question: str) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._connection.execute(
            "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, 'running')",
            [run, session, str(index_path), question, now],
        )
        self.begin(run)
        self._connection.execute("INSERT INTO words VALUES (?, ?)", [session, question])

    def note_reply(self, run: str, text: str) -> None:
        """Make what was answered to a run findable, as its question is."""
        self._connection.execute(
            "INSERT INTO words SELECT session, ? FROM runs WHERE run = ?",
            [text, run],
        )

    def begin(self, run: str) -> None:
        """Note that a run is under way in this process, from its start or once more."""
        if run not in self._alive:
            file = self._lock_file(run).open("w")
            fcntl.flock(file, fcntl.LOCK_EX)
            self._alive[run] = file
        self._set_state(run, RUNNING)

    def add(self, run: str, event: dict[str, Any]) -> None:
        """Keep an event; the last one of a run is its state."""
        self._connection.execute(
            "INSERT INTO events SELECT ?, coalesce(max(seq), 0) + 1, ? FROM events WHERE run = ?",
            [run, json.dumps(event, ensure_ascii=False), run],
        )
        if event["type"] == "run_ended":
            self.mark(run, event["state"])

    def mark(self, run: str, state: str) -> None:
        """Note how a run ended."""
        self._set_state(run, state)
        if (file := self._alive.pop(run, None)) is not None:
            file.close()
        self._lock_file(run).unlink(missing_ok=True)

    def _set_state(self, run: str, state: str) -> None:
        self._connection.execute("UPDATE runs SET state = ? WHERE run = ?", [state, run])

    def _lock_file(self, run: str) -> Path:
        if Path(run).name != run:
            raise ValueError("the id of a run is no path")
        return private_folder(self.folder / "running") / f"{run}.lock"

    def _is_alive(self, run: str) -> bool:
        """Whether some process still holds the run's lock."""
        try:
            with self._lock_file(run).open() as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            return False
        return False

    def holds(self, run: str) -> bool:
        """Whether there is a run of this id, in whatever session."""
        return self._connection.execute("SELECT 1 FROM runs WHERE run = ?", [run]).fetchone() is not None

    def runs(self, session: str | None = None) -> list[StoredRun]:
        """Runs, newest first. One whose process is gone is `INTERRUPTED`."""
        where, parameters = ("WHERE session = ?", [session]) if session is not None else ("", [])
        rows = self._connection.execute(
            f"SELECT run, session, index_path, question, started, state FROM runs {where} ORDER BY started DESC, rowid DESC",
            parameters,
        ).fetchall()
        return [
            StoredRun(run, session, index_path, question, started, self._state_now(run, state))
            for run, session, index_path, question, started, state in rows
        ]

    def _state_now(self, run: str, state: str) -> str:
        """The stored state, corrected where the run's process is gone; "stopped" is what an older Shoal wrote."""
        if state == "stopped" or (state == RUNNING and not self._is_alive(run)):
            self.mark(run, INTERRUPTED)
            return INTERRUPTED
        return state

    def events(self, run: str) -> Iterator[dict[str, Any]]:
        """The events of a run, in order."""
        for (stored,) in self._connection.execute("SELECT event FROM events WHERE run = ? ORDER BY seq", [run]):
            yield _with_present_names(json.loads(stored))

    def sessions(self, search: str = "") -> list[StoredSession]:
        """Sessions, the one used last first; with `search`, those whose title or questions hold every word of it."""
        kept = self._matching(search) if search.strip() else None
        titles = dict(self._connection.execute("SELECT session, title FROM titles").fetchall())
        found: dict[str, list[StoredRun]] = {}
        for run in self.runs():
            if kept is None or run.session in kept:
                found.setdefault(run.session, []).append(run)
        return [
            StoredSession(
                session,
                titles.get(session) or runs[-1].question[:_TITLE],
                Path(runs[0].index_path).name,
                runs[-1].started,
                runs[0].started,
                len(runs),
                runs[0].state,
            )
            for session, runs in found.items()
        ]

    def _matching(self, search: str) -> set[str]:
        """Sessions that have every word in any of their texts. Three letters and more are looked up, fewer (words
        of Chinese or Japanese may have two) are scanned for."""
        kept: set[str] | None = None
        for word in search.split():
            if len(word) >= _TRIGRAM:
                asked, condition = '"' + word.replace('"', '""') + '"', "words MATCH ?"
            else:
                asked, condition = word.casefold(), "instr(lower(text), ?) > 0"
            rows = self._connection.execute(f"SELECT session FROM words WHERE {condition}", [asked])
            with_word = {session for (session,) in rows}
            kept = with_word if kept is None else kept & with_word
        return kept or set()

    def find(self, name: str) -> str:
        """The id of a session named by its id, the beginning of it, the link to it or to a finding in it, or "last". Raises
        SettingsError."""
        name = Link.id_in(name, "session", "finding")
        known = [session.id for session in self.sessions()]
        found = known[:1] if name == LAST else [session for session in known if session.startswith(name)]
        if name in known:
            return name
        if len(found) == 1 and name:
            return found[0]
        problem = "There is no session" if not found else "There are several sessions whose id begins with"
        raise SettingsError(f"{problem} {name!r}.", "List them: shoal sessions")

    def rename(self, session: str, title: str) -> None:
        if not title.strip():
            raise SettingsError("A title needs at least one letter.", 'Write: shoal sessions rename ID "a title"')
        title = typed(title)
        self._connection.execute("INSERT OR REPLACE INTO titles VALUES (?, ?)", [session, title])
        self._connection.execute("INSERT INTO words VALUES (?, ?)", [session, title])

    def history(self, session: str) -> list[tuple[str, str, dict[str, Any]]]:
        """Run, question and answer (its event) of a session, oldest first; of a run that went on, the last answer."""
        found = []
        for run in reversed(self.runs(session)):
            answers = [event for event in self.events(run.run) if event["type"] == "answer_made"]
            if answers:
                found.append((run.run, run.question, answers[-1]))
        return found

    def leads(self, session: str) -> list[dict[str, Any]]:
        """The lead cards of a session's answers, oldest first."""
        answers = [answer for _, _, answer in self.history(session)]
        return [lead for answer in answers for lead in (answer.get("parts") or {}).get("leads", ())]

    def exchanges(self, session: str) -> list[Exchange]:
        """Everything that was typed in a session and what came of it, oldest first. A run that asked back, or showed its
        plan, is one exchange up to there and one for each reply."""
        return [
            exchange for run in reversed(self.runs(session)) for exchange in _split(run, list(self.events(run.run)))
        ]

    def released(self, session: str) -> list[Released]:
        """The findings of a session in the order of their release, each with its call."""
        found = []
        for run in reversed(self.runs(session)):
            calls: dict[str, dict[str, Any]] = {}
            who: dict[str, str] = {}
            for event in self.events(run.run):
                if event["type"] == "plan_made":
                    who |= {task["id"]: task["specialist"] for task in event["tasks"]}
                elif event["type"] == "tool_started":
                    calls[event["call"]] = event["arguments"]
                elif event["type"] == "tool_ended" and event["finding"] is not None:
                    arguments = calls.get(event["call"], {})
                    specialist = who.get(event["task"], "")
                    found.append(Released(session, run.run, specialist, event["tool"], arguments, event["finding"]))
        return found

    def next_handle(self, session: str) -> int:
        """The number of the next finding of a session."""
        return max((int(item.finding["id"][1:]) for item in self.released(session)), default=0) + 1

    def delete(self, session: str) -> None:
        """Take a session, its events, findings and checkpoints from every file of the folder."""
        runs = [(run.run,) for run in self.runs(session)]
        _forget_checkpoints(self.folder / CHECKPOINTS, runs)
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany("DELETE FROM events WHERE run = ?", runs)
        for table in ("runs", "titles", "words"):
            self._connection.execute(f"DELETE FROM {table} WHERE session = ?", [session])
        self._connection.execute("INSERT INTO words(words) VALUES ('rebuild')")
        self._connection.execute("COMMIT")
        self._connection.execute("VACUUM")

    def close(self) -> None:
        """Close the store; a run of this process that is still under way is interrupted."""
        for run in list(self._alive):
            self.mark(run, INTERRUPTED)
        self._connection.close()


def _with_present_names(event: dict[str, Any]) -> dict[str, Any]:
    """A stored event under the present names: `removed` has had another one (docs/decisions/0018)."""
    found = {"removed" if name == "struck" else name: value for name, value in event.items()}
    if found.get("finding") is not None:
        found["finding"] = with_present_names(found["finding"])
    return found


def _split(run: StoredRun, events: list[dict[str, Any]]) -> list[Exchange]:
    starts = [place for place, event in enumerate(events) if event["type"] == "run_started" and event.get("reply")]
    bounds = [0, *starts, len(events)]
    parts = [events[begin:end] for begin, end in pairwise(bounds)]
    words = [run.question, *(events[place]["reply"] for place in starts)]
    states = [_ended(part) for part in parts[:-1]] + [run.state]
    return [Exchange(run.run, *exchange) for exchange in zip(words, states, map(tuple, parts), strict=True)]


def _ended(events: list[dict[str, Any]]) -> str:
    return next((str(event["state"]) for event in reversed(events) if event["type"] == "run_ended"), INTERRUPTED)


def _forget_checkpoints(path: Path, runs: list[tuple[str]]) -> None:
    """Delete the checkpoints of runs, and write the file anew so that nothing of them is left in it or its log."""
    if not path.exists():
        return
    with closing(opened(path, "the sessions")) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table in ("checkpoints", "writes"):
            if table in tables:
                connection.executemany(f"DELETE FROM {table} WHERE thread_id = ?", runs)
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
