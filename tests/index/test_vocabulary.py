"""The public vocabulary: whole, and what of a name is public."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.core.facets import HARMS
from index.vocabulary import UNCLEAR, Request, public_part, vocabulary

KNOWN = vocabulary()


def test_it_is_as_large_as_it_says_and_no_two_labels_are_alike() -> None:
    labels = [request.label for request in KNOWN.requests]
    assert len(labels) >= 1_200
    assert len(KNOWN.areas) >= 150
    assert 18 <= len(KNOWN.fields) <= 24
    assert len({label.casefold() for label in labels}) == len(labels)
    assert not {*KNOWN.fields} & {*KNOWN.areas}
    assert UNCLEAR not in {*labels, *KNOWN.areas, *KNOWN.fields}
    assert not {*labels, *KNOWN.areas, *KNOWN.fields} & {*HARMS}


def test_labels_read_as_an_analyst_would_write_them() -> None:
    for request in KNOWN.requests:
        assert len(request.phrasings) >= 3, request
        assert request.label[0].isupper(), request
        assert 4 <= len(request.label) <= 70, request
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ,.#+'ö\-]+", request.label), request


@pytest.mark.parametrize(
    ("name", "public", "rest"),
    [
        ("Writing a cover letter", "Writing a cover letter", ""),
        ("Writing a cover letter (German)", "Writing a cover letter (German)", ""),
        ("Writing a cover letter: nurse and clinic (German and French)", "Writing a cover letter (German and French)", "nurse and clinic"),
        ("Writing a cover letter: nurse", "Writing a cover letter", "nurse"),
        ("Food and cooking", "Food and cooking", ""),
        ("Writing a cover letter (Jane Roe)", "", "Writing a cover letter (Jane Roe)"),
        ("Writing a cover letter for Jane Roe", "", "Writing a cover letter for Jane Roe"),
        ("Phrases: nurse and clinic", "", "nurse and clinic"),
        ("", "", ""),
    ],
)  # fmt: skip
def test_what_of_a_name_is_public(name: str, public: str, rest: str) -> None:
    assert public_part(name) == (public, rest)


@given(st.sampled_from(KNOWN.requests), st.text(max_size=30))
def test_nothing_behind_a_label_is_public_but_languages(request_of: Request, behind: str) -> None:
    label = request_of.label
    public, rest = public_part(label + behind)
    assert public in ("", label) or behind.endswith(")")
    assert not public or set(behind) - set(rest) <= set(": ()") or behind == ""
