"""Charts, map, status and timeline as text: numbers beside every bar, suppressed said in words, fields that give way."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from agent.core.events import UsageReported
from agent.figures.series import series
from tests.fakes.session import MAP, events, finding, row
from tui.rendering import charts, density, status
from tui.state.reduce import apply
from tui.state.view import View
from tui.text.glyphs import ASCII, UNICODE
from tui.widgets import timeline


def _share(value: float, low: float, high: float) -> list[dict[str, object]]:
    return [{"name": "share", "value": value, "low": low, "high": high}]


TREND = finding(
    "F2",
    "trend",
    [
        {"label": "2026-07", "values": [{"count": 40, "share": 9.0}, {"count": 400, "share": 50.0}], "measures": _share(10.0, 7.4, 13.3)},
        {"label": "2026-08", "values": [{"count": None, "share": None}, {"count": 400, "share": 50.0}]},
        {"label": "2026-09", "values": [{"count": 80, "share": 18.0}, {"count": 400, "share": 50.0}], "measures": _share(20.0, 16.4, 24.2)},
    ],
    columns=["in scope", "all conversations"],
    notes=["change of level at 2026-09: 10.0 % before, 20.0 % from then on"],
)  # fmt: skip


def _view(until: str = "") -> View:
    view = View()
    for event in events(until=until):
        view = apply(view, event)
    return view


def test_a_trend_shows_shares_with_intervals_and_marks_where_the_level_changes() -> None:
    drawn = charts.trend(TREND, 80, UNICODE).plain.splitlines()
    assert "40" in drawn[2]
    assert "10.0 %" in drawn[2]
    assert "7.4–13.3" in drawn[2]
    assert "suppressed" in drawn[3]
    assert "█" not in drawn[3]
    assert drawn[4].startswith("◆2026-09")
    assert drawn[4].count("█") == 2 * drawn[2].count("█") + drawn[2].count("▌") or drawn[4].count("█") > drawn[2].count(
        "█"
    )
    assert "─" in drawn[4]
    assert "◆" not in drawn[2]


def test_a_comparison_has_a_bar_a_column_and_its_numbers() -> None:
    made = finding(
        "F1", rows=[{"label": "a", "values": [{"count": 50, "share": 5.0}, {"count": None, "share": None}]}],
        columns=["since", "before"],
    )  # fmt: skip
    drawn = charts.bars(made, 70, UNICODE).plain.splitlines()
    assert "a = since" in drawn[1]
    assert "50" in drawn[3]
    assert "5.0 %" in drawn[3]
    assert "suppressed" in drawn[4]


@given(st.integers(24, 200), st.sampled_from([UNICODE, ASCII]))
def test_no_line_of_a_chart_is_wider_than_its_pane_from_fifty_columns_on(width: int, glyphs: object) -> None:
    signs = UNICODE if glyphs is UNICODE else ASCII
    lines = charts.trend(TREND, width, signs).plain.splitlines()
    assert max(cell_len(line) for line in lines[1:-1]) <= max(width, 48)


def test_letters_only_means_letters_only() -> None:
    drawn = charts.trend(TREND, 80, ASCII).plain.replace("–", "-")
    assert drawn.isascii()


def test_the_map_shades_bands_from_below_and_leaves_suppressed_squares_blank() -> None:
    grid = density.grid_of(MAP)
    drawn = density.drawn(grid, density.Window(), (4, 2), UNICODE, in_colour=False).plain
    assert drawn.splitlines() == [" 1 ▒", "░█░2"]
    assert [(area.id, area.x, area.y, area.count, area.squares) for area in grid.areas] == [
        ("C1", 1, 1, 500, 2), ("C2", 3, 0, 200, 1)]  # fmt: skip


def test_rows_without_a_true_place_are_not_drawn() -> None:
    wrong = [row("x", 50, 1.0), *(row("x", 50, 1.0, place=place) for place in ([1], [-1, 0], ["a", 0], [0, 10**9]))]
    assert density.grid_of(finding("F1", "map", wrong)) == density.Grid()


@given(
    st.lists(st.tuples(st.integers(0, 11), st.integers(0, 7)), min_size=1, max_size=40, unique=True),
    st.integers(8, 60), st.integers(3, 20), st.booleans(),
)  # fmt: skip
def test_nothing_is_ever_written_over_the_shading(
    places: list[tuple[int, int]], width: int, height: int, in_colour: bool
) -> None:
    rows = [row(f"theme {x}", 10 + x, 1.0, place=[x, y], id=f"C{x}-{y}") for x, y in places]
    grid = density.grid_of(finding("F1", "map", rows))
    for signs in (UNICODE, ASCII):
        lines = density.drawn(grid, density.Window(), (width, height), signs, in_colour=in_colour).plain.split("\n")
        assert [len(line) for line in lines] == [width] * height
        for y, line in enumerate(lines):
            for x, sign in enumerate(line):
                square = any(grid.at(density.Window(), (width, height), x, y + half) for half in (0, 0.5))
                assert not (square and sign.isdigit())


def test_numbers_stand_beside_their_squares_and_the_chosen_area_is_marked() -> None:
    grid = density.grid_of(MAP)
    drawn = density.drawn(grid, density.Window(), (16, 6), UNICODE, "C1", in_colour=False).plain
    assert "1" in drawn
    assert "2" in drawn
    assert "◉" in drawn
    assert "▒" in drawn
    assert density.drawn(grid, density.Window(), (40, 4), ASCII, "C2").plain.isascii()
    assert grid.at(density.Window(), (4, 2), 1, 1).words == "this square: 400 conversations, mostly “Recipes”"  # type: ignore[union-attr]


def test_a_series_has_gaps_bands_change_points_and_landmarks() -> None:
    found = series(TREND, {"launch": date(2026, 8, 3), "before": date(2025, 1, 1), "after": date(2027, 1, 1)})
    assert found.values == (10.0, None, 20.0)
    assert found.bands == ((7.4, 13.3), None, (16.4, 24.2))
    assert list(found.runs) == [(0, 1), (2, 3)]
    assert found.top == 24.2
    assert [(mark.place, mark.text, mark.is_change) for mark in found.marks] == [
        (2, "change of level at 2026-09", True), (1, "launch, 2026-08-03", False)]  # fmt: skip


@given(st.lists(st.sampled_from(["in", "out", "left", "right", "up", "down"]), max_size=30))
def test_zooming_and_moving_never_leave_the_map(steps: list[str]) -> None:
    window = density.Window()
    for step in steps:
        if step in ("in", "out"):
            window = window.zoomed(0.5 if step == "in" else 2.0)
        else:
            window = window.moved({"left": -0.25, "right": 0.25}.get(step, 0), {"up": -0.25, "down": 0.25}.get(step, 0))
    assert 0 <= window.left <= 1 - window.width + 1e-9
    assert 0 <= window.top <= 1 - window.height + 1e-9


def test_the_status_bar_drops_fields_from_the_right_and_never_the_state_or_the_agents() -> None:
    view = apply(
        _view(until="tool_started"),
        UsageReported(input_tokens=18_000, output_tokens=200, cached_tokens=0, calls=3, cost=0.07),
    )
    whole = status.status(view, 42, "", 200, UNICODE).plain
    assert whole == " ● running 0:42 │ agents 2/2 │ 18.2k tok $0.07 │ built-in │ index demo · snapshot 1"
    assert status.status(view, 42, "", 60, UNICODE).plain.endswith("$0.07 │ built-in")
    assert status.status(view, 42, "", 10, UNICODE).plain == " ● running 0:42 │ agents 2/2"


@given(st.integers(60, 200))
def test_the_two_lines_fit_their_width(width: int) -> None:
    assert cell_len(status.status(_view(), 1, "", width, UNICODE).plain) <= width
    assert cell_len(status.privacy(_view(), width).plain) <= width
    assert (
        status.privacy(_view(), width)
        .plain.replace(" in this answer", "")
        .startswith(" Hidden: 2 groups, 1.5 % of conversations")
    )


@given(st.integers(40, 160))
def test_rows_of_the_timeline_fit_their_width(width: int) -> None:
    view = _view(until="task_ended")
    assert view.turn is not None
    drawn = timeline.timeline(view.turn, 75.0, width, "normal", UNICODE).plain.splitlines()
    assert max(cell_len(line) for line in drawn[1:]) <= width
    assert "1:15" in drawn[1]


def test_what_was_just_said_is_cut_to_the_bar_and_never_dropped() -> None:
    bar = status.status(_view(), 0, "saved a file of a very long name " * 4, 60, UNICODE).plain
    assert "saved a file" in bar
    assert cell_len(bar) <= 60
