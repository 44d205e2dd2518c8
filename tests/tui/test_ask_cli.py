"""`shoal ask`, `sessions`, `case` and `watch`, as a person or a cron job runs them."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from agent.core.events import load
from index.core.home import Home
from index.core.records import Conversation, Turn
from index.handle import open_writer
from tests.fakes.corpus import FIRST_DAY, FakeEncoder, publish_of, small, take
from tests.fakes.encoders import use_encoder
from tests.fakes.homes import copied
from tests.fakes.messages import Message, Stall, script, text
from tests.fakes.messages_server import MessagesServer
from tui.cli.app import app

LANGUAGES = "Which languages are used most?"


def shoal(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def home(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a copy of the small index, asked by default."""
    copied(small().home.root, own_home)
    (own_home / "settings.toml").write_text('index = "small"\n')
    use_encoder(monkeypatch, FakeEncoder())
    return own_home


def _grown(home: Path, conversations: Sequence[Conversation]) -> None:
    """A newer snapshot with these conversations too."""

    async def work() -> None:
        kept = Home(home)
        writer = open_writer(kept.index_path("small"), kept)
        try:
            await take(writer, conversations)
            await publish_of(writer)
        finally:
            writer.close()

    asyncio.run(work())


def _spanish(count: int) -> list[Conversation]:
    said = "necesito ayuda para escribir una carta de presentación muy larga y formal, caso {:b}"
    return [
        Conversation((Turn("user", said.format(place)),), f"new-{place % 60}", FIRST_DAY + timedelta(days=place % 90))
        for place in range(count)
    ]


def _releases() -> int:
    return len(json.loads(shoal("audit", "--json").stdout)["releases"])


def test_json_is_one_event_a_line_from_start_to_end(home: Path) -> None:
    found = shoal("ask", LANGUAGES, "--json")
    assert found.exit_code == 0
    events = [load(json.loads(line)) for line in found.stdout.splitlines()]
    assert (events[0].type, events[-1].type) == ("run_started", "run_ended")


def test_markdown_is_the_answer_with_its_findings(home: Path) -> None:
    found = shoal("ask", LANGUAGES, "--markdown")
    assert found.stdout.startswith(f"# {LANGUAGES}")
    assert "### F1" in found.stdout
    assert "| English |" in found.stdout
    assert "plan t1" in found.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["ask", LANGUAGES], 0),
        (["ask", "  "], 2),
        (["ask", LANGUAGES, "--json", "--markdown"], 2),
        (["ask", LANGUAGES, "--session", "s-none"], 2),
        (["ask", LANGUAGES, "-i", "nowhere"], 3),
        (["-i", "small", "ask", LANGUAGES], 2),
        (["--connect", "http://127.0.0.1:1", "ask", LANGUAGES], 2),
        (["ask", LANGUAGES, "--timeout", "0.1"], 5),
        (["ask", "blah fnord qwerty"], 7),
        (["sessions", "show", "s-none"], 2),
        (["case", "show", "none"], 2),
        (["watch", "add", "x", "--every", "hour"], 2),
    ],
)
def test_the_exit_code_says_who_should_act(
    home: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int
) -> None:
    if "--timeout" in arguments:
        from agent.roles.builtin.investigator import BuiltinInvestigator

        async def slow(*_: object) -> list[object]:
            await asyncio.sleep(30)
            return []

        monkeypatch.setattr(BuiltinInvestigator, "investigate", slow)
    assert shoal(*arguments).exit_code == code


