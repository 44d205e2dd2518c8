"""What the sieve leaves out cannot be in the text: it may only ask too much."""

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index import screening
from index.screening.look import Look
from index.screening.sieve import Sieve

_PIECES = (
    *("my name is", "password:", "sk-live_", "@", ".com", "www.", "://", "Jane", "ANNA", "Łukasz", "Nguyễn Thị", "İstanbul", "straße"),
    *("12", "7", "4111 1111", "A1B2", "§ 3", "№", "°", "'", "’", "-", ".", ", ", "/", "+", "#1234", "(at)", " dot ", "born", "1990"),
    *("mój brat", "моя сестра", "komşum", "同僚の", "山田", "太郎", "さん", "صديقي", "محمد", "मेरे", "자", "남궁", "[", "]", "{", "\\", "\n"),
    *("one two three four five six seven", "〒100", "丁目", "rue de", "Hauptstr.", "10115", "Berlin", "VIN", "\u2028", "\u00ad", "ſ", "K", "ı"),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(_PIECES), st.text(max_size=4)), max_size=14).map("".join))
@example("İ@İ.de")
@example("my name is ſam")
def test_every_pattern_that_finds_something_is_held(text: str) -> None:
    look = Look.at(text).text
    sieve = screening._sieve()
    held = sieve.held(look)
    missed = [pattern.pattern for pattern in sieve._patterns if pattern not in held and pattern.search(look)]
    assert not missed


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"(?<!\d)\d{2}(?=[^)]*x)", "a12b x"),
        (r"[^\s\p{L}]{3,9}", "12345"),
        (r"(?i)straße\b", "STRAßE 5"),
        (r"[\p{Han}\]\[-]{2,}", "]-"),
        (r"\u3042{2}", "ああ"),
        (r"(?:a|b(?!c)){1,300}$", "ab"),
    ],
)
def test_a_pattern_is_held_whatever_it_is_written_with(pattern: str, text: str) -> None:
    compiled = regex.compile(pattern)
    assert compiled.search(text)
    assert compiled in Sieve([compiled]).held(text)


def test_what_no_text_of_the_kind_can_hold_is_not_asked_for() -> None:
    """Most conversations hold no identifier, and then nothing is searched."""
    held = screening._sieve().held("how do i bake bread without yeast in a small oven")
    assert len(held) < len(screening._sieve()._patterns) / 20


class _Exhausted:
    def Match(self, text: bytes) -> None:  # noqa: N802 - RE2's name
        return None


def test_where_an_automaton_gives_up_every_pattern_is_asked() -> None:
    """A set of RE2 that runs out of memory says the same as one that found nothing, not even what is always there."""
    pattern = regex.compile(r"[a-z]@\d")
    sieve = Sieve([pattern])
    sieve.__dict__["_automata"] = ([(_Exhausted(), [pattern])], [])
    assert pattern in sieve.held("nothing of the kind")
