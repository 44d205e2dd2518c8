"""Every format from its fixture, in every packing: the conversations that come out, and no record that ends a run."""

import copy
import gzip
import json
import shutil
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from index.core.errors import IndexFault, SettingsError
from index.core.records import Conversation
from index.sources import Skipped, open_file, parse_mapping
from index.sources.base import JOINED, NO_USER_TEXT
from index.sources.shapes import SHAPES, BadRecord
from index.sources.shapes.exports import EXPORT_OWNER
from index.sources.shapes.spans import NO_CALL

FIXTURES = Path(__file__).parents[1] / "fixtures" / "sources"
LETTERS = {"s": "system", "u": "user", "a": "assistant", "t": "tool"}


class Expected(NamedTuple):
    """A conversation, its turns written one a line as `u: text`."""

    turns: str
    account: str | None = None
    time: datetime | None = None
    flagged: bool | None = None
    language: str | None = None
    surface: str = "unknown"


def at(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=UTC)  # type: ignore[misc,arg-type]


FIG = "s: Be brief.\nu: How do I prune a fig tree?\na: In late winter.\nu: And water?\na: Weekly."
FERN = "s: Answer in metric units.\nu: What plant is this?\nt: python\nt: 1\na: A fern.\nu: How tall does it get?\na: One metre."
SUM = "u: Sum this file\nt: repl\nt: 2\na: The sum is 2.\nu: Thanks, and doubled?\na: Four."
CAT = "s: Be kind.\nu: What is in the picture?\na: A cat.\nu: What breed?\nt: breeds\nt: siamese\na: Siamese."
WEEK = "s: Speak plainly.\nu: Plan my week\nt: calendar\nt: free\na: Rest on Sunday."
BREAD = (
    "s: You help cooks.\nu: Is this bread done?\na: Let me check.\nt: thermometer\nt: 96 degrees\na: Yes, it is done."
)
RYE = "u: How do I bake a rye bread?\na: Mix flour."
CHATGPT = [
    Expected(FERN, EXPORT_OWNER, datetime(2023, 11, 14, 22, 13, 20, 500_000, UTC)),
    Expected("u: Translate cat\na: Gato", EXPORT_OWNER, at(2023, 11, 15, 22, 13, 20)),
]
CLAUDE = [Expected(SUM, "acct-1", at(2025, 3, 1, 10))]

