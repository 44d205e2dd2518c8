"""The composition root: the only place that knows which implementation stands behind which protocol.

It also switches telemetry of dependencies off (R10) before they load. Everything heavy is imported inside functions.
"""

import asyncio
import gc
import os
import resource
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from agent.core.settings import Settings, load_settings
from agent.services.publishing import ATTEST_ACCOUNTS, publish_from, stages_of
from index.core.errors import SettingsError, ShoalError
from index.core.home import Home

if TYPE_CHECKING:
    from agent.engine.session import BudgetHolder, Session
    from agent.roles.claude import Readers
    from agent.roles.protocols import RoleSet
    from agent.services.bulk import Estimate, Spending
    from agent.storage.cases import CaseStore
    from agent.storage.session_store import SessionStore
    from agent.storage.watches import WatchStore
    from index.embedding.encoder import CompiledEncoder
    from index.handle import Index, Writer
    from index.ingest.pipeline import IngestReport, Progress
    from index.maintenance.erasure import Forgotten
    from index.maintenance.health import Check
    from index.naming.samples import Namer
    from index.privacy.judgement import NameAuditor
    from index.snapshots.history import Published, SnapshotInfo, StageScores
    from index.sources import Source
    from tools.context import ToolContext
    from tools.core.ledger import Ledger

DEMO = "demo"
_TRACING = (
    "LANGSMITH_ENDPOINT", "LANGSMITH_API_KEY", "LANGSMITH_OTEL", "LANGSMITH_RUNS", "LANGCHAIN_ENDPOINT",
    "LANGCHAIN_API_KEY", "OTEL_", "POSTHOG_", "TRACELOOP_", "ANTHROPIC_OPEN_TELEMETRY",
)  # fmt: skip
"""Beginnings of variables that tell a dependency where to report to; they are taken out of this process."""
_GARBAGE_EVERY = 50_000
"""Objects made and not freed between two looks for garbage (Python's own: 700). What importing makes lives as long as
the process: looking through it on the way takes a fifth of the start."""


