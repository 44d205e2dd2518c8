"""Workbooks of Excel and LibreOffice as tables, by a well-kept reader (calamine).

The first sheet with a header and rows counts, with further sheets of the same header. A workbook is read into memory, so one
that would expand to very much is refused before it is opened.
"""

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from index.core.errors import IndexFault
from index.sources.base import Row

OLE_HEAD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How workbooks before 2007 begin."""
_MOST_EXPANDED = 1024 * 1024 * 1024


class Sheets(NamedTuple):
    """A workbook's table. `names` are the sheets of one header, `total` their rows."""

    path: Path
    columns: tuple[str, ...]
    names: tuple[str, ...]
    total: int

    def rows(self) -> Iterator[Row]:
        """Rows as objects; empty cells are None. `Row.done` counts rows."""
        book = _opened(self.path)
        done = 0
        for name in self.names:
            for number, cells in enumerate(_cells(book, name)[1:], start=2):
                done += 1
                where = f"row {number}" if len(self.names) == 1 else f"{name} row {number}"
                yield Row(where, done, dict(zip(self.columns, map(_plain, cells), strict=False)))


def is_workbook(path: Path) -> bool:
    """Whether a zip is a workbook, by the parts that every one has."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            return any(name.startswith("xl/") for name in names) or (
                "mimetype" in names and b"opendocument.spreadsheet" in archive.read("mimetype")[:100]
            )
    except (zipfile.BadZipFile, OSError, KeyError, RuntimeError):
        return False


def open_workbook(path: Path) -> Sheets:
    """The table of a workbook. Raises IndexFault where it has none or cannot be read."""
    _check_size(path)
    book = _opened(path)
    columns: tuple[str, ...] = ()
    names: list[str] = []
    total = 0
    for name in book.sheet_names:
        cells = _cells(book, name)
        header = tuple(str(cell).strip() for cell in cells[0]) if len(cells) > 1 else ()
        if header and (not columns or header == columns):
            columns = header
            names.append(name)
            total += len(cells) - 1
    if not columns:
        raise IndexFault(
            f"{path} is a workbook without a table.", "Its first row must name the columns, and rows must follow."
        )
    return Sheets(path, columns, tuple(names), total)


def _check_size(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        expanded = sum(part.file_size for part in archive.infolist())
    if expanded > _MOST_EXPANDED:
        raise IndexFault(
            f"{path} expands to {expanded // 2**20:,} MiB, more than a workbook is read of.",
            "Save the sheet as CSV (UTF-8) and give that.",
        )


def _opened(path: Path) -> Any:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        return CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError) as error:
        raise IndexFault(
            f"{path} is a damaged or protected workbook.", "Save the sheet as CSV (UTF-8) and give that."
        ) from error


def _cells(book: Any, name: str) -> Sequence[Sequence[Any]]:
    found: Sequence[Sequence[Any]] = book.get_sheet_by_name(name).to_python(skip_empty_area=True)
    return found


def _plain(cell: Any) -> Any:
    """An empty cell is nothing, and a workbook has no whole numbers of its own."""
    if cell == "":
        return None
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell
