"""Differential privacy of closed counts: the rule as a contract over every tool, whatever is asked."""

import ast
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.snapshots.snapshot import Snapshot
from tests.fakes.corpus import context, small_index
from tests.fakes.policy import SHARP
from tools.core.errors import ToolRefusal
from tools.core.facets import CLOSED
from tools.dp import bounding
from tools.dp import noisy_release as noisy
from tools.dp.bounding import Bounded
from tools.registry import TOOLS, call

ROOT = Path(__file__).parents[2]
POLICY = SHARP.with_values(epsilon_per_release=1.0)
QUESTIONS: list[tuple[str, dict[str, Any]]] = [
    *(("count_by", {"by": facet}) for facet in CLOSED),
    *(("coverage", {"by": facet}) for facet in CLOSED),
    *(("compare", {"by": facet, "first": {"language": "Spanish"}}) for facet in CLOSED if facet != "language"),
    *(("count_by", {"by": "language", "across": facet}) for facet in CLOSED if facet != "language"),
    *(("trend", {"by": step, "scope": scope}) for step in ("week", "month") for scope in ({}, {"surface": "web"})),
    ("coverage", {}),
]


@pytest.mark.parametrize(("tool", "arguments"), QUESTIONS, ids=str)
async def test_taking_any_account_away_moves_no_closed_table_by_more_than_its_noise_is_made_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str, arguments: dict[str, Any]
) -> None:
    """The cells that a tool hands to the noise, with each account of the index taken out of them in turn."""
    seen: list[tuple[list[Any], int, Bounded]] = []

    def watched(snapshot: Snapshot, cells: list[Any], most: int, cells_each: int) -> Bounded:
        found = bounding.bounded(snapshot, cells, most, cells_each)
        seen.append((list(cells), cells_each, found))
        return found

    monkeypatch.setattr(noisy, "bounded", watched)
    index = small_index()
    await call(tool, arguments, context(index, tmp_path / "x.sqlite3", POLICY))
    ((cells, cells_each, whole),) = seen
    accounts = index.snapshot.accounts
    largest = [account for account, _ in Counter(accounts.tolist()).most_common(12)]
    moved = []
    for gone in largest:
        complement_of = [rows[accounts[rows] != gone] for rows in cells]
        less = bounding.bounded(index.snapshot, complement_of, POLICY.max_per_account, cells_each)
        moved.append(sum(abs(a - b) for a, b in zip(whole.counts, less.counts, strict=True)))
    assert max(moved) <= whole.sensitivity
    # The loudest account would move it by far more if it were not bounded.
    loud = sum(int(np.sum(accounts[rows] == largest[0])) for rows in cells)
    assert loud > whole.sensitivity


async def test_no_tool_says_a_closed_count_without_paying_for_it(tmp_path: Path) -> None:
    for tool, arguments in QUESTIONS:
        ctx = context(small_index(), tmp_path / f"{tool}{len(str(arguments))}.sqlite3", POLICY)
        before = ctx.gate.ledger.spent()
        finding = await call(tool, arguments, ctx)
        paid = ctx.gate.ledger.spent() - before
        assert paid == POLICY.epsilon_per_release
        assert finding.notes
        ctx.gate.ledger.close()


async def test_rows_that_the_gate_notes_for_overlap_are_none_of_a_noisy_release(tmp_path: Path) -> None:
    ctx = context(small_index(), tmp_path / "x.sqlite3", POLICY)
    await call("count_by", {"by": "surface"}, ctx)
    with ctx.gate.ledger.exclusive():
        assert list(ctx.gate.ledger.new_sets(0)) == []


async def test_when_the_budget_is_spent_no_tool_answers_a_new_closed_question(tmp_path: Path) -> None:
    ctx = context(small_index(), tmp_path / "x.sqlite3", SHARP.with_values(epsilon_per_release=1.0, epsilon_total=1.0))
    await call("trend", {"by": "month"}, ctx)
    for tool, arguments in [item for item in QUESTIONS if item != ("trend", {"by": "month", "scope": {}})]:
        with pytest.raises(ToolRefusal, match="budget"):
            await call(tool, arguments, ctx)
    assert ctx.gate.ledger.spent() == 1.0


def test_opendp_is_imported_by_one_module_and_only_when_noise_is_drawn() -> None:
    importing = set()
    for path in (ROOT / "tools").rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        names = {
            name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in (
                [node.module or ""] if isinstance(node, ast.ImportFrom) else [item.name for item in node.names]
            )
        }
        if any(name.split(".")[0] == "opendp" for name in names):
            importing.add(path.name)
            assert not any(isinstance(node, ast.Import) and "opendp" in ast.unparse(node) for node in tree.body)
    assert importing == {"noise.py"}


def test_every_tool_that_takes_a_scope_of_any_size_declares_its_table_closed() -> None:
    for name in TOOLS:
        source = (ROOT / "tools" / "catalog" / f"{name}.py").read_text("utf-8")
        assert ("cells_per_conversation=" in source) == (name in {"count_by", "compare", "trend", "coverage"}), name
