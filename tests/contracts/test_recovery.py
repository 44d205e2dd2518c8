"""R4 against a solver: no suppressed number follows from all that was said, and without suppression it does follow."""

import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.snapshots.snapshot import Rows
from tests.fakes.corpus import context, is_enough, records, rounded, small_index
from tests.fakes.policy import SHARP
from tests.fakes.solver import Attack
from tools.core.candidate import CandidateTable, Group
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding
from tools.core.scope import Resolved, Scope
from tools.core.statistic import Statistic
from tools.history.combinations import Combinations
from tools.release.gate import Gate
from tools.release.nearly_all import NOTE as NEARLY_ALL
from tools.statistics.measures import few_caught, missed_and_false, over_and_under
from tools.suppression.disclosure_audit import DisclosureAudit

_HELD = Counter(record.account for record in records())
BOUNDED = np.array([row for row, record in enumerate(records()) if _HELD[record.account] <= 10], dtype=np.int64)
"""Of accounts that no cell bounds, so that sums are exact: the best case of the attacker."""

Table = list[list[Rows]]


def accounts(rows: Rows) -> list[str]:
    return [records()[row].account for row in rows.tolist()]


def union(parts: list[Rows]) -> Rows:
    return np.sort(np.concatenate(parts))


def drawn(seed: int, height: int, width: int) -> Table:
    """A random table of so many rows and columns, of very different sizes."""
    chance = np.random.default_rng(seed)
    kept = np.sort(chance.permutation(BOUNDED)[: int(chance.integers(120, len(BOUNDED)))])
    rows = chance.choice(height, len(kept), p=chance.dirichlet(np.full(height, chance.choice([0.5, 1.0, 4.0]))))
    columns = chance.choice(width, len(kept), p=chance.dirichlet(np.full(width, chance.choice([0.5, 2.0]))))
    return [[kept[(rows == row) & (columns == column)] for column in range(width)] for row in range(height)]


class Seen:
    """A gate with a ledger of its own, asked with made tables. `step`: to which it rounds. `fewest`: of a suppressed cell,
    values that must stay possible."""

    def __init__(self, folder: str, step: int, fewest: int | None = None) -> None:
        self.step, self.fewest = step, fewest
        policy = SHARP.with_values(round_to=step)
        self.gate: Gate = context(small_index(), Path(folder) / "ledger" / "x.sqlite3", policy).gate

    def ask(self, groups: list[Group], scope: Rows, columns: int = 1, **more: Any) -> Finding:
        names = tuple(f"column {place}" for place in range(columns))
        return self.gate.release(
            CandidateTable("count_by", {}, "made", more.pop("shape", "table"), Resolved(Scope(), scope), names, tuple(groups),
                "made", **more)
        )  # fmt: skip

    def attack(self) -> Attack:
        """An attacker who has heard nothing yet."""
        return Attack(self.step, fewest=self.fewest)


def said_of(finding: Finding, label: str, column: int = 0, whole: int | None = None) -> int | None:
    """What a finding says of a cell. A number in the place of a total that it is nearly all of says nothing of it; `whole`: the
    row's total, where it may stand for that."""
    row = finding.row(label)
    said = row.values[column].count if row is not None else None
    is_total = NEARLY_ALL in finding.notes and said in (finding.totals[column], whole)
    return None if is_total else said


def recovered_of_a_list(seen: Seen, seed: int) -> list[int]:
    table = drawn(seed, 2 + seed % 6, 1)
    scope = union([cells[0] for cells in table])
    finding = seen.ask([Group(f"g{place}", (cells[0],)) for place, cells in enumerate(table)], scope)
    attack = seen.attack()
    numbers = [attack.number(said_of(finding, f"g{place}")) for place in range(len(table))]
    attack.is_sum(attack.number(finding.totals[0]), numbers)
    return _recovered(attack, [(number, cells[0]) for number, cells in zip(numbers, table, strict=True)])


def _recovered(attack: Attack, cells: list[tuple[int, Rows]]) -> list[int]:
    """Truths that the attack finds, of cells that are suppressed for their own sake."""
    return [
        len(accounts(rows))
        for number, rows in cells
        if len(rows) and not is_enough(accounts(rows)) and attack.recovers(number, len(accounts(rows)))
    ]


def recovered_of_a_crossing(seen: Seen, seed: int) -> list[int]:
    """Rows alone, columns alone, then both crossed, as three questions to one ledger; for odd seeds the other way
    round."""
    return recovered_in_order(seen, seed, sorted(("rows", "columns", "crossed"), reverse=seed % 2 == 0))


def recovered_of_margins_after_it(seen: Seen, seed: int) -> list[int]:
    """The same, with one margin or both asked for after the crossing."""
    orders = [order for order in permutations(("columns", "crossed", "rows")) if order[2] != "crossed"]
    return recovered_in_order(seen, seed, orders[seed % len(orders)])


