"""`shoal ingest --inspect` and `--map` as a person runs them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tui.cli.app import app

FIXTURES = Path(__file__).parents[1] / "fixtures" / "sources"
MAP = ["--map", "account=user_hash", "--map", "prompt=question_text", "--map", "flagged=abuse"]


def shoal(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_inspect_says_what_it_sees_and_writes_nothing(own_home: Path) -> None:
    found = shoal("ingest", "--inspect", FIXTURES / "langsmith.jsonl")
    assert found.exit_code == 0
    for said in ("LangSmith runs, JSON lines", "2 conversations would be taken; nothing was written", "2026-04-01",
                 "joined to one", "(first: line 2)", "run_type", "ignored"):  # fmt: skip
        assert said in found.stdout
    assert "Who won" not in found.output
    assert {path.name for path in own_home.iterdir()} == {"encoders"}


def test_inspect_prints_json_for_programs() -> None:
    found = shoal("ingest", "--inspect", "--json", FIXTURES / "wildchat.jsonl")
    seen = json.loads(found.stdout)
    assert (seen["conversations"], seen["first"]) == (2, "2023-04-09T00:02:53+00:00")
    assert {"name": "hashed_ip", "records": 2, "becomes": "account"} in seen["fields"]


def test_columns_are_mapped_by_repeating_the_option() -> None:
    found = shoal("ingest", "--inspect", "--json", FIXTURES / "table.csv", *MAP)
    seen = json.loads(found.stdout)
    assert (seen["format"], seen["conversations"], seen["accounts"]) == ("mapped columns, CSV", 2, 2)
    assert seen["flagged"] == {"no": 1, "yes": 1}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--map", "acount=user_hash"], 2, "knows no field acount"),
        (["--map", "prompt=nosuch"], 3, "its columns are user_hash"),
        ([], 3, "--map prompt=COLUMN"),
    ],
)
@pytest.mark.parametrize("inspect", [["--inspect"], []])
def test_a_wrong_mapping_says_what_to_write(
    own_home: Path, arguments: list[str], code: int, said: str, inspect: list[str]
) -> None:
    found = shoal("ingest", FIXTURES / "table.csv", *arguments, *inspect)
    assert found.exit_code == code
    assert said in found.output
    assert "next:" in found.output
    assert not (own_home / "indexes").exists()


def test_a_missing_file_is_a_clear_error() -> None:
    found = shoal("ingest", "--inspect", "nosuch.jsonl")
    assert found.exit_code == 3
    assert "There is no file" in found.output
