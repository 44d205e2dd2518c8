"""The vectors of a published snapshot, in its row order, in one file beside it.

Questions are answered from here, without opening Chroma, and the same however much is ingested meanwhile. Only the newest snapshot has such a file. It holds what Chroma holds and is as sensitive: no tool returns a
vector, a neighbour or a member.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from index.core.errors import IndexFault
from index.core.files import written_whole
from index.stores.vectors import Vectors

SUFFIX = ".vectors.npy"
_BLOCK = 16_384


def freeze(target: Path, pages: Iterable[Vectors], count: int) -> "FrozenVectors":
    """Write `count` vectors, given in pages, to `target`. It is there whole or not at all."""
    width = 0
    with written_whole(target) as partial, partial.open("wb") as file:
        # Written, not mapped: the pages of a mapped file count as this process's memory.
        for page in pages:
            if not width:
                width = page.shape[1]
                _write_header(file, (count, width))
            file.write(np.ascontiguousarray(page, dtype=np.float32).data)
        if not width:
            _write_header(file, (0, 1))
    return FrozenVectors(target)


def _write_header(file: BinaryIO, shape: tuple[int, int]) -> None:
    described = {"descr": np.lib.format.dtype_to_descr(np.dtype(np.float32)), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, described)


class FrozenVectors:
    """The vectors of one snapshot, read from disk as they are needed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._rows: np.memmap[tuple[int, int], np.dtype[np.float32]] = np.load(path, mmap_mode="r")
        except FileNotFoundError:
            raise IndexFault(
                "The newest snapshot has no vectors beside it: an older version of Shoal published it.",
                "Run: shoal publish",
            ) from None
        except ValueError as error:
            raise IndexFault(
                f"The snapshot's vectors in {path} are damaged.", "Remove that file, then: shoal publish"
            ) from error

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def mapped(self) -> Vectors:
        """All vectors, shape (n, d), read from the file where they are looked at."""
        return self._rows

    def of(self, rows: NDArray[np.int64]) -> Vectors:
        """The vectors of these rows, in their order: read one by one, because a mapped file's pages count as memory."""
        width = self._rows.shape[1]
        found: Vectors = np.empty((len(rows), width), dtype=np.float32)
        with open(self._path, "rb", buffering=0) as file:
            for place, row in enumerate(rows.tolist()):
                os.preadv(file.fileno(), [found[place]], self._rows.offset + row * width * found.itemsize)
        return found

    def pages(self) -> Iterator[Vectors]:
        """All vectors, a page at a time: read, not mapped, so that only a page is held."""
        with open(self._path, "rb") as file:
            file.seek(self._rows.offset)
            for start in range(0, len(self._rows), _BLOCK):
                count = min(_BLOCK, len(self._rows) - start)
                page = np.fromfile(file, dtype=np.float32, count=count * self._rows.shape[1])
                yield page.reshape(count, -1)
