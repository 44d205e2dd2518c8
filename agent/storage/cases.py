"""Cases at rest (SQLite): findings, leads and notes of many sessions, asked again on a newer snapshot.

A case holds released findings with the calls that made them, lead cards as they were answered, and what analysts say of
both: states, links, notes. Asking again goes through the gate and the
ledger like any question; on the snapshot a finding already rests on, nothing is asked.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from agent.storage.changes import Change
from agent.storage.links import Link
from agent.storage.session_store import Released
from agent.storage.typed import typed
from index.core.database import opened
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
CREATE TABLE IF NOT EXISTS links (
    id TEXT NOT NULL, place INTEGER NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL, target TEXT NOT NULL, why TEXT NOT NULL,
    PRIMARY KEY (id, place, target));
"""

_LONGEST_TITLE = 200

State = Literal["new", "reviewed", "escalated", "resolved", "benign"]
STATES: tuple[State, ...] = get_args(State)


@dataclass(frozen=True, slots=True)
class Marked:
    """That somebody gave a finding a state."""

    at: str
    who: str
    state: State


@dataclass(frozen=True, slots=True)
class Linked:
    """That somebody linked an item to another one (`target`: its number) or to a theme (its id), and why."""

    at: str
    who: str
    target: str
    why: str


@dataclass(frozen=True, slots=True)
class Item:
    """A note (`text`), a lead (`text`: its card as JSON), or a finding with its call and every version of it, oldest
    first."""

    place: int
    kind: Literal["finding", "lead", "note"]
    text: str
    session: str
    specialist: str
    tool: str
    arguments: dict[str, Any]
    versions: tuple[dict[str, Any], ...]
    marks: tuple[Marked, ...] = ()
    """The states it was given, oldest first."""
    links: tuple[Linked, ...] = ()

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
        self._connection = opened(path, "the cases")
        self._connection.execute("PRAGMA secure_delete = ON")
        self._connection.executescript(_SCHEMA)

    def new(self, title: str, index_path: Path) -> str:
        """Make a case; returns its id. Raises SettingsError for a title that is none, too long, or another case's."""
        title = " ".join(title.split())
        if not title or len(title) > _LONGEST_TITLE:
            raise SettingsError(
                f"A case needs a title of at most {_LONGEST_TITLE} characters.", 'Write: shoal case new "a title"'
            )
        if held := [case.id for case in self.cases() if case.title == typed(title)]:
            raise SettingsError(f"The case {held[0]} has that title already.", "Give another title, or use that case.")
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
        links: dict[int, list[Linked]] = {}
        for place, *link in self._connection.execute(
            "SELECT place, at, who, target, why FROM links WHERE id = ? ORDER BY rowid", [case]
        ):
            links.setdefault(place, []).append(Linked(*link))
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
                tuple(links.get(place, ())),
            )
            for place, kind, text, session, who, tool, arguments in rows
        )

    def find(self, name: str) -> Case:
        """The case of that id, beginning of an id, or title. Raises SettingsError."""
        name, known = Link.id_in(name, "case"), self.cases()
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

    def add_leads(self, case: Case, session: str, leads: Sequence[dict[str, Any]]) -> int:
        """Put lead cards of a session into a case; the same card is there once. Returns how many are new."""
        known = {item.text for item in self._items(case.id) if item.kind == "lead"}
        cards = [json.dumps(lead, ensure_ascii=False, sort_keys=True) for lead in leads]
        fresh = [card for card in dict.fromkeys(cards) if card not in known]
        for card in fresh:
            self._place(case, "lead", card, session, "abuse", "", "{}")
        return len(fresh)

    def mark(self, case: Case, place: int, state: str, who: str) -> None:
        """Give a finding or a lead a state. Raises SettingsError for a place or a state that is none."""
        if state not in STATES:
            raise SettingsError(f"{state!r} is no state.", f"States: {', '.join(STATES)}.")
        _known(case, place)
        self._connection.execute(
            "INSERT INTO marks VALUES (?, ?, ?, ?, ?)", [case.id, place, _now(), typed(who), state]
        )

    def link(self, case: Case, place: int, target: str, why: str, who: str) -> None:
        """Link a finding or a lead to another of the case, by its number, or to a theme that one of its findings shows, by
        its id. Raises SettingsError where there is no such thing."""
        _known(case, place)
        if target.isdecimal():
            _known(case, int(target))
        elif target not in themes_of(case):
            shown = ", ".join(list(themes_of(case))[:12]) or "none"
            raise SettingsError(
                f"No finding of this case shows a theme {target!r}.", f"Themes in it: {shown}. Or give a number."
            )
        if target == str(place):
            raise SettingsError("A finding cannot be linked to itself.", "Give another number, or a theme's id.")
        self._connection.execute(
            "INSERT OR REPLACE INTO links VALUES (?, ?, ?, ?, ?, ?)",
            [case.id, place, _now(), typed(who), target, typed(why)],
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
        for table in ("cases", "items", "versions", "marks", "links"):
            self._connection.execute(f"DELETE FROM {table} WHERE id = ?", [case.id])
        self._connection.execute("VACUUM")

    def close(self) -> None:
        self._connection.close()


def themes_of(case: Case) -> dict[str, str]:
    """Names of the themes that the newest versions of a case's findings show, by id."""
    shown = [item.versions[-1] for item in case.items if item.kind == "finding"]
    return {row["id"]: row["label"] for finding in shown for row in finding["rows"] if "id" in row}


def _known(case: Case, place: int) -> None:
    places = [item.place for item in case.items if item.kind != "note"]
    if place not in places:
        known = ", ".join(map(str, places)) or "none"
        raise SettingsError(f"There is no finding or lead {place} in this case.", f"There are: {known}.")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
