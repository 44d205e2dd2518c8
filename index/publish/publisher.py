"""Publishes a snapshot: copies the facts, computes the cluster space, base clusters and a named two-level taxonomy.

A snapshot appears whole, by a rename, or not at all. None is published that differs from the last by fewer than
`min_accounts` new accounts, so that no two snapshots differ by one person. How many more are needed is drawn in secret: else
whoever adds all of them but one would see from a new snapshot that somebody else is new.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from index.core.facets import FacetSpec
from index.labels import LabelSpace
from index.naming.samples import Namer
from index.privacy.score import NAMED, privacy_score
from index.publish.arrangement import Arrangement, Report, arranged_anew
from index.publish.going_on import gone_on
from index.publish.taxonomy import Taxonomist
from index.snapshots.history import Published
from index.snapshots.snapshot import (
    DERIVED,
    LAST_NUMBER,
    PLANE_COLUMNS,
    Snapshot,
    snapshot_numbers,
    snapshot_path,
    vectors_path,
)
from index.stores.facts import Facts
from index.stores.frozen import SUFFIX, FrozenVectors, freeze
from index.stores.vectors import Vectors, VectorStore
from index.vocabulary import vocabulary

_MADE = ("encoder", "extractor", "accounts")
"""In the manifest and in a snapshot's meta: what its summaries were made by, and whether accounts were stated."""


async def publish(
    facts: Facts,
    vectors: VectorStore,
    folder: Path,
    namer: Namer,
    taxonomist: Taxonomist,
    own: Sequence[FacetSpec],
    min_accounts: int,
    edge: Callable[[int], float],
    report: Report,
    labels: Callable[[], LabelSpace] | None = None,
    *,
    anew: bool = False,
) -> Published:
    """Publish the next snapshot from every complete summary. `edge` draws from 0 to under 1 for a snapshot, always the same:
    by how much more than `min_accounts` accounts must be new after it. `labels` gives what groups are named from, in the space
    of the vectors, when there is something to publish; None: no name is a label. `anew`: place and name all together again;
    where too few accounts are new, the last snapshot's conversations and no others."""
    for leftover in folder.glob("*.partial*"):
        leftover.unlink()
    summaries, accounts = facts.totals()
    last = snapshot_numbers(folder)
    previous = Snapshot(snapshot_path(folder, last[-1])) if last else None
    content = _everything(facts)
    if previous is not None and (why := _too_little_new(previous, facts, min_accounts, edge)):
        if not anew:
            if not vectors_path(folder, previous.number).exists():
                freeze_vectors(previous, vectors, folder)
            return Published(None, summaries, 0, why)
        content = _as_before(facts, previous)
    if accounts < min_accounts:
        return Published(None, summaries, 0, f"the index holds fewer than {min_accounts} accounts")
    target = snapshot_path(folder, last[-1] + 1 if last else 1)
    partial = target.with_suffix(".partial")
    facts.copy_members(partial, content.numbers, min_accounts)
    report("copying vectors", 0, len(content.numbers))
    pages = _pages(previous, folder, vectors, content.numbers)
    frozen = await asyncio.to_thread(freeze, vectors_path(folder, int(target.stem)), pages, len(content.numbers))
    vectors.release()  # Chroma holds its graph in memory, and nothing below asks it
    going_on = None if anew else previous
    count = await _fill(
        partial, content, frozen, namer, taxonomist, own, previous, going_on, min_accounts, report, labels
    )
    partial.rename(target)
    for older in {*folder.glob(f"*{SUFFIX}"), *folder.glob(f"*{DERIVED}")} - {vectors_path(folder, int(target.stem))}:
        older.unlink()
    return Published(int(target.stem), len(content.numbers), count)


@dataclass(frozen=True, slots=True)
class _Content:
    """What a snapshot is of: the numbers of its summaries, ascending, and what it says beside them. `made`: by which encoder,
    extractor and accounts."""

    numbers: Sequence[int]
    made: Mapping[str, str]
    failed: int
    last_number: int
    scores: Mapping[tuple[str, int], int]


