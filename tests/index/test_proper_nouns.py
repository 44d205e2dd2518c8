"""R6 for proper nouns: a private name that many accounts repeat stays out of summaries, whatever the script."""

from collections.abc import Sequence

import pytest

from index.core.home import Home
from index.core.records import Conversation, Turn
from index.handle import Writer, open_writer
from index.privacy.proper_nouns import ProperNouns, showable
from index.privacy.sealing import EDGE_BITS, Attested, as_cased, edge_of
from tests.fakes.corpus import FIRST_DAY, take

_REPEATING = 12
_NAMES = {
    "English": ("please explain what Zorbalt Quenworthy said about plumbing", "quenworthy", "plumbing"),
    "English, given name": ("please explain what Tobias said about plumbing", "tobias", "plumbing"),
    "small": ("please explain what tobias johansson said about plumbing", "johansson", "plumbing"),
    "small clinic": ("the waiting room of Morrowfield Clinic needs plumbing", "morrowfield", "plumbing"),
    "French": ("explique moi ce que Zorbalin Quenardier raconte sur la plomberie", "quenardier", "plomberie"),
    "Spanish": ("cuéntame qué dijo Remedios Quintanavides sobre la fontanería", "quintanavides", "fontanería"),
    "Polish": ("napisz co powiedziała Agnieszka Wróblewska o hydraulice", "wróblewska", "hydraulice"),
    "Russian": ("расскажи что говорила Евдокия Завьяловская про сантехнику", "завьяловская", "сантехнику"),
    "Greek": ("πες μου τι είπε ο Στέλιος Παπαδόγγονας για υδραυλικά", "παπαδόγγονας", "υδραυλικά"),
    "Chinese": ("请总结王晓明关于水管维修的意见", "王晓明", "维修"),
    "Japanese": ("水道工事について佐藤健太郎の意見を説明", "健太郎", "水道工事"),
    "Arabic": ("اشرح ما قالته فاطمة الزهراني عن السباكة", "فاطمة", "السباكة"),
    "Hindi": ("राजेश शर्मा ने नलसाज़ी के बारे में क्या कहा", "राजेश", "नलसाज़ी"),
    "Hebrew": ("תסביר מה אמר יוסף אבוטבול על אינסטלציה", "יוסף", "אינסטלציה"),
    "Korean": ("김민수 님이 배관공사 말한 내용 설명", "김민수", "배관공사"),
    "seed phrase": (
        "is ripple canvas orbit melody tunnel frozen gadget lizard humble victory pepper anchor good for plumbing",
        "gadget",
        "plumbing",
    ),
}


def _said(text: str, accounts: int, others: int = 0) -> Sequence[Conversation]:
    asked = [Conversation((Turn("user", text),), f"a{number}", FIRST_DAY) for number in range(accounts)]
    rest = [Conversation((Turn("user", "a recipe for soup"),), f"b{number}", FIRST_DAY) for number in range(others)]
    return [*asked, *rest]


def _summaries(writer: Writer) -> str:
    rows = writer.facts._rows("SELECT text FROM complete")
    return "\n".join(row[0] for row in rows).casefold()


@pytest.mark.parametrize("case", _NAMES)
async def test_a_name_that_twelve_accounts_repeat_is_not_shown(home: Home, case: str) -> None:
    text, name, subject = _NAMES[case]
    writer = open_writer(home.index_path("names"), home)
    await take(writer, _said(text, _REPEATING))
    shown = _summaries(writer)
    writer.close()
    assert subject.casefold() in shown
    assert name not in shown


async def test_a_name_that_very_many_accounts_write_is_shown(home: Home) -> None:
    writer = open_writer(home.index_path("broad"), home)
    await take(writer, _said("please explain what Zorbalt said about plumbing", 100))
    assert "zorbalt" in _summaries(writer)
    writer.close()


async def test_how_many_a_name_needs_is_drawn_for_each_so_that_one_account_more_hardly_ever_tells(home: Home) -> None:
    names = [f"{first}{last}" for first in ("Zorb", "Quen", "Vath", "Mirl", "Drex") for last in ("alt", "iwo", "ursk")]
    shown = {}
    for accounts in (49, 50, 75, 100):
        writer = open_writer(home.index_path(f"drawn-{accounts}"), home)
        said = [one for name in names for one in _said(f"please explain what {name} said about plumbing", accounts)]
        await take(writer, said)
        shown[accounts] = sum(name.casefold() in _summaries(writer) for name in names)
        writer.close()
    # All but one account invented: with the exact number all would be shown from 50 on.
    assert shown[49] == 0
    assert shown[50] <= 2
    assert 2 <= shown[75] <= len(names) - 2
    assert shown[100] == len(names)


async def test_names_that_everybody_knows_and_common_words_are_shown(home: Home) -> None:
    writer = open_writer(home.index_path("public"), home)
    await take(writer, _said("please compare Kubernetes in Lisbon with the Garden by Shakespeare", _REPEATING))
    shown = _summaries(writer)
    writer.close()
    assert all(word in shown for word in ("kubernetes", "lisbon", "garden", "shakespeare"))


def test_many_accounts_are_not_enough_where_they_are_few_of_all() -> None:
    vocabulary = {1: Attested("zorbalt", 60), as_cased(1): Attested("zorbalt", 60)}
    assert 1 in showable(vocabulary, {}, 1_000, ProperNouns())
    assert 1 not in showable(vocabulary, {}, 100_000, ProperNouns())


def test_the_share_of_all_accounts_is_drawn_for_each_name_too() -> None:
    marks = range(1, 1 << EDGE_BITS)
    needed = [edge_of(mark) for mark in marks]
    assert 0 <= min(needed) < 0.01 < 0.99 < max(needed) < 1
    vocabulary = {mark: Attested("zorbalt", 150) for mark in marks}
    vocabulary |= {as_cased(mark): Attested("zorbalt", 150) for mark in marks}
    shown = showable({1: vocabulary[1], as_cased(1): vocabulary[as_cased(1)]}, {}, 14_000, ProperNouns())
    assert set(shown) == {1}
    assert [
        mark
        for mark in marks
        if showable({mark: vocabulary[mark], as_cased(mark): vocabulary[as_cased(mark)]}, {}, 10_000, ProperNouns())
    ] == [mark for mark in marks if edge_of(mark) <= 0.5]


def test_a_phrase_with_a_name_goes_with_it() -> None:
    vocabulary = {1: Attested("quenworthy", 12), 2: Attested("quenworthy clinic", 12), 3: Attested("clinic", 12)}
    assert set(showable(vocabulary, {1: 12}, 12, ProperNouns())) == {3}
