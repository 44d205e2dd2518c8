"""Cases at rest (SQLite): findings and notes of many sessions, asked again on a newer snapshot.

A case holds released findings and the calls that made them, nothing more. Asking again goes through the gate and the
ledger like any question; on the snapshot a finding already rests on, nothing is asked.
"""

import json
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from agent.storage.changes import Change, changes
from agent.storage.export import Document, Part
from agent.storage.session_store import Released
from agent.storage.typed import typed
from index.core.errors import SettingsError
from index.core.home import private_folder
from tools.core.finding import with_present_names

_SCHEMA = """
CREATE TABLE IF NOT EXISTS cases (id TEXT PRIMARY KEY, title TEXT NOT NULL, index_path TEXT NOT NULL, made TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS items (
    id TEXT NOT NULL, place INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL, session TEXT NOT NULL,
    specialist TEXT NOT NULL, tool TEXT NOT NULL, arguments TEXT NOT NULL, PRIMARY KEY (id, place));
CREATE TABLE IF NOT EXISTS versions (
    id TEXT NOT NULL, place INTEGER NOT NULL, at TEXT NOT NULL, finding TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS marks (
    id TEXT NOT NULL, place INTEGER NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL, state TEXT NOT NULL);
"""

State = Literal["new", "reviewed", "escalated", "resolved", "benign"]
STATES: tuple[State, ...] = get_args(State)


@dataclass(frozen=True, slots=True)
class Marked:
    """That somebody gave a finding a state."""

    at: str
    who: str
    state: State


@dataclass(frozen=True, slots=True)
class Item:
    """A note (`text`), or a finding with its call and every version of it, oldest first."""

    place: int
    kind: Literal["finding", "note"]
    text: str
    session: str
    specialist: str
    tool: str
    arguments: dict[str, Any]
    versions: tuple[dict[str, Any], ...]
    marks: tuple[Marked, ...] = ()
    """The states it was given, oldest first."""

    @property
    def state(self) -> State:
        return self.marks[-1].state if self.marks else "new"


