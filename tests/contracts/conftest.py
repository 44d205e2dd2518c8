"""The small index, and a gate of its own for each test."""

from pathlib import Path

import pytest

from index.handle import Index
from tests.fakes.corpus import (
    context,
    small_index,
)
from tools.context import ToolContext


@pytest.fixture
def index() -> Index:
    return small_index()


@pytest.fixture
def ctx(index: Index, tmp_path: Path) -> ToolContext:
    return context(index, tmp_path / "ledger" / "x.sqlite3")
