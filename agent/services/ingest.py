"""What is done to an index: ingest, publishing, erasure. The command line, the screen and other front ends call this."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from agent.wiring import App
from index.core.errors import SettingsError, ShoalError

if TYPE_CHECKING:
    from agent.roles.claude import Readers
    from agent.services.cost import Estimate, Spending
    from index.handle import Writer
    from index.ingest.pipeline import Ingest, IngestReport, Progress
    from index.labels import LabelSpace
    from index.maintenance.erasure import Forgotten
    from index.snapshots.history import Published
    from index.sources import Source

Report = Callable[["Progress"], None]
"""Called with where a stage stands."""

Engine = Callable[["Writer", "Ingest"], Awaitable["IngestReport"]]
"""Reads an input and hands it to the steps of an ingest."""

ATTEST_ACCOUNTS = 5
"""Accounts that must use a word before it is stored in clear: the policy's `min_accounts` default (R6)."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What an ingest did. `spent` None: no model was used."""

    outcome: "IngestReport"
    published: "Published"
    spent: "Spending | None"


class Options(TypedDict, total=False):
    """Of an ingest; see `ingest_by`."""

    built_in: bool
    landmarks: Mapping[str, date] | None
    facets: Path | None
    batch: bool
    max_cost: float | None


async def ingest(app: App, source: "Source", report: Report, **options: Unpack[Options]) -> Taken:
    """Take a source into the index and publish a snapshot."""

    async def here(_: "Writer", steps: "Ingest") -> "IngestReport":
        return await steps.run(source)

    return await ingest_by(app, here, report, **options)


async def ingest_by(
    app: App,
    engine: "Engine",
    report: Report,
    *,
    built_in: bool = False,
    landmarks: Mapping[str, date] | None = None,
    facets: Path | None = None,
    batch: bool = False,
    max_cost: float | None = None,
) -> Taken:
    """Take what `engine` reads into the index and publish a snapshot. `facets` is a file of facets of the index's own; `batch`
    extracts by Message Batches; `max_cost` caps what a model may cost, in US dollars."""
    from agent.services.cost import spending
    from index.handle import open_writer

    uses_model = app.uses_model(built_in=built_in)
    if (batch or max_cost is not None) and not uses_model:
        raise SettingsError(
            "Batches and a cost cap need a model.", "Set ANTHROPIC_API_KEY, or leave --batch and --max-cost out."
        )
    if batch and app.settings.service != "anthropic":
        raise SettingsError(f"{app.settings.service} has no Message Batches.", "Leave --batch out.")
    spent = spending(app.settings, max_cost) if uses_model else None
    if (app.path / "index.toml").exists():
        await _tidy(app, report)
    writer = open_writer(app.path, app.home, landmarks, facets)
    async with _readers(app, writer, spent, report, batch=batch) as readers:
        with closing(writer):
            outcome = await engine(writer, _steps(app, writer, readers, report))
        await _tidy(app, report)  # an old log may hold what is too old to be published
        with closing(open_writer(app.path, app.home)) as writer:
            published = await _publish(app, writer, readers, report)
    return Taken(outcome, published, spent)


def _steps(app: App, writer: "Writer", readers: "Readers", report: Report) -> "Ingest":
    from index.ingest.pipeline import Ingest, Progress
    from index.ingest.reading import worker_pool

    compiling = Progress("compiling the embedding model (once)", 0, 0)
    encoder = app.encoder(lambda: report(compiling), writer.facts.manifest("encoder"))
    return Ingest(
        writer.facts,
        writer.vectors,
        encoder,
        readers.extractor,
        worker_pool,
        writer.sealer,
        ATTEST_ACCOUNTS,
        writer.settings.facets,
        report,
        app.reader_of_kinds(lambda: report(compiling)),
        lambda: app.kinds(encoder).by_label(),
        writer.settings.proper_nouns,
    )


