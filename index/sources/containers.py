"""What a file may be: its packing and container, by its first bytes.

Every container opens its file anew each time it is read. A look at a file must stay small however much it expands to.
"""

import io
import re
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from index.core.errors import IndexFault
from index.sources.archives import RECORDS, ZIP_HEADS, open_archive
from index.sources.base import Row
from index.sources.parquet import PARQUET_HEAD, Table, open_table
from index.sources.rows import BOM, csv_columns, csv_rows, json_items, json_lines, list_prefixes, text_head
from index.sources.shapes.table import obvious
from index.sources.streams import PIECE, Packing, Stream, is_packed, limited, open_stream, part_of_lines, unpacked
from index.sources.workbooks import OLE_HEAD, Sheets, is_workbook, open_workbook

_SNIFF_BYTES = 65_536
_SNIFF_RECORDS = 50
_SNIFF_EXPANDED = 160 * 1024 * 1024
_MAX_PACKED_BYTES = 256 * 1024 * 1024


class Container(Protocol):
    """Where records stand one after the other. `columns` is empty where each record names its own fields."""

    @property
    def label(self) -> str: ...

    @property
    def total(self) -> int: ...

    @property
    def columns(self) -> tuple[str, ...]: ...

    def rows(self) -> Iterator[Row]: ...

    def sample(self) -> list[object]: ...


@dataclass(frozen=True, slots=True)
class _Text:
    """Records in one or more streams of text. `total` is the size on disk."""

    label: str
    total: int
    parts: tuple[tuple[str, Callable[[], Stream]], ...]
    read: Callable[[Stream], Iterator[Row]]
    columns: tuple[str, ...] = ()

    def rows(self) -> Iterator[Row]:
        for name, opener in self.parts:
            with opener() as stream:
                for row in self.read(stream):
                    yield row._replace(where=f"{name} {row.where}") if name else row

    def sample(self) -> list[object]:
        """The first records' values; a bomb is looked at no further than a bound."""
        with self.parts[0][1]() as stream:
            return [row.value for row in islice(self.read(limited(stream, _SNIFF_EXPANDED)), _SNIFF_RECORDS)]


@dataclass(frozen=True, slots=True)
class _Table:
    """Records in a Parquet file or a workbook. `total` counts rows."""

    table: Table | Sheets
    label: str = "Parquet"

    @property
    def total(self) -> int:
        return self.table.total

    @property
    def columns(self) -> tuple[str, ...]:
        return self.table.columns

    def rows(self) -> Iterator[Row]:
        return self.table.rows()

    def sample(self) -> list[object]:
        return [row.value for row in islice(self.table.rows(), _SNIFF_RECORDS)]


def containers_of(path: Path, packing: Packing) -> tuple[Iterator[Container], str | None]:
    """What the file may be, likeliest first, and the account that owns all of it where that is known."""
    with open_stream(path, packing) as stream:
        head = stream.file.read(_SNIFF_BYTES)
        if not head.strip() and stream.ended():
            raise IndexFault(f"{path} is a damaged or cut off {packing} file; nothing of it could be read.",
                             "Copy or export it again; nothing was written.")  # fmt: skip
    if head.startswith(PARQUET_HEAD):
        return iter((_Table(open_table(path, _whole(path, packing))),)), None
    if not packing and (head.startswith(OLE_HEAD) or (head.startswith(ZIP_HEADS) and is_workbook(path))):
        return (_Table(sheets, "Excel") for sheets in open_workbook(path)), None
    if head[257:262] == b"ustar":
        return _tar_containers(path, packing), None
    if head.startswith(ZIP_HEADS):
        packed = _whole(path, packing)

        def reopen() -> BinaryIO:
            return path.open("rb") if packed is None else io.BytesIO(packed)

        archive = open_archive(str(path), reopen)
        parts = tuple((member.name if len(archive.members) > 1 else "", _opener(archive.open, member))
                      for member in archive.members)  # fmt: skip
        size = path.stat().st_size if packed is None else len(packed)
        with parts[0][1]() as stream:
            inner = stream.file.read(_SNIFF_BYTES)
        return _text_containers(inner, size, parts, "zip" if archive.whole else "cut off zip"), archive.owner
    _check_text(path, head)
    opener = _opener(open_stream, path, packing)
    return _text_containers(head, path.stat().st_size, (("", opener),), ""), None


def is_lines(container: Container) -> bool:
    """Whether each record is a line of one text, so that a plain file of them can be read in parts."""
    return isinstance(container, _Text) and container.read is json_lines and len(container.parts) == 1


def lines_between(path: Path, start: int, end: int) -> Container:
    """The records of a plain file of JSON lines whose lines begin between two bytes of it."""
    return _Text(
        "JSON lines", end - start, ((f"from byte {start:,}", _opener(part_of_lines, path, start, end)),), json_lines
    )


def _tar_containers(path: Path, packing: Packing) -> Iterator[Container]:
    """The members of a tar that can be records, in their order."""
    content = _whole(path, packing)

    def reopen() -> tarfile.TarFile:
        return tarfile.open(path) if content is None else tarfile.open(fileobj=io.BytesIO(content))

    def pieces(name: str) -> Iterator[bytes]:
        with reopen() as archive, cast(BinaryIO, archive.extractfile(name)) as file:
            while piece := file.read(PIECE):
                yield piece

    def member(name: str) -> Stream:
        return unpacked(pieces(name), io.BytesIO())

    try:
        with reopen() as archive:
            names = [item.name for item in archive.getmembers() if item.isfile() and RECORDS.search(item.name)]
    except tarfile.TarError as error:
        raise IndexFault(f"{path} is a damaged tar.", "Make it again; nothing was written.") from error
    if not names:
        raise IndexFault(
            f"{path} is a tar without files of records.", "It must hold .json, .jsonl, .ndjson, .csv or .tsv files."
        )
    parts = tuple((name if len(names) > 1 else "", _opener(member, name)) for name in names)
    with parts[0][1]() as stream:
        head = stream.file.read(_SNIFF_BYTES)
    return _text_containers(head, path.stat().st_size, parts, "tar")


