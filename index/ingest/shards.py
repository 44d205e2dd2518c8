"""An input split into shards that any machine can read, and the encrypted files that their readings are kept in.

A shard is a part of a file that is always the same part: a range of bytes of JSON lines, else a whole file. Who reads one
screens, extracts and seals it, and writes a file under another name and renames it, with a manifest of what it was made from.
So a shard is there whole or not at all; one that is there is not read again, and one whose reader died is read anew. What
accounts decide (attestation, numbers of accounts, duplicates) waits for the one committer, who sees all shards in order.

A word that few use must be in clear on no disk (R6), and readings hold words: so the files are encrypted with a key of the
index, which never enters its folder, and are removed when they are committed.
"""

import hashlib
import json
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path

import duckdb

from index.core.errors import IndexFault
from index.core.files import written_whole
from index.core.records import Conversation
from index.ingest.extraction import LocalExtractor
from index.ingest.identity import Candidate, bare, candidates
from index.ingest.pipeline import READ_BATCH, ReadBatch, with_languages
from index.ingest.reading import excerpt, read_all
from index.privacy.cipher import Cipher
from index.privacy.sealing import Sealer
from index.sources import Read, Skipped, open_file
from index.sources.containers import is_lines, lines_between
from index.sources.files import FileSource
from index.sources.streams import packing_of
from index.stores.schema import quoted
from index.vocabulary import vocabulary

SHARD_BYTES = 32 * 1024 * 1024
"""Of JSON lines: some ten thousand conversations, read in about a minute."""

READINGS = 1
"""Counts up when what a shard's file holds, or how conversations are read, changes: older files are read anew."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of an input. `start` and `end` are bytes; both None: the whole file."""

    number: int
    path: str
    start: int | None = None
    end: int | None = None

    def source(self, mapping: Mapping[str, str]) -> FileSource:
        """The part of the file, to be read."""
        source = open_file(Path(self.path), mapping)
        if self.start is None or self.end is None:
            return source
        return replace(source, container=lines_between(Path(self.path), self.start, self.end))

    def made_of(self) -> dict[str, object]:
        """What a reading of this shard depends on; the bytes by their hash."""
        digest = hashlib.blake2b(digest_size=16)
        with open(self.path, "rb") as file:
            file.seek(self.start or 0)
            left = (self.end if self.end is not None else Path(self.path).stat().st_size) - (self.start or 0)
            while left > 0 and (piece := file.read(min(1 << 20, left))):
                digest.update(piece)
                left -= len(piece)
        return {**asdict(self), "bytes": digest.hexdigest(), "readings": READINGS, "vocabulary": vocabulary().digest}


@dataclass(frozen=True, slots=True)
class ShardReader:
    """Everything that reads a shard. `kinds`: the kind of request of each conversation; `key`: of the shards' files."""

    sealer: Sealer
    extractor: LocalExtractor
    kinds: Callable[[Sequence[Conversation]], Sequence[str]]
    key: bytes

    def read(self, shard: Shard, mapping: Mapping[str, str], folder: Path) -> int:
        """Read a shard into its file, unless it is there already. Returns how many conversations it has."""
        made_of = {**shard.made_of(), "mapping": dict(mapping), "extractor": self.extractor.name}
        manifest = _manifest(folder, shard)
        if manifest.exists() and (known := json.loads(manifest.read_text("utf-8")))["made_of"] == made_of:
            return int(known["conversations"])
        batches = list(self._batches(shard.source(mapping)))
        _write(_file(folder, shard), batches, self.key)
        count = sum(len(batch.fresh) for batch in batches)
        _replace(manifest, json.dumps({"made_of": made_of, "conversations": count}).encode())
        return count

    def _batches(self, source: FileSource) -> Iterator[ReadBatch]:
        reads = iter(source)
        while batch := list(islice(reads, READ_BATCH)):
            yield self._batch(batch)

    def _batch(self, batch: Sequence[Read]) -> ReadBatch:
        found = list(candidates(self.sealer, batch))
        cut = [excerpt(item.conversation, self.extractor.portion) for item in found]
        full = with_languages([conversation for conversation, _ in cut])
        return ReadBatch(
            batch[-1].done,
            [_kept(item) for item in found],
            read_all(self.sealer, self.extractor, full),
            self.kinds(full),
            [(read.item.reason, read.where) for read in batch if isinstance(read.item, Skipped)],
            sum(was_cut for _, was_cut in cut),
        )


def shards_of(files: Sequence[Path], mapping: Mapping[str, str], at_most: int | None = None) -> list[Shard]:
    """The shards of these files, always the same ones. Records that must be joined to conversations are not taken apart."""
    shards: list[Shard] = []
    at_most = at_most or SHARD_BYTES
    for file in files:
        source = open_file(file, mapping)
        size = file.stat().st_size
        is_apart = is_lines(source.container) and source.shape.thread is None and not packing_of(file)
        parts = range(0, size, at_most) if is_apart else range(0)
        if len(parts) < 2:
            shards.append(Shard(len(shards), str(file.resolve())))
            continue
        for start in parts:
            shards.append(Shard(len(shards), str(file.resolve()), start, min(start + at_most, size)))
    return shards


def committed(shards: Sequence[Shard], folder: Path, key: bytes) -> Iterator[ReadBatch]:
    """The batches of all shards in order. Raises IndexFault where a shard's file is missing or was made with another key."""
    for number, shard in enumerate(shards, start=1):
        for batch in _read(_file(folder, shard), key):
            yield replace(batch, done=number)


def _kept(item: Candidate) -> Candidate:
    return item._replace(conversation=bare(item.conversation))


def _file(folder: Path, shard: Shard) -> Path:
    return folder / f"{shard.number:06}.parquet"


def _manifest(folder: Path, shard: Shard) -> Path:
    return folder / f"{shard.number:06}.json"


def _cipher(key: bytes) -> Cipher:
    return Cipher(key, b"shoal-shards")


def _write(target: Path, batches: Sequence[ReadBatch], key: bytes) -> None:
    cipher = _cipher(key)
    rows = [(number, cipher.seal(pickle.dumps(batch))) for number, batch in enumerate(batches)]
    with written_whole(target) as partial, duckdb.connect(":memory:") as connection:
        connection.execute("CREATE TABLE readings (batch INTEGER, sealed BLOB)")
        if rows:
            connection.executemany("INSERT INTO readings VALUES (?, ?)", rows)
        connection.execute(f"COPY readings TO {quoted(partial)} (FORMAT parquet)")


def _read(file: Path, key: bytes) -> Iterator[ReadBatch]:
    cipher = _cipher(key)
    with duckdb.connect(":memory:") as connection:
        try:
            rows = connection.execute("SELECT sealed FROM read_parquet(?) ORDER BY batch", [str(file)]).fetchall()
            for (sealed,) in rows:
                # Authenticated by our own key before it is unpickled.
                yield pickle.loads(cipher.open(bytes(sealed)))  # noqa: S301
        except (duckdb.Error, IndexFault) as error:
            raise IndexFault(
                f"The shard {file.name} is missing or damaged.", "Run the same command again: it is read anew."
            ) from error


def _replace(target: Path, content: bytes) -> None:
    with written_whole(target) as partial:
        partial.write_bytes(content)
