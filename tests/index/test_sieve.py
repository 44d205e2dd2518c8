"""What the sieve leaves out cannot be in the text: it may only ask too much."""

import subprocess
import sys

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


_FIRST_TEXTS_AT_ONCE = """
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError, Event
import regex
from index import screening
from index.screening import names
compiled, sought = regex.compile, names.sought
both_compile, one_waits, other_is_done = Barrier(2), Event(), Event()
def compile(*args, **named):
    with suppress(BrokenBarrierError):
        both_compile.wait(timeout=1)
    return compiled(*args, cache_pattern=False, **named)  # as when the memory of compiled patterns is full
def slowly():
    if not one_waits.is_set():
        one_waits.set()
        other_is_done.wait(timeout=1)
    return sought()
with ThreadPoolExecutor(2) as threads:
    regex.compile, names.sought = compile, slowly
    for first in [threads.submit(screening.mask, "call me") for _ in range(2)]:
        first.add_done_callback(lambda _: other_is_done.set())
regex.compile = compiled
print(screening.mask("send it to P.O. Box 255 please, my name is jane"))
"""


def test_threads_that_screen_their_first_text_at_once_share_one_set_of_patterns() -> None:
    """Each thread once compiled patterns of its own. The sieve then held those of one thread and was asked for another's,
    so nothing was found for the rest of the process."""
    run = subprocess.run([sys.executable, "-c", _FIRST_TEXTS_AT_ONCE], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["send", "it", "to", "please,"]
