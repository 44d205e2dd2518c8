"""The answer's shape: Markdown and back, and patience with writers that keep the form loosely."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.answer import Draft, LeadCard, parse, render
from agent.core.events import AnswerMade, dump, load

lines = st.integers(min_value=1, max_value=10**6).map(
    lambda number: f"Sentence {number:,} of “a · b” (3.1 %) stands [F1, F2]."
)
many = st.lists(lines, max_size=3).map(tuple)
drafts = st.builds(
    Draft, answer=lines, findings=many, confidence=st.sampled_from(["low", "moderate", "high"]), reason=lines,
    would_change=many, left_out=many,
)  # fmt: skip


@given(drafts)
def test_a_rendered_answer_is_read_back_as_it_was(draft: Draft) -> None:
    assert parse(render(draft)) == draft


def test_a_lead_is_one_paragraph_with_its_themes_two_signals_one_benign_reading_and_the_next_step() -> None:
    card = LeadCard(
        claim="One [F1].", clusters=("“a”: 40 [F1].",), signals=("Two [F2].", "Three [F2].", "Four [F2]."), benign=("A course.", "News."), scope="The themes."
    )  # fmt: skip
    text = render(Draft(answer="Yes [F1].", leads=(card,)))
    assert text.splitlines()[-1] == (
        "**Lead 1.** One [F1]. “a”: 40 [F1]. Two [F2]. Three [F2]. Benign reading: A course. Next step: The themes."
    )


@given(st.text(max_size=400))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert isinstance(parse(text), Draft)


def test_prose_without_headings_is_an_answer_of_low_confidence() -> None:
    draft = parse("It is mostly code [F1].\n\nNothing more is known.")
    assert draft == Draft(answer="It is mostly code [F1]. Nothing more is known.")


@pytest.mark.parametrize(
    "text",
    [
        "Yes [F1].\n\n## Findings\n1. One [F1].\n2. Two\n   goes on [F2].\n\n## Confidence: Moderate\nFew weeks.",
        "### Answer\nYes [F1].\n### Findings\n* One [F1].\n* Two goes on [F2].\n**Confidence:** moderate. Few weeks.",
        "Yes [F1].\nFindings:\n- One [F1].\n- Two goes on [F2].\n__Confidence: moderate__ Few weeks.",
    ],
)
def test_loosely_kept_headings_are_still_read(text: str) -> None:
    draft = parse(text)
    assert draft.answer == "Yes [F1]."
    assert draft.findings == ("One [F1].", "Two goes on [F2].")
    assert (draft.confidence, draft.reason) == ("moderate", "Few weeks.")


def test_parts_without_content_leave_no_heading() -> None:
    assert render(Draft(answer="It is mostly code [F1].")) == "It is mostly code [F1]."


def test_an_answer_event_keeps_its_parts_and_an_event_of_before_loads_without_them() -> None:
    event = AnswerMade(text="Yes.", cited=(), parts=Draft(answer="Yes.", leads=(LeadCard(claim="c"),)))
    assert load(dump(event)) == event
    old = {
        "type": "answer_made",
        "at_s": 1.0,
        "text": "Yes.",
        "cited": [],
        "removed": [],
        "suggestions": [],
        "partial": False,
    }
    before = load(old)
    assert isinstance(before, AnswerMade)
    assert before.parts is None
    assert before.rows == ()
