"""Sources: every shape, every broken file, and no record that can end a run."""

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.core.errors import IndexFault
from index.core.records import Conversation
from index.sources import Skipped, open_file
from index.sources.base import NO_USER_TEXT, NOT_JSON, NOT_OBJECT, NOT_UTF8, OTHER_SHAPE, TRUNCATED
from index.sources.shapes import SHAPES, BadRecord

SHOAL = {
    "account": "a1",
    "time": "2026-03-01T10:00:00Z",
    "language": "pt-BR",
    "flagged": True,
    "surface": "api",
    "messages": [{"role": "user", "content": "hello there"}, {"role": "assistant", "content": "hi"}],
}
SHAREGPT = {"id": "x", "conversations": [{"from": "human", "value": "hello there"}, {"from": "gpt", "value": "hi"}]}
WILDCHAT = {
    "hashed_ip": "a1",
    "timestamp": 1_772_359_200,
    "language": "Portuguese",
    "openai_moderation": [{"flagged": False}, {"flagged": True}],
    "conversation": [{"role": "user", "content": "hello there"}, {"role": "assistant", "content": "hi"}],
}
THREAD = {
    "user_id": "a1",
    "ts": "2026-03-01T10:00:00+00:00",
    "lang": "pt-BR",
    "turns": [{"role": "prompter", "text": "hello there"}, {"role": "assistant", "text": "hi"}],
}
TREE = {
    "message_tree_id": "t",
    "prompt": {
        "role": "prompter",
        "text": "hello there",
        "user_id": "a1",
        "lang": "pt-BR",
        "created_date": "2026-03-01T10:00:00+00:00",
        "replies": [
            {"role": "assistant", "text": "worse", "rank": 1, "replies": []},
            {"role": "assistant", "text": "hi", "rank": 0, "replies": []},
            {"role": "assistant", "text": "unranked"},
        ],
    },
}
PAIR = {
    "prompt": "hello there",
    "response": "hi",
    "account": "a1",
    "ts": "2026-03-01T10:00:00",
    "lang": "pt",
}
EXAMPLES: dict[str, dict[str, Any]] = {
    "Shoal JSONL": SHOAL,
    "ShareGPT": SHAREGPT,
    "WildChat": WILDCHAT,
    "OASST threads": THREAD,
    "OASST trees": TREE,
    "prompt and response": PAIR,
}


def written(path: Path, *rows: object, array: bool = False) -> Path:
    text = json.dumps(rows) if array else "".join(json.dumps(row) + "\n" for row in rows)
    path.write_text(text, "utf-8")
    return path


def items(path: Path) -> list[Conversation | Skipped]:
    return [read.item for read in open_file(path)]


def reasons(path: Path) -> list[tuple[str, str]]:
    return [(read.where, read.item.reason) for read in open_file(path) if isinstance(read.item, Skipped)]


@pytest.mark.parametrize("array", [False, True])
@pytest.mark.parametrize("name", EXAMPLES)
def test_each_shape_is_recognised_in_both_containers_and_gives_its_turns(
    tmp_path: Path, name: str, array: bool
) -> None:
    source = open_file(written(tmp_path / "log", EXAMPLES[name], array=array))
    (read,) = source
    assert source.format == f"{name}, {'JSON array' if array else 'JSON lines'}"
    assert isinstance(read.item, Conversation)
    assert [(turn.role, turn.text) for turn in read.item.turns] == [("user", "hello there"), ("assistant", "hi")]


@pytest.mark.parametrize("name", ["Shoal JSONL", "WildChat", "OASST threads", "OASST trees", "prompt and response"])
def test_account_time_and_language_come_along_where_the_shape_states_them(tmp_path: Path, name: str) -> None:
    (item,) = items(written(tmp_path / "log", EXAMPLES[name]))
    assert isinstance(item, Conversation)
    assert (item.account, item.time, item.language) == ("a1", datetime(2026, 3, 1, 10, tzinfo=UTC), "Portuguese")


@pytest.mark.parametrize("name", ["Shoal JSONL", "WildChat"])
def test_a_classifier_flag_comes_along_where_the_shape_states_it(tmp_path: Path, name: str) -> None:
    (item,) = items(written(tmp_path / "log", EXAMPLES[name]))
    assert isinstance(item, Conversation)
    assert item.flagged is True


def test_an_unknown_surface_becomes_other_and_is_never_passed_through(tmp_path: Path) -> None:
    (item,) = items(written(tmp_path / "log", {**SHOAL, "surface": "bob's phone"}))
    assert isinstance(item, Conversation)
    assert item.surface == "other"


def test_multi_part_content_gives_its_text_parts(tmp_path: Path) -> None:
    content = [{"type": "text", "text": "one"}, {"type": "image"}, "two"]
    (item,) = items(written(tmp_path / "log", {"messages": [{"role": "user", "content": content}]}))
    assert isinstance(item, Conversation)
    assert item.turns[0].text.split() == ["one", "two"]


def test_a_truncated_sharegpt_array_gives_whole_records_and_counts_one_truncated(tmp_path: Path) -> None:
    whole = json.dumps([SHAREGPT] * 5)
    path = tmp_path / "cut.json"
    path.write_text(whole[:-40], "utf-8")
    found = items(path)
    assert [type(item) for item in found] == [Conversation] * 4 + [Skipped]
    assert reasons(path) == [("record 5", TRUNCATED)]


