"""What a model can do, found by a few short calls: `shoal doctor --probe`.

It decides nothing: it says which profile suits and what each role will do then. No question, finding or conversation is sent.
"""

import time
from dataclasses import dataclass

from agent.core.budget import Budget
from agent.core.errors import ModelFault
from agent.core.run import RunContext
from agent.core.settings import Profile
from agent.llm.client import Ask, MessagesClient, RunModel
from agent.roles.claude import client_of
from agent.wiring import App
from index.core.errors import SettingsError
from index.maintenance.health import Check

_SECONDS = 600.0
_SLOW = 15.0
"""Tokens a second below which a full investigation takes too long."""
_NEEDED = 4_500
"""Tokens of the first request of a full investigation."""
_WORDS = "river stone lamp garden seven paper window cloud "
_TOKENS_A_FILLER = 9
_SHORT = 400
"""Tokens of a reply."""
_PATIENCE_S = 120.0
"""Seconds that reading a full request may take."""

_TOOL = {
    "name": "count",
    "description": "Count conversations by a facet.",
    "input_schema": {"type": "object", "properties": {"by": {"type": "string"}}, "required": ["by"]},
}


@dataclass(frozen=True, slots=True)
class Probed:
    """What was found. `speed`: tokens a second, written; `reads`: whether a request of the size that a full investigation needs was
    taken, None where it would take too long to try."""

    answers: bool
    speed: float
    tools: bool
    reads: bool | None
    fault: str = ""

    @property
    def profile(self) -> Profile:
        """The profile that suits."""
        return "full" if self.answers and self.tools and self.reads and self.speed >= _SLOW else "local"


async def probe(app: App) -> Probed:
    """Ask the configured lead model three things. Raises SettingsError where there is no model."""
    if not app.settings.has_model:
        raise SettingsError("There is no model to probe.", "Set ANTHROPIC_API_KEY or ANTHROPIC_BASE_URL.")
    client: MessagesClient = client_of(app.settings)
    budget = Budget(_SECONDS, app.settings.max_run_cost, app.settings.prices)
    model = client.for_run(RunContext("probe", "", budget, lambda _: None))
    try:
        return await _probed(model, app.settings.lead_model, budget)
    finally:
        await client.close()


async def _probed(model: RunModel, name: str, budget: Budget) -> Probed:
    started = time.monotonic()
    try:
        await model.reply(_ask(name, "Count from one to forty in English words."))
    except ModelFault as fault:
        return Probed(answers=False, speed=0.0, tools=False, reads=None, fault=fault.message)
    took = max(1e-3, time.monotonic() - started)
    speed = budget.usage.output_tokens / took
    try:
        reply = await model.reply(_ask(name, "Count the conversations by language. Call the tool.", tools=True))
        calls = any(call["name"] == "count" for call in reply.tool_calls)
    except ModelFault:
        calls = False
    return Probed(answers=True, speed=speed, tools=calls, reads=await _reads(model, name))


async def _reads(model: RunModel, name: str) -> bool | None:
    """Whether a long request is taken. A quarter of one is sent first, to see whether the whole would take too long."""
    try:
        started = time.monotonic()
        await model.reply(_ask(name, _filler(_NEEDED // 4)))
        if 4 * (time.monotonic() - started) > _PATIENCE_S:
            return None
        await model.reply(_ask(name, _filler(_NEEDED)))
    except ModelFault:
        return False
    return True


def _filler(tokens: int) -> str:
    return _WORDS * (tokens // _TOKENS_A_FILLER) + "\n\nAnswer with the word yes."


def _ask(name: str, text: str, *, tools: bool = False) -> Ask:
    messages = [{"role": "user", "content": text}]
    return Ask(name, "You are brief.", messages, tools=[_TOOL] if tools else [], max_tokens=_SHORT)


def described(app: App, found: Probed) -> list[Check]:
    """The probe as lines of `shoal doctor`: what the model can do, and what each role will do."""
    settings = app.settings
    if not found.answers:
        return [Check("model answers", "wrong", f"{settings.lead_model}: {found.fault}", "Look at the server's log.")]
    reads = {True: "yes", False: "no", None: "not tried: it would take minutes"}[found.reads]
    is_set = settings.profile == found.profile
    hint = "" if is_set else f'Write profile = "{found.profile}" into settings.toml.'
    roles = (
        "every role is the model's"
        if settings.profile == "full"
        else "the model reads what the built-in lead does not understand, words the answer and names groups; built-in roles "
        "plan, investigate and audit"
    )
    return [
        Check("model answers", "ok", f"{settings.lead_model}, {found.speed:.0f} tokens a second"),
        Check("calls tools", "ok" if found.tools else "note", "yes" if found.tools else "no"),
        Check(f"reads {_NEEDED:,} tokens", "ok" if found.reads else "note", reads),
        Check("profile", "ok" if is_set else "note", f"{settings.profile}: {roles}", hint),
    ]
