"""The rules of the design about text, ways out and the record: R1, R2, R6 and R9. Those about numbers stand in
`test_rules_of_numbers`, R10 in `test_telemetry`, R11 in `test_rules_of_readers`, R8 with the agent's tests. Each test fails when its rule is broken."""

import ast
import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.core.words import specifics
from index.handle import Index
from index.vocabulary import public_part
from tests.contracts.conftest import cells, sources
from tests.fakes.corpus import (
    CANARY_PIECES,
    RARE_WORDS,
    FakeEncoder,
    context,
    records,
    small,
)
from tests.fakes.homes import copied
from tests.fakes.questions import POLICY, every_tool, raw, rows_where
from tools.context import ToolContext
from tools.core.candidate import Group
from tools.core.errors import PrivacyViolation
from tools.core.finding import Finding, Suppressed
from tools.core.ledger import Ledger
from tools.core.wording import UNNAMED
from tools.registry import TOOLS

ROOT = Path(__file__).parents[2]


# R1


@pytest.fixture(scope="module")
def used_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after ingest, publishing and every tool: everything that was ever written."""
    root = tmp_path_factory.mktemp("used") / "home"
    copied(small().home.root, root)
    path = root / small().path.relative_to(small().home.root)
    ctx = context(Index(path, FakeEncoder()), path / "ledger" / "x.sqlite3")
    assert len(asyncio.run(every_tool(ctx))) >= 9
    ctx.gate.ledger.close()
    return root


def forbidden() -> list[str]:
    """Lower case: canaries, words of one account or of three, whole openings of conversations, replies, accounts."""
    asked_for = {"beehive", "varroa", "honeycomb"}
    openings = {record.text[:40] for record in records()}
    unique = {record.unique for record in records()}
    names = {record.account for record in records()}
    rare = {word for word in RARE_WORDS if word not in asked_for}
    return [text.casefold() for text in {*CANARY_PIECES, *unique, *openings, *names, *rare, "of course, the reply"}]


def test_r1_raw_text_is_in_no_byte_of_any_file_written(used_home: Path) -> None:
    files = [path for path in used_home.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".duckdb", ".sqlite3", ".toml", ".key"}
    for path in files:
        content = path.read_bytes().lower()
        assert [text for text in forbidden() if text.encode() in content] == [], path.name


def test_r1_raw_text_is_in_no_value_of_any_database_written(used_home: Path) -> None:
    words = forbidden()
    seen: set[str] = set()
    found: set[tuple[str, str]] = set()
    for where, text in cells(used_home):
        seen.add(where)
        folded = text.casefold()
        found |= {(where, word) for word in words if word in folded}
    assert {"facts.duckdb:summaries", "0001.duckdb:members", "x.sqlite3:releases"} <= seen
    assert found == set()


def test_r1_no_summary_holds_a_run_of_four_words_of_its_conversation(index: Index) -> None:
    texts = index.snapshot.texts(np.arange(len(index.snapshot)))
    for record, text in zip(records(), texts, strict=True):
        said = record.text.casefold().split()
        runs = {" ".join(said[place : place + 4]) for place in range(len(said) - 3)}
        assert not any(run in text.casefold() for run in runs)


# R2


def test_r2_a_finding_built_outside_the_gate_stops_the_run(index: Index) -> None:
    fields: dict[str, Any] = {
        "id": "F1", "tool": "x", "title": "x", "shape": "table", "scope": "x", "period": "x", "columns": (), "rows": (),
        "totals": (), "suppressed": Suppressed(), "outside": None, "method": "x", "notes": (), "policy": "x",
        "snapshot": 1, "digest": "x",
    }  # fmt: skip
    for gate_pass in (None, object(), True, "gate"):
        with pytest.raises(PrivacyViolation):
            Finding(**fields, gate_pass=gate_pass)
    with pytest.raises(PrivacyViolation):
        Finding(**fields)


def test_r2_only_the_gate_holds_what_builds_a_finding() -> None:
    holders = {
        str(path)
        for path, tree in sources("agent", "index", "tools", "tui", "prompts")
        for node in ast.walk(tree)
        if (isinstance(node, ast.alias) and node.name == "_GATE_PASS")
        or (isinstance(node, ast.Attribute) and node.attr == "_GATE_PASS")
        or (isinstance(node, ast.Constant) and node.value == "_GATE_PASS")
    }
    assert holders == {"tools/release/gate.py"}


async def test_r2_every_tool_returns_a_finding_that_its_ledger_knows(ctx: ToolContext) -> None:
    found = await every_tool(ctx)
    # This corpus has no flags on what is concerning and no earlier snapshot; a claim is another tool's finding again.
    assert {finding.tool for finding in found} == set(TOOLS) - {"flag_gaps", "precedent", "audit_claim"}
    assert all(ctx.gate.ledger.digest_known(finding.digest) for finding in found)


_DATA_PLANE = (
    "index.snapshots",
    "index.stores",
    "index.handle",
    "index.geometry",
    "index.embedding",
    "index.naming",
    "tools.context",
    "tools.release.gate",
    "tools.release.pipeline",
    "tools.history",
    "tools.suppression",
    "tools.grouping",
    "tools.core.candidate",
    "tools.core.table",
    "tools.core.ledger",
)
_READERS = ("extractor", "batches", "namer", "name_auditor", "taxonomist", "fields", "lexicon", "concern", "wording")
"""Roles that read conversations or summaries by design, with typed output and no tools (R11)."""
_TALKERS = sorted(
    str(path.relative_to(ROOT))
    for package in ("core", "llm", "grounding", "roles", "engine", "storage")
    for path in (ROOT / "agent" / package).rglob("*.py")
    if path.stem not in _READERS and path != ROOT / "agent" / "roles" / "claude" / "__init__.py"
)


def test_r2_the_modules_that_talk_are_found() -> None:
    assert len(_TALKERS) > 40


@pytest.mark.parametrize("module", _TALKERS)
def test_r2_a_module_that_talks_cannot_reach_the_data_plane(module: str) -> None:
    tree = ast.parse((ROOT / module).read_text("utf-8"))
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert not [name for name in imported if name.startswith(_DATA_PLANE)]


def test_r2_nobody_looks_behind_a_toolbox_but_the_red_team() -> None:
    looking = {
        str(path)
        for path, tree in sources("agent", "index", "tui", "prompts")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "_context"
    }
    assert looking == {"agent/redteam/lab.py"}


async def test_r2_no_finding_holds_a_summary(ctx: ToolContext) -> None:
    summaries = {text for text in ctx.index.snapshot.texts(np.arange(len(ctx.index.snapshot))) if text.count(";") > 2}
    words = " ".join(str(finding.as_dict()) for finding in await every_tool(ctx))
    assert len(summaries) > 100
    assert not any(text in words for text in summaries)


# R6


async def test_r6_every_word_of_every_name_is_used_by_ten_accounts_of_the_corpus(ctx: ToolContext) -> None:
    texts = ctx.index.snapshot.texts(np.arange(len(ctx.index.snapshot)))
    users: dict[str, set[str]] = {}
    for record, text in zip(records(), texts, strict=True):
        for word in (*specifics(text), *specifics(record.language)):
            users.setdefault(word, set()).add(record.account)
    rows = [row for finding in await every_tool(ctx) for row in finding.rows if row.id]
    names = {row.label.removesuffix(f" · {row.id}") for row in rows} - {UNNAMED}
    assert len(names) > 5
    for name in names:
        for word in specifics(public_part(name)[1]):
            assert len(users[word]) >= POLICY.text_min_accounts, name


@pytest.mark.parametrize(
    "specific",
    [
        "Zephyrine",
        "Basel",
        "1987",
        "levodopa",
        "beehive",
        "zephyrine@example.com",
        "+41 79 555 01 23",
        "ⓙⓐⓝⓔ",
        "ＪＡＮＥ",
    ],
)
def test_r6_an_unattested_name_number_place_or_rare_term_never_leaves(ctx: ToolContext, specific: str) -> None:
    letters = rows_where([record.theme == "letters" for record in records()])
    for name in (f"Cover letter {specific}", specific, f"Cover letter, {specific}'s"):
        finding = ctx.gate.release(raw([Group(name, (letters,), is_text=True)]))
        generalised = ["Cover letter"] if specific.isdecimal() and name != specific else []
        assert [row.label for row in finding.rows] in ([UNNAMED], generalised)
    attested = ctx.gate.release(raw([Group("Cover letters and the position", (letters,), is_text=True)]))
    assert [row.label for row in attested.rows] == ["Cover letters and the position"]


# R9


async def test_r9_every_release_is_in_a_chain_that_a_later_edit_breaks(ctx: ToolContext, tmp_path: Path) -> None:
    found = await every_tool(ctx)
    ledger = ctx.gate.ledger
    assert [release.digest for release in reversed(ledger.releases())] == [finding.digest for finding in found]
    assert ledger.verify() is None
    ledger.close()
    path = tmp_path / "ledger" / "x.sqlite3"
    with closing(sqlite3.connect(path)) as edited:
        with pytest.raises(sqlite3.IntegrityError):
            edited.execute("UPDATE releases SET withheld = 0 WHERE seq = 2")
        edited.executescript("DROP TRIGGER releases_stay; UPDATE releases SET withheld = 99 WHERE seq = 2;")
    assert Ledger(path).verify() == 2


def test_r9_no_code_of_ours_changes_or_removes_a_ledger_entry() -> None:
    text = (ROOT / "tools" / "core" / "ledger.py").read_text("utf-8")
    statements = [
        node.value.upper()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    found = [sql for sql in statements if sql.startswith(("UPDATE ", "DELETE ", "DROP ", "REPLACE "))]
    # What was typed can be redacted, and the chain holds without it; nothing else can be changed. A trigger of an older Shoal,
    # which knew no redaction, is replaced.
    assert found == [
        "UPDATE OF",
        "DROP TRIGGER RELEASES_STAY; ",
        "UPDATE RELEASES SET SCOPE = ?, ARGUMENTS = ? WHERE SEQ = ?",
        "UPDATE SEALS SET SALT = '' WHERE SEQ = ?",
    ]
