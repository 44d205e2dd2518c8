"""Every value of every table that an index's databases hold, as text.

Databases compress what they store, so whoever looks for something that must not be at rest (the red team) has to ask
them as well as read their bytes. Values leave here for that search alone.
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb


def stored_values(folder: Path) -> Iterator[tuple[Path, str]]:
    """(file, one row as text) of every DuckDB file below a folder. No file may be open for writing."""
    for path in sorted(folder.rglob("*.duckdb")):
        with duckdb.connect(str(path), read_only=True) as connection:
            for (table,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
                rows = connection.execute(f'SELECT * FROM "{table}"')
                while page := rows.fetchmany(2_000):
                    for row in page:
                        yield path, " | ".join(map(str, row))
