"""Near repeats are found as a comparison with every released set would find them."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from index.snapshot import Rows
from tests.fakes.corpus import small_index
from tools.ledger import ReleasedSet
from tools.overlap import Overlap

FEW = 5
_KINDS = ("cell", "scope")


def _slow(sets: list[ReleasedSet], members: BitMap, kinds: tuple[str, ...]) -> list[tuple[ReleasedSet, bool]]:
    snapshot = small_index().snapshot
    found = []
    for item in sets:
        rows = list(members ^ item.members)
        places = np.searchsorted(snapshot.numbers, rows)
        accounts = {int(snapshot.accounts[place]) for place in places}
        if item.kind in kinds and len(accounts) < FEW:
            found.append((item, not rows))
    return found


@st.composite
def families(draw: st.DrawFn) -> tuple[list[Rows], Rows]:
    """Sets of very different sizes that are small changes of each other, and one more to look up."""
    chance = np.random.default_rng(draw(st.integers(0, 10_000)))
    everything = np.arange(len(small_index().snapshot), dtype=np.int64)
    made: list[Rows] = []
    for _ in range(draw(st.integers(1, 12))):
        if made and chance.random() < 0.5:
            base = made[int(chance.integers(len(made)))]
            flipped = chance.choice(everything, int(chance.integers(0, 10)), replace=False)
            made.append(np.setxor1d(base, flipped))
        else:
            made.append(np.sort(chance.choice(everything, int(chance.choice([0, 1, 3, 6, 40, 600])), replace=False)))
    return made[:-1], made[-1]


@settings(max_examples=300)
@given(family=families(), kinds=st.sampled_from([("cell",), ("cell", "scope")]))
def test_every_near_repeat_is_found_and_nothing_else(family: tuple[list[Rows], Rows], kinds: tuple[str, ...]) -> None:
    earlier, rows = family
    snapshot = small_index().snapshot
    overlap = Overlap(snapshot, FEW)
    sets = [
        ReleasedSet(_KINDS[place % 2], 0, place, BitMap(snapshot.numbers[item].tolist()))
        for place, item in enumerate(earlier)
    ]
    for item in sets:
        overlap.add(item)
    members = BitMap(snapshot.numbers[rows].tolist())
    assert list(overlap.near(rows, members, kinds)) == _slow(sets, members, kinds)