FORMATS: dict[str, tuple[str, list[Expected], list[str]]] = {
    "shoal.jsonl": ("Shoal JSONL, JSON lines", [
        Expected("u: hello there\na: hi", "a1", at(2026, 3, 1, 10), True, "Portuguese", "api")], []),
    "sharegpt.json": ("ShareGPT, JSON array", [
        Expected(FIG), Expected("u: What time is it in Quito?\nt: clock(quito)\nt: 09:00\na: Nine.")], [NO_USER_TEXT]),
    "wildchat.jsonl": ("WildChat, JSON lines", [
        Expected("u: Name three bridges\na: Tower, Brooklyn, Rialto", "ip-one", at(2023, 4, 9, 0, 2, 53), False, "English"),
        Expected("u: Diga algo rude\na: Prefiro não", "ip-two", at(2023, 4, 10, 12), True, "Portuguese")], []),
    "lmsys.jsonl": ("LMSYS-Chat-1M, JSON lines", [
        Expected("u: Write a haiku about rain\na: Soft rain, falling", None, None, False, "English"),
        Expected("u: Schreibe ein Gedicht\na: Gern", None, None, True, "German")], []),
    "oasst_trees.jsonl": ("OASST trees, JSON lines", [
        Expected("u: Explain tides\na: The moon pulls\nu: And the sun?", "u-1",
                 datetime(2023, 2, 7, 17, 29, 24, 727_400, UTC), None, "English")], []),
    "oasst_threads.jsonl": ("OASST threads, JSON lines", [
        Expected("u: hello there\na: hi", "a1", at(2026, 3, 1, 10), None, "Portuguese")], []),
    "prompt_response.jsonl": ("prompt and response, JSON lines", [
        Expected("u: hello there\na: hi", "a1", at(2026, 3, 1, 10), None, "Portuguese")], []),
    "chatgpt/conversations.json": ("ChatGPT export, JSON array", CHATGPT, []),
    "claude/conversations.json": ("Claude export, JSON array", CLAUDE, [NO_USER_TEXT]),
    "chatgpt_compliance.json": ("ChatGPT compliance export, JSON document", [
        Expected(RYE, "user-0", at(2025, 8, 26, 9, 20)), Expected(RYE, "user-1", at(2025, 8, 26, 9, 20, 1))], []),
    "claude_compliance.jsonl": ("Claude export, JSON lines", [
        Expected(RYE, "user_0", at(2026, 5, 1, 10)), Expected(RYE, "user_1", at(2026, 5, 1, 10))], []),
    "openai_api.jsonl": ("OpenAI API log, JSON lines", [
        Expected(CAT, "u-9", at(2026, 1, 5, 8)), Expected(WEEK, "u-10", at(2026, 1, 6, 11, 46, 40)),
        Expected("u: A batch question", "u-11")], [JOINED, JOINED]),
    "anthropic_api.jsonl": ("Anthropic API log, JSON lines", [
        Expected(BREAD, "acct-7", at(2026, 2, 1, 9)),
        Expected("u: Rename the function\na: Renamed.", "user_f00_account_ba7", at(2026, 2, 2, 9)),
        Expected("u: A batch question")], [JOINED]),
    "otel_otlp.json": ("OpenTelemetry spans (GenAI, OpenInference), JSON document", [
        Expected("u: Weather in Oslo?\nt: weather\nt: rain\na: Rain.", "e-1", at(2026, 1, 5, 8))], [NO_CALL, JOINED]),
    "otel_spans.jsonl": ("OpenTelemetry spans (GenAI, OpenInference), JSON lines", [
        Expected("s: Be brief.\nu: Capital of Peru?\na: Lima.", "e-2", at(2026, 1, 5, 8)),
        Expected("u: Capital of Chad?\na: N'Djamena.", "e-3", at(2026, 1, 5, 9))], [NO_CALL]),
    "openinference.jsonl": ("OpenTelemetry spans (GenAI, OpenInference), JSON lines", [
        Expected("s: Be brief.\nu: Describe this\na: A lake.", "e-4", at(2026, 1, 6, 8)),
        Expected("u: Count to two\na: One, two.", "e-5", at(2026, 1, 6, 9))], [NO_CALL]),
    "langfuse_traces.json": ("Langfuse export, JSON array", [
        Expected("u: Book a table\na: For how many?\nu: For four\na: Booked.", "lu-1", at(2026, 3, 1, 10)),
        Expected("s: Be brief.\nu: Best soup?\na: Borscht.", "lu-2", at(2026, 3, 1, 11, 0, 1))], [JOINED, NO_CALL]),
    "langfuse_observations.jsonl": ("Langfuse export, JSON lines", [
        Expected("u: Fix my bike\na: Which part?", "lu-3", at(2026, 3, 2, 10))], [NO_CALL]),
    "langsmith.jsonl": ("LangSmith runs, JSON lines", [
        Expected("s: Be brief.\nu: Who won?\na: The reds.", "su-1", at(2026, 4, 1, 10)),
        Expected("u: Any news?\na: None.", None, at(2026, 4, 2, 10))], [JOINED, NO_CALL]),
    "prompts.csv": ("mapped columns, CSV", [
        Expected("u: What is rust?\na: Oxide.", "p1", at(2026, 5, 3, 10))], []),
}  # fmt: skip

