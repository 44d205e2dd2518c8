"""The demo's answers and themes against its planted truth, not below what the last release measured, and its plants against
everything Shoal wrote or said. In one file, because each worker of the tests indexes the demo for itself."""

import json
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import pytest
import regex
from ahocorasick_rs import AhoCorasick, BytesAhoCorasick

from agent.core.events import AnswerMade, Event, RunEnded, ToolEnded, dump
from agent.evaluation import answers, themes
from agent.evaluation.bench import Bench
from agent.evaluation.items import Result
from agent.services.ingest import ingest
from agent.wiring import App
from index.demo.generate import conversations, truth
from index.demo.source import DemoSource

QUESTIONS = (
    "What do people use the assistant for most?",
    "Is anyone running coordinated spam?",
    "What is new since the launch?",
    "What do people ask in Japanese that others do not?",
    "Is there anything harmful, and does the classifier flag it?",
    "How has help with code changed over time?",
)


@cache
def _truth() -> dict[str, Any]:
    return truth(7)


async def _ask(app: App, *questions: str) -> list[Event]:
    session = app.session(built_in=True)
    try:
        return [event for question in questions for event in [event async for event in session.ask(question)]]
    finally:
        await session.close()


_ASKED: dict[str, list[Event]] = {}


async def _alone(app: App, question: str) -> list[Event]:
    """The events of a question asked in a session of its own, once for all tests that only read them."""
    if question not in _ASKED:
        _ASKED[question] = await _ask(app, question)
    return _ASKED[question]


def _answer(events: list[Event]) -> AnswerMade:
    (answer,) = [event for event in events if isinstance(event, AnswerMade)]
    assert [event.state for event in events if isinstance(event, RunEnded)] == ["done"]
    assert answer.cited
    assert not answer.removed
    return answer


def _findings(events: list[Event], tool: str) -> list[dict[str, Any]]:
    return [event.finding for event in events if isinstance(event, ToolEnded) and event.finding and event.tool == tool]


def _monday(day: str) -> str:
    moment = date.fromisoformat(day)
    return (moment - timedelta(days=moment.weekday())).isoformat()


def test_the_recorded_truth_is_what_the_generator_plants() -> None:
    recorded = json.loads((files("index.demo") / "truth.json").read_text("utf-8"))
    assert recorded == json.loads(json.dumps(_truth()))


def test_the_corpus_is_as_large_and_as_varied_as_promised() -> None:
    corpus = list(conversations(7))
    days = [item.time.date() for item in corpus]
    assert len(corpus) >= 8_000
    assert len({item.account for item in corpus}) >= 2_000
    assert len({item.language for item in corpus}) >= 10
    assert (max(days) - min(days)).days > 7 * 30


async def test_the_largest_uses_and_languages_agree_with_the_truth(demo: App) -> None:
    events = await _alone(demo, QUESTIONS[0])
    _answer(events)
    (languages,) = [found for found in _findings(events, "count_by") if found["title"].endswith("by language")]
    shares = {row["label"]: row["values"][0]["share"] for row in languages["rows"]}
    planted = _truth()["languages"]
    total = sum(planted.values()) if isinstance(next(iter(planted.values())), int) else None
    for language in ("English", "Spanish", "Japanese", "German"):
        expected = planted[language] if total else planted[language]["conversations"]
        whole = total or sum(item["conversations"] for item in planted.values())
        assert shares[language] == pytest.approx(100 * expected / whole, abs=5)


async def test_the_spam_ring_is_found_with_its_bursts_and_its_accounts(demo: App) -> None:
    events = await _alone(demo, QUESTIONS[1])
    answer = _answer(events)
    ring = _truth()["stories"]["seo-ring"]
    weeks = {_monday(day) for day in ring["days"]}
    named = set(regex.findall(r"\d{4}-\d{2}-\d{2}", answer.text))
    assert len(named & weeks) >= 2
    lines = [line for lead in answer.parts.leads for line in lead.clusters] if answer.parts is not None else []
    # Four themes of it are named; there are more.
    named_in = sum(int(found[0]) for line in lines if (found := regex.findall(r": (\d+) conversations", line)))
    assert ring["conversations"] * 0.3 <= named_in <= ring["conversations"] * 1.5
    assert "not proof" in answer.text
    assert answer.parts is not None
    assert answer.parts.leads
    themes = " ".join(line for lead in answer.parts.leads for line in lead.clusters).casefold()
    assert "keyword" in themes


async def test_a_lead_of_one_cluster_names_it_and_says_what_a_review_may_look_at(demo: App) -> None:
    everywhere = await _alone(demo, QUESTIONS[1])
    parts = _answer(everywhere).parts
    assert parts is not None
    # The largest, because months of a small one are suppressed.
    sizes = {
        found[0]: int(found[1])
        for line in parts.leads[0].clusters
        for found in regex.findall(r"\((C\d+)\): (\d+)", line)
    }
    cluster = max(sizes, key=lambda name: sizes[name])
    parts = _answer(await _ask(demo, f"Are there signs of coordination in {cluster}?")).parts
    assert parts is not None
    (lead,) = parts.leads
    assert f"({cluster})" in lead.clusters[0]
    assert f"in cluster {cluster}" in lead.scope
    assert "unclustered" not in " ".join(parts.left_out)


