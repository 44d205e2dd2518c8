"""Where conversations come from beside plain files: workbooks, standard input, patterns, and a folder that is watched."""

import io
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from fsspec import AbstractFileSystem, filesystem  # type: ignore[import-untyped]

from agent.services.folder_watch import arrivals
from index.core.errors import IndexFault
from index.core.records import Conversation
from index.sources import Source, files_at, in_memory, open_files
from index.sources.in_memory import STANDARD_INPUT, address_of

_SHEET = """<?xml version="1.0" encoding="UTF-8"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"""
_BOOK = """<?xml version="1.0" encoding="UTF-8"?>
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"
 xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>{sheets}</sheets></workbook>"""
_RELATED = """<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{parts}</Relationships>"""
_KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"


def _workbook(path: Path, sheets: list[list[list[str]]]) -> Path:
    """A workbook as Excel writes it, with the parts that a reader needs."""
    numbers = range(1, len(sheets) + 1)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "[Content_Types].xml", "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'/>"
        )
        office = f'<Relationship Id="r0" Type="{_KIND}officeDocument" Target="xl/workbook.xml"/>'
        archive.writestr("_rels/.rels", _RELATED.format(parts=office))
        listed = "".join(f'<sheet name="Sheet {n}" sheetId="{n}" r:id="r{n}"/>' for n in numbers)
        archive.writestr("xl/workbook.xml", _BOOK.format(sheets=listed))
        parts = "".join(
            f'<Relationship Id="r{n}" Type="{_KIND}worksheet" Target="worksheets/s{n}.xml"/>' for n in numbers
        )
        archive.writestr("xl/_rels/workbook.xml.rels", _RELATED.format(parts=parts))
        for number, rows in zip(numbers, sheets, strict=True):
            cells = "".join(
                "<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row) + "</row>"
                for row in rows
            )
            archive.writestr(f"xl/worksheets/s{number}.xml", _SHEET.format(rows=cells))
    return path


def _taken(source: Source) -> list[Conversation]:
    return [read.item for read in source if isinstance(read.item, Conversation)]


_HEADER = ["user_id", "timestamp", "prompt", "response"]


def test_a_workbook_is_a_table_with_all_sheets_of_its_header(tmp_path: Path) -> None:
    first = [_HEADER, *([f"u{n}", f"2026-05-0{n}T10:00:00Z", f"bake bread {n}", "so"] for n in range(1, 4))]
    second = [_HEADER, ["u9", "2026-06-01T10:00:00Z", "cook soup", "so"]]
    path = _workbook(tmp_path / "log.xlsx", [first, second, [["only a note"]]])
    found = _taken(open_files([path]))
    assert [item.account for item in found] == ["u1", "u2", "u3", "u9"]
    assert found[-1].said_by("user") == ["cook soup"]
    assert str(found[-1].time).startswith("2026-06-01")


def test_a_workbook_without_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IndexFault, match="without a table"):
        open_files([_workbook(tmp_path / "empty.xlsx", [[["only a note"]]])])


def test_a_damaged_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2_000)
    with pytest.raises(IndexFault, match="damaged or protected workbook"):
        open_files([path])


def _lines(count: int, start: int = 0) -> bytes:
    rows = (
        {
            "messages": [{"role": "user", "content": f"bake bread {start + n}"}],
            "user_id": f"u{n}",
            "timestamp": "2026-05-01T10:00:00Z",
        }
        for n in range(count)
    )
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def test_standard_input_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    given = SimpleNamespace(buffer=io.BytesIO(_lines(7)), isatty=lambda: False)
    monkeypatch.setattr(sys, "stdin", given)
    source = open_files([STANDARD_INPUT])
    assert source.name == "standard input"
    assert len(_taken(source)) == len(_taken(source)) == 7


def test_a_terminal_is_no_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    with pytest.raises(IndexFault, match="is a terminal"):
        open_files([STANDARD_INPUT])


def test_a_pattern_gives_its_files_in_order(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.jsonl", "other.txt"):
        (tmp_path / name).write_bytes(_lines(2))
    source = open_files([tmp_path / "*.jsonl"])
    assert len(_taken(source)) == 4
    assert source.name == "2 files"
    assert [path.name for path in files_at(tmp_path / "*.jsonl")] == ["a.jsonl", "b.jsonl"]


@pytest.fixture
def store() -> Iterator[AbstractFileSystem]:
    """An object store that lives in this process."""
    files = filesystem("memory")
    files.pipe({f"/logs/{name}": _lines(2) for name in ("b.jsonl", "a.jsonl", "2026/c.jsonl", ".hidden")})
    yield files
    files.rm("/logs", recursive=True)


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("memory://logs/a.jsonl", ["a.jsonl"]),
        ("memory://logs", ["c.jsonl", "a.jsonl", "b.jsonl"]),
        ("memory://logs/*.jsonl", ["a.jsonl", "b.jsonl"]),
    ],
)
def test_objects_of_a_store_are_taken_by_address_prefix_or_pattern(
    store: AbstractFileSystem, address: str, names: list[str]
) -> None:
    assert [place.name for place in files_at(Path(address))] == names
    assert len(_taken(open_files([Path(address)]))) == 2 * len(names)


@pytest.mark.parametrize("address", ["memory://logs/none.jsonl", "s9://bucket/a.jsonl", "memory://logs/*.csv"])
def test_an_address_that_gives_nothing_says_so(store: AbstractFileSystem, address: str) -> None:
    with pytest.raises(IndexFault) as raised:
        open_files([Path(address)])
    assert address in raised.value.message or "s9://" in raised.value.message


def test_objects_too_large_for_memory_are_refused_before_one_is_read(
    store: AbstractFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_memory, "MOST_BYTES", 100)
    monkeypatch.setattr(in_memory, "_held", lambda *_: pytest.fail("an object was read"))
    with pytest.raises(IndexFault, match="held in memory"):
        files_at(Path("memory://logs"))


def test_an_object_that_is_no_log_is_called_by_its_name(store: AbstractFileSystem) -> None:
    store.pipe("/logs/other.bin", b"nothing that is a log")
    with pytest.raises(IndexFault) as raised:
        open_files([Path("memory://logs/other.bin")])
    assert "other.bin" in raised.value.message
    assert "/proc/" not in raised.value.message


@pytest.mark.parametrize("path", ["logs/a.jsonl", "file:///tmp/x", "C:/logs", "c:/logs", "/s3:/x", "a:b/c"])
def test_a_path_on_this_machine_is_no_address(path: str) -> None:
    assert address_of(Path(path)) is None


async def test_a_watched_folder_gives_each_file_once_and_again_when_it_grows(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(_lines(1))
    (tmp_path / ".hidden").write_bytes(b"x")
    looks = arrivals(tmp_path, every_s=0.01)
    assert [path.name for path in await anext(looks)] == ["a.jsonl"]
    (tmp_path / "b.jsonl").write_bytes(_lines(1))
    assert [path.name for path in await anext(looks)] == ["b.jsonl"]
    (tmp_path / "a.jsonl").write_bytes(_lines(3))
    assert [path.name for path in await anext(looks)] == ["a.jsonl"]
    await looks.aclose()
