"""Conditions of watches: what is told, and that it is told once."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.storage.changes import severity
from agent.storage.conditions import met, parsed
from index.core.errors import SettingsError
from tests.fakes.session import finding, row


def told(condition: str, before: dict[str, Any] | None, after: dict[str, Any]) -> list[tuple[str, str]]:
    earlier = {} if before is None else {"call": before}
    return [(change.kind, change.group) for change in met([parsed(condition)], earlier, {"call": after})]


def table(*rows: dict[str, Any], total: int = 1000, **fields: Any) -> dict[str, Any]:
    return {**finding("F1", "table", rows, totals=[total]), **fields}


def judged(label: str, verdict: str) -> dict[str, Any]:
    return row(label, 50, 5.0, id="C1", measures=[{"name": "coordination", "verdict": verdict}])


@pytest.mark.parametrize("text", ["growth", "count", "new-theme>3", "rumour", "growth>", "count>-1", "", "growth>x"])
def test_what_is_no_condition_is_refused_with_those_there_are(text: str) -> None:
    with pytest.raises(SettingsError, match="is no condition"):
        parsed(text)


def test_a_condition_is_kept_as_it_can_be_typed_again() -> None:
    for text in ("new-theme", "growth>20", "coordination", "change-point", "count>1500"):
        assert str(parsed(text)) == text
    assert str(parsed(" Growth > 20 % ")) == "growth>20"


def test_a_new_theme_is_a_cluster_that_was_not_shown_before() -> None:
    before, after = (
        table(row("old", 50, 5.0, id="C1")),
        table(row("old", 50, 5.0, id="C1"), row("new", 40, 4.0, id="C7")),
    )
    assert told("new-theme", before, after) == [("new theme", "new")]
    assert told("new-theme", None, after) == []  # the first time everything would be new
    assert told("new-theme", table(row("a", 5, 1.0)), table(row("a", 5, 1.0), row("German", 40, 4.0))) == []


def test_a_theme_that_was_made_anew_under_its_name_is_no_news() -> None:
    before = table(row("Money", 50, 5.0, id="C1"), row("Bees · C9", 30, 3.0, id="C9"))
    after = table(
        row("Money", 55, 5.0, id="C4"),
        row("Bees", 30, 3.0, id="C5"),
        row("Wax", 40, 4.0, id="C6"),
        row("Wax · C7", 20, 2.0, id="C7"),
    )
    assert told("new-theme", before, after) == [("new theme", "Wax")]
    unnamed = table(row("unnamed group", 30, 3.0, id="C1"))
    assert told("new-theme", unnamed, table(row("unnamed group", 30, 3.0, id="C2"))) == [
        ("new theme", "unnamed group C2")
    ]
    assert (
        told(
            "new-theme",
            table(row("Cooking", 30, 3.0, id="C1")),
            table(row("Cooking (French and Thai)", 30, 3.0, id="C2")),
        )
        == []
    )


def test_growth_is_told_by_the_lower_end_of_its_interval() -> None:
    before = table(row("a", 100, 10.0), row("b", 20, 2.0))
    after = table(row("a", 200, 20.0), row("b", 35, 3.5))
    assert told("growth>20", before, after) == [("growth", "a")]  # b: 75 % more, and its interval reaches below none
    assert told("growth>80", before, after) == []
    assert told("growth>20", before, table(row("a", 200, 10.0), total=2000)) == []  # the whole has grown


def test_growth_inside_one_finding_is_read_from_its_two_periods() -> None:
    values = [{"count": 110, "share": 9.0}, {"count": 190, "share": 2.3}]
    after = table({**row("a", 110, 9.0, id="C1"), "values": values}, tool="emerging", columns=["since", "before"])
    after["totals"] = [1220, 8180]
    assert told("growth>100", None, after) == [("growth", "a")]
    assert told("growth>100", after, after) == []  # it was told already
    assert told("growth>400", None, after) == []


def test_coordination_is_told_from_high_on_and_once() -> None:
    calm, high = table(judged("ring", "elevated")), table(judged("ring", "high"))
    assert told("coordination", calm, calm) == []
    assert told("coordination", calm, high) == [("coordination", "ring")]
    assert told("coordination", None, high) == [("coordination", "ring")]
    assert told("coordination", high, table(judged("ring", "very high"))) == []
    assert severity(met([parsed("coordination")], {"call": calm}, {"call": high}), "usage") == "serious"


def test_coordination_of_a_theme_that_was_made_anew_is_not_told_again_and_cells_of_a_map_are_no_themes() -> None:
    moved = table({**judged("ring · C4", "high"), "id": "C4"})
    assert told("coordination", table(judged("ring", "high")), moved) == []
    cells = table({**row("ring", 50, 5.0, id="C1"), "place": [0, 1]}, shape="map")
    assert told("new-theme", table(row("a", 50, 5.0, id="C9"), shape="map"), cells) == []


def test_a_change_point_is_told_by_its_bucket() -> None:
    rows = [row(f"2026-0{month}", 50, 5.0) for month in range(3, 9)]
    trend = finding("F1", "trend", rows, totals=[300])
    moved = {**trend, "notes": ["change of level at 2026-08: 4.2 % before, 5.9 % from then on"]}
    assert told("change-point", trend, trend) == []
    assert told("change-point", trend, moved) == [("change point", trend["title"])]
    assert told("change-point", moved, moved) == []


@given(st.integers(0, 2_000), st.integers(0, 2_000), st.integers(1, 1_500))
def test_a_count_is_told_when_it_passes_its_limit(first: int, then: int, limit: int) -> None:
    expected = [("count over", "a")] if then > limit >= first else []
    assert told(f"count>{limit}", table(row("a", first, 1.0)), table(row("a", then, 1.0))) == expected


def test_a_row_that_is_suppressed_meets_no_condition() -> None:
    hidden = table({"label": "a", "values": [{"count": None, "share": None}]})
    for condition in ("new-theme", "growth>1", "coordination", "change-point", "count>1"):
        assert told(condition, hidden, hidden) == []
        assert told(condition, table(row("a", 100, 10.0)), hidden) == []
