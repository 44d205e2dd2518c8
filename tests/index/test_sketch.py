"""The form of a request: alike for one template, keyed, and silent about the words."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from index.core.records import Conversation, Turn
from index.privacy.sealing import Sealer
from index.privacy.sketch import VALUES, unpacked

KEY = b"k" * 32
WORDS = st.lists(
    st.sampled_from("write a warm letter for my uncle about rain and tax".split()), min_size=6, max_size=30
)


def sketch(text: str, key: bytes = KEY) -> bytes | None:
    return Sealer(key).sketch(Conversation((Turn("system", "be kind"), Turn("user", text), Turn("user", "and now"))))


def plain(words: list[str]) -> list[int]:
    """The least of each four bytes of the keyed hashes of all triples, written plainly."""
    triples = {" ".join(words[place : place + 3]) for place in range(len(words) - 2)}
    lowest = []
    for number in range(VALUES):
        values = []
        for triple in triples:
            digest = hashlib.blake2b(triple.encode(), key=KEY, digest_size=64, person=b"shoal-form").digest()
            values.append(int.from_bytes(digest[4 * number : 4 * number + 4], "little"))
        lowest.append(min(values))
    return lowest


@given(WORDS)
def test_a_sketch_is_the_least_keyed_hash_of_the_word_triples(words: list[str]) -> None:
    found = sketch(" ".join(words))
    assert found is not None
    assert unpacked([found]).tolist() == [plain(words)]


@given(WORDS, st.integers(0, 10**9), st.integers(0, 10**9))
def test_numbers_links_case_and_later_messages_do_not_change_a_form(words: list[str], one: int, other: int) -> None:
    text = " ".join(words)
    first = f"{text} {one} see https://shop{one}.example/x"
    second = f"{text.upper()} {other} see www.other{other}.example"
    assert sketch(first) == sketch(second)


def test_a_template_with_another_filling_is_near_and_another_request_is_not() -> None:
    template = (
        "Act as a patient tutor and explain {} to me as if I were twelve years old, with an everyday comparison and "
        "three questions at the end to check that I understood it"
    )
    texts = [template.format("inflation"), template.format("photosynthesis"), "Why does my sourdough stay flat and wet"]
    first, second, third = unpacked([found for text in texts if (found := sketch(text)) is not None])
    assert (first == second).sum() >= VALUES // 2
    assert (first == third).sum() <= 2


def test_without_the_key_a_guess_is_not_confirmed() -> None:
    text = "please write a warm letter to my uncle"
    assert sketch(text) != sketch(text, b"another key, another sketch, yes")
    assert text.encode() not in (sketch(text) or b"")


def test_a_short_request_has_no_form_and_a_script_without_spaces_has_one() -> None:
    assert sketch("translate this please") is None
    assert sketch("") is None
    assert sketch("请帮我写一封感谢老师的信") is not None
