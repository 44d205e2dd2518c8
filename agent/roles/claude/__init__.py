"""The Claude role set, over any endpoint that speaks the Messages API."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from agent.core.settings import Settings
from agent.llm.client import AnthropicModel, Meter
from agent.roles.builtin.fields import fields_of
from agent.roles.builtin.namer import BuiltinNamer
from agent.roles.claude.batches import BatchExtractor, OpenBatches
from agent.roles.claude.extractor import ClaudeExtractor
from agent.roles.claude.name_auditor import ClaudeNameAuditor
from agent.roles.claude.namer import ClaudeNamer
from agent.roles.claude.roles import ClaudeAuditor, ClaudeInvestigator, ClaudePlanner, ClaudeWriter
from agent.roles.claude.taxonomist import ClaudeTaxonomist, Embed
from agent.roles.protocols import RoleSet
from index.core.facets import FacetSpec
from index.ingest.extraction import Extractor, LocalExtractor
from index.naming.samples import Namer
from index.publish.taxonomy import LinkageTaxonomist, Taxonomist


def claude_roles(settings: Settings, meter: Meter) -> tuple[RoleSet, ClaudeNamer, ClaudeNameAuditor]:
    """Every role that asks, and the namer and the auditor of names for what is released, over one client."""
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
    return roles, ClaudeNamer(model, settings, BuiltinNamer()), ClaudeNameAuditor(model, settings)


class Readers(NamedTuple):
    """What reads conversations and summaries. `close` lets the connection go."""

    extractor: Extractor | LocalExtractor
    namer: Namer
    taxonomist: Taxonomist
    close: Callable[[], Awaitable[None]]


def claude_readers(
    settings: Settings,
    meter: Meter,
    own: Sequence[FacetSpec] = (),
    *,
    embed: Embed,
    batches: Path | None = None,
    key_of: Callable[[Sequence[str]], str] = "\n".join,
    waiting: Callable[[int, int], None] = lambda _answered, _asked: None,
) -> Readers:
    """The readers of ingest and publishing. With `batches`, a file that keeps what was sent, extraction is in
    bulk, and `key_of` hashes what stands in that file. `embed` places names for the taxonomist."""
    model = AnthropicModel(settings.api_key, settings.base_url, meter)
    namer = ClaudeNamer(model, settings, BuiltinNamer())
    taxonomist = ClaudeTaxonomist(model, settings, embed, LinkageTaxonomist(fields_of))
    if batches is None:
        return Readers(ClaudeExtractor(model, settings, own), namer, taxonomist, model.close)
    extractor = BatchExtractor(model, settings, own, OpenBatches(batches), key_of, waiting)
    return Readers(extractor, namer, taxonomist, model.close)
