"""A published, frozen snapshot: what every tool reads.

A snapshot is one read-only DuckDB file, so readers never wait for a writer and two runs over it agree. It stays in
the data plane: tools may read members to compute, and only the gate may let anything out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from index.core.errors import IndexFault
from index.geometry.clustering import DIMENSIONS, Labels, Plane, Space
from index.labels import LabelSpace
from index.privacy.sealing import SUMMARY
from index.privacy.sketch import VALUES, Sketches, unpacked
from index.stores.frozen import SUFFIX
from index.stores.schema import quoted
from index.vocabulary import vocabulary

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Rows = NDArray[np.int64]
"""Positions of summaries in a snapshot, ascending, from 0."""

UNDATED = -1

PLANE_COLUMNS = ("plane0", "plane1")

DERIVED = ".derived.npy"
CELLS, MEANS = f".cells{DERIVED}", f".means{DERIVED}"
_FILE = "{:04d}.duckdb"


@dataclass(frozen=True, slots=True)
class Codes:
    """A closed facet of every summary: `values[codes[row]]`."""

    values: tuple[str, ...]
    codes: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class OwnFacet:
    """A facet that the index defines for itself. `values` is empty for free text."""

    name: str
    kind: str
    question: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cluster:
    """A node of the taxonomy. `parent` None: a top-level group. `name` None: no honest name was found.

    A name is a proposal until the gate has attested it.
    """

    id: str
    parent: str | None
    name: str | None


def snapshot_path(folder: Path, number: int) -> Path:
    return folder / _FILE.format(number)


def vectors_path(folder: Path, number: int) -> Path:
    """Where the vectors of a snapshot stand, while it is the newest."""
    return snapshot_path(folder, number).with_suffix(SUFFIX)


def derived_path(folder: Path, number: int) -> Path:
    """Where something stands that was computed of a snapshot, while it is the newest. An erasure removes it."""
    return snapshot_path(folder, number).with_suffix(DERIVED)


def snapshot_numbers(folder: Path) -> list[int]:
    """Numbers of the published snapshots, ascending."""
    if not folder.is_dir():
        return []
    return sorted(int(path.stem) for path in folder.glob("*.duckdb") if path.stem.isdigit())


LAST_NUMBER = "last_number"
"""In a snapshot's meta: see `Snapshot.last_number`."""


