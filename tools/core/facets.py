"""The closed facets that summaries can be counted by, as codes over a snapshot."""

from collections.abc import Mapping

import numpy as np

from index.core.facets import STORED, TURN_BANDS
from index.core.records import UNKNOWN, as_date
from index.snapshots.snapshot import UNDATED, Codes, Snapshot
from tools.core.counting import ranked
from tools.core.errors import ToolRefusal

CLOSED = (*STORED, "month")
"""Closed facets that every index has; an index may define others of its own."""

UNDATED_MONTH = "undated"
NOT_RECORDED = "not recorded"
"""What a table calls conversations whose value of a facet nobody knows."""

FLAGGED = {"true": "flagged", "false": "not flagged"}


def facet_codes(snapshot: Snapshot, facet: str) -> Codes:
    """Values in their natural order and each summary's code. Raises ToolRefusal for a facet that does not exist."""
    if facet == "month":
        return _months(snapshot)
    own = {item.name: item.values for item in snapshot.own_facets if item.values}
    if facet in own:
        return _spoken(_ordered(snapshot.facet(facet), own[facet]), {})
    if facet not in STORED:
        raise ToolRefusal(f"There is no such closed facet. There are: {', '.join([*CLOSED, *own])}.")
    stored = snapshot.facet(facet)
    return _spoken(stored, {"turns": TURN_BANDS, "flagged": FLAGGED}.get(facet, {}))


def _spoken(stored: Codes, words: Mapping[str, str]) -> Codes:
    """The same with each value as a table has it."""
    words = {UNKNOWN: NOT_RECORDED, **words}
    return Codes(tuple(words.get(value, value) for value in stored.values), stored.codes)


def _ordered(stored: Codes, order: tuple[str, ...]) -> Codes:
    """Codes in the order in which the facet's values are defined, then whatever else there is."""
    values = tuple(sorted(stored.values, key=lambda value: order.index(value) if value in order else len(order)))
    place = np.array([values.index(value) for value in stored.values], dtype=np.int32)
    return Codes(values, place[stored.codes])


def _months(snapshot: Snapshot) -> Codes:
    """Every month from the first to the last, so that one in which nobody was seen is there too; "undated" last."""
    days, place = ranked(snapshot.days)
    names = [f"{as_date(int(day)):%Y-%m}" if day != UNDATED else UNDATED_MONTH for day in days]
    dated = [name for name in names if name != UNDATED_MONTH]
    values = [*(_span(dated[0], dated[-1]) if dated else ()), *({UNDATED_MONTH} & set(names))]
    number = {value: at for at, value in enumerate(values)}
    return Codes(tuple(values), np.array([number[name] for name in names], dtype=np.int32)[place])


def _span(first: str, last: str) -> list[str]:
    """Months from one to another, both inclusive."""
    found = [first]
    while found[-1] < last:
        year, month = map(int, found[-1].split("-"))
        found.append(f"{year + month // 12:04d}-{month % 12 + 1:02d}")
    return found
