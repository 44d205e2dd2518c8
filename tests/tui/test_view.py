from agent.events import dump, load
from tests.fakes.session import events
from tui.plain import finding_table
from tui.text import fit, safe, spark
from tui.view import View, apply, stopped


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


def test_a_withheld_value_is_a_dot_in_a_series_and_a_word_in_a_table() -> None:
    assert spark([1, None, 8]) == "▁·█"
    table = finding_table(next(event.finding for event in events() if event.type == "tool_ended" and event.finding))
    assert "withheld" in table
    assert "withheld 2 groups (1.5 %), 1 cells" in table
