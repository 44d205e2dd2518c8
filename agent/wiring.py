"""The composition root: the only place that knows which implementation stands behind which protocol.

It also switches telemetry of dependencies off (R10) before they load. Everything heavy is imported inside functions.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from agent.settings import Settings, load_settings
from index.home import Home

if TYPE_CHECKING:
    from agent.roles import RoleSet
    from agent.session import BudgetHolder, Session
    from index.embedding import OnnxEncoder
    from index.extraction import Extractor, LocalExtractor
    from index.handle import Index, Writer
    from index.ingest import IngestReport, Progress
    from index.naming import Namer
    from index.publish import Published
    from index.sources import Source
    from tools.ledger import Ledger

DEMO = "demo"


def telemetry_off() -> None:
    """Tell every dependency that could report to somebody not to (R10). Must run before they are imported."""
    for name in ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2"):
        os.environ[name] = "false"
    os.environ["ANONYMIZED_TELEMETRY"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["TRANSFORMERS_VERBOSITY"] = "error"
    os.environ["DO_NOT_TRACK"] = "1"
    os.umask(0o077)


@dataclass(frozen=True, slots=True)
class App:
    """Home, settings and the index chosen: what every command starts from."""

    home: Home
    settings: Settings
    path: Path

    @classmethod
    def start(cls, index: str | None = None) -> "App":
        telemetry_off()
        home = Home.from_environment()
        settings = load_settings(home.root)
        return cls(home, settings, home.index_path(index or settings.index))

    def encoder(self, on_compile: Callable[[], None] = lambda: None) -> "OnnxEncoder":
        from index.embedding import OnnxEncoder

        return OnnxEncoder(self.home.folder("encoders"), self.settings.encoder, on_compile)

    def open_index(self) -> "Index":
        """The index at its newest snapshot."""
        from index.handle import Index

        return Index(self.path, self.encoder())

    def ledger(self) -> "Ledger":
        from index.handle import read_settings
        from tools.ledger import Ledger

        read_settings(self.path)
        return Ledger(self.path / "ledger" / f"{_file_name(self.settings.analyst)}.sqlite3")

    def session(self, *, built_in: bool = False) -> "Session":
        """A session on the index, with Claude roles where a key or endpoint is set, else the built-in ones."""
        from agent.session import BudgetHolder, Session
        from agent.sessions import SessionStore
        from tools.context import ToolContext
        from tools.gate import Gate
        from tools.policy import load_policy

        index = self.open_index()
        holder = BudgetHolder()
        uses_model = self.settings.has_model and not built_in
        fallback = self.built_in_roles()
        roles, namer = self._claude(holder) if uses_model else (fallback, _built_in_namer())
        policy = load_policy(index.settings.policy, self.settings.policy)
        gate = Gate(index, policy, self.ledger(), to_model=uses_model)
        folder = self.home.folder("sessions")
        context = ToolContext(index, gate, namer)
        return Session(context, roles, fallback, self.settings, SessionStore(folder), folder, holder)

    def built_in_roles(self) -> "RoleSet":
        from agent.builtin.auditor import BuiltinAuditor
        from agent.builtin.investigator import BuiltinInvestigator
        from agent.builtin.planner import BuiltinPlanner
        from agent.builtin.writer import BuiltinWriter
        from agent.roles import RoleSet

        async def nothing() -> None:
            return None

        return RoleSet(
            "built-in", BuiltinPlanner(), BuiltinInvestigator(), BuiltinAuditor(), BuiltinWriter(), False, nothing
        )

    def _claude(self, holder: "BudgetHolder") -> tuple["RoleSet", "Namer"]:
        from agent.claude import claude_roles

        return claude_roles(self.settings, holder)

    async def ingest(
        self,
        source: "Source",
        report: "Callable[[Progress], None]",
        *,
        built_in: bool = False,
        landmarks: Mapping[str, date] | None = None,
    ) -> "tuple[IngestReport, Published]":
        """Take a source into the index and publish a snapshot."""
        from index.handle import open_writer
        from index.ingest import Ingest, Progress
        from index.reading import worker_pool

        writer = open_writer(self.path, self.home, landmarks)
        try:
            extractor, namer = self._readers(built_in)
            encoder = self.encoder(lambda: report(Progress("compiling the embedding model (once)", 0, 0)))
            ingest = Ingest(
                writer.facts, writer.vectors, encoder, extractor, worker_pool, writer.sealer, ATTEST_ACCOUNTS, report
            )
            outcome = await ingest.run(source)
            published = await _publish(writer, namer, report)
        finally:
            writer.close()
        return outcome, published

    async def publish(self, report: "Callable[[Progress], None]", *, built_in: bool = False) -> "Published":
        """Publish a snapshot of what is stored."""
        from index.handle import open_writer, read_settings

        read_settings(self.path)
        writer = open_writer(self.path, self.home)
        try:
            return await _publish(writer, self._readers(built_in)[1], report)
        finally:
            writer.close()

    def _readers(self, built_in: bool) -> "tuple[Extractor | LocalExtractor, Namer]":
        if self.settings.has_model and not built_in:
            from agent.claude import claude_readers
            from agent.session import BudgetHolder

            return claude_readers(self.settings, BudgetHolder())
        from agent.builtin.extractor import BuiltinExtractor

        return BuiltinExtractor(), _built_in_namer()

    def has_snapshot(self) -> bool:
        """Whether the index can be asked."""
        from index.snapshot import snapshot_numbers

        return bool(snapshot_numbers(self.path / "snapshots"))


ATTEST_ACCOUNTS = 5
"""Accounts that must use a word before it is stored in clear: the policy's `min_accounts` default (R6)."""


async def _publish(writer: "Writer", namer: "Namer", report: "Callable[[Progress], None]") -> "Published":
    from index.ingest import Progress
    from index.publish import publish

    return await publish(
        writer.facts,
        writer.vectors,
        writer.snapshots,
        namer,
        ATTEST_ACCOUNTS,
        lambda stage, done, total: report(Progress(stage, done, total)),
    )


def _built_in_namer() -> "Namer":
    from agent.builtin.namer import BuiltinNamer

    return BuiltinNamer()


def _file_name(analyst: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in analyst)[:64] or "analyst"
