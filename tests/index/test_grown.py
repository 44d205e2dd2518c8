"""A conversation that goes on after it was taken: the longer form takes the shorter one's place, and nothing is lost."""

import json
from pathlib import Path

import duckdb

from index.forget import forget
from index.handle import Index, Writer, open_writer
from index.home import Home
from index.ingest import DUPLICATE
from index.records import Conversation, Turn
from index.sources import open_file
from index.stores.frozen import SUFFIX
from index.stores.vectors import VectorStore
from tests.fakes.corpus import FIRST_DAY, FakeEncoder, ingest_of, publish_of, records, take

SOME = [record.conversation() for record in records()[:60]]
ASKED = (Turn("user", "merge two dataframes in pandas"), Turn("assistant", "Use merge."))
WENT_ON = (*ASKED, Turn("user", "and keep the index of the left one"), Turn("assistant", "Set left_index."))
SHORT = Conversation(ASKED, "who goes on", FIRST_DAY)
LONG = Conversation(WENT_ON, "who goes on", FIRST_DAY)


def opened(home: Home) -> Writer:
    return open_writer(home.index_path("made"), home)


async def test_a_grown_conversation_is_counted_once_in_its_longer_form(home: Home) -> None:
    writer = opened(home)
    await take(writer, [*SOME, SHORT])
    later = await take(writer, [*SOME, LONG])
    assert (later.taken, later.grown, later.skipped[DUPLICATE]) == (1, 1, 60)
    assert writer.facts.totals()[0] == 61
    await publish_of(writer)
    writer.close()
    turns = Index(writer.path, FakeEncoder()).snapshot.facet("turns")
    assert len(turns.codes) == 61


async def test_the_shorter_form_read_once_more_adds_nothing(home: Home) -> None:
    writer = opened(home)
    await take(writer, [SHORT])
    await take(writer, [LONG])
    again = await take(writer, [SHORT, LONG])
    assert (again.taken, again.grown, again.skipped[DUPLICATE]) == (0, 0, 2)
    assert writer.facts.totals() == (1, 1)
    writer.close()


async def test_both_forms_in_one_log_are_one_conversation_in_either_order(home: Home) -> None:
    for number, both in enumerate(([SHORT, LONG], [LONG, SHORT])):
        writer = open_writer(home.index_path(f"made-{number}"), home)
        found = await take(writer, both)
        assert (found.taken, found.grown) == (2, 1)
        assert writer.facts.totals()[0] == 1
        writer.close()


async def test_people_without_account_and_time_who_begin_alike_stay_apart(home: Home) -> None:
    writer = opened(home)
    found = await take(writer, [Conversation(ASKED), Conversation(WENT_ON)])
    other = await take(writer, [SHORT, Conversation(WENT_ON, "somebody else", FIRST_DAY)])
    assert (found.grown, other.grown) == (0, 0)
    assert writer.facts.totals() == (4, 4)
    writer.close()


async def test_a_question_that_nobody_answered_is_not_a_beginning(home: Home) -> None:
    writer = opened(home)
    found = await take(
        writer, [Conversation(ASKED[:1], "asks often", FIRST_DAY), Conversation(ASKED, "asks often", FIRST_DAY)]
    )
    assert found.grown == 0
    assert writer.facts.totals()[0] == 2
    writer.close()


async def test_an_api_log_that_has_grown_counts_its_open_conversation_once(home: Home, tmp_path: Path) -> None:
    def request(turns: tuple[Turn, ...], reply: str) -> str:
        messages = [{"role": turn.role, "content": turn.text} for turn in turns]
        body = {"model": "m", "max_tokens": 9, "messages": messages, "metadata": {"user_id": "who goes on"}}
        answer = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": reply}]}
        return json.dumps({"request": body, "response": answer, "timestamp": "2026-03-01T12:00:00Z"}) + "\n"

    log = tmp_path / "requests.jsonl"
    log.write_text(request(ASKED[:1], ASKED[1].text), "utf-8")
    writer = opened(home)
    await ingest_of(writer).run(open_file(log))
    with log.open("a", encoding="utf-8") as file:
        file.write(request(WENT_ON[:3], WENT_ON[3].text))
    later = await ingest_of(writer).run(open_file(log))
    assert (later.taken, later.grown) == (1, 1)
    assert writer.facts.totals() == (1, 1)
    writer.close()


async def test_an_account_that_only_goes_on_is_not_a_new_one(home: Home) -> None:
    writer = opened(home)
    shorter = [Conversation(ASKED, f"account {number}", FIRST_DAY) for number in range(30)]
    longer = [Conversation(WENT_ON, f"account {number}", FIRST_DAY) for number in range(30)]
    await take(writer, [*SOME, *shorter])
    first = await publish_of(writer)
    await take(writer, longer)
    second = await publish_of(writer)
    writer.close()
    assert (first.snapshot, second.snapshot) == (1, None)
    assert second.why == "nothing new since the last snapshot"


async def test_both_forms_are_forgotten_and_the_snapshot_that_showed_one_still_opens(home: Home) -> None:
    writer = opened(home)
    kept = Conversation(ASKED, "who stays", FIRST_DAY)
    await take(writer, [*SOME, SHORT, kept])
    await publish_of(writer)
    await take(writer, [LONG, Conversation(WENT_ON, "who stays", FIRST_DAY)])
    writer.close()
    gone = forget(writer.path, home, lambda *_: None, account="who goes on")
    assert (gone.summaries, gone.accounts) == (2, 1)
    assert len(Index(writer.path, FakeEncoder()).snapshot) == 61  # the newest snapshot still shows who stays, once
    assert VectorStore(writer.path / "vectors").count() == 62  # the shorter form of it too, as the snapshot shows it
    assert list((writer.path / "snapshots").glob(f"*{SUFFIX}"))
    with duckdb.connect(str(writer.path / "facts.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM outgrown").fetchone() == (1,)
