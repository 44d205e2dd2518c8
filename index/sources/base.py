"""What ingest needs of a source: a name, a size to draw progress from, and a stream of reads."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from index.records import Conversation


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record passed over. `reason` is one of a few fixed sentences, so that reasons can be counted."""

    reason: str


@dataclass(frozen=True, slots=True)
class Read:
    """One record: where it stood and what it gave. `done` counts in the source's own unit (see `Source.total`)."""

    where: str
    done: int
    item: Conversation | Skipped = field(repr=False)


class Source(Protocol):
    """A stream of conversations that can be read again from its start."""

    @property
    def name(self) -> str: ...

    @property
    def format(self) -> str: ...

    @property
    def total(self) -> int:
        """Size in the unit of `Read.done` (bytes of a file, conversations of a generator); 0 when not known."""
        ...

    def __iter__(self) -> Iterator[Read]: ...
