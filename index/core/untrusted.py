"""Untrusted text made safe to show: names of clusters, model output, questions and file names are data.

Every way out to a terminal, a browser or a file passes one of these two functions. Control characters, bidirectional
overrides and zero-width characters go; everything else stays as it is.
"""

import json
import unicodedata
from typing import Any

_DROPPED = {"Cc", "Cf", "Cs", "Co", "Cn"}
_KEPT = {"\n", "\t", "\u200c", "\u200d"}
"""Newlines, and the joiners that Indic and Persian spelling needs."""


def safe(text: str) -> str:
    """The text without characters that steer a terminal or hide."""
    return "".join(letter for letter in text if not is_unsafe(letter))


def is_unsafe(letter: str) -> bool:
    """Whether a character steers a terminal, changes the direction of what follows, or is not seen."""
    return letter not in _KEPT and unicodedata.category(letter) in _DROPPED


def safe_json(value: Any, indent: int | None = None) -> str:
    """JSON that loses nothing and steers no terminal: characters that `safe` drops are written as escapes."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return "".join(json.dumps(letter)[1:-1] if is_unsafe(letter) else letter for letter in text)


def safe_values(value: Any) -> Any:
    """The same JSON-like value with every text in it made safe, keys too."""
    if isinstance(value, str):
        return safe(value)
    if isinstance(value, dict):
        return {safe_values(key): safe_values(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(safe_values(item) for item in value)
    return value
