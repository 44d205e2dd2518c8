"""A file's bytes, plain or out of gzip or zstd, decompressed a piece at a time.

What is cut off or damaged ends the bytes and is reported by `Stream.ended`; it is never raised, so that everything before
the cut is read. However small the file, no more than a piece of what it expands to is in memory at once.
"""

import bz2
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from index.core.errors import IndexFault
from index.sources.base import CUT, DAMAGED

Packing = Literal["", "gzip", "zstd", "bzip2", "xz"]

PIECE = 256 * 1024
_GZIP, _ZSTD, _BZIP2, _XZ = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\x00"


class Damaged(Exception):
    """Compressed bytes that do not decompress."""


class _Unpacked(io.RawIOBase):
    """Pieces as a file. `ended` says why they stopped before their end."""

    def __init__(self, pieces: Iterator[bytes], owner: BinaryIO) -> None:
        self._pieces = pieces
        self._owner = owner
        self._rest = memoryview(b"")
        self.ended: str | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        target = memoryview(buffer)  # type: ignore[arg-type]
        while not self._rest:
            try:
                self._rest = memoryview(next(self._pieces))
            except StopIteration:
                return 0
            except EOFError:
                self.ended = CUT
                return 0
            except Damaged:
                self.ended = DAMAGED
                return 0
        count = min(len(target), len(self._rest))
        target[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        self._owner.close()
        super().close()


@dataclass(frozen=True, slots=True)
class Stream:
    """Bytes to read, where they are in the file on disk, and why they ended early (None: they did not)."""

    file: BinaryIO
    position: Callable[[], int]
    ended: Callable[[], str | None]

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()


def open_stream(path: Path, packing: Packing) -> Stream:
    """The file's bytes without their packing. Raises IndexFault where it cannot be read."""
    raw = opened(path)
    if not packing:
        return Stream(io.BufferedReader(raw, PIECE), raw.tell, lambda: None)
    if packing in ("bzip2", "xz"):
        return unpacked(_decompressed(raw, packing), raw)
    return unpacked(inflated(raw, 31) if packing == "gzip" else _unzstd(raw), raw)


def unpacked(pieces: Iterator[bytes], owner: BinaryIO) -> Stream:
    """Pieces made from `owner` as a stream."""
    raw = _Unpacked(pieces, owner)
    return Stream(io.BufferedReader(raw, PIECE), owner.tell, lambda: raw.ended)


def limited(stream: Stream, most: int) -> Stream:
    """The same stream, ending after so many bytes: a look at a file's beginning must not read a bomb to its end."""
    return Stream(
        io.BufferedReader(_Unpacked(_first(stream.file, most), stream.file), PIECE), stream.position, lambda: None
    )


def part_of_lines(path: Path, start: int, end: int) -> Stream:
    """The lines that begin from byte `start` on and before byte `end`, each of them whole: so every line of a file is in one of
    the parts that the file is cut into."""
    raw = opened(path)
    raw.seek(max(0, start - 1))
    file = io.BufferedReader(raw, PIECE)
    if start:
        file.readline()
    return Stream(
        io.BufferedReader(_Unpacked(_lines_until(file, end), raw), PIECE), lambda: file.tell() - start, lambda: None
    )


def _lines_until(file: BinaryIO, end: int) -> Iterator[bytes]:
    while file.tell() < end and (line := file.readline(PIECE)):
        yield line
        while not line.endswith(b"\n") and (line := file.readline(PIECE)):
            yield line


def _first(file: BinaryIO, most: int) -> Iterator[bytes]:
    while most > 0 and (piece := file.read(min(PIECE, most))):
        most -= len(piece)
        yield piece


def opened(path: Path) -> io.FileIO:
    try:
        return io.FileIO(path)
    except OSError as error:
        raise IndexFault(f"{path} cannot be read: {error.strerror}.", "Check its permissions.") from error


def packing_of(path: Path) -> Packing:
    """How the whole file is packed, by its first bytes."""
    with opened(path) as file:
        head = file.read(6)
    heads: dict[bytes, Packing] = {_GZIP: "gzip", _ZSTD: "zstd", _BZIP2: "bzip2", _XZ: "xz"}
    return next((packing for start, packing in heads.items() if head.startswith(start)), "")


def is_packed(head: bytes) -> bool:
    return head.startswith((_GZIP, _ZSTD, _BZIP2, _XZ))


def inflated(file: BinaryIO, window_bits: int) -> Iterator[bytes]:
    """Deflated bytes inflated: 31 for gzip, whose members follow each other, -15 for one raw stream."""
    inflater = zlib.decompressobj(window_bits)
    waiting = b""
    while True:
        if not waiting and not (waiting := file.read(PIECE)):
            raise EOFError
        try:
            piece = inflater.decompress(waiting, PIECE)
        except zlib.error as error:
            raise Damaged from error
        if piece:
            yield piece
        waiting = inflater.unconsumed_tail
        if inflater.eof:
            waiting = inflater.unused_data or (file.read(PIECE) if window_bits > 0 else b"")
            if window_bits < 0 or not waiting.startswith(_GZIP):
                return
            inflater = zlib.decompressobj(window_bits)


def _decompressed(file: BinaryIO, packing: Packing) -> Iterator[bytes]:
    """The pieces of a bzip2 or an xz file."""
    try:
        with bz2.BZ2File(file) if packing == "bzip2" else lzma.LZMAFile(file) as unpacking:
            while piece := unpacking.read(PIECE):
                yield piece
    except (OSError, lzma.LZMAError) as error:
        raise Damaged from error


def _unzstd(file: BinaryIO) -> Iterator[bytes]:
    """Zstandard's frames, which follow each other."""
    from backports.zstd import ZstdDecompressor, ZstdError

    inflater = ZstdDecompressor()
    waiting = b""
    while True:
        if inflater.needs_input and not waiting and not (waiting := file.read(PIECE)):
            raise EOFError
        try:
            piece = inflater.decompress(waiting, PIECE)
        except ZstdError as error:
            raise Damaged from error
        if piece:
            yield piece
        waiting = b""
        if inflater.eof:
            waiting = inflater.unused_data or file.read(PIECE)
            if not waiting:
                return
            inflater = ZstdDecompressor()
