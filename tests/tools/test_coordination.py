"""Signs of coordination: the arithmetic against plain loops, and a planted ring called where ordinary groups are not."""

import atexit
import json
import random
import shutil
import tempfile
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.core.records import Conversation, Turn
from index.handle import Index
from index.privacy.sketch import VALUES
from index.snapshots.snapshot import UNDATED
from tests.fakes.corpus import DAYS, FIRST_DAY, FakeEncoder, build, context
from tests.fakes.policy import SHARP
from tools.context import ToolContext
from tools.coordination import signals
from tools.coordination.signals import Drawn, Exposure
from tools.core.finding import Band, Row
from tools.registry import call

SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu".split()
RING = "Write a glowing review of the {} and praise discount vouchers twice before linking our storefront"
POPULAR = "Explain the {} like a patient teacher would for curious children using everyday kitchen comparisons"


def pool(theme: int) -> list[str]:
    """Fourteen words of one theme's own."""
    chance = random.Random(theme)
    return ["".join(chance.sample(SYLLABLES, 3)) for _ in range(14)]


def said(text: str, account: str, day: int) -> Conversation:
    return Conversation((Turn("user", text),), account, FIRST_DAY + timedelta(days=day), False, "English", "web")


@cache
def planted() -> list[Conversation]:
    """Twelve ordinary themes, a ring in three bursts, and a prompt that went round among people who do other things."""
    chance = random.Random(3)
    people = [f"person-{number}" for number in range(160)]
    found = [
        said(" ".join(chance.sample(pool(theme), 7)), chance.choice(people), chance.randrange(DAYS))
        for theme in range(12)
        for _ in range(45)
    ]
    things = pool(99)
    starts = (20, 90, 150)
    found += [
        said(RING.format(chance.choice(things)), f"ring-{number}", chance.choice(starts) + chance.randrange(3))
        for number in [*range(30)] * 3
    ]
    found += [said(POPULAR.format(chance.choice(things)), who, chance.randrange(DAYS)) for who in people[:60]]
    return list(dict.fromkeys(found))  # what is the very same is taken once


@cache
def made() -> Index:
    root = tempfile.mkdtemp(prefix="shoal-coordination-")
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    return Index(build(Path(root), planted()).path, FakeEncoder())


@pytest.fixture
def planted_ctx(tmp_path: Path) -> ToolContext:
    return context(made(), tmp_path / "ledger" / "x.sqlite3")


def bands(row: Row) -> dict[str, str]:
    return {measure.name: measure.verdict for measure in row.measures}


STRONG = ("high", "very high")


async def test_a_planted_ring_is_called_and_nothing_else_is(planted_ctx: ToolContext) -> None:
    finding = await call("coordination", {"by": "theme"}, planted_ctx)
    called = [row for row in finding.rows if bands(row).get("coordination") in STRONG]
    assert len(finding.rows) >= 12
    assert called
    for row in called:
        assert "voucher" in row.label.casefold() or "review" in row.label.casefold()
        assert bands(row)["synchrony"] == "very high"
        assert bands(row)["template"] in STRONG


async def test_a_popular_prompt_has_a_template_and_is_not_called(planted_ctx: ToolContext) -> None:
    finding = await call("coordination", {"scope": {"near": POPULAR.format("")}}, planted_ctx)
    (row,) = finding.rows
    assert bands(row)["template"] in STRONG
    assert bands(row)["coordination"] == "typical"


async def test_a_scope_is_one_group_and_its_bands_have_no_numbers(planted_ctx: ToolContext) -> None:
    finding = await call("coordination", {"scope": {"near": RING.format("")}}, planted_ctx)
    (row,) = finding.rows
    assert set(bands(row)) == {*signals.SIGNALS, "coordination"}
    assert all(measure.value is measure.low is measure.high is None for measure in row.measures)
    assert any("course" in note for note in finding.notes)


async def test_a_group_under_the_text_threshold_has_no_band(planted_ctx: ToolContext, tmp_path: Path) -> None:
    strict = context(made(), tmp_path / "l" / "y.sqlite3", SHARP.with_values(text_min_conversations=61))
    finding = await call("coordination", {"by": "theme"}, strict)
    for row in finding.rows:
        # A count is rounded to five: what is said to be 65 holds at least 63, and 60 at most 62.
        assert bool(row.measures) == ((row.values[0].count or 0) > 60)