@dataclass(frozen=True, slots=True)
class Case:
    id: str
    title: str
    index_path: str
    made: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What asking an item again came to. `refusal`: why there is no newer version. `snapshots`: before and after; the
    same where nothing was asked."""

    place: int
    title: str
    snapshots: tuple[int, int]
    changes: tuple[Change, ...] = ()
    refusal: str = ""


class CaseStore:
    """Opens, fills and reads cases."""

    def __init__(self, folder: Path) -> None:
        path = private_folder(folder) / "cases.sqlite3"
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=10)
        path.chmod(0o600)
        self._connection.execute("PRAGMA secure_delete = ON")
        self._connection.executescript(_SCHEMA)

    def new(self, title: str, index_path: Path) -> str:
        """Make a case; returns its id."""
        if not title.strip():
            raise SettingsError("A case needs a title.", 'Write: shoal case new "a title"')
        made = f"c-{secrets.token_hex(3)}"
        self._connection.execute("INSERT INTO cases VALUES (?, ?, ?, ?)", [made, typed(title), str(index_path), _now()])
        return made

    def cases(self) -> list[Case]:
        """Every case, the newest first."""
        rows = self._connection.execute("SELECT id, title, index_path, made FROM cases ORDER BY rowid DESC").fetchall()
        return [Case(case, title, path, made, self._items(case)) for case, title, path, made in rows]

    def _items(self, case: str) -> tuple[Item, ...]:
        versions: dict[int, list[dict[str, Any]]] = {}
        for place, stored in self._connection.execute(
            "SELECT place, finding FROM versions WHERE id = ? ORDER BY rowid", [case]
        ):
            versions.setdefault(place, []).append(with_present_names(json.loads(stored)))
        marks: dict[int, list[Marked]] = {}
        for place, *mark in self._connection.execute(
            "SELECT place, at, who, state FROM marks WHERE id = ? ORDER BY rowid", [case]
        ):
            marks.setdefault(place, []).append(Marked(*mark))
        rows = self._connection.execute(
            "SELECT place, kind, text, session, specialist, tool, arguments FROM items WHERE id = ? ORDER BY place",
            [case],
        ).fetchall()
        return tuple(
            Item(
                place,
                kind,
                text,
                session,
                who,
                tool,
                json.loads(arguments),
                tuple(versions.get(place, ())),
                tuple(marks.get(place, ())),
            )
            for place, kind, text, session, who, tool, arguments in rows
        )

    def find(self, name: str) -> Case:
        """The case of that id, beginning of an id, or title. Raises SettingsError."""
        name, known = name.removeprefix("shoal:case/"), self.cases()
        found = [case for case in known if name in (case.id, case.title)] or [
            case for case in known if name and case.id.startswith(name)
        ]
        if len(found) != 1:
            problem = "There is no case" if not found else "There are several cases"
            raise SettingsError(f"{problem} {name!r}.", "List them: shoal case list")
        return found[0]

    def add(self, case: Case, released: Sequence[Released]) -> int:
        """Put findings into a case; the same finding is there once. Returns how many are new."""
        known = {version["digest"] for item in self._items(case.id) for version in item.versions}
        fresh = [item for item in released if item.finding["digest"] not in known]
        for item in fresh:
            place = self._place(
                case, "finding", "", item.session, item.specialist, item.tool, json.dumps(item.arguments)
            )
            self._version(case.id, place, item.finding)
        return len(fresh)

    def mark(self, case: Case, place: int, state: str, who: str) -> None:
        """Give a finding a state. Raises SettingsError for a place or a state that is none."""
        if state not in STATES:
            raise SettingsError(f"{state!r} is no state.", f"States: {', '.join(STATES)}.")
        places = [item.place for item in case.items if item.kind == "finding"]
        if place not in places:
            known = ", ".join(map(str, places)) or "none"
            raise SettingsError(f"There is no finding {place} in this case.", f"Findings: {known}.")
        self._connection.execute(
            "INSERT INTO marks VALUES (?, ?, ?, ?, ?)", [case.id, place, _now(), typed(who), state]
        )

    def note(self, case: Case, text: str) -> None:
        if not text.strip():
            raise SettingsError("A note needs text.", 'Write: shoal case note CASE "..."')
        self._place(case, "note", typed(text), "", "", "", "{}")

    def _place(self, case: Case, *values: str) -> int:
        (place,) = self._connection.execute(
            "SELECT coalesce(max(place), 0) + 1 FROM items WHERE id = ?", [case.id]
        ).fetchone()
        self._connection.execute("INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [case.id, place, *values])
        return int(place)

    def _version(self, case: str, place: int, finding: dict[str, Any]) -> None:
        stored = json.dumps(finding, ensure_ascii=False)
        self._connection.execute("INSERT INTO versions VALUES (?, ?, ?, ?)", [case, place, _now(), stored])

    def add_version(self, case: Case, item: Item, finding: dict[str, Any]) -> None:
        """Keep a finding as the newest version of an item."""
        self._version(case.id, item.place, finding)

    def delete(self, case: Case) -> None:
        for table in ("cases", "items", "versions", "marks"):
            self._connection.execute(f"DELETE FROM {table} WHERE id = ?", [case.id])
        self._connection.execute("VACUUM")

    def close(self) -> None:
        self._connection.close()


def case_document(case: Case) -> Document:
    """A case as a document: a summary and what happened when, its notes, and each finding's newest version with its state and
    what changed since the one before."""
    parts = [_summary(case)] if case.items else []
    for item in case.items:
        if item.kind == "note":
            parts.append(Part("Note", notes=(item.text,)))
            continue
        newest = item.versions[-1]
        reported: tuple[str, ...] = ()
        if len(item.versions) > 1:
            found = changes(item.versions[-2], newest)
            since = f"Since snapshot {item.versions[-2]['snapshot']}: "
            reported = tuple(since + change.in_words() for change in found) or (since + "nothing beyond rounding.",)
        parts.append(Part(f"{item.place}. {newest['title']}", _origin(item), "", (), reported, (newest,)))
    return Document(case.title, f"Case {case.id}, begun {case.made[:10]}", tuple(parts))


def _summary(case: Case) -> Part:
    """What stands where, in a sentence, and the timeline."""
    findings = [item for item in case.items if item.kind == "finding"]
    counts = [(sum(item.state == state for item in findings), state) for state in STATES]
    stands = ", ".join(f"{count} {state}" for count, state in counts if count)
    notes = len(case.items) - len(findings)
    answer = f"Findings: {len(findings)} ({stands or 'none'}). Notes: {notes}. Begun {case.made[:10]}."
    events = [(case.made, "the case was begun")]
    for item in findings:
        events += [(mark.at, f"finding {item.place} was marked {mark.state} by {mark.who}") for mark in item.marks]
    timeline = tuple(f"{at[:16].replace('T', ' ')}: {what}" for at, what in sorted(events, key=lambda event: event[0]))
    return Part("Summary", "", answer, notes=timeline)


def _origin(item: Item) -> str:
    return f"{item.state} · from session {item.session}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
