"""From a source to complete summaries: read, screen, extract, seal, then render, embed and store.

Two stages, each resumable: reading stages drafts (a kill loses at most the batch in memory, and reading again passes
over what is known); summarising turns drafts into summaries in both stores. Raw text lives only in the batch at hand
(R1). One bad record or one failed extraction never ends the run; it is counted.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from itertools import islice

from index.core.errors import IndexFault, ShoalError
from index.core.facets import HARMS, OUTCOMES, FacetSpec, closed
from index.core.language import detect, stated, unload
from index.core.records import UNKNOWN, Conversation, Facets, day_number
from index.embedding.encoder import Encoder, same_encoder
from index.ingest.extraction import Extraction, Extractor, LocalExtractor, NotExtracted
from index.ingest.identity import Candidate, bare, candidates, counted
from index.ingest.meaning import SummaryEncoder
from index.ingest.reading import (
    SCORED_ONE_IN,
    Readings,
    Sealed,
    excerpt,
    read_all,
    screen_all,
    seal_all,
    worker_count,
)
from index.privacy.proper_nouns import ProperNouns, showable
from index.privacy.score import SUMMARISED, privacy_score
from index.privacy.sealing import SUMMARY, Sealer, Vocabulary, render
from index.sources import Read, Skipped, Source
from index.stores.facts import Facts
from index.stores.repair import repair
from index.stores.rows import Staged
from index.stores.vectors import Vectors, VectorStore
from index.vocabulary import UNCLEAR

READ_BATCH = 256
SUMMARY_BATCH = 1_024
STAGED_AT_ONCE = 4_096
"""Conversations staged in one transaction. Looking which words are attested costs a scan of all that wait, so it is
done seldom; a kill loses the reading of at most so many. What a model was paid for is staged batch by batch."""

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
    grown: int = 0
    """Shorter forms, of an earlier log, that a longer form of the same conversation took the place of."""
    without_account: int = 0
    without_time: int = 0
    read_in_part: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    """Conversations that could not be extracted, by reason; the next ingest of the same input tries them again."""
    skipped: Counter[str] = field(default_factory=Counter)
    first_skips: dict[str, str] = field(default_factory=dict)
    elapsed_s: float = 0.0
    repeats: Counter[str] = field(default_factory=Counter, repr=False)
    """How often content was read that states neither an id, nor an account with a time."""
    stopped: ShoalError | None = None
    """Why reading ended before the source did (a cost cap, a key that was rejected); what was read is in the index."""

    def skip(self, reason: str, where: str) -> None:
        self.skipped[reason] += 1
        self.first_skips.setdefault(reason, where)


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """Conversations that were read, and are not staged. `done`: of the source's `total`; `skipped`: reason and place of what
    was passed over; `cut`: how many were read in part."""

    done: int
    fresh: Sequence[Candidate]
    readings: Readings
    kinds: Sequence[str]
    skipped: Sequence[tuple[str, str]] = ()
    cut: int = 0


@dataclass(slots=True)
class _Landed:
    """Read and not yet staged: in memory only."""

    fresh: list[Candidate] = field(default_factory=list)
    items: list[Sealed | NotExtracted] = field(default_factory=list)
    scores: Counter[tuple[str, int]] = field(default_factory=Counter)
    ids: set[str] = field(default_factory=set)
    kinds: list[str] = field(default_factory=list)
    answers: list[Sequence[Extraction | NotExtracted]] = field(default_factory=list)

    def add(self, fresh: Sequence[Candidate], readings: Readings, kinds: Sequence[str]) -> None:
        """Turns are not needed any more, but for how many the user's are; the rest of the text is let go."""
        self.fresh += [item._replace(conversation=bare(item.conversation)) for item in fresh]
        self.items += readings.items
        self.kinds += kinds
        self.scores.update(readings.scores)
        self.answers.append(readings.answers)
        self.ids.update(item.id for item in fresh)

    def clear(self) -> None:
        for held in (self.fresh, self.items, self.scores, self.ids, self.kinds, self.answers):
            held.clear()


