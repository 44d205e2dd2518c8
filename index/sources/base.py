"""What ingest needs of a source: a name, a size to draw progress from, and a stream of reads."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from index.core.records import Conversation

MAX_RECORD_BYTES = 64 * 1024 * 1024
"""One record beyond this is passed over: it would be held in memory whole."""

TRUNCATED = "the file ends in the middle of a record"
CUT = "the compressed file is cut off; every whole record before the cut was read"
DAMAGED = "the compressed file is damaged; nothing after it could be read"
DAMAGED_ROWS = "a damaged row group; its remaining rows could not be read"
TOO_LARGE_ROWS = "a row group too large to read in 1 GB of memory; its remaining rows were not read"
NOT_JSON = "not valid JSON"
BROKEN = "broken JSON; nothing after it could be read"
NOT_UTF8 = "not valid UTF-8"
NOT_CSV = "not a valid CSV row"
NOT_OBJECT = "not a JSON object"
OTHER_SHAPE = "not of the file's shape"
TOO_DEEP = "nested too deeply"
NO_USER_TEXT = "no text by a user in it"
TOO_LONG = f"longer than {MAX_RECORD_BYTES // 2**20} MiB"
TOO_LONG_TO_GO_ON = f"{TOO_LONG}; nothing after it could be read"
JOINED = "a request that belongs to a conversation already counted"
JOINED_MESSAGE = "a further message of a conversation already counted"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record passed over. `reason` is one of a few fixed sentences, so that reasons can be counted."""

    reason: str


@dataclass(frozen=True, slots=True)
class Read:
    """One record: where it was and what it gave. `done` counts in the source's own unit (see `Source.total`)."""

    where: str
    done: int
    item: Conversation | Skipped = field(repr=False)


class Row(NamedTuple):
    """One record as its container gives it, before its shape is read. `value` may hold text: never print a row."""

    where: str
    done: int
    value: object


class Source(Protocol):
    """A stream of conversations that can be read again from its start."""

    @property
    def name(self) -> str: ...

    @property
    def format(self) -> str: ...

    @property
    def total(self) -> int:
        """Size in the unit of `Read.done` (bytes of a file, rows of a table, conversations of a generator); 0 when
        not known."""
        ...

    def __iter__(self) -> Iterator[Read]: ...
