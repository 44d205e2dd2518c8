"""Looks an index over without changing it: what `shoal doctor` prints about data at rest.

Every check says what it saw and, where something is wrong, the next step. It must never print a summary or an account.
"""

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb

from index.core.errors import ShoalError
from index.handle import FORGETTING, read_settings, vector_store
from index.snapshots.snapshot import Snapshot, snapshot_numbers, snapshot_path, vectors_path
from index.stores.frozen import FrozenVectors
from index.stores.schema import VERSION

State = Literal["ok", "note", "wrong"]


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report. `next` is empty unless there is something to do."""

    what: str
    state: State
    seen: str
    next: str = ""


def checks(path: Path) -> Iterator[Check]:
    """Every check of the index at `path`, in the order of a reader's interest."""
    try:
        settings = read_settings(path)
    except ShoalError as error:
        yield Check("index", "wrong", error.message, error.hint)
        return
    yield Check("index", "ok", f"{path} · {_size(path)}")
    kept = f"{settings.retention.days} days" if settings.retention.days else "without limit ([retention] in index.toml)"
    yield Check("retention", "ok" if settings.retention.days else "note", f"summaries are kept {kept}")
    yield _permissions(path)
    yield from _stores(path)
    yield from _snapshots(path)


def _size(path: Path) -> str:
    total = sum(item.stat().st_size for item in path.rglob("*") if item.is_file())
    return f"{total / 2**20:,.0f} MiB on disk"


def _permissions(path: Path) -> Check:
    loose = [item for item in (path, *path.rglob("*")) if stat.S_IMODE(item.stat().st_mode) & 0o077]
    if loose:
        return Check("permissions", "wrong", f"{len(loose)} files or folders others can read", f"chmod -R go= {path}")
    return Check("permissions", "ok", "only you can read the index's files")


def _stores(path: Path) -> Iterator[Check]:
    try:
        connection = duckdb.connect(str(path / "facts.duckdb"), read_only=True)
    except duckdb.Error as error:
        busy = "lock" in str(error).lower()
        yield Check(
            "facts",
            "note" if busy else "wrong",
            "another process is writing" if busy else "the file cannot be opened",
            "" if busy else "Restore facts.duckdb from a backup, or ingest into a new index.",
        )
        return
    try:
        yield from _facts(connection, path)
    except duckdb.Error:
        yield Check("facts", "wrong", "the tables cannot be read", "Restore facts.duckdb, or ingest into a new index.")
    finally:
        connection.close()


def _facts(connection: duckdb.DuckDBPyConnection, path: Path) -> Iterator[Check]:
    def count(sql: str) -> int:
        row = connection.execute(sql).fetchone()
        return int(row[0]) if row else 0

    schema = count("SELECT coalesce(max(value), '1')::INTEGER FROM manifest WHERE key = 'schema'")
    state: State = "ok" if schema == VERSION else "note"
    yield Check("schema", state, f"version {schema} of {VERSION}", "" if state == "ok" else "The next ingest migrates.")
    summaries, accounts = count("SELECT count(*) FROM complete"), count("SELECT count(DISTINCT account) FROM complete")
    waiting, pending = count("SELECT count(*) FROM drafts"), count("SELECT count(*) FROM batches WHERE NOT complete")
    yield Check("facts", "ok", f"{summaries:,} summaries of {accounts:,} accounts")
    if waiting or pending:
        yield Check("unfinished", "note", f"{waiting:,} drafts, {pending} batches", "Run the ingest again: it goes on.")
    if schema >= 2 and (failed := count("SELECT count(*) FROM failures")):
        yield Check("failed", "note", f"{failed:,} conversations could not be extracted", "Run the same ingest again.")
    if (path / FORGETTING).exists():
        yield Check("forgetting", "wrong", "an erasure is under way or was interrupted", "shoal publish finishes it.")
    store = vector_store(path, read_settings(path))
    try:
        vectors = store.count()
    except ShoalError as error:
        yield Check("vectors", "wrong", error.message, error.hint)
        return
    store.release()
    matching = vectors >= summaries
    yield Check(
        "vectors",
        "ok" if matching else "wrong",
        f"{vectors:,} vectors for {summaries:,} summaries",
        "" if matching else "Restore the folder vectors from a backup, or ingest into a new index.",
    )


def _snapshots(path: Path) -> Iterator[Check]:
    numbers = snapshot_numbers(path / "snapshots")
    if not numbers:
        yield Check("snapshots", "note", "none is published", "shoal publish (it needs enough accounts)")
        return
    for number in numbers:
        try:
            snapshot = Snapshot(snapshot_path(path / "snapshots", number))
            size = len(snapshot)
            yield Check(
                f"snapshot {number}", "ok", f"{size:,} summaries, published {snapshot.meta.get('published', '?')}"
            )
        except (ShoalError, duckdb.Error):
            yield Check(f"snapshot {number}", "wrong", "it cannot be opened", "Remove its file and run: shoal publish")
            return
    try:
        beside = len(FrozenVectors(vectors_path(path / "snapshots", number)))
    except ShoalError as error:
        yield Check("nearness", "wrong", error.message, error.hint)
        return
    whole = beside == size
    yield Check(
        "nearness",
        "ok" if whole else "wrong",
        f"{beside:,} vectors beside snapshot {number} for its {size:,} summaries",
        "" if whole else f"Remove {vectors_path(path / 'snapshots', number)}, then: shoal publish",
    )
