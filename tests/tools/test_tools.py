"""Each tool on the small index, against a slow and plain reference made from the generator's truth."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from index.handle import Index
from tests.fakes.corpus import (
    DOMINATED_WORDS,
    FIRST_DAY,
    LARGEST,
    RARE_WORDS,
    Record,
    is_enough,
    on,
    records,
    rounded,
)
from tests.fakes.worlds import asked_in, crowd
from tools.context import ToolContext
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding
from tools.core.scope import Scope, resolve
from tools.registry import TOOLS, call

MID = FIRST_DAY.date() + timedelta(days=90)
Groups = Mapping[str, Sequence[str]]
"""Account names, one a conversation, by label."""


def expected(groups: Groups) -> dict[str, int]:
    """What may be shown of a partition: cells that are enough, less the smallest ones as they are rounded (of equal ones the
    last) until what is hidden is enough too. An empty cell is hidden like one that is too small."""
    shown = {label for label, accounts in groups.items() if is_enough(accounts)}
    while shown:
        hidden = [account for label, accounts in groups.items() if label not in shown for account in accounts]
        if len(shown) == len(groups) or is_enough(hidden):
            break
        places = list(groups)
        shown.remove(min(shown, key=lambda label: (rounded(len(groups[label])), -places.index(label))))
    return {label: rounded(len(groups[label])) for label in shown}


def by(key: Callable[[Record], str], holds: Callable[[Record], bool] = lambda record: True) -> Groups:
    groups: dict[str, list[str]] = defaultdict(list)
    for record in records():
        if holds(record):
            groups[key(record)].append(record.account)
    return groups


def counts(finding: Finding, column: int = 0) -> dict[str, int]:
    return {row.label: value for row in finding.rows if (value := row.values[column].count) is not None}


def _band(record: Record) -> str:
    return (
        "1 turn"
        if record.turns == 1
        else "2-3 turns"
        if record.turns <= 3
        else "4-7 turns"
        if record.turns <= 7
        else "8 turns or more"
    )


FACETS: dict[str, Callable[[Record], str]] = {
    "language": lambda record: record.language,
    "surface": lambda record: record.surface,
    "flagged": lambda record: "flagged" if record.flagged else "not flagged",
    "concern": lambda record: str(record.concern),
    "turns": _band,
    "month": lambda record: record.month,
}


@pytest.mark.parametrize("facet", FACETS)
async def test_count_by_a_facet_gives_what_a_plain_count_gives(ctx: ToolContext, facet: str) -> None:
    finding = await call("count_by", {"by": facet}, ctx)
    groups = by(FACETS[facet])
    assert counts(finding) == expected(groups)
    assert finding.totals == (rounded(sum(len(accounts) for accounts in groups.values())),)
    for row in finding.rows:
        assert row.accounts == rounded(len(set(groups[row.label])))


async def test_count_by_within_a_scope_counts_that_scope_alone(ctx: ToolContext) -> None:
    scope = {"language": "English", "since": str(MID)}
    finding = await call("count_by", {"by": "surface", "scope": scope}, ctx)
    groups = by(FACETS["surface"], lambda record: record.language == "English" and (record.day or 0) >= 90)
    assert counts(finding) == expected(groups)
    assert finding.scope == f"conversations in English, since {MID}"


async def test_count_by_two_facets_counts_each_column_on_its_own(ctx: ToolContext) -> None:
    finding = await call("count_by", {"by": "surface", "across": "flagged"}, ctx)
    assert set(finding.columns) == {"flagged", "not flagged"}
    for place, column in enumerate(finding.columns):
        plain = expected(by(FACETS["surface"], lambda record, column=column: FACETS["flagged"](record) == column))  # type: ignore[misc]
        assert counts(finding, place).items() <= plain.items()


def by_theme(index: Index, rows: Sequence[int]) -> tuple[dict[str, list[str]], list[str]]:
    """Accounts by base cluster id, and those outside any, from the snapshot's labels."""
    snapshot = index.snapshot
    groups: dict[str, list[str]] = defaultdict(list)
    outside: list[str] = []
    for row in rows:
        label = int(snapshot.base_labels[row])
        where = outside if label < 0 else groups[snapshot.base_clusters[label].id]
        where.append(records()[row].account)
    return groups, outside


