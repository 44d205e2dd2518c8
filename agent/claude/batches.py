"""The Claude extractor in bulk: Message Batches cost half and may take a day, so a kill must lose none of them.

A batch's id and the keys of its conversations are kept in a file beside the sessions until its results are in; the
same ingest run again asks for those results before it sends anything. Keys are hashes; no text is written. The
endpoint keeps a batch's requests and results for its own time (docs/privacy.md).
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from agent.claude.extractor import PORTION, extraction_of, form_of, message_of
from agent.claude.structured import parsed, strict_schema
from agent.errors import BadRequest
from agent.llm import Ask, BatchState, Reply
from agent.settings import Settings
from index.extraction import Extraction, NotExtracted
from index.facets import FacetSpec
from index.records import Conversation
from prompts import Prompt, load

_POLL_S = (1.0, 60.0)
"""The first wait for a batch and the longest."""
_GONE = 404


class BatchModel(Protocol):
    """What bulk extraction needs of a model."""

    async def create_batch(self, asks: Sequence[tuple[str, Ask]]) -> str: ...

    async def batch_state(self, batch: str) -> BatchState: ...

    async def batch_replies(self, batch: str, model: str) -> dict[str, Reply | str]: ...


class OpenBatches:
    """The batches sent and not yet taken, in one small file written before anything is waited for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open: dict[str, list[str]] = json.loads(path.read_text("utf-8")) if path.exists() else {}

    def of(self, keys: Sequence[str]) -> dict[str, str]:
        """Key to the open batch it was sent in."""
        wanted = set(keys)
        return {key: batch for batch, sent in self._open.items() for key in sent if key in wanted}

    def add(self, batch: str, keys: Sequence[str]) -> None:
        self._open[batch] = list(keys)
        self._write()

    def take(self, keys: Sequence[str]) -> None:
        """These conversations' results are in; a batch of which nothing is left is forgotten."""
        done = set(keys)
        self._open = {batch: left for batch, sent in self._open.items() if (left := [k for k in sent if k not in done])}
        self._write()

    def drop(self, batch: str) -> None:
        """The endpoint does not know this batch any more."""
        self._open.pop(batch, None)
        self._write()

    def _write(self) -> None:
        partial = self._path.with_suffix(".partial")
        partial.write_text(json.dumps(self._open), "utf-8")
        partial.chmod(0o600)
        partial.replace(self._path)


@dataclass(frozen=True, slots=True)
class BatchExtractor:
    """Extracts by Message Batches. `waiting` is told (answered, asked) while it waits."""

    model: BatchModel
    settings: Settings
    own: Sequence[FacetSpec]
    sent: OpenBatches
    waiting: Callable[[int, int], None]
    portion = PORTION
    at_once = 2_000
    ahead = 4

    @property
    def name(self) -> str:
        return self.settings.reader_model

    async def extract(self, batch: Sequence[Conversation]) -> Sequence[Extraction | NotExtracted]:
        form = form_of(self.own)
        schema = strict_schema(form)
        system = load(Prompt.EXTRACTOR).system
        asks: dict[str, Ask] = {}
        keys = []
        for conversation in batch:
            message = message_of(conversation, self.own)
            key = hashlib.blake2b(f"{self.name}\n{system}\n{message}".encode(), digest_size=16).hexdigest()
            keys.append(key)
            asks[key] = Ask(self.name, system, [{"role": "user", "content": message}], schema=schema)
        replies = await self._replies(asks)
        return [
            self._read(replies.get(key, "no result"), conversation, form)
            for key, conversation in zip(keys, batch, strict=True)
        ]

    async def _replies(self, asks: dict[str, Ask]) -> dict[str, Reply | str]:
        replies: dict[str, Reply | str] = {}
        for batch in sorted(set(self.sent.of(list(asks)).values())):
            replies.update(await self._results(batch))
        known = self.sent.of(list(asks))
        if fresh := [(key, ask) for key, ask in asks.items() if key not in known]:
            batch = await self.model.create_batch(fresh)
            self.sent.add(batch, [key for key, _ in fresh])
            replies.update(await self._results(batch))
        self.sent.take(list(asks))
        return replies

    async def _results(self, batch: str) -> dict[str, Reply | str]:
        """A batch's replies, waited for. One that the endpoint does not know any more is forgotten, to be sent again."""
        try:
            await self._wait(batch)
            return await self.model.batch_replies(batch, self.name)
        except BadRequest as fault:
            if fault.status != _GONE:
                raise
            self.sent.drop(batch)
            return {}

    async def _wait(self, batch: str) -> None:
        pause = _POLL_S[0]
        while not (state := await self.model.batch_state(batch)).ended:
            self.waiting(state.answered, state.asked)
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _POLL_S[1])

    def _read(self, reply: Reply | str, conversation: Conversation, form: Any) -> Extraction | NotExtracted:
        if isinstance(reply, str):
            return NotExtracted(f"the batch gave no reply ({reply})")
        found = parsed(reply.text, form) if reply.stop == "end_turn" else None
        if found is None:
            return NotExtracted("the model could not read it (Unusable)")
        return extraction_of(found, conversation, self.own)
