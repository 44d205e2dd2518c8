"""One privacy history per index, whoever asks; a ledger that is not whole stops releases (R5, R9)."""

import asyncio
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from agent.services import doctor
from agent.services.oversight import audit
from agent.wiring import App
from index.core.home import Home
from index.maintenance.erasure import forget
from index.maintenance.health import Check
from tests.fakes.corpus import FakeEncoder, context, records, small, small_index
from tests.fakes.encoders import use_encoder
from tests.fakes.homes import copied, with_encoders
from tools.core.errors import LedgerFault
from tools.core.finding import Finding
from tools.core.ledger_chain import Spending
from tools.registry import call


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoders: Path) -> App:
    """The small index in a home of its own."""
    copied(small().home.root, with_encoders(tmp_path / "home", encoders))
    monkeypatch.setenv("SHOAL_HOME", str(tmp_path / "home"))
    use_encoder(monkeypatch, FakeEncoder())
    return App.start("small")


def asked(app: App, by: str = "language") -> Finding:
    ctx = app.tool_context(built_in=True)
    try:
        return asyncio.run(call("count_by", {"by": by}, ctx))
    finally:
        ctx.gate.ledger.close()


def named(app: App, analyst: str) -> App:
    return replace(app, settings=app.settings.with_values(analyst=analyst))


def test_another_name_has_the_same_history_and_is_in_the_record(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(named(app, "alice"))
    monkeypatch.setenv("LOGNAME", "mallory")
    asked(named(app, "bob"), "surface")
    found = audit(app)
    assert [entry.tool for entry in found.releases] == ["count_by", "count_by"]
    assert [entry.analyst.split()[-1] for entry in found.releases] == ["(bob)", "(alice)"]
    assert len({entry.analyst.split()[0] for entry in found.releases}) == 1
    assert found.broken is None


def test_noise_that_one_name_was_answered_with_is_spent_for_all(app: App) -> None:
    ledger = named(app, "alice").ledger()
    with ledger.exclusive():
        ledger.append(ENTRY, [], Spending(0.5, "question", "[1]"))
    ledger.close()
    other = named(app, "bob").ledger()
    assert other.spent() == 0.5
    assert other.answer("question") == [1]
    other.close()


ENTRY = {
    "run": "r-1", "tool": "count_by", "scope": "everything", "arguments": "{}", "policy": "", "snapshot": 1, "asked": 1,
    "shown": 1, "withheld": 0, "smallest": 15, "to_model": 0, "bytes": 10, "digest": "0",
}  # fmt: skip


def _files(app: App) -> list[Path]:
    return sorted((app.path / "ledger").glob("releases.*"))


def test_a_deleted_ledger_stops_releases_and_is_said(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(app)
    for file in _files(app):
        file.unlink()
    with pytest.raises(LedgerFault, match="deleted, replaced or rolled back"):
        asked(app)
    monkeypatch.setattr(doctor, "_weights", lambda _: Check("embedding model", "ok", "left out"))
    (line,) = [check for check in doctor.checks(app) if check.what == "ledger"]
    assert (line.state, "deleted" in line.seen) == ("wrong", True)
    assert audit(app).broken == 1


def test_a_deleted_folder_of_the_ledger_stops_releases(app: App) -> None:
    asked(app)
    shutil.rmtree(app.path / "ledger")
    with pytest.raises(LedgerFault):
        asked(app)


def test_a_rolled_back_ledger_stops_releases(app: App, tmp_path: Path) -> None:
    asked(app)
    shutil.copytree(app.path / "ledger", tmp_path / "backup")
    asked(app, "surface")
    shutil.rmtree(app.path / "ledger")
    shutil.copytree(tmp_path / "backup", app.path / "ledger")
    with pytest.raises(LedgerFault):
        asked(app, "surface")


def test_a_copy_of_the_index_in_the_same_home_cannot_begin_a_history_of_its_own(app: App) -> None:
    asked(app)
    shutil.copytree(app.path, app.path.with_name("copy"), ignore=shutil.ignore_patterns("ledger"))
    with pytest.raises(LedgerFault):
        asked(app.on_index(str(app.path.with_name("copy"))))


def test_two_processes_that_take_turns_are_no_fault(app: App) -> None:
    first, second = app.tool_context(built_in=True), app.tool_context(built_in=True)
    for ctx in (first, second, first, second):
        asyncio.run(call("count_by", {"by": "language"}, ctx))
    first.gate.ledger.close()
    second.gate.ledger.close()
    assert audit(app).broken is None


def test_older_ledgers_of_several_names_become_one_history(app: App) -> None:
    folder = app.path / "ledger"
    for name, by in (("alice", "language"), ("bob", "surface"), ("alice", "month")):
        ctx = context(small_index(), folder / f"{name}.sqlite3")
        asyncio.run(call("count_by", {"by": by}, ctx))
        ctx.gate.ledger.close()
    found = audit(app)
    asked_by = [(entry.analyst, json.loads(entry.arguments)["by"]) for entry in reversed(found.releases)]
    assert sorted(asked_by) == [("alice", "language"), ("alice", "month"), ("bob", "surface")]
    assert found.broken is None
    assert sorted(path.name for path in (folder / "joined").glob("*.sqlite3")) == ["alice.sqlite3", "bob.sqlite3"]
    asked(app)
    assert len(audit(app).releases) == 4


def test_the_home_keeps_the_end_and_not_the_index(app: App) -> None:
    asked(app)
    assert len(list(Home.from_environment().folder("anchors").glob("*.head"))) == 1
    assert not list((app.path / "ledger").glob("*.head"))


@pytest.mark.parametrize("place", [0, 400, -1])
def test_forgetting_the_first_a_middle_or_the_newest_account_changes_no_answer(app: App, place: int) -> None:
    before = asked(app)
    record = [record for record in records() if record.day is not None][place]
    gone = forget(app.path, app.home, lambda *_: None, account=record.account)
    assert gone.summaries
    after = asked(app)
    assert (after.rows, after.totals, after.suppressed) == (before.rows, before.totals, before.suppressed)
