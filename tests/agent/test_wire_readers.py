"""The readers of the Claude set on the true wire: the extractor and the namer."""

import json

from agent.core.settings import Settings
from agent.roles.builtin.namer import BuiltinNamer
from agent.roles.claude.extractor import ClaudeExtractor
from agent.roles.claude.namer import ClaudeNamer
from index.core.records import Conversation, Turn
from index.ingest.extraction import Extraction, NotExtracted
from index.naming.samples import NamingSample, Phrase
from index.privacy.sealing import Prose
from tests.fakes.messages import Message, script, text
from tests.fakes.messages_server import MessagesServer
from tests.fakes.roles import close, model_at


async def test_the_extractor_reads_and_a_bad_reply_is_a_counted_state() -> None:
    good = {
        "summary": "The user asks for help with a cover letter.",
        "task": "To write a letter.",
        "language": "English",
        "concern": 1,
        "harm": "none",
        "outcome": "answered",
    }
    conversation = Conversation((Turn("user", "please help with my letter"),))
    with MessagesServer(script(Message([text(json.dumps(good))]))) as server:
        model = model_at(server.url)
        (found,) = await ClaudeExtractor(model, Settings()).extract([conversation])
        body = server.requests[0]
        await close(model)
    assert isinstance(found, Extraction)
    assert isinstance(found.draft, Prose)
    assert "tools" not in body
    assert body["output_config"]["format"]["type"] == "json_schema"
    with MessagesServer(script(Message([text("no")]))) as server:
        model = model_at(server.url)
        (failed,) = await ClaudeExtractor(model, Settings()).extract([conversation])
        await close(model)
    assert failed == NotExtracted("the model could not read it (Unusable)")


async def test_the_namer_names_in_order_and_falls_back_when_the_reply_does_not_fit() -> None:
    samples = [NamingSample((Phrase(word, 20, 2.0),)) for word in ("cooking", "taxes")]
    with MessagesServer(script(Message([text(json.dumps({"names": ["Cooking at home", None]}))]))) as server:
        model = model_at(server.url)
        names = await ClaudeNamer(model, Settings(), BuiltinNamer()).name_groups(samples)
        await close(model)
    assert names == ["Cooking at home", None]
    with MessagesServer(script(Message([text(json.dumps({"names": ["one"]}))]))) as server:
        model = model_at(server.url)
        names = await ClaudeNamer(model, Settings(), BuiltinNamer()).name_groups(samples)
        await close(model)
    assert names == ["Phrases: cooking", "Phrases: taxes"]


async def test_a_second_try_tells_the_namer_which_words_to_leave_and_not_why() -> None:
    sample = NamingSample((Phrase("poem", 20, 2.0),), barred=frozenset({"zephyrine"}), taken=("Songs",))
    with MessagesServer(script(Message([text(json.dumps({"names": ["Poems"]}))]))) as server:
        model = model_at(server.url)
        await ClaudeNamer(model, Settings(), BuiltinNamer()).name_groups([sample])
        await close(model)
        (group,) = json.loads(server.requests[0]["messages"][0]["content"].split("<groups>")[1].split("</groups>")[0])
    assert group["words_not_to_use"] == ["zephyrine"]
    assert group["names_of_others"] == ["Songs"]
    assert set(group) == {"group", "phrases", "just_outside", "words_not_to_use", "names_of_others"}
