"""What is done with a finding's rows after they were released."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tools.core.finding import outlined


@given(
    order=st.permutations([*(("T", group) for group in range(4)), *(("C", place) for place in range(8))]),
    hidden=st.sets(st.integers(0, 3)),
    most=st.one_of(st.none(), st.integers(0, 3)),
)
def test_an_outline_puts_each_row_behind_its_group(
    order: list[tuple[str, int]], hidden: set[int], most: int | None
) -> None:
    rows = [
        {"label": f"{kind}{place}", "id": f"{kind}{place}"} | ({"parent": f"T{place % 4}"} if kind == "C" else {})
        for kind, place in order
        if kind == "C" or place not in hidden
    ]
    shown = outlined(rows, most)
    if most is None:
        assert sorted(row["label"] for row in shown) == sorted(row["label"] for row in rows)
    for group in {0, 1, 2, 3} - hidden:
        inside = [row for row in rows if row.get("parent") == f"T{group}"]
        assert [row for row in shown if row.get("parent") == f"T{group}"] == inside[:most]
    for before, row in pairwise(shown):
        if "parent" in row and int(row["parent"][1:]) not in hidden:
            assert row["parent"] in (before.get("id"), before.get("parent"))
    alone = [row["id"] for row in rows if "parent" not in row or int(row["parent"][1:]) in hidden]
    assert [row["id"] for row in shown if row["id"] in alone] == alone
