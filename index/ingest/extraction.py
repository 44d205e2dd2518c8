"""What ingest asks of whoever reads conversations (R11).

`index` knows no model. An extractor is handed in by the composition root; it is a reader: conversations go in, typed
extractions come out, and everything specific in them is sealed before it is stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from index.core.records import UNKNOWN, Conversation
from index.privacy.sealing import SummaryDraft


@dataclass(frozen=True, slots=True)
class Extraction:
    """What an extractor read. `draft` may name specifics; it stays in memory until sealed."""

    draft: SummaryDraft = field(repr=False)
    language: str
    """English name of the language, or "unknown"."""
    concern: int
    """1 (benign) to 5 (immediate review), the scale of Clio §1."""
    harm: str = UNKNOWN
    """One of `index.core.facets.HARMS`."""
    outcome: str = UNKNOWN
    """One of `index.core.facets.OUTCOMES`."""
    texts: Mapping[str, SummaryDraft] = field(default_factory=dict, repr=False)
    """Free-text facets by name."""
    values: Mapping[str, str] = field(default_factory=dict)
    """Closed facets of the index's own by name."""


@dataclass(frozen=True, slots=True)
class Portion:
    """How much of a conversation an extractor reads; what it does not read is not even screened."""

    chars: int
    """Longer conversations are cut: the beginning, the end, and samples of the middle stay."""
    reply_chars: int
    """How much of each of the assistant's replies it reads; 0: none of them."""


@dataclass(frozen=True, slots=True)
class NotExtracted:
    """A conversation that could not be read, and why in fixed words (never the conversation's)."""

    reason: str


class _Reads(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def portion(self) -> Portion: ...


@runtime_checkable
class Extractor(_Reads, Protocol):
    """Asks a model about screened conversations, many at a time, and answers in their order."""

    @property
    def at_once(self) -> int:
        """Conversations it wants to be asked about in one call."""
        ...

    @property
    def ahead(self) -> int:
        """Calls that may run beside the one waited for."""
        ...

    async def extract(self, batch: Sequence[Conversation]) -> Sequence[Extraction | NotExtracted]: ...

    def staged(self, answers: Sequence[Extraction | NotExtracted]) -> None:
        """What `extract` answered is in the index now (this very sequence): it need not be kept anywhere else."""
        ...


class LocalExtractor(_Reads, Protocol):
    """An extractor that only computes. It is picklable, because it runs in worker processes (`index.ingest.reading`).

    It is given the language of each conversation, which the source stated or ingest detected.
    """

    def extract_here(self, batch: Sequence[Conversation]) -> Sequence[Extraction | NotExtracted]: ...
