"""Cut, damaged, hostile and mistaken files: what is whole is read, what is not is counted, nothing is shown or held."""

import gzip
import json
import tempfile
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from index.core.errors import IndexFault
from index.core.records import Conversation
from index.sources import Skipped, open_file
from index.sources import base as reasons
from index.sources.joining import PENDING_CONVERSATIONS

COUNT = 60
SECRET = "quackenbush"


def record(number: int) -> dict[str, object]:
    said = f"{SECRET} {number} " + "".join(chr(97 + (number * 7 + place * place) % 26) for place in range(200))
    return {"account": f"a{number}", "messages": [{"role": "user", "content": said}]}


RECORDS = [record(number) for number in range(COUNT)]
LINES = "".join(json.dumps(row) + "\n" for row in RECORDS).encode()
ARRAY = json.dumps(RECORDS).encode()
DOCUMENT = json.dumps({"meta": [], "data": RECORDS}, indent=1).encode()
CSV = b"account,prompt\n" + "".join(f'a{n},"{SECRET}, {n}\n twice"\n' for n in range(COUNT)).encode()
CHATS = json.dumps([
    {"uuid": str(n), "account": {"uuid": f"a{n}"}, "chat_messages": [{"sender": "human", "text": f"{SECRET} {n}"}]}
    for n in range(COUNT)
]).encode()  # fmt: skip


def zstandardised(content: bytes) -> bytes:
    """Blocks flushed as a logger would, so that a cut file has something before its cut."""
    packer = zstd.ZstdCompressor()
    pieces = [packer.compress(content[at : at + 400]) + packer.flush(packer.FLUSH_BLOCK)
              for at in range(0, len(content), 400)]  # fmt: skip
    return b"".join(pieces) + packer.flush()


def gzipped(content: bytes) -> bytes:
    packer = zlib.compressobj(wbits=31)
    pieces = [packer.compress(content[at : at + 400]) + packer.flush(zlib.Z_SYNC_FLUSH)
              for at in range(0, len(content), 400)]  # fmt: skip
    return b"".join(pieces) + packer.flush()


class _Unseekable:
    """What makes `zipfile` write sizes behind members, as exports made in a stream have them."""

    def __init__(self) -> None:
        self.content = b""

    def write(self, piece: bytes) -> int:
        self.content += piece
        return len(piece)

    def flush(self) -> None:
        return None


def zipped(content: bytes, method: int = zipfile.ZIP_DEFLATED, *, streamed: bool = False) -> bytes:
    sink = _Unseekable()
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(sink if streamed else file, "w", method) as archive:  # type: ignore[call-overload]
            archive.writestr("users.json", json.dumps([{"full_name": SECRET}] * 9))
            archive.writestr("conversations.json", content)
            archive.writestr("projects.json", "[]")
        file.seek(0)
        return sink.content or file.read()


KINDS = {
    "lines": LINES,
    "array": ARRAY,
    "document": DOCUMENT,
    "csv": CSV,
    "lines gzip": gzipped(LINES),
    "lines zstd": zstandardised(LINES),
    "array gzip": gzipped(ARRAY),
    "array zstd": zstandardised(ARRAY),
    "csv gzip": gzipped(CSV),
    "csv zstd": zstandardised(CSV),
    "zip": zipped(CHATS),
    "stored zip": zipped(CHATS, zipfile.ZIP_STORED),
    "streamed zip": zipped(CHATS, streamed=True),
    "zip gzip": gzipped(zipped(CHATS)),
}
ENDS = {reasons.TRUNCATED, reasons.CUT}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "lines": bytes,
    "lines gzip": lambda content: zlib.decompressobj(31).decompress(content),
    "lines zstd": lambda content: zstd.ZstdDecompressor().decompress(content),
}


def _assert_clear(fault: IndexFault) -> None:
    assert fault.hint
    assert SECRET not in f"{fault.message}{fault.hint}"


