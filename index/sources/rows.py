"""Containers of text: JSON lines, a JSON array, JSON documents, CSV. Each gives its records one at a time.

A record that cannot be read is a `Skipped` in its place. No container holds more than one record of bounded size.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import BinaryIO

import ijson

from index.sources.base import (
    BROKEN,
    MAX_RECORD_BYTES,
    NOT_CSV,
    NOT_JSON,
    NOT_UTF8,
    TOO_LONG,
    TOO_LONG_TO_GO_ON,
    TRUNCATED,
    Row,
    Skipped,
)
from index.sources.streams import Stream

BOM = b"\xef\xbb\xbf"

_DEEP_LISTS = {"resourceSpans": "resourceSpans.item.scopeSpans.item.spans.item"}
_PREAMBLE_EVENTS = 50_000
_PREAMBLE_BYTES = 8 * 1024 * 1024


def json_lines(stream: Stream) -> Iterator[Row]:
    for number, line in _numbered_lines(stream):
        if isinstance(line, Skipped):
            yield Row(f"line {number}", stream.position(), line)
        elif line.strip(b"\x00 \t\r\n"):
            value = _parsed(line, stream.ended())
            yield Row(f"line {number}", stream.position(), value)
            if isinstance(value, Skipped) and value.reason == stream.ended():
                return
    if ended := stream.ended():
        yield Row("its end", stream.position(), Skipped(ended))


def _numbered_lines(stream: Stream) -> Iterator[tuple[int, bytes | Skipped]]:
    number = 0
    while line := stream.file.readline(MAX_RECORD_BYTES + 1):
        number += 1
        if len(line) > MAX_RECORD_BYTES:
            while not line.endswith(b"\n") and (line := stream.file.readline(MAX_RECORD_BYTES)):
                pass
            yield number, Skipped(TOO_LONG)
        else:
            yield number, line.removeprefix(BOM) if number == 1 else line


def _parsed(line: bytes, ended: str | None) -> object:
    try:
        value = _loaded(line)
        return json.loads(value) if isinstance(value, str) and value[:1] == "{" else value
    except UnicodeDecodeError:
        reason = NOT_UTF8
    except (ValueError, RecursionError):
        reason = NOT_JSON
    return Skipped(reason if line.endswith(b"\n") else ended or TRUNCATED)


def _loaded(line: bytes) -> object:
    """The value of a line; a stripped copy, which for a very long conversation costs as much as the line, only where needed."""
    try:
        return json.loads(line)
    except ValueError:
        return json.loads(line.strip().strip(b"\x00").rstrip(b",") or b"null")


class _TooLong(ValueError):
    """One record of a JSON array is longer than may be held in memory."""


_NO_NUMBER = re.compile(rb"(?<=[\s:\[,])(?:NaN|-?Infinity)(?=\s*[,}\]])")
"""What Python and JavaScript write for numbers that JSON does not have."""
_NUMBER_BEGINS = (b"N", b"Na", b"I", b"-")
_LONGEST_NUMBER = 16


class _Guarded:
    """A stream for ijson that stops where one record grows too long."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._held = stream.file.read(len(BOM)).removeprefix(BOM)
        self.since_record = 0

    def read(self, size: int = -1) -> bytes:
        if self.since_record > MAX_RECORD_BYTES:
            raise _TooLong
        if size == 0:
            return b""
        piece = self._held or self._stream.file.read(size)
        self._held = b""
        if b"NaN" in piece or b"Infinity" in piece or piece.endswith(_NUMBER_BEGINS):
            piece = _NO_NUMBER.sub(b"null", piece + self._stream.file.read(_LONGEST_NUMBER))
        self.since_record += len(piece)
        return piece


def json_items(stream: Stream, prefix: str = "item") -> Iterator[Row]:
    """The items of a JSON array, or of the lists under a prefix of a document ("" gives whole documents)."""
    number = 0
    guarded = _Guarded(stream)
    try:
        for value in ijson.items(guarded, prefix, use_float=True, multiple_values=prefix != "item"):
            number += 1
            guarded.since_record = 0
            yield Row(f"record {number}", stream.position(), value)
    except _TooLong:
        reason = TOO_LONG_TO_GO_ON
    except (ijson.JSONError, UnicodeDecodeError, ValueError) as error:
        is_cut = isinstance(error, ijson.IncompleteJSONError) and "premature EOF" in str(error)
        reason = stream.ended() or (TRUNCATED if is_cut else BROKEN)
    else:
        reason = stream.ended() or ""
    if reason:
        yield Row(f"record {number + 1}", stream.position(), Skipped(reason))


