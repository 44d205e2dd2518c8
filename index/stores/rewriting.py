"""Writes a database file anew: deleting rows leaves their bytes in its free pages, a copy of what is left has none."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from index.stores.schema import quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def written_anew(path: Path, change: "Callable[[DuckDBPyConnection], None] | None" = None) -> None:
    """Copy a database twice and put the second copy in its place. `change` alters the first, which is attached as `fresh`:
    what it deletes is in that copy's pages, and in the second nowhere."""
    first, second = path.with_suffix(".rewrite1"), path.with_suffix(".rewrite2")
    _copy(path, first, change)
    _copy(first, second, None)
    first.unlink()
    second.chmod(0o600)
    second.replace(path)


def _copy(source: Path, target: Path, change: "Callable[[DuckDBPyConnection], None] | None") -> None:
    import duckdb

    target.unlink(missing_ok=True)
    connection = duckdb.connect(":memory:")
    try:
        connection.execute(f"SET temp_directory = {quoted(target.with_suffix('.rewrite.spill'))}")
        connection.execute(f"ATTACH {quoted(source)} AS old (READ_ONLY)")
        connection.execute(f"ATTACH {quoted(target)} AS fresh")
        connection.execute("COPY FROM DATABASE old TO fresh")
        if change is not None:
            change(connection)
        connection.execute("CHECKPOINT fresh")
    finally:
        connection.close()
    target.with_name(target.name + ".wal").unlink(missing_ok=True)