async def test_a_limit_that_several_looks_share_is_said_once(demo: App) -> None:
    parts = _answer(await _alone(demo, QUESTIONS[1])).parts
    assert parts is not None
    said = [regex.sub(r"\s*\[F[^\]]*\]", "", line) for line in parts.left_out]
    assert len(said) == len(set(said))


async def test_screening_every_theme_finds_the_ring_without_a_phrase_for_it(demo: App) -> None:
    events = await _alone(demo, QUESTIONS[1])
    (screened,) = [found for found in _findings(events, "coordination") if len(found["rows"]) > 50]
    verdicts = {
        row["label"]: measure["verdict"]
        for row in screened["rows"]
        for measure in row.get("measures", ())
        if measure["name"] == "coordination"
    }
    marked = [label.casefold() for label, verdict in verdicts.items() if verdict in ("high", "very high")]
    assert 1 <= len(marked) <= 12
    ring = [label for label in marked if regex.search(r"backlink|seo|keyword", label)]
    assert len(ring) >= 0.7 * len(marked)


async def test_what_appeared_with_the_launch_is_found_and_did_not_exist_before(demo: App) -> None:
    events = await _alone(demo, QUESTIONS[2])
    answer = _answer(events)
    launch = _truth()["launch_date"]
    assert f"New or mostly since {launch}" in answer.text
    assert regex.search(r"browser|basket|checkout|calendar widget|dashboard|form", answer.text, regex.IGNORECASE)
    (course,) = [found for found in _findings(events, "trend") if "cluster" in found["scope"]]
    shown = [row["label"] for row in course["rows"] if row["values"][0]["count"] is not None]
    assert shown
    assert all(month >= launch[:7] for month in shown)


async def test_what_japanese_conversations_have_of_their_own_is_found(demo: App) -> None:
    answer = _answer(await _alone(demo, QUESTIONS[3]))
    assert regex.search(r"年賀状|New Year", answer.text)
    assert regex.search(r"敬語|polite|メール", answer.text)


async def test_nothing_planted_is_said(demo: App) -> None:
    said = json.dumps([dump(event) for event in await _ask(demo, *QUESTIONS)], ensure_ascii=False).casefold()
    for planted in (*_truth()["canaries"], *_truth()["never_shown"], *_truth()["injections"]):
        assert planted.casefold() not in said


def _stored_text(home: Path) -> str:
    """Every text column of every DuckDB file: compression may hide text from a search of bytes."""
    parts: list[str] = []
    for path in [*home.rglob("facts.duckdb"), *home.rglob("snapshots/*.duckdb")]:
        connection = duckdb.connect(str(path), read_only=True)
        columns = connection.execute(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE data_type = 'VARCHAR' AND NOT internal"
        ).fetchall()
        for table, column in columns:
            found = connection.execute(f'SELECT DISTINCT "{column}" FROM "{table}"').fetchall()
            parts += [str(value) for (value,) in found]
        connection.close()
    return "\n".join(parts).casefold()


async def test_no_canary_and_no_sentence_is_in_anything_that_was_written(demo: App) -> None:
    for question in QUESTIONS[:2]:
        await _alone(demo, question)
    home = demo.home.root
    text = _stored_text(home)
    raw = b"\n".join(
        path.read_bytes().lower() for path in home.rglob("*") if path.is_file() and "encoders" not in path.parts
    )
    for canary in _truth()["canaries"]:
        assert canary.casefold() not in text
        if len(canary) >= 6:
            assert canary.casefold().encode() not in raw
    sentences = {
        sentence.strip().casefold()
        for item in conversations(7)
        for _, words in item.messages
        for sentence in regex.split(r"[.!?。！？\n]", words)
        if len(sentence.split()) >= 6
    }
    assert len(sentences) > 10_000
    assert AhoCorasick(sentences).find_matches_as_strings(text) == []
    assert BytesAhoCorasick([sentence.encode() for sentence in sentences]).find_matches_as_indexes(raw) == []


async def test_taking_the_demo_again_adds_nothing(demo: App) -> None:
    again = await ingest(demo, DemoSource(), lambda _: None, built_in=True)
    assert again.outcome.taken == 0
    assert again.outcome.skipped["already in the index"] == DemoSource().total
    assert again.published.snapshot is None


def test_every_file_is_private(demo: App) -> None:
    for path in demo.home.root.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def _bench(demo: App, folder: Path) -> Bench:
    return Bench.of(folder, demo, demo.settings, lambda _: None, built_in=True, quick=True)


async def test_answers_are_right_and_none_holds_a_wrong_number(demo: App, tmp_path: Path) -> None:
    asked = answers.items(_bench(demo, tmp_path))[::3]
    results: list[Result] = [await item.run() for item in asked]
    assert len(results) >= 14
    assert sum(result.right for result in results) >= 0.9 * len(results)
    assert [result.detail for result in results if result.verdict == answers.WRONG_NUMBER] == []


async def test_the_taxonomy_gives_back_what_was_planted(demo: App, tmp_path: Path) -> None:
    items = {item.id: item for item in themes.items(_bench(demo, tmp_path))}
    top = await items[f"{themes.TOP}: all languages"].run()
    assert top.right >= 0.62 * top.of
    ranked = [await item.run() for item in items.values() if item.kind == themes.RANKED]
    assert sum(result.right for result in ranked) >= 0.55 * len(ranked)
