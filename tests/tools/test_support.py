"""Who counts towards text: established accounts only, where the policy asks for them."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.core.records import Conversation, Turn
from index.handle import Index
from index.snapshots.snapshot import Rows
from tests.fakes.corpus import FIRST_DAY, FakeEncoder, build, context, small_index
from tests.fakes.policy import SHARP
from tests.tools.test_coordination import made, planted
from tools.core.candidate import CandidateTable, Group
from tools.core.scope import Resolved, Scope
from tools.core.wording import UNNAMED
from tools.registry import call
from tools.suppression.thresholds import Thresholds


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
    policy = SHARP.with_values(established_days=days)
    gate = context(index, tmp_path / "ledger" / "x.sqlite3", policy).gate
    rows = np.arange(40, dtype=np.int64)
    scope = Scope(since=FIRST_DAY.date() + timedelta(days=since)) if since is not None else Scope()
    made = CandidateTable("count_by", {}, "made", "table", Resolved(scope, rows), ("conversations",),
               (Group("Pandas", (rows,), is_text=True),), "made")  # fmt: skip
    assert [row.label for row in gate.release(made).rows] == ["Pandas" if named else UNNAMED]


def test_ten_established_accounts_carry_a_text_that_they_support_alone(index: Index, tmp_path: Path) -> None:
    policy = SHARP.with_values(established_days=3, text_min_conversations=20)
    rows = np.arange(40, dtype=np.int64)
    for since, days in ((None, 3), (FIRST_DAY.date() + timedelta(days=20), 9)):
        gate = context(index, tmp_path / str(days) / "x.sqlite3", policy.with_values(established_days=days)).gate
        made = CandidateTable("count_by", {}, "made", "table", Resolved(Scope(since=since), rows), ("conversations",),
                   (Group("Pandas", (rows,), is_text=True),), "made")  # fmt: skip
        assert [row.label for row in gate.release(made).rows] == ["Pandas"]


def ring_and_others() -> tuple[Index, Rows, Rows]:
    """The index with a planted ring, the ring's conversations, and everybody else's."""
    index = made()
    ring = np.flatnonzero(np.array([(said.account or "").startswith("ring-") for said in in_order(index)])).astype(
        np.int64
    )
    others = np.setdiff1d(np.arange(len(index.snapshot), dtype=np.int64), ring)
    return index, ring, others


def in_order(index: Index) -> list[Conversation]:
    """The planted conversations as the snapshot has them: ingest numbers them in the order in which they came."""
    return [planted()[number - 1] for number in index.snapshot.numbers.tolist()]


@pytest.mark.parametrize(
    ("invented", "as_one", "named"),
    [(12, 1, True), (14, 2, False), (24, 2, True), (30, 2, True), (24, 4, False)],
)
def test_a_phrase_of_invented_accounts_alone_needs_so_many_times_more_of_them(
    tmp_path: Path, invented: int, as_one: int, named: bool
) -> None:
    index, ring, others = ring_and_others()
    gate = context(index, tmp_path / "ledger" / "x.sqlite3", SHARP.with_values(coordinated_as_one=as_one)).gate
    few = np.unique(index.snapshot.accounts[ring])[:invented]
    theirs = ring[np.isin(index.snapshot.accounts[ring], few)]
    # Enough others for the group to be named at all, none of whom has the ring's words.
    group = np.sort(np.concatenate([theirs, others[:60]]))
    made_up = Group("Discount vouchers", (group,), is_text=True)
    raw = CandidateTable(
        "count_by", {}, "made", "table", Resolved(Scope(), group), ("conversations",), (made_up,), "made"
    )
    assert [row.label for row in gate.release(raw).rows] == ["Discount vouchers" if named else UNNAMED]


async def test_a_ring_is_still_read_for_coordination_and_ordinary_themes_keep_their_names(tmp_path: Path) -> None:
    rows = {}
    for as_one in (1, SHARP.coordinated_as_one, 1_000):
        policy = SHARP.with_values(coordinated_as_one=as_one)
        finding = await call(
            "coordination", {"by": "theme"}, context(made(), tmp_path / f"{as_one}" / "x.sqlite3", policy)
        )
        rows[as_one] = {row.id: (row.label, row.measures) for row in finding.rows}
    ring = {
        name
        for name, (_, measures) in rows[1].items()
        if any(m.name == "coordination" and m.verdict == "very high" for m in measures)
    }
    assert ring
    for name, (label, measures) in rows[2].items():
        # A detail that less than twice the accounts of a ring use goes; the theme keeps its name.
        assert measures == rows[1][name][1]
        assert label == rows[1][name][0] or (name in ring and rows[1][name][0].startswith(f"{label}: "))
    assert rows[1_000] == {name: (UNNAMED if name in ring else label, m) for name, (label, m) in rows[1].items()}


@settings(max_examples=100)
@given(seed=st.integers(0, 1_000_000))
def test_what_a_whole_holds_beside_rows_is_enough_exactly_when_its_members_are(seed: int) -> None:
    chance, contributions = np.random.default_rng(seed), small_index().snapshot
    policy = SHARP.with_values(max_per_account=int(chance.choice([1, 3, 10])), max_dominance=0.3)
    thresholds = Thresholds(small_index(), policy)
    # Of few accounts or of all, so that one of them often has much.
    some = chance.permutation(np.unique(contributions.accounts))[: int(chance.choice([3, 8, 1_000]))]
    whole = np.flatnonzero(np.isin(contributions.accounts, some)).astype(np.int64)
    rows = whole[chance.random(len(whole)) < chance.random()]
    assert thresholds.complement_meets(rows, whole) == thresholds.meets(np.setdiff1d(whole, rows))


@pytest.mark.parametrize("least", [2, 3])
@pytest.mark.parametrize("dominance", [0.4, 0.5, 0.9])
def test_so_many_conversations_that_any_group_is_enough_are_enough_of_the_fewest_accounts_too(
    least: int, dominance: float
) -> None:
    contributions = small_index().snapshot
    policy = SHARP.with_values(min_conversations=least, min_accounts=2, max_dominance=dominance, max_per_account=1)
    thresholds = Thresholds(small_index(), policy)
    # The largest accounts first, so that as few as can be hold as many as can be.
    by_size = np.argsort(-np.bincount(contributions.accounts)[contributions.accounts], kind="stable").astype(np.int64)
    assert thresholds.always_met_from < len(contributions)
    for count in (thresholds.always_met_from, len(contributions)):
        assert thresholds.meets(np.sort(by_size[:count]))
    assert not thresholds.meets(np.sort(by_size[: int(1.05 * np.bincount(contributions.accounts).max())]))
