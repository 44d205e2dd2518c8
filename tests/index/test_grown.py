"""A conversation that goes on after it was taken: the longer form takes the shorter one's place, and nothing is lost."""

import json
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from index.core.home import Home
from index.core.records import Conversation, Turn, day_number
from index.handle import Index, Writer, open_writer
from index.ingest.pipeline import DUPLICATE
from index.maintenance.erasure import forget
from index.sources import joining, open_file
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


def request(
    turns: tuple[Turn, ...], reply: str, time: str = "2026-03-01T12:00:00Z", account: str = "who goes on"
) -> str:
    """A line of an API log: what was asked with its history, and what was answered."""
    messages = [{"role": turn.role, "content": turn.text} for turn in turns]
    body = {"model": "m", "max_tokens": 9, "messages": messages, "metadata": {"user_id": account}}
    answer = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": reply}]}
    return json.dumps({"request": body, "response": answer, "timestamp": time}) + "\n"


async def test_an_api_log_that_has_grown_counts_its_open_conversation_once(home: Home, tmp_path: Path) -> None:
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


EVENING, NIGHT, MORNING = "2026-03-01T23:50:00Z", "2026-03-02T00:10:00Z", "2026-03-03T08:00:00Z"
LAST = Turn("user", "now write it to a file")


async def logs(home: Home, tmp_path: Path, *days: str) -> Writer:
    """An index that took one log after the other."""
    writer = opened(home)
    for number, lines in enumerate(days):
        log = tmp_path / f"{number}.jsonl"
        log.write_text(lines, "utf-8")
        await ingest_of(writer).run(open_file(log))
    return writer


def counted_days(writer: Writer) -> list[int]:
    return [row[0] for row in writer.facts._rows("SELECT day FROM complete ORDER BY day")]


async def test_a_conversation_over_midnight_counts_once_in_daily_logs_on_the_day_on_which_it_began(
    home: Home, tmp_path: Path
) -> None:
    first = request(ASKED[:1], ASKED[1].text, EVENING)
    second = request(WENT_ON[:3], WENT_ON[3].text, NIGHT)
    third = request((*WENT_ON, LAST), "Use to_csv.", MORNING)
    writer = await logs(home, tmp_path, first, second, third)
    assert writer.facts.totals() == (1, 1)
    assert counted_days(writer) == [day_number(datetime(2026, 3, 1, tzinfo=UTC))]
    again = await ingest_of(writer).run(open_file(tmp_path / "1.jsonl"))
    assert (again.taken, again.grown, again.skipped[DUPLICATE]) == (0, 0, 1)
    assert writer.facts.totals() == (1, 1)
    writer.close()


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (request(WENT_ON[:3], WENT_ON[3].text, NIGHT, "somebody else"), "another account began alike"),
        (request(ASKED[:1], ASKED[1].text, NIGHT), "the same was asked anew"),
        (request((ASKED[0], Turn("assistant", "Use join."), LAST), "Use to_csv.", NIGHT), "it was answered otherwise"),
    ],
)
async def test_what_only_begins_like_a_conversation_of_the_day_before_counts_beside_it(
    home: Home, tmp_path: Path, second: str, why: str
) -> None:
    writer = await logs(home, tmp_path, request(ASKED[:1], ASKED[1].text, EVENING), second)
    assert writer.facts.totals()[0] == 2, why
    assert len(set(counted_days(writer))) == 2
    writer.close()


async def test_a_request_that_comes_long_after_the_others_is_still_of_their_conversation(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining, "PENDING_CONVERSATIONS", 1)
    between = "".join(request((Turn("user", f"what is {n} in roman"),), f"{n}", EVENING, f"a{n}") for n in range(3))
    log = request(ASKED[:1], ASKED[1].text, EVENING) + between + request(WENT_ON[:3], WENT_ON[3].text, NIGHT)
    writer = await logs(home, tmp_path, log)
    assert writer.facts.totals()[0] == 4
    writer.close()


async def test_an_erasure_leaves_no_trace_of_how_a_conversation_ended(home: Home, tmp_path: Path) -> None:
    writer = await logs(home, tmp_path, request(ASKED[:1], ASKED[1].text, EVENING), request(WENT_ON[:3], "Yes.", NIGHT))
    assert writer.facts._count("SELECT count(*) FROM endings") == 2
    writer.close()
    forget(writer.path, home, lambda *_: None, account="who goes on")
    with duckdb.connect(str(writer.path / "facts.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM endings").fetchone() == (0,)


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
    assert second.why.startswith("no account is new since the last snapshot")


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
