"""`inspect_file`: counts and names of fields, nothing of what was said, nothing written."""

import json
from pathlib import Path

import pytest

from index.sources import inspect_file
from index.sources.base import JOINED, NO_USER_TEXT, NOT_JSON

FIXTURES = Path(__file__).parents[1] / "fixtures" / "sources"
SECRET = "quackenbush"


def test_an_inspection_counts_what_ingest_would_take() -> None:
    seen = inspect_file(FIXTURES / "wildchat.jsonl")
    assert seen.format == "WildChat, JSON lines"
    assert (seen.records, seen.conversations, seen.accounts, seen.with_account, seen.dated) == (2, 2, 2, 2, 2)
    assert (str(seen.first), str(seen.last)) == ("2023-04-09 00:02:53+00:00", "2023-04-10 12:00:00+00:00")
    assert (seen.flagged, seen.languages) == ({"no": 1, "yes": 1}, {"English": 1, "Portuguese": 1})
    assert seen.turns == {"user": 2, "assistant": 2}
    assert seen.complete


def test_an_inspection_says_what_becomes_of_each_field() -> None:
    becomes = {field.name: field.becomes for field in inspect_file(FIXTURES / "wildchat.jsonl").fields}
    assert becomes["hashed_ip"] == "account"
    assert becomes["conversation"] == "turns"
    assert becomes["country"] == "ignored"


def test_an_inspection_says_that_requests_are_joined() -> None:
    seen = inspect_file(FIXTURES / "openai_api.jsonl")
    assert "joined to one" in seen.unit
    assert (seen.records, seen.conversations, seen.skipped[JOINED]) == (5, 3, 2)


def test_an_inspection_tells_reasons_with_their_first_place(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    good = json.dumps({"messages": [{"role": "user", "content": SECRET}], "account": SECRET})
    path.write_text(f'{good}\n{{oops\n{{"messages": []}}\n{{oops\n')
    seen = inspect_file(path)
    assert seen.skipped == {NOT_JSON: 2, NO_USER_TEXT: 1}
    assert seen.first_skips == {NOT_JSON: "line 2", NO_USER_TEXT: "line 3"}
    assert SECRET not in f"{seen}{json.dumps(seen.as_dict())}"


def test_a_large_file_is_looked_at_up_to_a_stated_bound_and_reports_on_the_way(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text((json.dumps({"messages": [{"role": "user", "content": "hi"}]}) + "\n") * 3_000)
    reported: list[tuple[int, int]] = []
    seen = inspect_file(path, report=lambda done, total: reported.append((done, total)), max_records=1_000)
    assert (seen.records, seen.complete) == (1_000, False)
    assert reported
    assert all(0 < done <= total == path.stat().st_size for done, total in reported)


@pytest.mark.parametrize("name", sorted(path.name for path in FIXTURES.glob("*.json*")))
def test_no_value_of_a_record_stands_in_an_inspection(name: str) -> None:
    told = json.dumps(inspect_file(FIXTURES / name).as_dict())
    for word in ("hello there", "e-1", "ip-one", "never read", "Oslo", "acct-7", "su-1", "lu-1", "u-9"):
        assert f'"{word}"' not in told
        assert " " not in word or word not in told
