"""Publishes a snapshot: copies the facts, computes the cluster space, base clusters and a named two-level taxonomy.

A snapshot appears whole, by a rename, or not at all. None is published that differs from the last by fewer than
`min_accounts` new accounts, so that no two snapshots differ by one person. How many more are needed is drawn in secret: else
whoever adds all of them but one would see from a new snapshot that somebody else is new.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from index.core.facets import FacetSpec
from index.geometry.clustering import OUTSIDE, Labels, centres_of
from index.geometry.placing import Placed, place
from index.kinds import Kinds, Named, field_of_most, labels_for, places_of, voted
from index.naming.samples import NEARBY, Background, Member, Namer, NamingSample, group_language, group_phrases
from index.naming.verdicts import ToName, settled_names
from index.privacy.score import NAMED, privacy_score
from index.publish.taxonomy import Taxonomist, Theme
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

BASE_CLUSTER_SIZE = 25
"""Smallest base cluster: the support that free text needs, so that a named cluster can be shown at all."""

NAME_ACCOUNTS = 10
"""Accounts that must use a phrase before a name may be made of it; the gate checks again by its own policy."""

_NAMING_ROWS = 1_500

Report = Callable[[str, int, int], None]
"""(stage, done, total)."""


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
    kinds: Callable[[], Kinds] | None = None,
) -> Published:
    """Publish the next snapshot from every complete summary. `edge` draws from 0 to under 1 for a snapshot, always the same:
    by how much more than `min_accounts` accounts must be new after it. `kinds` gives the public vocabulary in the space of the vectors, when
    there is something to publish; None: no name is taken from it."""
    for leftover in folder.glob("*.partial*"):
        leftover.unlink()
    summaries, accounts = facts.totals()
    last = snapshot_numbers(folder)
    previous = Snapshot(snapshot_path(folder, last[-1])) if last else None
    if previous is not None and (why := _too_little_new(previous, facts, min_accounts, edge)):
        if not vectors_path(folder, previous.number).exists():
            freeze_vectors(previous, vectors, folder)
        return Published(None, summaries, 0, why)
    if accounts < min_accounts:
        return Published(None, summaries, 0, f"the index holds fewer than {min_accounts} accounts")
    target = snapshot_path(folder, last[-1] + 1 if last else 1)
    partial = target.with_suffix(".partial")
    facts.copy_members(partial)
    numbers = facts.numbers()
    report("copying vectors", 0, len(numbers))
    frozen = await asyncio.to_thread(
        freeze, vectors_path(folder, int(target.stem)), vectors.pages(numbers), len(numbers)
    )
    vectors.release()  # Chroma holds its graph in memory, and nothing below asks it
    count = await _fill(partial, facts, numbers, frozen, namer, taxonomist, own, previous, min_accounts, report, kinds)
    partial.rename(target)
    for older in {*folder.glob(f"*{SUFFIX}"), *folder.glob(f"*{DERIVED}")} - {vectors_path(folder, int(target.stem))}:
        older.unlink()
    return Published(int(target.stem), summaries, count)


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
        return "no account is new since the last snapshot"
    return (
        f"too few accounts are new since the last snapshot: at least {min_accounts} to {2 * min_accounts - 1} are needed, "
        "and the exact number is secret"
    )


async def _fill(
    path: Path,
    facts: Facts,
    numbers: Sequence[int],
    vectors: FrozenVectors,
    namer: Namer,
    taxonomist: Taxonomist,
    own: Sequence[FacetSpec],
    previous: Snapshot | None,
    min_accounts: int,
    report: Report,
    kinds: Callable[[], Kinds] | None,
) -> int:
    placed = await asyncio.to_thread(
        place, vectors, BASE_CLUSTER_SIZE, lambda done, total: report("placing summaries", done, total)
    )
    labels, near = placed.labels, placed.labels[placed.rows]
    centres = centres_of(placed.vectors, near)
    with contextlib.closing(duckdb.connect(str(path))) as connection:
        members = _members(connection, [numbers[row] for row in placed.rows.tolist()])
        background = Background.count((item.text for item in members), (item.language for item in members))
        read = _kinds_of(connection)
        named = voted(read, placed.neighbours.rows, placed.neighbours.similarity)
        middles = kinds().middles if kinds is not None else None
        work = _Naming(members, placed.vectors, background, middles, read[placed.rows])
        asked = work.asked(near, report, "naming clusters")
        base_names = await settled_names(namer, asked, NAME_ACCOUNTS)
        sizes = np.bincount(labels[labels >= 0], minlength=len(centres)).tolist()
        themes = [
            Theme(name, size, field_of_most(named.fields[labels == number]))
            for number, (name, size) in enumerate(zip(base_names, sizes, strict=True))
        ]
        report("grouping clusters", 0, len(themes))
        tree = await taxonomist.groups(themes, centres)
        groups = tree.labels
        tops = _top_labels(labels, groups)
        above = work.asked(tops[placed.rows], report, "naming groups", base_names, groups)
        top_names = await settled_names(namer, above, NAME_ACCOUNTS, tree.names)
        base_ids, next_base = _carried("C", labels, len(centres), numbers, previous)
        top_ids, next_top = _carried("T", tops, len(top_names), numbers, previous)
        nodes = [(top_ids[group], None, name) for group, name in enumerate(top_names)]
        nodes += [(base_ids[label], top_ids[groups[label]], name) for label, name in enumerate(base_names)]
        _write(connection, numbers, placed, named, nodes)
        _write_middles(connection, middles)
        _write_phrases(connection, background, min_accounts, len(numbers) / max(1, len(members)))
        _write_own_facets(connection, own)
        kept = {key: facts.manifest(key) or "" for key in ("encoder", "extractor", "accounts")}
        counters = {"next_C": str(next_base), "next_T": str(next_top), "failed": str(sum(facts.failures().values()))}
        counters[LAST_NUMBER] = str(facts.last_number())
        published = datetime.now(UTC).isoformat(timespec="seconds")
        _write_meta(
            connection, {"namer": namer.name, "taxonomist": tree.made_by, "published": published, **kept, **counters}
        )
        _write_scores(connection, facts.privacy_scores(), [*top_names, *base_names])
    return len(centres)


def _members(connection: duckdb.DuckDBPyConnection, numbers: Sequence[int]) -> list[Member]:
    rows = connection.execute(
        "SELECT text, language, account FROM members WHERE no IN (SELECT unnest(?::INTEGER[])) ORDER BY no", [numbers]
    ).fetchall()
    return [Member(*row) for row in rows]


def _kinds_of(connection: duckdb.DuckDBPyConnection) -> NDArray[np.int64]:
    """The kind of each summary, as a place in the vocabulary."""
    return places_of([row[0] or "" for row in connection.execute("SELECT kind FROM members ORDER BY no").fetchall()])


def _carried(
    kind: str, labels: Labels, count: int, numbers: Sequence[int], previous: Snapshot | None
) -> tuple[list[str], int]:
    """Ids of clusters in label order, and the next free number.

    A cluster keeps the id of the earlier one with which it shares most: over the summaries that both snapshots hold,
    more than half of the two together (Jaccard above .5, so that the match is one to one). A number is never used again.
    """
    if previous is None:
        return [f"{kind}{label + 1}" for label in range(count)], count + 1
    before, earlier = _earlier(kind, np.asarray(numbers, dtype=np.int64), previous)
    fresh = int(previous.meta.get(f"next_{kind}") or 1 + max((int(name[1:]) for name in earlier), default=0))
    ids = []
    for label in range(count):
        inside = (labels == label) & (before != _NOT_THERE)
        matches = np.bincount(before[inside & (before >= 0)], minlength=len(earlier))
        best = int(matches.argmax()) if len(matches) else 0
        union = int(inside.sum()) + int((before == best).sum()) - int(matches[best]) if len(matches) else 0
        if len(matches) and matches[best] > union / 2:
            ids.append(earlier[best])
        else:
            ids.append(f"{kind}{fresh}")
            fresh += 1
    return ids, fresh


_NOT_THERE = -2


def _earlier(kind: str, numbers: NDArray[np.int64], previous: Snapshot) -> tuple[Labels, list[str]]:
    """For each summary its earlier cluster of this kind (OUTSIDE, or _NOT_THERE), and the earlier ids."""
    base = previous.base_clusters
    earlier = [cluster.id for cluster in base]
    labels = previous.base_labels
    if kind == "T":
        earlier = [cluster.id for cluster in previous.clusters if cluster.parent is None]
        parents = np.array([earlier.index(cluster.parent or "") for cluster in base] or [0], dtype=np.int32)
        labels = np.where(labels >= 0, parents[labels], OUTSIDE).astype(np.int32)
    rows, held = previous.rows_of(numbers)
    found = np.full(len(numbers), _NOT_THERE, dtype=np.int32)
    found[held] = labels[rows]
    return found, earlier


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
    middles: Vectors | None
    """Of the requests of the public vocabulary, in the space of `matrix`."""
    kinds: NDArray[np.int64]

    def asked(
        self,
        labels: Labels,
        report: Report,
        stage: str,
        children: Sequence[str | None] = (),
        parts: Labels | None = None,
    ) -> list[ToName]:
        """What is to be named, a cluster each, in label order. Groups know the names of their `children`, which `parts`
        says they are."""
        centres = centres_of(self.matrix, labels)
        groups = []
        for label, centre in enumerate(centres):
            below = np.flatnonzero(parts == label).tolist() if parts is not None else []
            known = tuple(name for place in below if (name := children[place]))
            groups.append(self._to_name(np.flatnonzero(labels == label), labels != label, centre, known))
            report(stage, label + 1, len(centres))
        return groups

    def _to_name(
        self,
        rows: NDArray[np.intp],
        outside: NDArray[np.bool_],
        centre: NDArray[np.float32],
        children: tuple[str, ...],
    ) -> ToName:
        generator = np.random.default_rng(7)
        drawn = rows if len(rows) <= _NAMING_ROWS else np.sort(generator.choice(rows, _NAMING_ROWS, replace=False))
        members = [self.members[row] for row in drawn]
        nearness = np.where(outside, self.matrix @ centre, -np.inf)
        nearest = np.argsort(-nearness, kind="stable")[: min(NEARBY, int(outside.sum()))]
        sample = NamingSample(
            group_phrases(members, self.background, NAME_ACCOUNTS),
            group_phrases([self.members[row] for row in nearest], self.background, NAME_ACCOUNTS),
            group_language(members),
            children,
            labels=labels_for(self.middles, self.matrix[drawn], self.kinds[drawn]) if self.middles is not None else (),
        )
        return ToName(sample, members)


def _write(
    connection: duckdb.DuckDBPyConnection,
    numbers: Sequence[int],
    where: Placed,
    named: Named,
    nodes: Sequence[tuple[str, str | None, str | None]],
) -> None:
    axes = [f"x{axis}" for axis in range(where.space.shape[1])]
    placed: dict[str, NDArray[Any]] = {"no": np.asarray(numbers, dtype=np.int64), "cluster": where.labels}
    placed.update({name: where.space[:, axis] for axis, name in enumerate(axes)})
    placed.update({name: where.plane[:, axis] for axis, name in enumerate(PLANE_COLUMNS)})
    placed["field"] = np.array(named.field_names(), dtype=object)
    placed["area"] = np.array(named.area_names(), dtype=object)
    connection.execute("CREATE TABLE placed AS SELECT * FROM placed")
    connection.execute(
        "CREATE TABLE joined AS SELECT members.*, placed.* EXCLUDE (no) FROM members JOIN placed USING (no) ORDER BY no"
    )
    connection.execute("DROP TABLE members")
    connection.execute("DROP TABLE placed")
    connection.execute("ALTER TABLE joined RENAME TO members")
    connection.execute("CREATE TABLE clusters (position INTEGER, id VARCHAR, parent VARCHAR, name VARCHAR)")
    for position, node in enumerate(nodes):
        connection.execute("INSERT INTO clusters VALUES (?, ?, ?, ?)", [position, *node])


def _write_middles(connection: duckdb.DuckDBPyConnection, middles: Vectors | None) -> None:
    """The public vocabulary in the space of the vectors, so that groups which a question makes can be named from it."""
    connection.execute("CREATE TABLE vocabulary (place INTEGER, label VARCHAR, middle BLOB)")
    if middles is None:
        return
    labels = [request.label for request in vocabulary().requests]
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


def _write_phrases(connection: duckdb.DuckDBPyConnection, background: Background, min_uses: int, scale: float) -> None:
    """How common phrases are. `scale` brings counts over the summaries placed directly to counts over all."""
    rows = [
        (language, phrase, round(scale * count))
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