def _everything(facts: Facts) -> _Content:
    made = {key: facts.manifest(key) or "" for key in _MADE}
    failed = sum(facts.failures().values())
    return _Content(facts.numbers(), made, failed, facts.last_number(), facts.privacy_scores())


def _as_before(facts: Facts, previous: Snapshot) -> _Content:
    """The content of the last snapshot without what was erased since: nothing in it tells of who came later."""
    held = np.intersect1d(previous.numbers, np.asarray(facts.held_numbers(), dtype=np.int64)).tolist()
    scores = {key: count for key, count in previous.privacy_scores.items() if key[0] != NAMED}
    made = {key: previous.meta.get(key, "") for key in _MADE}
    return _Content(held, made, int(previous.meta.get("failed", "0")), previous.last_number, scores)


def _pages(previous: Snapshot | None, folder: Path, store: VectorStore, numbers: Sequence[int]) -> Iterator[Vectors]:
    """The vectors of these summaries: those that the last snapshot has from the file beside it, and the new ones from the store."""
    beside = vectors_path(folder, previous.number) if previous is not None else None
    if previous is None or beside is None or not beside.exists():
        yield from store.pages(numbers)
        return
    rows, held = previous.rows_of(np.asarray(numbers, dtype=np.int64))
    kept = int(held.sum())
    if not held[:kept].all():
        yield from store.pages(numbers)  # the new ones do not stand behind the others
        return
    first = 0
    for page in FrozenVectors(beside).pages():
        yield page[rows[(rows >= first) & (rows < first + len(page))] - first]
        first += len(page)
    yield from store.pages(numbers[kept:])


def freeze_vectors(snapshot: Snapshot, vectors: VectorStore, folder: Path) -> None:
    """Write the vectors that stand beside a published snapshot anew, from the store of record."""
    numbers = snapshot.numbers.tolist()
    freeze(vectors_path(folder, snapshot.number), vectors.pages(numbers), len(numbers))


def _too_little_new(previous: Snapshot, facts: Facts, min_accounts: int, edge: Callable[[int], float]) -> str:
    seen_until = int(previous.numbers.max(initial=0))
    fresh = facts.accounts_after(seen_until)
    if fresh >= min_accounts + int(min_accounts * edge(previous.number)):
        return ""
    if fresh == 0:
        return "no account is new since the last snapshot; what known accounts added waits for new ones"
    return (
        f"too few accounts are new since the last snapshot: at least {min_accounts} to {2 * min_accounts - 1} are needed, "
        "and the exact number is secret"
    )


async def _fill(
    path: Path,
    content: _Content,
    vectors: FrozenVectors,
    namer: Namer,
    taxonomist: Taxonomist,
    own: Sequence[FacetSpec],
    previous: Snapshot | None,
    going_on: Snapshot | None,
    min_accounts: int,
    report: Report,
    labels: Callable[[], LabelSpace] | None,
) -> int:
    """`going_on`: whose arrangement the new summaries may join; None: all are placed together."""
    numbers = content.numbers
    with contextlib.closing(duckdb.connect(str(path))) as connection:
        space = labels() if labels is not None else None
        made = {**content.made, "namer": namer.name}
        arranged = None
        if going_on is not None:
            arranged = await asyncio.to_thread(gone_on, going_on, connection, numbers, vectors, made, space, report)
        if arranged is None:
            arranged = await arranged_anew(
                connection, numbers, vectors, namer, taxonomist, previous, min_accounts, space, report
            )
        _write(connection, numbers, arranged)
        _write_labels(connection, space)
        _write_own_facets(connection, own)
        counters = {"failed": str(content.failed), LAST_NUMBER: str(content.last_number)}
        published = datetime.now(UTC).isoformat(timespec="seconds")
        _write_meta(connection, {"published": published, **made, **arranged.meta(), **counters})
        _write_scores(connection, content.scores, arranged.names)
    return arranged.base_clusters