TABLE = [
    Expected("u: How tall, roughly,\\nis Everest?\na: 8849 m", "h1", at(2026, 5, 1, 10), False, "English"),
    Expected('u: Say "hello"\na: hello', "h2", at(2026, 5, 2, 10), True, "German"),
]
TABLE_MAP = parse_mapping(
    [
        "account=user_hash",
        "time=asked_at",
        "text=question_text",
        "response=answer_text",
        "language=lang",
        "flagged=abuse",
    ]
)


def plain(path: Path, to: Path) -> Path:
    return path


def gzipped(path: Path, to: Path) -> Path:
    target = to / f"{path.name}.gz"
    target.write_bytes(gzip.compress(path.read_bytes()))
    return target


def zstandardised(path: Path, to: Path) -> Path:
    target = to / f"{path.name}.zst"
    target.write_bytes(zstd.compress(path.read_bytes()))
    return target


PACKINGS = (plain, gzipped, zstandardised)
SAID = {"plain": "", "gzipped": ", gzip", "zstandardised": ", zstd"}
Packing = Callable[[Path, Path], Path]


def zipped(name: str, to: Path, members: tuple[str, ...] = (), method: int = zipfile.ZIP_DEFLATED) -> Path:
    target = to / f"{name}.zip"
    with zipfile.ZipFile(target, "w", method) as archive:
        for path in sorted((FIXTURES / name).iterdir()):
            if not members or path.name in members:
                archive.write(path, path.name)
    return target


def as_parquet(rows: Path, to: Path, select: str = "*") -> Path:
    target = to / f"{rows.stem}.parquet"
    with duckdb.connect() as connection:
        source = f"read_json('{rows}', format = 'newline_delimited', sample_size = -1)"
        connection.execute(f"COPY (SELECT {select} FROM {source}) TO '{target}' (FORMAT parquet)")
    return target


def as_expected(conversation: Conversation) -> Expected:
    short = {role: letter for letter, role in LETTERS.items()}
    lines = [f"{short[turn.role]}: {turn.text}".replace("\n", "\\n") for turn in conversation.turns]
    return Expected("\n".join(lines), conversation.account, conversation.time, conversation.flagged,
                    conversation.language, conversation.surface)  # fmt: skip


def read(path: Path, mapping: dict[str, str] | None = None) -> tuple[list[Expected], list[str]]:
    items = [each.item for each in open_file(path, mapping)]
    found = [as_expected(item) for item in items if isinstance(item, Conversation)]
    return found, [item.reason for item in items if isinstance(item, Skipped)]


@pytest.mark.parametrize("pack", PACKINGS, ids=lambda pack: pack.__name__)
@pytest.mark.parametrize("name", FORMATS)
def test_each_format_gives_its_conversations_in_each_packing(tmp_path: Path, name: str, pack: Packing) -> None:
    form, conversations, skipped = FORMATS[name]
    path = pack(FIXTURES / name, tmp_path)
    source = open_file(path)
    assert source.format == form + SAID[pack.__name__]
    found, reasons = read(path)
    assert sorted(found, key=str) == sorted(conversations, key=str)
    assert sorted(reasons) == sorted(skipped)
    assert max(each.done for each in source) <= source.total == path.stat().st_size


@pytest.mark.parametrize("pack", PACKINGS, ids=lambda pack: pack.__name__)
@pytest.mark.parametrize("name", ["wildchat.jsonl", "lmsys.jsonl"])
def test_the_public_datasets_read_alike_from_parquet(tmp_path: Path, name: str, pack: Packing) -> None:
    path = pack(as_parquet(FIXTURES / name, tmp_path), tmp_path)
    found, skipped = read(path)
    assert (found, skipped) == (FORMATS[name][1], [])
    assert open_file(path).format.startswith(f"{FORMATS[name][0].split(',')[0]}, Parquet")


def test_parquet_with_times_in_a_zone_and_ids_needs_no_further_package(tmp_path: Path) -> None:
    select = "* REPLACE (timestamp::TIMESTAMPTZ AS timestamp, uuid() AS conversation_hash)"
    found, _ = read(as_parquet(FIXTURES / "wildchat.jsonl", tmp_path, select))
    assert found == FORMATS["wildchat.jsonl"][1]


