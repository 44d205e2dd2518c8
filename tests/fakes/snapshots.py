"""Snapshots of a few numbers, accounts and themes, and of nothing else, for tests of sets."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from index.snapshots.snapshot import Snapshot


def bare_snapshot(folder: Path, members: Sequence[tuple[int, int]]) -> Snapshot:
    """A snapshot of these summary numbers, ascending, and the account of each. The themes are blocks of thirty numbers, and
    none in a block."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{len(list(folder.iterdir())) + 1:04d}.duckdb"
    with duckdb.connect(str(path)) as made:
        made.execute("CREATE TABLE meta (key VARCHAR, value VARCHAR)")
        made.execute("CREATE TABLE members (no INTEGER, account INTEGER, cluster INTEGER)")
        made.executemany(
            "INSERT INTO members VALUES (?, ?, ? // 30 - 1)", [(no, account, no) for no, account in members]
        )
    return Snapshot(path)