def unread(batch: Sequence[Conversation]) -> Sequence[str]:
    """Where nothing reads kinds, every one is unclear."""
    return [UNCLEAR] * len(batch)


@dataclass(frozen=True, slots=True)
class Ingest:
    """The parts of one ingest, handed in by the composition root. `workers` starts what runs `index.ingest.reading`."""

    facts: Facts
    vectors: VectorStore
    encoder: Encoder
    extractor: Extractor | LocalExtractor
    workers: Callable[[], Executor]
    sealer: Sealer
    attest_accounts: int
    own: Sequence[FacetSpec]
    """Facets that the index defines for itself."""
    report: Callable[[Progress], None]
    kinds: Callable[[Sequence[Conversation]], Sequence[str]] = unread
    """The kind of request of each conversation (`index.kinds`)."""
    middles: Callable[[], Mapping[str, Vectors]] = dict
    """The place of each kind in the encoder's space."""
    proper_nouns: ProperNouns = field(default_factory=ProperNouns)

    async def run(self, source: Source) -> IngestReport:
        """Take everything from `source`. Idempotent: what is known is counted as a duplicate. A fault of a model or of
        the workers ends the reading, not the ingest: what was read becomes summaries, and the report says why."""
        return await self._run(lambda outcome: self._read_source(source, outcome))

    async def run_read(self, batches: Iterable[ReadBatch], total: int) -> IngestReport:
        """Take what was read elsewhere, in its order (`index.ingest.shards`). Idempotent too."""
        return await self._run(lambda outcome: self._take_read(batches, total, outcome))

    async def _run(self, read: Callable[[IngestReport], Awaitable[None]]) -> IngestReport:
        started = time.monotonic()
        outcome = IngestReport()
        repair(self.facts, self.vectors)
        same_encoder(self.facts.manifest("encoder"), self.encoder.name)
        self.facts.set_manifest("encoder", self.encoder.name)
        self.facts.set_manifest("extractor", self.extractor.name)
        try:
            await read(outcome)
        except ShoalError as error:
            outcome.stopped = error
        await self.summarise(outcome)
        self._state_accounts(outcome)
        outcome.elapsed_s = time.monotonic() - started
        return outcome

    async def _read_source(self, source: Source, outcome: IngestReport) -> None:
        """Read batch by batch, a few at a time in the workers, staged in the source's order."""
        reads = iter(source)
        size, ahead, at_once = READ_BATCH, worker_count(), STAGED_AT_ONCE
        if isinstance(self.extractor, Extractor):
            size, ahead, at_once = self.extractor.at_once, self.extractor.ahead, 1
        flying: deque[tuple[int, list[Candidate], asyncio.Task[tuple[Readings, Sequence[str]]]]] = deque()
        landed = _Landed()

        async def land() -> None:
            done, fresh, reading = flying[0]
            landed.add(fresh, *await reading)
            flying.popleft()
            if len(landed.fresh) >= at_once:
                await asyncio.to_thread(self._stage, landed, outcome)
            self.report(Progress("reading", done, source.total, f"{outcome.taken + len(landed.fresh):,} taken"))

        workers = self.workers()
        try:
            while batch := await asyncio.to_thread(lambda: list(islice(reads, size))):
                ahead_of_facts = {item.id for _, waiting, _ in flying for item in waiting} | landed.ids
                fresh = list(self._fresh(batch, ahead_of_facts, outcome))
                flying.append((batch[-1].done, fresh, asyncio.create_task(self._read(workers, fresh, outcome))))
                while len(flying) > ahead:
                    await land()
            while flying:
                await land()
            await asyncio.to_thread(self._stage, landed, outcome)
        except BrokenProcessPool as error:
            raise IndexFault(
                "A process that reads conversations was killed, perhaps out of memory.",
                "Run the same command again: what was staged is kept.",
            ) from error
        finally:
            for _, _, reading in flying:
                reading.cancel()
            await asyncio.gather(*(reading for _, _, reading in flying), return_exceptions=True)
            workers.shutdown(cancel_futures=True)
            unload()

    async def _take_read(self, batches: Iterable[ReadBatch], total: int, outcome: IngestReport) -> None:
        landed = _Landed()
        for batch in batches:
            for reason, where in batch.skipped:
                outcome.skip(reason, where)
            outcome.read_in_part += batch.cut
            place = {item.where: number for number, item in enumerate(batch.fresh)}
            kept = list(self._unknown(batch.fresh, landed.ids, outcome))
            places = [place[item.where] for item in kept]
            items = [batch.readings.items[number] for number in places]
            landed.add(kept, replace(batch.readings, items=items), [batch.kinds[number] for number in places])
            if len(landed.fresh) >= STAGED_AT_ONCE:
                await asyncio.to_thread(self._stage, landed, outcome)
            self.report(Progress("staging", batch.done, total, f"{outcome.taken + len(landed.fresh):,} taken"))
        await asyncio.to_thread(self._stage, landed, outcome)

    async def _read(
        self, workers: Executor, fresh: Sequence[Candidate], outcome: IngestReport
    ) -> tuple[Readings, Sequence[str]]:
        """Screen, extract and seal, and read the kind of each. What a model reads is screened and sealed in the workers, before
        and after."""
        work = asyncio.get_running_loop().run_in_executor
        extractor = self.extractor
        cut = [excerpt(item.conversation, extractor.portion) for item in fresh]
        outcome.read_in_part += sum(was_cut for _, was_cut in cut)
        batch = [conversation for conversation, _ in cut]
        if not isinstance(extractor, Extractor):
            batch = await asyncio.to_thread(with_languages, batch)
            reading = work(workers, read_all, self.sealer, extractor, batch)
            kinds = await asyncio.to_thread(self.kinds, batch)
            return await reading, kinds
        screened, scores = await work(workers, screen_all, batch)
        readable = [item for item in screened if isinstance(item, Conversation)]
        given = await extractor.extract(readable)
        extractions = iter(given)
        answers = [next(extractions) if isinstance(item, Conversation) else item for item in screened]
        kinds = await asyncio.to_thread(self.kinds, batch)
        return Readings(await work(workers, seal_all, self.sealer, screened, answers), scores, given), kinds

    def _stage(self, landed: "_Landed", outcome: IngestReport) -> None:
        staged: list[Staged] = []
        clear: dict[int, str] = {}
        failed: dict[str, str] = {}
        for item, reading, kind in zip(landed.fresh, landed.items, landed.kinds, strict=True):
            where, identity, conversation = item.where, item.id, item.conversation
            if isinstance(reading, NotExtracted):
                failed[identity] = reading.reason
                outcome.failed[reading.reason] += 1
                outcome.first_skips.setdefault(reading.reason, where)
                continue
            clear.update(reading.clear)
            account = conversation.account or identity
            outcome.without_account += conversation.account is None
            outcome.without_time += conversation.time is None
            staged.append(
                Staged(
                    identity,
                    self.sealer.account(account),
                    self._facets(conversation, reading),
                    reading.draft,
                    reading.sketch,
                    item.shorter,
                    item.ending,
                    kind,
                    item.beginnings,
                )
            )
        outcome.grown += self.facts.stage(
            staged, clear, self.attest_accounts, self.proper_nouns.accounts, failed, landed.scores
        )
        if isinstance(self.extractor, Extractor):
            for answers in landed.answers:
                self.extractor.staged(answers)
        outcome.taken += len(staged)
        landed.clear()

    def _facets(self, conversation: Conversation, reading: Sealed) -> Facets:
        """The closed facets, each held to its closed values whatever the extractor said."""
        own = {spec.name: closed(reading.values.get(spec.name, ""), spec.values) for spec in self.own if spec.values}
        return Facets(
            language=stated(reading.language) or UNKNOWN,
            concern=min(5, max(1, reading.concern)),
            turns=len(conversation.said_by("user")),
            day=day_number(conversation.time) if conversation.time else None,
            flagged=conversation.flagged,
            surface=conversation.surface,
            harm=closed(reading.harm, HARMS),
            outcome=closed(reading.outcome, OUTCOMES),
            own=own,
        )

    def _fresh(self, batch: Sequence[Read], flying: Collection[str], outcome: IngestReport) -> Iterator[Candidate]:
        for read in batch:
            if isinstance(read.item, Skipped):
                outcome.skip(read.item.reason, read.where)
        yield from self._unknown(candidates(self.sealer, batch), flying, outcome)

    def _unknown(
        self, found: Iterable[Candidate], flying: Collection[str], outcome: IngestReport
    ) -> Iterator[Candidate]:
        """Those that the index does not hold, and that are not on their way into it."""
        new: dict[str, Candidate] = {}
        for item in found:
            item = counted(self.sealer, item, outcome.repeats)
            if item.id in new or item.id in flying:
                outcome.skip(DUPLICATE, item.where)
            else:
                new[item.id] = item
        known = self.facts.known(list(new))
        for identity, item in new.items():
            if identity in known:
                outcome.skip(DUPLICATE, item.where)
            else:
                yield item

    async def summarise(self, outcome: IngestReport) -> None:
        """Turn every waiting draft into a summary in both stores, a batch at a time."""
        waiting = self.facts.drafts_waiting()
        vocabulary = self._showable() if waiting else {}
        rows = self.facts.drafts(SUMMARY_BATCH)
        texts = [render(row.draft, vocabulary) for row in rows]
        embed = SummaryEncoder(self.encoder, self.middles() if rows else {})
        vectors = await asyncio.to_thread(embed, rows, vocabulary) if rows else None
        while vectors is not None:
            batch, numbers = self.facts.open_batch(rows, texts)
            upcoming = self.facts.drafts(SUMMARY_BATCH, skip=len(rows))
            next_texts = [render(row.draft, vocabulary) for row in upcoming]
            # The vector store takes this batch while the next one is embedded; only this thread uses the facts.
            writing = asyncio.to_thread(self.vectors.add, numbers, vectors)
            if upcoming:
                _, vectors = await asyncio.gather(writing, asyncio.to_thread(embed, upcoming, vocabulary))
            else:
                await writing
                vectors = None
            self.facts.complete_batch(batch, _summary_scores(texts))
            outcome.summarised += len(rows)
            self.report(Progress("summarising", outcome.summarised, waiting))
            rows, texts = upcoming, next_texts

    def _showable(self) -> Vocabulary:
        facts = self.facts
        return showable(facts.vocabulary(), facts.cased(), facts.held_accounts(), self.proper_nouns)

    def _state_accounts(self, outcome: IngestReport) -> None:
        """Say once and for all whether accounts are real: without them each conversation counts as its own account."""
        if outcome.without_account:
            self.facts.set_manifest("accounts", "none")
        elif outcome.taken and self.facts.manifest("accounts") is None:
            self.facts.set_manifest("accounts", "stated")


def with_languages(batch: Sequence[Conversation]) -> list[Conversation]:
    """The conversations, each with a language: the stated one, or the detected one. Here and not in the workers,
    because the detector's models take half a gigabyte."""
    silent = [place for place, conversation in enumerate(batch) if conversation.language is None]
    found = detect(["\n".join(batch[place].said_by("user")) for place in silent])
    full = list(batch)
    for place, language in zip(silent, found, strict=True):
        full[place] = replace(full[place], language=language)
    return full


def _summary_scores(texts: Sequence[Mapping[str, str]]) -> Counter[tuple[str, int]]:
    return Counter((SUMMARISED, privacy_score(text[SUMMARY])) for text in texts[::SCORED_ONE_IN])