@settings(max_examples=120, deadline=None)
@given(kind=st.sampled_from(sorted(KINDS)), share=st.floats(0.05, 0.999))
def test_a_file_cut_anywhere_gives_the_whole_records_before_the_cut(folder: Path, kind: str, share: float) -> None:
    content = KINDS[kind]
    path = folder / "cut"
    path.write_bytes(content[: int(len(content) * share)])
    try:
        reads = list(open_file(path))
    except IndexFault as fault:
        _assert_clear(fault)
        return
    accounts = [read.item.account for read in reads if isinstance(read.item, Conversation)]
    assert accounts == [f"a{number}" for number in range(len(accounts))]
    ends = [read.item.reason for read in reads if isinstance(read.item, Skipped)]
    assert len(ends) <= 1
    assert set(ends) <= ENDS
    if kind in UNPACK:
        whole = UNPACK[kind](path.read_bytes()).count(b"\n")
        assert len(accounts) in (whole, whole + 1)


def test_a_cut_is_told_once_and_everything_before_it_is_read(tmp_path: Path) -> None:
    for kind, content in KINDS.items():
        path = tmp_path / "cut"
        path.write_bytes(content[: len(content) // 2])
        reads = list(open_file(path))
        assert sum(isinstance(read.item, Conversation) for read in reads) >= 5, kind
        assert next(read.item.reason for read in reads if isinstance(read.item, Skipped)) in ENDS, kind
        assert isinstance(reads[-1].item, Skipped), kind


@settings(max_examples=120, deadline=None)
@given(kind=st.sampled_from(sorted(KINDS)), place=st.floats(0, 0.999), byte=st.integers(0, 255))
def test_a_damaged_byte_never_ends_a_run_in_anything_but_a_fault(
    folder: Path, kind: str, place: float, byte: int
) -> None:
    content = bytearray(KINDS[kind])
    content[int(len(content) * place)] = byte
    path = folder / "damaged"
    path.write_bytes(content)
    try:
        for read in open_file(path):
            assert isinstance(read.item, Conversation | Skipped)
    except IndexFault as fault:
        _assert_clear(fault)


def test_a_parquet_file_that_was_cut_says_why_nothing_can_be_read(tmp_path: Path) -> None:
    path = table(tmp_path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(IndexFault, match="cut off Parquet") as caught:
        open_file(path)
    assert "index stands at its end" in caught.value.hint


def table(folder: Path) -> Path:
    path = folder / "log.parquet"
    with duckdb.connect() as connection:
        words = "repeat(md5(i::VARCHAR), 40)"
        connection.execute(
            f"COPY (SELECT 'a' || i AS account, {words} AS prompt FROM range(9000) t(i))"
            f" TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 2048, COMPRESSION zstd)"
        )
    return path


def test_a_damaged_row_group_is_counted_and_the_others_are_read(tmp_path: Path) -> None:
    path = table(tmp_path)
    with duckdb.connect() as connection:
        found = connection.execute(
            f"SELECT data_page_offset, total_compressed_size FROM parquet_metadata('{path}')"
            " WHERE row_group_id = 1 AND path_in_schema = 'prompt'"
        ).fetchall()
    (start, size), content = found[0], bytearray(path.read_bytes())
    content[start + 8 : start + size - 8] = bytes(size - 16)
    path.write_bytes(content)
    reads = list(open_file(path))
    assert [read.item.reason for read in reads if isinstance(read.item, Skipped)] == [reasons.DAMAGED_ROWS]
    accounts = {read.item.account for read in reads if isinstance(read.item, Conversation)}
    assert {"a0", "a8999"} <= accounts
    assert len(accounts) >= 9000 - 2048


def test_malformed_csv_rows_are_counted_by_their_line(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(
        b'account,prompt\na1,one\na2,"two" oops\na3,"three\nlines"\na4,x,y,z\n'
        + b"\n" * 70_000
        + b"a5,caf\xe9\na6,six\n"
    )
    found = [(read.where, getattr(read.item, "reason", None)) for read in open_file(path)]
    assert found == [
        ("line 2", None),
        ("line 3", reasons.NOT_CSV),
        ("line 4", None),
        ("line 6", reasons.NOT_CSV),
        ("line 70007", reasons.NOT_UTF8),
        ("line 70008", None),
    ]


def encrypted(content: bytes) -> bytes:
    """The same zip with the flags that say its members are encrypted."""
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := content.find(signature, at + 1)) >= 0:
            content = content[: at + offset] + b"\x01\x00" + content[at + offset + 2 :]
    return content


def other_zip(name: str) -> bytes:
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(name, b"[]")
        file.seek(0)
        return file.read()


MISTAKEN: dict[str, tuple[bytes, str]] = {
    "an encrypted zip": (encrypted(zipped(CHATS)), "is encrypted"),
    "an encrypted zip that was cut": (encrypted(zipped(CHATS))[:-60], "is encrypted"),
    "a zip without conversations": (other_zip(f"{SECRET}.json"), "holds no conversations"),
    "an empty zip": (b"PK\x05\x06" + bytes(18), "zip of 0 files"),
    "a cut zip without conversations": (other_zip(f"{SECRET}.json")[:-30], "no conversations were found"),
    "a zip whose conversations are empty": (zipped(b"[]"), "no conversations that Shoal recognises"),
    "a zip packed by another method": (zipped(CHATS, zipfile.ZIP_LZMA), "packed by a method"),
    "gzip of nothing": (gzip.compress(b""), "is empty"),
    "gzip cut in its head": (gzip.compress(LINES)[:12], "damaged or cut off gzip"),
    "damaged gzip": (gzip.compress(LINES)[:10] + b"\xff" * 90, "damaged or cut off gzip"),
    "damaged zstd": (b"\x28\xb5\x2f\xfd" + b"\xff" * 90, "damaged or cut off zstd"),
    "gzip in gzip": (gzip.compress(gzip.compress(LINES)), "packed twice"),
    "UTF-16 in gzip": (gzip.compress(LINES.decode().encode("utf-16")), "UTF-16"),
    "a binary in gzip": (gzip.compress(b"\x7fELF\x00\x01" * 9), "is a binary file"),
    "a binary without zeros": (bytes(range(1, 256)) * 12, "is a binary file"),
    "Parquet by its first bytes alone": (b"PAR1" + SECRET.encode() * 9, "cut off Parquet"),
    "JSON of another shape in gzip": (gzip.compress(b'{"city": 1}\n' * 3), "'city'"),
    "one JSON string": (json.dumps(SECRET).encode(), "no conversations that Shoal recognises"),
    "prose with commas": (f"Dear {SECRET}, I write, today\n".encode() * 9, "not shown"),
}


@pytest.mark.parametrize("kind", MISTAKEN)
def test_what_cannot_be_read_is_refused_by_its_name_with_what_to_do(tmp_path: Path, kind: str) -> None:
    content, said = MISTAKEN[kind]
    path = tmp_path / "given.bin"
    path.write_bytes(content)
    with pytest.raises(IndexFault) as caught:
        open_file(path)
    assert said in caught.value.message
    assert str(path) in caught.value.message
    assert caught.value.hint
    assert SECRET not in f"{caught.value.message}{caught.value.hint}"


def peak_of(path: Path) -> tuple[int, list[str]]:
    """The most memory that Python held while the file was read, and the reasons given."""
    tracemalloc.start()
    try:
        found = [read.item.reason for read in open_file(path) if isinstance(read.item, Skipped)]
        return tracemalloc.get_traced_memory()[1], found
    finally:
        tracemalloc.stop()


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch) -> int:
    limit = 1024 * 1024
    monkeypatch.setattr("index.sources.rows.MAX_RECORD_BYTES", limit)
    return limit


GOOD = json.dumps(RECORDS[0]).encode()


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (GOOD + b"\n", b"\n" + GOOD + b"\n", reasons.TOO_LONG),
        (b"[" + GOOD + b', {"messages": "', b'"}]', reasons.TOO_LONG_TO_GO_ON),
        (b"account,prompt\na1,hello\na2,", b"\na3,hello\n", reasons.TOO_LONG),
        (b'account,prompt\na1,hello\na2,"', b'"\na3,hello\n', reasons.TOO_LONG),
    ],
    ids=["lines", "array", "csv", "quoted csv"],
)
def test_a_bomb_of_one_giant_record_is_passed_over_in_little_memory(
    tmp_path: Path, small_limit: int, pack: object, before: bytes, after: bytes, reason: str
) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(pack(before + b"x" * (32 * small_limit) + after))  # type: ignore[operator]
    assert path.stat().st_size < small_limit // 8
    peak, found = peak_of(path)
    assert found[0] == reason
    assert peak < 12 * small_limit


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    peaks = []
    for factor in (1, 8):
        path = tmp_path / f"log{factor}.jsonl.gz"
        path.write_bytes(gzip.compress(LINES * 15 * factor, 1))
        peaks.append(peak_of(path)[0])
    assert peaks[1] < peaks[0] * 1.2


