"""What was computed of a set of rows, remembered for as long as the array lives.

One release looks at the same few arrays many times, from the thresholds to the ledger's entry. Arrays of rows are never
changed in place, so the array itself is the key; nothing is kept of one that is gone.
"""

import weakref
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from index.snapshots.snapshot import Rows

T = TypeVar("T")


class MemoByArray(Generic[T]):
    """A function of rows that is computed once for each array."""

    def __init__(self, compute: Callable[[Rows], T]) -> None:
        self._compute = compute
        self._known: dict[int, tuple[weakref.ref[Rows], T]] = {}

    def __call__(self, rows: Rows) -> T:
        key = id(rows)
        found = self._known.get(key)
        if found is not None and found[0]() is rows:
            return found[1]
        return self._keep(rows, self._compute(rows))

    def learn(self, sets: Sequence[Rows], compute: Callable[[Sequence[Rows]], Sequence[T]]) -> None:
        """Compute what is not known of many arrays at once."""
        fresh = [rows for rows in sets if (found := self._known.get(id(rows))) is None or found[0]() is not rows]
        for rows, value in zip(fresh, compute(fresh), strict=True):
            self._keep(rows, value)

    def _keep(self, rows: Rows, value: T) -> T:
        key, known = id(rows), self._known
        known[key] = (weakref.ref(rows, lambda _: known.pop(key, None)), value)
        return value
