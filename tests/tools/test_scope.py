"""Scopes: what they select against the generator's truth, and every refusal."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from index.handle import Index
from tests.fakes.corpus import FIRST_DAY, FakeEncoder, Record, is_enough, records
from tools.context import ToolContext
from tools.core.errors import ToolRefusal
from tools.core.scope import Scope, resolve
from tools.registry import call

MID = FIRST_DAY.date() + timedelta(days=90)


def day(record: Record) -> date | None:
    return record.moment.date() if record.moment else None


TRUTH: dict[str, tuple[dict[str, Any], Any]] = {
    "all": ({}, lambda record: True),
    "language": ({"language": "spanish"}, lambda record: record.language == "Spanish"),
    "surface": ({"surface": "api"}, lambda record: record.surface == "api"),
    "flagged": ({"flagged": "yes"}, lambda record: record.flagged),
    "not flagged": ({"flagged": "no"}, lambda record: not record.flagged),
    "concern": ({"concern_at_least": 3}, lambda record: record.concern >= 3),
    "since": ({"since": MID}, lambda record: record.day is not None and record.day >= 90),
    "until": ({"until": MID}, lambda record: record.day is not None and record.day <= 90),
    "both": (
        {"language": "English", "surface": "web", "since": MID, "until": MID + timedelta(days=30)},
        lambda record: (
            record.language == "English"
            and record.surface == "web"
            and record.day is not None
            and 90 <= record.day <= 120
        ),
    ),
}


@pytest.mark.parametrize("name", TRUTH)
def test_a_scope_selects_exactly_what_the_generator_made_so(index: Index, name: str) -> None:
    fields, holds = TRUTH[name]
    expected = [place for place, record in enumerate(records()) if holds(record)]
    assert resolve(index, Scope(**fields)).rows.tolist() == expected


def test_near_selects_whole_cells_and_the_nearest_of_them(index: Index) -> None:
    encoder, labels = FakeEncoder(), index.cells()
    summaries = encoder.encode(index.snapshot.texts(np.arange(len(index.snapshot))))
    phrase = "clinical experience cover letter nurse position"
    similarity = summaries @ encoder.encode([phrase])[0]
    means = np.array([similarity[labels == cell].mean() for cell in range(labels.max() + 1)])
    found = resolve(index, Scope(near=phrase)).rows
    near = np.unique(labels[found])
    assert len(found) > 25
    assert np.isin(labels, near).nonzero()[0].tolist() == found.tolist()
    assert means[near].min() > np.delete(means, near).max()
    assert {records()[row].theme for row in found.tolist()} == {"letters"}


def test_a_group_of_the_taxonomy_selects_the_members_of_all_its_clusters(index: Index) -> None:
    snapshot = index.snapshot
    top = snapshot.base_clusters[0].parent
    places = [place for place, cluster in enumerate(snapshot.base_clusters) if cluster.parent == top]
    expected = np.flatnonzero(np.isin(snapshot.base_labels, places))
    assert resolve(index, Scope(cluster=top)).rows.tolist() == expected.tolist()


@pytest.mark.parametrize(
    "fields",
    [
        {"language": "Klingon"},
        {"surface": "toaster"},
        {"cluster": "C999"},
        {"cluster": "x' OR 1=1"},
        {"cluster": ""},
        {"concern_at_least": 5},
        {"since": date(2031, 1, 1)},
        {"until": date(2001, 1, 1)},
        {"since": MID, "until": MID - timedelta(days=1)},
        {"near": "submarine volcano telescope"},
        {"language": "Spanish", "concern_at_least": 3},
    ],
    ids=str,
)
def test_a_scope_of_nothing_or_too_little_is_refused_without_a_number_of_the_data(
    ctx: ToolContext, fields: dict[str, Any]
) -> None:
    with pytest.raises(ToolRefusal) as caught:
        ctx.gate.admit(Scope(**fields))
    assert not any(str(value) in str(caught.value) for value in fields.values() if len(str(value)) > 2)


def test_the_theme_of_three_accounts_is_refused_as_a_scope(ctx: ToolContext) -> None:
    with pytest.raises(ToolRefusal, match="below the privacy threshold"):
        ctx.gate.admit(Scope(near="beehive varroa smoker honeycomb queen"))


def test_a_scope_that_one_account_dominates_is_refused(ctx: ToolContext) -> None:
    held = [[records()[row].account for row in rows] for rows in ctx.index.snapshot.base_members]
    place = max(range(len(held)), key=lambda place: held[place].count("account-loud") / len(held[place]))
    cluster = ctx.index.snapshot.base_clusters[place].id
    assert len(set(held[place])) >= 5
    assert not is_enough(held[place])
    with pytest.raises(ToolRefusal, match="below the privacy threshold"):
        ctx.gate.admit(Scope(cluster=cluster))


def test_a_scope_of_all_but_very_few_is_refused(ctx: ToolContext) -> None:
    # Under this policy a month is a group and a few days are not; who has no date counts on the busiest day.
    strict = ctx.gate.with_policy(ctx.gate.policy.with_values(min_conversations=60))
    with pytest.raises(ToolRefusal, match="Nearly all conversations match"):
        strict.admit(Scope(since=FIRST_DAY.date() + timedelta(days=4)))


@pytest.mark.parametrize(
    "fields",
    [
        {"account": "account-loud"},
        {"not": {"language": "Spanish"}},
        {"id": 5},
        {"near": "x" * 201},
        {"concern_at_least": 1},
        {"flagged": "maybe"},
        {"since": "yesterday"},
    ],
    ids=str,
)
def test_there_is_no_way_to_name_an_account_a_record_or_a_complement(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Scope.model_validate(fields)


def test_the_description_names_every_restriction_and_no_more() -> None:
    scope = Scope(
        language="Spanish", surface="api", flagged="no", since=MID, near="soup", cluster="C1", concern_at_least=2
    )
    text = scope.describe()
    assert all(part in text for part in ("Spanish", "api", "not flagged", str(MID.replace(day=1)), "soup", "C1", "2-5"))
    assert Scope().describe() == "all conversations"
    assert scope.facets() == {"language", "surface", "flagged", "concern", "nearness"}


@pytest.mark.parametrize(
    ("since", "until", "asked"),
    [
        ("2026-08-03", None, ("2026-08-01", None)),
        (None, "2026-08-02", (None, "2026-07-31")),
        (None, "2026-08-31", (None, "2026-08-31")),
        ("2026-08-03", "2026-08-20", ("2026-08-01", "2026-08-31")),
        ("2026-06-10", "2026-08-20", ("2026-06-01", "2026-07-31")),
    ],
)
def test_near_a_phrase_a_period_is_of_whole_months(since: Any, until: Any, asked: tuple[Any, Any]) -> None:
    scope = Scope.model_validate({"near": "soup", "since": since, "until": until})
    said = tuple(None if day is None else day.isoformat() for day in (scope.since, scope.until))
    assert said == asked
    assert Scope.model_validate({"since": since, "until": until}).near is None


def test_a_period_is_told_in_months_and_never_in_days(ctx: ToolContext) -> None:
    period = ctx.gate.public_period
    assert period is not None
    assert period.of(Scope()) == "2026-03 to 2026-08"
    assert period.of(Scope(since=MID)) == "2026-05 to 2026-08"
    assert period.of(Scope(since=MID, until=MID)) == "2026-05"
    assert period.of(Scope(near="beehive")) == period.of(Scope(language="Spanish"))


async def test_new_phrases_end_with_the_months_budget_and_old_ones_do_not(ctx: ToolContext) -> None:
    gate = ctx.gate.with_policy(ctx.gate.policy.with_values(phrases_per_month=2))
    few = replace(ctx, gate=gate)
    for phrase in ("clinical cover letter", "pandas dataframe merge"):
        await call("search_topics", {"phrase": phrase}, few)
    for _ in range(2):
        # Asked twice, because a refusal is in the ledger too.
        with pytest.raises(ToolRefusal, match="phrases_per_month"):
            await call("search_topics", {"phrase": "mountain hostel trails"}, few)
    again = await call("count_by", {"by": "language", "scope": {"near": "Clinical cover letter"}}, few)
    assert again.totals[0] > 0
    assert gate.ledger.refusals()[0].scope == "phrase budget spent"
