"""Proper nouns in summaries (R6): which attested words are names, and whether enough people wrote them.

Twelve accounts that repeat one private person's name attest it like any word. A name therefore needs more than a word: a
public list has it, or far more accounts wrote it. A word is a name where accounts write it with a capital inside sentences, or
where a list of people's names has it and it is no other word; scripts without capitals have the lists alone. What is
barred here is in no summary, no vector and no topic.
"""

from collections.abc import Mapping

import regex
from pydantic import Field

from index.core.settings_file import SettingsModel
from index.core.words import is_unspaced, normalise, stem, words
from index.lists import is_common, is_given, is_public, is_surname, is_word
from index.privacy.sealing import Attested, Vocabulary, as_cased, edge_of

_CASED = 0.5
"""Share of a word's uses with a capital inside a sentence from which on it is a name. Uses at the beginning of a sentence and
in headings count against it, so a name is often under 1."""


class ProperNouns(SettingsModel):
    """Who must have written a name that no public list has before it is shown."""

    accounts: int = Field(50, ge=2)
    """Accounts that must have written it with a capital: for each name between so many and twice as many, drawn in secret."""
    share: float = Field(0.01, ge=0, le=1)
    """Share of all accounts that this must be at least, with the same draw."""


def showable(vocabulary: Vocabulary, cased: Mapping[int, int], accounts: int, needs: ProperNouns) -> Vocabulary:
    """The vocabulary without names that too few wrote. `cased`: by mark how many accounts wrote a word with a capital, where
    these are too few; of how many conversations it was beyond that, the vocabulary says itself (`as_cased`)."""
    barred = {
        stem(normalise(entry.word))
        for mark, entry in vocabulary.items()
        if mark >= 0 and " " not in entry.word and _is_barred(mark, entry, vocabulary, cased, accounts * needs.share)
    }
    return {
        mark: entry
        for mark, entry in vocabulary.items()
        if mark >= 0 and (barred.isdisjoint(map(stem, words(entry.word))) or is_public(normalise(entry.word)))
    }


def _is_barred(mark: int, entry: Attested, vocabulary: Vocabulary, cased: Mapping[int, int], least: float) -> bool:
    word = normalise(entry.word)
    broad = vocabulary.get(as_cased(mark))
    if is_public(word) or (broad is not None and broad.uses >= least * (1 + edge_of(mark))):
        return False
    with_capital = broad.uses if broad else cased.get(mark, 0)
    if not is_common(word) and with_capital >= _CASED * entry.uses:
        return True
    return _is_name(word)


_JAPANESE_NAME = regex.compile(r"[\p{Han}々]{3,5}(?:郎|彦|輔|奈|香|恵|織|々子)")
"""A surname and a given name written as one, by endings that common words of this length hardly have."""


def _is_name(word: str) -> bool:
    """Whether lists, or the form of names in the script, say that a word is a person's."""
    if (is_given(word) or is_surname(word)) and not is_word(word) and not is_common(word):
        return len(word) > 1
    if _JAPANESE_NAME.fullmatch(word):
        return True
    if is_unspaced(word) or not word.isascii():
        from index.screening import is_full_name

        return is_full_name(word)
    return False
