"""Across tables, and across sessions, nothing gives a suppressed number back where rounding is too little."""

from pathlib import Path

import numpy as np
import pytest

from index.handle import Index
from index.snapshots.snapshot import Rows
from tests.fakes.corpus import FakeEncoder, context, is_enough, records, small
from tests.fakes.policy import SHARP
from tests.fakes.span import follows
from tools.core.candidate import CandidateTable, Group
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding
from tools.core.policy import PrivacyPolicy
from tools.core.scope import Resolved, Scope
from tools.release.gate import Gate
from tools.suppression.small_cells import small_cells

UNROUNDED = SHARP.with_values(round_to=1)


def gate_of(folder: Path, policy: PrivacyPolicy = UNROUNDED) -> Gate:
    return context(Index(small().path, FakeEncoder()), folder / "ledger" / "x.sqlite3", policy).gate


def ask(gate: Gate, *groups: Rows) -> Finding:
    scope = np.sort(np.concatenate(groups))
    named = tuple(Group(f"g{place}", (rows,)) for place, rows in enumerate(groups))
    return gate.release(
        CandidateTable("count_by", {}, "made", "table", Resolved(Scope(), scope), ("all",), named, "made")
    )


def many(first: int, count: int) -> Rows:
    """So many conversations of many accounts, no two calls with the same `first` sharing any."""
    kept = [row for row, record in enumerate(records()) if record.account.startswith("account-many")]
    return np.array(sorted(kept[first : first + count]), dtype=np.int64)


def told(finding: Finding, *groups: Rows) -> list[Rows]:
    """The sets whose number a finding of these groups says."""
    said = [rows for place, rows in enumerate(groups) if finding.row(f"g{place}") is not None]
    return [np.sort(np.concatenate(groups)), *said]


@pytest.mark.parametrize("is_another_session", [False, True])
def test_tables_together_do_not_give_a_small_group_back_that_each_of_them_suppresses(
    tmp_path: Path, is_another_session: bool
) -> None:
    small_group, beside, large = many(0, 8), many(8, 40), many(48, 120)
    assert not is_enough([records()[row].account for row in small_group.tolist()])
    gate = gate_of(tmp_path)
    first = (small_group, beside, large)
    second = (beside[:20], beside[20:], np.sort(np.concatenate([large[:60], small_group])), large[60:])
    said = told(ask(gate, *first), *first)
    if is_another_session:
        gate.ledger.close()
        gate = gate_of(tmp_path)
    said += told(ask(gate, *second), *second)
    assert len(said) > 3
    assert not follows(said, small_group)
    assert follows([*said, beside[:20], beside[20:]], small_group)


def test_rounding_is_enough_where_three_numbers_leave_as_much_open_as_a_suppressed_one_needs() -> None:
    assert not SHARP.rounds_too_little
    assert SHARP.with_values(round_to=4).rounds_too_little
    assert UNROUNDED.rounds_too_little


def test_totals_that_would_give_a_small_group_back_are_refused(tmp_path: Path) -> None:
    gate = gate_of(tmp_path)
    small_group, first, second, third = many(0, 8), many(8, 60), many(68, 60), many(128, 60)
    ask(gate, small_group, first, second)
    ask(gate, first, third)
    with pytest.raises(ToolRefusal, match="earlier answers"):
        ask(gate, second, third)


@pytest.mark.parametrize("is_guarded", [True, False])
@pytest.mark.parametrize("larger_first", [True, False])
def test_no_two_said_numbers_have_a_small_cell_of_closed_facets_as_their_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, larger_first: bool, is_guarded: bool
) -> None:
    gate = gate_of(tmp_path, SHARP)
    snapshot = gate.index.snapshot
    # Of so many accounts that the two sets do not count as nearly the same (R5).
    cells = [
        rows
        for rows in small_cells(snapshot, gate.is_releasable, len(snapshot) + 1)
        if len(set(snapshot.accounts[rows].tolist())) >= 8
    ]
    cell = max(cells, key=len)
    beside = np.setdiff1d(np.arange(len(snapshot), dtype=np.int64), cell)
    if not is_guarded:
        monkeypatch.setattr("tools.release.gate.small_cells", lambda *_: [])
    larger = (np.sort(np.concatenate([beside[:60], cell])), beside[60:])
    smaller = (beside[:60], np.sort(np.concatenate([beside[60:], cell])))
    first, second = (larger, smaller) if larger_first else (smaller, larger)
    one, other = ask(gate, *first), ask(gate, *second)
    assert one.row("g0") is not None
    assert (other.row("g0") is None) is is_guarded


def test_what_was_told_as_a_total_is_told_as_a_cell_though_cells_of_a_few_people_are_guarded(tmp_path: Path) -> None:
    gate = gate_of(tmp_path, SHARP)
    snapshot = gate.index.snapshot
    few = [rows for rows in small_cells(snapshot, gate.is_releasable, len(snapshot) + 1) if len(rows) <= 2]
    assert few
    everybody = np.arange(len(snapshot), dtype=np.int64)
    scope = Resolved(Scope(), everybody[:200])
    halves = (Group("g0", (everybody[:100],)), Group("g1", (everybody[100:200],)))
    gate.release(CandidateTable("count_by", {}, "made", "table", scope, ("all",), halves, "made"))
    assert ask(gate, everybody[:200], everybody[200:]).row("g0") is not None