def list_prefixes(stream: Stream) -> Iterator[str]:
    """Where a JSON document that is one object holds its lists of records, as far as its beginning shows."""
    guarded = _Guarded(stream)
    opened = ""
    try:
        for prefix, event, _ in islice(ijson.parse(guarded, multiple_values=True), _PREAMBLE_EVENTS):
            if opened and event == "start_map":
                yield _DEEP_LISTS.get(opened, f"{opened}.item")
            is_near = prefix.count(".") <= 1 and ".item" not in prefix
            opened = prefix if event == "start_array" and prefix and is_near else ""
            if guarded.since_record > _PREAMBLE_BYTES:
                return
    except (ijson.JSONError, UnicodeDecodeError, ValueError):
        return


_DELIMITERS = ",\t;|"


def delimiter_of(header: str) -> str:
    return max(_DELIMITERS, key=header.count)


def csv_columns(line: str) -> list[str]:
    """The columns that a header names."""
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter_of(line), strict=True), [])]
    except csv.Error:
        return []


def csv_rows(stream: Stream) -> Iterator[Row]:
    """The rows under a header, as objects of text; an empty cell is None. A quoted cell may hold line breaks."""
    lines = _CsvLines(stream)
    header = next(lines, "")
    if header.lower().startswith("sep="):
        header = next(lines, "")
    columns = csv_columns(header)
    csv.field_size_limit(MAX_RECORD_BYTES)
    escape = "\\" if lines.is_escaped else None
    reader = csv.reader(
        lines, delimiter=delimiter_of(header), strict=True, escapechar=escape, doublequote=escape is None
    )
    while True:
        start = lines.number + 1
        lines.fault = None
        value: object
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error:
            value = Skipped(NOT_CSV if lines.fault is None else lines.fault)
            if lines.at_end:
                value = Skipped(stream.ended() or TRUNCATED)
        else:
            if not any(cells) and lines.fault is None:
                continue
            value = _row(columns, cells, lines)
        yield Row(f"line {start}", stream.position(), value)
        if isinstance(value, Skipped) and value.reason in (stream.ended(), TRUNCATED):
            return
    if ended := stream.ended():
        yield Row("its end", stream.position(), Skipped(ended))


def _row(columns: list[str], cells: list[str], lines: "_CsvLines") -> Mapping[str, str | None] | Skipped:
    if lines.fault is not None:
        return Skipped(lines.fault)
    is_last = not lines.last_is_ended
    if is_last and (lines.stream.ended() or len(cells) < len(columns) or not cells[-1]):
        return Skipped(lines.stream.ended() or TRUNCATED)
    if len(cells) > len(columns):
        return Skipped(NOT_CSV)
    return {column: cell or None for column, cell in zip(columns, cells, strict=False)}


_PEEKED = 65_536


def _with_newlines(stream: Stream) -> Stream:
    """A text whose lines end in a carriage return alone, as old spreadsheets write them."""
    return Stream(io.BufferedReader(_Returned(stream.file)), stream.position, stream.ended)


class _Returned(io.RawIOBase):
    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        target = memoryview(buffer)  # type: ignore[arg-type]
        piece = self._file.read(len(target)).replace(b"\r", b"\n")
        target[: len(piece)] = piece
        return len(piece)


class _CsvLines:
    """Physical lines for `csv`, with what it does not tell: a line's number, its fault, and whether it was whole."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.number = 0
        self.fault: str | None = None
        self.last_is_ended = True
        self.at_end = False
        beginning = stream.file.peek(_PEEKED) if isinstance(stream.file, io.BufferedReader) else b""
        self.is_escaped = b'\\"' in beginning and b'""' not in beginning
        """Whether quotes within a cell are written behind a backslash."""
        self._lines = _numbered_lines(
            stream if b"\n" in beginning or b"\r" not in beginning else _with_newlines(stream)
        )

    def __iter__(self) -> "_CsvLines":
        return self

    def __next__(self) -> str:
        found = next(self._lines, None)
        if found is None:
            self.at_end = True
            raise StopIteration
        self.number, line = found
        if isinstance(line, Skipped):
            self.fault = line.reason
            return "\n"
        self.last_is_ended = line.endswith(b"\n")
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError:
            self.fault = NOT_UTF8
            return line.decode("utf-8", "replace")


Rows = Callable[[], Iterator[Row]]
"""Opens a container anew and gives its rows."""


def text_head(head: bytes) -> str:
    """The first line of a text, for a look at its columns."""
    lines = io.StringIO(head.removeprefix(BOM).decode("utf-8", "replace"), newline=None)
    line = lines.readline()
    return lines.readline() if line.lower().startswith("sep=") else line