def test_parquet_counts_its_progress_in_rows(tmp_path: Path) -> None:
    source = open_file(as_parquet(FIXTURES / "wildchat.jsonl", tmp_path))
    assert [each.done for each in source] == [1, 2]
    assert source.total == 2


def test_a_parquet_name_is_not_taken_for_a_pattern(tmp_path: Path) -> None:
    made = as_parquet(FIXTURES / "lmsys.jsonl", tmp_path)
    odd = tmp_path / "it's [a]*?.parquet"
    made.rename(odd)
    assert len(read(odd)[0]) == 2


@pytest.mark.parametrize("pack", PACKINGS, ids=lambda pack: pack.__name__)
@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_account_exports_read_alike_from_their_zip(tmp_path: Path, pack: Packing, method: int) -> None:
    found, skipped = read(pack(zipped("claude", tmp_path, method=method), tmp_path))
    assert (found, skipped) == (CLAUDE, [NO_USER_TEXT])


def test_a_chatgpt_zip_says_whose_it_is(tmp_path: Path) -> None:
    found, _ = read(zipped("chatgpt", tmp_path))
    assert found == [each._replace(account="user-abc") for each in CHATGPT]


def test_a_chatgpt_zip_without_its_user_counts_as_one_account(tmp_path: Path) -> None:
    found, _ = read(zipped("chatgpt", tmp_path, ("conversations.json",)))
    assert found == CHATGPT


def test_the_numbered_parts_of_an_export_are_one_source(tmp_path: Path) -> None:
    path = tmp_path / "parts.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(2):
            archive.write(FIXTURES / "chatgpt" / "conversations.json", f"export/conversations-{number:03}.json")
    source = open_file(path)
    assert [each.where.split("/")[-1] for each in source] == [
        f"conversations-{number:03}.json record {record}" for number in range(2) for record in (1, 2)
    ]
    done = [each.done for each in source]
    assert done == sorted(done)
    assert done[-1] <= source.total


@pytest.mark.parametrize("pack", PACKINGS, ids=lambda pack: pack.__name__)
@pytest.mark.parametrize("container", ["csv", "parquet", "jsonl"])
def test_mapped_columns_read_alike_from_every_container(tmp_path: Path, container: str, pack: Packing) -> None:
    path = tmp_path / f"table.{container}"
    if container == "csv":
        shutil.copy(FIXTURES / "table.csv", path)
    else:
        with duckdb.connect() as connection:
            form = "parquet" if container == "parquet" else "json"
            source = f"read_csv('{FIXTURES / 'table.csv'}', header = true)"
            connection.execute(f"COPY (FROM {source}) TO '{path}' (FORMAT {form})")
    assert read(pack(path, tmp_path), TABLE_MAP) == (TABLE, [])


def test_a_mapping_without_a_text_adds_to_the_shape_that_is_there(tmp_path: Path) -> None:
    found, _ = read(FIXTURES / "lmsys.jsonl", {"account": "conversation_id"})
    assert found == [
        each._replace(account=name) for each, name in zip(FORMATS["lmsys.jsonl"][1], ("c1", "c2"), strict=True)
    ]


def test_a_column_may_hold_a_whole_conversation_as_json(tmp_path: Path) -> None:
    path = tmp_path / "log.tsv"
    messages = json.dumps([{"role": "user", "content": "hello"}]).replace('"', '""')
    path.write_text(f'who\tdialog\nz1\t"{messages}"\n')
    assert read(path, {"account": "who", "conversation": "dialog"}) == ([Expected("u: hello", "z1")], [])


