"""What ingest asks of whoever reads conversations (R11).

`index` knows no model. An extractor is handed in by the composition root; it is a reader: conversations go in, typed
extractions come out, and everything specific in them is sealed before it is stored.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from index.records import Conversation
from index.sealing import SummaryDraft


@dataclass(frozen=True, slots=True)
class Extraction:
    """What an extractor read. `draft` may name specifics; it stays in memory until sealed."""

    draft: SummaryDraft = field(repr=False)
    language: str
    """English name of the language, or "unknown"."""
    concern: int
    """1 (benign) to 5 (immediate review), the scale of Clio §1."""


@dataclass(frozen=True, slots=True)
class NotExtracted:
    """A conversation that could not be read, and why in fixed words (never the conversation's)."""

    reason: str


@runtime_checkable
class Extractor(Protocol):
    """Reads screened conversations, a batch at a time, and answers in their order."""

    name: str
    reads_replies: bool
    """Whether the assistant's replies help it; what it does not read is not even screened."""

    async def extract(self, batch: Sequence[Conversation]) -> Sequence[Extraction | NotExtracted]: ...


class LocalExtractor(Protocol):
    """An extractor that only computes. It is picklable, because it runs in worker processes (`index.reading`).

    It is given the language of each conversation, which the source stated or ingest detected.
    """

    name: str
    reads_replies: bool

    def extract_here(self, batch: Sequence[Conversation]) -> Sequence[Extraction | NotExtracted]: ...