def counts_by_id(finding: Finding) -> dict[str, int]:
    return {row.id or "": value for row in finding.rows if (value := row.values[0].count) is not None}


async def test_count_by_theme_gives_what_a_plain_count_of_the_clusters_gives(ctx: ToolContext) -> None:
    finding = await call("count_by", {"by": "theme", "scope": {"concern_at_least": 3}}, ctx)
    rows = [row for row, record in enumerate(records()) if record.concern >= 3]
    groups, outside = by_theme(ctx.index, rows)
    plain = expected({**groups, "outside": outside})
    plain.pop("outside", None)
    assert counts_by_id(finding) == plain != {}


async def test_overview_gives_the_tree_that_a_plain_count_gives(ctx: ToolContext) -> None:
    finding = await call("overview", {}, ctx)
    groups, outside = by_theme(ctx.index, range(len(records())))
    parents = {cluster.id: cluster.parent or "" for cluster in ctx.index.snapshot.base_clusters}
    clusters = ctx.index.snapshot.clusters
    tops: dict[str, list[str]] = {cluster.id: [] for cluster in clusters if cluster.parent is None}
    for identity, accounts in groups.items():
        tops[parents[identity]] += accounts
    by_size = sorted(tops, key=lambda name: -len(tops[name]))
    # Where nobody is outside there is no such group: fewer than a threshold would be in a theme, as far as counts tell.
    plain = expected({**{name: tops[name] for name in by_size}, **({"outside": outside} if outside else {})})
    plain.pop("outside", None)
    for top in list(plain):
        below = sorted((name for name in groups if parents[name] == top), key=lambda name: -len(groups[name]))
        plain |= expected({identity: groups[identity] for identity in below})
    assert counts_by_id(finding) == plain
    assert finding.totals == (rounded(sum(len(accounts) for accounts in (*tops.values(), outside))),)
    assert len(plain) >= 4


async def test_overview_states_what_it_suppresses_and_what_lies_outside(ctx: ToolContext) -> None:
    finding = await call("overview", {}, ctx)
    assert finding.suppressed.groups == len(ctx.index.snapshot.clusters) - len(finding.rows) > 0
    shown = sum(row.values[0].count or 0 for row in finding.rows if row.parent is None)
    assert finding.suppressed.share + (finding.outside or 0) == pytest.approx(
        100 - 100 * shown / finding.totals[0], abs=0.1
    )
    assert finding.outside is None or 5 < finding.outside < 30


async def test_search_topics_counts_the_near_conversations_of_each_theme(ctx: ToolContext) -> None:
    phrase = "clinical experience cover letter position"
    finding = await call("search_topics", {"phrase": phrase, "scope": {"near": "replaced"}}, ctx)
    rows = resolve(ctx.index, Scope(near=phrase)).rows.tolist()
    groups, outside = by_theme(ctx.index, rows)
    by_size = sorted(groups, key=lambda name: -len(groups[name]))
    plain = expected({**{name: groups[name] for name in by_size}, "outside": outside})
    plain.pop("outside", None)
    assert counts_by_id(finding) == plain != {}
    assert all("letter" in row.label.casefold() for row in finding.rows)


async def test_cluster_scope_finds_the_theme_of_its_scope_and_shows_only_what_is_enough(ctx: ToolContext) -> None:
    finding = await call("cluster_scope", {"scope": {"language": "English"}}, ctx)
    assert finding.rows
    assert all(row.values[0].count is not None and row.values[0].count >= 15 for row in finding.rows)
    assert all(row.accounts is not None and row.accounts >= 5 for row in finding.rows)
    words = " ".join(row.label for row in finding.rows).casefold()
    assert "letter" in words or "dataframe" in words or "unnamed" in words
    assert not any(word in words for word in (*RARE_WORDS, *DOMINATED_WORDS))


