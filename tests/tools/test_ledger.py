"""The ledger: append-only, chained, and safe for parallel agents."""

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyroaring import BitMap

from tools.context import ToolContext
from tools.core.errors import ToolRefusal
from tools.core.ledger import Ledger, ReleasedSet
from tools.registry import call

ENTRY: dict[str, Any] = {
    "run": "r1", "tool": "count_by", "scope": "all conversations", "arguments": "{}", "policy": "{}", "snapshot": 1,
    "asked": 3, "shown": 2, "withheld": 1, "smallest": 15, "to_model": 0, "bytes": 10, "digest": "d",
}  # fmt: skip
SETS = (ReleasedSet("scope", 9, None, BitMap([1, 2, 3])), ReleasedSet("cell", 7, 15, BitMap([2, 3]), b"signed"))
KINDS = ("scope", "cell")


def filled(path: Path, entries: int = 4) -> Ledger:
    ledger = Ledger(path)
    for number in range(entries):
        with ledger.exclusive():
            ledger.append({**ENTRY, "digest": f"d{number}"}, SETS)
    return ledger


def read(ledger: Ledger, after: int = 0) -> list[ReleasedSet]:
    """Sets as they were handed over, from the file."""
    return [
        ReleasedSet(kept.kind, kept.accounts, kept.count, ledger.members_of(kept), kept.signature)
        for kept in ledger.new_sets(after)
    ]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger" / "analyst.sqlite3"


def test_a_ledger_that_was_only_appended_to_verifies_also_after_reopening(path: Path) -> None:
    ledger = filled(path)
    assert ledger.verify() is None
    ledger.close()
    again = filled(path, 2)
    seen: list[int] = []
    assert again.verify(seen.append) is None
    assert seen == [1, 2, 3, 4, 5, 6]


def test_what_was_released_is_read_back_by_this_and_by_another_handle(path: Path) -> None:
    ledger, other = filled(path, 1), Ledger(path)
    for handle in (ledger, other):
        with handle.exclusive():
            assert read(handle) == list(SETS)
    with ledger.exclusive():
        ledger.append(ENTRY, SETS)
    with other.exclusive():
        assert read(other) == [*SETS, *SETS]
        assert read(other, after=1) == list(SETS)


def test_members_that_an_entry_has_twice_are_written_once_and_read_back_for_both(path: Path) -> None:
    members = BitMap(range(0, 90_000, 3))
    sets = [ReleasedSet("scope", 9, None, members), *SETS, ReleasedSet("total: x", 9, 15, members), SETS[0]]
    ledger = Ledger(path)
    with ledger.exclusive():
        ledger.append(ENTRY, sets)
    assert ledger.verify() is None
    ledger.close()
    with closing(sqlite3.connect(path)) as raw:
        sizes = [size for (size,) in raw.execute("SELECT length(members) FROM sets ORDER BY place")]
    assert sizes[3] == sizes[4] == 7 < min(sizes[:3])
    again = Ledger(path)
    with again.exclusive():
        assert read(again) == sets


def test_what_is_released_again_and_again_is_stored_once(path: Path) -> None:
    sets = [ReleasedSet("cell", 9, 15, BitMap(range(0, 90_000, step)), bytes(400)) for step in (3, 5, 7)]
    ledger, other = Ledger(path), Ledger(path)
    for handle in (ledger, other, ledger):
        with handle.exclusive():
            handle.append(ENTRY, sets)
    assert ledger.verify() is None
    with other.exclusive():
        assert read(other) == [*sets, *sets, *sets]
    with closing(sqlite3.connect(path)) as raw:
        blobs = raw.execute("SELECT members, signature FROM sets JOIN signatures USING (seq, place) WHERE seq > 1")
        assert {len(blob) for row in blobs for blob in row} == {7}
        raw.execute("UPDATE firsts SET place = 2 WHERE place = 0")
        raw.commit()
    with ledger.exclusive():
        ledger.append(ENTRY, sets)
    with ledger.exclusive():
        assert read(ledger, after=3) == sets
    assert ledger.verify() is None


@pytest.mark.parametrize("by", [1, 9])
def test_places_that_were_moved_break_the_chain(path: Path, by: int) -> None:
    ledger = Ledger(path)
    sets = [ReleasedSet("cell", 9, 15, BitMap([number, number + 1])) for number in range(3)]
    for _ in range(2):
        with ledger.exclusive():
            ledger.append(ENTRY, sets)
    assert ledger.verify() is None
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("DROP TRIGGER sets_stay")
        for place in (2, 1, 0):
            raw.execute("UPDATE sets SET place = ? WHERE seq = 1 AND place = ?", [place + by, place])
        raw.commit()
    assert ledger.verify() == 1


def test_bytes_as_short_as_a_reference_are_refused(path: Path) -> None:
    ledger = Ledger(path)
    with pytest.raises(ValueError, match="as short as a reference"), ledger.exclusive():
        ledger.append(ENTRY, [ReleasedSet("cell", 9, 15, BitMap([1]), bytes(7))])
    assert ledger.verify() is None


