"""Extraction through a model in bulk, on the true wire: batches survive a kill, costs are known before and capped."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.core.errors import AuthRejected, BudgetSpent
from agent.core.settings import Price, Settings
from agent.roles.claude import claude_readers
from agent.roles.claude.batches import BatchExtractor, OpenBatches
from agent.roles.claude.extractor import ClaudeExtractor
from agent.services.cost import Spending, estimate, spending
from index.core.errors import SettingsError
from index.core.facets import FacetSpec
from index.core.home import Home
from index.core.records import Conversation, Turn
from index.handle import Writer, open_writer
from index.ingest.extraction import Extraction, NotExtracted
from index.privacy.sealing import Sealer
from tests.fakes.batches import FakeBatches
from tests.fakes.corpus import FakeEncoder, ListSource, ingest_of, records
from tests.fakes.messages import Error, Message, script, text
from tests.fakes.messages_server import MessagesServer

SOME = [record.conversation() for record in records()[:40]]
SEALER = Sealer(b"k" * 32)
MOOD = FacetSpec("mood", "How does the user sound?", "closed", ("calm", "loud"))
PRICED = Settings(api_key="key", prices={"claude-haiku-5-5": Price(input=1.0, output=5.0)})


class Killed(Exception):
    """Stands for the end of the process."""


def good(**changes: Any) -> str:
    form = {
        "summary": "The user asks for help with a letter.",
        "task": "To write a letter.",
        "language": "English",
        "concern": 1,
        "harm": "none",
        "outcome": "answered",
    }
    return json.dumps({**form, **changes})


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    home = Home(tmp_path / "shoal")
    made = open_writer(home.index_path("made"), home)
    yield made
    made.close()


@asynccontextmanager
async def bulk(
    url: str, sent: Path, own: tuple[FacetSpec, ...] = (), meter: Spending | None = None
) -> AsyncIterator[BatchExtractor]:
    made = claude_readers(
        PRICED.with_values(base_url=url),
        (meter or spending(PRICED, None)).run,
        own,
        batches=sent,
        key_of=SEALER.content,
        embed=FakeEncoder().encode,
    )
    assert isinstance(made.extractor, BatchExtractor)
    try:
        yield made.extractor
    finally:
        await made.close()


@asynccontextmanager
async def live(url: str, meter: Spending | None = None) -> AsyncIterator[ClaudeExtractor]:
    made = claude_readers(
        PRICED.with_values(base_url=url), (meter or spending(PRICED, None)).run, embed=FakeEncoder().encode
    )
    assert isinstance(made.extractor, ClaudeExtractor)
    try:
        yield made.extractor
    finally:
        await made.close()


async def test_a_batch_carries_every_conversation_once_and_its_answers_find_their_way(
    writer: Writer, tmp_path: Path
) -> None:
    batches = FakeBatches(lambda _: good())
    meter = spending(PRICED, 5.0)
    with MessagesServer(script(Message([text("unused")])), batches) as server:
        async with bulk(server.url, tmp_path / "sent.json", meter=meter) as extractor:
            report = await ingest_of(writer, extractor).run(ListSource(SOME))
    assert report.taken == len(SOME)
    (requests,) = batches.created
    assert len({request["custom_id"] for request in requests}) == len(SOME)
    assert all("tools" not in request["params"] for request in requests)
    assert len({json.dumps(request["params"]["system"]) for request in requests}) == 1
    assert meter.budget.calls == len(SOME)
    assert meter.budget.cost == pytest.approx(len(SOME) * 0.5 * (1_000 * 1.0 + 100 * 5.0) / 1e6)
    assert json.loads((tmp_path / "sent.json").read_text("utf-8")) == {}


async def test_a_kill_while_waiting_loses_no_batch_and_pays_for_none_twice(writer: Writer, tmp_path: Path) -> None:
    batches = FakeBatches(lambda _: good(), looks=3)
    sent = tmp_path / "sent.json"

    def killed(answered: int, asked: int) -> None:
        raise Killed

    with MessagesServer(script(Message([text("unused")])), batches) as server:
        async with bulk(server.url, sent) as first:
            with pytest.raises(Killed):
                await replace(first, waiting=killed).extract(SOME)
        stored = sent.read_text("utf-8")
        assert "letter" not in stored
        async with bulk(server.url, sent) as again:
            answers = await again.extract(SOME)
    assert all(isinstance(answer, Extraction) for answer in answers)
    assert len(batches.created) == 1


async def test_a_batch_that_the_endpoint_forgot_is_sent_again(tmp_path: Path) -> None:
    sent = tmp_path / "sent.json"
    batches = FakeBatches(lambda _: good())
    with MessagesServer(script(Message([text("unused")])), batches) as server:
        async with bulk(server.url, sent) as extractor:
            extractor.staged(await extractor.extract(SOME[:3]))
            (requests,) = batches.created
            OpenBatches(sent).add("batch_77", [request["custom_id"] for request in requests], 0.0)
        async with bulk(server.url, sent) as extractor:
            answers = await extractor.extract(SOME[:3])
    assert all(isinstance(answer, Extraction) for answer in answers)
    assert len(batches.created) == 2


async def test_answers_stay_asked_for_until_they_are_in_the_index_and_are_paid_for_once(tmp_path: Path) -> None:
    sent = tmp_path / "sent.json"
    batches = FakeBatches(lambda _: good())
    meter = spending(PRICED, 5.0)
    with MessagesServer(script(Message([text("unused")])), batches) as server:
        async with bulk(server.url, sent, meter=meter) as extractor:
            lost = await extractor.extract(SOME[:3])
            again, other = await extractor.extract(SOME[:2]), await extractor.extract(SOME[2:4])
            assert json.loads(sent.read_text("utf-8"))
            for answers in (lost, again, other):
                extractor.staged(answers)
    assert json.loads(sent.read_text("utf-8")) == {}
    assert [len(requests) for requests in batches.created] == [3, 1]
    assert (meter.budget.calls, round(meter.budget.reserved, 9)) == (4, 0)


async def test_a_batch_under_way_counts_towards_the_cap_of_the_next_run(tmp_path: Path) -> None:
    sent = tmp_path / "sent.json"
    OpenBatches(sent).add("batch_0", ["some key"], 4.0)
    meter = spending(PRICED, 4.01)
    batches = FakeBatches(lambda _: good())
    with MessagesServer(script(Message([text("unused")])), batches) as server:
        async with bulk(server.url, sent, meter=meter) as extractor:
            with pytest.raises(BudgetSpent):
                await extractor.extract(SOME)
    assert batches.created == []


async def test_a_batch_that_would_cost_more_than_the_cap_is_not_sent(tmp_path: Path) -> None:
    batches = FakeBatches(lambda _: good())
    with MessagesServer(script(Message([text("unused")])), batches) as server:
        async with bulk(server.url, tmp_path / "sent.json", meter=spending(PRICED, 0.01)) as extractor:
            with pytest.raises(BudgetSpent):
                await extractor.extract(SOME)
    assert batches.created == []


async def test_what_a_batch_does_not_answer_is_a_counted_state_and_is_sent_again(
    writer: Writer, tmp_path: Path
) -> None:
    fails = True

    def answer(params: dict[str, Any]) -> str | None:
        shown = params["messages"][0]["content"]
        if not fails:
            return good()
        return None if "dataframe" in shown else "no form" if "horoscope" in shown else good()

    batches = FakeBatches(answer)
    with MessagesServer(script(Message([text("unused")])), batches) as server:
        sent = tmp_path / "sent.json"
        async with bulk(server.url, sent) as extractor:
            report = await ingest_of(writer, extractor).run(ListSource(SOME))
        assert report.taken + sum(report.failed.values()) == len(SOME)
        assert set(report.failed) == {
            "the batch gave no reply (expired)",
            "the model could not read it (Unusable)",
        }
        assert writer.facts.failures() == dict(report.failed)
        fails = False
        async with bulk(server.url, sent) as extractor:
            again = await ingest_of(writer, extractor).run(ListSource(SOME))
    assert again.taken == sum(report.failed.values())
    assert len(batches.created[1]) == again.taken
    assert writer.facts.failures() == {}


async def test_own_facets_are_asked_in_the_same_call_and_held_to_their_values(tmp_path: Path) -> None:
    batches = FakeBatches(lambda _: good(own_mood="loud"))
    with MessagesServer(script(Message([text("unused")])), batches) as server:
        async with bulk(server.url, tmp_path / "sent.json", (MOOD,)) as extractor:
            (found,) = await extractor.extract(SOME[:1])
    assert isinstance(found, Extraction)
    assert found.values == {"mood": "loud"}
    (request,) = batches.created[0]
    schema = request["params"]["output_config"]["format"]["schema"]
    assert schema["properties"]["own_mood"]["enum"] == ["calm", "loud", "unknown"]
    assert MOOD.question in request["params"]["messages"][0]["content"]


async def test_the_cap_ends_the_reading_and_what_was_paid_for_is_in_the_index(writer: Writer) -> None:
    meter = spending(PRICED, 0.006)
    many = [record.conversation() for record in records()[:300]]
    replies = script(Message([text(good())], usage={"input_tokens": 400, "output_tokens": 60}))
    with MessagesServer(replies) as server:
        async with live(server.url, meter) as extractor:
            report = await ingest_of(writer, extractor).run(ListSource(many))
        asked = len(server.requests)
    assert 0.006 / 0.0007 <= asked <= 0.006 / 0.0007 + 16  # so many calls run at the same time
    assert isinstance(report.stopped, BudgetSpent)
    assert (report.taken, report.summarised, writer.facts.drafts_waiting()) == (asked, asked, 0)
    assert "the cost cap was reached before it" in writer.facts.failures()


async def test_a_rejected_key_ends_the_reading_as_itself(writer: Writer) -> None:
    with MessagesServer(script(Error(401, "authentication_error"))) as server:
        async with live(server.url) as extractor:
            report = await ingest_of(writer, extractor).run(ListSource(SOME))
    assert isinstance(report.stopped, AuthRejected)
    assert report.taken == 0


def test_a_cap_without_a_price_is_refused_with_the_line_to_add() -> None:
    with pytest.raises(SettingsError) as caught:
        spending(Settings(api_key="key"), 1.0)
    assert "prices" in caught.value.hint


def test_an_estimate_counts_and_prices_what_the_model_would_read() -> None:
    long = Conversation((Turn("user", "word " * 40_000),), "a")
    found = estimate(ListSource([*SOME, long]), PRICED, (), batch=False)
    assert (found.conversations, found.read_in_part) == (len(SOME) + 1, 1)
    assert found.cost is not None
    batched = estimate(ListSource([*SOME, long]), PRICED, (), batch=True)
    assert batched.cost == pytest.approx(found.cost / 2)
    assert batched.seconds is None
    assert estimate(ListSource(SOME), Settings(api_key="key"), (), batch=False).cost is None


async def test_a_live_extraction_that_has_no_form_twice_is_not_extracted() -> None:
    with MessagesServer(script(Message([text("no")]))) as server:
        async with live(server.url) as extractor:
            (found,) = await extractor.extract(SOME[:1])
    assert isinstance(found, NotExtracted)
