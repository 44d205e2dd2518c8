"""The Claude form of the auditor of names (R11).

It sees proposed names and rounded sizes, never a summary, has no tools and answers in a fixed form. Its verdicts are
joined with the built-in rules' and can only take a name away; where it fails, it objects to nothing and the rules stand.
It may never end a run.
"""

import json
from collections.abc import Sequence

from pydantic import BaseModel, Field

from agent.core.errors import BudgetSpent, ModelFault
from agent.core.settings import Settings
from agent.llm.client import Model
from agent.roles.claude.structured import ask_structured
from index.privacy.judgement import INDIVIDUAL, NOBODY, Judgement, Proposed, Reason
from prompts import Prompt, render

_TEXTS_A_CALL = 25


class VerdictForm(BaseModel):
    """The verdict on one text."""

    score: int = Field(ge=INDIVIDUAL, le=NOBODY)
    classes: list[Reason]


class VerdictsForm(BaseModel):
    """Verdicts on texts in the order given."""

    verdicts: list[VerdictForm]


class ClaudeNameAuditor:
    """Judges several texts in one call."""

    def __init__(self, model: Model, settings: Settings) -> None:
        self._model = model
        self.name = settings.reader_model

    async def judge(self, texts: Sequence[Proposed]) -> Sequence[Judgement]:
        found: list[Judgement] = []
        for start in range(0, len(texts), _TEXTS_A_CALL):
            found += await self._judged(texts[start : start + _TEXTS_A_CALL])
        return found

    async def _judged(self, texts: Sequence[Proposed]) -> Sequence[Judgement]:
        listed = [
            {"number": place, "text": proposed.text, "conversations": proposed.conversations}
            for place, proposed in enumerate(texts)
        ]
        user = render(Prompt.NAME_AUDITOR, texts=json.dumps(listed, ensure_ascii=False))
        try:
            form = await ask_structured(
                self._model,
                Prompt.NAME_AUDITOR,
                user,
                VerdictsForm,
                name=self.name,
                fits=lambda verdicts: len(verdicts.verdicts) == len(texts),
            )
        except (ModelFault, BudgetSpent):
            return [Judgement(NOBODY)] * len(texts)
        return [Judgement(verdict.score, frozenset(verdict.classes)) for verdict in form.verdicts]
