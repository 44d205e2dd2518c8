"""The built-in extractor: a summary without any model.

It lists what a conversation is about: concepts of our own lexicon, then words and phrases of the user's that will be
shown only where enough accounts use them. It copies no sentence. It says what it is: `name` is "built-in".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import regex

from agent.roles.builtin.concern import concern
from agent.roles.builtin.lexicon import concepts, refuses, valued
from index.core.facets import FacetSpec
from index.core.language import code_of
from index.core.records import UNKNOWN, Conversation
from index.core.words import FUNCTION_WORDS, WORD, capitalised_inside, is_unspaced, normalise
from index.ingest.extraction import Extraction, NotExtracted, Portion
from index.privacy.sealing import Listing, Term

MAX_TERMS = 40
MAX_ORDER = 32
"""Words of the beginning that the vector is made of."""
_PORTION = Portion(chars=3_200, reply_chars=80)
"""Of a reply only its beginning: enough to see a refusal."""

_KANJI_OR_KATAKANA = regex.compile(r"[\p{Han}々]{2,8}|[\p{Katakana}ー]{2,16}")
_ONE_SCRIPT = regex.compile(r"[\p{Han}々]{1,4}|[\p{Katakana}ー]+|\p{Hiragana}+|[^\p{Han}\p{Katakana}\p{Hiragana}ー々]+")
_HAN = regex.compile(r"\p{Han}+")
_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}]")
_DIGITS = regex.compile(r"\p{N}")


@dataclass(frozen=True, slots=True)
class BuiltinExtractor:
    """Reads conversations by lexicon and frequency. No model, no network."""

    own: Sequence[FacetSpec] = ()
    """Facets of the index's own; those with words are answered, the others stay unknown."""
    name: str = "built-in"
    portion: Portion = _PORTION

    def extract_here(self, batch: Sequence[Conversation]) -> Sequence[Extraction | NotExtracted]:
        return [self._extraction(conversation) for conversation in batch]

    def _extraction(self, conversation: Conversation) -> Extraction:
        text = "\n".join(conversation.said_by("user"))
        language = conversation.language or UNKNOWN
        terms = list(dict.fromkeys(_terms(text, language)))[:MAX_TERMS]
        level, harm = concern(text)
        cased = tuple(sorted(capitalised_inside(text))[:MAX_TERMS]) if language != "German" else ()
        order = tuple(_in_order(text, language))
        return Extraction(
            Listing(tuple(concepts(text)), tuple(Term(term) for term in terms), order, cased),
            language,
            level,
            harm,
            _outcome(conversation.said_by("assistant")),
            values={spec.name: value for spec in self.own if spec.words and (value := valued(text, spec.words))},
        )


def _outcome(replies: Sequence[str]) -> str:
    if not replies:
        return UNKNOWN
    return "refused" if any(map(refuses, replies)) else "answered"


def _terms(text: str, language: str) -> Iterator[str]:
    """Candidate terms in order of appearance: phrases of two words, and words."""
    if language == "Japanese" or (language == "Chinese" and _KANA.search(text)):
        yield from _KANJI_OR_KATAKANA.findall(text)
    elif language == "Chinese":
        yield from _chinese(text)
    stops = _stop_words(language)
    previous: tuple[str, int] | None = None
    for match in WORD.finditer(text):
        word = normalise(match.group())
        if len(word) < 3 or word in stops or _DIGITS.search(word) or _KANA.search(word) or _HAN.search(word):
            previous = None
            continue
        if previous is not None and text[previous[1] : match.start()].isspace():
            yield f"{previous[0]} {word}"
        yield word
        previous = (word, match.end())


def _in_order(text: str, language: str) -> list[str]:
    """The first words as they stand, one after the other; in scripts without spaces runs of one script, or for Chinese the
    words that a dictionary finds."""
    found: list[str] = []
    for match in WORD.finditer(text):
        word = normalise(match.group())
        if not is_unspaced(word):
            found.append(word)
        elif language == "Chinese" and not _KANA.search(word):
            import rjieba

            found += rjieba.cut(word)
        else:
            found += _ONE_SCRIPT.findall(word)
        if len(found) >= MAX_ORDER:
            break
    return found[:MAX_ORDER]


def _chinese(text: str) -> Iterator[str]:
    import rjieba

    for run in _HAN.findall(text):
        yield from (word for word in rjieba.cut(run) if len(word) > 1 and word not in _stop_words("Chinese"))


@cache
def _stop_words(language: str) -> frozenset[str]:
    """Words that say nothing of the subject. English function words, which are mixed into everything, and the
    language's own list. English itself has no more: the usual lists hold verbs that tell requests apart (change, find,
    work), and without them clusters of CLINC150 agreed with its intents at ARI .41 instead of .48."""
    from stopwordsiso import has_lang, stopwords

    code = code_of(language)
    listed = stopwords(code) if code and code != "en" and has_lang(code) else ()
    return frozenset(normalise(word) for word in listed) | FUNCTION_WORDS
