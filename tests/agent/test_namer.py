"""The built-in namer: readable, told apart, never a word that the group or the closed lexicon did not give."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.roles.builtin.lexicon import titles
from agent.roles.builtin.namer import BuiltinNamer
from agent.roles.builtin.wording import capitalised, listed, same_word
from index.core.words import specifics
from index.naming.samples import Label, NamingSample, Phrase


def sample(*phrases: tuple[str, float], language: str = "English", children: tuple[str, ...] = ()) -> NamingSample:
    """Phrases with the share of accounts that used each, best first."""
    found = tuple(Phrase(text, round(100 * share), 3 * share, share, 3.0) for text, share in phrases)
    return NamingSample(found, (), language, children)


async def names(*samples: NamingSample) -> list[str | None]:
    return list(await BuiltinNamer().name_groups(samples))


async def test_a_name_leads_with_the_lexicons_head_and_says_what_sets_the_group_apart() -> None:
    found = await names(sample(("code debugging", 0.9), ("traceback", 0.5), ("import errors", 0.4), ("pytest", 0.3)))
    assert found == ["Debugging code: traceback and import errors"]


async def test_without_a_head_the_details_are_the_name() -> None:
    assert await names(sample(("lighthouse keeper", 0.6), ("php", 0.5))) == ["Phrases: lighthouse keeper and PHP"]


async def test_the_first_of_three_details_heads_the_others_so_that_no_name_reads_as_a_list() -> None:
    found = await names(sample(("payment page", 0.6), ("checkout", 0.5), ("shipping", 0.4)))
    assert found == ["Phrases: payment page, checkout and shipping"]


async def test_a_word_that_says_how_and_not_what_is_in_a_name_only_for_want_of_better() -> None:
    found = await names(
        sample(("locked", 0.9), ("honestly", 0.8), ("official notice", 0.5), ("feed", 0.4)), sample(("suspended", 0.9))
    )
    assert found == ["Phrases: official notice and feed", "Phrases: suspended"]


async def test_inflections_translations_and_accents_are_not_said_twice() -> None:
    found = await names(
        sample(("résumé", 0.9), ("resume", 0.8), ("resumes", 0.7)),
        sample(("e-mail", 0.9), ("メール", 0.8), language="Japanese"),
        sample(("explanation", 0.9), ("explain", 0.8)),
    )
    assert found == ["Résumé", "E-mail (Japanese)", "Explanations"]


async def test_a_longer_phrase_stands_for_its_words() -> None:
    found = await names(sample(("card", 0.6), ("lost credit card", 0.5), ("credit", 0.4)))
    assert found == ["Phrases: lost credit card"]


async def test_a_language_is_said_only_where_it_sets_a_group_apart() -> None:
    english, german = sample(("cover letter", 0.9)), sample(("cover letter", 0.9), language="German")
    assert await names(english, english, german) == ["Cover letters", None, "Cover letters (German)"]
    assert await names(german) == ["Cover letters"]


async def test_siblings_of_one_name_are_told_apart_by_what_differs_between_them() -> None:
    first = sample(("poem", 0.9), ("sea", 0.14), ("metre", 0.13))
    second = sample(("poem", 0.9), ("mother", 0.15), ("sea", 0.12))
    assert await names(first, second) == ["Poems: metre", "Poems: mother"]


async def test_no_two_names_are_the_same_even_where_nothing_differs() -> None:
    same = sample(("poem", 0.9))
    assert await names(same, same) == ["Poems", None]


async def test_a_parent_is_named_by_what_its_children_ask_for() -> None:
    parent = sample(("hotel", 0.3), ("flight", 0.3), ("visa", 0.2), ("suitcase", 0.2), children=("Hotels", "Flights"))
    assert await names(parent) == ["Flights, hotels and visas"]


async def test_a_second_try_uses_no_barred_word_and_no_taken_name() -> None:
    one = sample(("poem", 0.9), ("zephyrine", 0.5), ("sea", 0.4))
    assert await names(replace(one, barred=frozenset({"zephyrine"}))) == ["Poems: sea"]
    assert await names(replace(one, barred=frozenset({"poem"}))) == ["Phrases: zephyrine and sea"]
    plain = sample(("poem", 0.9))
    assert await names(replace(plain, taken=("Poems",))) == [None]


async def test_a_group_of_one_language_without_a_common_theme_is_named_by_its_language() -> None:
    assert await names(sample(("tax return", 0.9)), sample(language="Hindi"), sample(("poem", 0.9))) == [
        "Tax returns", "Various requests in Hindi", "Poems",
    ]  # fmt: skip
    assert await names(sample()) == [None]


@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from([*titles(), "sea", "lost card", "card", "php", "write"]), st.floats(0.05, 1))
        ),
        max_size=5,
    )
)
async def test_every_word_of_a_name_was_given(groups: list[list[tuple[str, float]]]) -> None:
    samples = [sample(*phrases) for phrases in groups]
    found = await names(*samples)
    shown = [name for name in found if name]
    assert len(shown) == len(set(shown))
    for name, one in zip(found, samples, strict=True):
        given_words = {word for phrase in one.phrases for word in specifics(phrase.text)} | {"english"}
        assert set(specifics((name or "").removeprefix("Phrases: "))) <= given_words


@pytest.mark.parametrize("head", titles())
def test_a_title_has_the_words_of_its_head_so_that_one_attests_the_other(head: str) -> None:
    assert set(specifics(titles()[head])) <= set(specifics(head))


def test_lists_are_written_as_people_write_them() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a and b", "c"]) == "a and b, c"
    assert capitalised("iPhone repair") == "iPhone repair"


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [("explain", "explanation", True), ("e-mail", "email", True), ("résumé", "resume", True),
     ("post", "poster", True), ("contract", "content", False), ("car", "care", False), ("tax", "taxi", False)],
)  # fmt: skip
def test_forms_of_a_word_are_one_word_and_neighbours_in_spelling_are_not(left: str, right: str, same: bool) -> None:
    assert same_word(left, right) is same
    assert same_word(right, left) is same


def labelled(*labels: tuple[str, float], phrases: tuple[str, ...] = (), language: str = "English") -> NamingSample:
    found = tuple(Phrase(text, 20, 2.0, 0.5, 2.0) for text in phrases)
    return NamingSample(found, language=language, labels=tuple(Label(text, fit) for text, fit in labels))


async def test_a_label_that_fits_is_the_name_and_siblings_take_the_next_then_a_language_then_phrases() -> None:
    samples = [
        labelled(("Baking bread", 0.8), ("Making dough and batter", 0.75)),
        labelled(("Baking bread", 0.9), ("Making dough and batter", 0.7)),
        labelled(("Baking bread", 0.7), language="German"),
        labelled(("Baking bread", 0.7), phrases=("rye", "crust")),
        labelled(phrases=("rye", "crust")),
    ]
    assert await BuiltinNamer().name_groups(samples) == [
        "Making dough and batter",
        "Baking bread",
        "Baking bread (German)",
        "Baking bread: crust and rye",
        "Phrases: rye and crust",
    ]


async def test_no_two_labelled_groups_have_one_name_even_where_nothing_differs() -> None:
    names = await BuiltinNamer().name_groups([labelled(("Baking bread", 0.8))] * 3)
    assert names[0] == "Baking bread"
    assert "Baking bread" not in names[1:]
