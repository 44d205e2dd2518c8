"""The computing part of ingest: cut a conversation, screen it, read it where no model is asked, seal what was read.

It runs in worker processes, because it is pure Python work that would keep one core busy and the other idle. Raw text
goes to a worker through a pipe and stays in its memory (R1): nothing here may write, log, or put text in an error.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing.connection import wait

from index.extraction import Extraction, LocalExtractor, NotExtracted
from index.records import Conversation, Turn
from index.screening import screened
from index.sealing import Sealer

_FIRST_TURN_CHARS = 2_000
_LATER_TURN_CHARS = 400
_LATER_TURNS = 3


@dataclass(frozen=True, slots=True)
class Sealed:
    """What was read of one conversation, sealed. `clear` (mark to word) stays in memory until words are attested."""

    language: str
    concern: int
    draft: str = field(repr=False)
    clear: dict[int, str] = field(repr=False)


def excerpt(conversation: Conversation, with_replies: bool) -> Conversation:
    """What an extractor reads of a conversation: its opening at length, a few later turns in short."""
    kept = [turn for turn in conversation.turns if turn.role == "user" or (with_replies and turn.role == "assistant")]
    kept = [turn for turn in kept if turn.text.strip()]
    lengths = [_FIRST_TURN_CHARS] + [_LATER_TURN_CHARS] * (_LATER_TURNS * (2 if with_replies else 1))
    turns = tuple(Turn(turn.role, turn.text[:length]) for turn, length in zip(kept, lengths, strict=False))
    return replace(conversation, turns=turns)


UNSCREENABLE = "its text could not be screened in time"


def screen_all(batch: Sequence[Conversation]) -> list[Conversation | NotExtracted]:
    """Each conversation with direct identifiers masked; one that no pattern gets through in time is not read at all."""
    return [_screened(conversation) for conversation in batch]


def _screened(conversation: Conversation) -> Conversation | NotExtracted:
    try:
        return screened(conversation)
    except TimeoutError:
        return NotExtracted(UNSCREENABLE)


def seal_all(sealer: Sealer, extractions: Sequence[Extraction | NotExtracted]) -> list[Sealed | NotExtracted]:
    """Each extraction sealed; what was not extracted stays as it is."""
    return [item if isinstance(item, NotExtracted) else _sealed(sealer, item) for item in extractions]


def read_all(sealer: Sealer, extractor: LocalExtractor, batch: Sequence[Conversation]) -> list[Sealed | NotExtracted]:
    """Screen, read and seal conversations in one go."""
    screened = screen_all(batch)
    readable = [item for item in screened if isinstance(item, Conversation)]
    extractions = iter(extractor.extract_here(readable))
    return seal_all(sealer, [next(extractions) if isinstance(item, Conversation) else item for item in screened])


def _sealed(sealer: Sealer, extraction: Extraction) -> Sealed:
    draft, clear = sealer.seal(extraction.draft)
    return Sealed(extraction.language, extraction.concern, draft, clear)


def worker_count() -> int:
    """Processes that read at the same time: one a core."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def worker_pool() -> Executor:
    """Processes for the functions above. They start when first needed and end with this process, however it ends."""
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    return ProcessPoolExecutor(worker_count(), mp_context=context, initializer=_start_worker)


def _start_worker() -> None:
    """Leave Ctrl-C to the parent, and end when it is gone: an orphan would hold text in memory for ever."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=lambda: (wait([parent.sentinel]), os._exit(1)), daemon=True).start()