def test_many_open_conversations_are_held_in_bounded_number(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    count = PENDING_CONVERSATIONS + 50
    path.write_text("".join(
        json.dumps({"model": "m", "session_id": f"s{number}", "messages": [{"role": "user", "content": "hi"}]}) + "\n"
        for number in range(count)
    ))  # fmt: skip
    reads = list(open_file(path))
    assert len(reads) == count
    assert all(isinstance(read.item, Conversation) for read in reads)
    assert reads[0].where == "line 1"


def log(*requests: tuple[str | None, str, list[str]]) -> str:
    rows = []
    for session, user, said in requests:
        messages = [{"role": ("user", "assistant")[place % 2], "content": text} for place, text in enumerate(said)]
        rows.append({"model": "m", "session_id": session, "user": user, "messages": messages[:-1],
                     "response": {"choices": [{"message": messages[-1]}]}})  # fmt: skip
    return "".join(json.dumps(row) + "\n" for row in rows)


JOINS = {
    "requests that repeat their history, interleaved": (
        log(("s1", "a", ["q", "r"]), ("s2", "b", ["q", "r"]), ("s1", "a", ["q", "r", "q2", "r2"]),
            ("s2", "b", ["q", "r", "q3", "r3"])), ["q q2", "q q3"]),
    "requests out of order": (log(("s1", "a", ["q", "r", "q2", "r2"]), ("s1", "a", ["q", "r"])), ["q q2"]),
    "requests that hold only what is new": (log(("s1", "a", ["q", "r"]), ("s1", "a", ["q2", "r2"])), ["q q2"]),
    "a history without an id that goes on": (log((None, "a", ["q", "r"]), (None, "a", ["q", "r", "q2", "r2"])), ["q q2"]),
    "the same first words of two people": (log((None, "a", ["q", "r"]), (None, "b", ["q", "r", "q2", "r2"])), ["q", "q q2"]),
    "the same first words answered otherwise": (
        log((None, "a", ["q", "r"]), (None, "a", ["q", "other", "q2", "r2"])), ["q", "q q2"]),
    "the same request twice without an id": (log((None, "a", ["q", "r"]), (None, "a", ["q", "r"])), ["q", "q"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", JOINS)
def test_one_conversation_over_many_requests_counts_once(tmp_path: Path, kind: str) -> None:
    content, expected = JOINS[kind]
    path = tmp_path / "log.jsonl"
    path.write_text(content)
    reads = list(open_file(path))
    said = [" ".join(read.item.said_by("user")) for read in reads if isinstance(read.item, Conversation)]
    assert sorted(said) == expected
    assert len(reads) == content.count("\n")
