"""The Claude form of the readers (R11): extractor and namer.

They see summaries or conversations, so they have no tools, must answer in a fixed form, and what they say is sealed
and attested before anyone sees it. A conversation that cannot be read is a counted state, never an end.
"""

import asyncio
import json
from collections.abc import Sequence

from pydantic import BaseModel, Field

from agent.claude.structured import ask_structured
from agent.errors import AuthRejected, BadRequest, ModelFault, NetworkDown
from agent.llm import Model
from agent.settings import Settings
from index.extraction import Extraction, NotExtracted
from index.language import stated
from index.naming import Namer, NamingSample
from index.records import UNKNOWN, Conversation
from index.sealing import Prose
from prompts import Prompt, render

_AT_ONCE = 8
_GROUPS_A_CALL = 12
_SHOWN = 12


class ExtractionForm(BaseModel):
    """What the extractor records of one conversation."""

    summary: str = Field(max_length=600)
    language: str
    concern: int = Field(ge=1, le=5)


class NamesForm(BaseModel):
    """Names of groups in the order given."""

    names: list[str | None]


class ClaudeExtractor:
    """One structured call a conversation, several at the same time."""

    reads_replies = True

    def __init__(self, model: Model, settings: Settings) -> None:
        self._model = model
        self.name = settings.reader_model

    async def extract(self, batch: Sequence[Conversation]) -> Sequence[Extraction | NotExtracted]:
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def one(conversation: Conversation) -> Extraction | NotExtracted:
            async with at_once:
                return await self._one(conversation)

        async with asyncio.TaskGroup() as group:
            running = [group.create_task(one(conversation)) for conversation in batch]
        return [task.result() for task in running]

    async def _one(self, conversation: Conversation) -> Extraction | NotExtracted:
        transcript = json.dumps([{turn.role: turn.text} for turn in conversation.turns], ensure_ascii=False)
        user = render(Prompt.EXTRACTOR, conversation=transcript)
        try:
            form = await ask_structured(self._model, Prompt.EXTRACTOR, user, ExtractionForm, name=self.name)
        except (AuthRejected, NetworkDown, BadRequest):
            raise
        except ModelFault as fault:
            return NotExtracted(f"the model could not read it ({type(fault).__name__})")
        language = conversation.language or stated(form.language) or UNKNOWN
        return Extraction(Prose.of(form.summary), language, form.concern)


class ClaudeNamer:
    """Names several groups in one call, so that they are told apart; falls back to the built-in namer."""

    def __init__(self, model: Model, settings: Settings, fallback: Namer) -> None:
        self._model = model
        self._fallback = fallback
        self.name = settings.reader_model

    async def name_groups(self, samples: Sequence[NamingSample]) -> Sequence[str | None]:
        found: list[str | None] = []
        for start in range(0, len(samples), _GROUPS_A_CALL):
            part = samples[start : start + _GROUPS_A_CALL]
            found += await self._named(part)
        return found

    async def _named(self, samples: Sequence[NamingSample]) -> Sequence[str | None]:
        groups = [
            {
                "group": place,
                "phrases": [phrase.text for phrase in sample.phrases[:_SHOWN]],
                "inside": sample.inside[:_SHOWN],
                "just_outside": sample.nearby[:_SHOWN],
            }
            for place, sample in enumerate(samples)
        ]
        user = render(Prompt.NAMER, groups=json.dumps(groups, ensure_ascii=False))
        try:
            form = await ask_structured(
                self._model,
                Prompt.NAMER,
                user,
                NamesForm,
                name=self.name,
                fits=lambda names: len(names.names) == len(samples),
            )
        except ModelFault:
            return await self._fallback.name_groups(samples)
        return form.names
