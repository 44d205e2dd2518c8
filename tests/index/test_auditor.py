"""The built-in auditor of texts: floors on the validation set's held-out half, and what no rule may get wrong.

The floors are the figures of docs/benchmarks/names.md. The held-out texts are measured and never shown by a failing test.
"""

import json
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.privacy.auditor.rules import MAX_CHARACTERS, judge
from index.privacy.judgement import Judgement, Reason, stricter

TEXTS = Path(__file__).parents[1] / "fixtures" / "auditor" / "texts.jsonl"
ROWS = [json.loads(line) for line in TEXTS.read_text("utf-8").splitlines()]

FLOORS = {
    "adversarial": 15,
    "brand": 15,
    "combination": 20,
    "direct_identifier": 18,
    "handle": 25,
    "historic": 17,
    "named_person": 41,
    "number": 5,
    "organisation": 38,
    "place": 14,
    "product": 23,
    "rare_event": 22,
    "sensitive_topic": 46,
    "small_number": 14,
    "small_place": 13,
    "special_category": 53,
    "topic": 91,
}
"""Texts of the held-out half judged rightly, by class."""


def test_no_class_of_the_held_out_half_is_judged_worse_than_the_documents_say() -> None:
    right: dict[str, int] = defaultdict(int)
    for row in ROWS:
        if row["split"] == "held_out":
            right[row["class"]] += judge(row["text"]).is_rejected == row["leaks"]
    assert {kind: (right[kind], floor) for kind, floor in FLOORS.items() if right[kind] < floor} == {}


def test_the_validation_set_is_as_large_and_as_mixed_as_the_documents_say() -> None:
    assert sum(row["leaks"] for row in ROWS) >= 300
    assert sum(not row["leaks"] for row in ROWS) >= 300
    assert len({row["frame"] for row in ROWS}) >= 120
    assert {reason.value for reason in Reason} == {row["class"] for row in ROWS if row["leaks"]}
    assert {"en", "de", "fr", "es", "ja", "ar"} <= {row["language"] for row in ROWS}
    halves: dict[int, set[str]] = defaultdict(set)
    for row in ROWS:
        halves[row["frame"]].add(row["split"])
    assert all(len(half) == 1 for half in halves.values()), "a frame stands in one half, or the other half knows it"


@pytest.mark.parametrize(
    "text",
    [
        "Depression self-help",
        "Prayers for Easter",
        "HIV treatment: general facts",
        "Nurses and burnout",
        "Strikes and unions",
    ],
)
def test_a_sensitive_subject_alone_is_fine(text: str) -> None:
    assert judge(text) == Judgement(5)


@pytest.mark.parametrize(
    "text", ["The mayor's HIV diagnosis", "Nurses at St. Xavier with depression", "Our imam's gambling addiction"]
)
def test_the_same_subject_of_somebody_in_particular_is_not(text: str) -> None:
    assert judge(text).is_rejected


def test_a_text_too_long_to_be_a_name_is_rejected() -> None:
    assert judge("letters " * (MAX_CHARACTERS // 8 + 1)).reasons == {Reason.DISGUISE}


@settings(deadline=None)  # detectors load with the first text
@given(text=st.text(max_size=120))
def test_any_text_gets_a_verdict(text: str) -> None:
    verdict = judge(text)
    assert 1 <= verdict.score <= 5
    assert verdict.is_rejected or verdict.score >= 4


@given(
    text=st.sampled_from([row["text"] for row in ROWS if row["leaks"] and row["split"] == "tune"]),
    tail=st.text("ab, ", max_size=40),
)
def test_a_leak_stays_one_behind_a_benign_beginning(text: str, tail: str) -> None:
    if judge(text).is_rejected:
        assert judge(f"Short and polite emails, {tail} {text}").is_rejected


verdicts = st.builds(Judgement, st.integers(1, 5), st.frozensets(st.sampled_from(list(Reason))))


@given(first=verdicts, second=verdicts)
def test_a_second_opinion_only_takes_away(first: Judgement, second: Judgement) -> None:
    joined = stricter(first, second)
    assert joined.is_rejected >= max(first.is_rejected, second.is_rejected)
    assert joined == stricter(second, first)


def test_a_score_outside_the_scale_is_no_judgement() -> None:
    with pytest.raises(ValueError, match="between 1 and 5"):
        Judgement(6)
