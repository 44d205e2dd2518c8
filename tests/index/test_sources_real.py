"""Files in the shapes that people really have: whose they are, when, and who said what."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from index.core.errors import IndexFault
from index.core.records import Conversation
from index.sources import inspect_file, open_file, open_files, require_account
from index.sources.base import Skipped
from index.sources.many import NOT_READ, ManyFiles

DAY = "2026-08-06T08:00:00Z"
CHAT = [{"role": "user", "content": "How do tides work?"}, {"role": "assistant", "content": "The moon pulls."}]


def taken(path: Path) -> list[Conversation]:
    return [read.item for read in open_file(path) if isinstance(read.item, Conversation)]


def lines(path: Path, *records: object) -> Path:
    path.write_text("\n".join(json.dumps(record) for record in records) + "\n", "utf-8")
    return path


def said(conversation: Conversation) -> list[str]:
    return [f"{turn.role[0]}: {turn.text}" for turn in conversation.turns if turn.text]


BOTH = ["u: How do tides work?", "a: The moon pulls."]

SHAPES: dict[str, Mapping[str, Any]] = {
    "messages with the account under another name": {"user_id": "p1", "created_at": DAY, "messages": CHAT},
    "an account in an object": {"user": {"id": "p1", "name": "x"}, "timestamp": DAY, "messages": CHAT},
    "an account in the metadata": {"metadata": {"user_id": "p1"}, "time": DAY, "messages": CHAT},
    "a question and its answer": {"user_id": "p1", "question": "How do tides work?", "answer": "The moon pulls.", "ts": DAY},
    "a prompt with another name of the answer": {"userId": "p1", "prompt": "How do tides work?", "completion": "The moon pulls.", "date": DAY},
    "ShareGPT with an account": {
        "customer_id": "p1", "created": DAY,
        "conversations": [{"from": "human", "value": "How do tides work?"}, {"from": "gpt", "value": "The moon pulls."}],
    },
    "Gemini": {
        "user_id": "p1", "timestamp": DAY, "request": {"contents": [{"role": "user", "parts": [{"text": "How do tides work?"}]}]},
        "response": {"candidates": [{"content": {"role": "model", "parts": [{"text": "The moon pulls."}]}}]},
    },
    "Bedrock": {
        "schemaType": "ModelInvocationLog", "timestamp": DAY, "identity": {"arn": "p1"},
        "input": {"inputBodyJson": {"messages": [{"role": "user", "content": [{"text": "How do tides work?"}]}]}},
        "output": {"outputBodyJson": {"output": {"message": {"role": "assistant", "content": [{"text": "The moon pulls."}]}}}},
    },
    "a stream as it came": {
        "user_id": "p1", "timestamp": DAY, "request": {"model": "m", "messages": CHAT[:1]},
        "response": 'data: {"choices":[{"delta":{"content":"The moon "}}]}\n\ndata: {"choices":[{"delta":{"content":"pulls."}}]}\n\ndata: [DONE]\n',
    },
    "pieces of the Responses API": {
        "user_id": "p1", "timestamp": DAY, "request": {"model": "m", "input": "How do tides work?"},
        "response": [{"type": "response.created"}, {"type": "response.output_text.delta", "delta": "The moon "},
                     {"type": "response.output_text.delta", "delta": "pulls."}],
    },
    "input and output": {"input": CHAT[:1], "output": "The moon pulls.", "metadata": {"user_id": "p1"}, "created": DAY},
    "Open WebUI": {
        "id": "c", "user_id": "p1", "created_at": DAY,
        "chat": {"history": {"currentId": "b", "messages": {
            "a": {"id": "a", "parentId": None, **CHAT[0]},
            "x": {"id": "x", "parentId": "a", "role": "assistant", "content": "An answer that was made anew."},
            "b": {"id": "b", "parentId": "a", "role": "assistant", "content": '<details type="reasoning">hm</details>The moon pulls.'},
        }}},
    },
    "LibreChat": {
        "conversationId": "c", "endpoint": "openAI", "user": "p1",
        "messages": [
            {"messageId": "1", "parentMessageId": "0", "sender": "User", "isCreatedByUser": True, "text": "How do tides work?", "createdAt": DAY},
            {"messageId": "2", "parentMessageId": "1", "sender": "GPT", "isCreatedByUser": False, "text": "",
             "content": [{"type": "think", "think": "hm"}, {"type": "text", "text": {"value": "The moon pulls."}}]},
        ],
    },
    "Grok": {
        "conversation": {"id": "g", "user_id": "p1", "create_time": DAY},
        "responses": [{"response": {"sender": "human", "message": "How do tides work?"}},
                      {"response": {"sender": "ASSISTANT", "message": "The moon pulls."}}],
    },
    "spans without a wrapper": {
        "scopeSpans": [{"spans": [{"traceId": "t", "spanId": "s", "startTimeUnixNano": "1785996000000000000", "attributes": [
            {"key": "user.id", "value": {"stringValue": "p1"}},
            {"key": "gen_ai.input.messages", "value": {"stringValue": json.dumps(CHAT[:1])}},
            {"key": "gen_ai.output.messages", "value": {"stringValue": json.dumps(CHAT[1:])}},
        ]}]}],
    },
    "spans of the AI SDK": {
        "resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "t", "spanId": "s", "startTimeUnixNano": "1785996000000000000", "attributes": [
            {"key": "ai.telemetry.metadata.userId", "value": {"stringValue": "p1"}},
            {"key": "ai.prompt.messages", "value": {"stringValue": json.dumps(CHAT[:1])}},
            {"key": "ai.response.text", "value": {"stringValue": "The moon pulls."}},
        ]}]}]}],
    },
    "Jaeger": {
        "traceID": "t", "spans": [{"traceID": "t", "spanID": "s", "startTime": 1785996000000000, "tags": [
            {"key": "user.id", "type": "string", "value": "p1"},
            {"key": "gen_ai.input.messages", "type": "string", "value": json.dumps(CHAT[:1])},
            {"key": "gen_ai.output.messages", "type": "string", "value": json.dumps(CHAT[1:])},
        ]}],
    },
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_a_record_is_read_whole_with_its_account_and_day(name: str, tmp_path: Path) -> None:
    (found,) = taken(lines(tmp_path / "log.jsonl", SHAPES[name]))
    assert said(found) == BOTH
    assert found.account == "p1"
    if name != "LibreChat":
        assert found.time is not None
        assert f"{found.time:%Y-%m-%d}" == "2026-08-06"


TIMES = {
    "08.06.2026 08:00": "2026-06-08", "6.8.2026": "2026-08-06", "Thu, 06 Aug 2026 08:00:00 GMT": "2026-08-06", "08/06/2026": "2026-08-06",
    '{"$date": "2026-08-06T08:00:00Z"}': "2026-08-06", '{"$date": {"$numberLong": "1785996000000"}}': "2026-08-06",
    "1785996000": "2026-08-06", "1785996000000": "2026-08-06", "2026-08-06": "2026-08-06",
    "0": None, "-1": None, "true": None, "NaN": None, "0001-01-01T00:00:00Z": None, "1970-01-01T00:00:00Z": None,
    "9999-12-31": None, "soon": None, "99999999999999": None, "": None,
}  # fmt: skip


@pytest.mark.parametrize("written", TIMES)
@pytest.mark.parametrize("is_text", [True, False])
def test_a_time_that_cannot_be_costs_the_time_and_not_the_conversation(
    written: str, is_text: bool, tmp_path: Path
) -> None:
    value = written if written[:1] == "{" or (not is_text and _is_json(written)) else json.dumps(written)
    path = tmp_path / "log.jsonl"
    path.write_text(f'{{"account": "a", "time": {value}, "messages": {json.dumps(CHAT)}}}\n', "utf-8")
    (found,) = taken(path)
    assert (f"{found.time:%Y-%m-%d}" if found.time else None) == TIMES[written]


def _is_json(written: str) -> bool:
    try:
        json.loads(written)
    except ValueError:
        return False
    return True


def test_rows_with_a_role_are_the_messages_of_their_conversation(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(
        "Conversation,Time,Author,Message,User ID\n"
        f"c1,{DAY},Human,How do tides work?,p1\nc2,{DAY},Human,Name a river,p2\n"
        f"c1,{DAY},AI,The moon pulls.,p1\nc2,{DAY},AI,Danube,p2\n",
        "utf-8",
    )
    first, second = taken(path)
    assert (said(first), first.account) == (BOTH, "p1")
    assert (said(second), second.account) == (["u: Name a river", "a: Danube"], "p2")


def test_rows_with_a_role_and_no_conversation_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("role,content\nuser,How do tides work?\nassistant,The moon pulls.\nuser,Name a river\n", "utf-8")
    with pytest.raises(IndexFault, match="no column says which conversation"):
        open_file(path)


def test_steps_of_a_coding_agent_are_one_conversation_without_what_a_machine_wrote(tmp_path: Path) -> None:
    step = {"sessionId": "s", "timestamp": DAY}
    path = lines(
        tmp_path / "transcript.jsonl",
        {"type": "summary", "summary": "x", "leafUuid": "u"},
        {
            **step,
            "type": "user",
            "isMeta": True,
            "message": {"role": "user", "content": "<command-name>x</command-name>"},
        },
        {**step, "type": "user", "message": CHAT[0]},
        {**step, "type": "user", "isSidechain": True, "message": {"role": "user", "content": "You are a helper."}},
        {**step, "type": "assistant", "message": CHAT[1]},
        {**step, "type": "user", "message": {"role": "user", "content": "<system-reminder>x</system-reminder>"}},
    )
    (found,) = taken(path)
    assert said(found) == BOTH


def test_a_part_that_is_not_understood_costs_the_part(tmp_path: Path) -> None:
    odd = [CHAT[0], {"role": "moderator", "content": "note"}, 7, CHAT[1]]
    (found,) = taken(lines(tmp_path / "log.jsonl", {"account": "a", "messages": odd}))
    assert said(found) == BOTH


def test_embeddings_and_moderations_are_passed_over_and_counted(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "log.jsonl",
        {"model": "gpt", "messages": CHAT, "user": "p1", "timestamp": DAY},
        {"model": "text-embedding-3-small", "input": "How do tides work?", "user": "p1", "timestamp": DAY},
    )
    reads = [read.item for read in open_file(path)]
    assert [item.reason for item in reads if isinstance(item, Skipped)] == [
        "an embedding, moderation, image or speech request"
    ]
    assert len(taken(path)) == 1


@pytest.mark.parametrize("packing", ["bz2", "xz", "gz", "tar", "tar.gz", "zip"])
def test_any_usual_packing_is_opened(packing: str, tmp_path: Path) -> None:
    content = (json.dumps({"account": "a", "time": DAY, "messages": CHAT}) + "\n").encode()
    path = tmp_path / f"log.jsonl.{packing}"
    match packing:
        case "bz2":
            path.write_bytes(bz2.compress(content))
        case "xz":
            path.write_bytes(lzma.compress(content))
        case "gz":
            path.write_bytes(gzip.compress(content))
        case "zip":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("one.jsonl", content)
                archive.writestr("two.jsonl", content)
        case _:
            with tarfile.open(path, "w:gz" if packing.endswith("gz") else "w") as archive:
                for name in ("one.jsonl", "two.jsonl"):
                    entry = tarfile.TarInfo(name)
                    entry.size = len(content)
                    archive.addfile(entry, io.BytesIO(content))
    found = taken(path)
    assert len(found) == (2 if "tar" in packing or packing == "zip" else 1)
    assert said(found[0]) == BOTH


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (b'[{"account":"a","score":NaN,"messages":%s},{"account":"b","score":-Infinity,"messages":%s}]', 2),
        (b'{"account":"a","messages":%s},\n{"account":"b","messages":%s},\n', 2),
        (b'{"account":"a","messages":%s}\n\x00\x00\x00\x00\n{"account":"b","messages":%s}\n', 2),
        (b'{"account":"a","messages":%s}\n{"account":"b","x":"caf\xe9"}\n{"account":"c","messages":%s}\n', 2),
    ],
)
def test_what_is_nearly_json_is_read(content: bytes, count: int, tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    chat = json.dumps(CHAT).encode()
    path.write_bytes(content % (chat, chat))
    assert len(taken(path)) == count


@pytest.mark.parametrize(
    "content",
    [
        "sep=;\nuser_id;question;answer\np1;How do tides work?;The moon pulls.\n",
        "user_id,question,answer\rp1,How do tides work?,The moon pulls.\r",
        'user_id,question,answer\np1,How do tides work?,The moon pulls.\np2,"Say \\"hi\\" to me",ok\n',
    ],
)
def test_a_table_as_spreadsheets_and_programs_write_it_is_read(content: str, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(content.encode())
    assert said(taken(path)[0]) == BOTH


def test_a_field_that_looks_like_an_account_and_is_not_read_is_said_and_refused(tmp_path: Path) -> None:
    path = lines(tmp_path / "log.jsonl", {"subscriberRef": "p1", "time": DAY, "messages": CHAT})
    assert inspect_file(path).unread_accounts == ("subscriberRef",)
    source = open_file(path)
    with pytest.raises(IndexFault, match="subscriberRef") as caught:
        require_account(source)
    assert "--no-accounts" in caught.value.hint
    require_account(open_file(path, {"account": "subscriberRef"}))


def test_what_holds_no_conversations_says_what_it_is(tmp_path: Path) -> None:
    for content, words in (
        (b"<html><body>hi</body></html>", "an HTML page"),
        (b"SQLite format 3\x00" + b"\x00" * 100, "a SQLite database"),
        (b'{"custom_id": "q", "result": {"type": "succeeded"}}\n', "the answers of a batch"),
        (b'{"files": [{"url": "https://example.org"}], "export_id": "e"}', "the manifest of an export"),
    ):
        path = tmp_path / "given"
        path.write_bytes(content)
        with pytest.raises(IndexFault, match=words):
            open_file(path)


def test_a_folder_is_its_files_and_one_that_cannot_be_read_costs_itself(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    lines(tmp_path / "a.jsonl", {"account": "a", "time": DAY, "messages": CHAT})
    lines(tmp_path / "deep" / "b.jsonl", {"account": "b", "time": DAY, "messages": CHAT})
    (tmp_path / "notes.txt").write_text("only prose\n", "utf-8")
    (tmp_path / ".hidden").write_text("{}", "utf-8")
    source = open_files([tmp_path])
    assert isinstance(source, ManyFiles)
    items = [read.item for read in source]
    assert [item.account for item in items if isinstance(item, Conversation)] == ["a", "b"]
    assert [item.reason for item in items if isinstance(item, Skipped)] == [NOT_READ]


def test_a_folder_without_conversations_is_refused(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("only prose\n", "utf-8")
    (tmp_path / "two.txt").write_text("more prose\n", "utf-8")
    with pytest.raises(IndexFault):
        open_files([tmp_path])