async def test_cluster_scope_of_one_theme_divides_that_theme(ctx: ToolContext) -> None:
    finding = await call("cluster_scope", {"scope": {"concern_at_least": 3}}, ctx)
    total = len([record.account for record in records() if record.concern >= 3])
    assert sum(counts_of(finding)) <= total + 5 * len(finding.rows)
    assert abs(finding.totals[0] - total) <= 5
    assert finding.outside in (None, 0.0)


def counts_of(finding: Finding) -> list[int]:
    return [value for row in finding.rows if (value := row.values[0].count) is not None]


@pytest.mark.parametrize("step", ["month", "week"])
async def test_trend_of_everything_gives_what_a_plain_count_by_bucket_gives(ctx: ToolContext, step: str) -> None:
    finding = await call("trend", {"by": step}, ctx)
    plain = by(lambda record: _bucket(record, step), lambda record: record.day is not None)
    axis = sorted(name for name, accounts in plain.items() if is_enough(accounts))
    # What lies beside the first and the last bucket that is a group counts in that one.
    groups: dict[str, list[str]] = {name: [] for name in sorted(plain) if axis[0] <= name <= axis[-1]}
    for name, accounts in plain.items():
        groups[min(max(name, axis[0]), axis[-1])] += accounts
    assert counts(finding) == expected(groups)
    released = sorted(expected(groups))
    assert [row.label for row in finding.rows] == [
        name for name in sorted(groups) if released[0] <= name <= released[-1]
    ]
    assert finding.columns == ("conversations",)


def _bucket(record: Record, step: str) -> str:
    moment = record.moment
    assert moment is not None
    return record.month if step == "month" else f"{moment - timedelta(days=moment.weekday()):%Y-%m-%d}"


async def test_trend_of_a_scope_stands_beside_all_conversations_of_the_same_time(ctx: ToolContext) -> None:
    finding = await call("trend", {"scope": {"language": "Spanish"}}, ctx)
    everything = by(FACETS["month"], lambda record: record.day is not None)
    spanish = by(FACETS["month"], lambda record: record.day is not None and record.language == "Spanish")
    assert counts(finding, 1) == expected(everything)
    assert counts(finding) == expected(spanish)
    for row in finding.rows:
        part, whole = row.values
        assert part.count is not None
        assert whole.count is not None
        assert part.share == round(100 * part.count / whole.count, 1)


async def test_topics_name_only_terms_that_ten_accounts_used(ctx: ToolContext) -> None:
    finding = await call("count_by", {"by": "topic"}, ctx)
    texts = ctx.index.snapshot.texts(np.arange(len(ctx.index.snapshot)))
    assert len(finding.rows) > 10
    for row in finding.rows:
        holders = [
            record.account for record, text in zip(records(), texts, strict=True) if row.label in text.split("; ")
        ]
        assert len(set(holders)) >= 10
        assert counts(finding)[row.label] == rounded(len(holders))


ALL_CALLS: list[tuple[str, dict[str, Any]]] = [
    ("overview", {}),
    *[("count_by", {"by": facet}) for facet in (*FACETS, "theme", "topic")],
    ("count_by", {"by": "theme", "across": "language"}),
    ("compare", {"first": {"surface": "api"}, "by": "topic"}),
    ("compare", {"first": {"language": "Spanish"}, "second": {"language": "English"}}),
    ("emerging", {"since": str(MID)}),
    ("emerging", {"since": str(MID), "by": "topic"}),
    ("drill_down", {"cluster": LARGEST}),
    ("drill_down", {"cluster": "C1"}),
    ("coverage", {}),
    ("topic_map", {}),
    ("coverage", {"by": "language"}),
    ("search_topics", {"phrase": "merge pandas dataframe error"}),
    ("cluster_scope", {}),
    ("cluster_scope", {"min_size": 50}),
    ("trend", {"scope": {"language": "English"}, "by": "week"}),
]


