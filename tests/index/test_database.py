"""Faults of SQLite files are said in words, with a next step."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agent.alerts.outbox import Outbox
from agent.gateway.tokens import TokenStore
from agent.storage.cases import CaseStore
from agent.storage.session_store import SessionStore
from agent.storage.watches import WatchStore
from index.core import database
from index.core.database import opened
from index.core.errors import IndexFault
from tools.core.ledger import Ledger

STORES = [
    (CaseStore, "cases.sqlite3", ""), (WatchStore, "watches.sqlite3", ""), (Outbox, "outbox.sqlite3", ""),
    (SessionStore, "sessions.sqlite3", ""), (TokenStore, "tokens.sqlite3", "tokens.sqlite3"), (Ledger, "l.sqlite3", "l.sqlite3"),
]  # fmt: skip


@pytest.mark.parametrize(("store", "name", "takes"), STORES)
def test_a_file_that_another_process_holds_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: type, name: str, takes: str
) -> None:
    monkeypatch.setattr(database, "_WAIT_S", 0.05)
    store(tmp_path / takes).close()
    with closing(sqlite3.connect(tmp_path / name, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(IndexFault, match="Another process is writing") as fault:
            store(tmp_path / takes)
        assert "try again" in fault.value.hint
    store(tmp_path / takes).close()


@pytest.mark.parametrize(("store", "name", "takes"), STORES)
def test_a_file_that_is_no_database_is_said(tmp_path: Path, store: type, name: str, takes: str) -> None:
    (tmp_path / name).write_bytes(b"not a database at all, but long enough to be looked at" * 40)
    with pytest.raises(IndexFault, match="is damaged"):
        store(tmp_path / takes)


def test_a_full_disk_is_said_and_nothing_is_half_written(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "x.sqlite3", "the cases")) as made:
        made.execute("CREATE TABLE t (x TEXT)")
        made.execute("PRAGMA max_page_count = 3")
        with pytest.raises(IndexFault, match="The disk is full; nothing was written to the cases"):
            made.executemany("INSERT INTO t VALUES (?)", [("a" * 20_000,)])
        assert made.execute("SELECT count(*) FROM t").fetchone() == (0,)
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            made.execute("SELECT * FROM missing")  # a mistake of ours is no fault of the file


def test_a_folder_in_the_place_of_the_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite3").mkdir()
    with pytest.raises(IndexFault, match="cannot be opened"):
        opened(tmp_path / "x.sqlite3", "the cases")