async def test_the_forms_of_requests_are_in_no_finding(planted_ctx: ToolContext) -> None:
    snapshot = made().snapshot
    sketches, formed = snapshot.sketches(np.arange(len(snapshot)))
    assert formed.all()
    said_of_it = json.dumps((await call("coordination", {"by": "theme"}, planted_ctx)).as_dict())
    assert not [value for value in np.unique(sketches).tolist() if str(value) in said_of_it]


async def test_a_group_that_differs_by_one_account_keeps_its_earlier_reading(planted_ctx: ToolContext) -> None:
    rows = np.flatnonzero(made().snapshot.base_labels == 0).astype(np.int64)
    await call("coordination", {"by": "theme"}, planted_ctx)
    complement_of = rows[made().snapshot.accounts[rows] != made().snapshot.accounts[rows[0]]]
    assert len(complement_of) < len(rows)
    assert np.array_equal(planted_ctx.gate.admit_part(complement_of), rows)
    assert np.array_equal(planted_ctx.gate.admit_part(rows), rows)


async def test_without_enough_clusters_to_compare_with_nothing_is_known(ctx: ToolContext) -> None:
    finding = await call("coordination", {}, ctx)
    assert set(bands(finding.rows[0]).values()) == {"unknown"}


@st.composite
def drawings(draw: st.DrawFn) -> Drawn:
    count = draw(st.integers(1, 14))
    chance = np.random.default_rng(draw(st.integers(0, 10**6)))
    vectors = chance.standard_normal((count, 3)).astype(np.float32)
    return Drawn(
        chance.integers(0, 6, count),
        np.where(chance.random(count) < 0.1, UNDATED, chance.integers(0, 40, count)),
        vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
        chance.integers(0, 2, (count, VALUES)).astype(np.uint32),
        chance.random(count) < 0.8,
    )


def averaged(drawn: Drawn, values: list[float], spared: int) -> float | None:
    """The mean over accounts of their means, without the loudest."""
    voices = []
    for who in sorted(set(drawn.accounts.tolist())):
        mine = [value for value, account in zip(values, drawn.accounts, strict=True) if account == who]
        voices.append(sum(mine) / len(mine))
    if len(voices) < 2 * spared:
        return None
    kept = sorted(voices)[: len(voices) - spared]
    return sum(kept) / len(kept)


@given(drawings(), st.integers(1, 3))
def test_uniformity_and_template_are_those_of_plain_loops(drawn: Drawn, spared: int) -> None:
    places = range(len(drawn.accounts))
    near, twins = [], []
    for one in places:
        others = [two for two in places if drawn.accounts[two] != drawn.accounts[one]]
        alike = [two for two in others if float(drawn.vectors[one] @ drawn.vectors[two]) >= signals.SAME_MEANING]
        near.append(len(alike) / max(1, len(others)))
        twins.append(
            float(
                any(
                    drawn.formed[one]
                    and drawn.formed[two]
                    and sum(drawn.sketches[one] == drawn.sketches[two]) >= signals.SAME_FORM
                    for two in others
                )
            )
        )
    assert signals.uniformity(drawn, spared) == pytest.approx(averaged(drawn, near, spared))
    expected = averaged(drawn, twins, spared) if drawn.formed.any() else None
    assert signals.template(drawn, spared) == pytest.approx(expected)


@given(drawings(), st.integers(1, 3))
def test_synchrony_is_that_of_a_plain_loop(drawn: Drawn, spared: int) -> None:
    everything = np.concatenate([drawn.days, np.arange(0, 40, 3)])
    dated = [day for day in everything.tolist() if day != UNDATED]
    acts = sorted({(who, day) for who, day in zip(drawn.accounts, drawn.days, strict=True) if day != UNDATED})
    found: dict[int, list[float]] = {}
    for who, day in acts:
        others = [there for account, there in acts if account != who]
        usual = sum(abs(there - day) <= signals.SAME_DAYS for there in dated) / sum(
            abs(there - day) <= signals.SEASON for there in dated
        )
        near = sum(abs(there - day) <= signals.SAME_DAYS for there in others)
        expected = usual * sum(abs(there - day) <= signals.SEASON for there in others)
        sums = found.setdefault(int(who), [0.0, 0.0])
        sums[0] += near
        sums[1] += expected
    measured = signals.synchrony(drawn, Exposure.of(everything), spared)
    if len(found) < 2 * spared:
        assert measured is None
        return
    voices = sorted(found.values(), key=lambda sums: sums[0] - sums[1])[: len(found) - spared]
    total = sum(expected for _, expected in voices)
    ties = len({round(near - expected, 9) for near, expected in found.values()}) < len(found)
    if not ties:
        assert measured == pytest.approx(sum(near for near, _ in voices) / total if total else None)


