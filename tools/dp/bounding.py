"""What one account may contribute to a whole table, before noise is added to it.

An account keeps at most so many of its conversations, whatever cells they lie in, so that adding or removing everything
of one account moves the table's counts by a known sum. Data plane: it sees members and answers counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.snapshots.snapshot import Rows, Snapshot
from tools.core.errors import PrivacyViolation

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""Fibonacci hashing (Knuth, TAOCP 6.4)."""


@dataclass(frozen=True, slots=True)
class Bounded:
    """The counts of a table's cells after bounding. `sensitivity`: the sum by which one account can change them."""

    counts: list[int]
    sensitivity: int


def bounded(snapshot: Snapshot, cells: Sequence[Rows], most: int, cells_each: int) -> Bounded:
    """Counts of each cell with at most `most` conversations of any account in the whole table. `cells_each`: cells that
    one conversation may lie in. Raises PrivacyViolation when one lies in more."""
    together = np.concatenate(cells) if cells else np.zeros(0, dtype=np.int64)
    times = np.bincount(together, minlength=len(snapshot))
    if times.max(initial=0) > cells_each:
        raise PrivacyViolation("A conversation lies in more cells than its table allows.", "This is a bug in Shoal.")
    kept = np.zeros(len(snapshot), dtype=bool)
    kept[_kept(snapshot, np.flatnonzero(times), most)] = True
    return Bounded([int(kept[rows].sum()) for rows in cells], most * cells_each)


def _kept(snapshot: Snapshot, rows: Rows, most: int) -> Rows:
    """At most `most` rows of each account, drawn by a hash of their places among its own, in the order in which they
    came. Which ones must follow from the account's own conversations alone: were it to follow from their numbers, another
    account before them would change the choice, and with it cells that are not its own."""
    ordered = rows[np.lexsort((snapshot.numbers[rows], snapshot.accounts[rows]))]
    accounts = snapshot.accounts[ordered]
    drawn = np.lexsort((_hashed(_places(accounts)), accounts))
    return np.asarray(ordered[drawn][_places(accounts[drawn]) < most])


def _places(accounts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each entry's place among those of its account, from 0. `accounts` ascends."""
    _, first, each = np.unique(accounts, return_index=True, return_counts=True)
    return np.asarray(np.arange(len(accounts)) - np.repeat(first, each))


def _hashed(places: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Mixed so that no rhythm of the cells meets one of the choice."""
    mixed = (places.astype(np.uint64) + np.uint64(1)) * _MULTIPLIER
    mixed = (mixed ^ (mixed >> np.uint64(32))) * _MULTIPLIER
    return np.asarray(mixed ^ (mixed >> np.uint64(29)))