def recovered_in_order(seen: Seen, seed: int, order: Sequence[str]) -> list[int]:
    height, width = 2 + seed % 5, 2 + seed % 3
    table = drawn(seed, height, width)
    scope = union([rows for cells in table for rows in cells])
    across = [union([cells[place] for cells in table]) for place in range(width)]
    groups = [Group(f"g{place}", tuple(cells)) for place, cells in enumerate(table)]
    questions: dict[str, Callable[[], Finding]] = {
        "rows": lambda: seen.ask([Group(group.label, (group.members,)) for group in groups], scope),
        "columns": lambda: seen.ask([Group(f"c{place}", (rows,)) for place, rows in enumerate(across)], scope),
        "crossed": lambda: seen.ask(groups, scope, width, has_row_totals=True),
    }
    try:
        told = {name: questions[name]() for name in order}
    except ToolRefusal:
        return []
    by_row, by_column, crossed = told["rows"], told["columns"], told["crossed"]
    attack = seen.attack()
    wholes = [rounded(len(union(cells)), seen.step) for cells in table]
    grid = [
        [attack.number(said_of(crossed, f"g{row}", place, wholes[row])) for place in range(width)]
        for row in range(height)
    ]
    whole = attack.number(by_row.totals[0])
    rows = [attack.number(said_of(by_row, f"g{row}")) for row in range(height)]
    columns = [attack.number(crossed.totals[place]) for place in range(width)]
    alone = [attack.number(said_of(by_column, f"c{place}")) for place in range(width)]
    for row in range(height):
        attack.is_sum(rows[row], grid[row])
    for place in range(width):
        attack.is_sum(columns[place], [line[place] for line in grid])
        attack.is_sum(columns[place], [alone[place]])
    attack.is_sum(whole, rows)
    attack.is_sum(whole, alone)
    cells = [(grid[row][place], table[row][place]) for row in range(height) for place in range(width)]
    return _recovered(attack, cells + [(rows[row], union(table[row])) for row in range(height)])


def recovered_of_a_tree(seen: Seen, seed: int) -> list[int]:
    """Groups with their parts, then the parts of each shown group alone (drill_down)."""
    height = 2 + seed % 4
    *table, outside_cells = drawn(seed, height + 1, 3)
    outside = union(outside_cells)
    scope = union([*[rows for cells in table for rows in cells], outside])
    groups = [Group(f"g{place}", (union(cells),), id=f"X{place}") for place, cells in enumerate(table)]
    groups += [
        Group(f"g{place}-{part}", (rows,), id=f"Y{place}-{part}", parent=f"X{place}")
        for place, cells in enumerate(table)
        for part, rows in enumerate(cells)
    ]
    tree = seen.ask(groups, scope, shape="tree", outside=outside)
    attack = seen.attack()
    tops = [attack.number(said_of(tree, f"g{place}")) for place in range(height)]
    beside = None if tree.outside is None else round(tree.outside * tree.totals[0] / (100 * seen.step)) * seen.step
    attack.is_sum(attack.number(tree.totals[0]), [*tops, attack.number(beside)])
    cells: list[tuple[int, Rows]] = [(top, union(parts)) for top, parts in zip(tops, table, strict=True)]
    for place, parts in enumerate(table):
        opened = None
        if said_of(tree, f"g{place}") is not None:
            opened = seen.ask([Group(f"g{place}-{part}", (rows,)) for part, rows in enumerate(parts)], union(parts))
        told = [said_of(tree, f"g{place}-{part}") for part in range(3)]
        told = [said if said is not None or opened is None else said_of(opened, f"g{place}-{part}")
                for part, said in enumerate(told)]  # fmt: skip
        numbers = [attack.number(said) for said in told]
        attack.is_sum(tops[place], numbers)
        cells += list(zip(numbers, parts, strict=True))
    return _recovered(attack, cells)


def recovered_of_a_split(seen: Seen, seed: int) -> list[int]:
    """Two sides set against each other (compare); who is small is told by a bound."""
    return _recovered_of_sides(seen, seed, 2, over_and_under)


def recovered_of_gaps(seen: Seen, seed: int) -> list[int]:
    """Three or four sides that are everything together (flag_gaps)."""
    return _recovered_of_sides(seen, seed, *((3, few_caught) if seed % 2 else (4, missed_and_false)))