async def publish(app: App, report: Report, *, built_in: bool = False, anew: bool = False) -> "Published":
    """Publish a snapshot of what is stored. `anew`: place and name everything together again."""
    from agent.services.cost import spending
    from index.handle import open_writer, read_settings

    read_settings(app.path)
    spent = spending(app.settings, None) if app.uses_model(built_in=built_in) else None
    await _tidy(app, report)
    with closing(open_writer(app.path, app.home)) as writer:
        async with _readers(app, writer, spent, report) as readers:
            return await _publish(app, writer, readers, report, anew=anew)


async def _publish(
    app: App, writer: "Writer", readers: "Readers", report: Report, *, anew: bool = False
) -> "Published":
    from index.publish.publisher import publish as publish_snapshot

    published = await publish_snapshot(
        writer.facts,
        writer.vectors,
        writer.snapshots,
        readers.namer,
        readers.taxonomist,
        writer.settings.facets,
        ATTEST_ACCOUNTS,
        writer.sealer.edge,
        _stages(report),
        lambda: _label_space(app, writer),
        anew=anew,
    )
    await _keep_derived(app, report)
    return published


def _label_space(app: App, writer: "Writer") -> "LabelSpace":
    from index.labels import LabelSpace

    encoder = app.encoder(made_with=writer.facts.manifest("encoder"))
    return LabelSpace.of(app.kinds(encoder).middles, writer.settings.labels, encoder)


@asynccontextmanager
async def _readers(
    app: App, writer: "Writer", spent: "Spending | None", report: Report, *, batch: bool = False
) -> "AsyncGenerator[Readers, None]":
    """Readers whose connection is closed once, however the work ends."""
    from index.ingest.pipeline import Progress

    def waiting(answered: int, asked: int) -> None:
        report(Progress("waiting for a batch", answered, asked))

    readers = app.readers(writer, spent.run if spent is not None else None, waiting, batch=batch)
    try:
        yield readers
    finally:
        await readers.close()


def estimate(app: App, source: "Source", facets: Path | None = None, *, batch: bool = False) -> "Estimate":
    """What ingesting a source with the configured model would take. Nothing is sent or written."""
    from agent.services.cost import estimate as estimated
    from index.core.facets import load_facets
    from index.handle import read_settings

    if not app.settings.has_model:
        raise SettingsError(
            "There is no model to estimate for.", "Set ANTHROPIC_API_KEY or ANTHROPIC_BASE_URL; built-in is free."
        )
    known = read_settings(app.path).facets if (app.path / "index.toml").exists() else ()
    return estimated(source, app.settings, load_facets(facets) if facets else known, batch=batch)


async def forget(app: App, report: Report, *, account: str | None = None, before: date | None = None) -> "Forgotten":
    """Erase what the index holds of an account, or from before a day."""
    from index.maintenance.erasure import finish
    from index.maintenance.erasure import forget as erase

    def work() -> "Forgotten":
        finish(app.path, app.home, _stages(report))
        return erase(app.path, app.home, _stages(report), account=account, before=before)

    gone = await asyncio.to_thread(work)
    await _keep_derived(app, report)
    return gone


async def _tidy(app: App, report: Report) -> None:
    """Finish an erasure that was interrupted, and erase what is older than the index may keep."""
    from index.maintenance.erasure import apply_retention, finish

    for step in (finish, apply_retention):
        await asyncio.to_thread(step, app.path, app.home, _stages(report))


async def _keep_derived(app: App, report: Report) -> None:
    """Make the partition, and read which accounts look coordinated, so that no question has to. An index that cannot be asked
    now (none is published, another embedding model is set) is left for the question that can."""
    from index.ingest.pipeline import Progress
    from tools.coordination.suspects import keep_suspected
    from tools.core.policy import load_policy
    from tools.suppression.recoding import recoded

    try:
        index = app.open_index()
    except ShoalError:
        return
    policy = load_policy(index.settings.policy, app.settings.policy)
    report(Progress("finding cells", 0, 0))
    await asyncio.to_thread(recoded(index, policy).keep_cells)
    if policy.coordinated_as_one > 1 and not index.derived.exists():
        report(Progress("looking for coordination", 0, 0))
        await asyncio.to_thread(keep_suspected, index, policy)


def _stages(report: Report) -> Callable[[str, int, int], None]:
    from index.ingest.pipeline import Progress

    return lambda stage, done, total: report(Progress(stage, done, total))
