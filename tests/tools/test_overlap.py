"""Near repeats are found as a comparison with every released set would find them."""

from collections.abc import Callable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from index.snapshots.snapshot import Rows
from tests.fakes.corpus import small_index
from tools.history.overlap import IsNear, Match, Overlap
from tools.history.signatures import Signer

FEW = 5
_KINDS = ("cell", "scope", "cell again")


def _slow(sets: list[tuple[str, Rows]], rows: Rows, is_near: IsNear | None) -> list[tuple[str, int, bool, list[int]]]:
    """The first of each kind of those with the same members, where fewer than FEW accounts tell them apart, or as is drawn."""
    accounts = small_index().snapshot.accounts
    found, seen = [], set()
    for place, (kind, item) in enumerate(sets):
        changed = np.setxor1d(rows, item)
        near = is_near(changed, 0) if is_near else len(set(accounts[changed].tolist())) < FEW
        if near and (kind, item.tobytes()) not in seen:
            seen.add((kind, item.tobytes()))
            found.append((kind, place, not len(changed), item.tolist()))
    return found


def _reported(found: list[Match]) -> list[tuple[str, int | None, bool, list[int]]]:
    snapshot = small_index().snapshot
    return [
        (near.kind, near.count, near.is_identical, snapshot.rows_of(near.read().to_array())[0].tolist())
        for near in found
    ]


def _is_near(rows: Rows, more: int) -> bool:
    """As a policy with a soft edge draws it: between three and FEW accounts."""
    accounts = len(set(small_index().snapshot.accounts[rows].tolist())) + more
    return accounts < 3 + int(rows.sum()) % (FEW - 2)


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
            made.append(
                np.sort(chance.choice(everything, int(chance.choice([0, 1, 3, 6, 20, 40, 600])), replace=False))
            )
    return made[:-1], made[-1]


@settings(max_examples=300)
@given(family=families(), is_near=st.sampled_from([None, _is_near]))
def test_every_near_repeat_is_found_oldest_first_and_nothing_else(
    family: tuple[list[Rows], Rows], is_near: IsNear | None
) -> None:
    earlier, rows = family
    snapshot = small_index().snapshot
    overlap, signer = Overlap(snapshot, FEW, is_near), Signer(snapshot, FEW)

    def members(of: Rows) -> Callable[[], BitMap]:
        return lambda: BitMap(snapshot.numbers[of].tolist())

    sets = [(_KINDS[place % 3], item) for place, item in enumerate([*earlier, *earlier[:3]])]
    for place, (kind, item) in enumerate(sets):
        overlap.add(kind, place, signer.of(item), members(item))
    assert _reported(overlap.near(signer.of(rows), members(rows))) == _slow(sets, rows, is_near)