class Snapshot:
    """One published snapshot, columns loaded when first needed."""

    def __init__(self, path: Path, beside: "Snapshot | None" = None) -> None:
        self.path = path
        self.number = int(path.stem)
        self._beside = beside
        """Another view of the same file, whose connection this one shares."""

    @cached_property
    def _connection(self) -> "DuckDBPyConnection":
        if self._beside is not None:
            return self._beside._connection
        import duckdb

        # Attached, because DuckDB gives whoever connects to a path what another one in this process has open under it,
        # though an erasure has put another file there since.
        connection = duckdb.connect(":memory:")
        try:
            # What does not fit in memory is summaries, and goes nowhere but beside them.
            connection.execute(f"SET temp_directory = {quoted(self.path.with_suffix('.spill'))}")
            connection.execute(f"ATTACH {quoted(self.path)} AS snapshot (READ_ONLY)")
        except duckdb.Error as error:
            raise IndexFault(f"The snapshot {self.path} is damaged.", "Publish again: shoal publish") from error
        return connection

    def _cursor(self) -> "DuckDBPyConnection":
        """A cursor of its own for each query: tools of parallel agents share one snapshot."""
        cursor = self._connection.cursor()
        cursor.execute("USE snapshot")
        return cursor

    def _column(self, name: str) -> NDArray[Any]:
        found: NDArray[Any] = self._cursor().execute(f"SELECT {name} AS c FROM members ORDER BY no").fetchnumpy()["c"]
        return found

    @cached_property
    def meta(self) -> dict[str, str]:
        """What made this snapshot: encoder, extractor, namer, settings, time."""
        return dict(self._cursor().execute("SELECT key, value FROM meta").fetchall())

    @cached_property
    def numbers(self) -> NDArray[np.int64]:
        """The index-wide number of each summary, ascending."""
        return np.asarray(self._column("no"), dtype=np.int64)

    @cached_property
    def last_number(self) -> int:
        """The highest number that a summary had been given when this was published, also one that was erased since."""
        return int(self.meta.get(LAST_NUMBER) or self.numbers.max(initial=0))

    def __len__(self) -> int:
        return len(self.numbers)

    @cached_property
    def accounts(self) -> NDArray[np.int64]:
        """The account number of each summary."""
        return np.asarray(self._column("account"), dtype=np.int64)

    @cached_property
    def days(self) -> NDArray[np.int64]:
        """Days since 1970-01-01, or UNDATED."""
        return np.asarray(self._column(f"coalesce(day, {UNDATED})"), dtype=np.int64)

    @cached_property
    def base_labels(self) -> Labels:
        """The base cluster of each summary, as a position in `base_clusters`, or OUTSIDE."""
        return np.asarray(self._column("cluster"), dtype=np.int32)

    @cached_property
    def base_members(self) -> tuple[Rows, ...]:
        """The rows of each base cluster, in label order. The same arrays every time, so that what is computed of them can
        be remembered."""
        order = np.argsort(self.base_labels, kind="stable").astype(np.int64)
        bounds = np.searchsorted(self.base_labels[order], np.arange(len(self.base_clusters) + 1))
        return tuple(order[first:last] for first, last in pairwise(bounds.tolist()))

    @cached_property
    def clusters(self) -> tuple[Cluster, ...]:
        found = self._cursor().execute("SELECT id, parent, name FROM clusters ORDER BY position").fetchall()
        return tuple(Cluster(*row) for row in found)

    @cached_property
    def base_clusters(self) -> tuple[Cluster, ...]:
        """Base clusters in label order."""
        return tuple(cluster for cluster in self.clusters if cluster.parent is not None)

    @property
    def phrases(self) -> list[tuple[str, str, int]]:
        """Language, phrase, and about how many summaries use it."""
        return self._cursor().execute("SELECT language, phrase, uses FROM phrases").fetchall()

    @cached_property
    def privacy_scores(self) -> dict[tuple[str, int], int]:
        """How many things of each stage got each privacy score, when this snapshot was published."""
        if not self._has_table("privacy_scores"):
            return {}
        rows = self._cursor().execute("SELECT stage, score, things FROM privacy_scores ORDER BY score").fetchall()
        return {(stage, score): count for stage, score, count in rows}

    @cached_property
    def label_space(self) -> LabelSpace | None:
        """What groups are named from, in the space of the vectors; None where this snapshot was published without, or with
        another vocabulary."""
        if not self._has_table("vocabulary"):
            return None
        rows = self._cursor().execute("SELECT label, middle FROM vocabulary ORDER BY place").fetchall()
        public = [request.label for request in vocabulary().requests]
        labels = [label for label, _ in rows]
        if labels[: len(public)] != public:
            return None
        middles = np.frombuffer(b"".join(middle for _, middle in rows), dtype="<f4").reshape(len(rows), -1)
        own = tuple(labels[len(public) :])
        return LabelSpace(middles[: len(public)], own, middles[len(public) :] if own else None)

    @cached_property
    def own_labels(self) -> frozenset[str]:
        """The labels that names may be made of beside the public vocabulary; they were checked when they were added."""
        return frozenset(self.label_space.own) if self.label_space is not None else frozenset()

    @cached_property
    def own_facets(self) -> tuple[OwnFacet, ...]:
        """The facets that the index defines for itself, as they were when this snapshot was published."""
        if not self._has_table("own_facets"):
            return ()
        rows = self._cursor().execute("SELECT name, kind, question, values FROM own_facets").fetchall()
        return tuple(OwnFacet(name, kind, question, tuple(values)) for name, kind, question, values in rows)

    def _has_table(self, name: str) -> bool:
        found = self._cursor().execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = ?", [name]).fetchone()
        return found != (0,)

    @cached_property
    def _columns(self) -> frozenset[str]:
        """A snapshot of an older Shoal lacks the facets that came later."""
        return frozenset(row[0] for row in self._cursor().execute("DESCRIBE members").fetchall())

    @cached_property
    def _facets(self) -> dict[str, Codes]:
        return {}

    def facet(self, name: str) -> Codes:
        """A stored closed facet as codes; what is not known is "unknown". Kept, because coding words is slow."""
        if name not in self._facets:
            self._facets[name] = self._coded(name)
        return self._facets[name]

    def _coded(self, name: str) -> Codes:
        if name in self._columns:
            source = f"coalesce(CAST({name} AS VARCHAR), 'unknown')"
        elif "own" in self._columns:
            source = f"coalesce(json_extract_string(own, '$.\"{name}\"'), 'unknown')"
        else:
            source = "'unknown'"
        found = self._cursor().execute(f"SELECT DISTINCT {source} FROM members").fetchall()
        values = sorted(value for (value,) in found)
        codes: NDArray[np.int32] = (
            self._cursor()
            .execute(
                "SELECT code::INTEGER AS code FROM members JOIN "
                f"(SELECT unnest(?::VARCHAR[]) AS value, unnest(range({len(values)})) AS code) ON {source} = value ORDER BY no",
                [values],
            )
            .fetchnumpy()["code"]
        )
        codes.flags.writeable = False
        return Codes(tuple(values), codes)

    def space(self, rows: Rows) -> Space:
        """Coordinates of these summaries in the cluster space, shape (len(rows), DIMENSIONS)."""
        columns = [self._coordinates[rows, axis] for axis in range(DIMENSIONS)]
        return np.column_stack(columns).astype(np.float32)

    @cached_property
    def _coordinates(self) -> Space:
        return np.column_stack([self._column(f"x{axis}") for axis in range(DIMENSIONS)]).astype(np.float32)

    @cached_property
    def plane(self) -> Plane | None:
        """Where a map shows each summary, shape (len(self), 2); None in a snapshot of an older Shoal."""
        if not self._columns.issuperset(PLANE_COLUMNS):
            return None
        return np.column_stack([self._column(name) for name in PLANE_COLUMNS]).astype(np.float32)

    def texts(self, rows: Rows, facet: str = SUMMARY) -> list[str]:
        """The screened summaries of these rows, or another free-text facet's texts, in their order ("" where there is
        none). For readers (R11) and the gate only."""
        wanted = self.numbers[rows]
        if facet != SUMMARY and "texts" not in self._columns:
            return [""] * len(wanted)
        text = "text" if facet == SUMMARY else f"coalesce(json_extract_string(texts, '$.\"{facet}\"'), '')"
        found = dict(
            self._cursor()
            .execute(f"SELECT no, {text} FROM members WHERE no IN (SELECT unnest(?::BIGINT[]))", [wanted.tolist()])
            .fetchall()
        )
        return [found[number] for number in wanted.tolist()]

    def sketches(self, rows: Rows) -> tuple[Sketches, NDArray[np.bool_]]:
        """The form of these rows' first requests, shape (len(rows), VALUES), and which of them have one: what an
        earlier Shoal took in has none. For comparing inside the data plane only."""
        wanted = self.numbers[rows]
        found: dict[int, bytes] = {}
        if "sketch" in self._columns:
            sql = "SELECT no, sketch FROM members WHERE sketch IS NOT NULL AND no IN (SELECT unnest(?::BIGINT[]))"
            found = dict(self._cursor().execute(sql, [wanted.tolist()]).fetchall())
        known = np.array([number in found for number in wanted.tolist()], dtype=bool)
        sketches = np.zeros((len(rows), VALUES), dtype=np.uint32)
        sketches[known] = unpacked([found[number] for number in wanted[known].tolist()])
        return sketches, known

    def rows_of(self, numbers: Sequence[int] | NDArray[np.int64]) -> tuple[Rows, NDArray[np.bool_]]:
        """Positions of these summary numbers, and which of them this snapshot holds."""
        wanted = np.asarray(numbers, dtype=np.int64)
        if len(self.numbers) and self.numbers[-1] - self.numbers[0] == len(self.numbers) - 1:
            # No number is missing, as in most snapshots: a difference in place of a search.
            places = wanted - self.numbers[0]
            is_present = (places >= 0) & (places < len(self.numbers))
            return places[is_present], is_present
        places = np.searchsorted(self.numbers, wanted)
        places = np.minimum(places, max(0, len(self.numbers) - 1))
        is_present = self.numbers[places] == wanted if len(self.numbers) else np.zeros(len(wanted), dtype=bool)
        return places[is_present].astype(np.int64), is_present
