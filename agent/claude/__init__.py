"""The Claude role set, over any endpoint that speaks the Messages API."""

from agent.builtin.namer import BuiltinNamer
from agent.claude.readers import ClaudeExtractor, ClaudeNamer
from agent.claude.roles import ClaudeAuditor, ClaudeInvestigator, ClaudePlanner, ClaudeWriter
from agent.llm import AnthropicModel, Meter
from agent.roles import RoleSet
from agent.settings import Settings


def claude_roles(settings: Settings, meter: Meter) -> tuple[RoleSet, ClaudeNamer]:
    """Every role that asks, and the namer for clustering on demand, over one client."""
    model = AnthropicModel(settings.api_key, settings.base_url, meter)
    roles = RoleSet(
        name=f"{settings.lead_model}, {settings.worker_model}",
        planner=ClaudePlanner(model, settings),
        investigator=ClaudeInvestigator(model, settings),
        auditor=ClaudeAuditor(model, settings),
        writer=ClaudeWriter(model, settings),
        uses_model=True,
        close=model.close,
    )
    return roles, ClaudeNamer(model, settings, BuiltinNamer())


def claude_readers(settings: Settings, meter: Meter) -> tuple[ClaudeExtractor, ClaudeNamer]:
    """The readers of ingest and publishing."""
    model = AnthropicModel(settings.api_key, settings.base_url, meter)
    return ClaudeExtractor(model, settings), ClaudeNamer(model, settings, BuiltinNamer())
