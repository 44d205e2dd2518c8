"""The Claude form of the extractor (R11): one structured call a conversation records every facet.

It reads conversations, so it has no tools and must answer in a fixed form; its sentences are sealed before they are
stored. A conversation that it cannot read is a counted state, never an end.
"""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, Field, create_model

from agent.core.errors import AuthRejected, BadRequest, BudgetSpent, ModelFault, NetworkDown
from agent.core.settings import Settings
from agent.llm.client import Model
from agent.roles.claude.structured import ask_structured
from index.core.errors import ShoalError
from index.core.facets import HARMS, OUTCOMES, TASK, FacetSpec
from index.core.language import stated
from index.core.records import UNKNOWN, Conversation
from index.ingest.extraction import Extraction, NotExtracted, Portion
from index.privacy.sealing import Prose, SummaryDraft
from prompts import Prompt, render

PORTION = Portion(chars=24_000, reply_chars=2_000)
_AT_ONCE = 8
_OWN = "own_"


class ExtractionForm(BaseModel):
    """What the extractor records of one conversation. An index's own facets are added as `own_NAME`."""

    summary: str = Field(max_length=600)
    task: str = Field(max_length=300)
    language: str
    concern: int = Field(ge=1, le=5)
    harm: str = Field(json_schema_extra={"enum": [*HARMS]})
    outcome: str = Field(json_schema_extra={"enum": [*OUTCOMES, UNKNOWN]})


def form_of(own: Sequence[FacetSpec]) -> type[ExtractionForm]:
    """The form with a field for each of the index's own facets."""
    if not own:
        return ExtractionForm
    fields: dict[str, Any] = {}
    for spec in own:
        closed: dict[str, Any] | None = {"enum": [*spec.values, UNKNOWN]} if spec.values else None
        fields[f"{_OWN}{spec.name}"] = (str, Field(max_length=300, json_schema_extra=closed))
    return create_model("ExtractionFormWithOwnFacets", __base__=ExtractionForm, **fields)


def message_of(conversation: Conversation, own: Sequence[FacetSpec]) -> str:
    """The user message about one conversation."""
    transcript = json.dumps([{turn.role: turn.text} for turn in conversation.turns], ensure_ascii=False)
    asked = [f"{_OWN}{spec.name}: {spec.question}" for spec in own]
    return render(Prompt.EXTRACTOR, facets="\n".join(asked), conversation=transcript)


def extraction_of(form: ExtractionForm, conversation: Conversation, own: Sequence[FacetSpec]) -> Extraction:
    """The form as the index takes it: sentences as prose to be sealed, closed values as they are."""
    # Pairs, because a facet with words has no hash.
    answers = [(spec, getattr(form, f"{_OWN}{spec.name}")) for spec in own]
    texts: dict[str, SummaryDraft] = {TASK: Prose.of(form.task)}
    texts.update({spec.name: Prose.of(answer) for spec, answer in answers if not spec.values})
    return Extraction(
        Prose.of(form.summary),
        conversation.language or stated(form.language) or UNKNOWN,
        form.concern,
        form.harm,
        form.outcome,
        texts,
        {spec.name: answer for spec, answer in answers if spec.values},
    )


class ClaudeExtractor:
    """One structured call a conversation, several at the same time."""

    portion = PORTION
    at_once = 64
    ahead = 1

    def __init__(self, model: Model, settings: Settings, own: Sequence[FacetSpec] = ()) -> None:
        self._model = model
        self._own = own
        self._form = form_of(own)
        self.name = settings.reader_model
        self._ended: ShoalError | None = None

    async def extract(self, batch: Sequence[Conversation]) -> Sequence[Extraction | NotExtracted]:
        """Raises what ends all reading (the cap, a rejected key, no network), but only when nothing of this batch was
        read; else at the next batch, because what was paid for is given back first."""
        self._raise_if_ended()
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def one(conversation: Conversation) -> Extraction | NotExtracted:
            async with at_once:
                return await self._one(conversation)

        async with asyncio.TaskGroup() as group:
            running = [group.create_task(one(conversation)) for conversation in batch]
        answers = [task.result() for task in running]
        if not any(isinstance(answer, Extraction) for answer in answers):
            self._raise_if_ended()
        return answers

    def _raise_if_ended(self) -> None:
        if self._ended is not None:
            raise self._ended

    def staged(self, answers: Sequence[Extraction | NotExtracted]) -> None:
        """Nothing of a live answer is kept elsewhere."""

    async def _one(self, conversation: Conversation) -> Extraction | NotExtracted:
        if self._ended is not None:
            return NotExtracted("the reading had ended before it")
        user = message_of(conversation, self._own)
        try:
            form = await ask_structured(self._model, Prompt.EXTRACTOR, user, self._form, name=self.name)
        except BudgetSpent as spent:
            self._ended = spent
            return NotExtracted("the cost cap was reached before it")
        except (AuthRejected, NetworkDown, BadRequest) as fault:
            self._ended = fault
            return NotExtracted(f"the model endpoint failed ({type(fault).__name__})")
        except ModelFault as fault:
            return NotExtracted(f"the model could not read it ({type(fault).__name__})")
        return extraction_of(form, conversation, self._own)
