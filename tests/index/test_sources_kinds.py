"""Kinds of logs that were once read wrongly in silence: who speaks, whose it is, when it was, and what belongs together."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.core.errors import IndexFault
from index.core.records import Conversation
from index.sources import Skipped, open_file
from index.sources.shapes.aliases import UNNAMED
from index.sources.shapes.base import time
from index.sources.shapes.templates import templated

ASKED, REPLIED, MORE = "Wie backe ich Brot?", "Mix flour and water.", "Und wie lange?"


def conversations(path: Path) -> list[Conversation]:
    return [read.item for read in open_file(path) if not isinstance(read.item, Skipped)]


def written(folder: Path, name: str, content: object) -> Path:
    path = folder / name
    if isinstance(content, str):
        path.write_text(content, "utf-8")
    elif name.endswith(".jsonl") and isinstance(content, Sequence):
        path.write_text("".join(json.dumps(item) + "\n" for item in content), "utf-8")
    else:
        path.write_text(json.dumps(content), "utf-8")
    return path


def said(conversation: Conversation) -> list[tuple[str, str]]:
    return [(turn.role, turn.text) for turn in conversation.turns]


WHOLE = [("user", ASKED), ("assistant", REPLIED), ("user", MORE)]


def rows(*who: Mapping[str, Any], key: str = "text") -> list[dict[str, Any]]:
    return [
        {**one, key: text, "conversation_id": "c-1", "user_id": "ana"}
        for one, text in zip(who, (ASKED, REPLIED, MORE), strict=True)
    ]


@pytest.mark.parametrize(
    "who",
    [
        ({"is_bot": False}, {"is_bot": True}, {"is_bot": False}),
        ({"isCreatedByUser": True}, {"isCreatedByUser": False}, {"isCreatedByUser": True}),
        ({"direction": "incoming"}, {"direction": "outgoing"}, {"direction": "incoming"}),
        ({"interactionType": "userPrompt"}, {"interactionType": "aiResponse"}, {"interactionType": "userPrompt"}),
        ({"role": "userMessage"}, {"role": "apiMessage"}, {"role": "userMessage"}),
    ],
)
def test_a_flag_or_a_direction_says_who_speaks(tmp_path: Path, who: Sequence[Mapping[str, Any]]) -> None:
    (found,) = conversations(written(tmp_path, "rows.jsonl", rows(*who)))
    assert said(found) == WHOLE
    assert found.account == "ana"


def test_messages_by_names_alone_are_refused(tmp_path: Path) -> None:
    who = ({"sender": "Anna"}, {"sender": "HelpBot 2000"}, {"sender": "Anna"})
    with pytest.raises(IndexFault):
        open_file(written(tmp_path, "rows.jsonl", rows(*who)))


def test_the_account_is_never_that_of_the_assistant(tmp_path: Path) -> None:
    found = rows({"role": "user"}, {"role": "bot"}, {"role": "user"})
    found[1]["user_id"] = "helpbot"
    (one,) = conversations(written(tmp_path, "rows.jsonl", [found[1], found[0], found[2]]))
    assert one.account == "ana"


def test_a_list_of_messages_of_several_conversations_is_several(tmp_path: Path) -> None:
    messages = [
        {**row, "conversation_id": f"c-{n}"}
        for n in (1, 2)
        for row in rows(*[{"role": r} for r in ("user", "assistant", "user")])
    ]
    for name, document in (("a.json", {"messages": messages}), ("b.json", {"object": "list", "data": messages, "has_more": False}),
                           ("c.json", {"state": {"messages": messages}})):  # fmt: skip
        assert [said(one) for one in conversations(written(tmp_path, name, document))] == [WHOLE, WHOLE]


def test_librechat_is_read_flat_and_as_a_tree(tmp_path: Path) -> None:
    third = {"messageId": "m2", "parentMessageId": "m1", "text": MORE, "isCreatedByUser": True}
    second = {"messageId": "m1", "parentMessageId": "m0", "text": REPLIED, "isCreatedByUser": False}
    opening = {"messageId": "m0", "parentMessageId": "0", "text": ASKED, "isCreatedByUser": True}
    head = {"conversationId": "c-1", "endpoint": "openAI"}
    flat = {**head, "messages": [opening, second, third]}
    tree = {**head, "messagesTree": [{**opening, "children": [{**second, "children": [third]}]}]}
    for name, document in (("flat.json", flat), ("tree.json", tree)):
        (found,) = conversations(written(tmp_path, name, document))
        assert said(found) == WHOLE


@pytest.mark.parametrize(
    "prompt",
    [
        f"<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\n{ASKED}<|im_end|>\n<|im_start|>assistant\n",
        f"<s>[INST] <<SYS>>\nBe kind.\n<</SYS>>\n\n{ASKED} [/INST]",
        f"<|start_header_id|>system<|end_header_id|>\n\nBe kind.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n{ASKED}<|eot_id|>",
        f"System: Be kind.\n\nHuman: {ASKED}\n\nAssistant:",
    ],
)
def test_a_prompt_in_a_chat_template_is_not_all_the_users(tmp_path: Path, prompt: str) -> None:
    record = {"prompt": prompt, "response": REPLIED, "user_id": "ana"}
    (found,) = conversations(written(tmp_path, "prompts.jsonl", [record]))
    assert said(found) == [("system", "Be kind."), ("user", ASKED), ("assistant", REPLIED)]


def test_exchanges_of_one_conversation_are_one(tmp_path: Path) -> None:
    table = f"conversation_id,user_id,query,answer\nc-1,ana,{ASKED},{REPLIED}\nc-1,ana,{MORE},An hour.\nc-2,bo,{ASKED},No.\n"
    found = conversations(written(tmp_path, "dify.csv", table))
    assert [len(one.said_by("user")) for one in found] == [2, 1]


def test_deleted_messages_were_not_said(tmp_path: Path) -> None:
    messages = [{"role": "user", "content": ASKED}, {"role": "user", "content": "oops", "deleted": True}]
    (found,) = conversations(written(tmp_path, "log.jsonl", [{"messages": messages, "user_id": "ana"}]))
    assert said(found) == [("user", ASKED)]


def test_who_gave_no_name_is_one_account_together(tmp_path: Path) -> None:
    records = [
        {"prompt": f"{ASKED} {n}", "user_id": who} for n, who in enumerate(("anonymous", "null", "-", "guest", "ana"))
    ]
    found = conversations(written(tmp_path, "log.jsonl", records))
    assert [one.account for one in found] == [UNNAMED] * 4 + ["ana"]


@pytest.mark.parametrize(
    ("record", "account"),
    [
        ({"userId": {"$oid": "0123456789abcdef01234567"}, "prompt": ASKED}, "0123456789abcdef01234567"),
        ({"labels": {"user_id": "ana"}, "prompt": ASKED}, "ana"),
        ({"metadata": {"_user": "ana"}, "prompt": ASKED}, "ana"),
        ({"_index": "chat", "_source": {"user": {"id": "ana"}, "prompt": ASKED}}, "ana"),
        ({"schemaType": "ModelInvocationLog", "accountId": "12", "identity": {"arn": "arn:x/ana"},
          "input": {"inputBodyJson": {"messages": [{"role": "user", "content": ASKED}]}}}, "arn:x/ana"),
    ],
)  # fmt: skip
def test_whose_it_is_stands_in_many_places(tmp_path: Path, record: dict[str, Any], account: str) -> None:
    (found,) = conversations(written(tmp_path, "log.jsonl", [record]))
    assert (found.account, found.said_by("user")) == (account, [ASKED])


def test_a_dot_leads_a_mapping_into_an_object(tmp_path: Path) -> None:
    path = written(tmp_path, "log.jsonl", [{"who": {"key": "ana"}, "prompt": ASKED}])
    (read,) = open_file(path, {"account": "who.key"})
    assert isinstance(read.item, Conversation)
    assert read.item.account == "ana"


@pytest.mark.parametrize(
    ("text", "day"),
    [("10. Mai 2025", 10), ("12 de mayo de 2025", 12), ("10 maj 2025 kl. 10:00", 10), ("2025年5月10日 09:12", 10), ("45787,38372", 10),
     ("Sat May 10 2025 09:12:53 GMT+0000 (Coordinated Universal Time)", 10), ("5 мая 2025", 5)],
)  # fmt: skip
def test_dates_are_read_as_people_and_sheets_write_them(text: str, day: int) -> None:
    moment = time(text)
    assert moment is not None
    assert (moment.year, moment.month, moment.day) == (2025, 5, day)


def test_a_column_shows_whether_the_day_comes_first(tmp_path: Path) -> None:
    table = "user_id,date,prompt\n" + "".join(f"u{n},{n:02}/05/2025 09:12,{ASKED} {n}\n" for n in range(10, 20))
    found = conversations(written(tmp_path, "days.csv", table))
    assert [one.time for one in found] == [datetime(2025, 5, n, 9, 12, tzinfo=UTC) for n in range(10, 20)]
    american = "user_id,date,prompt\n" + "".join(f"u{n},05/{n:02}/2025,{ASKED} {n}\n" for n in range(10, 20))
    assert [one.time for one in conversations(written(tmp_path, "us.csv", american))] == [
        datetime(2025, 5, n, tzinfo=UTC) for n in range(10, 20)
    ]


def test_an_export_of_slack_is_read_packed(tmp_path: Path) -> None:
    path = tmp_path / "slack.zip"
    day = [{"type": "message", "user": "U1", "ts": "1746868353.1", "text": ASKED, "thread_ts": "1746868353.1"},
           {"type": "message", "bot_id": "B1", "ts": "1746868373.1", "text": REPLIED, "thread_ts": "1746868353.1"}]  # fmt: skip
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("users.json", json.dumps([{"id": "U1"}]))
        archive.writestr("channels.json", json.dumps([{"id": "C1"}]))
        archive.writestr("help/2025-05-10.json", json.dumps(day))
    (found,) = conversations(path)
    assert said(found) == [("user", ASKED), ("assistant", REPLIED)]


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("dump.sql", "-- PostgreSQL database dump\n\nSET statement_timeout = 0;\n", "database"),
        ("chat.md", "# aider chat\n\n#### how do I\n\nLike this.\n", "Markdown"),
        ("chat.txt", "10.05.25, 09:00 - Ana: hi\n10.05.25, 09:01 - Bot: hello\n", "line by line"),
    ],
)
def test_what_says_no_speaker_is_refused_by_its_kind(tmp_path: Path, name: str, content: str, word: str) -> None:
    with pytest.raises(IndexFault) as fault:
        open_file(written(tmp_path, name, content))
    assert word in fault.value.message
    assert fault.value.hint


USER, BOT = {"role": "user", "content": ASKED}, {"role": "assistant", "content": REPLIED}
AGAIN = {"role": "user", "content": MORE}


@pytest.mark.parametrize(
    "record",
    [
        {"session_state": {"messages": [USER, BOT, AGAIN]}},
        {"_id": {"$oid": "1"}, "messages": [{"from": "user", "content": ASKED}, {"from": "assistant", "content": REPLIED}, {"from": "user", "content": MORE}]},
        {"history": [[ASKED, REPLIED], [MORE, None]]},
        {"state": {"roles": ["USER", "ASSISTANT"], "messages": [["USER", ASKED], ["ASSISTANT", REPLIED], ["USER", MORE]]}},
        {"conversation": [{"type": 1, "text": ASKED}, {"type": 2, "text": REPLIED}, {"type": 1, "text": MORE}]},
        {"messages": [{"versions": [{"role": "user", "content": [{"type": "text", "text": ASKED}]}], "currentlySelected": 0},
                      {"versions": [{"role": "assistant", "steps": [{"content": [{"type": "text", "text": REPLIED}]}]}], "currentlySelected": 0},
                      {"versions": [{"role": "user", "content": MORE}], "currentlySelected": 0}]},
        {"steps": [{"type": "run", "name": "x", "input": ASKED, "output": ""}, {"type": "user_message", "output": ASKED},
                   {"type": "assistant_message", "output": REPLIED}, {"type": "user_message", "output": MORE}]},
    ],
)  # fmt: skip
def test_messages_whose_speakers_are_known_are_read_wherever_they_stand(tmp_path: Path, record: dict[str, Any]) -> None:
    for name, content in (("log.jsonl", [record, record | {"id": "2"}]), ("log.json", [record, record | {"id": "2"}])):
        found = conversations(written(tmp_path, name, content))
        assert said(found[0]) == WHOLE


def test_an_answer_in_a_list_of_its_own_belongs_to_what_was_asked(tmp_path: Path) -> None:
    events = [
        {"event": "$ai_generation", "distinct_id": "ana", "properties": {"$ai_trace_id": "t", "$ai_input": [USER], "$ai_output_choices": [BOT]}},
        {"event": "$ai_generation", "distinct_id": "ana", "properties": {"$ai_trace_id": "t", "$ai_input": [USER, BOT, AGAIN], "$ai_output_choices": [BOT]}},
    ]  # fmt: skip
    (found,) = conversations(written(tmp_path, "events.jsonl", events))
    assert said(found)[:3] == WHOLE
    assert found.account == "ana"


def test_sessions_under_their_ids_are_as_many_conversations(tmp_path: Path) -> None:
    found = conversations(
        written(tmp_path, "sessions.json", {f"s-{n}": {"messages": [USER, BOT, AGAIN]} for n in range(4)})
    )
    assert [said(one) for one in found] == [WHOLE] * 4


def test_a_channel_of_several_people_is_no_conversation(tmp_path: Path) -> None:
    messages = [{"role": "user", "content": f"{ASKED} {who}", "user_id": who} for who in ("ana", "bo", "cy")]
    with pytest.raises(IndexFault):
        open_file(written(tmp_path, "channel.json", {"team": {"posts": messages}}))


@pytest.mark.parametrize(
    "line",
    [
        {"level": "INFO", "logger": "app", "message": "Incoming request POST /chat"},
        {"severity": "INFO", "message": "Success", "timestamp": "2025-05-10"},
    ],
)
def test_lines_of_a_programs_log_are_nobodys_words(tmp_path: Path, line: dict[str, Any]) -> None:
    with pytest.raises(IndexFault):
        open_file(written(tmp_path, "app.jsonl", [line] * 8))


def test_a_column_that_alternates_says_messages_of_two_sides(tmp_path: Path) -> None:
    table = "sitzung_nr,wer,text\n" + "".join(f"s{n // 4},{'AB'[n % 2]},{ASKED} {n}\n" for n in range(16))
    with pytest.raises(IndexFault):
        open_file(written(tmp_path, "two.csv", table))


@pytest.mark.parametrize(
    "text",
    [
        f"### Human: {ASKED}### Assistant: {REPLIED}### Human: {MORE}",
        f"### Instruction:\n{ASKED}\n\n### Response:\n{REPLIED}\n\n### Instruction:\n{MORE}",
        f"[|Human|] {ASKED}\n[|AI|] {REPLIED}\n[|Human|] {MORE}",
        f"User: {ASKED}\nBot: {REPLIED}\nUser: {MORE}",
    ],
)
def test_a_transcript_in_one_field_is_its_turns(tmp_path: Path, text: str) -> None:
    (found,) = conversations(written(tmp_path, "texts.jsonl", [{"text": text}]))
    assert said(found) == WHOLE


@pytest.mark.parametrize(
    "name", ["Customer No", "Cust. ID", "Kundennr", "Phone", "Client Email", "Mitglied-Nr.", "requesterUsername"]
)
def test_a_column_that_looks_like_an_account_is_asked_about(tmp_path: Path, name: str) -> None:
    table = f"{name},prompt,response\n" + "".join(f"x{n},{ASKED} {n},{REPLIED}\n" for n in range(5))
    source = open_file(written(tmp_path, "table.csv", table))
    assert source.unread == (name,)
    (first, *_) = open_file(source.path, {"account": name})
    assert isinstance(first.item, Conversation)
    assert first.item.account == "x0"


def test_the_newest_may_stand_first(tmp_path: Path) -> None:
    rows_ = [{"conversation_id": "c", "role": role, "content": text, "created_at": f"2025-05-10T09:0{n}:00Z"}
             for n, (role, text) in enumerate(WHOLE)]  # fmt: skip
    (found,) = conversations(written(tmp_path, "rows.jsonl", rows_[::-1]))
    assert said(found) == WHOLE


_MARKS = st.sampled_from([*"#[]|<>:_ \n", "Human", "Assistant", "User", "im_start", "INST", "/INST", "SYS", "AI", "x"])


@given(st.lists(_MARKS, max_size=60).map("".join))
def test_no_text_with_marks_of_templates_ends_a_reading(text: str) -> None:
    turns = templated(text)
    assert all(turn.role in ("user", "assistant", "system", "tool") for turn in turns)
    assert sum(len(turn.text) for turn in turns) <= len(text)
