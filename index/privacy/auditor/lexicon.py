"""The closed word lists of the built-in auditor, as patterns.

Lists are words of ours (`words.toml`), in a dozen languages together. They must never be taken for complete: what no
list holds is left to attestation (R6), which needs no list.
"""

import tomllib
from collections import defaultdict
from functools import cache
from importlib.resources import files
from typing import Any

import regex

_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]")
_ARABIC = regex.compile(r"\p{Arabic}")
_NO_LETTER_BEFORE, _NO_LETTER_AFTER = r"(?<![\p{L}\p{M}\p{N}])", r"(?![\p{L}\p{M}\p{N}])"
_ARABIC_PREFIX = "(?:[وف]?(?:[بلك]?ال|لل|[بلك])?)"


@cache
def _lists() -> dict[str, str]:
    return tomllib.loads((files("index.privacy.auditor") / "words.toml").read_text("utf-8"))


@cache
def entries(name: str) -> tuple[str, ...]:
    """The entries of a list as they are written."""
    return tuple(dict.fromkeys(_lists()[name].split()))


def source(name: str) -> str:
    """A list as the source of a pattern, to be compiled by `compiled`. Words stand alone where the script has spaces,
    and anywhere where it has none. Entries are looked up as sets, so that a long list costs no more than a short one."""
    forms = {
        "closed": r"\L<{}_closed>",
        "open": r"\L<{}_open>[\p{{L}}\p{{M}}]*",
        "arabic": _ARABIC_PREFIX + r"\L<{}_arabic>",
    }
    present = _by_shape(name)
    apart = "|".join(form.format(name) for shape, form in forms.items() if f"{name}_{shape}" in present)
    found = [f"{_NO_LETTER_BEFORE}(?:{apart}){_NO_LETTER_AFTER}"] if apart else []
    found += [rf"\L<{name}_unspaced>"] if f"{name}_unspaced" in present else []
    return f"(?:{'|'.join(found)})"


def compiled(written: str, *names: str) -> "regex.Pattern[str]":
    """A pattern that uses the sources of these lists, for text in any case."""
    lists: dict[str, Any] = {key: found for name in names for key, found in _by_shape(name).items()}
    return regex.compile(written, regex.IGNORECASE, **lists)


@cache
def pattern(name: str) -> "regex.Pattern[str]":
    """A list as a pattern."""
    return compiled(source(name), name)


@cache
def _by_shape(name: str) -> dict[str, list[str]]:
    shapes: dict[str, list[str]] = defaultdict(list)
    for entry in entries(name):
        shape = "unspaced" if _UNSPACED.search(entry) else "arabic" if _ARABIC.search(entry) else "closed"
        if entry.endswith("*") and shape == "closed":
            shape = "open"
        shapes[f"{name}_{shape}"] += {entry.rstrip("*").replace("_", joint) for joint in " -"}
    return dict(shapes)
