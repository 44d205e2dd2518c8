"""Names that may stand: phrases are attested, a failing name is tried once more, and never more than once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.core.words import is_function_word, specifics, stem, words
from index.naming.samples import Background, Member, NamingSample, group_language, group_phrases, phrases_of
from index.naming.verdicts import ToName, settled_names, unattested

ENGLISH = "English"


def members(text: str, accounts: int = 12, language: str = ENGLISH) -> list[Member]:
    return [Member(text, language, number) for number in range(accounts)]


def group(text: str, accounts: int = 12, language: str = ENGLISH) -> ToName:
    return ToName(NamingSample(()), members(text, accounts, language))


@dataclass
class Scripted:
    """A namer that answers in turn, and remembers what it was shown."""

    answers: list[list[str | None]]
    asked: list[Sequence[NamingSample]] = field(default_factory=list)
    name: str = "scripted"

    async def name_groups(self, samples: Sequence[NamingSample]) -> Sequence[str | None]:
        self.asked.append(samples)
        return self.answers[len(self.asked) - 1]


async def test_a_name_that_fails_is_asked_for_once_more_with_the_words_it_may_not_use() -> None:
    namer = Scripted([["Bread for Zephyrine", "Tax returns"], ["Baking bread"]])
    names = await settled_names(namer, [group("baking bread"), group("tax return")], 10)
    assert names == ["Baking bread", "Tax returns"]
    (again,) = namer.asked[1]
    assert again.barred == {"zephyrine"}
    assert again.taken == ("Tax returns",)


async def test_a_name_that_fails_twice_is_no_name_and_nobody_is_asked_a_third_time() -> None:
    namer = Scripted([["Zephyrine"], ["Quackenbush"]])
    assert await settled_names(namer, [group("baking bread")], 10) == [None]
    assert len(namer.asked) == 2


async def test_a_second_try_may_not_take_the_name_of_another_group() -> None:
    namer = Scripted([["Baking bread", "Zephyrine"], ["Baking bread"]])
    assert await settled_names(namer, [group("baking bread"), group("baking bread")], 10) == ["Baking bread", None]


async def test_groups_that_a_namer_found_no_name_for_are_left_without() -> None:
    namer = Scripted([[None]])
    assert await settled_names(namer, [group("baking bread")], 10) == [None]
    assert len(namer.asked) == 1


async def test_a_proposal_made_elsewhere_passes_the_same_check_and_the_namer_replaces_it() -> None:
    namer = Scripted([["Tax returns", "Baking"]])
    groups = [group("baking bread"), group("tax return"), group("baking bread")]
    assert await settled_names(namer, groups, 10, ["Bread", "Zephyrine's taxes", None]) == [
        "Bread", "Tax returns", "Baking",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["Write to jo@example.org", "Baking\u202ebread", "Call 415-555-0132"])
async def test_an_identifier_or_a_control_character_fails_however_many_wrote_it(name: str) -> None:
    assert await settled_names(Scripted([[name], [name]]), [group(name)], 10) == [None]


@pytest.mark.parametrize(("accounts", "missing"), [(9, {"baking"}), (10, set())])
def test_a_word_needs_ten_accounts_not_ten_conversations(accounts: int, missing: set[str]) -> None:
    some = members("baking", accounts) + [Member("baking", ENGLISH, 0)] * 20
    assert unattested("Baking", some, 10) == missing


def test_a_language_attests_its_own_name_and_no_other() -> None:
    some = members("メール", language="Japanese")
    assert unattested("メール (Japanese)", some, 10) == set()
    assert unattested("メール (Chinese)", some, 10) == {"chinese"}


def test_a_group_has_the_language_or_the_few_that_nine_in_ten_of_it_share() -> None:
    assert group_language(members("x", 9, "Turkish") + members("x", 1)) == "Turkish"
    assert group_language(members("x", 80, "Turkish") + members("x", 9) + members("x", 9, "Thai")) == ""
    assert group_language(members("x", 6, "Turkish") + members("x", 4, "Thai")) == "Turkish and Thai"
    assert group_language(members("x", 5, "Thai") + members("x", 3, "Dutch") + members("x", 2)) == (
        "Thai, Dutch and English"
    )
    assert group_language(members("x", 9, "unknown")) == ""
    assert group_language([]) == ""


def test_phrases_are_runs_of_up_to_four_words_that_begin_and_end_with_content() -> None:
    found = phrases_of("university entrance exam; recipes for soup")
    assert {"university entrance exam", "entrance exam", "recipe for soup", "exam"} <= set(found)
    assert found["recipe for soup"] == "recipes for soup"
    assert not {"exam recipe", "for soup", "recipe for"} & set(found)


@given(st.lists(st.sampled_from("a the bread recipe recipes soup of java c++ ; . 年賀状 for".split()), max_size=12))
def test_every_phrase_stands_in_the_text_as_it_is_written(found: list[str]) -> None:
    text = " ".join(found)
    plain = " ".join(words(text))
    for canonical, written in phrases_of(text).items():
        assert written in plain
        assert canonical == " ".join(stem(word) for word in written.split())
        assert not is_function_word(written.split()[0])
        assert not is_function_word(written.split()[-1])
        assert len(written.split()) <= 4


def test_listed_pairs_that_stand_together_are_read_as_one_phrase() -> None:
    some = members("press submit; submit button")
    background = Background.count(["other"] * 100, [ENGLISH] * 100)
    assert "press submit button" in {phrase.text for phrase in group_phrases(some, background, 10)}
    apart = members("press submit") + [Member("submit button", ENGLISH, number) for number in range(50, 62)]
    assert "press submit button" not in {phrase.text for phrase in group_phrases(apart, background, 10)}


@given(st.lists(st.sampled_from(["baking bread", "press submit; submit button", "tax return for cars"]), max_size=40))
def test_every_phrase_of_a_group_is_attested_by_ten_of_its_accounts(texts: list[str]) -> None:
    some = [Member(text, ENGLISH, number) for number, text in enumerate(texts)]
    for phrase in group_phrases(some, Background.count(texts, [ENGLISH] * len(texts)), 10):
        assert phrase.accounts >= 10
        assert unattested(phrase.text, some, 10) == set()
        assert specifics(phrase.text)