def _write(connection: duckdb.DuckDBPyConnection, numbers: Sequence[int], arranged: Arrangement) -> None:
    axes = [f"x{axis}" for axis in range(arranged.space.shape[1])]
    placed: dict[str, NDArray[Any]] = {"no": np.asarray(numbers, dtype=np.int64), "cluster": arranged.labels}
    placed.update({name: arranged.space[:, axis] for axis, name in enumerate(axes)})
    placed.update({name: arranged.plane[:, axis] for axis, name in enumerate(PLANE_COLUMNS)})
    placed["field"] = np.array(arranged.named.field_names(), dtype=object)
    placed["area"] = np.array(arranged.named.area_names(), dtype=object)
    connection.execute("CREATE TABLE placed AS SELECT * FROM placed")
    connection.execute(
        "CREATE TABLE joined AS SELECT members.*, placed.* EXCLUDE (no) FROM members JOIN placed USING (no) ORDER BY no"
    )
    connection.execute("DROP TABLE members")
    connection.execute("DROP TABLE placed")
    connection.execute("ALTER TABLE joined RENAME TO members")
    connection.execute("CREATE TABLE clusters (position INTEGER, id VARCHAR, parent VARCHAR, name VARCHAR)")
    for position, node in enumerate(arranged.nodes):
        connection.execute("INSERT INTO clusters VALUES (?, ?, ?, ?)", [position, node.id, node.parent, node.name])
    connection.execute(
        "CREATE TABLE phrases AS SELECT unnest(?::VARCHAR[]) AS language, unnest(?::VARCHAR[]) AS phrase, "
        "unnest(?::INTEGER[]) AS uses",
        [[row[place] for row in arranged.phrases] for place in range(3)],
    )


def _write_labels(connection: duckdb.DuckDBPyConnection, space: LabelSpace | None) -> None:
    """What groups are named from, the public vocabulary first, so that groups which a question makes can be named from it."""
    connection.execute("CREATE TABLE vocabulary (place INTEGER, label VARCHAR, middle BLOB)")
    if space is None:
        return
    labels = [*(request.label for request in vocabulary().requests), *space.own]
    middles = [*space.middles, *(space.own_middles if space.own_middles is not None else ())]
    connection.execute(
        "INSERT INTO vocabulary SELECT unnest(?::INTEGER[]), unnest(?::VARCHAR[]), unnest(?::BLOB[])",
        [list(range(len(labels))), labels, [middle.astype("<f4").tobytes() for middle in middles]],
    )


def _write_own_facets(connection: duckdb.DuckDBPyConnection, own: Sequence[FacetSpec]) -> None:
    connection.execute("CREATE TABLE own_facets (name VARCHAR, kind VARCHAR, question VARCHAR, values VARCHAR[])")
    for spec in own:
        connection.execute(
            "INSERT INTO own_facets VALUES (?, ?, ?, ?)", [spec.name, spec.kind, spec.question, list(spec.values)]
        )


def _write_scores(
    connection: duckdb.DuckDBPyConnection, scores: Mapping[tuple[str, int], int], names: Sequence[str | None]
) -> None:
    """Privacy scores by stage; those of the names proposed are computed here."""
    counted = Counter(dict(scores))
    counted.update((NAMED, privacy_score(name)) for name in names if name)
    connection.execute("CREATE TABLE privacy_scores (stage VARCHAR, score INTEGER, things INTEGER)")
    for (stage, score), count in counted.items():
        connection.execute("INSERT INTO privacy_scores VALUES (?, ?, ?)", [stage, score, count])


def _write_meta(connection: duckdb.DuckDBPyConnection, meta: dict[str, str]) -> None:
    connection.execute("CREATE TABLE meta (key VARCHAR, value VARCHAR)")
    for key, value in meta.items():
        connection.execute("INSERT INTO meta VALUES (?, ?)", [key, value])
