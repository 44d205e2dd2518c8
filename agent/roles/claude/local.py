"""What a small model does in the profile `local`: it says a question again in plain words, and words an answer.

Both are one short call without tools. Whatever it says is only a wording: the built-in lead reads the question that it gives
back, and an answer that its findings do not support is dropped for the built-in one (R8). So it can invent no number, and no
question stays unanswered for its sake.
"""

from collections.abc import Sequence
from dataclasses import replace

import regex

from agent.core.answer import Draft
from agent.core.errors import Unusable
from agent.core.settings import Settings
from agent.grounding.verify import handles
from agent.llm.client import Ask, Model
from agent.roles.protocols import Brief, Evidence, OnDelta, Plan, Planner, Writer
from prompts import Prompt, load, render

_ASKED_CHARS, _SAID_CHARS = 2_000, 300
"""Characters of a question that the model is given, and that it may give back."""
_MOST_CLAIMS = 12
_WORDED = "A model worded the answer; built-in rules investigated."
_OURS = regex.compile(r"</?(?:claims|question)>")
"""Tags of the request: a small model may copy them with a claim."""
_SHORT = 500
"""Tokens of a reply."""


class ReadingPlanner:
    """The built-in lead; where it does not understand, the model says the question again in plain English, once."""

    def __init__(self, built_in: Planner, model: Model, settings: Settings) -> None:
        self._built_in, self._model, self._settings = built_in, model, settings

    async def plan(self, brief: Brief) -> Plan:
        made = await self._built_in.plan(brief)
        if made.clarification is None:
            return made
        said = await self._said_again(brief, made.suggestions)
        if not said or said.casefold() == brief.question.casefold():
            return made
        again = await self._built_in.plan(replace(brief, question=said))
        if again.clarification is not None:
            return made
        read = f"The question was read by {self._settings.lead_model} as: {said}"
        return again.model_copy(update={"assumptions": (read, *again.assumptions), "spoken": made.spoken})

    async def _said_again(self, brief: Brief, examples: Sequence[str]) -> str:
        user = render(Prompt.READER, question=brief.question[:_ASKED_CHARS], examples="\n".join(examples) or "none")
        ask = Ask(
            self._settings.lead_model,
            load(Prompt.READER).system,
            [{"role": "user", "content": user}],
            max_tokens=_SHORT,
        )
        lines = (await self._model.reply(ask)).text.strip().splitlines()
        return lines[0].strip().strip('"')[:_SAID_CHARS] if lines else ""


class WordingWriter:
    """The built-in answer with its first sentences in the model's words, where these hold."""

    def __init__(self, built_in: Writer, model: Model, settings: Settings) -> None:
        self._built_in, self._model, self._settings = built_in, model, settings

    async def write(self, evidence: Evidence, problems: Sequence[str], on_delta: OnDelta) -> Draft:
        draft = await self._built_in.write(evidence, (), lambda _: None)
        claims = [claim.text for claim in evidence.claims if claim.kind != "limit"][:_MOST_CLAIMS]
        if not claims:
            return draft
        if problems:
            raise Unusable("wording")
        user = render(
            Prompt.WORDER, question=evidence.question[:_ASKED_CHARS], language=evidence.spoken, claims="\n".join(claims)
        )
        ask = Ask(
            self._settings.lead_model,
            load(Prompt.WORDER).system,
            [{"role": "user", "content": user}],
            max_tokens=_SHORT,
        )
        worded = " ".join(_OURS.sub(" ", (await self._model.reply(ask, on_delta)).text).split())
        if not handles(worded):
            raise Unusable("wording")
        return draft.model_copy(update={"answer": worded, "byline": _WORDED})