def test_a_model_that_rejects_the_key_is_a_fault_of_the_model(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.fakes.messages import Error

    with MessagesServer(lambda body, number: Error(401, "authentication_error")) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        found = shoal("ask", LANGUAGES)
    assert found.exit_code == 4


def test_a_cost_cap_needs_prices_and_names_the_line_to_add(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "key")
    found = shoal("ask", LANGUAGES, "--max-cost", "1")
    assert found.exit_code == 2
    assert "[prices." in found.stderr


def test_a_cost_cap_that_is_spent_ends_with_what_there_is(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    priced = "".join(
        f'[prices."{name}"]\ninput = 5.0\noutput = 25.0\n' for name in ("claude-opus-5-5", "claude-sonnet-5-5")
    )
    (home / "settings.toml").write_text(f'index = "small"\n{priced}')
    plan: dict[str, object] = {
        "specialist": "usage",
        "focus": "top",
        "objective": "x",
        "scope": {},
        "facet": None,
        "disconfirmer": "",
    }
    planned = Message([text(json.dumps({"tasks": [plan], "assumptions": [], "clarification": None}))])
    with MessagesServer(script(planned)) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        found = shoal("ask", LANGUAGES, "--max-cost", "0.0001", "--json")
        asked = len(server.requests)
    events = [json.loads(line) for line in found.stdout.splitlines()]
    assert asked == 1
    assert found.exit_code == 5
    assert [event["type"] for event in events].count("answer_made") == 1


def test_a_follow_up_goes_on_in_its_session(home: Path) -> None:
    shoal("ask", LANGUAGES)
    found = shoal("ask", "How many conversations by surface?", "--session", "last", "--json")
    events = [json.loads(line) for line in found.stdout.splitlines()]
    assert next(event["finding"]["id"] for event in events if event["type"] == "tool_ended") == "F2"
    (session,) = json.loads(shoal("sessions", "list", "--json").stdout)
    assert session["questions"] == 2


def test_sessions_are_listed_found_shown_renamed_written_and_deleted(home: Path, tmp_path: Path) -> None:
    shoal("ask", LANGUAGES)
    (session,) = json.loads(shoal("sessions", "list", "--json", "--search", "languages").stdout)
    name = session["id"]
    assert json.loads(shoal("sessions", "list", "--json", "--search", "nothing").stdout) == []
    assert name in shoal("sessions").stdout
    assert "“English”" in shoal("sessions", "show", name).stdout
    assert json.loads(shoal("sessions", "show", name, "--json").stdout.splitlines()[0])["type"] == "run_started"
    assert "Desk" in shoal("sessions", "rename", name[:5], "Desk").stdout
    out = tmp_path / "out.html"
    assert shoal("sessions", "export", "last", "--format", "html", "--output", out).exit_code == 0
    assert out.read_text("utf-8").startswith("<!doctype html>")
    assert out.stat().st_mode & 0o777 == 0o600
    assert shoal("sessions", "export", "last", "--format", "csv").stdout.startswith("finding,title,scope")
    assert shoal("sessions", "export", "last", "--format", "pdf").exit_code == 2
    assert shoal("sessions", "delete", name).exit_code == 1
    assert json.loads(shoal("sessions", "delete", name, "--yes", "--json").stdout) == {"deleted": name}
    assert json.loads(shoal("sessions", "list", "--json").stdout) == []


def test_a_case_is_filled_asked_again_on_newer_data_and_says_what_changed(home: Path) -> None:
    shoal("ask", LANGUAGES)
    shoal("ask", "How many conversations by surface?", "-s", "last")
    made = json.loads(shoal("case", "new", "Spring", "--json").stdout)["id"]
    assert shoal("case", "add", "Spring", "last", "F9").exit_code == 2
    assert json.loads(shoal("case", "add", made, "last", "F1", "--json").stdout)["added"] == 1
    assert json.loads(shoal("case", "add", made, "last", "--json").stdout)["added"] == 1
    shoal("case", "note", made, "compare <b>later</b>")
    before = _releases()
    same = json.loads(shoal("case", "rerun", made, "--json").stdout)
    assert [item["changes"] for item in same] == [[], []]
    assert _releases() == before

    _grown(home, _spanish(200))
    found = json.loads(shoal("case", "rerun", made, "--json").stdout)
    assert _releases() == before + 2
    (spanish,) = [change for change in found[0]["changes"] if change["group"] == "Spanish"]
    assert (spanish["kind"], spanish["material"]) == ("share", True)
    shown = shoal("case", "show", made).stdout
    assert "Since snapshot 1: “Spanish”" in shown
    assert "<b>" not in shoal("case", "export", made, "--format", "html").stdout
    assert json.loads(shoal("case", "list", "--json").stdout)[0]["items"] == 3
    assert shoal("case", "delete", made, "--yes").exit_code == 0
    assert json.loads(shoal("case", "list", "--json").stdout) == []


def test_a_watch_is_quiet_until_something_changes_and_spends_nothing_meanwhile(home: Path) -> None:
    made = json.loads(shoal("watch", "add", LANGUAGES, "--every", "day", "--json").stdout)
    assert "first answer" in shoal("watch", "run").stdout
    assert shoal("watch", "run").stdout == ""
    before = _releases()
    (seen,) = [json.loads(line) for line in shoal("watch", "run", "--all", "--json").stdout.splitlines()]
    assert (seen["state"], _releases()) == ("no newer snapshot", before)

    _grown(home, _spanish(200))
    found = shoal("watch", "run", "--all", "--json")
    (seen,) = [json.loads(line) for line in found.stdout.splitlines()]
    assert (found.exit_code, seen["severity"], seen["snapshots"]) == (10, "notable", [1, 2])
    assert "Spanish" in {change["group"] for change in seen["changes"]}
    assert all(change["material"] for change in seen["changes"])
    assert "[F1]" in seen["answer"]
    assert shoal("watch", "remove", made["id"]).exit_code == 0
    assert json.loads(shoal("watch", "list", "--json").stdout) == []


def test_a_question_loads_no_more_than_the_leads_encoder(home: Path) -> None:
    (home / "settings.toml").write_text('index = "small"\nencoder = "fake"\n')
    heavy = ("torch", "chromadb", "sklearn", "hdbscan", "anthropic", "presidio_analyzer", "textual")
    code = (
        "import sys; from tui.cli.app import app;"
        f"app(['ask', {LANGUAGES!r}], standalone_mode=False);"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "[F1]" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_watch_over_an_index_that_is_gone_keeps_no_other_from_its_answer(home: Path) -> None:
    shutil.copytree(home / "indexes" / "small", home / "indexes" / "gone")
    shoal("watch", "add", LANGUAGES, "-i", "gone")
    shutil.rmtree(home / "indexes" / "gone")
    shoal("watch", "add", LANGUAGES)
    found = shoal("watch", "run", "--json")
    assert [json.loads(line)["state"] for line in found.stdout.splitlines()] == ["not answered", "first answer"]
    assert found.exit_code == 3
    assert "shoal ingest" in found.stderr


@pytest.mark.parametrize("command", [("watch", "add", LANGUAGES), ("case", "new", "a case")])
def test_nothing_is_kept_for_an_index_that_does_not_exist(home: Path, command: tuple[str, ...]) -> None:
    found = shoal(*command, "-i", "nowhere")
    assert (found.exit_code, found.stdout) == (3, "")
    assert "Indexes here: small; name one with --index." in found.stderr


_INTERRUPTIBLE = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from tui.cli.app import main; main()"
)
"""Because who runs tests in the background of a shell has ctrl+c ignored, and so have their children."""


def test_ctrl_c_ends_with_130_and_the_run_can_be_resumed(home: Path) -> None:
    (home / "settings.toml").write_text('index = "small"\nencoder = "fake"\n')
    with MessagesServer(script(Stall([text("I plan")], seconds=60))) as server:
        process = subprocess.Popen(
            [sys.executable, "-c", _INTERRUPTIBLE, "ask", LANGUAGES],
            env={**os.environ, "ANTHROPIC_BASE_URL": server.url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            deadline = time.monotonic() + 60
            while not server.requests and time.monotonic() < deadline:
                time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
            assert server.wait_closed_early()
        finally:
            process.kill()
            process.communicate()
    assert process.returncode == 130
    assert "Stopped" in said
    (session,) = json.loads(shoal("sessions", "list", "--json").stdout)
    assert session["state"] == "interrupted"
    resumed = shoal("sessions", "resume", "last", "--built-in")
    assert resumed.exit_code == 0
    assert "[F1]" in resumed.stdout


def _day(folder: Path, name: str, accounts: int) -> Path:
    """A file of a day, by accounts that are new."""
    rows = [
        {"messages": [{"role": "user", "content": f"sort a list of {word} in python"}], "user_id": f"{name}-{number}"}
        for number, word in zip(range(accounts), "numbers words dates names paths keys".split() * 4, strict=False)
    ]
    path = folder / f"{name}.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return path


def test_a_refresh_takes_what_is_new_publishes_and_answers_what_is_due(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    assert shoal("watch", "add", LANGUAGES, "--every", "day").exit_code == 0
    _day(folder, "monday", 12)
    found = shoal("refresh", folder, "--built-in")
    assert (found.exit_code, len(found.stdout.splitlines())) == (0, 1)
    for said in ("12 taken", "snapshot 2", "1 of 1 due watches answered"):
        assert said in found.stdout
    again = json.loads(shoal("refresh", folder, "--built-in", "--json").stdout)
    assert again["taken"]["taken"] == 0
    assert again["published"]["snapshot"] is None
    assert again["watches"] == [], "answered today"


def test_a_refresh_without_files_publishes_what_is_stored(home: Path) -> None:
    found = shoal("refresh", "--built-in")
    assert found.exit_code == 0
    assert "no snapshot (no account is new" in found.stdout


def test_a_refresh_of_which_nothing_can_be_read_is_no_success(home: Path, tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"messages": []}\n{"messages": [{"role": "user", "content": ""}]}\n', "utf-8")
    found = shoal("refresh", tmp_path / "log.jsonl", "--built-in", "--no-accounts")
    assert found.exit_code == 3
    assert "next:" in found.output


def test_a_broken_file_beside_known_ones_is_named_and_fails_no_quiet_day(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    _day(folder, "monday", 12)
    _day(folder, "tuesday", 12)
    (folder / "zz.bin").write_bytes(bytes(range(256)))
    first, second = (shoal("refresh", folder, "--built-in") for _ in range(2))
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "24 taken" in first.stdout
    assert "24 known" in second.stdout
    for found in (first, second):
        assert "1 file not read (first: zz.bin)" in found.stdout


def test_a_named_file_that_is_not_there_is_said(home: Path, tmp_path: Path) -> None:
    there = _day(tmp_path, "monday", 12)
    found = shoal("refresh", there, tmp_path / "nosuch.jsonl", "--built-in")
    assert found.exit_code == 3
    assert "There is no file" in found.output


@pytest.mark.parametrize("command", [["ask", LANGUAGES], ["chat", "--plain"]])
def test_a_gate_elsewhere_and_an_index_here_exclude_each_other(command: list[str]) -> None:
    result = CliRunner().invoke(app, [*command, "--connect", "http://127.0.0.1:1", "--index", "small"])
    assert result.exit_code == 2
    assert "exclude each other" in result.stderr
