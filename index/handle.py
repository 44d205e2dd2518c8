"""One index on disk: its settings file, its stores, its snapshots. Opens for reading or for writing.

An index folder holds `index.toml` (identity, named dates, policy), `facts.duckdb`, `vectors/` and `snapshots/` (each a
DuckDB file; the newest has its vectors beside it).
Readers never open the writer's files, so they go on while an ingest runs.
"""

import os
import uuid
from collections.abc import Mapping
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from index.core.errors import IndexFault, SettingsError
from index.core.facets import FacetSpec, load_facets, require_kept
from index.core.files import written_whole
from index.core.home import Home, load_or_make_key, private_folder, restrict
from index.core.settings_file import SettingsModel, checked, read_toml
from index.embedding.encoder import Encoder, same_encoder
from index.geometry.nearness import near_cells
from index.geometry.partition import Least, cell_means, cells
from index.labels import OwnLabel, load_labels
from index.privacy.cipher import Cipher
from index.privacy.proper_nouns import ProperNouns
from index.privacy.sealing import Sealer
from index.snapshots.snapshot import (
    CELLS,
    MEANS,
    Rows,
    Snapshot,
    derived_path,
    snapshot_numbers,
    snapshot_path,
    vectors_path,
)
from index.stores.facts import Facts
from index.stores.frozen import FrozenVectors
from index.stores.repair import repair
from index.stores.vectors import ChromaServer, Vectors, VectorStore

_SETTINGS = "index.toml"
LABELS = "labels.toml"
_FACETS = "facets.toml"
CHROMA_URL, CHROMA_TOKEN = "SHOAL_CHROMA_URL", "SHOAL_CHROMA_TOKEN"
"""Variables: the server on which a new index keeps its vectors, and the token for it."""
SHARDS = "shards"
"""Folder in which readings of a cluster wait for the committer; removed when all are committed, and by an erasure."""
FORGETTING = "forgetting.json"
"""While this note stands, an erasure is under way or was interrupted (`index.maintenance.erasure`)."""
_TEMPLATE = """# Settings of this Shoal index. Only here can a privacy policy be made looser than the defaults.
id = "{id}"

[landmarks]
# Named dates that questions may use: launch = 2026-08-03
{landmarks}
[policy]
# min_conversations = 15

{vectors}
[retention]
# Erase summaries older than this, at the next ingest or publishing: days = 365
"""

NEAR_AT_MOST = 5_000
"""Most summaries that one phrase can select."""

_BLOCK = 16_384
"""Vectors that are compared with the vocabulary at once."""


class Retention(SettingsModel):
    """How long summaries are kept."""

    days: int | None = Field(None, ge=1)
    """Days after which summaries are erased, at the next ingest or publishing. Left out: they are kept."""


class VectorPlace(SettingsModel):
    """Where vectors are kept. The token of a server comes from SHOAL_CHROMA_TOKEN alone."""

    url: str | None = None
    """The address of a Chroma server. Left out: in the index's own folder."""


class IndexSettings(SettingsModel):
    """What an index's own settings file says."""

    id: str = Field(min_length=1)
    """Names the index's key."""
    landmarks: dict[str, date] = Field(default_factory=dict)
    """Named dates that questions may use."""
    policy: dict[str, Any] = Field(default_factory=dict)
    """Privacy values of this index; only here can they be looser than the defaults."""
    vectors: VectorPlace = VectorPlace()
    """Where vectors are kept."""
    retention: Retention = Retention()
    """How long summaries are kept."""
    proper_nouns: ProperNouns = ProperNouns()
    """Who must have written a name before it is shown."""
    facets: tuple[FacetSpec, ...] = ()
    """Facets that the index defines for itself, in its `facets.toml`."""
    labels: tuple[OwnLabel, ...] = ()
    """Names for themes that the index has beside the public vocabulary, in its `labels.toml`."""


def _others(path: Path) -> str:
    """The indexes beside a path, for whoever mistyped a name."""
    found = sorted(file.parent.name for file in path.parent.glob(f"*/{_SETTINGS}"))
    return f"Indexes here: {', '.join(found)}; name one with --index. " if found else ""


def read_settings(path: Path) -> IndexSettings:
    """The settings of the index at `path`. Raises IndexFault when there is none or its file is wrong."""
    file = path / _SETTINGS
    if not file.exists():
        raise IndexFault(
            f"There is no index at {path}.",
            f"{_others(path)}Build one: shoal ingest FILE (your own data), or: shoal demo (the bundled demo).",
        )
    values = read_toml(file, IndexFault)
    found = checked(IndexSettings, values, str(file), IndexFault, "Correct it, or restore it from a backup.")
    landmarks = {name.casefold(): day for name, day in found.landmarks.items()}
    return found.with_values(landmarks=landmarks, facets=load_facets(path / _FACETS), labels=load_labels(path / LABELS))


