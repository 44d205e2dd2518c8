"""The Claude role set, over any endpoint that speaks the Messages API."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from agent.core.run import RunContext
from agent.core.settings import Settings
from agent.llm.client import Credentials, MessagesClient, Model
from agent.roles.builtin.namer import BuiltinNamer
from agent.roles.claude.batches import BatchExtractor, OpenBatches
from agent.roles.claude.extractor import ClaudeExtractor
from agent.roles.claude.local import ReadingPlanner, WordingWriter
from agent.roles.claude.name_auditor import ClaudeNameAuditor
from agent.roles.claude.namer import ClaudeNamer
from agent.roles.claude.roles import ClaudeAuditor, ClaudeInvestigator, ClaudePlanner, ClaudeWriter
from agent.roles.claude.taxonomist import ClaudeTaxonomist, Embed
from agent.roles.protocols import RoleSet
from index.core.facets import FacetSpec
from index.ingest.extraction import Extractor, LocalExtractor
from index.naming.samples import Namer
from index.privacy.judgement import NameAuditor
from index.publish.taxonomy import FieldTaxonomist, Taxonomist


def client_of(settings: Settings) -> MessagesClient:
    """The client that all roles and readers share."""
    return MessagesClient(Credentials(settings.api_key, settings.auth_token, settings.base_url, settings.service))


def claude_roles(settings: Settings, model: Model) -> RoleSet:
    """Every role that asks, over one run's model."""
    return RoleSet(
        name=model_names(settings),
        planner=ClaudePlanner(model, settings),
        investigator=ClaudeInvestigator(model, settings),
        auditor=ClaudeAuditor(model, settings),
        writer=ClaudeWriter(model, settings),
        uses_model=True,
    )


def local_roles(settings: Settings, model: Model, built_in: RoleSet) -> RoleSet:
    """The roles of a small model: it reads what the built-in lead does not understand, and words the answer."""
    return RoleSet(
        name=model_names(settings),
        planner=ReadingPlanner(built_in.planner, model, settings),
        investigator=built_in.investigator,
        auditor=built_in.auditor,
        writer=WordingWriter(built_in.writer, model, settings),
        uses_model=True,
    )


def model_names(settings: Settings) -> str:
    """What a role set of models is called."""
    if settings.profile == "local":
        return f"{settings.lead_model} with built-in roles"
    return f"{settings.lead_model}, {settings.worker_model}"


def name_auditor(settings: Settings, model: Model) -> NameAuditor | None:
    """The auditor of names for what is released. A small model audits nothing: the gate's rules judge names alone, as in the
    built-in roles."""
    return None if settings.profile == "local" else ClaudeNameAuditor(model, settings)


class Readers(NamedTuple):
    """What reads conversations and summaries. `close` lets the connection go."""

    extractor: Extractor | LocalExtractor
    namer: Namer
    taxonomist: Taxonomist
    close: Callable[[], Awaitable[None]]


def claude_readers(
    settings: Settings,
    run: RunContext,
    own: Sequence[FacetSpec] = (),
    *,
    embed: Embed,
    batches: Path | None = None,
    key_of: Callable[[Sequence[str]], str] = "\n".join,
    waiting: Callable[[int, int], None] = lambda _answered, _asked: None,
) -> Readers:
    """The readers of ingest and publishing. With `batches`, a file that keeps what was sent, extraction is in
    bulk, and `key_of` hashes what is in that file. `embed` places names for the taxonomist."""
    client = client_of(settings)
    model = client.for_run(run)
    namer = ClaudeNamer(model, settings, BuiltinNamer())
    taxonomist = ClaudeTaxonomist(model, settings, embed, FieldTaxonomist())
    if batches is None:
        return Readers(ClaudeExtractor(model, settings, own), namer, taxonomist, client.close)
    extractor = BatchExtractor(model, settings, own, OpenBatches(batches), key_of, waiting)
    return Readers(extractor, namer, taxonomist, client.close)
