"""Parquet by DuckDB's reader, one row group at a time, offline and without a temporary file on disk (R1).

A Parquet file's index stands at its end: one that was cut off cannot be read at all, and that is said. A damaged row
group is passed over and the next one is read.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from index.core.errors import IndexFault
from index.sources.base import DAMAGED_ROWS, TOO_LARGE_ROWS, Row, Skipped

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PARQUET_HEAD = b"PAR1"

_BATCH = 256
_OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "memory_limit": "1GB",
    "temp_directory": "",
    "threads": 1,
}
_IN_MEMORY = "memory://shoal-input.parquet"
_NOT_QUOTED = re.compile(r'"(?:[^"]|"")*"|TIMESTAMP WITH TIME ZONE|\bUUID\b')
_PLAIN = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMP", "UUID": "VARCHAR"}


class Table(NamedTuple):
    """A Parquet file that can be read. `groups` are the row groups' sizes; `packed` its bytes where it was packed."""

    path: Path
    columns: tuple[str, ...]
    groups: tuple[int, ...]
    packed: bytes | None

    @property
    def total(self) -> int:
        return sum(self.groups)

    def rows(self) -> Iterator[Row]:
        """Rows as objects. `Row.done` counts rows."""
        import duckdb

        with _connected(self.path, self.packed) as connection:
            source = _source(self.path, self.packed)
            query = _query(connection, source)
            start = done = 0
            for size in self.groups:
                try:
                    cursor = connection.execute(query, [source, start, start + size])
                    while batch := cursor.fetchmany(_BATCH):
                        for cells in batch:
                            done += 1
                            yield Row(f"row {done}", done, dict(zip(self.columns, cells, strict=False)))
                except duckdb.OutOfMemoryException:
                    yield Row(f"row {done + 1}", done, Skipped(TOO_LARGE_ROWS))
                except duckdb.Error:
                    yield Row(f"row {done + 1}", done, Skipped(DAMAGED_ROWS))
                start += size
                done = start


def open_table(path: Path, packed: bytes | None) -> Table:
    """Read a file's columns and row groups. Raises IndexFault where it cannot be read."""
    import duckdb

    with _connected(path, packed) as connection:
        source = _source(path, packed)
        try:
            described = connection.execute("DESCRIBE SELECT * FROM read_parquet($1)", [source]).fetchall()
            groups = connection.execute(
                "SELECT row_group_num_rows FROM parquet_metadata($1) GROUP BY row_group_id, row_group_num_rows"
                " ORDER BY row_group_id",
                [source],
            ).fetchall()
        except duckdb.Error as error:
            raise IndexFault(
                f"{path} is a damaged or cut off Parquet file.",
                "Copy it again: a Parquet file's index stands at its end, so nothing of a cut off one can be read.",
            ) from error
    return Table(path, tuple(name for name, *_ in described), tuple(size for (size,) in groups), packed)


def _source(path: Path, packed: bytes | None) -> str:
    """What DuckDB reads; it must not take a file's name for a pattern."""
    return re.sub(r"([*?\[])", r"[\1]", str(path.resolve())) if packed is None else _IN_MEMORY


@contextmanager
def _connected(path: Path, packed: bytes | None) -> "Iterator[DuckDBPyConnection]":
    """A database in memory that can reach this one file, no network and no other place."""
    import duckdb
    from fsspec.implementations.memory import MemoryFileSystem  # type: ignore[import-untyped]

    connection = duckdb.connect(":memory:", config=_OFFLINE)
    files = MemoryFileSystem(skip_instance_cache=True)
    try:
        connection.execute("SET TimeZone = 'UTC'")
        if packed is not None:
            files.pipe_file(_IN_MEMORY, packed)
            connection.register_filesystem(files)
        else:
            allowed = ", ".join(_literal(name) for name in (str(path.resolve()), _source(path, packed)))
            connection.execute(f"SET allowed_paths = [{allowed}]")
            connection.execute("SET enable_external_access = false")
        yield connection
    finally:
        connection.close()
        if packed is not None:
            files.rm_file(_IN_MEMORY)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _query(connection: "DuckDBPyConnection", source: str) -> str:
    """Rows by number, with times and ids in types that need no further package to become Python values."""
    described = connection.execute("DESCRIBE SELECT * FROM read_parquet($1)", [source]).fetchall()
    casts = []
    for name, kind, *_ in described:
        plain = _NOT_QUOTED.sub(lambda match: _PLAIN.get(match[0], match[0]), kind)
        if plain != kind:
            quoted = '"' + name.replace('"', '""') + '"'
            casts.append(f"CAST({quoted} AS {plain}) AS {quoted}")
    replaced = f" REPLACE ({', '.join(casts)})" if casts else ""
    return (
        f"SELECT * EXCLUDE (file_row_number){replaced} FROM read_parquet($1, file_row_number = true)"
        " WHERE file_row_number >= $2 AND file_row_number < $3"
    )
