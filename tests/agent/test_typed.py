"""What an analyst types is kept without direct identifiers, wherever it is kept."""

from pathlib import Path

import pytest

from agent.storage.cases import CaseStore
from agent.storage.typed import typed
from agent.storage.watches import WatchStore

MAIL = "zephyrine.quackenbush@canarymail.example"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (f"Did {MAIL} ask about divorce?", "Did [removed] ask about divorce?"),
        ("Is 4111 1111 1111 1111 there?", "Is [removed] there?"),
        ("What grew after 3 August 2026?", "What grew after 3 August 2026?"),
        ("compare C12 and T3 since 2026-03-01", "compare C12 and T3 since 2026-03-01"),
        (" since 03/08/2026 ", "since 03/08/2026"),
    ],
)
def test_identifiers_go_and_dates_stay(said: str, kept: str) -> None:
    assert typed(said) == kept


def test_watches_and_cases_keep_no_identifier(tmp_path: Path) -> None:
    watch = WatchStore(tmp_path).add(f"Is {MAIL} there?", "week", tmp_path)
    cases = CaseStore(tmp_path)
    case = cases.find(cases.new(f"About {MAIL}", tmp_path))
    cases.note(case, f"Look at {MAIL}")
    assert "[removed]" in watch.question
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and b"quackenbush" in file.read_bytes()]