@pytest.mark.parametrize(("name", "arguments"), ALL_CALLS, ids=str)
async def test_the_rare_theme_and_the_dominated_theme_are_in_no_finding(
    ctx: ToolContext, name: str, arguments: dict[str, Any]
) -> None:
    finding = await call(name, on(ctx.index, arguments), ctx)
    words = str(finding.as_dict()).casefold()
    assert not any(word in words for word in (*RARE_WORDS, *DOMINATED_WORDS, "quackenbush", "account-"))


@pytest.mark.parametrize("name", TOOLS)
def test_every_tool_has_a_manual_and_a_schema_whose_fields_are_described(name: str) -> None:
    tool = TOOLS[name]
    assert len(tool.manual) > 100
    assert tool.schema()["additionalProperties"] is False


BAD: list[tuple[str, dict[str, Any]]] = [
    ("delete_everything", {}),
    ("", {}),
    ("count_by", {}),
    ("count_by", {"by": "s3cret-value"}),
    ("count_by", {"by": "language", "extra": "s3cret-value"}),
    ("count_by", {"by": "language", "scope": {"account": "s3cret-value"}}),
    ("count_by", {"by": "language", "scope": {"since": "s3cret-value"}}),
    ("count_by", {"by": "language", "scope": {"concern_at_least": "s3cret-value"}}),
    ("count_by", {"by": "language", "across": "s3cret-value"}),
    ("count_by", {"by": "language", "across": "language"}),
    ("count_by", {"by": "topic", "across": "language"}),
    ("compare", {"first": {"language": "s3cret-value"}}),
    ("compare", {"first": {"language": "English"}, "second": {"language": "English"}}),
    ("compare", {"first": {"language": "English"}, "by": "s3cret-value"}),
    ("emerging", {"since": "s3cret-value"}),
    ("emerging", {"since": str(MID), "until": "2001-01-01"}),
    ("emerging", {"since": str(MID), "scope": {"since": str(MID)}}),
    ("drill_down", {"cluster": "s3cret-value"}),
    ("flag_gaps", {"concern_at_least": 9}),
    ("flag_gaps", {"scope": {"language": "English"}}),
    ("flag_gaps", {"concern_at_least": 5}),
    ("coverage", {"by": "s3cret-value"}),
    ("precedent", {"scope": {"language": "English"}}),
    ("audit_claim", {"tool": "s3cret-value", "numbers": [{"row": "x", "stated": 1}]}),
    ("audit_claim", {"tool": "overview", "numbers": []}),
    ("count_by", {"by": "language", "scope": {"language": "s3cret-value"}}),
    ("search_topics", {"phrase": "x"}),
    ("search_topics", {"phrase": "s3cret-value" * 50}),
    ("search_topics", {"phrase": "s3cret-value"}),
    ("search_topics", {"phrase": {"s3cret-value": 1}}),
    ("cluster_scope", {"min_size": 3}),
    ("cluster_scope", {"method": "s3cret-value"}),
    ("cluster_scope", {"scope": {"cluster": "s3cret-value"}}),
    ("trend", {"by": "s3cret-value"}),
    ("overview", {"scope": {}}),
]


@pytest.mark.parametrize(("name", "arguments"), BAD, ids=str)
async def test_an_unknown_tool_or_bad_arguments_are_refused_without_their_values(
    ctx: ToolContext, name: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(ToolRefusal) as caught:
        await call(name, arguments, ctx)
    assert len(str(caught.value)) > 20
    assert "s3cret" not in str(caught.value)
    assert ctx.gate.ledger.releases() == []


async def test_arguments_that_are_no_object_are_refused(ctx: ToolContext) -> None:
    with pytest.raises(ToolRefusal):
        await call("overview", [1], ctx)  # type: ignore[arg-type]


async def test_what_nobody_knows_of_a_facet_is_a_row_and_a_scope() -> None:
    told = [replace(one, surface="unknown") if place % 4 == 0 else one for place, one in enumerate(crowd(3))]
    with asked_in(told) as made:
        finding = await call("count_by", {"by": "surface"}, made)
        inside = await call("count_by", {"by": "language", "scope": {"surface": "not recorded"}}, made)
    assert counts(finding)["not recorded"] == inside.totals[0] == rounded((len(told) + 3) // 4)