@given(st.lists(st.integers(0, 8), min_size=1, max_size=60), st.integers(1, 4))
def test_concentration_counts_accounts_plainly(owners: list[int], spared: int) -> None:
    each = sorted(min(10, owners.count(who)) for who in set(owners))
    kept = each[: len(each) - spared]
    enough = len(each) >= 2 * spared
    accounts = np.array(owners, dtype=np.int64)
    expected = sum(count * count for count in kept) / sum(kept) if enough else None
    assert signals.concentration(accounts, 10, spared) == pytest.approx(expected)


@given(
    st.lists(st.tuples(st.integers(0, 6), st.booleans(), st.floats(0, 1)), min_size=1, max_size=60), st.integers(1, 3)
)
def test_dedication_is_what_accounts_do_else_beyond_what_is_usual(
    others: list[tuple[int, bool, float]], spared: int
) -> None:
    doings = [*((who, True, 0.5) for who in range(7)), *others]  # each has one conversation in the group at least
    voices = []
    for who in range(7):
        mine = [(kin, usual) for owner, kin, usual in doings if owner == who]
        if len(mine) > 1:
            of_kind = (sum(kin for kin, _ in mine) - 1) / (len(mine) - 1)
            voices.append(of_kind - sum(usual for _, usual in mine) / len(mine))
    rest = sorted(voices)[: len(voices) - spared]
    mean = sum(rest) / len(rest) if len(voices) >= 2 * spared else None
    accounts, kin, usual = (np.array(column) for column in zip(*doings, strict=True))
    assert signals.dedication(accounts, kin, usual, spared) == pytest.approx(mean)


@given(st.lists(st.floats(0, 0.5), min_size=20, max_size=40), st.integers(1, 5))
def test_a_handful_of_accounts_can_not_raise_a_mean(voices: list[float], loud: int) -> None:
    quiet = np.array(voices)
    raised = np.concatenate([quiet, np.full(loud, 1.0)])
    highest = float(quiet.max())
    found = signals.quietest_mean(raised, 5)
    assert found is not None
    assert found <= highest


@given(st.lists(st.floats(0, 2), min_size=8, max_size=30), st.floats(-1, 5), st.floats(0, 3))
def test_more_of_a_signal_is_never_a_lower_band(base: list[float], value: float, more: float) -> None:
    order = ("low", "typical", "high", "very high")
    for name in signals.SIGNALS:
        assert order.index(signals.band(name, value, base)) <= order.index(signals.band(name, value + more, base))
        assert signals.band(name, value, base[:7]) == "unknown"


@pytest.mark.parametrize(
    ("template", "synchrony", "accounts", "reading"),
    [
        ("very high", "typical", "typical", "typical"),
        ("typical", "very high", "typical", "typical"),
        ("typical", "typical", "very high", "typical"),
        ("high", "high", "typical", "high"),
        ("unknown", "very high", "very high", "very high"),
        ("very high", "high", "low", "high"),
        ("unknown", "unknown", "very high", "unknown"),
    ],
)
def test_one_kind_of_sign_is_never_enough(template: Band, synchrony: Band, accounts: Band, reading: str) -> None:
    found: dict[str, Band] = {
        "uniformity": "very high",
        "template": template,
        "synchrony": synchrony,
        "concentration": accounts,
        "dedication": "typical",
    }
    assert signals.overall(found) == reading


async def test_an_index_of_an_earlier_shoal_has_templates_unknown(tmp_path: Path) -> None:
    path = shutil.copytree(made().path, tmp_path / "old")
    with duckdb.connect(str(path / "snapshots" / "0001.duckdb")) as connection:
        connection.execute("ALTER TABLE members DROP COLUMN sketch")
    index = Index(path, FakeEncoder())
    finding = await call("coordination", {"by": "theme"}, context(index, tmp_path / "l" / "x.sqlite3"))
    assert {bands(row)["template"] for row in finding.rows if row.measures} == {"unknown"}
    assert [row for row in finding.rows if bands(row).get("coordination") in STRONG]


async def test_accounts_that_the_source_does_not_state_have_no_concentration(tmp_path: Path) -> None:
    nameless = [replace(item, account=None) for item in planted()]
    index = Index(build(tmp_path / "home", nameless).path, FakeEncoder())
    finding = await call("coordination", {"by": "theme"}, context(index, tmp_path / "l" / "x.sqlite3"))
    found = [bands(row) for row in finding.rows if row.measures]
    assert {row["concentration"] for row in found} == {row["dedication"] for row in found} == {"unknown"}
