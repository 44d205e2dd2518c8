"""R7 by leaving one account out: whoever writes much moves no reading, no grid and no order of the others."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.worlds import THEMES, Told, answer, asked_in, crowd

_LOUD = 9_999


@st.composite
def loud(draw: st.DrawFn) -> list[Told]:
    """What one account wrote: up to a tenth of everything, on one day or on many, in one theme or in several."""
    times = draw(st.sampled_from([20, 60, 120]))
    themes = draw(st.lists(st.integers(0, len(THEMES) - 1), min_size=1, max_size=2, unique=True))
    first, days = draw(st.integers(0, 40)), draw(st.sampled_from([1, 7, 19]))
    return [
        Told(_LOUD, surface="api", day=first + place % days, theme=themes[place % len(themes)])
        for place in range(times)
    ]


def _asked(world: list[Told], tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    with asked_in(world) as ctx:
        return answer(ctx, tool, arguments)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2), loud())
def test_readings_of_coordination_are_the_same_without_the_loudest_account(seed: int, account: list[Told]) -> None:
    others = crowd(seed)
    bands = []
    for world in (others, [*others, *account]):
        found = _asked(world, "coordination", {"by": "theme"})
        bands.append({row["id"]: row["measures"] for row in found["rows"]})
    assert set(bands[0]) == {"C0", "C1", "C2", "C3"}
    assert bands[0] == bands[1]


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2), loud())
def test_a_row_is_moved_by_one_account_only_where_that_wrote(seed: int, account: list[Told]) -> None:
    others = crowd(seed)
    touched = {f"C{one.theme}" for one in account}
    for tool, arguments in (("count_by", {"by": "theme"}), ("overview", {}), ("search_topics", {"phrase": "garlic"})):
        orders = [
            [row["id"] for row in _asked(world, tool, arguments)["rows"] if row["id"] and row["id"] not in touched]
            for world in (others, [*others, *account])
        ]
        assert [name for name in orders[0] if name[0] == "C"] == [name for name in orders[1] if name[0] == "C"]


@pytest.mark.parametrize("corner", [(-40.0, 90.0), (3.2, 0.5), (0.0, -7.0)])
@settings(max_examples=4, deadline=None)
@given(st.integers(0, 2), loud())
def test_the_grid_of_a_map_does_not_follow_one_account(
    corner: tuple[float, float], seed: int, account: list[Told]
) -> None:
    others = crowd(seed)
    maps = []
    for place in (None, corner):
        # The same conversations, where the account's meaning lies and far away from everybody.
        with asked_in([*others, *account]) as ctx:
            snapshot = ctx.index.snapshot
            plane = np.array(snapshot.plane)
            if place is not None:
                plane[len(others) :] = place
            vars(snapshot)["plane"] = plane
            found = answer(ctx, "topic_map", {})
            maps.append({tuple(row["place"]): row["label"] for row in found["rows"]})
    # Only the cell that it left and the one that it came to may differ.
    assert len(dict(maps[0].items() ^ maps[1].items())) <= 2 + 2
    assert len(maps[0].keys() & maps[1].keys()) >= 3
