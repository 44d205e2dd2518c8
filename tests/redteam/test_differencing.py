"""The bot that differences and solves: it must fail against the gate and succeed against one that is left open."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.engine.session import Session
from agent.redteam.differencing import attack, corpus
from agent.redteam.lab import Lab
from agent.redteam.reconstruction import Released
from agent.redteam.result import Outcome
from agent.services.oversight import newest_snapshot
from tests.fakes.corpus import quiet
from tests.fakes.open_gate import opened
from tests.fakes.roles import data_behind
from tools.core.policy import PrivacyPolicy


async def attacked(lab: Lab, *, step: int, is_open: bool, record: str = "") -> dict[str, Outcome]:
    """What the bot gets, by figure; each time with a ledger of its own."""
    app = lab.app("differencing")
    if not newest_snapshot(app):
        await lab.fill(app, corpus(quick=True))
    session: Session = lab.apart(app, f"{step}-{is_open}-{record}").session(built_in=True)
    behind = data_behind(session)
    behind = replace(behind, gate=behind.gate.with_policy(behind.gate.policy.with_values(round_to=step, soft_edge=0)))
    try:
        context = opened(behind) if is_open else behind
        return {outcome.figure: outcome for outcome in await attack(context, quiet, quick=True)}
    finally:
        await session.close()


@pytest.mark.slow
async def test_with_rounding_off_no_suppressed_cell_follows_from_all_tables_because_sums_are_looked_at(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded = await attacked(lab, step=1, is_open=False)
    assert guarded["suppressed cells recovered"].tried
    assert guarded["suppressed cells recovered"].is_met
    monkeypatch.setattr(PrivacyPolicy, "rounds_too_little", property(lambda _: False))
    left_alone = await attacked(lab, step=1, is_open=False, record="another")
    assert not left_alone["suppressed cells recovered"].is_met


async def test_the_bot_learns_nothing_from_the_gate_and_a_lot_from_an_open_one(lab: Lab) -> None:
    closed = await attacked(lab, step=5, is_open=False)
    assert all(outcome.tried for outcome in closed.values())
    assert [outcome.figure for outcome in closed.values() if not outcome.is_met] == []
    left_open = await attacked(lab, step=1, is_open=True)
    assert not left_open["accounts told apart by linear programming"].is_met
    assert not left_open["suppressed cells recovered"].is_met


@settings(max_examples=25)
@given(st.lists(st.integers(0, 40), min_size=2, max_size=7))
def test_the_solver_finds_what_unrounded_running_totals_imply(sizes: list[int]) -> None:
    released = Released(range(len(sizes)))
    for until in range(1, len(sizes) + 1):
        released.add(range(until), sum(sizes[:until]), sum(sizes[:until]))
    found = released.bounds([[place] for place in range(len(sizes))])
    for (low, high), size in zip(found, sizes, strict=True):
        assert low == pytest.approx(size, abs=0.01)
        assert high == pytest.approx(size, abs=0.01)


@settings(max_examples=25)
@given(st.lists(st.integers(0, 40), min_size=2, max_size=7))
def test_the_solver_never_excludes_the_truth(sizes: list[int]) -> None:
    released = Released(range(len(sizes)))
    for first, second in pairwise(range(len(sizes))):
        total = sizes[first] + sizes[second]
        released.add([first, second], total // 5 * 5, total // 5 * 5 + 4)
    for (low, high), size in zip(released.bounds([[place] for place in range(len(sizes))]), sizes, strict=True):
        assert low - 0.01 <= size <= high + 0.01
