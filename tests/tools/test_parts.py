"""How a scope divides: along the published taxonomy, so that one conversation moves nothing but its own part."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.handle import Index
from index.snapshots.snapshot import Rows
from index.vocabulary import OTHER_REQUESTS, OTHER_THEMES, public_part, vocabulary
from tests.fakes.corpus import context, small_index
from tools.context import ToolContext
from tools.core.wording import REST
from tools.grouping.division import Grouped
from tools.grouping.parts import by_kinds, by_themes

KINDS = 40
"""Of the vocabulary's first requests, which are of a few areas."""


@pytest.fixture(scope="module")
def ctx(tmp_path_factory: pytest.TempPathFactory) -> ToolContext:
    return context(small_index(), tmp_path_factory.mktemp("ledger") / "x.sqlite3")


def _rows(ctx: ToolContext, seed: int) -> tuple[Rows, Rows]:
    """A drawn scope, and with one conversation more."""
    chance = np.random.default_rng(seed)
    size = len(ctx.index.snapshot)
    rows = np.sort(chance.choice(size, int(chance.integers(10, size - 1)), replace=False)).astype(np.int64)
    more = chance.choice(np.setdiff1d(np.arange(size), rows))
    return rows, np.sort(np.append(rows, more))


def _sets(found: Grouped) -> set[bytes]:
    return {group.members.tobytes() for group in found.groups if group.label not in REST}


def _rest(found: Grouped) -> list[Rows]:
    return [group.members for group in found.groups if group.label in REST]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 1_000_000))
def test_one_conversation_more_changes_no_part_but_those_of_its_own_group(ctx: ToolContext, seed: int) -> None:
    one, more = _rows(ctx, seed)
    (added,) = np.setdiff1d(more, one)
    snapshot = ctx.index.snapshot
    of_group = np.array([*(theme.parent or theme.id for theme in snapshot.base_clusters), ""])[snapshot.base_labels]
    first, second = by_themes(ctx, one, 25), by_themes(ctx, more, 25)
    for changed in _sets(first) ^ _sets(second):
        members = np.frombuffer(changed, dtype=np.int64)
        assert set(of_group[members].tolist()) == {of_group[added]}
    # What is too little in each group is one part, which gains or loses what its group has.
    for one_rest, more_rest in itertools.product(_rest(first), _rest(second)):
        assert set(of_group[np.setxor1d(one_rest, more_rest)].tolist()) <= {of_group[added]}
    for rows, found in ((one, first), (more, second)):
        assert found.outside is not None
        parts = [group.members for group in found.groups]
        assert np.array_equal(np.sort(np.concatenate([*parts, found.outside])), rows)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 1_000_000))
def test_kinds_of_request_divide_in_the_same_way(ctx: ToolContext, seed: int) -> None:
    one, more = _rows(ctx, seed)
    (added,) = np.setdiff1d(more, one)
    kinds = np.random.default_rng(seed).integers(-1, KINDS, len(ctx.index.snapshot))
    first, second = (by_kinds(ctx, rows, kinds[rows], 25) for rows in (one, more))
    requests = vocabulary().requests
    fields = np.array([*(requests[kind].field for kind in range(KINDS)), "none"])[kinds]
    for changed in _sets(first) ^ _sets(second):
        assert set(fields[np.frombuffer(changed, dtype=np.int64)].tolist()) == {fields[added]}
    for one_rest, more_rest in itertools.product(_rest(first), _rest(second)):
        assert set(fields[np.setxor1d(one_rest, more_rest)].tolist()) <= {fields[added]}
    public = [public_part(group.label or "")[0] for group in (*first.groups, *second.groups) if group.label not in REST]
    assert all(public)
    assert len({group.label for group in first.groups}) == len(first.groups)


def test_what_is_left_of_a_level_has_a_name_that_is_public_too() -> None:
    known = vocabulary()
    assert public_part(f"{known.fields[0]}{OTHER_THEMES}") == (f"{known.fields[0]}{OTHER_THEMES}", "")
    assert public_part(f"{known.areas[0]}{OTHER_REQUESTS}") == (f"{known.areas[0]}{OTHER_REQUESTS}", "")
    assert public_part(f"Zephyrine{OTHER_THEMES}")[0] == ""


def test_an_index_without_a_vocabulary_has_no_kinds(ctx: ToolContext, tmp_path: Path) -> None:
    index: Index = ctx.index
    rows = np.arange(len(index.snapshot), dtype=np.int64)
    if index.snapshot.label_space is None:
        assert set(index.nearest_kinds(rows).tolist()) == {-1}
    found = by_kinds(ctx, rows, np.full(len(rows), -1, dtype=np.int64), 25)
    assert found.groups == ()
    assert found.outside is not None
    assert np.array_equal(found.outside, rows)
