"""Vectors at rest (Chroma, embedded or on a server): ids and vectors only, no text and no metadata.

Vectors can be inverted to text, so nothing outside the index reads one. This is the store of record, that an ingest
writes; questions read what a publishing copied from it (`index.stores.frozen`).
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from index.core.errors import IndexFault, SettingsError
from index.stores.graphs import blank_unused, is_let_go

Vectors = NDArray[np.float32]
"""Shape (n, d), rows of unit length."""

_PAGE = 5_000
_GRAPH: Any = {"hnsw": {"space": "cosine", "max_neighbors": 8, "ef_construction": 32}}
"""A small graph: Chroma keeps one, and no question walks it."""
_WAITS_S = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Pauses before a server that has answered once is asked again."""


@dataclass(frozen=True, slots=True)
class ChromaServer:
    """A Chroma server that several indexes may share. `name`: of this index's collection."""

    url: str
    name: str
    token: str | None = field(default=None, repr=False)

    @property
    def _next(self) -> str:
        return f"{self.name}-next"

    def client(self) -> Any:
        """A client. Raises SettingsError where the address is none, and errors of the client where nothing answers."""
        import chromadb
        from chromadb.config import Settings

        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError(f"{self.url} is no address of a Chroma server.", "Write it as https://HOST:8000.")
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else None
        is_tls = parts.scheme == "https"
        port = parts.port or (443 if is_tls else 8000)
        settings = Settings(anonymized_telemetry=False)
        return chromadb.HttpClient(parts.hostname, port, ssl=is_tls, headers=headers, settings=settings)

    def opened(self) -> tuple[Any, Any]:
        """A client and the collection."""
        client = self.client()
        known = {collection.name: collection for collection in client.list_collections()}
        if self._next in known and self.name not in known:
            known[self._next].modify(name=self.name)  # a kill came between the two steps of `replaced`
        return client, client.get_or_create_collection(self.name, configuration=_GRAPH, embedding_function=None)

    def replaced(self, client: Any, pages: Iterable[tuple[Sequence[int], Vectors]]) -> None:
        """A new collection in place of this one, with these vectors: a delete alone keeps the bytes of what is deleted."""
        if self._next in {collection.name for collection in client.list_collections()}:
            client.delete_collection(self._next)
        fresh = client.create_collection(self._next, configuration=_GRAPH, embedding_function=None)
        for numbers, vectors in pages:
            fresh.upsert(ids=[str(number) for number in numbers], embeddings=vectors)
        client.delete_collection(self.name)
        fresh.modify(name=self.name)


class VectorStore:
    """The vectors of one index, by summary number, in a folder or on a server. Opens Chroma on first use."""

    def __init__(self, place: "Path | ChromaServer") -> None:
        self._place = place
        self._has_answered = False
        """Whether the server did so before: only then is it waited for."""

    @cached_property
    def _opened(self) -> tuple[Any, Any]:
        """Chroma's client and our collection."""
        import chromadb
        from chromadb.config import Settings

        if isinstance(self._place, ChromaServer):
            opened: tuple[Any, Any] = self._asked(self._place.opened)
            return opened
        try:
            client = chromadb.PersistentClient(str(self._place), settings=Settings(anonymized_telemetry=False))
            collection = client.get_or_create_collection("summaries", configuration=_GRAPH, embedding_function=None)
        except (chromadb.errors.ChromaError, OSError) as error:
            raise IndexFault(
                f"The vector store in {self._place} cannot be opened.", "Restore it from a backup, or ingest again."
            ) from error
        return client, collection

    def _asked(self, work: Callable[[], Any]) -> Any:
        """What a store answers. A server that has answered before may be away for some seconds; what is written there twice is
        there once. One that never answered is not waited for: its address may be wrong."""
        if not isinstance(self._place, ChromaServer):
            return work()
        import httpx
        from chromadb.errors import ChromaError

        for waiting in (*(_WAITS_S if self._has_answered else ()), None):
            try:
                answer = work()
            except (ChromaError, httpx.HTTPError, OSError, ValueError) as error:
                # The client says by a ValueError that it could not connect; a refusal is not asked again.
                is_away = isinstance(error, httpx.TransportError | OSError) or "Could not connect" in str(error)
                if waiting is None or not is_away:
                    raise IndexFault(
                        f"The Chroma server at {self._place.url} does not answer.",
                        "Start it, check its address ([vectors] url in the index's index.toml) and SHOAL_CHROMA_TOKEN, and "
                        "run the same command again: it goes on.",
                    ) from error
                time.sleep(waiting)
            else:
                self._has_answered = True
                return answer
        raise AssertionError

    def reached(self) -> None:
        """Raises IndexFault where a server does not answer."""
        if isinstance(self._place, ChromaServer):
            self._asked(self._place.client)

    @property
    def _collection(self) -> Any:
        return self._opened[1]

    def release(self) -> None:
        """Let go of the files and of what Chroma holds in memory (at a million vectors, 2 GB); the next use opens them
        again."""
        opened = self.__dict__.pop("_opened", None)
        if opened is not None and not isinstance(self._place, ChromaServer):
            opened[0].close()
            if is_let_go(self._place):
                blank_unused(self._place)

    def add(self, numbers: Sequence[int], vectors: Vectors) -> None:
        """Write vectors; writing a number again replaces it."""
        for start in range(0, len(numbers), _PAGE):
            part = slice(start, start + _PAGE)
            ids = [str(number) for number in numbers[part]]
            self._asked(partial(self._upserted, ids, vectors[part]))

    def delete(self, numbers: Sequence[int]) -> None:
        for start in range(0, len(numbers), _PAGE):
            ids = [str(number) for number in numbers[start : start + _PAGE]]
            self._asked(partial(self._deleted, ids))

    def count(self) -> int:
        return int(self._asked(lambda: self._collection.count()))

    def kept_on_server(self, numbers: Sequence[int]) -> bool:
        """On a server: these vectors alone, in a collection that never held the others. False: they are in a folder."""
        if not isinstance(self._place, ChromaServer):
            return False
        starts = range(0, len(numbers), _PAGE)
        pages = (
            (numbers[start : start + _PAGE], page) for start, page in zip(starts, self.pages(numbers), strict=True)
        )
        self._place.replaced(self._opened[0], pages)
        self.release()
        return True

    def _upserted(self, ids: list[str], vectors: Vectors) -> None:
        self._collection.upsert(ids=ids, embeddings=vectors)

    def _deleted(self, ids: list[str]) -> None:
        self._collection.delete(ids=ids)

    def _got(self, ids: list[str]) -> Any:
        return self._collection.get(ids=ids, include=["embeddings"])

    def pages(self, numbers: Sequence[int]) -> Iterator[Vectors]:
        """The vectors of these numbers in their order, a page at a time."""
        for start in range(0, len(numbers), _PAGE):
            wanted = [str(number) for number in numbers[start : start + _PAGE]]
            found = self._asked(partial(self._got, wanted))
            place = {identity: row for row, identity in enumerate(found["ids"])}
            if len(place) != len(wanted):
                raise IndexFault(
                    "The vector store lacks vectors of this index.", "Run the ingest again; it repairs itself."
                )
            yield np.asarray(found["embeddings"], dtype=np.float32)[[place[identity] for identity in wanted]]
