"""From a source to complete summaries: read, screen, extract, seal, then render, embed and store.

Two stages, each resumable: reading stages drafts (a kill loses at most the batch in memory, and reading again passes
over what is known); summarising turns drafts into summaries in both stores. Raw text lives only in the batch at hand
(R1). One bad record or one failed extraction never ends the run; it is counted.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from index.embedding import Encoder
from index.extraction import Extraction, Extractor
from index.handle import same_encoder
from index.language import stated
from index.records import UNKNOWN, Conversation, Facets, Turn, day_number
from index.screening import Screen
from index.sealing import Sealer, render
from index.sources import Read, Skipped, Source
from index.stores.facts import Facts, Staged
from index.stores.repair import repair
from index.stores.vectors import VectorStore

READ_BATCH = 256
SUMMARY_BATCH = 1_024

_FIRST_TURN_CHARS = 2_000
_LATER_TURN_CHARS = 400
_LATER_TURNS = 3

DUPLICATE = "already in the index"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where ingest stands. `total` 0: not known. `note` says what is counted."""

    stage: str
    done: int
    total: int
    note: str = ""


@dataclass(slots=True)
class IngestReport:
    """The closing summary. `skipped` counts fixed reasons; `first_skips` says where each first happened."""

    taken: int = 0
    summarised: int = 0
    without_account: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    first_skips: dict[str, str] = field(default_factory=dict)
    elapsed_s: float = 0.0

    def skip(self, reason: str, where: str) -> None:
        self.skipped[reason] += 1
        self.first_skips.setdefault(reason, where)


@dataclass(frozen=True, slots=True)
class Ingest:
    """The parts of one ingest, handed in by the composition root."""

    facts: Facts
    vectors: VectorStore
    encoder: Encoder
    extractor: Extractor
    screen: Screen
    sealer: Sealer
    attest_accounts: int
    report: Callable[[Progress], None]

    async def run(self, source: Source) -> IngestReport:
        """Take everything from `source`. Idempotent: what is known is counted as a duplicate."""
        started = time.monotonic()
        outcome = IngestReport()
        repair(self.facts, self.vectors)
        same_encoder(self.facts.manifest("encoder"), self.encoder.name)
        self.facts.set_manifest("encoder", self.encoder.name)
        self.facts.set_manifest("extractor", self.extractor.name)
        reads = iter(source)
        while batch := await asyncio.to_thread(lambda: list(islice(reads, READ_BATCH))):
            await self._read(batch, outcome)
            self.report(Progress("reading", batch[-1].done, source.total, f"{outcome.taken:,} taken"))
        await self.summarise(outcome)
        self._state_accounts(outcome)
        outcome.elapsed_s = time.monotonic() - started
        return outcome

    async def _read(self, batch: list[Read], outcome: IngestReport) -> None:
        fresh = list(self._fresh(batch, outcome))
        if not fresh:
            return
        screened = await asyncio.to_thread(
            lambda: [self.screen.screened(_excerpt(item, self.extractor.reads_replies)) for _, _, item in fresh]
        )
        extractions = await self.extractor.extract(screened)
        staged: list[Staged] = []
        clear: dict[int, str] = {}
        for (where, identity, conversation), extraction in zip(fresh, extractions, strict=True):
            if not isinstance(extraction, Extraction):
                outcome.skip(extraction.reason, where)
                continue
            draft, words = self.sealer.seal(extraction.draft)
            clear.update(words)
            account = conversation.account or identity
            outcome.without_account += conversation.account is None
            staged.append(Staged(identity, self.sealer.account(account), _facets(conversation, extraction), draft))
        await asyncio.to_thread(self.facts.stage, staged, clear, self.attest_accounts)
        outcome.taken += len(staged)

    def _fresh(self, batch: list[Read], outcome: IngestReport) -> Iterator[tuple[str, str, Conversation]]:
        candidates: dict[str, tuple[str, str, Conversation]] = {}
        for read in batch:
            if isinstance(read.item, Skipped):
                outcome.skip(read.item.reason, read.where)
                continue
            identity = self._identity(read.item)
            if identity in candidates:
                outcome.skip(DUPLICATE, read.where)
            candidates.setdefault(identity, (read.where, identity, read.item))
        known = self.facts.known(list(candidates))
        for identity, candidate in candidates.items():
            if identity in known:
                outcome.skip(DUPLICATE, candidate[0])
            else:
                yield candidate

    def _identity(self, conversation: Conversation) -> str:
        parts = [conversation.account or "", conversation.time.isoformat() if conversation.time else ""]
        return self.sealer.content(parts + [f"{turn.role}\n{turn.text}" for turn in conversation.turns])

    async def summarise(self, outcome: IngestReport) -> None:
        """Turn every waiting draft into a summary in both stores, a batch at a time."""
        waiting = self.facts.drafts_waiting()
        vocabulary = self.facts.vocabulary() if waiting else {}
        rows = self.facts.drafts(SUMMARY_BATCH)
        texts = [render(row.draft, vocabulary) for row in rows]
        vectors = await asyncio.to_thread(self.encoder.encode, texts) if rows else None
        while vectors is not None:
            batch, numbers = self.facts.open_batch(rows, texts)
            upcoming = self.facts.drafts(SUMMARY_BATCH, skip=len(rows))
            next_texts = [render(row.draft, vocabulary) for row in upcoming]
            # The vector store takes this batch while the next one is embedded; only this thread uses the facts.
            writing = asyncio.to_thread(self.vectors.add, numbers, vectors)
            if upcoming:
                _, vectors = await asyncio.gather(writing, asyncio.to_thread(self.encoder.encode, next_texts))
            else:
                await writing
                vectors = None
            self.facts.complete_batch(batch)
            outcome.summarised += len(rows)
            self.report(Progress("summarising", outcome.summarised, waiting))
            rows, texts = upcoming, next_texts

    def _state_accounts(self, outcome: IngestReport) -> None:
        """Say once and for all whether accounts are real: without them each conversation counts as its own account."""
        if outcome.without_account:
            self.facts.set_manifest("accounts", "none")
        elif outcome.taken and self.facts.manifest("accounts") is None:
            self.facts.set_manifest("accounts", "stated")


def _excerpt(conversation: Conversation, with_replies: bool) -> Conversation:
    """What an extractor reads of a conversation: its opening at length, a few later turns in short."""
    kept = [turn for turn in conversation.turns if turn.role == "user" or (with_replies and turn.role == "assistant")]
    kept = [turn for turn in kept if turn.text.strip()]
    lengths = [_FIRST_TURN_CHARS] + [_LATER_TURN_CHARS] * (_LATER_TURNS * (2 if with_replies else 1))
    turns = tuple(Turn(turn.role, turn.text[:length]) for turn, length in zip(kept, lengths, strict=False))
    return replace(conversation, turns=turns)


def _facets(conversation: Conversation, extraction: Extraction) -> Facets:
    return Facets(
        language=stated(extraction.language) or UNKNOWN,
        concern=min(5, max(1, extraction.concern)),
        turns=len(conversation.said_by("user")),
        day=day_number(conversation.time) if conversation.time else None,
        flagged=conversation.flagged,
        surface=conversation.surface,
    )
