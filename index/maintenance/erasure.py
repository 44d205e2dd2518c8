"""Erases what an index holds of an account, or from before a day: facts, vectors, and every snapshot's members.

Deleting rows leaves their bytes in a store's free pages, so each file is written anew without them and takes the old
one's place. What is to be forgotten is noted first and the note goes last: readers are refused while it stands, and the next
writer finishes what a kill left. Words that five accounts once attested stay words; released findings stay in the ledger.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

from index.core.files import written_whole
from index.core.home import Home
from index.core.records import as_day
from index.handle import FORGETTING, SHARDS, IndexSettings, Writer, open_writer, read_settings
from index.publish.publisher import freeze_vectors
from index.snapshots.snapshot import DERIVED, LAST_NUMBER, Snapshot, snapshot_numbers, snapshot_path
from index.stores.frozen import SUFFIX
from index.stores.rewriting import written_anew
from index.stores.rows import Forgetting
from index.stores.vectors import VectorStore

_PAGE = 5_000

Report = Callable[[str, int, int], None]
"""(stage, done, total)."""


_KEEP_LAST = (
    "INSERT INTO fresh.meta SELECT ?, max(no)::VARCHAR FROM fresh.members "
    "WHERE NOT EXISTS (SELECT 1 FROM fresh.meta WHERE key = ?) HAVING max(no) IS NOT NULL"
)
"""An older snapshot does not say how far its numbers went; after the erasure nobody could tell."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was erased. `snapshots` were rewritten without it."""

    summaries: int
    waiting: int
    accounts: int
    snapshots: int


def forget(
    path: Path, home: Home, report: Report, *, account: str | None = None, before: date | None = None
) -> Forgotten:
    """Erase everything of one account, or everything dated before a day. Undated conversations have no day."""
    read_settings(path)
    writer = open_writer(path, home)
    try:
        number = writer.facts.account_number(writer.sealer.account(account)) if account is not None else None
        what = Forgetting(number, as_day(before) if before is not None else None)
        if not writer.facts.holds(what):
            return Forgotten(0, 0, 0, 0)
        _write_note(path, what)
        return _erase(writer, what, report)
    finally:
        writer.close()


def finish(path: Path, home: Home, report: Report) -> Forgotten | None:
    """Finish what a kill interrupted. None: there was nothing to finish."""
    note = path / FORGETTING
    if not note.exists():
        return None
    writer = open_writer(path, home)
    try:
        return _erase(writer, Forgetting(*json.loads(note.read_text("utf-8"))), report)
    finally:
        writer.close()


def _write_note(path: Path, what: Forgetting) -> None:
    with written_whole(path / FORGETTING) as partial:
        partial.write_text(json.dumps([what.account, what.before]), "utf-8")


def apply_retention(path: Path, home: Home, report: Report) -> Forgotten | None:
    """Erase what is older than the index's settings allow to be kept. None: they set no limit."""
    settings: IndexSettings = read_settings(path)
    if settings.retention.days is None:
        return None
    return forget(path, home, report, before=datetime.now(UTC).date() - timedelta(days=settings.retention.days))


def _erase(writer: Writer, what: Forgetting, report: Report) -> Forgotten:
    beside = ("*.partial*", "*.spill*", f"*{SUFFIX}", f"*{DERIVED}")
    copies = [copy for kind in beside for copy in writer.snapshots.glob(kind)]
    shutil.rmtree(writer.path / SHARDS, ignore_errors=True)
    for leftover in (*writer.path.rglob("*.rewrite*"), *copies):
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    summaries, waiting, accounts = writer.facts.forget(what)
    report("rewriting vectors", 0, 0)
    _rewrite_vectors(writer)
    published = snapshot_numbers(writer.snapshots)
    for done, number in enumerate(published, start=1):
        written_anew(snapshot_path(writer.snapshots, number), lambda made: _without(made, what))
        report("rewriting snapshots", done, len(published))
    if published:
        newest = Snapshot(snapshot_path(writer.snapshots, published[-1]))
        freeze_vectors(newest, writer.vectors, writer.snapshots)
    writer.facts.close()
    written_anew(writer.path / "facts.duckdb")
    (writer.path / FORGETTING).unlink()
    return Forgotten(summaries, waiting, accounts, len(published))


def _rewrite_vectors(writer: Writer) -> None:
    """A new store of the vectors that are left. The old one's files hold the others' bytes even after a delete."""
    if writer.vectors.kept_on_server(writer.facts.held_numbers()):
        return
    folder = writer.path / "vectors"
    fresh, old = folder.with_name("vectors.new"), folder.with_name("vectors.old")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    kept = writer.facts.held_numbers()
    target = VectorStore(fresh)
    for start in range(0, len(kept), _PAGE):
        page = kept[start : start + _PAGE]
        for vectors in writer.vectors.pages(page):
            target.add(page, vectors)
    target.release()
    writer.vectors.release()
    shutil.rmtree(old, ignore_errors=True)
    folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old)


def _without(connection: duckdb.DuckDBPyConnection, what: Forgetting) -> None:
    connection.execute(_KEEP_LAST, [LAST_NUMBER, LAST_NUMBER])
    connection.execute(f"DELETE FROM fresh.members WHERE {what.condition}", what.parameters)
