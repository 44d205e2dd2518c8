"""What a new handle finds in the ledger is what it would find by reading the members of every set."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from index.snapshots.snapshot import Rows, Snapshot
from tests.fakes.snapshots import bare_snapshot
from tests.tools.test_ledger import ENTRY
from tools.core.ledger import Ledger, ReleasedSet
from tools.history.release_history import SECONDARY, ReleaseHistory

FEW = 5
MEMBERS = [(number, 1 + number * 13 % 67) for number in range(1, 401)]
GONE = {57, 200}
WORLDS = {
    "the same": MEMBERS,
    "later": [*MEMBERS, *((number, 30 + number % 50) for number in range(401, 450))],
    "forgotten": [pair for pair in MEMBERS if pair[0] not in GONE],
    "earlier": MEMBERS[:300],
}


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Snapshot]:
    folder = tmp_path_factory.mktemp("worlds")
    return {name: bare_snapshot(folder, members) for name, members in WORLDS.items()}


def _sets(chance: np.random.Generator, many: int) -> list[tuple[str, int | None, Rows]]:
    """Kinds, numbers and rows of the first snapshot; many are sums of others but for a few."""
    order = chance.permutation(len(MEMBERS))
    parts = np.split(order, np.sort(chance.choice(np.arange(1, len(MEMBERS)), 5, replace=False)))
    made: list[tuple[str, int | None, Rows]] = []
    for place in range(many):
        chosen = [part for part in parts if chance.random() < 0.4] or parts[:1]
        flipped = chance.choice(order, int(chance.choice([0, 0, 1, 3, 7])), replace=False)
        kind = str(chance.choice(["scope", "cell", "cell", SECONDARY, "total: x"]))
        rows = np.setxor1d(np.concatenate(chosen), flipped).astype(np.int64)
        made.append((kind, None if kind in ("scope", SECONDARY) else 5 * place, rows))
    return made


def _answers(history: ReleaseHistory, asked: list[Rows]) -> Iterator[object]:
    history.catch_up()
    for rows in asked:
        for near in history.matches(rows, ("scope", "cell", SECONDARY, "total: x")):
            yield near.kind, near.count, near.is_identical, near.age, history.rows_of(near).tolist()
        yield history.released_count(rows), history.is_suppressed(rows), history.was_released(rows)
        combined = history.combination_of(rows)
        yield combined and (combined.rows.tolist(), combined.differing.tolist(), combined.contributions.tolist())


@settings(max_examples=60)
@given(seed=st.integers(0, 1_000_000), world=st.sampled_from(sorted(WORLDS)))
def test_kept_signatures_answer_as_the_members_would(worlds: dict[str, Snapshot], seed: int, world: str) -> None:
    chance = np.random.default_rng(seed)
    first, now = worlds["the same"], worlds[world]
    with tempfile.TemporaryDirectory() as folder:
        signed, plain = (Ledger(Path(folder) / name / "x.sqlite3") for name in ("signed", "plain"))
        writer = ReleaseHistory(first, FEW, signed)
        for kind, count, rows in _sets(chance, 9):
            members = BitMap(first.numbers[rows].tolist())
            for ledger, signature in ((signed, writer.signature(rows)), (plain, b"")):
                with ledger.exclusive():
                    ledger.append(ENTRY, [ReleasedSet(kind, 0, count, members, signature)])
        asked = [rows[rows < len(now)] for _, _, rows in _sets(chance, 6)]
        asked += [now.rows_of(ledger_members(signed, place))[0] for place in range(3)]
        told = [list(_answers(ReleaseHistory(now, FEW, ledger), asked)) for ledger in (signed, plain)]
        assert told[0] == told[1]
        signed.close()
        plain.close()


def ledger_members(ledger: Ledger, place: int) -> list[int]:
    """What the ledger holds of one of its sets, so that repeats and what lies near them are asked for too."""
    with ledger.exclusive():
        members = ledger.members_of(ledger.new_sets(0)[place])
    return list(members)[place:]


def test_a_set_that_lost_a_forgotten_conversation_is_near_and_one_of_later_conversations_is_not(
    worlds: dict[str, Snapshot], tmp_path: Path
) -> None:
    rows = np.arange(40, 240, dtype=np.int64)
    first = worlds["the same"]
    ledger = Ledger(tmp_path / "x.sqlite3")
    members = BitMap(first.numbers[rows].tolist())
    signature = ReleaseHistory(first, FEW, ledger).signature(rows)
    with ledger.exclusive():
        ledger.append(ENTRY, [ReleasedSet("cell", 60, 200, members, signature)])
    forgotten, earlier = worlds["forgotten"], bare_snapshot(tmp_path / "short", MEMBERS[:100])
    for now, expected in ((forgotten, 200), (earlier, None)):
        history = ReleaseHistory(now, FEW, ledger)
        history.catch_up()
        there, _ = now.rows_of(members.to_array())
        assert history.released_count(there) == expected
        assert not history.was_released(there)
    ledger.close()