def _recovered_of_sides(seen: Seen, seed: int, width: int, statistic: Statistic) -> list[int]:
    """Sides of a whole set against each other, beside the rows' whole sizes."""
    height = 2 + seed % 5
    table = drawn(seed, height, width)
    wholes = [union(cells) for cells in table]
    whole = seen.ask([Group(f"g{place}", (rows,)) for place, rows in enumerate(wholes)], union(wholes))
    groups = [Group(f"g{place}", tuple(cells), whole=wholes[place]) for place, cells in enumerate(table)]
    try:
        split = seen.ask(groups, union(wholes), width, statistic=statistic)
    except ToolRefusal:
        return []
    attack = seen.attack()
    cells: list[tuple[int, Rows]] = []
    sides: list[list[int]] = [[] for _ in range(width)]
    for place, rows in enumerate(table):
        row, all_of_it = split.row(f"g{place}"), said_of(whole, f"g{place}")
        told = statistic is over_and_under and bool(row and row.measures and row.measures[0].is_bound)
        values = [said_of(split, f"g{place}", side) for side in range(width)]
        numbers = [
            attack.number(value, is_small=told and value is None, may_be_less=14 if value == all_of_it else 0)
            for value in values
        ]
        attack.is_sum(attack.number(all_of_it), numbers)
        cells += list(zip(numbers, rows, strict=True))
        for side in range(width):
            sides[side].append(numbers[side])
    for side in range(width):
        attack.is_sum(attack.number(split.totals[side]), sides[side])
    return _recovered(attack, cells)


ATTACKS: dict[str, Callable[[Seen, int], list[int]]] = {
    "list": recovered_of_a_list,
    "crossing": recovered_of_a_crossing,
    "margins after it": recovered_of_margins_after_it,
    "tree": recovered_of_a_tree,
    "split": recovered_of_a_split,
    "gaps": recovered_of_gaps,
}


def attacked(name: str, seed: int, step: int = 5, fewest: int | None = None) -> list[int]:
    with tempfile.TemporaryDirectory() as folder:
        seen = Seen(folder, step, fewest)
        found = ATTACKS[name](seen, seed)
        seen.gate.ledger.close()
    return found


SEEDS = (5, 195, 447956, *range(40, 53))
"""5: a cell told as its whole row and then suppressed. 195: cells that were answered with an earlier, nearly identical
set. 447956: a cell in a row too small to be said, whose sum was taken for said. They were recovered once; the others are
any."""

_TOLD = 5
"""Values: fewer are no protection. A shown number stands for as many."""
_MOST_NARROWED = 3
"""Of 150 tables: where a row is asked for after its crossing and told as what earlier sets make, who believes that it is
itself may place a cell in some ten values (docs/security/limitations.md)."""

SEEDS_UNROUNDED = (19, 68, 661723)
"""A crossing and two splits that were recovered once where nothing was rounded."""


@pytest.mark.parametrize("name", ATTACKS)
def test_r4_a_solver_recovers_no_suppressed_number_from_everything_that_was_said(name: str) -> None:
    assert [seed for seed in SEEDS if attacked(name, seed)] == []


@pytest.mark.parametrize("name", ATTACKS)
def test_r4_with_rounding_switched_off_the_solver_recovers_none_either(name: str) -> None:
    assert [seed for seed in (*SEEDS_UNROUNDED, *SEEDS) if attacked(name, seed, step=1)] == []


@pytest.mark.slow
@pytest.mark.parametrize("step", [5, 1])
@pytest.mark.parametrize("name", ATTACKS)
def test_r4_a_solver_recovers_no_suppressed_number_of_tables_that_nobody_chose(name: str, step: int) -> None:
    drawn_now = np.random.default_rng().integers(0, 1_000_000, 150).tolist()
    narrowed = [seed for seed in drawn_now if attacked(name, seed, step)]
    assert [seed for seed in narrowed if attacked(name, seed, step, fewest=_TOLD)] == []
    assert len(narrowed) <= _MOST_NARROWED, narrowed


@pytest.mark.parametrize("name", ATTACKS)
def test_r4_without_suppression_the_same_solver_recovers_suppressed_numbers(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.release.pipeline.suppress_secondary", lambda table, *_: table)
    monkeypatch.setattr(DisclosureAudit, "audited", lambda _, table: table)
    assert any(attacked(name, seed) for seed in range(20))


@pytest.mark.parametrize("order", [("crossed", "rows", "columns"), ("crossed", "columns", "rows")])
def test_r4_a_row_asked_for_after_its_crossing_does_not_give_a_suppressed_cell_back(
    order: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _recovered_by(order, 54) == []
    monkeypatch.setattr(Combinations, "discloses", lambda *_: False)
    assert _recovered_by(order, 54)


def _recovered_by(order: Sequence[str], seed: int) -> list[int]:
    with tempfile.TemporaryDirectory() as folder:
        seen = Seen(folder, step=5)
        found = recovered_in_order(seen, seed, order)
        seen.gate.ledger.close()
    return found
