"""Erasing: nothing of an account, or from before a day, is in any file afterwards, and a kill is finished later."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from index.core.errors import IndexFault
from index.core.home import Home
from index.core.records import Conversation, Turn
from index.handle import SHARDS, Index, Writer, open_writer
from index.maintenance.erasure import apply_retention, finish, forget
from index.stores.vectors import VectorStore
from tests.fakes.corpus import FIRST_DAY, FakeEncoder, context, publish_of, records, take
from tests.fakes.killed_erasure import forget_killed_at
from tools.registry import call

SOME = [record.conversation() for record in records()[:200]]
TOLD = [
    # Six accounts use each of these words, so they are attested and stand in clear; only one account uses all of them.
    Conversation((Turn("user", f"the {word} question"),), f"other-{place}-{word}", FIRST_DAY)
    for word in ("xylotomy", "quinquereme", "zugzwang")
    for place in range(6)
]
HIS = Conversation(
    (Turn("user", "xylotomy quinquereme zugzwang, xylotomy quinquereme zugzwang"),), "the-one", FIRST_DAY
)
HIS_TEXT = "xylotomy quinquereme; quinquereme zugzwang"


def stages(stage: str, done: int, total: int) -> None:
    """Takes progress and says nothing."""


async def made(home: Home, conversations: Sequence[Conversation]) -> Path:
    path = home.index_path("made")
    writer = open_writer(path, home)
    await take(writer, conversations)
    await publish_of(writer)
    writer.close()
    return path


def texts_of(path: Path) -> list[str]:
    snapshot = Index(path, FakeEncoder()).snapshot
    return snapshot.texts(np.arange(len(snapshot)))


def clustered(path: Path) -> dict[str, int]:
    """Summaries by base cluster."""
    snapshot = Index(path, FakeEncoder()).snapshot
    return {
        cluster.id: int((snapshot.base_labels == place).sum()) for place, cluster in enumerate(snapshot.base_clusters)
    }


def bytes_of(path: Path) -> bytes:
    return b"".join(item.read_bytes() for item in path.rglob("*") if item.is_file())


def his_summary(path: Path) -> tuple[str, bytes]:
    texts = texts_of(path)
    row = next(
        row for row, text in enumerate(texts) if all(word in text for word in ("xylotomy", "quinquereme", "zugzwang"))
    )
    return texts[row], Index(path, FakeEncoder()).vectors_of(np.array([row])).tobytes()


async def test_an_account_is_in_no_file_afterwards_and_the_rest_is(home: Home) -> None:
    path = await made(home, [*SOME, *TOLD, HIS])
    text, vector = his_summary(path)
    assert vector in bytes_of(path)
    writer = open_writer(path, home)
    hashed = writer.sealer.account("the-one")
    form = writer.sealer.sketch(HIS)
    writer.close()
    assert form is not None
    assert form not in bytes_of(path)  # nobody else wrote so
    gone = forget(path, home, stages, account="the-one")
    assert (gone.summaries, gone.accounts, gone.snapshots) == (1, 1, 1)
    left = bytes_of(path)
    assert vector not in left
    assert text.encode() not in left
    assert hashed not in left
    assert len(texts_of(path)) == len(SOME) + len(TOLD)
    index = Index(path, FakeEncoder())
    assert len(index.cells()) == len(SOME) + len(TOLD)
    assert VectorStore(path / "vectors").count() == len(SOME) + len(TOLD)


async def test_a_forgotten_accounts_number_is_never_given_to_another(home: Home) -> None:
    path = await made(home, [*SOME, HIS])
    forget(path, home, stages, account="the-one")
    writer = open_writer(path, home)
    await take(writer, [Conversation((Turn("user", "a new one"),), "newcomer", FIRST_DAY)])
    await publish_of(writer)
    newest = writer.facts.account_number(writer.sealer.account("newcomer"))
    writer.close()
    assert newest == len({conversation.account for conversation in SOME}) + 2


async def test_everything_before_a_day_goes_and_taxonomy_counts_with_it(home: Home) -> None:
    path = await made(home, SOME)
    day = (FIRST_DAY + timedelta(days=90)).date()
    before = clustered(path)
    gone = forget(path, home, stages, before=day)
    kept = [item for item in SOME if item.time is None or item.time.date() >= day]
    assert gone.summaries == len(SOME) - len(kept)
    assert len(texts_of(path)) == len(kept)
    after = clustered(path)
    assert sum(after.values()) < sum(before.values())
    assert all(count <= before[name] for name, count in after.items())


async def test_what_is_not_there_is_forgotten_without_a_change(home: Home) -> None:
    path = await made(home, SOME)
    snapshot = (path / "snapshots" / "0001.duckdb").read_bytes()
    assert forget(path, home, stages, account="nobody").summaries == 0
    assert len(texts_of(path)) == len(SOME)
    assert (path / "snapshots" / "0001.duckdb").read_bytes() == snapshot


@pytest.mark.parametrize(
    "step", ["maintenance.erasure._rewrite_vectors", "maintenance.erasure.written_anew", "stores.rewriting._copy"]
)
async def test_an_erasure_that_was_killed_is_finished(home: Home, step: str) -> None:
    path = await made(home, [*SOME, *TOLD, HIS])
    text, vector = his_summary(path)
    forget_killed_at(f"index.{step}", path, home, "the-one")
    assert finish(path, home, stages) is not None
    assert finish(path, home, stages) is None
    left = bytes_of(path)
    assert vector not in left
    assert text.encode() not in left
    assert len(texts_of(path)) == len(SOME) + len(TOLD)


async def test_no_graph_file_holds_what_the_process_had_in_memory(home: Home) -> None:
    """Chroma writes the unused room of a graph as it finds it in memory: the vectors of one store in the files of the next."""
    await made(home, SOME)
    path = await made(home, [*SOME, HIS])
    forget(path, home, stages, account="the-one")
    folders = [file.parent for file in (path / "vectors").glob("*/header.bin")]
    assert folders
    for folder in folders:
        held = int.from_bytes((folder / "header.bin").read_bytes()[20:28], "little")
        graph, lengths = (folder / "data_level0.bin").read_bytes(), (folder / "length.bin").read_bytes()
        assert not any(graph[held * (len(graph) // (len(lengths) // 4)) :])
        assert not any(lengths[held * 4 :])


async def test_vectors_that_a_kill_left_moved_aside_come_back(home: Home) -> None:
    path = await made(home, SOME)
    (path / "vectors").rename(path / "vectors.old")
    writer: Writer = open_writer(path, home)
    assert writer.vectors.count() == len(SOME)
    writer.close()


async def test_retention_erases_what_is_too_old(home: Home) -> None:
    now = datetime.now(UTC)
    old = [Conversation((Turn("user", f"old {place}"),), f"a{place}", now - timedelta(days=40)) for place in range(9)]
    new = [Conversation((Turn("user", f"new {place}"),), f"b{place}", now) for place in range(9)]
    path = await made(home, [*old, *new])
    assert apply_retention(path, home, stages) is None
    settings = path / "index.toml"
    settings.write_text(settings.read_text("utf-8").replace("[retention]", "[retention]\ndays = 30"), "utf-8")
    gone = apply_retention(path, home, stages)
    assert gone is not None
    assert gone.summaries == 9
    assert len(texts_of(path)) == 9


async def test_an_index_that_stays_open_does_not_hide_an_erasure_from_the_next_one(home: Home) -> None:
    path = await made(home, [record.conversation() for record in records()])
    open_all_along = Index(path, FakeEncoder())
    before = len(open_all_along.snapshot)
    gone = forget(path, home, stages, account=records()[0].account)
    assert len(Index(path, FakeEncoder()).snapshot) == before - gone.summaries < before
    assert len(open_all_along.snapshot.texts(np.arange(before))) == before


async def test_a_question_asked_before_and_after_forgetting_does_not_tell_who_it_was(home: Home) -> None:
    path = await made(home, [record.conversation() for record in records()])
    ledger = home.root / "ledger.sqlite3"
    account = records()[0].account
    his = {record.language for record in records() if record.account == account}
    before = await call("count_by", {"by": "language"}, context(Index(path, FakeEncoder()), ledger))
    forget(path, home, stages, account=account)
    after = await call("count_by", {"by": "language"}, context(Index(path, FakeEncoder()), ledger))
    assert his
    assert [(row.label, row.values[0].count) for row in after.rows] == [
        (row.label, row.values[0].count) for row in before.rows
    ]
    assert after.totals == before.totals


async def test_no_summary_number_is_given_twice(home: Home) -> None:
    path = await made(home, [*SOME, HIS])
    last = Index(path, FakeEncoder()).snapshot.numbers.max()
    forget(path, home, stages, account="the-one")
    writer = open_writer(path, home)
    await take(writer, [Conversation((Turn("user", "a new one"),), "newcomer", FIRST_DAY)])
    assert writer.facts.numbers()[-1] == last + 1
    writer.close()


async def test_readers_are_refused_while_an_erasure_stands_unfinished(home: Home) -> None:
    path = await made(home, [*SOME, HIS])
    forget_killed_at("index.maintenance.erasure.written_anew", path, home, "the-one")
    with pytest.raises(IndexFault, match="erased"):
        Index(path, FakeEncoder())
    finish(path, home, stages)
    assert len(texts_of(path)) == len(SOME)


@pytest.mark.parametrize("is_published_again", [False, True])
async def test_a_snapshot_remembers_the_highest_number_when_the_newest_is_forgotten(
    home: Home, is_published_again: bool
) -> None:
    path = await made(home, [*SOME, HIS])
    newest = Index(path, FakeEncoder()).snapshot.last_number
    forget(path, home, stages, account="the-one")
    if is_published_again:
        writer = open_writer(path, home)
        await publish_of(writer)
        writer.close()
    snapshot = Index(path, FakeEncoder()).snapshot
    assert snapshot.last_number == newest
    assert int(snapshot.numbers.max()) < newest


async def test_readings_that_wait_for_a_committer_go_with_an_erasure(home: Home) -> None:
    writer = open_writer(home.index_path("made"), home)
    await take(writer, SOME)
    waiting = writer.path / SHARDS
    waiting.mkdir()
    (waiting / "000000.parquet").write_bytes(b"sealed readings, also of who goes")
    writer.close()
    forget(writer.path, home, lambda *_: None, account=SOME[0].account)
    assert not waiting.exists()
