"""Which language a text is in, by a well-kept detector (lingua), as an English name.

It must say "unknown" rather than guess on text without letters: a wrong language is a wrong finding.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import regex

from index.core.records import UNKNOWN

LANGUAGES = (
    "Arabic Chinese Czech Dutch English French German Greek Hebrew Hindi Hungarian Indonesian Italian Japanese Korean "
    "Persian Polish Portuguese Romanian Russian Spanish Swedish Thai Turkish Ukrainian Vietnamese"
).split()
"""Languages told apart. More languages mean more confusion on short texts; those of large assistants' traffic."""

_LETTERS = regex.compile(r"\p{L}")
_MAX_CHARS = 160


@cache
def _detector() -> Any:
    """Lingua's detector; its models take seconds to load, so it waits for the first text."""
    from lingua import Language, LanguageDetectorBuilder

    known = [getattr(Language, name.upper()) for name in LANGUAGES]
    return LanguageDetectorBuilder.from_languages(*known).build()


def detect(texts: Sequence[str]) -> list[str]:
    """Each text's language by its English name, or "unknown" when it has fewer than four letters."""
    if not texts:
        return []
    heads = [text[:_MAX_CHARS] for text in texts]
    found = _detector().detect_languages_in_parallel_of(heads)
    return [
        language.name.capitalize() if language and len(_LETTERS.findall(head)) >= 4 else UNKNOWN
        for language, head in zip(found, heads, strict=True)
    ]


def unload() -> None:
    """Give back the half gigabyte that the detector's models take."""
    _detector.cache_clear()


_BY_CODE = {
    "ar": "Arabic", "zh": "Chinese", "cs": "Czech", "nl": "Dutch", "en": "English", "fr": "French", "de": "German",
    "el": "Greek", "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian", "id": "Indonesian", "it": "Italian",
    "ja": "Japanese", "ko": "Korean", "fa": "Persian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian",
    "ru": "Russian", "es": "Spanish", "sv": "Swedish", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian",
    "vi": "Vietnamese",
}  # fmt: skip
_CODE_BY_NAME = {name: code for code, name in _BY_CODE.items()}


def stated(value: object) -> str | None:
    """A source's own language field ("en", "pt-BR", "English") as an English name; None when it says nothing known."""
    if not isinstance(value, str) or not value.strip():
        return None
    text = value.strip()
    if text.capitalize() in _CODE_BY_NAME:
        return text.capitalize()
    return _BY_CODE.get(text.lower().replace("_", "-").split("-")[0])


def code_of(language: str) -> str | None:
    """The ISO 639-1 code of a language named in English."""
    return _CODE_BY_NAME.get(language)