def test_a_place_as_an_older_shoal_wrote_it_is_still_read(path: Path) -> None:
    ledger = Ledger(path)
    members = BitMap(range(0, 900, 3))
    with ledger.exclusive():
        ledger.append(ENTRY, [ReleasedSet("scope", 9, None, members)])
        ledger._connection.execute("INSERT INTO sets VALUES (1, 1, 'cell', 9, 15, ?)", [(0).to_bytes(4, "little")])
        assert [item.members for item in read(ledger)] == [members, members]


def test_releases_are_listed_newest_first_and_by_run(path: Path) -> None:
    ledger = filled(path, 2)
    with ledger.exclusive():
        ledger.append({**ENTRY, "run": "r2", "to_model": 1}, SETS)
    assert [item.seq for item in ledger.releases()] == [3, 2, 1]
    (only,) = ledger.releases("r2")
    assert (only.seq, only.to_model, only.smallest, only.tool) == (3, True, 15, "count_by")


def test_a_digest_is_known_only_when_it_was_released(path: Path) -> None:
    ledger = filled(path, 1)
    assert ledger.digest_known("d0")
    assert not ledger.digest_known("d1")


def test_an_entry_that_fails_half_way_leaves_nothing(path: Path) -> None:
    ledger = filled(path, 1)
    with pytest.raises(KeyboardInterrupt), ledger.exclusive():
        ledger.append(ENTRY, SETS)
        raise KeyboardInterrupt
    assert [item.seq for item in ledger.releases()] == [1]
    assert ledger.verify() is None
    with ledger.exclusive():
        assert len(ledger.new_sets(0)) == 2


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE releases SET shown = 0",
        "DELETE FROM releases",
        "UPDATE sets SET count = 0",
        "DELETE FROM sets",
        "UPDATE signatures SET signature = x'00'",
        "UPDATE releases SET scope = 'another'",
        "UPDATE seals SET salt = 'another'",
        "UPDATE seals SET digest = ''",
        "DELETE FROM seals",
        "DELETE FROM signatures",
    ],
)
def test_the_file_itself_refuses_to_change_or_remove_an_entry(path: Path, sql: str) -> None:
    filled(path).close()
    with closing(sqlite3.connect(path)) as raw, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute(sql)


_COLUMNS = {
    "at": "'2020-01-01'", "run": "'x'", "tool": "'x'", "scope": "'x'", "arguments": "'x'", "policy": "'x'",
    "snapshot": "9", "asked": "99", "shown": "99", "withheld": "99", "smallest": "99", "to_model": "1", "bytes": "99",
    "digest": "'x'", "previous": "'x'", "hash": "'x'",
}  # fmt: skip
_BLOB = "x'" + BitMap([1]).serialize().hex() + "'"
EDITS = {
    **{
        f"{name} of an entry": f"UPDATE releases SET {name} = {value} WHERE seq = 2" for name, value in _COLUMNS.items()
    },
    "smallest taken away": "UPDATE releases SET smallest = NULL WHERE seq = 2",
    "kind of a set": "UPDATE sets SET kind = 'x' WHERE seq = 2 AND place = 1",
    "accounts of a set": "UPDATE sets SET accounts = 1 WHERE seq = 2 AND place = 1",
    "count of a set": "UPDATE sets SET count = 99 WHERE seq = 2 AND place = 1",
    "count of a scope": "UPDATE sets SET count = 99 WHERE seq = 2 AND place = 0",
    "members of a set": f"UPDATE sets SET members = {_BLOB} WHERE seq = 2 AND place = 1",
    "signature of a set": "UPDATE signatures SET signature = x'00' WHERE seq = 2",
    "a signature removed": "DELETE FROM signatures WHERE seq = 2",
    "a signature added": "INSERT INTO signatures VALUES (2, 0, x'00')",
    "a signature of no set added": "INSERT INTO signatures VALUES (2, 9, x'00')",
    "a signature of no entry added": "INSERT INTO signatures VALUES (1000000, 0, x'00')",
    "a reference in place of members": "UPDATE sets SET members = x'00000000' WHERE seq = 2 AND place = 1",
    "a set removed": "DELETE FROM sets WHERE seq = 2 AND place = 1",
    "a set added": f"INSERT INTO sets VALUES (2, 2, 'cell', 1, 15, {_BLOB})",
    "a set of no entry added": f"INSERT INTO sets VALUES (1000000, 0, 'cell', 1, 15, {_BLOB})",
    "sets exchanged": "UPDATE sets SET place = 9 WHERE seq = 2 AND place = 0",
    "an entry removed": "DELETE FROM releases WHERE seq = 2",
    "an entry and its sets removed": "DELETE FROM releases WHERE seq = 2; DELETE FROM sets WHERE seq = 2",
    "the first entry removed": "DELETE FROM releases WHERE seq = 1; DELETE FROM sets WHERE seq = 1",
    "the last entry removed": "DELETE FROM releases WHERE seq = 4; DELETE FROM sets WHERE seq = 4",
    "everything removed": "DELETE FROM releases; DELETE FROM sets",
    "an entry moved": "UPDATE releases SET seq = 40 WHERE seq = 4; UPDATE sets SET seq = 40 WHERE seq = 4",
    "an entry added": "INSERT INTO releases SELECT 5, at, run, tool, scope, arguments, policy, snapshot, asked, shown, "
    "withheld, smallest, to_model, bytes, digest, hash, hash FROM releases WHERE seq = 4",
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_by_someone_who_dropped_the_triggers_is_detected(path: Path, edit: str) -> None:
    filled(path).close()
    with closing(sqlite3.connect(path)) as raw:
        triggers = raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            raw.execute(f"DROP TRIGGER {name}")
        raw.executescript(EDITS[edit])
        raw.commit()
    assert Ledger(path).verify() is not None


def test_an_edit_is_reported_at_the_entry_it_broke(path: Path) -> None:
    filled(path).close()
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript("DROP TRIGGER releases_stay; UPDATE releases SET shown = 7 WHERE seq = 3;")
    assert Ledger(path).verify() == 3


def test_a_ledger_of_a_shoal_that_kept_no_signatures_verifies_is_read_and_goes_on(path: Path) -> None:
    plain = [replace(item, signature=b"") for item in SETS]
    ledger = Ledger(path)
    with ledger.exclusive():
        ledger.append(ENTRY, plain)
    ledger.close()
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript("DROP TABLE signatures;")
    again = Ledger(path)
    assert again.verify() is None
    with again.exclusive():
        assert read(again) == plain
        again.append(ENTRY, SETS)
    assert again.verify() is None


@pytest.mark.parametrize("handles", [1, 2])
def test_two_threads_appending_at_once_keep_the_chain(path: Path, handles: int) -> None:
    first = Ledger(path)
    ledgers = [first, first if handles == 1 else Ledger(path)]
    start = threading.Barrier(2)
    failures: list[BaseException] = []

    def append(ledger: Ledger) -> None:
        try:
            start.wait()
            for _ in range(40):
                with ledger.exclusive():
                    before = len(ledger.new_sets(0))
                    ledger.append(ENTRY, SETS)
                    assert len(ledger.new_sets(0)) == before + len(SETS)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=append, args=(ledger,)) for ledger in ledgers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert first.verify() is None
    assert sorted(item.seq for item in first.releases()) == list(range(1, 81))


