"""Facets before they are used: written, checked, and tried on a sample."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.services.facet_files import add, check
from index.core.errors import SettingsError
from index.core.facets import load_facets
from tests.fakes.messages import Message, text
from tests.fakes.messages_server import MessagesServer
from tests.tui.test_ask_cli import home, shoal

__all__ = ["home"]


def log(folder: Path, many: int, accounts: int) -> Path:
    file = folder / "log.jsonl"
    lines = [
        {"messages": [{"role": "user", "content": "this is annoying, fix my code" if place % 2 else "thanks for the recipe"}],
         "account": f"a{place % accounts}"}
        for place in range(many)
    ]  # fmt: skip
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return file


def made(folder: Path) -> Path:
    file = folder / "facets.toml"
    words = {"annoyed": ["annoying"], "pleased": ["thanks"], "sad": ["sigh"]}
    add(file, "mood", "How does the user sound?", "closed", ["annoyed", "pleased", "sad"], words)
    return file


def test_a_facet_is_written_checked_and_added_to(tmp_path: Path) -> None:
    file = made(tmp_path)
    add(file, "goal", "What is it for?", "text", [], {})
    mood, goal = check(file)
    assert (mood.kind, mood.values, mood.remarks) == ("closed", ("annoyed", "pleased", "sad"), ())
    assert "only a model" in goal.remarks[0]


@given(
    st.text(min_size=1, max_size=40).filter(str.strip),
    st.lists(st.text(min_size=1, max_size=20), min_size=2, max_size=5, unique=True),
)
def test_whatever_a_facet_is_called_its_file_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, question: str, values: list[str]
) -> None:
    file = tmp_path_factory.mktemp("facets") / "facets.toml"
    add(file, "mood", question, "closed", values, {values[0]: ["word"]})
    (spec,) = load_facets(file)
    assert (spec.question, spec.values) == (question.strip(), tuple(values))


@pytest.mark.parametrize(
    ("name", "kind", "values", "words"),
    [
        ("Mood", "closed", ["a", "b"], {}), ("language", "closed", ["a", "b"], {}), ("goal", "closed", ["a"], {}),
        ("goal", "ordinal", [], {}), ("goal", "closed", ["a", "b"], {"c": ["x"]}), ("mood", "closed", ["a", "b"], {}),
    ],
)  # fmt: skip
def test_nothing_is_written_where_the_file_would_not_be_right(
    tmp_path: Path, name: str, kind: str, values: list[str], words: dict[str, Any]
) -> None:
    file = made(tmp_path)
    before = file.read_text()
    with pytest.raises(SettingsError) as error:
        add(file, name, "How?", kind, values, words)
    assert ".partial" not in error.value.message
    assert file.read_text() == before
    assert [path.name for path in tmp_path.iterdir()] == ["facets.toml"]


def test_a_facet_that_the_index_has_may_not_change(tmp_path: Path) -> None:
    file = made(tmp_path)
    known = load_facets(file)
    assert check(file, known)[0].remarks == ("the index has it already",)
    file.write_text(file.read_text().replace('"sad"]', '"sad", "calm"]'))
    with pytest.raises(SettingsError, match="changes or leaves out the facet 'mood'"):
        check(file, known)


def test_a_preview_shows_values_of_enough_and_stores_nothing(home: Path, tmp_path: Path) -> None:
    def files() -> set[Path]:
        return {path for path in home.rglob("*") if path.is_file() and "encoders" not in path.parts}

    before = files()
    found = shoal("facets", "preview", made(tmp_path), log(tmp_path, 200, 40), "--sample", 100, "--json")
    values = json.loads(found.stdout)
    assert (values["conversations"], values["sampled"], values["failed"], values["whole"]) == (200, 100, 0, None)
    (mood,) = values["facets"]
    assert mood["counts"]["annoyed"] + mood["counts"]["pleased"] == 100
    assert mood["counts"]["sad"] is None  # none and few look alike
    assert files() == before


def test_a_preview_of_few_accounts_shows_no_count(home: Path, tmp_path: Path) -> None:
    found = shoal("facets", "preview", made(tmp_path), log(tmp_path, 60, 4), "--json")
    assert set(json.loads(found.stdout)["facets"][0]["counts"].values()) == {None}


def test_bad_input_is_said_before_anything_is_read(home: Path, tmp_path: Path) -> None:
    file = made(tmp_path)
    assert shoal("facets", "preview", file, tmp_path / "none.jsonl").exit_code == 3
    assert shoal("facets", "preview", tmp_path / "none.toml", log(tmp_path, 9, 3)).exit_code == 2
    assert shoal("facets", "check", tmp_path / "none.toml").exit_code == 2
    assert shoal("facets", "new", "tone", "-q", "How?", "-v", "a", "-v", "b", "-w", "a", "-o", file).exit_code == 2
    (tmp_path / "empty.jsonl").write_text("")
    assert shoal("facets", "preview", file, tmp_path / "empty.jsonl").exit_code != 0


def test_one_conversation_in_a_preview_tells_nothing(home: Path, tmp_path: Path) -> None:
    file, said = made(tmp_path), []
    for asked in ("this is annoying", "hello there"):
        one = tmp_path / "one.jsonl"
        one.write_text(json.dumps({"messages": [{"role": "user", "content": asked}], "account": "a"}) + "\n")
        said.append(shoal("facets", "preview", file, one, "--json").stdout)
    assert said[0] == said[1]


def test_a_preview_with_a_model_says_what_it_spent_and_what_all_would_cost(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"summary": "Help with code.", "task": "To fix it.", "language": "English", "concern": 1, "harm": "none",
            "outcome": "answered", "own_mood": "annoyed"}  # fmt: skip
    (home / "settings.toml").write_text('index = "small"\n[prices."claude-haiku-5-5"]\ninput = 1.0\noutput = 5.0\n')
    with MessagesServer(lambda body, number: Message([text(json.dumps(said))])) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        found = shoal("facets", "preview", made(tmp_path), log(tmp_path, 60, 20), "--sample", 20, "--json")
        asked = len(server.requests)
    assert found.exit_code == 0, found.stderr
    values = json.loads(found.stdout)
    assert (asked, values["sampled"], values["failed"]) == (20, 20, 0)
    assert values["facets"][0]["counts"]["annoyed"] == 20
    assert values["spent"] > 0
    assert (values["whole"]["conversations"], values["whole"]["cost"] > 0) == (60, True)