def _opener(opening: Callable[..., Stream], *arguments: object) -> Callable[[], Stream]:
    return lambda: opening(*arguments)


def _whole(path: Path, packing: Packing) -> bytes | None:
    """A packed file in memory: tables and zips are read from more than one place. None where it is not packed."""
    if not packing:
        return None
    with open_stream(path, packing) as stream:
        content = stream.file.read(_MAX_PACKED_BYTES + 1)
    if len(content) > _MAX_PACKED_BYTES:
        tool = "gunzip" if packing == "gzip" else "unzstd"
        raise IndexFault(
            f"{path} is a table or zip of more than {_MAX_PACKED_BYTES // 2**20} MiB inside {packing}.",
            f"Unpack it first: {tool} -k {path.name}",
        )
    return content


def _check_text(path: Path, head: bytes) -> None:
    if not head.strip():
        raise IndexFault(f"{path} is empty.", "Export the conversations again; nothing was written.")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise IndexFault(
            f"{path} is UTF-16, not UTF-8.",
            f"Convert it: iconv -f UTF-16 -t UTF-8 {path.name} > utf8{path.suffix or '.json'}",
        )
    if is_packed(head):
        raise IndexFault(f"{path} is packed twice.", "Unpack it once and give what comes out.")
    if head.startswith(b"SQLite format 3"):
        raise IndexFault(f"{path} is a SQLite database.", "Export the table of messages as CSV and give that.")
    if head.lstrip()[:20].lower().startswith((b"<!doctype html", b"<html", b"<head", b"<body")) or _HTML.match(head):
        raise IndexFault(f"{path} is an HTML page.", "Export the conversations as JSON and give that.")
    if _SQL.match(head):
        raise IndexFault(f"{path} is a dump of a database.", "Load it, and export the table of messages as CSV.")
    if path.suffix.lower() in (".md", ".markdown"):
        raise IndexFault(
            f"{path} is Markdown: nothing in it says for sure who speaks.",
            "Export the conversations as JSON or CSV and give that.",
        )
    if len(_CHAT.findall(head)) > 1:
        raise IndexFault(
            f"{path} is a chat written out line by line.",
            "Shoal reads no names as speakers: give it as CSV with a column role.",
        )
    # A line of zeros is what a crash leaves in a log; text in no encoding of one byte has other control characters.
    steering = len(_CONTROL.findall(head))
    if _ZEROS.sub(b"", head).count(b"\x00") > len(head) * _FEW or steering > len(head) * _FEW:
        raise IndexFault(f"{path} is a binary file.", "Give JSON, JSON lines, CSV, Parquet or an export's zip.")
    lines = head.split(b"\n")
    bad = sum(not _is_text(line) for line in lines[:-1] or lines)
    if bad > len(lines) * _MUCH:
        raise IndexFault(
            f"{path} is not UTF-8 ({bad} of its first {len(lines)} lines).",
            f"Convert it: iconv -f LATIN1 -t UTF-8 {path.name} > utf8{path.suffix or '.json'}",
        )


_FEW, _MUCH = 0.01, 0.34
"""Share of zero bytes and control characters that a text may hold, and of lines that may not be UTF-8: single ones are passed over and counted."""
_ZEROS = re.compile(rb"(?m)^\x00+$")
_CONTROL = re.compile(rb"[\x01-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_SQL = re.compile(
    rb"\s*(?:--[^\n]*\n|/\*.*?\*/|\s)*(?:CREATE TABLE|INSERT INTO|SET |BEGIN|PRAGMA|DROP TABLE|COPY )",
    re.IGNORECASE | re.DOTALL,
)
_CHAT = re.compile(
    rb"\W{0,4}\d{1,2}[./]\d{1,2}[./]\d{2,4},? \d{1,2}:\d{2}(?::\d{2})?(?: ?[AP]M)?\]? ?(?:- )?[^:\n,;\t|]{1,60}: "
)
_HTML = re.compile(rb"\s*<(?:div|table|p|title|meta|!--)[\s>]", re.IGNORECASE)


def _is_text(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True


def _text_containers(
    head: bytes, total: int, parts: tuple[tuple[str, Callable[[], Stream]], ...], outer: str
) -> Iterator[Container]:
    def text(label: str, read: Callable[[Stream], Iterator[Row]], columns: tuple[str, ...] = ()) -> _Text:
        return _Text(f"{label}, {outer}" if outer else label, total, parts, read, columns)

    opening = head.removeprefix(BOM).lstrip()[:1]
    if opening == b"[":
        yield text("JSON array", json_items)
        return
    columns = csv_columns(text_head(head)) if opening != b"{" else []
    if len(set(columns)) == len(columns) > 1 or obvious(columns):
        yield text("CSV", csv_rows, tuple(columns))
    yield text("JSON lines", json_lines)
    if opening == b"{":
        with parts[0][1]() as stream:
            prefixes = list(islice(list_prefixes(stream), 8))
        for prefix in [*prefixes, ""]:
            yield text("JSON document" if prefix else "JSON documents", _items_under(prefix))


def _items_under(prefix: str) -> Callable[[Stream], Iterator[Row]]:
    return lambda stream: json_items(stream, prefix)
