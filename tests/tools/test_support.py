"""Who counts towards text: established accounts only, where the policy asks for them."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from index.handle import Index
from index.records import Conversation, Turn
from tests.fakes.corpus import FIRST_DAY, FakeEncoder, build, context
from tools.labels import UNNAMED
from tools.policy import PrivacyPolicy
from tools.raw import Group, Raw
from tools.scope import Resolved, Scope


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """Forty conversations of twenty accounts about pandas, all on one day; ten of the accounts came on two days more."""
    late = FIRST_DAY + timedelta(days=20)
    said = [
        Conversation((Turn("user", f"merge pandas dataframes, case {place:b}"),), f"a{place % 20}", late)
        for place in range(40)
    ]
    before = [
        Conversation(
            (Turn("user", f"gazpacho receta {place:b}"),), f"a{place % 10}", FIRST_DAY + timedelta(days=place // 10 % 2)
        )
        for place in range(60)
    ]
    return Index(build(tmp_path / "home", [*said, *before]).path, FakeEncoder())


@pytest.mark.parametrize(
    ("days", "since", "named"), [(1, None, True), (3, None, False), (4, 20, False), (2, None, False)]
)
def test_text_needs_accounts_that_were_seen_on_enough_days_or_before_the_period(
    index: Index, tmp_path: Path, days: int, since: int | None, named: bool
) -> None:
    policy = replace(PrivacyPolicy(), established_days=days)
    gate = context(index, tmp_path / "ledger" / "x.sqlite3", policy).gate
    rows = np.arange(40, dtype=np.int64)
    scope = Scope(since=FIRST_DAY.date() + timedelta(days=since)) if since is not None else Scope()
    made = Raw("count_by", {}, "made", "table", Resolved(scope, rows), ("conversations",),
               (Group("Pandas", (rows,), is_text=True),), "made")  # fmt: skip
    assert [row.label for row in gate.release(made).rows] == ["Pandas" if named else UNNAMED]


def test_ten_established_accounts_carry_a_text_that_they_support_alone(index: Index, tmp_path: Path) -> None:
    policy = PrivacyPolicy(established_days=3, text_min_conversations=20)
    rows = np.arange(40, dtype=np.int64)
    for since, days in ((None, 3), (FIRST_DAY.date() + timedelta(days=20), 9)):
        gate = context(index, tmp_path / str(days) / "x.sqlite3", replace(policy, established_days=days)).gate
        made = Raw("count_by", {}, "made", "table", Resolved(Scope(since=since), rows), ("conversations",),
                   (Group("Pandas", (rows,), is_text=True),), "made")  # fmt: skip
        assert [row.label for row in gate.release(made).rows] == ["Pandas"]