def prepare_process() -> None:
    """What a process of Shoal does first: tells every dependency that could report to somebody not to (R10), lets
    nobody else read what it writes, and looks for garbage seldom. Must run before the dependencies are imported."""
    gc.set_threshold(_GARBAGE_EVERY)
    for name in ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2"):
        os.environ[name] = "false"
    for name in [name for name in os.environ if name.startswith(_TRACING)]:
        del os.environ[name]
    os.environ["OTEL_SDK_DISABLED"] = "true"
    os.environ["ANONYMIZED_TELEMETRY"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["TRANSFORMERS_VERBOSITY"] = "error"
    os.environ["DO_NOT_TRACK"] = "1"
    os.umask(0o077)
    # A core dump is a copy of memory, and memory holds conversations (R1).
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


@dataclass(frozen=True, slots=True)
class App:
    """Home, settings and the index chosen: what every command starts from."""

    home: Home
    settings: Settings
    path: Path
    sessions: str = "sessions"
    """The folder of the home that sessions are kept in; each visitor of `shoal serve` has another."""

    @classmethod
    def start(cls, index: str | None = None) -> "App":
        prepare_process()
        home = Home.from_environment()
        settings = load_settings(home.root)
        return cls(home, settings, home.index_path(index or settings.index))

    def encoder(self, on_compile: Callable[[], None] = lambda: None) -> "CompiledEncoder":
        from index.embedding.encoder import CompiledEncoder

        return CompiledEncoder(self.home.folder("encoders"), self.settings.encoder, on_compile)

    def open_index(self) -> "Index":
        """The index at its newest snapshot."""
        from index.handle import Index

        return Index(self.path, self.encoder())

    def ledger(self) -> "Ledger":
        from index.handle import read_settings
        from tools.core.ledger import Ledger

        read_settings(self.path)
        return Ledger(self.path / "ledger" / f"{_file_name(self.settings.analyst)}.sqlite3")

    def epsilon(self, ledger: "Ledger") -> tuple[float, float] | None:
        """ε that this analyst spent on closed counts, and may spend in all; None where no noise is added and none was."""
        from index.handle import read_settings
        from tools.core.policy import load_policy

        policy = load_policy(read_settings(self.path).policy, self.settings.policy)
        spent = ledger.spent()
        return (spent, policy.epsilon_total) if policy.adds_noise or spent else None

    def limited(self, max_cost: float | None, seconds: float | None, *, yes: bool = False) -> "App":
        """The same, with other limits of a run. Raises SettingsError for a cost cap that no price can hold."""
        settings = self.settings
        if max_cost is not None and settings.has_model:
            for model in dict.fromkeys((settings.lead_model, settings.worker_model)):
                if model not in settings.prices:
                    raise SettingsError(
                        f"A cap of {max_cost:g} US dollars needs the price of {model}.",
                        f'Add it to settings.toml: [prices."{model}"] input = ..., output = ... (US dollars a million tokens).',
                    )
        return replace(
            self,
            settings=settings.with_values(
                max_run_cost=settings.max_run_cost if max_cost is None else max_cost,
                max_run_seconds=settings.max_run_seconds if seconds is None else seconds,
                approve_all=settings.approve_all or yes,
            ),
        )

    def store(self) -> "SessionStore":
        """The sessions kept under this home."""
        from agent.storage.session_store import SessionStore

        return SessionStore(self.home.folder(self.sessions))

    def for_visitor(self, name: str) -> "App":
        """The same with a session store of its own, for one browser."""
        if not name.isalnum():
            raise SettingsError(f"{name!r} cannot name a visitor.", "Use letters and digits.")
        return replace(self, sessions=f"visitors/{name}")

    def cases(self) -> "CaseStore":
        """The cases kept under this home."""
        from agent.storage.cases import CaseStore

        return CaseStore(self.home.folder("cases"))

    def watches(self) -> "WatchStore":
        """The watches kept under this home."""
        from agent.storage.watches import WatchStore

        return WatchStore(self.home.folder("watches"))

    def on_index(self, path: str) -> "App":
        """The same over another index, by its path."""
        return replace(self, path=Path(path))

    def of_session(self, session: str) -> "App":
        """The same over the index that a stored session asked."""
        store = self.store()
        try:
            return self.on_index(store.runs(session)[0].index_path)
        finally:
            store.close()

    def session(self, *, built_in: bool = False, reopen: str | None = None) -> "Session":
        """A session on the index, with Claude roles where a key or endpoint is set, else the built-in ones. `reopen`:
        the id of a stored session to go on with."""
        from agent.engine.session import Session
        from agent.storage.session_store import SessionStore

        context, roles, holder = self.tool_context(built_in=built_in)
        folder = self.home.folder(self.sessions)
        fallback = self.built_in_roles()
        made = Session(context, roles or fallback, fallback, self.settings, SessionStore(folder), folder, holder)
        if reopen is not None:
            made.reopen(reopen)
        return made

    def tool_context(self, *, built_in: bool = False) -> "tuple[ToolContext, RoleSet | None, BudgetHolder]":
        """Tools on the newest snapshot behind a gate of their own, the Claude roles where there are some, and where
        their client finds its budget."""
        from agent.engine.session import BudgetHolder
        from tools.context import ToolContext
        from tools.core.policy import load_policy
        from tools.release.gate import Gate

        index = self.open_index()
        holder = BudgetHolder()
        uses_model = self.settings.has_model and not built_in
        roles, namer, auditor = self._claude(holder) if uses_model else (None, _built_in_namer(), None)
        policy = load_policy(index.settings.policy, self.settings.policy)
        gate = Gate(index, policy, self.ledger(), to_model=uses_model)
        return ToolContext(index, gate, namer, auditor), roles, holder

    def built_in_roles(self) -> "RoleSet":
        from agent.roles.builtin.auditor import BuiltinAuditor
        from agent.roles.builtin.investigator import BuiltinInvestigator
        from agent.roles.builtin.planner import BuiltinPlanner
        from agent.roles.builtin.writer import BuiltinWriter
        from agent.roles.protocols import RoleSet

        return RoleSet(
            "built-in", BuiltinPlanner(), BuiltinInvestigator(), BuiltinAuditor(), BuiltinWriter(), False, _nothing
        )

    def _claude(self, holder: "BudgetHolder") -> tuple["RoleSet", "Namer", "NameAuditor"]:
        from agent.roles.claude import claude_roles

        return claude_roles(self.settings, holder)

    async def ingest(
        self,
        source: "Source",
        report: "Callable[[Progress], None]",
        *,
        built_in: bool = False,
        landmarks: Mapping[str, date] | None = None,
        facets: Path | None = None,
        batch: bool = False,
        max_cost: float | None = None,
    ) -> "Taken":
        """Take a source into the index and publish a snapshot. `facets` is a file of facets of the index's own;
        `batch` extracts by Message Batches; `max_cost` caps what a model may cost, in US dollars."""
        from agent.services.bulk import spending
        from index.handle import open_writer
        from index.ingest.pipeline import Ingest, Progress
        from index.ingest.reading import worker_pool

        uses_model = self.settings.has_model and not built_in
        if (batch or max_cost is not None) and not uses_model:
            raise SettingsError(
                "Batches and a cost cap need a model.", "Set ANTHROPIC_API_KEY, or leave --batch and --max-cost out."
            )
        spent = spending(self.settings, max_cost) if uses_model else None
        if (self.path / "index.toml").exists():
            await self._tidy(report)
        writer = open_writer(self.path, self.home, landmarks, facets)
        readers = self._readers(writer, spent, report, batch=batch)
        try:
            encoder = self.encoder(lambda: report(Progress("compiling the embedding model (once)", 0, 0)))
            ingest = Ingest(
                writer.facts,
                writer.vectors,
                encoder,
                readers.extractor,
                worker_pool,
                writer.sealer,
                ATTEST_ACCOUNTS,
                writer.settings.facets,
                report,
            )
            outcome = await ingest.run(source)
            writer.close()
            await self._tidy(report)  # an old log may hold what is too old to be published
            writer = open_writer(self.path, self.home)
            published = await publish_from(writer, readers.namer, readers.taxonomist, report)
            await self._keep_suspected(report)
        finally:
            await readers.close()
            writer.close()
        return Taken(outcome, published, spent)

    async def publish(self, report: "Callable[[Progress], None]", *, built_in: bool = False) -> "Published":
        """Publish a snapshot of what is stored."""
        from agent.services.bulk import spending
        from index.handle import open_writer, read_settings

        read_settings(self.path)
        spent = spending(self.settings, None) if self.settings.has_model and not built_in else None
        await self._tidy(report)
        writer = open_writer(self.path, self.home)
        readers = self._readers(writer, spent, report)
        try:
            published = await publish_from(writer, readers.namer, readers.taxonomist, report)
            await self._keep_suspected(report)
            return published
        finally:
            await readers.close()
            writer.close()

    def estimate(self, source: "Source", facets: Path | None = None, *, batch: bool = False) -> "Estimate":
        """What ingesting a source with the configured model would take. Nothing is sent or written."""
        from agent.services.bulk import estimate
        from index.core.facets import load_facets
        from index.handle import read_settings

        if not self.settings.has_model:
            raise SettingsError(
                "There is no model to estimate for.", "Set ANTHROPIC_API_KEY or ANTHROPIC_BASE_URL; built-in is free."
            )
        known = read_settings(self.path).facets if (self.path / "index.toml").exists() else ()
        return estimate(source, self.settings, load_facets(facets) if facets else known, batch=batch)

    async def _tidy(self, report: "Callable[[Progress], None]") -> None:
        """Finish an erasure that was interrupted, and erase what is older than the index may keep."""
        from index.maintenance.erasure import apply_retention, finish

        for step in (finish, apply_retention):
            await asyncio.to_thread(step, self.path, self.home, stages_of(report))

    async def forget(
        self, report: "Callable[[Progress], None]", *, account: str | None = None, before: date | None = None
    ) -> "Forgotten":
        """Erase what the index holds of an account, or from before a day."""
        from index.maintenance.erasure import finish, forget

        def work() -> "Forgotten":
            finish(self.path, self.home, stages_of(report))
            return forget(self.path, self.home, stages_of(report), account=account, before=before)

        gone = await asyncio.to_thread(work)
        await self._keep_suspected(report)
        return gone

    async def _keep_suspected(self, report: "Callable[[Progress], None]") -> None:
        """Read once which accounts look coordinated, so that no question has to. An index that cannot be asked now (none
        is published, another embedding model is set) is left for the question that can."""
        from index.ingest.pipeline import Progress
        from tools.coordination.suspects import keep_suspected
        from tools.core.policy import load_policy

        try:
            index = self.open_index()
        except ShoalError:
            return
        if index.derived.exists():
            return
        policy = load_policy(index.settings.policy, self.settings.policy)
        if policy.coordinated_as_one > 1:
            report(Progress("looking for coordination", 0, 0))
            await asyncio.to_thread(keep_suspected, index, policy)

    def snapshots(self) -> "list[SnapshotInfo]":
        """The published snapshots, oldest first."""
        from index.handle import read_settings
        from index.snapshots.history import published

        read_settings(self.path)
        return published(self.path / "snapshots")

    def privacy_report(self) -> "list[StageScores]":
        """Shares of each privacy score at each stage, of the newest snapshot."""
        from index.snapshots.history import privacy_report

        return privacy_report(self.path / "snapshots")

    def keep_snapshots(self, newest: int) -> int:
        """Remove all but the newest snapshots; returns how many were removed."""
        from index.snapshots.snapshot import snapshot_numbers, snapshot_path

        folder = self.path / "snapshots"
        old = snapshot_numbers(folder)[: -max(1, newest)]
        for number in old:
            snapshot_path(folder, number).unlink()
        return len(old)

    def doctor(self) -> "list[Check]":
        """What is configured, whether it works, and what would leave the machine."""
        from agent.services.doctor import checks

        return checks(self)

    def _readers(
        self,
        writer: "Writer",
        spent: "Spending | None",
        report: "Callable[[Progress], None]",
        *,
        batch: bool = False,
    ) -> "Readers":
        from agent.roles.claude import Readers, claude_readers

        if spent is not None:
            from index.ingest.pipeline import Progress

            sent = self.home.folder("batches") / f"{writer.settings.id}.json" if batch else None
            return claude_readers(
                self.settings,
                spent,
                writer.settings.facets,
                embed=lambda names: self.encoder().encode(names),
                batches=sent,
                key_of=writer.sealer.content,
                waiting=lambda answered, asked: report(Progress("waiting for a batch", answered, asked)),
            )
        from agent.roles.builtin.extractor import BuiltinExtractor
        from agent.roles.builtin.fields import fields_of
        from index.publish.taxonomy import LinkageTaxonomist

        return Readers(
            BuiltinExtractor(writer.settings.facets), _built_in_namer(), LinkageTaxonomist(fields_of), _nothing
        )

    def newest_snapshot(self) -> int:
        """The number of the newest published snapshot; 0: there is none, and nothing can be asked."""
        from index.snapshots.snapshot import snapshot_numbers

        return max(snapshot_numbers(self.path / "snapshots"), default=0)


@dataclass(frozen=True, slots=True)
class Taken:
    """What an ingest did. `spent` None: no model was used."""

    outcome: "IngestReport"
    published: "Published"
    spent: "Spending | None"


async def _nothing() -> None:
    """Closes what holds no connection."""


def _built_in_namer() -> "Namer":
    from agent.roles.builtin.namer import BuiltinNamer

    return BuiltinNamer()


def _file_name(analyst: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in analyst)[:64] or "analyst"
