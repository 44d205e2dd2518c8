"""The vector of a summary: its attested words, mixed with the kind of the request where words are missing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.core.records import Facets
from index.ingest.meaning import SummaryEncoder
from index.privacy.sealing import SUMMARY, Attested, Listing, Sealer, Term, Vocabulary
from index.stores.rows import DraftRow
from index.stores.vectors import Vectors
from tests.fakes.corpus import FakeEncoder

SEALER = Sealer(b"k" * 32)
FACETS = Facets("English", 1, 1, None, None, "web")
KIND = "Asking about dates and time"
MIDDLES = {KIND: FakeEncoder().encode(["calendar clock"])[0]}
WORDS = st.lists(st.sampled_from(["violin", "budget", "garden", "passport", "kettle"]), min_size=1, max_size=8)


def row_of(order: list[str], kind: str = KIND) -> tuple[DraftRow, dict[int, str]]:
    """A draft whose words were written in this order, and the words of its marks."""
    sealed, clear = SEALER.seal({SUMMARY: Listing((), tuple(Term(word) for word in order), tuple(order))})
    return DraftRow("c", 1, FACETS, sealed, kind=kind), clear


def known(clear: dict[int, str], *words: str) -> Vocabulary:
    return {mark: Attested(word, 9) for mark, word in clear.items() if word in words}


def vector(row: DraftRow, vocabulary: Vocabulary) -> Vectors:
    found: Vectors = SummaryEncoder(FakeEncoder(), MIDDLES)([row], vocabulary)[0]
    return found


@pytest.mark.parametrize("text", ["what is the day now", "will you create a timer for me", "how are you"])
def test_a_request_of_few_specifics_is_its_own_words_and_not_its_kind(text: str) -> None:
    row, clear = row_of(text.split())
    found = vector(row, known(clear, *text.split()))
    assert found == pytest.approx(FakeEncoder().encode([text])[0])


def test_the_kind_stands_for_as_many_words_as_are_missing() -> None:
    words = ["violin", "budget", "garden", "passport"]
    row, clear = row_of(words)
    near = [float(vector(row, known(clear, *words[:kept])) @ MIDDLES[KIND]) for kept in range(5)]
    assert near[0] > 0.99
    assert near == sorted(near, reverse=True)
    assert near[2] > near[4] + 0.3


def test_a_kind_that_is_not_known_changes_nothing() -> None:
    row, clear = row_of(["violin", "budget"], kind="unclear")
    assert vector(row, known(clear, "violin")) == pytest.approx(FakeEncoder().encode(["violin"])[0])


@given(order=WORDS, hidden=st.sampled_from(["Smith", "Parkinson"]), other=st.sampled_from(["Jones", "diabetes"]))
def test_r6_which_word_is_missing_is_not_in_the_vector(order: list[str], hidden: str, other: str) -> None:
    made = []
    for secret in (hidden, other):
        row, clear = row_of([*order, secret])
        made.append(vector(row, known(clear, *order)))
    assert np.array_equal(made[0], made[1])
