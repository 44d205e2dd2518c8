"""Opens a file of conversations: JSON array or JSON lines, recognised by content, streamed.

A file cut off in the middle gives every whole record before the cut. What cannot be a log of conversations (a folder,
a binary, an empty file, another encoding, JSON of another shape) is refused before anything is written.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import ijson

from index.errors import IndexFault
from index.records import Conversation
from index.sources.base import Read, Skipped
from index.sources.shapes import SHAPES, BadRecord, Record, Shape, recognise

_SNIFF_BYTES = 65_536
_SNIFF_RECORDS = 50
_MAX_LINE_BYTES = 64 * 1024 * 1024
_KNOWN = ", ".join(shape.name for shape in SHAPES)
_DOCS = "See docs/ingest.md for the fields of each."

TRUNCATED = "the file ends in the middle of a record"
NOT_JSON = "not valid JSON"
BROKEN = "broken JSON; nothing after it could be read"
NOT_UTF8 = "not valid UTF-8"
NOT_OBJECT = "not a JSON object"
OTHER_SHAPE = "not of the file's shape"
NO_USER_TEXT = "no text by a user in it"
TOO_LONG = f"longer than {_MAX_LINE_BYTES // 2**20} MiB"


@dataclass(frozen=True, slots=True)
class FileSource:
    """A log on disk. `total` and `Read.done` are bytes."""

    path: Path
    name: str
    format: str
    total: int
    shape: Shape
    is_array: bool

    def __iter__(self) -> Iterator[Read]:
        with self.path.open("rb") as file:
            rows = _array(file) if self.is_array else _lines(file)
            for where, done, row in rows:
                yield Read(where, done, row if isinstance(row, Skipped) else self._convert(row))

    def _convert(self, row: object) -> Conversation | Skipped:
        if not isinstance(row, Mapping):
            return Skipped(NOT_OBJECT)
        if not self.shape.fits(row):
            return Skipped(OTHER_SHAPE)
        try:
            conversation = self.shape.convert(row)
        except BadRecord as error:
            return Skipped(str(error))
        return conversation if conversation.said_by("user") else Skipped(NO_USER_TEXT)


def open_file(path: Path) -> FileSource:
    """Recognise a file. Raises IndexFault saying what is wrong with it and what to do."""
    head = _head(path)
    is_array = head.lstrip()[:1] == b"["
    with path.open("rb") as file:
        rows = _array(file) if is_array else _lines(file)
        first = [row for _, _, row in islice(rows, _SNIFF_RECORDS)]
    shape = recognise(first)
    if shape is None:
        raise IndexFault(f"{path} holds no conversations that Shoal recognises{_seen(first)}.",
                         f"Recognised shapes: {_KNOWN}. {_DOCS}")  # fmt: skip
    container = "JSON array" if is_array else "JSON lines"
    return FileSource(path, path.name, f"{shape.name}, {container}", path.stat().st_size, shape, is_array)


def _head(path: Path) -> bytes:
    if not path.exists():
        raise IndexFault(f"There is no file {path}.", "Check the path.")
    if path.is_dir():
        raise IndexFault(f"{path} is a folder.", "Give one file of conversations; run the command once a file.")
    try:
        with path.open("rb") as file:
            head = file.read(_SNIFF_BYTES)
    except OSError as error:
        raise IndexFault(f"{path} cannot be read: {error.strerror}.", "Check its permissions.") from error
    if not head.strip():
        raise IndexFault(f"{path} is empty.", "Export the conversations again; nothing was written.")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise IndexFault(
            f"{path} is UTF-16, not UTF-8.", f"Convert it: iconv -f UTF-16 -t UTF-8 {path.name} > utf8.json"
        )
    if b"\x00" in head:
        raise IndexFault(f"{path} is a binary file.", f"Give JSON or JSON lines. {_DOCS}")
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            raise IndexFault(
                f"{path} is not UTF-8 (byte {error.start}).",
                f"Convert it: iconv -f LATIN1 -t UTF-8 {path.name} > utf8.json",
            ) from error
    return head.removeprefix(b"\xef\xbb\xbf")


def _seen(rows: list[object]) -> str:
    keys = next((list(row) for row in rows if isinstance(row, Mapping)), None)
    if keys is None:
        reasons = {row.reason for row in rows if isinstance(row, Skipped)}
        return f" (every record is {' or '.join(sorted(reasons))})" if reasons else ""
    shown = ", ".join(repr(str(key)[:24]) for key in keys[:8])
    return f" (its first record has the fields {shown})"


def _lines(file: BinaryIO) -> Iterator[tuple[str, int, Record | object | Skipped]]:
    done = 0
    number = 0
    while line := file.readline(_MAX_LINE_BYTES + 1):
        number += 1
        done += len(line)
        if len(line) > _MAX_LINE_BYTES:
            while not line.endswith(b"\n") and (line := file.readline(_MAX_LINE_BYTES)):
                done += len(line)
            yield f"line {number}", done, Skipped(TOO_LONG)
            continue
        if line.strip():
            yield f"line {number}", done, _parsed(line.removeprefix(b"\xef\xbb\xbf"))


def _parsed(line: bytes) -> object:
    try:
        return json.loads(line)
    except UnicodeDecodeError:
        return Skipped(NOT_UTF8)
    except (json.JSONDecodeError, RecursionError):
        return Skipped(NOT_JSON if line.endswith(b"\n") else TRUNCATED)


def _array(file: BinaryIO) -> Iterator[tuple[str, int, Record | object | Skipped]]:
    number = 0
    if file.read(3) != b"\xef\xbb\xbf":
        file.seek(0)
    try:
        for row in ijson.items(file, "item", use_float=True):
            number += 1
            yield f"record {number}", file.tell(), row
    except (ijson.JSONError, UnicodeDecodeError, ValueError) as error:
        ended = isinstance(error, ijson.IncompleteJSONError) and "premature EOF" in str(error)
        yield f"record {number + 1}", file.tell(), Skipped(TRUNCATED if ended else BROKEN)
