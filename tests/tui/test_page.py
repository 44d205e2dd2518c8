"""The page about the terminal names tests and pictures as evidence; each must be there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "terminal.md").read_text("utf-8")


def test_every_test_that_the_page_names_exists() -> None:
    tests = "\n".join(file.read_text("utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 20
    assert {name for name in named if not re.search(rf"def {name}\b", tests)} == set()


def test_every_picture_and_file_that_the_page_names_exists() -> None:
    pictures = {ROOT / "docs" / name for name in re.findall(r"\]\((pictures/[^)]+)\)", PAGE)}
    files = {ROOT / name for name in re.findall(r"`((?:tests|tui|bench|agent|index)/[\w/]+\.py)", PAGE)}
    states = ROOT / "tests" / "tui" / "__snapshots__" / "test_states"
    seen = {
        states / f"test_a_state_says_what_it_is_and_what_can_be_done[{name}-wide].svg"
        for name in re.findall(r"picture `([\w-]+)`", PAGE)
    }
    assert pictures
    assert seen
    assert {str(path) for path in pictures | files | seen if not path.exists()} == set()