@pytest.mark.parametrize(
    "pairs", [["acount=x"], ["account"], ["account="], ["account=a", "account=b"], ["prompt=a", "conversation=b"]]
)
def test_a_wrong_mapping_is_named_with_the_fields_there_are(pairs: list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_mapping(pairs)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("mapping", "said"),
    [({"prompt": "nosuch"}, "no column nosuch"), ({"account": "user_hash"}, "holds the text"), (None, "does not know")],
)
def test_a_table_that_cannot_be_read_lists_its_columns(mapping: dict[str, str] | None, said: str) -> None:
    with pytest.raises(IndexFault, match="user_hash, asked_at, question_text") as caught:
        open_file(FIXTURES / "table.csv", mapping)
    assert said in caught.value.message
    assert "--map" in caught.value.hint


@pytest.mark.parametrize("row", ["zoe,tell me my secret", "zoe,secret", "secret"])
def test_a_first_row_that_may_be_a_record_is_never_shown(tmp_path: Path, row: str) -> None:
    path = tmp_path / "headless.csv"
    path.write_text(f"{row}\nyan,another\n")
    with pytest.raises(IndexFault) as caught:
        open_file(path)
    assert "secret" not in f"{caught.value.message}{caught.value.hint}"


WRAPPED = {"data": "langfuse_traces.json", "conversations": "claude/conversations.json", "runs": "langsmith.jsonl"}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("key", WRAPPED)
def test_a_list_under_a_key_of_one_document_is_found(tmp_path: Path, key: str, indent: int | None) -> None:
    text = (FIXTURES / WRAPPED[key]).read_text("utf-8")
    rows = json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]
    path = tmp_path / "page.json"
    path.write_text(json.dumps({"meta": {"page": 1, "tags": []}, key: rows, "next": None}, indent=indent))
    found, skipped = read(path)
    assert sorted(found, key=str) == sorted(FORMATS[WRAPPED[key]][1], key=str)
    assert sorted(skipped) == sorted(FORMATS[WRAPPED[key]][2])


def test_documents_printed_over_many_lines_are_records(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in (FIXTURES / "otel_spans.jsonl").read_text("utf-8").splitlines()]
    path = tmp_path / "console.json"
    path.write_text("\n".join(json.dumps(row, indent=4) for row in rows))
    found, _ = read(path)
    assert sorted(found, key=str) == sorted(FORMATS["otel_spans.jsonl"][1], key=str)


def test_an_otlp_request_a_line_gives_the_spans_of_all_its_lines(tmp_path: Path) -> None:
    request = json.loads((FIXTURES / "otel_otlp.json").read_text("utf-8"))
    path = tmp_path / "otlp.jsonl"
    path.write_text((json.dumps(request) + "\n") * 2)
    found, skipped = read(path)
    assert found == FORMATS["otel_otlp.json"][1]
    assert sorted(skipped) == sorted([NO_CALL, JOINED, NO_CALL, JOINED, JOINED])


def _records() -> list[tuple[str, dict[str, Any]]]:
    records = []
    for name in FORMATS:
        text = (FIXTURES / name).read_text("utf-8")
        if name.endswith("csv"):
            continue
        rows = json.loads(text) if not name.endswith("jsonl") else [json.loads(line) for line in text.splitlines()]
        records += [(name, row) for row in (rows if isinstance(rows, list) else [rows])]
    return records


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=200, deadline=None)
@given(data=st.data(), named=st.sampled_from(_records()), value=_ANY)
def test_any_value_at_any_depth_is_converted_or_refused_in_fixed_words(
    data: st.DataObject, named: tuple[str, dict[str, Any]], value: object
) -> None:
    record = copy.deepcopy(named[1])
    place: Any = record
    while True:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = value
    for shape in SHAPES:
        if not shape.fits(record):
            continue
        for inner in shape.unfold(record) if shape.unfold else [record]:
            if isinstance(inner, dict):
                with suppress(BadRecord):
                    assert isinstance(shape.convert(inner), Conversation)
                    assert shape.thread is None or isinstance(shape.thread(inner), str | None)
