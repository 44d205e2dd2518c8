"""Sealing: a word is written in clear only when enough accounts used it."""

from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.core.home import Home
from index.core.records import Conversation, Facets, Turn
from index.core.words import specifics
from index.handle import open_writer
from index.privacy.cipher import Cipher
from index.privacy.sealing import (
    SUMMARY,
    Attested,
    Listing,
    Prose,
    Sealer,
    SummaryDraft,
    Term,
    Vocabulary,
    marks_of,
    render,
)
from index.stores.facts import Facts
from index.stores.rows import Staged
from tests.fakes.corpus import FIRST_DAY, records, take

SEALER = Sealer(b"k" * 32)
FACETS = Facets("English", 1, 1, None, None, "web")


def sealed_of(draft: SummaryDraft) -> tuple[str, dict[int, str]]:
    return SEALER.seal({SUMMARY: draft})


def shown(sealed: str, vocabulary: Vocabulary) -> str:
    return render(sealed, vocabulary)[SUMMARY]


@settings(max_examples=400, deadline=None)
@given(
    text=st.text(max_size=200) | st.lists(st.text(max_size=12) | st.sampled_from(["the", "user", "asks"])).map(" ".join)
)
@example(text="ⓙⓐⓝⓔ ⓓⓞⓔ asks")
def test_prose_rendered_with_an_empty_vocabulary_holds_no_content_word(text: str) -> None:
    sealed, _ = sealed_of(Prose.of(text))
    assert specifics(shown(sealed, {})) == []


@settings(max_examples=200, deadline=None)
@given(terms=st.lists(st.text(max_size=20), max_size=8))
def test_a_listing_rendered_with_an_empty_vocabulary_holds_only_its_closed_heads(terms: list[str]) -> None:
    sealed, _ = sealed_of(Listing(("python code",), tuple(Term(term) for term in terms)))
    assert shown(sealed, {}) == "python code"


@settings(max_examples=200, deadline=None)
@given(text=st.text(st.characters(codec="ascii"), max_size=200))
def test_a_draft_unsealed_with_every_word_holds_every_specific_of_its_input(text: str) -> None:
    sealed, clear = sealed_of(Prose.of(text))
    assert marks_of(sealed) == set(clear)
    everything = {mark: Attested(word, 1) for mark, word in clear.items()}
    assert set(specifics(shown(sealed, everything))) == set(specifics(text))


def test_only_attested_words_are_shown_and_gaps_are_joined() -> None:
    sealed, clear = sealed_of(Prose.of("The user asks about Parkinson, levodopa, and a walking frame for Jane."))
    known = {mark: Attested(word, 5) for mark, word in clear.items() if word in ("walking", "frame")}
    assert shown(sealed, known) == "The user asks about …, and a walking frame for …."


def test_a_phrase_that_is_not_attested_gives_its_words_one_by_one() -> None:
    sealed, _ = sealed_of(Listing((), (Term("cover letter"),)))
    assert shown(sealed, {SEALER.mark("letter"): Attested("letter", 9)}) == "letter"


def test_an_attested_phrase_stands_for_its_words() -> None:
    sealed, clear = sealed_of(Listing((), (Term("cover letter"), Term("cover"), Term("letter"))))
    assert shown(sealed, {mark: Attested(word, 9) for mark, word in clear.items()}) == "cover letter"


def test_a_rendered_listing_is_not_in_the_order_of_the_conversation() -> None:
    sealed, _ = sealed_of(Listing((), (Term("alpha"), Term("bravo"), Term("charlie"))))
    uses = {"alpha": 5, "bravo": 9, "charlie": 7}
    assert shown(sealed, {SEALER.mark(word): Attested(word, n) for word, n in uses.items()}) == "bravo; charlie; alpha"


def test_nothing_attested_renders_as_a_gap_and_never_as_nothing() -> None:
    assert shown(sealed_of(Listing((), (Term("alpha"),)))[0], {}) == "…"
    assert shown(sealed_of(Prose(()))[0], {}) == "…"


def test_marks_depend_on_the_key_and_not_on_case_or_plural() -> None:
    assert SEALER.mark("Cover  Letters") == SEALER.mark("cover letter")
    assert Sealer(b"j" * 32).mark("cover letter") != SEALER.mark("cover letter")
    assert Sealer(b"j" * 32).account("a1") != SEALER.account("a1")


def test_content_addresses_tell_apart_where_one_part_ends() -> None:
    assert SEALER.content(["ab", "c"]) != SEALER.content(["a", "bc"])


def _stage(facts: Facts, account: str, word: str, number: int, accounts_needed: int = 5) -> None:
    sealed, clear = sealed_of(Listing((), (Term(word),)))
    facts.stage([Staged(f"id-{number}", SEALER.account(account), FACETS, sealed)], clear, accounts_needed, 50)


def test_a_word_enters_the_vocabulary_with_its_fifth_account_and_not_before(tmp_path: Path) -> None:
    facts = Facts(tmp_path / "facts.duckdb", Cipher(bytes(32), b"test"))
    for number in range(4):
        _stage(facts, f"account-{number}", "levodopa", number)
    for number in range(4, 40):
        _stage(facts, "account-0", "levodopa", number)
    assert facts.vocabulary() == {}
    _stage(facts, "account-4", "levodopas", 99)
    assert [item.word for item in facts.vocabulary().values()] == ["levodopas"]
    assert set(facts.vocabulary()) == {SEALER.mark("levodopa")}
    facts.close()


async def test_a_phrase_appears_only_where_five_accounts_wrote_the_phrase_itself(home: Home) -> None:
    def said(account: int, text: str) -> Conversation:
        return Conversation((Turn("user", text),), f"a{account}", FIRST_DAY)

    writer = open_writer(home.index_path("phrases"), home)
    together = [said(number, "zebrafish larvae") for number in range(4)]
    apart = [said(number, "zebrafish, larvae") for number in range(4, 12)]
    await take(writer, [*together, *apart])
    shown = {item.word for item in writer.facts.vocabulary().values()}
    assert {"zebrafish", "larvae"} <= shown
    assert "zebrafish larvae" not in shown
    await take(writer, [said(20, "zebrafish larvae please")])
    assert "zebrafish larvae" in {item.word for item in writer.facts.vocabulary().values()}
    writer.close()


async def test_words_of_too_few_accounts_are_in_no_summary_of_the_corpus(home: Home) -> None:
    writer = open_writer(home.index_path("some"), home)
    chosen = [record for record in records() if record.theme in ("letters", "rare")]
    await take(writer, [record.conversation() for record in chosen])
    shown = {word for item in writer.facts.vocabulary().values() for word in item.word.split()}
    assert {"clinical", "cover"} <= shown
    assert not shown & {record.unique for record in chosen}
    assert not shown & {"beehive", "varroa", "honeycomb", "quackenbush", "zephyrine"}
    writer.close()
