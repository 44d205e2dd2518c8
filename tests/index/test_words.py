"""Words: one definition for sealing, naming and attestation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.core.language import LANGUAGES, code_of, detect, stated
from index.core.records import UNKNOWN
from index.core.words import FUNCTION_WORDS, is_unspaced, normalise, specifics, stem, words


@pytest.mark.parametrize(
    ("plural", "singular"),
    [
        ("letters", "letter"),
        ("recipes", "recipe"),
        ("countries", "country"),
        ("boxes", "box"),
        ("wishes", "wish"),
        ("batches", "batch"),
        ("classes", "class"),
        ("jane's", "jane"),
        ("dr. jane’s".split()[1], "jane"),
    ],
)
def test_a_plural_or_possessive_has_the_stem_of_its_singular(plural: str, singular: str) -> None:
    assert stem(plural) == stem(singular) == singular


@pytest.mark.parametrize("word", ["glass", "virus", "analysis", "gas", "été", "日本語", "c++", "x2s"])
def test_a_word_that_only_looks_like_a_plural_stays(word: str) -> None:
    assert stem(word) == word


def test_signs_that_belong_to_a_word_stay_in_it() -> None:
    assert list(words("C++, C# and node.js; it's Jane’s e-mail_x")) == [
        "c++", "c#", "and", "node.js", "it's", "jane's", "e-mail_x",
    ]  # fmt: skip


def test_full_width_and_case_do_not_make_another_word() -> None:
    assert list(words("ＰＹＴＨＯＮ Straße İstanbul")) == ["python", "strasse", "istanbul"]


def test_specifics_are_all_content_words_once_each_in_order_with_numbers_and_rare_lower_case_words() -> None:
    assert specifics("The user asks about levodopa, 42 doses of Levodopa in Basel") == [
        "levodopa",
        "42",
        "dose",
        "basel",
    ]


def test_scripts_without_spaces_are_known() -> None:
    assert [is_unspaced(text) for text in ("敬語", "ไทย", "한국어", "english")] == [True, True, False, False]


@given(text=st.text(max_size=100))
def test_every_letter_and_digit_of_a_text_lies_in_some_word(text: str) -> None:
    joined = "".join(words(text))
    assert all(letter in joined for letter in normalise(text) if letter.isalnum())


@given(text=st.text(max_size=100))
def test_normalising_twice_is_normalising_once_for_the_words_found(text: str) -> None:
    found = list(words(text))
    assert [again for word in found for again in words(word)] == found


def test_function_words_are_in_the_form_in_which_words_are_compared() -> None:
    assert {normalise(word) for word in FUNCTION_WORDS} == set(FUNCTION_WORDS)


@pytest.mark.parametrize(
    ("value", "name"),
    [("en", "English"), ("pt-BR", "Portuguese"), ("zh_Hans", "Chinese"), ("JAPANESE", "Japanese"), (" De ", "German")],
)
def test_a_stated_language_is_read_as_code_or_name(value: str, name: str) -> None:
    assert stated(value) == name


@pytest.mark.parametrize("value", ["", "  ", "klingon", None, 5, ["en"], "e n"])
def test_a_stated_language_that_is_not_known_is_none(value: object) -> None:
    assert stated(value) is None


def test_every_language_told_apart_has_a_code_that_leads_back_to_it() -> None:
    codes = {name: code_of(name) for name in LANGUAGES}
    assert all(code is not None and stated(code) == name for name, code in codes.items())
    assert code_of(UNKNOWN) is None


def test_the_real_detector_knows_languages_and_says_unknown_without_letters() -> None:
    texts = [
        "Could you please write a cover letter for a nurse position in a hospital?",
        "¿Puedes darme una receta de lentejas con chorizo para la cena de esta noche?",
        "この文章を丁寧な敬語に書き直してください。",
        "12345 67890 !!!",
        "",
    ]
    assert detect(texts) == ["English", "Spanish", "Japanese", UNKNOWN, UNKNOWN]
