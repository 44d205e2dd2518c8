"""Workbooks of Excel and LibreOffice as tables, by a well-kept reader (calamine).

Sheets of one header are one table; a sheet before them that holds something else, such as a cover, is no hindrance. A workbook is read into memory, so one
that would expand to very much is refused before it is opened.
"""

import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from index.core.errors import IndexFault
from index.sources.base import Row

OLE_HEAD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How workbooks before 2007 begin."""
_LOOKED_AT = 20
"""Rows among which the header is."""
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
            table = _cells(self.path, book, name)
            begin = _header_at(table) + 1
            for number, cells in enumerate(table[begin:], start=begin + 1):
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


def open_workbook(path: Path) -> list[Sheets]:
    """The tables of a workbook, those with the most columns first. Raises IndexFault where it has none or cannot be read."""
    _check_size(path)
    book = _opened(path)
    names: dict[tuple[str, ...], list[str]] = {}
    totals: Counter[tuple[str, ...]] = Counter()
    for name in book.sheet_names:
        cells = _cells(path, book, name)
        begin = _header_at(cells)
        if len(cells) > begin + 1:
            header = tuple(str(cell).strip() for cell in cells[begin])
            names.setdefault(header, []).append(name)
            totals[header] += len(cells) - begin - 1
    if not names:
        raise IndexFault(
            f"{path} is a workbook without a table.", "Its first row must name the columns, and rows must follow."
        )
    widest = sorted(names, key=lambda header: -len([cell for cell in header if cell]))
    return [Sheets(path, header, tuple(names[header]), totals[header]) for header in widest]


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
    from python_calamine import CalamineWorkbook

    with _damage_of(path):
        return CalamineWorkbook.from_path(str(path))


def _cells(path: Path, book: Any, name: str) -> Sequence[Sequence[Any]]:
    with _damage_of(path):
        found: Sequence[Sequence[Any]] = book.get_sheet_by_name(name).to_python(skip_empty_area=True)
        return found


@contextmanager
def _damage_of(path: Path) -> Iterator[None]:
    """Turns what the reader raises into what a person can do about it."""
    from python_calamine import CalamineError

    try:
        yield
    except (CalamineError, OSError, ValueError) as error:
        raise IndexFault(
            f"{path} is a damaged or protected workbook.", "Save the sheet as CSV (UTF-8) and give that."
        ) from error


def _header_at(cells: Sequence[Sequence[Any]]) -> int:
    """The row that names the columns: the first with two cells and more that hold something, below titles and empty rows."""
    filled = (sum(cell != "" for cell in row) for row in cells[:_LOOKED_AT])
    return next((place for place, count in enumerate(filled) if count > 1), 0)


def _plain(cell: Any) -> Any:
    """An empty cell is nothing, and a workbook has no whole numbers of its own."""
    if cell == "":
        return None
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell
