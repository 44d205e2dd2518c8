"""Vectors at rest (Chroma, embedded and persistent): ids and vectors only, no text and no metadata.

Vectors can be inverted to text, so nothing outside the index reads one. This is the store of record, that an ingest
writes; questions read what a publishing copied from it (`index.stores.frozen`).
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.core.errors import IndexFault

Vectors = NDArray[np.float32]
"""Shape (n, d), rows of unit length."""

_PAGE = 5_000


class VectorStore:
    """The vectors of one index, by summary number. Opens Chroma on first use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _opened(self) -> tuple[Any, Any]:
        """Chroma's client and our collection."""
        import chromadb
        from chromadb.config import Settings

        try:
            client = chromadb.PersistentClient(str(self._folder), settings=Settings(anonymized_telemetry=False))
            # A small graph: Chroma keeps one, and no question walks it.
            return client, client.get_or_create_collection(
                "summaries",
                configuration={"hnsw": {"space": "cosine", "max_neighbors": 8, "ef_construction": 32}},
                embedding_function=None,
            )
        except (chromadb.errors.ChromaError, OSError) as error:
            raise IndexFault(
                f"The vector store in {self._folder} cannot be opened.", "Restore it from a backup, or ingest again."
            ) from error

    @property
    def _collection(self) -> Any:
        return self._opened[1]

    def release(self) -> None:
        """Let go of the files and of what Chroma holds in memory (at a million vectors, 2 GB); the next use opens them
        again."""
        opened = self.__dict__.pop("_opened", None)
        if opened is not None:
            opened[0].close()

    def add(self, numbers: Sequence[int], vectors: Vectors) -> None:
        """Write vectors; writing a number again replaces it."""
        for start in range(0, len(numbers), _PAGE):
            part = slice(start, start + _PAGE)
            self._collection.upsert(ids=[str(number) for number in numbers[part]], embeddings=vectors[part])

    def delete(self, numbers: Sequence[int]) -> None:
        for start in range(0, len(numbers), _PAGE):
            self._collection.delete(ids=[str(number) for number in numbers[start : start + _PAGE]])

    def count(self) -> int:
        return int(self._collection.count())

    def pages(self, numbers: Sequence[int]) -> Iterator[Vectors]:
        """The vectors of these numbers in their order, a page at a time."""
        for start in range(0, len(numbers), _PAGE):
            wanted = [str(number) for number in numbers[start : start + _PAGE]]
            found = self._collection.get(ids=wanted, include=["embeddings"])
            place = {identity: row for row, identity in enumerate(found["ids"])}
            if len(place) != len(wanted):
                raise IndexFault(
                    "The vector store lacks vectors of this index.", "Run the ingest again; it repairs itself."
                )
            yield np.asarray(found["embeddings"], dtype=np.float32)[[place[identity] for identity in wanted]]
