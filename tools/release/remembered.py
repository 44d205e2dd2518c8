"""What was decided of a table, for as long as nothing that was released since could change it.

A team asks much the same of one index, and a table of hundreds of themes takes long to decide. What is decided follows from
the members of its groups, the policy, and the sets that were released before; so where all three are the same, so is the
decision. It is released and written to the ledger anew all the same. Data plane: it holds members; use it under the ledger's
lock.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from typing import NamedTuple

from index.snapshots.snapshot import Rows
from tools.core.candidate import CandidateTable
from tools.core.ledger import ReleasedSet
from tools.core.table import DecidedTable
from tools.release.rows import RenderedTable

_MOST_MEMBERS = 4_000_000
"""Of all decisions that are kept, counted once for each cell: 32 MB."""


class Decision(NamedTuple):
    """The rows that leave, the sets that the ledger keeps of them, and the smallest count among them."""

    shown: RenderedTable
    sets: list[ReleasedSet]
    smallest: int | None
    members: int
    """How many the cells hold together."""

    @classmethod
    def of(cls, table: DecidedTable, shown: RenderedTable, sets: list[ReleasedSet]) -> "Decision":
        smallest = min((cell.released for cell in table.cells if cell.released is not None), default=None)
        return cls(shown, sets, smallest, sum(len(cell.rows) for cell in table.all_cells))


class Remembered:
    """Decisions by what they were made of. `key_of`: what tells sets of conversations apart, eight bytes."""

    def __init__(self, key_of: Callable[[Rows], bytes]) -> None:
        self._key_of = key_of
        self._known: OrderedDict[bytes, Decision] = OrderedDict()
        self._members = 0
        self._version: object = None

    def decision(
        self, candidate: CandidateTable, labels: Sequence[str], version: object, decide: Callable[[], Decision]
    ) -> Decision:
        """What `decide` makes of a candidate with these labels, or made of them while the history had the same `version`."""
        if version != self._version:
            self._known.clear()
            self._members, self._version = 0, version
        key = self._content(candidate, labels)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = decide()
            self._members += known.members
        self._known.move_to_end(key)
        while self._members > _MOST_MEMBERS and len(self._known) > 1:
            self._members -= self._known.popitem(last=False)[1].members
        return known

    def _content(self, candidate: CandidateTable, labels: Sequence[str]) -> bytes:
        """All that the steps of a release look at: members by key, and what they are to each other and to a reader."""
        digest = blake2b(digest_size=16)
        form = (
            *(candidate.columns, candidate.unit, candidate.shape, candidate.within, candidate.has_row_totals),
            *(candidate.outside is None, candidate.wholes is None, candidate.notes, candidate.statistic, labels),
            [
                (group.id, group.parent, group.is_text, group.bands, group.place, group.whole is None)
                for group in candidate.groups
            ],
        )
        digest.update(repr(form).encode("utf-8", "surrogatepass"))
        for rows in _sets(candidate):
            digest.update(self._key_of(rows))
        return digest.digest()


def _sets(candidate: CandidateTable) -> Iterator[Rows]:
    yield candidate.resolved.rows
    yield from candidate.wholes or ()
    if candidate.outside is not None:
        yield candidate.outside
    for group in candidate.groups:
        yield from group.columns
        if group.whole is not None:
            yield group.whole
