"""Ingest: idempotent, resumable after a kill at any point, and not ended by one bad conversation."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from agent.roles.builtin.extractor import BuiltinExtractor
from index.core.home import Home
from index.core.records import Conversation, Turn
from index.handle import Writer, open_writer
from index.ingest.extraction import Extraction, NotExtracted
from index.ingest.pipeline import DUPLICATE
from index.ingest.reading import UNSCREENABLE, excerpt
from index.screening import screened
from index.sources import open_file
from index.stores.facts import Facts
from index.stores.repair import repair
from index.stores.vectors import Vectors, VectorStore
from tests.fakes.corpus import (
    FIRST_DAY,
    FakeEncoder,
    ListSource,
    ingest_of,
    publish_of,
    records,
    take,
)

SOME = [record.conversation() for record in records()[:60]]
MORE = [record.conversation() for record in records()[60:90]]


class Killed(BaseException):
    """Stands for a kill: nothing of ours may catch it."""


def opened(home: Home) -> Writer:
    return open_writer(home.index_path("made"), home)


def stored(writer: Writer) -> tuple[int, int, int, list[int]]:
    """Summaries, waiting drafts, vectors, and the numbers both stores must share."""
    numbers = writer.facts.numbers()
    pages = list(writer.vectors.pages(numbers))
    assert sum(map(len, pages)) == len(numbers)
    return writer.facts.totals()[0], writer.facts.drafts_waiting(), writer.vectors.count(), numbers


async def test_taking_the_same_source_again_adds_nothing_and_counts_duplicates(home: Home) -> None:
    writer = opened(home)
    first = await take(writer, SOME)
    before = (stored(writer), writer.facts.vocabulary())
    second = await take(writer, SOME)
    assert (first.taken, first.summarised) == (60, 60)
    assert (second.taken, second.summarised, dict(second.skipped)) == (0, 0, {DUPLICATE: 60})
    assert (stored(writer), writer.facts.vocabulary()) == before
    writer.close()


async def test_a_conversation_twice_in_one_source_is_taken_once(home: Home) -> None:
    writer = opened(home)
    report = await take(writer, [*SOME[:10], *SOME[:10]])
    assert (report.taken, dict(report.skipped)) == (10, {DUPLICATE: 10})
    assert report.first_skips == {DUPLICATE: "conversation 11"}
    writer.close()


async def test_the_same_words_of_two_accounts_are_two_conversations(home: Home) -> None:
    writer = opened(home)
    turns = (Turn("user", "merge two dataframes"),)
    report = await take(writer, [Conversation(turns, "a1", FIRST_DAY), Conversation(turns, "a2", FIRST_DAY)])
    assert report.taken == 2
    writer.close()


async def test_a_growing_source_adds_only_what_is_new(home: Home) -> None:
    writer = opened(home)
    await take(writer, SOME)
    report = await take(writer, [*SOME, *MORE])
    assert (report.taken, report.summarised, report.skipped[DUPLICATE]) == (30, 30, 60)
    assert stored(writer) == (90, 0, 90, list(range(1, 91)))
    writer.close()


def _die_before_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    def add(self: VectorStore, numbers: Sequence[int], vectors: Vectors) -> None:
        raise Killed

    monkeypatch.setattr(VectorStore, "add", add)


def _die_in_the_middle_of_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    add = VectorStore.add

    def half(self: VectorStore, numbers: Sequence[int], vectors: Vectors) -> None:
        middle = len(numbers) // 2
        add(self, numbers[:middle], vectors[:middle])
        raise Killed

    monkeypatch.setattr(VectorStore, "add", half)


def _die_before_completing(monkeypatch: pytest.MonkeyPatch) -> None:
    def complete(self: Facts, batch: int, scores: object) -> None:
        raise Killed

    monkeypatch.setattr(Facts, "complete_batch", complete)


KILLS = [_die_before_vectors, _die_in_the_middle_of_vectors, _die_before_completing]


async def _killed(
    home: Home, kill: Callable[[pytest.MonkeyPatch], None], conversations: Sequence[Conversation]
) -> None:
    """One ingest that completes, and one that is killed; the writer is let go as a dead process lets go."""
    writer = opened(home)
    await take(writer, SOME)
    with pytest.MonkeyPatch.context() as patch:
        kill(patch)
        with pytest.raises(Killed):
            await take(writer, conversations)
    writer.facts.close()


@pytest.mark.parametrize("kill", KILLS)
async def test_a_batch_cut_short_by_a_kill_is_done_again_without_loss_or_duplicate(
    home: Home, kill: Callable[[pytest.MonkeyPatch], None]
) -> None:
    await _killed(home, kill, MORE)
    writer = opened(home)
    report = await take(writer, MORE)
    assert (report.taken, report.summarised, report.skipped[DUPLICATE]) == (0, 30, 30)
    assert stored(writer) == (90, 0, 90, list(range(1, 91)))
    assert writer.facts.pending() == []
    writer.close()


@pytest.mark.parametrize("kill", KILLS)
async def test_after_a_kill_repair_makes_both_stores_agree_and_keeps_the_drafts(
    home: Home, kill: Callable[[pytest.MonkeyPatch], None]
) -> None:
    await _killed(home, kill, MORE)
    writer = opened(home)
    repair(writer.facts, writer.vectors)
    assert stored(writer) == (60, 30, 60, list(range(1, 61)))
    writer.close()


@pytest.mark.parametrize("kill", KILLS)
async def test_publishing_after_a_kill_shows_complete_batches_only(
    home: Home, kill: Callable[[pytest.MonkeyPatch], None]
) -> None:
    await _killed(home, kill, MORE)
    writer = opened(home)
    published = await publish_of(writer)
    assert (published.snapshot, published.summaries) == (1, 60)
    writer.close()


async def test_a_kill_while_reading_loses_no_conversation_and_counts_no_word_twice(home: Home) -> None:
    writer = opened(home)
    stage = Facts.stage
    with pytest.MonkeyPatch.context() as patch:

        def stage_and_die(self: Facts, *arguments: object) -> None:
            stage(self, *arguments)  # type: ignore[arg-type]
            raise Killed

        patch.setattr(Facts, "stage", stage_and_die)
        with pytest.raises(Killed):
            await take(writer, SOME)
    report = await take(writer, SOME)
    assert (report.taken, report.summarised, report.skipped[DUPLICATE]) == (0, 60, 60)
    killed = writer.facts.vocabulary()
    writer.close()
    whole = open_writer(home.index_path("whole"), home)
    await take(whole, SOME)
    assert sorted((item.word, item.uses) for item in killed.values()) == sorted(
        (item.word, item.uses) for item in whole.facts.vocabulary().values()
    )
    whole.close()


class Refusing(BuiltinExtractor):
    """Cannot read every third conversation."""

    def extract_here(self, batch: Sequence[Conversation]) -> Sequence[Extraction | NotExtracted]:
        found = list(super().extract_here(batch))
        found[::3] = [NotExtracted("refused by the model")] * len(found[::3])
        return found


async def test_a_conversation_that_cannot_be_screened_in_time_is_never_read(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(conversation: Conversation) -> Conversation:
        if conversation is not stubborn:
            return screened(conversation)
        raise TimeoutError

    stubborn = excerpt(SOME[7], BuiltinExtractor().portion)[0]
    monkeypatch.setattr("index.ingest.pipeline.excerpt", lambda item, _: (stubborn if item is SOME[7] else item, False))
    monkeypatch.setattr("index.ingest.reading.screened", slow)
    report = await take(opened(home), SOME)
    assert (report.taken, dict(report.failed)) == (len(SOME) - 1, {UNSCREENABLE: 1})


async def test_conversations_that_cannot_be_read_are_counted_and_can_be_taken_later(home: Home) -> None:
    writer = opened(home)
    report = await ingest_of(writer, Refusing()).run(ListSource(SOME))
    assert (report.taken, dict(report.failed)) == (40, {"refused by the model": 20})
    assert writer.facts.failures() == {"refused by the model": 20}
    again = await take(writer, SOME)
    assert (again.taken, again.skipped[DUPLICATE]) == (20, 40)
    assert writer.facts.failures() == {}
    writer.close()


ODD: dict[str, dict[str, object]] = {
    "half an emoji in the text": {"messages": [{"role": "user", "content": "half an emoji \ud83d here"}]},
    "half an emoji in the account": {"account": "half \ud83d", "messages": [{"role": "user", "content": "hello"}]},
    "control signs": {"account": "a\x001", "messages": [{"role": "user", "content": "a \x00 nul \x1b[31m \u202e"}]},
    "a huge turn": {"messages": [{"role": "user", "content": "a" * 200_000}]},
    "no user": {"messages": [{"role": "assistant", "content": "no user at all"}]},
    "no turns": {"messages": []},
    "nothing but text": {"messages": [{"role": "user", "content": "hello"}]},
}


@pytest.mark.parametrize("kind", ODD)
async def test_an_odd_conversation_never_ends_an_ingest(home: Home, tmp_path: Path, kind: str) -> None:
    good = [{"account": f"a{n}", "messages": [{"role": "user", "content": f"merge {n} tables"}]} for n in range(10)]
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(map(json.dumps, [*good[:5], ODD[kind], *good[5:]])), "utf-8")
    writer = opened(home)
    report = await ingest_of(writer).run(open_file(path))
    assert report.taken + report.skipped.total() == 11
    assert writer.facts.totals()[0] == report.taken >= 10
    writer.close()


async def test_accounts_are_said_to_be_missing_once_any_conversation_has_none(home: Home) -> None:
    writer = opened(home)
    await take(writer, SOME)
    assert writer.facts.manifest("accounts") == "stated"
    await take(writer, [Conversation((Turn("user", "hello"),), None, FIRST_DAY)])
    assert writer.facts.manifest("accounts") == "none"
    writer.close()


async def test_an_undated_conversation_stays_undated_and_a_naive_time_is_taken_as_utc(home: Home) -> None:
    writer = opened(home)
    late = FIRST_DAY.replace(hour=23, minute=59, tzinfo=None)
    turns = (Turn("user", "hello"),)
    await take(writer, [Conversation(turns, "a1", None), Conversation(turns, "a2", late)])
    days = [row.facets.day for row in writer.facts.drafts(9)]
    assert days == []
    writer.facts.copy_members(home.root / "copy.duckdb", writer.facts.numbers(), 5)
    writer.close()
    assert set(_days(home.root / "copy.duckdb")) == {None, 20_513}


def _days(path: Path) -> list[int | None]:
    import duckdb

    with duckdb.connect(str(path), read_only=True) as connection:
        return [row[0] for row in connection.execute("SELECT day FROM members").fetchall()]


def test_the_fake_encoder_gives_unit_vectors_that_know_words() -> None:
    one, same, other = FakeEncoder().encode(["cover letter", "letter cover", "gazpacho"])
    assert abs(float(one @ one) - 1) < 1e-5
    assert float(one @ same) > 0.999 > 0.6 > float(one @ other)
