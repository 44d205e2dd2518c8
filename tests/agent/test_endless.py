"""A reply without end is told from a long one."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from agent.llm.repetition import Repetition

DOCS = Path(__file__).parents[2] / "docs"


def found_endless(text: str, piece: int = 7) -> bool:
    seen = Repetition()
    return any(seen.is_endless(text[start : start + piece]) for start in range(0, len(text), piece))


@given(cycle=st.text(min_size=1, max_size=300), lead=st.text(max_size=200))
def test_a_cycle_is_found_wherever_it_begins(cycle: str, lead: str) -> None:
    assert found_endless(lead + cycle * (16_000 // len(cycle)))


def test_a_loop_of_paragraphs_that_counts_is_found() -> None:
    paragraph = (
        "The most common language is English, and the analyst should look at the next one of them in the same way."
    )
    assert found_endless("".join(f"{number}. {paragraph}\n" for number in range(200)))


def test_no_document_and_no_list_of_rows_is_one() -> None:
    for page in DOCS.rglob("*.md"):
        assert not found_endless(page.read_text("utf-8")), page.name
    rows = [
        {"label": f"Theme {n * 7919 % 1000}: {n * 31 % 97} words", "count": n * 37 % 911, "share": n * 13 % 100 / 7}
        for n in range(300)
    ]
    assert not found_endless(
        json.dumps(
            {"claims": [f"“{row['label']}” has {row['count']} conversations [F{n}]." for n, row in enumerate(rows)]}
        )
    )
    assert not found_endless(json.dumps(rows))
