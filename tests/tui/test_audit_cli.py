"""The audit, as an oversight team runs it: what it prints, and the file it hands over."""

import csv
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from agent.wiring import App
from tests.fakes.corpus import CANARY_PIECES, context, records, small, small_index
from tests.fakes.homes import copied
from tools.core.errors import ToolRefusal
from tools.registry import call
from tui.cli.app import app


def shoal(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
async def ledger(own_home: Path) -> Path:
    """The ledger of a copy of the small index, after two releases and a refusal between them."""
    copied(small().home.root, own_home)
    kept = App.start("small").ledger()
    kept.close()
    (path,) = (own_home / "indexes" / "small" / "ledger").glob("*.sqlite3")
    ctx = context(small_index(), path)
    await call("count_by", {"by": "language"}, ctx)
    with pytest.raises(ToolRefusal):
        await call("count_by", {"by": "language", "scope": {"language": "Klingon"}}, ctx)
    await call("trend", {"by": "month", "scope": {"language": "Spanish"}}, ctx)
    ctx.gate.ledger.close()
    return path


def edit(ledger: Path) -> None:
    """Somebody with the file lowers what a release says it suppressed."""
    connection = sqlite3.connect(ledger)
    connection.execute("DROP TRIGGER releases_stay")
    connection.execute("UPDATE releases SET shown = 99 WHERE seq = 2")
    connection.commit()
    connection.close()


def test_the_audit_as_json_holds_every_release_and_every_refusal_with_its_reason(ledger: Path) -> None:
    found = shoal("audit", "-i", "small", "--json")
    said = json.loads(found.stdout)
    assert found.exit_code == 0
    assert said["broken_at"] is None
    assert [(entry["seq"], entry["tool"]) for entry in said["releases"]] == [(3, "trend"), (1, "count_by")]
    assert [(entry["seq"], entry["tool"], entry["scope"]) for entry in said["refusals"]] == [
        (2, "count_by", "too few or too close")
    ]
    assert all(entry["smallest"] is None or entry["smallest"] >= 15 for entry in said["releases"])


def test_the_audit_in_words_names_the_refusal_and_says_that_the_chain_holds(ledger: Path) -> None:
    found = shoal("audit", "-i", "small")
    assert found.exit_code == 0
    for said in ("count_by", "trend", "too few or too close"):
        assert said in found.stdout


def test_an_export_as_json_holds_each_entry_with_its_policy_and_its_arguments_as_values(
    ledger: Path, tmp_path: Path
) -> None:
    path = tmp_path / "audit.json"
    assert shoal("audit", "-i", "small", "--export", path).exit_code == 0
    whole = json.loads(path.read_text("utf-8"))
    assert whole["broken_at"] is None
    assert [(entry["seq"], entry["kind"], entry["chain"]) for entry in whole["entries"]] == [
        (3, "release", "holds"), (2, "refusal", "holds"), (1, "release", "holds")
    ]  # fmt: skip
    newest = whole["entries"][0]
    assert newest["policy"]["min_accounts"] == 5
    assert newest["arguments"]["scope"] == {"language": "Spanish", "own": {}}


def test_an_export_as_csv_holds_the_same_entries_as_the_one_as_json(ledger: Path, tmp_path: Path) -> None:
    table, whole = tmp_path / "audit.csv", tmp_path / "audit.json"
    assert shoal("audit", "-i", "small", "--export", table).exit_code == 0
    assert shoal("audit", "-i", "small", "--export", whole).exit_code == 0
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    entries: list[dict[str, Any]] = json.loads(whole.read_text("utf-8"))["entries"]
    for row, entry in zip(rows, entries, strict=True):
        assert set(row) == set(entry)
        assert (row["seq"], row["kind"], row["digest"]) == (str(entry["seq"]), entry["kind"], entry["digest"])
        assert json.loads(row["arguments"]) == entry["arguments"]


@pytest.mark.parametrize("suffix", [".json", ".csv"])
def test_an_export_is_for_its_owner_alone_and_holds_no_set_no_account_and_no_text(
    ledger: Path, tmp_path: Path, suffix: str
) -> None:
    path = (tmp_path / "audit").with_suffix(suffix)
    assert shoal("audit", "-i", "small", "--export", path).exit_code == 0
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text("utf-8").casefold()
    assert "members" not in text
    forbidden = {*CANARY_PIECES, *(record.unique for record in records()), *(record.account for record in records())}
    assert not [word for word in forbidden if word in text]


@pytest.mark.parametrize("suffix", [".json", ".csv"])
def test_of_a_broken_chain_an_export_says_from_which_entry_on_nothing_is_verified(
    ledger: Path, tmp_path: Path, suffix: str
) -> None:
    edit(ledger)
    path = (tmp_path / "audit").with_suffix(suffix)
    found = shoal("audit", "-i", "small", "--export", path, "--json")
    assert found.exit_code == 6
    assert json.loads(found.stdout)["broken_at"] == 2
    with path.open(encoding="utf-8", newline="") as file:
        rows = json.load(file)["entries"] if suffix == ".json" else list(csv.DictReader(file))
    assert [(int(row["seq"]), row["chain"]) for row in rows] == [
        (3, "not verified"), (2, "not verified"), (1, "holds")
    ]  # fmt: skip


def test_an_export_never_writes_over_a_file_and_takes_no_other_form(ledger: Path, tmp_path: Path) -> None:
    there = tmp_path / "kept.json"
    there.write_text("kept", "utf-8")
    for path in (there, tmp_path / "audit.xlsx"):
        found = shoal("audit", "-i", "small", "--export", path)
        assert found.exit_code == 2
        assert "next:" in found.output
    assert there.read_text("utf-8") == "kept"
    assert not (tmp_path / "audit.xlsx").exists()


@pytest.mark.parametrize("suffix", [".json", ".csv"])
def test_an_export_of_an_empty_ledger_is_an_empty_list(own_home: Path, tmp_path: Path, suffix: str) -> None:
    copied(small().home.root, own_home)
    path = (tmp_path / "audit").with_suffix(suffix)
    assert shoal("audit", "-i", "small", "--export", path).exit_code == 0
    text = path.read_text("utf-8")
    assert (json.loads(text)["entries"] if suffix == ".json" else list(csv.DictReader(text.splitlines()))) == []
