"""The Claude form of the namer (R11).

It sees phrases that many accounts use, in the order of the alphabet and without counts, so that neither tells what one
summary says (docs/decisions/0011). It has no tools, must answer in a fixed form, and what it says is attested before anyone
sees it. It may never end a run: where it fails, the built-in namer names.
"""

import json
from collections.abc import Sequence

from pydantic import BaseModel

from agent.core.errors import BudgetSpent, ModelFault
from agent.core.settings import Settings
from agent.llm.client import Model
from agent.roles.claude.structured import ask_structured
from index.naming.samples import Namer, NamingSample
from prompts import Prompt, render

_GROUPS_A_CALL = 12
_SHOWN = 20
_PARTS = 40
_OTHERS = 60


class NamesForm(BaseModel):
    """Names of groups in the order given."""

    names: list[str | None]


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
                "phrases": sorted(phrase.text for phrase in sample.phrases[:_SHOWN]),
                "just_outside": sorted(phrase.text for phrase in sample.nearby[:_SHOWN]),
                **_known(sample),
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
        except (ModelFault, BudgetSpent):
            return await self._fallback.name_groups(samples)
        return form.names


def _known(sample: NamingSample) -> dict[str, Sequence[str]]:
    """What only some groups have: parts they are made of, and what a second try may not say. Never why."""
    return {
        name: values
        for name, values in (
            ("made_of", sample.children[:_PARTS]),
            ("words_not_to_use", sorted(sample.barred)),
            ("names_of_others", sample.taken[:_OTHERS]),
        )
        if values
    }
