"""The computing part of ingest: cut a conversation, screen it, read it where no model is asked, seal what was read.

It runs in worker processes, because it is pure Python work that would keep one core busy and the other idle. Raw text
goes to a worker through a pipe and stays in its memory (R1): nothing here may write, log, or put text in an error.
"""

import multiprocessing
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing.connection import wait

from index.core.records import Conversation, Turn
from index.ingest.extraction import Extraction, LocalExtractor, NotExtracted, Portion
from index.privacy.score import RAW, SCREENED, privacy_score
from index.privacy.sealing import SUMMARY, Sealer
from index.screening import screened

SCORED_ONE_IN = 32
"""One conversation in so many has its privacy scored before and after screening, for the report of `shoal audit`."""

_SCORED_CHARS = 2_000
_MIDDLE_TURN_CHARS = 400


@dataclass(frozen=True, slots=True)
class Sealed:
    """What was read of one conversation, sealed. `clear` (mark to word) stays in memory until words are attested."""

    language: str
    concern: int
    harm: str
    outcome: str
    values: Mapping[str, str]
    draft: str = field(repr=False)
    clear: dict[int, str] = field(repr=False)
    sketch: bytes | None = field(repr=False)
    """The form of the first request (`index.privacy.sketch`); None: it is too short to have one."""


@dataclass(frozen=True, slots=True)
class Readings:
    """A batch's outcome in order, and counts of privacy scores: (stage, score) to conversations."""

    items: Sequence[Sealed | NotExtracted]
    scores: Mapping[tuple[str, int], int]
    answers: Sequence[Extraction | NotExtracted] = ()
    """What a model's extractor returned, as it returned it."""


def excerpt(conversation: Conversation, portion: Portion) -> tuple[Conversation, bool]:
    """What an extractor reads, and whether something was left out.

    A long conversation keeps half the room for its beginning, three tenths for its end, and the rest for turns drawn
    evenly from the middle, with a note of how many turns were left out.
    """
    kept = list(_heard(conversation.turns, portion.reply_chars))
    if sum(len(turn.text) for turn in kept) <= portion.chars:
        return replace(conversation, turns=tuple(kept)), False
    room = [0] * len(kept)

    def take(places: Sequence[int], chars: int, at_most: int) -> None:
        for place in places:
            given = min(len(kept[place].text) - room[place], at_most, chars)
            room[place] += given
            chars -= given

    last = len(kept) - 1
    take(range(last + 1), portion.chars // 2, portion.chars)
    take(range(last, -1, -1), portion.chars * 3 // 10, portion.chars)
    untouched = [place for place in range(last + 1) if not room[place]]
    rest = portion.chars - sum(room)
    wanted = max(1, rest // _MIDDLE_TURN_CHARS)
    take(untouched[:: -(-len(untouched) // wanted)] if untouched else [], rest, _MIDDLE_TURN_CHARS)
    turns = [Turn(turn.role, turn.text[:chars]) for turn, chars in zip(kept, room, strict=True) if chars]
    if missing := room.count(0):
        turns.append(Turn("system", f"(Shoal left out {missing} turns of this conversation.)"))
    return replace(conversation, turns=tuple(turns)), True


def _heard(turns: Sequence[Turn], reply_chars: int) -> Iterator[Turn]:
    for turn in turns:
        if turn.role == "user" and turn.text.strip():
            yield turn
        elif turn.role == "assistant" and reply_chars and turn.text.strip():
            yield Turn("assistant", turn.text[:reply_chars])


UNSCREENABLE = "its text could not be screened in time"


def screen_all(
    batch: Sequence[Conversation],
) -> tuple[list[Conversation | NotExtracted], dict[tuple[str, int], int]]:
    """Each conversation with direct identifiers masked, and privacy scores of some before and after.

    A conversation that no pattern gets through in time is not read at all.
    """
    screened = [_screened(conversation) for conversation in batch]
    scores: Counter[tuple[str, int]] = Counter()
    for before, after in list(zip(batch, screened, strict=True))[::SCORED_ONE_IN]:
        if isinstance(after, Conversation):
            scores[RAW, _score(before)] += 1
            scores[SCREENED, _score(after)] += 1
    return screened, dict(scores)


def _score(conversation: Conversation) -> int:
    return privacy_score("\n".join(turn.text for turn in conversation.turns)[:_SCORED_CHARS])


def _screened(conversation: Conversation) -> Conversation | NotExtracted:
    try:
        return screened(conversation)
    except TimeoutError:
        return NotExtracted(UNSCREENABLE)


def seal_all(
    sealer: Sealer,
    screened: Sequence[Conversation | NotExtracted],
    extractions: Sequence[Extraction | NotExtracted],
) -> list[Sealed | NotExtracted]:
    """Each extraction sealed, beside the form of its conversation; what was not extracted stays as it is."""
    return [
        _sealed(sealer, conversation, item)
        if isinstance(item, Extraction) and isinstance(conversation, Conversation)
        else _reason(conversation, item)
        for conversation, item in zip(screened, extractions, strict=True)
    ]


def _reason(conversation: Conversation | NotExtracted, item: Extraction | NotExtracted) -> NotExtracted:
    return next(part for part in (item, conversation) if isinstance(part, NotExtracted))


def read_all(sealer: Sealer, extractor: LocalExtractor, batch: Sequence[Conversation]) -> Readings:
    """Screen, read and seal conversations in one go."""
    screened, scores = screen_all(batch)
    readable = [item for item in screened if isinstance(item, Conversation)]
    extractions = iter(extractor.extract_here(readable))
    answers = [next(extractions) if isinstance(item, Conversation) else item for item in screened]
    return Readings(seal_all(sealer, screened, answers), scores)


def _sealed(sealer: Sealer, conversation: Conversation, extraction: Extraction) -> Sealed:
    draft, clear = sealer.seal({SUMMARY: extraction.draft, **extraction.texts})
    return Sealed(
        extraction.language,
        extraction.concern,
        extraction.harm,
        extraction.outcome,
        extraction.values,
        draft,
        clear,
        sealer.sketch(conversation),
    )


def worker_count() -> int:
    """Processes that read at the same time: one a core."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def worker_pool() -> Executor:
    """Processes for the functions above. They start when first needed and end with this process, however it ends."""
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    context.set_forkserver_preload(["index.ingest.worker"])
    return ProcessPoolExecutor(worker_count(), mp_context=context, initializer=_start_worker)


def _start_worker() -> None:
    """Leave Ctrl-C to the parent, and end when it is gone: an orphan would hold text in memory for ever."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=lambda: (wait([parent.sentinel]), os._exit(1)), daemon=True).start()
