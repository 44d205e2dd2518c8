"""What the tests of `tools` share: the small index of the session, and a ledger of its own for every test."""

from pathlib import Path

import pytest

from index.core.home import Home
from index.handle import Index
from tests.fakes.corpus import context, small_index
from tools.context import ToolContext


@pytest.fixture(scope="session")
def index() -> Index:
    return small_index()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def ctx(index: Index, tmp_path: Path) -> ToolContext:
    return context(index, tmp_path / "ledger" / "analyst.sqlite3")
