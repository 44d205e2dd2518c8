"""Publishes a snapshot: copies the facts, computes the cluster space, base clusters and a named two-level taxonomy.

A snapshot appears whole, by a rename, or not at all. None is published that differs from the last by fewer than
`min_accounts` new accounts, so that no two snapshots differ by one person.
"""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from index.clustering import OUTSIDE, Labels, Space, centres_of, cluster_space, density_clusters, group_centres
from index.naming import MAX_SAMPLED, Background, Member, Namer, NamingSample, group_phrases
from index.snapshot import Snapshot, snapshot_numbers, snapshot_path
from index.stores.facts import Facts
from index.stores.vectors import Vectors, VectorStore

BASE_CLUSTER_SIZE = 25
"""Smallest base cluster: the support that free text needs, so that a named cluster can be shown at all."""

NAME_ACCOUNTS = 10
"""Accounts that must use a phrase before a name may be made of it; the gate checks again by its own policy."""

_NAMING_ROWS = 1_500


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing did. `snapshot` None: nothing was published, and `why` says why."""

    snapshot: int | None
    summaries: int
    clusters: int
    why: str = ""


Report = Callable[[str, int, int], None]
"""(stage, done, total)."""


async def publish(
    facts: Facts, vectors: VectorStore, folder: Path, namer: Namer, min_accounts: int, report: Report
) -> Published:
    """Publish the next snapshot from every complete summary."""
    summaries, accounts = facts.totals()
    last = snapshot_numbers(folder)
    if last and (why := _too_little_new(Snapshot(snapshot_path(folder, last[-1])), facts, min_accounts)):
        return Published(None, summaries, 0, why)
    if accounts < min_accounts:
        return Published(None, summaries, 0, f"the index holds fewer than {min_accounts} accounts")
    target = snapshot_path(folder, last[-1] + 1 if last else 1)
    partial = target.with_suffix(".partial")
    for leftover in folder.glob("*.partial*"):
        leftover.unlink()
    facts.copy_members(partial)
    count = await _fill(partial, facts, vectors, namer, min_accounts, report)
    partial.rename(target)
    return Published(int(target.stem), summaries, count)


def _too_little_new(previous: Snapshot, facts: Facts, min_accounts: int) -> str:
    seen_until = int(previous.numbers.max(initial=0))
    fresh = facts.accounts_after(seen_until)
    if fresh >= min_accounts:
        return ""
    if fresh == 0:
        return "nothing new since the last snapshot"
    return f"only {fresh} accounts are new since the last snapshot; {min_accounts} are needed"


async def _fill(path: Path, facts: Facts, vectors: VectorStore, namer: Namer, min_accounts: int, report: Report) -> int:
    numbers = facts.numbers()
    report("placing summaries", 0, len(numbers))
    pages = []
    for page in vectors.pages(numbers):
        pages.append(page)
    matrix: Vectors = np.concatenate(pages)
    report("placing summaries", len(numbers) // 2, len(numbers))
    space = cluster_space(matrix)
    labels = density_clusters(space, BASE_CLUSTER_SIZE)
    report("placing summaries", len(numbers), len(numbers))
    centres = centres_of(matrix, labels)
    groups = group_centres(centres) if len(centres) else np.zeros(0, dtype=np.int32)
    with contextlib.closing(duckdb.connect(str(path))) as connection:
        rows = connection.execute("SELECT text, language, account FROM members ORDER BY no").fetchall()
        members = [Member(*row) for row in rows]
        background = Background.count((item.text for item in members), (item.language for item in members))
        work = _Naming(members, matrix, background)
        base_names = await work.names(namer, labels, centres, report, "naming clusters")
        tops = _top_labels(labels, groups)
        top_names = await work.names(namer, tops, centres_of(matrix, tops), report, "naming groups")
        _write(connection, numbers, space, labels, groups, base_names, top_names)
        _write_phrases(connection, background, min_accounts)
        _write_meta(connection, {"namer": namer.name, "published": datetime.now(UTC).isoformat(timespec="seconds"),
                                 **{key: facts.manifest(key) or "" for key in ("encoder", "extractor", "accounts")}})  # fmt: skip
    return len(centres)


def _top_labels(labels: Labels, groups: Labels) -> Labels:
    tops = np.full(len(labels), OUTSIDE, dtype=np.int32)
    inside = labels >= 0
    tops[inside] = groups[labels[inside]]
    return tops


@dataclass(frozen=True, slots=True)
class _Naming:
    """Everything a naming sample is drawn from."""

    members: Sequence[Member]
    matrix: Vectors
    background: Background

    async def names(
        self, namer: Namer, labels: Labels, centres: NDArray[np.float32], report: Report, stage: str
    ) -> list[str | None]:
        """One proposal a cluster, in label order."""
        samples = []
        for label in range(len(centres)):
            samples.append(self.sample(np.flatnonzero(labels == label), labels != label, centres[label]))
            report(stage, label + 1, len(centres))
        return list(await namer.name_groups(samples)) if samples else []

    def sample(self, rows: NDArray[np.intp], outside: NDArray[np.bool_], centre: NDArray[np.float32]) -> NamingSample:
        generator = np.random.default_rng(7)
        drawn = rows if len(rows) <= _NAMING_ROWS else np.sort(generator.choice(rows, _NAMING_ROWS, replace=False))
        phrases = group_phrases([self.members[row] for row in drawn], self.background, NAME_ACCOUNTS)
        shown = generator.permutation(drawn)[:MAX_SAMPLED]
        nearness = np.where(outside, self.matrix @ centre, -np.inf)
        nearest = np.argsort(-nearness, kind="stable")[: min(MAX_SAMPLED, int(outside.sum()))]
        return NamingSample(
            phrases, tuple(self.members[row].text for row in shown), tuple(self.members[row].text for row in nearest)
        )


def _write(
    connection: duckdb.DuckDBPyConnection,
    numbers: Sequence[int],
    space: Space,
    labels: Labels,
    groups: Labels,
    base_names: Sequence[str | None],
    top_names: Sequence[str | None],
) -> None:
    axes = [f"x{axis}" for axis in range(space.shape[1])]
    placed = {"no": np.asarray(numbers, dtype=np.int64), "cluster": labels}
    placed.update({name: space[:, axis] for axis, name in enumerate(axes)})
    connection.execute("CREATE TABLE placed AS SELECT * FROM placed")
    connection.execute(
        "CREATE TABLE joined AS SELECT members.*, placed.* EXCLUDE (no) FROM members JOIN placed USING (no) ORDER BY no"
    )
    connection.execute("DROP TABLE members")
    connection.execute("DROP TABLE placed")
    connection.execute("ALTER TABLE joined RENAME TO members")
    nodes: list[tuple[str, str | None, str | None]] = [
        (f"T{group + 1}", None, name) for group, name in enumerate(top_names)
    ]
    nodes += [(f"C{label + 1}", f"T{groups[label] + 1}", name) for label, name in enumerate(base_names)]
    connection.execute("CREATE TABLE clusters (position INTEGER, id VARCHAR, parent VARCHAR, name VARCHAR)")
    for position, node in enumerate(nodes):
        connection.execute("INSERT INTO clusters VALUES (?, ?, ?, ?)", [position, *node])


def _write_phrases(connection: duckdb.DuckDBPyConnection, background: Background, min_uses: int) -> None:
    rows = [
        (language, phrase, count)
        for language, phrases in background.uses.items()
        for phrase, count in phrases.items()
        if count >= min_uses
    ]
    connection.execute(
        "CREATE TABLE phrases AS SELECT unnest(?::VARCHAR[]) AS language, unnest(?::VARCHAR[]) AS phrase, "
        "unnest(?::INTEGER[]) AS uses",
        [[row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]],
    )


def _write_meta(connection: duckdb.DuckDBPyConnection, meta: dict[str, str]) -> None:
    connection.execute("CREATE TABLE meta (key VARCHAR, value VARCHAR)")
    for key, value in meta.items():
        connection.execute("INSERT INTO meta VALUES (?, ?)", [key, value])
