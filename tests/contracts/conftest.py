"""The small index, a gate of its own for each test, and what several files look through: sources and databases."""

import ast
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from index.handle import Index
from tests.fakes.corpus import (
    context,
    small_index,
)
from tools.context import ToolContext

ROOT = Path(__file__).parents[2]


@pytest.fixture
def index() -> Index:
    return small_index()


@pytest.fixture
def ctx(index: Index, tmp_path: Path) -> ToolContext:
    return context(index, tmp_path / "ledger" / "x.sqlite3")


def cells(used_home: Path) -> Iterator[tuple[str, str]]:
    """Every value of every table of every database, as text, because databases compress what they store."""
    for path in used_home.rglob("*.duckdb"):
        with duckdb.connect(str(path), read_only=True) as connection:
            for (table,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
                for row in connection.execute(f'SELECT * FROM "{table}"').fetchall():
                    yield f"{path.name}:{table}", " | ".join(map(str, row))
    for path in used_home.rglob("*.sqlite3"):
        with closing(sqlite3.connect(path)) as raw_connection:
            tables = raw_connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (table,) in tables:
                for row in raw_connection.execute(f'SELECT * FROM "{table}"').fetchall():
                    yield f"{path.name}:{table}", " | ".join(map(str, row))


def sources(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT), ast.parse(path.read_text("utf-8"))
