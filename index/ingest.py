"""From a source to complete summaries: read, screen, extract, seal, then render, embed and store.

Two stages, each resumable: reading stages drafts (a kill loses at most the batch in memory, and reading again passes
over what is known); summarising turns drafts into summaries in both stores. Raw text lives only in the batch at hand
(R1). One bad record or one failed extraction never ends the run; it is counted.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import NamedTuple

from index.embedding import Encoder
from index.errors import IndexFault
from index.extraction import Extractor, LocalExtractor, NotExtracted
from index.handle import same_encoder
from index.language import detect, stated, unload
from index.reading import Sealed, excerpt, read_all, screen_all, seal_all, worker_count
from index.records import UNKNOWN, Conversation, Facets, day_number
from index.sealing import Sealer, render
from index.sources import Read, Skipped, Source
from index.stores.facts import Facts, Staged
from index.stores.repair import repair
from index.stores.vectors import VectorStore

READ_BATCH = 256
SUMMARY_BATCH = 1_024

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


class _Fresh(NamedTuple):
    """A conversation that the index does not hold yet."""

    where: str
    id: str
    conversation: Conversation


@dataclass(frozen=True, slots=True)
class Ingest:
    """The parts of one ingest, handed in by the composition root. `workers` starts what runs `index.reading`."""

    facts: Facts
    vectors: VectorStore
    encoder: Encoder
    extractor: Extractor | LocalExtractor
    workers: Callable[[], Executor]
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
        await self._read_source(source, outcome)
        await self.summarise(outcome)
        self._state_accounts(outcome)
        outcome.elapsed_s = time.monotonic() - started
        return outcome

    async def _read_source(self, source: Source, outcome: IngestReport) -> None:
        """Read batch by batch, a few at a time in the workers, staged in the source's order."""
        reads = iter(source)
        ahead = 0 if isinstance(self.extractor, Extractor) else worker_count()
        flying: deque[tuple[int, list[_Fresh], asyncio.Task[list[Sealed | NotExtracted]]]] = deque()

        async def land() -> None:
            done, fresh, reading = flying[0]
            await asyncio.to_thread(self._stage, fresh, await reading, outcome)
            flying.popleft()
            self.report(Progress("reading", done, source.total, f"{outcome.taken:,} taken"))

        workers = self.workers()
        try:
            while batch := await asyncio.to_thread(lambda: list(islice(reads, READ_BATCH))):
                known = {item.id for _, fresh, _ in flying for item in fresh}
                fresh = list(self._fresh(batch, known, outcome))
                flying.append((batch[-1].done, fresh, asyncio.create_task(self._read(workers, fresh))))
                while len(flying) > ahead:
                    await land()
            while flying:
                await land()
        except BrokenProcessPool as error:
            raise IndexFault(
                "A process that reads conversations was killed, perhaps for want of memory.",
                "Run the same command again: what was read is kept.",
            ) from error
        finally:
            for _, _, reading in flying:
                reading.cancel()
            await asyncio.gather(*(reading for _, _, reading in flying), return_exceptions=True)
            workers.shutdown(cancel_futures=True)
            unload()

    async def _read(self, workers: Executor, fresh: Sequence[_Fresh]) -> list[Sealed | NotExtracted]:
        """Screen, extract and seal. What a model reads is screened and sealed in the workers, before and after."""
        work = asyncio.get_running_loop().run_in_executor
        extractor = self.extractor
        batch = [excerpt(item.conversation, extractor.reads_replies) for item in fresh]
        if not isinstance(extractor, Extractor):
            batch = await asyncio.to_thread(_with_languages, batch)
            return await work(workers, read_all, self.sealer, extractor, batch)
        screened = await work(workers, screen_all, batch)
        readable = [item for item in screened if isinstance(item, Conversation)]
        extractions = iter(await extractor.extract(readable))
        answers = [next(extractions) if isinstance(item, Conversation) else item for item in screened]
        return await work(workers, seal_all, self.sealer, answers)

    def _stage(self, fresh: Sequence[_Fresh], readings: Sequence[Sealed | NotExtracted], outcome: IngestReport) -> None:
        staged: list[Staged] = []
        clear: dict[int, str] = {}
        for (where, identity, conversation), reading in zip(fresh, readings, strict=True):
            if isinstance(reading, NotExtracted):
                outcome.skip(reading.reason, where)
                continue
            clear.update(reading.clear)
            account = conversation.account or identity
            outcome.without_account += conversation.account is None
            staged.append(Staged(identity, self.sealer.account(account), _facets(conversation, reading), reading.draft))
        if staged:
            self.facts.stage(staged, clear, self.attest_accounts)
        outcome.taken += len(staged)

    def _fresh(self, batch: Sequence[Read], flying: Collection[str], outcome: IngestReport) -> Iterator[_Fresh]:
        candidates: dict[str, _Fresh] = {}
        for read in batch:
            if isinstance(read.item, Skipped):
                outcome.skip(read.item.reason, read.where)
                continue
            identity = self._identity(read.item)
            if identity in candidates or identity in flying:
                outcome.skip(DUPLICATE, read.where)
            else:
                candidates[identity] = _Fresh(read.where, identity, read.item)
        known = self.facts.known(list(candidates))
        for identity, candidate in candidates.items():
            if identity in known:
                outcome.skip(DUPLICATE, candidate.where)
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
        vectors = await asyncio.to_thread(self.encoder.encode, _embedded(texts)) if rows else None
        while vectors is not None:
            batch, numbers = self.facts.open_batch(rows, texts)
            upcoming = self.facts.drafts(SUMMARY_BATCH, skip=len(rows))
            next_texts = [render(row.draft, vocabulary) for row in upcoming]
            # The vector store takes this batch while the next one is embedded; only this thread uses the facts.
            writing = asyncio.to_thread(self.vectors.add, numbers, vectors)
            if upcoming:
                _, vectors = await asyncio.gather(
                    writing, asyncio.to_thread(self.encoder.encode, _embedded(next_texts))
                )
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


def _with_languages(batch: Sequence[Conversation]) -> list[Conversation]:
    """The conversations, each with a language: the stated one, or the detected one. Here and not in the workers,
    because the detector's models take half a gigabyte."""
    silent = [place for place, conversation in enumerate(batch) if conversation.language is None]
    found = detect(["\n".join(batch[place].said_by("user")) for place in silent])
    full = list(batch)
    for place, language in zip(silent, found, strict=True):
        full[place] = replace(full[place], language=language)
    return full


def _embedded(texts: Sequence[str]) -> list[str]:
    """Summaries as they are embedded: the separators of a listing are a third of its tokens and mean nothing."""
    return [text.replace(";", "") for text in texts]


def _facets(conversation: Conversation, reading: Sealed) -> Facets:
    return Facets(
        language=stated(reading.language) or UNKNOWN,
        concern=min(5, max(1, reading.concern)),
        turns=len(conversation.said_by("user")),
        day=day_number(conversation.time) if conversation.time else None,
        flagged=conversation.flagged,
        surface=conversation.surface,
    )