def test_an_array_with_broken_syntax_in_the_middle_is_not_called_truncated(tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    record = json.dumps(SHAREGPT)
    path.write_text(f"[{record}, {{]oops}}, {record}]", "utf-8")
    assert reasons(path) == [("record 2", "broken JSON; nothing after it could be read")]


def test_truncated_json_lines_give_whole_records_and_count_one_truncated(tmp_path: Path) -> None:
    path = tmp_path / "cut.jsonl"
    line = json.dumps(SHOAL)
    path.write_text(f"{line}\n{line}\n{line[:-9]}", "utf-8")
    assert sum(isinstance(item, Conversation) for item in items(path)) == 2
    assert reasons(path) == [("line 3", TRUNCATED)]


def test_malformed_lines_are_counted_by_line_and_the_others_are_read(tmp_path: Path) -> None:
    good = json.dumps(SHOAL).encode()
    lines = [good, b"{not json}", b"", b"[1]", b'{"other": 1}', b'{"messages": "\xff"}', b'{"messages": []}', good]
    path = tmp_path / "mixed.jsonl"
    path.write_bytes(b"\n".join(lines * 20_000)[: len(b"\n".join(lines)) + 1])
    assert sum(isinstance(item, Conversation) for item in _late_reads(path, good)) == 2
    assert _late_reasons(path, good) == [
        ("line 2", NOT_JSON),
        ("line 4", NOT_OBJECT),
        ("line 5", OTHER_SHAPE),
        ("line 6", NOT_UTF8),
        ("line 7", NO_USER_TEXT),
    ]


def _padded(path: Path, good: bytes) -> Path:
    """Bad bytes beyond the sniffed head, which must itself be clean UTF-8."""
    padding = b"\n" * 70_000
    padded = path.with_suffix(".padded")
    padded.write_bytes(good + padding + path.read_bytes())
    return padded


def _late_reads(path: Path, good: bytes) -> list[Conversation | Skipped]:
    return items(_padded(path, good))[1:]


def _late_reasons(path: Path, good: bytes) -> list[tuple[str, str]]:
    return [(f"line {int(where.split()[1]) - 70_000}", reason) for where, reason in reasons(_padded(path, good))]


def test_a_byte_order_mark_before_utf8_is_passed_over(tmp_path: Path) -> None:
    for array in (False, True):
        path = written(tmp_path / f"bom{array}", SHOAL, array=array)
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
        assert isinstance(items(path)[0], Conversation)


_NOT_A_LOG: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \n \n",
    "binary": b"\x7fELF\x00\x01\x02" * 50,
    "UTF-16 with mark": json.dumps(SHOAL).encode("utf-16"),
    "UTF-16 without mark": json.dumps(SHOAL).encode("utf-16-le"),
    "latin-1": json.dumps({**SHOAL, "account": "Zo\xeb"}, ensure_ascii=False).encode("latin-1") + b"\n" * 9,
    "JSON of another shape": b'{"rows": [{"secretfieldvalue": 1}]}\n',
    "an array of numbers": b"[1, 2, 3]",
    "prose": b"Dear diary, secretfieldvalue\n" * 20,
}


@pytest.mark.parametrize("kind", _NOT_A_LOG)
def test_what_cannot_be_a_log_is_refused_with_a_hint_and_without_its_content(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(_NOT_A_LOG[kind])
    with pytest.raises(IndexFault) as caught:
        open_file(path)
    assert caught.value.hint
    assert caught.value.exit_code == 3
    assert "hello" not in str(caught.value)
    assert "diary" not in str(caught.value)
    assert [item.name for item in tmp_path.iterdir()] == ["log.jsonl"]


@pytest.mark.parametrize("target", ["", "missing.jsonl"])
def test_a_folder_or_a_missing_file_is_refused_with_a_hint(tmp_path: Path, target: str) -> None:
    with pytest.raises(IndexFault) as caught:
        open_file(tmp_path / target)
    assert caught.value.hint


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(data=st.data(), name=st.sampled_from(sorted(EXAMPLES)), value=_JSON)
def test_any_value_in_any_field_is_converted_or_counted_and_never_ends_the_run(
    data: st.DataObject, name: str, value: object
) -> None:
    shape = next(shape for shape in SHAPES if shape.name == name)
    record: dict[str, Any] = dict(EXAMPLES[name])
    record[data.draw(st.sampled_from(sorted(record)))] = value
    if shape.fits(record):
        found: object = None
        with contextlib.suppress(BadRecord):
            found = shape.convert(record)
        assert found is None or isinstance(found, Conversation)


_ODD: dict[str, dict[str, Any]] = {
    "a number among content parts": {"messages": [{"role": "user", "content": ["hello", 5]}]},
    "content parts as a number": {"messages": [{"role": "user", "content": 5}]},
    "a role that is a list": {"messages": [{"role": ["user"], "content": "hello"}]},
    "a time out of range": {"messages": [{"role": "user", "content": "hello"}], "time": 1e300},
    "a moderation that is a number": {**WILDCHAT, "openai_moderation": 5},
    "replies that are a number": {"prompt": {"role": "prompter", "text": "hello", "replies": 5}},
    "ranks of two kinds": {
        "prompt": {
            "role": "prompter",
            "text": "hello",
            "replies": [
                {"role": "assistant", "text": "a", "rank": "x"},
                {"role": "assistant", "text": "b", "rank": 1},
            ],
        }
    },
}


@pytest.mark.parametrize("kind", _ODD)
def test_one_odd_record_never_ends_the_reading_of_a_file(tmp_path: Path, kind: str) -> None:
    good = next(example for example in EXAMPLES.values() if set(example) & set(_ODD[kind]) - {"account", "time"})
    found = items(written(tmp_path / "log", good, _ODD[kind], good))
    assert len(found) == 3
    assert isinstance(found[2], Conversation)
