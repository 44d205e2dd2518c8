"""From finding to action on the command line: questions from a file, one finding, states of a case, reports, and sinks."""

import json
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from index.core.records import Conversation, Turn
from tests.alerts.test_delivery import Listener
from tests.fakes.corpus import FIRST_DAY
from tests.tui.test_ask_cli import LANGUAGES, _grown, _spanish, home, shoal

__all__ = ["home"]


def questions(folder: Path, *asked: tuple[str, str]) -> Path:
    file = folder / "questions.toml"
    file.write_text("".join(f"[[question]]\nid = {name!r}\nask = {text!r}\n" for name, text in asked))
    return file


def test_a_file_of_questions_is_asked_with_one_answer_a_line_and_an_exit_code(home: Path, tmp_path: Path) -> None:
    file = questions(tmp_path, ("a", LANGUAGES), ("b", "How many conversations by surface?"))
    dry = shoal("ask", "--file", file, "--dry-run", "--json")
    assert json.loads(dry.stdout) == {"questions": ["a", "b"], "at_most_dollars": 0.0}
    assert json.loads(shoal("sessions", "list", "--json").stdout) == []
    found = shoal("ask", "--file", file, "--json")
    answers = [json.loads(line) for line in found.stdout.splitlines()]
    assert found.exit_code == 0
    assert [(one["id"], one["state"], one["cost"]) for one in answers] == [("a", "done", 0.0), ("b", "done", 0.0)]
    assert "“English”" in answers[0]["answer"]
    assert answers[0]["findings"][0]["title"] == "Conversations by language"


def test_a_question_that_waits_for_an_answer_does_not_end_the_file_and_is_in_the_exit_code(
    home: Path, tmp_path: Path
) -> None:
    file = questions(tmp_path, ("a", "blorp fnord zzz"), ("b", LANGUAGES))
    found = shoal("ask", "--file", file, "--json")
    answers = [json.loads(line) for line in found.stdout.splitlines()]
    assert [one["state"] for one in answers] == ["waiting", "done"]
    assert found.exit_code == 7


@pytest.mark.parametrize(
    "text",
    ["", "[[question]]\nid = 'a'\n", "question = 3", "[[question]]\nid='a'\nask='x'\n[[question]]\nid='a'\nask='y'\n"],
)
def test_a_file_that_cannot_be_asked_is_refused_before_anything_is(home: Path, tmp_path: Path, text: str) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(text)
    found = shoal("ask", "--file", file)
    assert (found.exit_code, found.stdout) == (2, "")
    assert shoal("ask", "--file", tmp_path / "none.toml").exit_code == 2
    assert shoal("ask", LANGUAGES, "--file", file).exit_code == 2
    assert shoal("ask").exit_code == 2


def test_one_finding_of_an_answer_is_printed_in_a_form(home: Path, tmp_path: Path) -> None:
    assert shoal("ask", LANGUAGES, "-F", "F1").stdout.startswith("finding,title,scope")
    out = tmp_path / "f1.parquet"
    assert shoal("ask", LANGUAGES, "-F", "F1", "--format", "parquet", "-o", out).exit_code == 0
    with duckdb.connect() as connection:
        rows = connection.execute("SELECT DISTINCT facet FROM read_parquet(?)", [str(out)]).fetchall()
    assert rows == [("language",)]
    assert shoal("ask", LANGUAGES, "-F", "F7").exit_code == 2
    assert shoal("ask", LANGUAGES, "-F", "F1", "--format", "parquet").exit_code == 2
    assert not list(tmp_path.glob(".*.partial"))


def test_a_finding_of_a_case_has_a_state_and_the_case_a_timeline(home: Path) -> None:
    shoal("ask", LANGUAGES)
    made = json.loads(shoal("case", "new", "Ring", "--json").stdout)["id"]
    shoal("case", "add", made, "last")
    assert json.loads(shoal("case", "mark", made, 1, "escalated", "--json").stdout)["state"] == "escalated"
    shoal("case", "mark", made, 1, "benign")
    assert shoal("case", "mark", made, 1, "sold").exit_code == 2
    assert shoal("case", "mark", made, 9, "benign").exit_code == 2
    shown = shoal("case", "show", made).stdout
    assert "Findings: 1. Leads: 0. Notes: 0. States: 1 benign." in shown
    assert shown.index("marked escalated by") < shown.index("marked benign by")
    assert shoal("case", "show", f"shoal:case/{made}").stdout == shown
    assert shoal("case", "delete", made, "--yes").exit_code == 0


