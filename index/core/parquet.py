"""Rows as Parquet, written by DuckDB. Everything in them is the caller's: nothing of an index is read here."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def to_parquet(columns: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> bytes:
    """A Parquet file of these rows. `columns`: names with DuckDB's types, in order."""
    import duckdb

    declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    with tempfile.TemporaryDirectory(prefix="shoal-export-") as folder, duckdb.connect() as connection:
        file = Path(folder) / "rows.parquet"
        connection.execute(f"CREATE TABLE rows ({declared})")
        if rows:
            connection.executemany(f"INSERT INTO rows VALUES ({', '.join('?' * len(columns))})", list(rows))
        connection.execute("COPY rows TO ? (FORMAT parquet)", [str(file)])
        return file.read_bytes()
