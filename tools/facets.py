"""The closed facets that summaries can be counted by, as codes over a snapshot."""

from typing import Literal

import numpy as np

from index.records import UNKNOWN, as_date
from index.snapshot import UNDATED, Codes, Snapshot

Facet = Literal["language", "concern", "turns", "flagged", "surface", "month"]

FLAGGED = {"true": "flagged", "false": "not flagged"}
_BANDS = ((1, "1 turn"), (3, "2-3 turns"), (7, "4-7 turns"), (10**9, "8 turns or more"))


def facet_codes(snapshot: Snapshot, facet: Facet) -> Codes:
    """Values in their natural order and each summary's code."""
    if facet == "month":
        return _months(snapshot)
    stored = snapshot.facet(facet)
    if facet == "turns":
        upper = np.array([limit for limit, _ in _BANDS])
        numbers = np.array([int(value) if value.isdigit() else 0 for value in stored.values])
        return Codes(tuple(name for _, name in _BANDS), np.searchsorted(upper, numbers[stored.codes]).astype(np.int32))
    if facet == "flagged":
        return Codes(tuple(FLAGGED.get(value, UNKNOWN) for value in stored.values), stored.codes)
    return stored


def _months(snapshot: Snapshot) -> Codes:
    days, place = np.unique(snapshot.days, return_inverse=True)
    names = [f"{as_date(int(day)):%Y-%m}" if day != UNDATED else "undated" for day in days]
    values, codes = np.unique(np.array(names, dtype=str), return_inverse=True)
    return Codes(tuple(str(value) for value in values), codes[place].astype(np.int32))
