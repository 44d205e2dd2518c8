"""The one place where a name's right to be shown is decided, through the gate."""

from pathlib import Path

import numpy as np
import pytest

from tests.fakes.corpus import context, records, small_index
from tools.context import ToolContext
from tools.core.candidate import CandidateTable, Group
from tools.core.scope import Resolved, Scope
from tools.core.wording import UNNAMED

LETTERS = np.array([row for row, record in enumerate(records()) if record.theme == "letters"], dtype=np.int64)


@pytest.fixture
def ctx(tmp_path: Path) -> ToolContext:
    return context(small_index(), tmp_path / "ledger" / "x.sqlite3")


def label_of(name: str, ctx: ToolContext) -> str:
    groups = (Group(name, (LETTERS,), is_text=True),)
    made = CandidateTable(
        "count_by", {}, "made", "table", Resolved(Scope(), LETTERS), ("conversations",), groups, "made"
    )
    (row,) = ctx.gate.release(made).rows
    return row.label


def test_an_attested_name_that_the_rules_reject_is_suppressed(ctx: ToolContext) -> None:
    assert label_of("Cover letters for people", ctx) == "Cover letters for people"
    assert label_of("Cover letters of one user", ctx) == UNNAMED
    assert label_of("Cover letters of the same two people", ctx) == UNNAMED


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Cover letters in 1987", "Cover letters"),
        ("Cover letters (1,284)", "Cover letters"),
        ("Cover letters: Zephyrine and people", "Cover letters: people"),
        ("Zephyrine: cover letters", UNNAMED),
        ("Cover letters in Basel", UNNAMED),
        ("Cover letters at Riverside General Hospital", UNNAMED),
        ("Cover letters of Zephyrine in 1987", UNNAMED),
    ],
)
def test_a_name_is_generalised_only_to_what_the_group_attests(name: str, shown: str, ctx: ToolContext) -> None:
    assert label_of(name, ctx) == shown