def test_the_ledger_is_readable_by_its_owner_alone(path: Path) -> None:
    filled(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_refused_question_is_an_entry_of_the_chain_with_a_reason_and_no_set(ctx: ToolContext) -> None:
    with pytest.raises(ToolRefusal):
        await call("count_by", {"by": "language", "scope": {"language": "Klingon"}}, ctx)
    ledger = ctx.gate.ledger
    (refusal,) = ledger.refusals()
    assert (refusal.tool, refusal.scope, refusal.shown) == ("count_by", "too few or too close", 0)
    assert ledger.releases() == []
    assert ledger.verify() is None
    assert not ledger.digest_known(refusal.digest)


async def test_a_value_that_nobody_has_is_refused_in_the_words_of_one_that_few_have(ctx: ToolContext) -> None:
    told = set()
    for scope in ({"language": "Klingon"}, {"near": "beehive varroa honeycomb"}, {"surface": "pager"}):
        with pytest.raises(ToolRefusal) as refused:
            await call("count_by", {"by": "language", "scope": scope}, ctx)
        told.add(str(refused.value))
    assert len(told) == 1
    assert len({refusal.scope for refusal in ctx.gate.ledger.refusals()}) == 1


def _write(path: str, name: str) -> None:
    ledger = Ledger(Path(path))
    for number in range(10):
        with ledger.exclusive():
            ledger.append({**ENTRY, "digest": f"{name}{number}"}, SETS)
    ledger.close()


def test_threads_of_two_processes_write_one_whole_chain(path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    code = "import sys; from tests.tools.test_ledger import _write; _write(*sys.argv[1:])"
    workers = [
        subprocess.Popen([sys.executable, "-c", code, str(path), name], env=environment, stderr=subprocess.DEVNULL)
        for name in "ab"
    ]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda name: _write(str(path), name), "cd"))
    ledger = Ledger(path)
    assert [worker.wait(60) for worker in workers] == [0, 0]
    assert len(ledger.releases()) == 40
    assert ledger.verify() is None


def test_what_was_typed_can_be_redacted_and_the_chain_still_holds(path: Path) -> None:
    ledger = Ledger(path)
    for words in ("near “quackenbush”", "all conversations"):
        with ledger.exclusive():
            ledger.append({**ENTRY, "scope": words, "arguments": f'{{"near": "{words}"}}'}, SETS)
    assert ledger.redact(1)
    assert not ledger.redact(9)
    assert ledger.verify() is None
    assert [(entry.scope, entry.shown) for entry in ledger.entries()] == [("all conversations", 2), ("[redacted]", 2)]
    ledger.close()
    assert b"quackenbush" not in path.read_bytes()


def test_a_redaction_that_is_none_breaks_the_chain(path: Path) -> None:
    filled(path, 3).close()
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript("DROP TRIGGER typed_stays; UPDATE releases SET scope = 'other words' WHERE seq = 2")
    again = Ledger(path)
    assert again.verify() == 2
    again.close()