def test_the_taxonomy_and_a_report_are_written_with_their_charts(home: Path, tmp_path: Path) -> None:
    assert shoal("themes", "export").stdout.startswith("date_start,date_end,facet")
    out = tmp_path / "week.html"
    assert shoal("report", "--weekly", "-o", out).exit_code == 0
    page = out.read_text("utf-8")
    assert "Weekly report on small" in page
    assert "What is new since" in page
    assert "<svg" in page
    assert shoal("report", "--format", "pdf").exit_code == 2


def test_a_watch_tells_its_sink_through_a_failure_and_no_change_is_lost(home: Path) -> None:
    listener = Listener(503)
    (home / "settings.toml").write_text(
        f'index = "small"\n[sinks.team]\nkind = "webhook"\nurl = "{listener.url}"\ngather_minutes = 0\n'
    )
    assert shoal("watch", "add", LANGUAGES, "--to", "nobody").exit_code == 2
    made = json.loads(shoal("watch", "add", LANGUAGES, "--to", "team", "--json").stdout)
    shoal("watch", "run")
    assert listener.got == []  # a first answer is no change
    _grown(home, _spanish(200))
    failed = shoal("watch", "run", "--all")
    assert failed.exit_code == 10
    assert "team: 1 messages, failed: it answered with status 503" in failed.stderr
    assert "team: 1 messages, waits" in shoal("watch", "deliver").stderr
    assert "test" in shoal("watch", "test", "team").stdout
    sent = json.loads(listener.got[-1][1])["messages"]
    assert [one["watch"] for one in sent] == ["test"]
    (message,) = json.loads(listener.got[0][1])["messages"]
    assert message["watch"] == made["id"]
    assert any("Spanish" in change for change in message["changes"])
    assert LANGUAGES not in listener.got[0][1].decode()
    assert "“Spanish”" in shoal("sessions", "show", message["link"]).stdout
    listener.close()
    assert shoal("watch", "test", "team").exit_code == 2


def test_a_watch_with_conditions_is_silent_first_and_removing_it_takes_its_messages(home: Path) -> None:
    (home / "settings.toml").write_text(
        'index = "small"\n[sinks.team]\nkind = "webhook"\nurl = "http://127.0.0.1:9"\nsecret_env = "NOT_SET_HERE"\n'
    )
    assert shoal("watch", "add", LANGUAGES, "--if", "rumour").exit_code == 2
    made = json.loads(
        shoal("watch", "add", LANGUAGES, "--to", "team", "--if", "count>200", "--if", "growth>20", "--json").stdout
    )
    assert made["conditions"] == ["count>200", "growth>20"]
    first = shoal("watch", "run", "--json")
    assert (first.exit_code, json.loads(first.stdout)["changes"]) == (0, [])
    _grown(home, _spanish(200))
    second = shoal("watch", "run", "--all", "--json")
    kinds = {change["kind"] for change in json.loads(second.stdout)["changes"]}
    assert kinds == {"count over", "growth"}
    assert "NOT_SET_HERE is not set" in second.stderr  # a sink that cannot be reached stops no other
    assert shoal("watch", "remove", made["id"]).exit_code == 0
    assert b"Spanish" not in (home / "watches" / "outbox.sqlite3").read_bytes()
    assert shoal("watch", "deliver").stderr == ""


@pytest.mark.parametrize(("first_day", "is_news"), [(175, True), (1, False)])
def test_a_theme_of_older_conversations_under_a_new_name_is_no_new_theme(
    home: Path, first_day: int, is_news: bool
) -> None:
    """Themes are made anew when something is added: what is news is a theme of new conversations."""
    shoal("watch", "add", "What are the largest themes?", "--if", "new-theme")
    shoal("watch", "run")
    text = "Keep the beehive varroa honeycomb queen healthy in week {}"
    bees = [
        Conversation(
            (Turn("user", text.format(place)),),
            f"keeper-{place % 60}",
            FIRST_DAY + timedelta(days=first_day + place % 5),
            language="English",
            surface="web",
        )
        for place in range(180)
    ]
    _grown(home, bees)
    seen = json.loads(shoal("watch", "run", "--all", "--json").stdout)
    assert bool(seen["changes"]) == is_news
    assert {change["kind"] for change in seen["changes"]} <= {"new theme"}
    assert is_news or seen["regrouped"] > 0
