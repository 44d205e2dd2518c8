from agent.core.events import ApprovalAsked, ModelWaiting, PlannedTask, RunEnded, ToolEnded, UsageReported, dump, load
from index.core.untrusted import safe
from tests.fakes.session import events, finding, row
from tui.rendering.finding_table import finding_table
from tui.state.reduce import WIDER, apply, beside, denser, replay, stopped, stopping
from tui.state.view import View
from tui.text.untrusted import fit, spark


def _replayed(until: str = "") -> View:
    view = View()
    for event in events(until=until):
        view = apply(view, event)
    return view


def test_replaying_stored_events_gives_the_same_view() -> None:
    view = View()
    for event in events():
        view = apply(view, load(dump(event)))
    assert view == _replayed()


def test_the_first_cited_finding_is_selected_after_a_run() -> None:
    assert _replayed().selected == "F1"
    assert _replayed(until="task_ended").selected == "F2"


def test_a_resumed_run_continues_its_turn() -> None:
    view = stopped(_replayed(until="task_ended"))
    (first, *rest) = events()
    view = apply(view, first.model_copy(update={"resumed": True}))
    for event in rest:
        view = apply(view, event)
    assert len(view.turns) == 1
    assert view.phase == "done"


def test_stopping_marks_unfinished_rows_and_keeps_findings() -> None:
    view = stopped(_replayed(until="task_ended"))
    assert {row.id: row.state for row in (view.turn.tasks if view.turn else ())} == {"t1": "stopped", "t2": "done"}
    assert list(view.findings) == ["F2"]


def test_text_that_steers_a_terminal_is_dropped_and_width_counts_cells() -> None:
    assert safe("a\x1b[31mb\u202ec\u200bd") == "a[31mbcd"
    assert fit("年賀状の文面", 7) == "年賀状…"
    assert fit("ab", 4) == "ab  "


def test_a_suppressed_value_is_a_dot_in_a_series_and_a_word_in_a_table() -> None:
    assert spark([1, None, 8]) == "▁·█"
    table = finding_table(next(event.finding for event in events() if event.type == "tool_ended" and event.finding))
    assert "suppressed" in table
    assert "suppressed 2 groups (1.5 %), 1 cell" in table


def test_replay_of_stored_events_is_the_same_screen_and_unknown_events_are_passed_over() -> None:
    stored = [dump(event) for event in events()]
    stored.insert(3, {"type": "of_a_later_version", "anything": [1]})
    assert replay(View(), stored) == _replayed()
    assert apply(_replayed(), object()) == _replayed()


def test_a_wait_counts_down_from_what_the_endpoint_asked_and_ends_with_the_next_call() -> None:
    view = _replayed(until="tool_started")
    view = apply(view, ModelWaiting(cause="rate_limited", retry_after_s=17, attempt=2, attempts=5, at_s=3.0))
    assert view.phase == "waiting"
    assert view.wait is not None
    assert view.wait.until_s == 20.0
    rest = events()[5:]
    assert apply(view, rest[0]).wait is None


def test_a_run_of_which_all_was_suppressed_says_so_and_offers_wider_questions() -> None:
    hidden = finding(
        "F1", rows=[row("a", None, None)], suppressed={"groups": 11, "cells": 0, "share": 9.0, "unnamed": 0}
    )
    view = _replayed(until="tool_started")
    view = apply(view, ToolEnded(task="t1", call="t1.1", tool="count_by", elapsed_s=0.1, finding=hidden))
    view = apply(view, RunEnded(state="done", elapsed_s=1.0))
    assert view.turn is not None
    assert view.turn.is_all_suppressed
    assert view.turn.suppressed == 12
    assert view.turn.suggestions == WIDER


def test_a_refused_call_is_kept_with_its_reason() -> None:
    view = _replayed(until="tool_started")
    view = apply(view, ToolEnded(task="t1", call="t1.1", tool="overview", elapsed_s=0.1, refusal="too small"))
    assert view.turn is not None
    assert view.turn.tasks[0].calls[0].refusal == "too small"
    assert view.findings == {}


def test_stopping_and_stopped_keep_rows_and_say_whether_something_was_found() -> None:
    view = stopping(_replayed(until="tool_ended"))
    assert view.is_busy
    assert {row.state for row in (view.turn.tasks if view.turn else ())} == {"stopping"}
    assert "partial" in (stopped(view).turn or view.turns[0]).message
    assert "Nothing was lost" in stopped(_replayed(until="plan_made")).turns[0].message


def test_usage_adds_up_over_the_session_and_an_unknown_price_stays_unknown() -> None:
    used = UsageReported(input_tokens=900, output_tokens=100, cached_tokens=0, calls=2, cost=0.5)
    view = apply(_replayed(), used)
    for event in events():
        view = apply(view, event)
    view = apply(view, used)
    assert (view.usage.tokens, view.usage.calls, view.usage.cost) == (2000, 4, 1.0)
    assert apply(view, used.model_copy(update={"cost": None})).usage.cost is None


def test_the_next_finding_after_the_last_is_the_first_and_density_goes_round() -> None:
    view = _replayed()
    assert beside(beside(view, 1), 1).selected == view.selected
    assert denser(denser(denser(view))).density == view.density
    assert beside(View(), 1) == View()


def test_a_plan_that_waits_shows_its_tasks_and_offers_yes_and_no() -> None:
    asked = ApprovalAsked(
        tasks=(PlannedTask(id="t9", specialist="abuse", objective="x"),), reasons=("It costs.",), cost=1.5
    )
    view = apply(_replayed(until="run_started"), asked)
    assert view.turn is not None
    assert view.turn.suggestions == ("yes", "no")
    assert "$1.50" in view.turn.answer
    assert [row.id for row in view.turn.tasks] == ["t9"]
