"""The Claude extractor in bulk: Message Batches cost half and may take a day, so a kill must lose none of them.

A batch's id, what it may cost and the keys of its conversations are kept in a file until its answers are in the index;
the same ingest run again asks for those answers before it sends anything. Keys are keyed hashes; no text is written. The
endpoint keeps a batch's requests and results for its own time (docs/guide/models.md).
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from agent.core.errors import BadRequest
from agent.core.settings import Settings
from agent.llm.client import Ask, BatchState, Reply
from agent.roles.claude.extractor import PORTION, extraction_of, form_of, message_of
from agent.roles.claude.structured import parsed, strict_schema
from index.core.facets import FacetSpec
from index.core.files import written_whole
from index.core.records import Conversation
from index.ingest.extraction import Extraction, NotExtracted
from prompts import Prompt, load

_POLL_S = (1.0, 60.0)
"""The first wait for a batch and the longest."""
_GONE = 404


class BatchModel(Protocol):
    """What bulk extraction needs of a model."""

    async def create_batch(self, asks: Sequence[tuple[str, Ask]]) -> tuple[str, float]: ...

    def expect_batch(self, batch: str, dollars: float) -> None: ...

    async def batch_state(self, batch: str) -> BatchState: ...

    async def batch_replies(self, batch: str, model: str) -> dict[str, Reply | str]: ...


class OpenBatches:
    """The batches sent whose answers are not all in the index, in one small file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8")) if path.exists() else {}

    def expected(self) -> dict[str, float]:
        """What each open batch may cost, in US dollars."""
        return {batch: sent["dollars"] for batch, sent in self._open.items()}

    def of(self, keys: Sequence[str]) -> dict[str, str]:
        """Key to the open batch it was sent in."""
        wanted = set(keys)
        return {key: batch for batch, sent in self._open.items() for key in sent["keys"] if key in wanted}

    def add(self, batch: str, keys: Sequence[str], dollars: float) -> None:
        self._open[batch] = {"dollars": dollars, "keys": list(keys)}
        self._write()

    def take(self, keys: Sequence[str]) -> set[str]:
        """These answers are in the index. Returns the batches of which nothing is left: they are forgotten."""
        done = set(keys)
        for sent in self._open.values():
            sent["keys"] = [key for key in sent["keys"] if key not in done]
        over = {batch for batch, sent in self._open.items() if not sent["keys"]}
        for batch in over:
            del self._open[batch]
        self._write()
        return over

    def drop(self, batch: str) -> None:
        """The endpoint does not know this batch any more."""
        self._open.pop(batch, None)
        self._write()

    def _write(self) -> None:
        with written_whole(self._path) as partial:
            partial.write_text(json.dumps(self._open), "utf-8")


@dataclass(frozen=True, slots=True)
class BatchExtractor:
    """Extracts by Message Batches. `key_of` hashes texts with the index's key; `waiting` gets (answered, asked)."""

    model: BatchModel
    settings: Settings
    own: Sequence[FacetSpec]
    sent: OpenBatches
    key_of: Callable[[Sequence[str]], str]
    waiting: Callable[[int, int], None]
    _fetched: dict[str, asyncio.Task[dict[str, Reply | str]]] = field(default_factory=dict)
    """Each batch's replies, asked for once."""
    _unstaged: dict[int, list[str]] = field(default_factory=dict)
    """Keys by the identity of the answers that hold them, until those are in the index."""
    portion = PORTION
    at_once = 2_000
    ahead = 4

    def __post_init__(self) -> None:
        for batch, dollars in self.sent.expected().items():
            self.model.expect_batch(batch, dollars)

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
            keys.append(self.key_of([self.name, system, message]))
            asks[keys[-1]] = Ask(self.name, system, [{"role": "user", "content": message}], schema=schema)
        replies = await self._replies(asks)
        answers = [
            self._read(replies.get(key, "no result"), conversation, form)
            for key, conversation in zip(keys, batch, strict=True)
        ]
        self._unstaged[id(answers)] = keys
        return answers

    def staged(self, answers: Sequence[Extraction | NotExtracted]) -> None:
        """Only now are the answers' keys taken from the file: until they are in the index a kill could lose them."""
        for batch in self.sent.take(self._unstaged.pop(id(answers), [])):
            self._fetched.pop(batch, None)

    async def _replies(self, asks: dict[str, Ask]) -> dict[str, Reply | str]:
        replies: dict[str, Reply | str] = {}
        for batch in sorted(set(self.sent.of(list(asks)).values())):
            replies.update(await self._results(batch))
        if fresh := [(key, ask) for key, ask in asks.items() if key not in replies]:
            batch, dollars = await self.model.create_batch(fresh)
            self.sent.add(batch, [key for key, _ in fresh], dollars)
            replies.update(await self._results(batch))
        return replies

    async def _results(self, batch: str) -> dict[str, Reply | str]:
        """A batch's replies, waited for. One that the endpoint does not know any more is forgotten, to be sent again."""
        if batch not in self._fetched:
            self._fetched[batch] = asyncio.create_task(self._fetch(batch))
        try:
            return await asyncio.shield(self._fetched[batch])
        except BadRequest as fault:
            if fault.status != _GONE:
                raise
            self.sent.drop(batch)
            del self._fetched[batch]
            return {}

    async def _fetch(self, batch: str) -> dict[str, Reply | str]:
        pause = _POLL_S[0]
        while not (state := await self.model.batch_state(batch)).ended:
            self.waiting(state.answered, state.asked)
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _POLL_S[1])
        return await self.model.batch_replies(batch, self.name)

    def _read(self, reply: Reply | str, conversation: Conversation, form: Any) -> Extraction | NotExtracted:
        if isinstance(reply, str):
            return NotExtracted(f"the batch gave no reply ({reply})")
        found = parsed(reply.text, form) if reply.stop == "end_turn" else None
        if found is None:
            return NotExtracted("the model could not read it (Unusable)")
        return extraction_of(found, conversation, self.own)
