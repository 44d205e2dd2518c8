"""Which language a question is written in, by its script and its function words.

A detector trained on sentences loads for a second and is unsure of five words; a question is mostly function words.
"""

from functools import cache

import regex

from index.core.language import code_of
from index.core.words import FUNCTION_WORDS
from index.questions.languages import languages_in
from index.vocabulary import LANGUAGES

_WORD = regex.compile(r"(?<!\p{N})[\p{L}\p{M}]+(?!\p{N})")
_SCRIPTS = {
    "Japanese": regex.compile(r"[\p{Hiragana}\p{Katakana}]"), "Korean": regex.compile(r"\p{Hangul}"), "Thai": regex.compile(r"\p{Thai}"),
    "Arabic": regex.compile(r"\p{Arabic}"), "Russian": regex.compile(r"\p{Cyrillic}"), "Chinese": regex.compile(r"\p{Han}"),
}  # fmt: skip


_MARKS = {"Spanish": regex.compile(r"[¿¡]")}
"""Signs that one language alone writes."""


def language_of(question: str, earlier: str = "") -> str:
    """The language by its English name; English where nothing speaks for another. `earlier`: that of the question before,
    which a few words that several languages share are in too."""
    for language, script in _SCRIPTS.items():
        if len(script.findall(question)) >= 2:
            return language
    words = [word.casefold() for word in _WORD.findall(question)]
    shares = {language: sum(word in function_words(language) for word in words) for language in _spaced()}
    best = max(shares.values())
    if shares["English"] == best:
        return "English"
    # Two languages share many short words; the name of a language is written in one of them alone.
    likely = [language for language, share in shares.items() if share == best]
    marked = (language for language, mark in _MARKS.items() if language in likely and mark.search(question))
    if found := next(marked, earlier if earlier in likely else ""):
        return found
    return next((language for language in likely if languages_in(question, language, (), english=False)), likely[0])


@cache
def function_words(language: str) -> frozenset[str]:
    """The function words of a language of the vocabulary. The public list of English holds nouns and single letters too."""
    if language == "English":
        return FUNCTION_WORDS
    import stopwordsiso

    return frozenset(stopwordsiso.stopwords(code_of(language) or "en"))


def _spaced() -> list[str]:
    return sorted(LANGUAGES - _SCRIPTS.keys())
