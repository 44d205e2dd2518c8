"""The closed facets that summaries can be counted by, as codes over a snapshot."""

import numpy as np

from index.core.facets import STORED
from index.core.records import UNKNOWN, as_date
from index.snapshots.snapshot import UNDATED, Codes, Snapshot
from tools.core.errors import ToolRefusal

CLOSED = (*STORED, "month")
"""Closed facets that every index has; an index may define others of its own."""

FLAGGED = {"true": "flagged", "false": "not flagged"}
_BANDS = ((1, "1 turn"), (3, "2-3 turns"), (7, "4-7 turns"), (10**9, "8 turns or more"))


def facet_codes(snapshot: Snapshot, facet: str) -> Codes:
    """Values in their natural order and each summary's code. Raises ToolRefusal for a facet that does not exist."""
    if facet == "month":
        return _months(snapshot)
    own = {item.name: item.values for item in snapshot.own_facets if item.values}
    if facet in own:
        return _ordered(snapshot.facet(facet), own[facet])
    if facet not in STORED:
        raise ToolRefusal(f"There is no such closed facet. There are: {', '.join([*CLOSED, *own])}.")
    stored = snapshot.facet(facet)
    if facet == "turns":
        upper = np.array([limit for limit, _ in _BANDS])
        numbers = np.array([int(value) if value.isdigit() else 0 for value in stored.values])
        return Codes(tuple(name for _, name in _BANDS), np.searchsorted(upper, numbers[stored.codes]).astype(np.int32))
    if facet == "flagged":
        return Codes(tuple(FLAGGED.get(value, UNKNOWN) for value in stored.values), stored.codes)
    return stored


def _ordered(stored: Codes, order: tuple[str, ...]) -> Codes:
    """Codes in the order in which the facet's values are defined, unknown last."""
    values = (*order, UNKNOWN)
    place = np.array([values.index(value) if value in values else len(order) for value in stored.values])
    return Codes(values, place[stored.codes].astype(np.int32))


def _months(snapshot: Snapshot) -> Codes:
    days, place = np.unique(snapshot.days, return_inverse=True)
    names = [f"{as_date(int(day)):%Y-%m}" if day != UNDATED else "undated" for day in days]
    values, codes = np.unique(np.array(names, dtype=str), return_inverse=True)
    return Codes(tuple(str(value) for value in values), codes[place].astype(np.int32))