@dataclass(frozen=True, slots=True)
class Writer:
    """An index opened for ingest and publishing, by one process at a time."""

    path: Path
    settings: IndexSettings
    facts: Facts
    vectors: VectorStore
    sealer: Sealer

    @property
    def snapshots(self) -> Path:
        return private_folder(self.path / "snapshots")

    def close(self) -> None:
        """Release the write lock and make sure that only this user can read what was written."""
        self.facts.close()
        self.vectors.release()
        restrict(self.path)


def open_writer(
    path: Path, home: Home, landmarks: Mapping[str, date] | None = None, facets: Path | None = None
) -> Writer:
    """Open an index for writing, making it when it is not there. `landmarks` are set only when it is made; `facets` is
    a file of facets to add to the index's own."""
    file = path / _SETTINGS
    if not file.exists():
        lines = "".join(f"{name} = {day.isoformat()}\n" for name, day in (landmarks or {}).items())
        server = os.environ.get(CHROMA_URL)
        if server:
            # Asked before it is written down, so that a wrong address leaves no index behind.
            VectorStore(ChromaServer(server, "", os.environ.get(CHROMA_TOKEN))).reached()
        private_folder(path)
        place = f'[vectors]\nurl = "{server}"\n' if server else ""
        file.write_text(_TEMPLATE.format(id=uuid.uuid4().hex, landmarks=lines, vectors=place), "utf-8")
        file.chmod(0o600)
    private_folder(path)
    if facets is not None:
        _add_facets(path / _FACETS, facets)
    settings = read_settings(path)
    key = load_or_make_key(home.folder("keys"), settings.id)
    facts = Facts(path / "facts.duckdb", Cipher(key, b"shoal-facts"))
    _restore_vectors(path)
    vectors = vector_store(path, settings)
    repair(facts, vectors)
    return Writer(path, settings, facts, vectors, Sealer(key))


def vector_store(path: Path, settings: IndexSettings) -> VectorStore:
    """The store of an index's vectors: its folder, or the server that its settings name."""
    if settings.vectors.url is None:
        return VectorStore(private_folder(path / "vectors"))
    return VectorStore(ChromaServer(settings.vectors.url, f"shoal-{settings.id}", os.environ.get(CHROMA_TOKEN)))


def _restore_vectors(path: Path) -> None:
    """Undo a swap of vector stores (`index.maintenance.erasure`) that a kill left between its two steps."""
    folder, old = path / "vectors", path / "vectors.old"
    if old.exists() and not folder.exists():
        old.rename(folder)


def _add_facets(kept: Path, file: Path) -> None:
    """Keep a file of facets with the index. A facet already there may not change: its old values would lie."""
    if not file.exists():
        raise SettingsError(f"There is no file {file}.", "docs/guide/ingest.md has an example.")
    require_kept(file, load_facets(file), load_facets(kept))
    kept.write_text(file.read_text("utf-8"), "utf-8")
    kept.chmod(0o600)


def encoder_of(path: Path) -> str | None:
    """The embedding model that the newest snapshot of an index was made with; None: there is none that can be read."""
    published = snapshot_numbers(path / "snapshots")
    with suppress(IndexFault, OSError):
        return Snapshot(snapshot_path(path / "snapshots", published[-1])).meta.get("encoder") if published else None
    return None


