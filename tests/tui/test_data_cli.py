"""The commands that keep an index, as a person runs them."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from agent.wiring import App
from index.core.home import Home
from index.handle import open_writer
from tests.fakes.corpus import records, small
from tests.fakes.homes import copied
from tools.core.ledger_chain import Spending
from tui.cli.app import app

ENTRY = {
    "run": "r", "tool": "count_by", "scope": "all conversations", "arguments": "{}", "policy": "{}", "snapshot": 1,
    "asked": 1, "shown": 1, "withheld": 0, "smallest": 50, "to_model": 0, "bytes": 1, "digest": "d",
}  # fmt: skip


def shoal(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def index(own_home: Path) -> Path:
    """A copy of the small index, in this test's home."""
    copied(small().home.root, own_home)
    return own_home / "indexes" / "small"


def test_doctor_says_that_all_is_well_and_what_would_leave(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = shoal("doctor", "-i", "small")
    assert found.exit_code == 0
    for said in ("duckdb", "nothing: no model is configured", "only you can read", "vectors for", "published"):
        assert said in found.stdout
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret-canary")
    found = shoal("doctor", "-i", "small", "--json")
    checks = {check["what"]: check for check in json.loads(found.stdout)}
    assert "screened conversations at ingest" in checks["leaves the machine"]["seen"]
    assert "sk-secret-canary" not in found.output


def test_doctor_finds_what_is_wrong_and_says_what_to_do(index: Path) -> None:
    (index / "index.toml").chmod(0o644)
    shutil.rmtree(index / "vectors")
    (index / "snapshots" / "0001.duckdb").write_bytes(b"not a database")
    found = shoal("doctor", "-i", "small", "--json")
    assert found.exit_code == 3
    wrong = {check["what"]: check["next"] for check in json.loads(found.stdout) if check["state"] == "wrong"}
    assert set(wrong) == {"permissions", "vectors", "snapshot 1"}
    assert all(wrong.values())


def test_doctor_without_an_index_says_how_to_make_one(own_home: Path) -> None:
    found = shoal("doctor")
    assert found.exit_code == 3
    assert "shoal ingest FILE" in found.stdout


def test_snapshots_are_listed(index: Path) -> None:
    (only,) = json.loads(shoal("snapshots", "-i", "small", "--json").stdout)
    assert (only["number"], only["summaries"]) == (1, len(records()))
    shown = shoal("snapshots", "-i", "small", "--keep", "1")
    assert "0 snapshots removed" in shown.output
    assert f"{len(records()):,}" in shown.stdout


def test_forgetting_asks_first_and_says_what_went(index: Path) -> None:
    account = records()[0].account
    his = sum(record.account == account for record in records())
    refused = shoal("forget", "--account", account, "-i", "small")
    assert refused.exit_code == 1
    gone = json.loads(shoal("forget", "--account", account, "-i", "small", "--yes", "--json").stdout)
    assert (gone["summaries"], gone["accounts"], gone["snapshots"]) == (his, 1, 1)
    (left,) = json.loads(shoal("snapshots", "-i", "small", "--json").stdout)
    assert left["summaries"] == len(records()) - his


@pytest.mark.parametrize("arguments", [[], ["--account", "a", "--before", "2026-01-01"]])
def test_forgetting_needs_one_thing_to_forget(index: Path, arguments: list[str]) -> None:
    found = shoal("forget", *arguments, "-i", "small", "--yes")
    assert found.exit_code == 2
    assert "next:" in found.output


def test_the_audit_prints_the_share_of_each_privacy_score_at_each_stage(index: Path) -> None:
    found = json.loads(shoal("audit", "-i", "small", "--json").stdout)
    stages = {stage["stage"]: stage for stage in found["privacy"]}
    assert list(stages) == ["as read", "after screening", "summary", "cluster name"]
    assert all(99 <= sum(stage["shares"]) <= 101 for stage in stages.values())
    assert stages["summary"]["shares"][0] == 0
    assert "cluster name" in shoal("audit", "-i", "small").stdout


def test_the_audit_says_what_closed_counts_cost_and_what_is_left(index: Path) -> None:
    assert json.loads(shoal("audit", "-i", "small", "--json").stdout)["epsilon"] is None
    settings = index / "index.toml"
    text = settings.read_text("utf-8").replace("[policy]", "[policy]\nepsilon_per_release = 0.5\nepsilon_total = 4")
    settings.write_text(text, "utf-8")
    ledger = App.start("small").ledger()
    with ledger.exclusive():
        ledger.append(ENTRY, [], Spending(0.5, "question", "[1]"))
    ledger.close()
    assert json.loads(shoal("audit", "-i", "small", "--json").stdout)["epsilon"] == {"spent": 0.5, "total": 4}
    assert "ε 0.5 of 4 spent on closed counts, 3.5 left" in shoal("audit", "-i", "small").stdout


def test_a_model_option_without_a_model_is_refused(own_home: Path, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"messages": [{"role": "user", "content": "hello there"}]}\n', "utf-8")
    for option in (["--batch"], ["--max-cost", "1"], ["--dry-run"]):
        found = shoal("ingest", path, *option)
        assert found.exit_code == 2
        assert "model" in found.output
    assert not (own_home / "indexes").exists()


def test_a_dry_run_says_what_it_would_cost_and_sends_nothing(
    own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"messages": [{"role": "user", "content": "hello there"}]}\n' * 40, "utf-8")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    found = json.loads(shoal("ingest", path, "--dry-run", "--json").stdout)
    assert (found["conversations"], found["cost"]) == (40, None)
    assert "prices" in shoal("ingest", path, "--dry-run").stdout
    assert not (own_home / "indexes").exists()


def test_a_second_writer_gets_a_clear_message(index: Path, own_home: Path) -> None:
    import subprocess
    import sys

    writer = open_writer(index, Home(own_home))
    try:
        command = [sys.executable, "-c", "from tui.cli.app import main; main()", "publish", "-i", "small"]
        found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    finally:
        writer.close()
    assert found.returncode == 3
    assert "Another process is writing" in found.stderr


def test_erasing_an_account_that_is_not_there_is_no_success(index: Path) -> None:
    found = shoal("forget", "--account", "nobody-of-this-name", "-i", "small", "--yes")
    assert found.exit_code == 3
    assert "holds no conversation of that account" in found.output


def test_a_file_of_which_nothing_is_taken_is_no_success(own_home: Path, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"messages": []}\n{"messages": [{"role": "user", "content": ""}]}\n', "utf-8")
    found = shoal("ingest", path, "-i", "new", "--built-in")
    assert found.exit_code == 3
    assert "next:" in found.output


def test_an_export_that_cannot_be_written_is_an_error_with_a_next_step(index: Path) -> None:
    found = shoal("audit", "-i", "small", "--export", "/nowhere/at/all.csv")
    assert found.exit_code == 2
    assert "could not be written" in found.output


@pytest.mark.parametrize("arguments", [["chat"], ["demo"], ["demo", "--json"]])
def test_the_screen_without_a_terminal_ends_with_a_message(index: Path, arguments: list[str]) -> None:
    found = shoal(*arguments)
    assert found.exit_code == 2
    assert "next:" in found.output


def test_a_home_that_is_a_file_is_an_error_with_a_next_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("SHOAL_HOME", str(tmp_path / "file"))
    found = shoal("ask", "x")
    assert found.exit_code in (2, 3)
    assert "next:" in found.output


def test_the_audit_says_how_many_phrases_were_asked_near_this_month(index: Path) -> None:
    ledger = App.start("small").ledger()
    with ledger.exclusive():
        for phrase in ("bread", "Bread", "soup"):
            ledger.append({**ENTRY, "arguments": json.dumps({"scope": {"near": phrase}})}, [])
    ledger.close()
    found = json.loads(shoal("audit", "-i", "small", "--json").stdout)["phrases_this_month"]
    assert found == {"asked": 2, "total": 2_000}
    assert "2 of 2,000 distinct phrases" in shoal("audit", "-i", "small").stdout


def test_indexes_are_listed_with_what_can_be_asked_of_each(index: Path, own_home: Path) -> None:
    empty = own_home / "indexes" / "empty"
    empty.mkdir()
    (empty / "index.toml").write_text('id = "x"\n')
    found = json.loads(shoal("indexes", "--json").stdout)
    assert [item["name"] for item in found] == ["empty", "small"]
    assert found[1]["conversations"] % 10 == 0
    assert (found[0]["snapshot"], found[1]["snapshot"]) == (0, 1)
    lines = shoal("indexes").stdout.splitlines()
    assert "nothing is published yet" in lines[1]
    assert "small" in lines[2]


def test_themes_are_listed_searched_and_renamed(index: Path) -> None:
    found = json.loads(shoal("themes", "list", "-i", "small", "--json").stdout)
    theme = next(row for row in found["rows"] if row.get("parent"))
    listed = shoal("themes", "list", "-i", "small").stdout
    assert theme["label"] in listed
    assert theme["id"] in listed
    kept = shoal("themes", "rename", theme["id"], "Sending email", "-i", "small")
    assert kept.exit_code == 0
    searched = json.loads(shoal("themes", "list", "-i", "small", "-s", "email send", "--json").stdout)
    assert [row["label"] for row in searched["rows"]] == ["Sending email"]
    refused = shoal("themes", "rename", theme["id"], "Zorblax", "-i", "small")
    assert refused.exit_code == 2
    assert "next:" in refused.output
    assert shoal("themes", "rename", theme["id"], "-i", "small").exit_code == 2
    assert shoal("themes", "rename", theme["id"], "--reset", "-i", "small").exit_code == 0


def test_shoal_alone_in_a_pipe_says_what_to_use_and_ends(index: Path) -> None:
    found = shoal()
    assert found.exit_code == 2
    assert "shoal ask" in found.output
    assert "--plain" in found.output
