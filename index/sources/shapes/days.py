"""Dates whose day and month are both figures, with slashes: which of the two comes first, a whole column shows.

A single value such as 10/05/2025 can be read both ways. Where one value of the sample has a number above 12 in front and none
has one behind, the day comes first in all of them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from index.sources.shapes.base import Record

_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})(?=$|[ T,])")
_MONTHS = 12
_DEPTH = 2


def is_day_first(sample: Iterable[object]) -> bool:
    """Whether the dates of a sample begin with the day."""
    pairs = [
        (int(match[1]), int(match[2]))
        for record in sample
        for text in _texts(record, _DEPTH)
        if (match := _SLASHED.match(text))
    ]
    return any(first > _MONTHS for first, _ in pairs) and all(second <= _MONTHS for _, second in pairs)


def with_day_first(record: Record) -> Record:
    """The record with such dates as ISO has them; only in its own fields and those of objects in it."""
    return {key: _rewritten(value, _DEPTH) for key, value in record.items()}


def _rewritten(value: object, depth: int) -> object:
    if isinstance(value, str):
        return _SLASHED.sub(_iso, value, count=1) if _SLASHED.match(value) else value
    if isinstance(value, Mapping) and depth:
        return {key: _rewritten(item, depth - 1) for key, item in value.items()}
    return value


def _iso(match: "re.Match[str]") -> str:
    year = match[3] if len(match[3]) == 4 else f"20{match[3]}"
    return f"{year}-{int(match[2]):02}-{int(match[1]):02}"


def _texts(value: object, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping) and depth:
        for item in value.values():
            yield from _texts(item, depth - 1)
