"""What counts as a change between two findings of the same call."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agent.storage.changes import changes, severity
from tests.fakes.session import finding, row


def _table(*rows: dict[str, Any], total: int = 1000, shape: str = "table") -> dict[str, Any]:
    return finding("F1", shape, rows, totals=[total])


def _kinds(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, bool]]:
    return [(change.kind, change.group, change.material) for change in changes(before, after)]


def test_what_rounding_may_do_is_no_change() -> None:
    assert _kinds(_table(row("a", 100, 10.0)), _table(row("a", 105, 10.5))) == []


def test_a_count_that_grows_with_the_whole_is_told_but_not_material() -> None:
    assert _kinds(_table(row("a", 100, 10.0)), _table(row("a", 200, 10.0), total=2000)) == [("count", "a", False)]


def test_a_share_beyond_its_interval_is_material() -> None:
    assert _kinds(_table(row("a", 100, 10.0)), _table(row("a", 200, 20.0))) == [("share", "a", True)]
    few = _kinds(_table(row("a", 20, 20.0), total=100), _table(row("a", 30, 30.0), total=100))
    assert few == [("count", "a", False)]


def test_groups_come_and_go_by_their_id_whatever_their_name() -> None:
    before = _table(row("old name", 100, 10.0, id="T1"), row("gone", 50, 5.0, id="T2"))
    after = _table(row("new name", 100, 10.0, id="T1"), row("fresh", 40, 4.0, id="T9"))
    assert _kinds(before, after) == [("appeared", "fresh", True), ("no longer shown", "gone", True)]


def test_a_theme_that_kept_its_name_and_not_its_id_is_the_same() -> None:
    before = _table(row("bees", 100, 10.0, id="C1"), row("twice", 40, 4.0, id="C2"), row("twice", 30, 3.0, id="C3"))
    after = _table(row("bees", 200, 20.0, id="C9"), row("twice", 40, 4.0, id="C7"), row("twice", 30, 3.0, id="C3"))
    assert _kinds(before, after) == [
        ("share", "bees", True),
        ("appeared", "twice", True),
        ("no longer shown", "twice", True),
    ]


def test_a_new_month_of_a_trend_is_no_new_group() -> None:
    before, after = _table(row("2026-03", 100, 10.0), shape="trend"), _table(row("2026-04", 90, 9.0), shape="trend")
    assert _kinds(before, after) == []


def test_groups_that_cannot_be_told_apart_are_not_compared() -> None:
    before, after = _table(row("unnamed group", 100, 10.0)), _table(row("unnamed group", 30, 3.0))
    assert _kinds(before, after) == []


def test_a_verdict_that_changes_is_material_and_a_high_one_serious() -> None:
    def banded(verdict: str) -> dict[str, Any]:
        return _table(row("a", 100, 10.0, measures=[{"name": "template reuse", "verdict": verdict}]))

    found = changes(banded("typical"), banded("very high"))
    assert [(change.kind, change.before, change.after) for change in found] == [("verdict", "typical", "very high")]
    assert severity(found, "usage") == "serious"
    assert severity(changes(banded("very high"), banded("typical")), "abuse") == "notable"


def test_intervals_that_part_are_material() -> None:
    def measured(low: float, high: float) -> dict[str, Any]:
        return _table(row("a", 100, 10.0, measures=[{"name": "odds ratio", "value": low, "low": low, "high": high}]))

    assert [change.kind for change in changes(measured(1.0, 2.0), measured(2.5, 3.0))] == ["interval"]
    assert changes(measured(1.0, 2.0), measured(1.5, 3.0)) == []


def test_severity_asks_who_looked() -> None:
    appeared = changes(_table(), _table(row("a", 100, 10.0)))
    assert (severity(appeared, "usage"), severity(appeared, "abuse")) == ("notable", "serious")
    doubled = changes(_table(row("a", 100, 10.0)), _table(row("a", 250, 25.0)))
    assert (severity(doubled, "usage"), severity(doubled, "abuse")) == ("notable", "serious")
    grew = changes(_table(row("a", 100, 10.0)), _table(row("a", 200, 10.0), total=2000))
    assert severity(grew, "abuse") == "nothing"


_COUNTS = st.integers(3, 200).map(lambda n: 5 * n)


@given(st.lists(st.one_of(st.none(), _COUNTS), max_size=6))
def test_a_finding_does_not_differ_from_itself(counts: list[int | None]) -> None:
    rows = [row(f"g{place}", count, None if count is None else count / 10) for place, count in enumerate(counts)]
    assert changes(_table(*rows), _table(*rows)) == []


@given(_COUNTS, _COUNTS, st.integers(0, 400))
def test_material_changes_are_symmetric(first: int, second: int, rest: int) -> None:
    def one(count: int) -> dict[str, Any]:
        total = count + 5 * rest
        return _table(row("a", count, round(100 * count / total, 1)), total=total)

    forth, back = _kinds(one(first), one(second)), _kinds(one(second), one(first))
    assert forth == back
