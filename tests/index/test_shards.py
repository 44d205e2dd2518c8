"""Shards of an input: the same ones every time, each whole or not at all, and together the index that one process makes."""

import json
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.roles.builtin.extractor import BuiltinExtractor
from index.core.errors import IndexFault
from index.core.home import Home
from index.handle import Writer, open_writer
from index.ingest.pipeline import unread
from index.ingest.shards import Shard, ShardReader, committed, shards_of
from index.sources import open_files
from tests.fakes.corpus import ingest_of, records, take

KEY = b"a key of the index"
FACTS = "SELECT language, concern, turns, day, flagged, surface, harm, outcome, text, texts, kind FROM summaries ORDER BY no"


def _log(folder: Path, count: int = 300) -> Path:
    rows = []
    for place, record in enumerate(records()[:count]):
        said = record.conversation()
        rows.append(
            {
                "account": said.account,
                "time": said.time.isoformat() if said.time else None,
                "messages": [{"role": turn.role, "content": turn.text} for turn in said.turns],
            }
        )
        if place % 50 == 7:
            rows.append(rows[-1])
    path = folder / "log.jsonl"
    text = "".join(f"{json.dumps(row)}\n" for row in rows)
    path.write_text(f'{text}{{"messages": []}}\nno json\n', "utf-8")
    return path


def _reader(writer: Writer) -> ShardReader:
    return ShardReader(writer.sealer, BuiltinExtractor(), unread, KEY)


async def _by_shards(home: Home, log: Path, folder: Path, at_most: int) -> Writer:
    writer = open_writer(home.index_path("shards"), home)
    shards = shards_of([log], {}, at_most)
    for shard in reversed(shards):
        _reader(writer).read(shard, {}, folder)
    await ingest_of(writer).run_read(committed(shards, folder, KEY), len(shards))
    return writer


def _facts(writer: Writer) -> list[tuple[object, ...]]:
    writer.close()
    with duckdb.connect(str(writer.path / "facts.duckdb"), read_only=True) as connection:
        return connection.execute(FACTS).fetchall()


async def test_shards_in_any_order_make_the_index_that_one_process_makes(home: Home, tmp_path: Path) -> None:
    log = _log(tmp_path)
    whole = open_writer(home.index_path("whole"), home)
    first = await ingest_of(whole).run(open_files([log], check=lambda _: None))
    (tmp_path / "shards").mkdir()
    apart = await _by_shards(home, log, tmp_path / "shards", 10_000)
    second = await ingest_of(apart).run(open_files([log], check=lambda _: None))
    assert first.skipped["already in the index"] == 6
    assert second.taken == 0, "what the shards brought is known"
    assert len(shards_of([log], {}, 10_000)) > 3
    assert _facts(apart) == _facts(whole)


async def test_what_is_read_is_not_read_again_and_a_changed_input_is(home: Home, tmp_path: Path) -> None:
    log = _log(tmp_path, 60)
    writer = open_writer(home.index_path("made"), home)
    (shard,) = shards_of([log], {})
    count = _reader(writer).read(shard, {}, tmp_path)
    made = (tmp_path / "000000.parquet").stat().st_mtime_ns
    assert _reader(writer).read(shard, {}, tmp_path) == count
    assert (tmp_path / "000000.parquet").stat().st_mtime_ns == made
    log.write_text(log.read_text("utf-8").replace("account-", "person-"), "utf-8")
    _reader(writer).read(shard, {}, tmp_path)
    assert (tmp_path / "000000.parquet").stat().st_mtime_ns > made
    writer.close()


async def test_no_word_of_a_conversation_is_in_a_shards_file(home: Home, tmp_path: Path) -> None:
    log = _log(tmp_path, 60)
    writer = open_writer(home.index_path("made"), home)
    for shard in shards_of([log], {}):
        _reader(writer).read(shard, {}, tmp_path)
    content = b"".join(path.read_bytes() for path in tmp_path.glob("0*"))
    words = {word for record in records()[:60] for word in record.text.casefold().split() if len(word) > 6}
    assert not [word for word in words if word.encode() in content]
    writer.close()


async def test_a_shard_that_is_missing_or_of_another_key_is_a_fault(home: Home, tmp_path: Path) -> None:
    log = _log(tmp_path, 30)
    writer = open_writer(home.index_path("made"), home)
    shards = shards_of([log], {})
    with pytest.raises(IndexFault, match="missing or damaged"):
        list(committed(shards, tmp_path, KEY))
    _reader(writer).read(shards[0], {}, tmp_path)
    with pytest.raises(IndexFault, match="missing or damaged"):
        list(committed(shards, tmp_path, b"another"))
    await take(writer, [])
    writer.close()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=12), min_size=1, max_size=20), st.integers(9, 300), st.booleans())
def test_every_line_is_in_exactly_one_part(texts: list[str], at_most: int, ends: bool) -> None:
    import tempfile

    lines = [json.dumps({"messages": [{"role": "user", "content": f"say {text}"}]}) for text in texts]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl"
        path.write_text("\n".join(lines) + ("\n" if ends else ""), "utf-8")
        size = path.stat().st_size
        parts = [Shard(0, str(path), start, min(start + at_most, size)) for start in range(0, size, at_most)]
        read = [read.item for part in parts for read in part.source({})]
        whole = [read.item for read in open_files([path], check=lambda _: None)]
    assert read == whole