class Index:
    """An index opened for reading at its newest snapshot."""

    def __init__(self, path: Path, encoder: Encoder) -> None:
        self.path = path
        self.settings = read_settings(path)
        if (path / FORGETTING).exists():
            raise IndexFault(
                "Something is being erased from this index, or an erasure was interrupted.",
                "Wait for it, or finish it: shoal publish",
            )
        published = snapshot_numbers(path / "snapshots")
        if not published:
            raise IndexFault(
                f"The index at {path} has no published snapshot yet.",
                "Publish one: shoal publish (needs enough accounts).",
            )
        self.snapshot = Snapshot(snapshot_path(path / "snapshots", published[-1]))
        same_encoder(self.snapshot.meta.get("encoder"), encoder.name)
        self._encoder = encoder
        self.least = Least(15, 5, 0.5)
        self._partitions: dict[Least, NDArray[np.int32]] = {}
        self._cell_means: dict[Least, NDArray[np.float32]] = {}
        """Both are shared by all views of this index."""
        self._vectors = FrozenVectors(vectors_path(path / "snapshots", published[-1]))

    def viewed(self, snapshot: Snapshot, least: Least) -> Self:
        """The same index, read through another view of its snapshot, with cells of at least so many."""
        other = copy(self)
        other.snapshot, other.least = snapshot, least
        return other

    @property
    def derived(self) -> Path:
        """Where the tools keep what they computed of the snapshot."""
        return derived_path(self.path / "snapshots", self.snapshot.number)

    def near(self, phrase: str) -> tuple[Rows, NDArray[np.float32]]:
        """Summaries of the snapshot near a phrase in meaning (`index.geometry.nearness`), ascending, at most NEAR_AT_MOST of
        the nearest cells, and their cosine similarity."""
        vector = self._encoder.encode([phrase])[0]
        cells, means = self.cells(), self._means()
        sizes = np.bincount(cells, minlength=len(means))
        near = near_cells((means @ vector).astype(np.float64), sizes, NEAR_AT_MOST)
        rows = np.flatnonzero(near[cells]).astype(np.int64) if len(cells) else np.zeros(0, dtype=np.int64)
        return rows, self._vectors.of(rows) @ vector

    def cells(self) -> NDArray[np.int32]:
        """The cell of each summary in the snapshot's partition (`index.geometry.partition`), shape (n,). Read where the writer
        kept it, else made now; once a process for each `least`."""
        if self.least not in self._partitions:
            kept = self._kept_cells()
            self._partitions[self.least] = self._made_cells() if kept is None else kept
        return self._partitions[self.least]

    def _means(self) -> NDArray[np.float32]:
        """The mean vector of each cell, shape (cells, d). Read where the writer kept it, else made now; once a process for
        each `least`."""
        if self.least not in self._cell_means:
            try:
                kept: NDArray[np.float32] | None = np.load(self._beside(MEANS), mmap_mode="r")
            except (OSError, ValueError):
                kept = None
            is_of_these = kept is not None and self._kept_cells() is not None
            self._cell_means[self.least] = kept if is_of_these and kept is not None else self._made_means()
        return self._cell_means[self.least]

    def _made_means(self) -> NDArray[np.float32]:
        return cell_means(self._vectors.pages(), self.cells())

    def keep_cells(self) -> None:
        """Keep the partition and its means beside the newest snapshot, where they are not there. Only the writer may."""
        if self._kept_cells() is not None:
            return
        self._keep(MEANS, self._made_means())
        self._keep(CELLS, np.concatenate([self._basis, self.cells()]))

    def _keep(self, kind: str, values: NDArray[Any]) -> None:
        with written_whole(self._beside(kind)) as partial:
            np.save(partial, values)

    def _beside(self, kind: str) -> Path:
        return self.derived.with_suffix("").with_suffix(kind)

    @property
    def _basis(self) -> NDArray[np.int64]:
        """What a partition rests on: another `least`, or another snapshot of this number, has another."""
        least, accounts = self.least, self.snapshot.accounts
        dominance = round(1_000 * least.dominance)
        return np.array([least.conversations, least.accounts, dominance, len(accounts), int(accounts.sum())])

    def _kept_cells(self) -> NDArray[np.int32] | None:
        try:
            found: NDArray[np.int64] = np.load(self._beside(CELLS))
        except (OSError, ValueError):
            return None
        basis = self._basis
        is_same = len(found) == len(basis) + len(self.snapshot) and (found[: len(basis)] == basis).all()
        return found[len(basis) :].astype(np.int32) if is_same else None

    def _made_cells(self) -> NDArray[np.int32]:
        return cells(self._vectors.mapped, self.snapshot.accounts, self.least)

    def vectors_of(self, rows: Rows) -> Vectors:
        """The vectors of these rows, in their order, of length one. For computing inside the data plane only."""
        return self._vectors.of(rows)

    def earlier(self) -> list[Snapshot]:
        """The snapshots published before this one, oldest first."""
        folder = self.path / "snapshots"
        numbers = [number for number in snapshot_numbers(folder) if number < self.snapshot.number]
        return [Snapshot(snapshot_path(folder, number)) for number in numbers]

    def nearest_kinds(self, rows: Rows) -> NDArray[np.int64]:
        """The request of the public vocabulary that each of these summaries is nearest to, by its place in it, shape (n,); -1 for
        all where this snapshot was published without one."""
        labelled = self.snapshot.label_space
        if labelled is None:
            return np.full(len(rows), -1, dtype=np.int64)
        vectors = self._vectors.of(rows)
        blocks = [vectors[at : at + _BLOCK] @ labelled.middles.T for at in range(0, len(vectors), _BLOCK)]
        return np.concatenate([np.zeros(0, dtype=np.int64), *(block.argmax(axis=1) for block in blocks)])
