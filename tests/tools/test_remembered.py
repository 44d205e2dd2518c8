"""A table that is asked for again is decided again only where something new was released since (R5)."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.worlds import answer, asked_in, crowd, day
from tools.context import ToolContext
from tools.history.combinations import Combinations
from tools.release.pipeline import decided as really_decided
from tools.release.remembered import Decision

_WORLD = crowd(5, people=250)
_ASKED: list[tuple[str, dict[str, Any]]] = [
    ("count_by", {"by": "language"}),
    ("count_by", {"by": "surface"}),
    ("count_by", {"by": "surface", "scope": {"language": "German"}}),
    ("count_by", {"by": "language", "scope": {"since": day(3), "until": day(30)}}),
    ("count_by", {"by": "language", "scope": {"since": day(3), "until": day(31)}}),
    ("count_by", {"by": "level", "scope": {"surface": "web"}}),
    ("overview", {}),
    ("trend", {"by": "week"}),
]


class _Nothing:
    """In the place of what is remembered."""

    def decision(self, candidate: object, labels: object, version: object, decide: Callable[[], Decision]) -> Decision:
        return decide()


@settings(max_examples=8, deadline=None)
@given(st.lists(st.sampled_from(_ASKED), min_size=3, max_size=10))
def test_answers_are_those_of_a_gate_that_decides_each_time(asked: list[tuple[str, dict[str, Any]]]) -> None:
    with asked_in(_WORLD) as remembering, asked_in(_WORLD) as forgetful:
        object.__setattr__(forgetful.gate, "_remembered", _Nothing())
        for tool, arguments in asked:
            assert "rows" in answer(remembering, tool, arguments)
            answer(forgetful, tool, arguments)
            assert answer(remembering, tool, arguments) == answer(forgetful, tool, arguments)
        ledgers = [
            [(entry["tool"], entry["shown"], entry["digest"], len(sets)) for entry, sets, _ in ctx.gate.ledger.copies()]
            for ctx in (remembering, forgetful)
        ]
        assert ledgers[0] == ledgers[1]


def test_the_same_question_is_decided_once_until_something_new_is_released(monkeypatch: pytest.MonkeyPatch) -> None:
    decided: list[str] = []

    def counting(candidate: Any, *parts: Any) -> Any:
        decided.append(candidate.tool)
        return really_decided(candidate, *parts)

    monkeypatch.setattr("tools.release.gate.decided", counting)
    with asked_in(_WORLD) as ctx:
        for _ in range(5):
            answer(ctx, "count_by", {"by": "language"})
        # The first release is new to the history itself, so the second is decided once more.
        assert len(decided) == 2
        answer(ctx, "count_by", {"by": "surface"})
        answer(ctx, "count_by", {"by": "language"})
        assert len(decided) == 4
        assert len(list(ctx.gate.ledger.copies())) == 7


def test_what_is_suppressed_again_is_held_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else each release of a table made the next one slower."""
    histories: list[Combinations] = []
    made = Combinations.__init__

    def noting(self: Combinations, *parts: Any, **more: Any) -> None:
        made(self, *parts, **more)
        histories.append(self)

    monkeypatch.setattr(Combinations, "__init__", noting)
    with asked_in(_WORLD) as ctx:
        _ask_all(ctx)
        (history,) = histories
        held = len(history._protected_sets)
        for _ in range(3):
            _ask_all(ctx)
        assert held
        assert len(history._protected_sets) == held


def _ask_all(ctx: ToolContext) -> None:
    for tool, arguments in _ASKED:
        answer(ctx, tool, arguments)
