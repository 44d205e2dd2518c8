"""The composition root: the only place that knows which implementation stands behind which protocol. It builds and decides
nothing; what a front end wants done is in `agent.services`.

It also switches telemetry of dependencies off (R10) before they load. Everything heavy is imported inside functions.
"""

import gc
import os
import pwd
import resource
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from agent.core.settings import Settings, load_settings
from index.core.errors import SettingsError
from index.core.home import Home

if TYPE_CHECKING:
    from agent.core.run import RunContext
    from agent.engine.asking import AskingSession
    from agent.engine.remote_session import GateAddress
    from agent.engine.role_source import RoleSource
    from agent.engine.session import Session
    from agent.roles.claude import Readers
    from agent.roles.protocols import RoleSet
    from agent.storage.cases import CaseStore
    from agent.storage.session_store import SessionStore
    from agent.storage.watches import WatchStore
    from index.core.facets import FacetSpec
    from index.embedding.encoder import CompiledEncoder, Encoder
    from index.handle import Index, Writer
    from index.kinds import KindReader, Kinds
    from index.naming.samples import Namer
    from index.privacy.judgement import NameAuditor
    from index.questions.reader import EncoderReader
    from tools.context import ToolContext
    from tools.core.ledger import Ledger
    from tools.toolbox import Toolbox

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
    gate: "GateAddress | None" = None
    """A gate elsewhere that answers in place of an index here."""

    @classmethod
    def start(cls, index: str | None = None) -> "App":
        prepare_process()
        home = Home.from_environment()
        settings = load_settings(home.root)
        return cls(home, settings, home.index_path(index or settings.index))

    @classmethod
    def connected(cls, url: str) -> "App":
        """What asks a gate elsewhere, with the token in SHOAL_TOKEN. Its sessions are kept in a folder of their own."""
        from agent.engine.remote_session import GateAddress

        app = cls.start()
        address = GateAddress.of(url, os.environ.get("SHOAL_TOKEN"))
        kept = f"gates/{address.name}"
        return replace(app, path=app.home.root / kept, sessions=kept, gate=address)

    def encoder(self, on_compile: Callable[[], None] = lambda: None, made_with: str | None = None) -> "CompiledEncoder":
        """The embedding model of the settings, else the one that the index was made with."""
        from index.embedding.encoder import DEFAULT, CompiledEncoder
        from index.handle import encoder_of

        name = self.settings.encoder or made_with or encoder_of(self.path) or DEFAULT
        return CompiledEncoder(self.home.folder("encoders"), name, on_compile)

    def kinds(self, encoder: "Encoder") -> "Kinds":
        """The public vocabulary in the space of an encoder."""
        from index.kinds import Kinds

        return Kinds.of(encoder, self.home.folder("encoders"))

    def reader_of_kinds(self, on_compile: Callable[[], None] = lambda: None) -> "KindReader":
        """What reads the kind of each conversation at ingest."""
        from index.embedding.encoder import ACROSS_LANGUAGES, CompiledEncoder
        from index.kinds import KindReader

        encoder = CompiledEncoder(self.home.folder("encoders"), ACROSS_LANGUAGES, on_compile)
        return KindReader(encoder, self.kinds(encoder))

    def question_reader(self, on_compile: Callable[[], None] = lambda: None) -> "EncoderReader":
        """What reads questions for the built-in lead; it loads its encoder at the first one."""
        from agent.roles.builtin.lead import material, training
        from index.embedding.encoder import ACROSS_LANGUAGES, CompiledEncoder
        from index.questions import reader as questions

        folder = self.home.folder("encoders")
        return questions.EncoderReader(
            CompiledEncoder(folder, ACROSS_LANGUAGES, on_compile),
            folder,
            names=material.names(),
            asking=material.asking(),
            learn=training.examples,
            sources=training.SOURCES,
            shipped=training.WEIGHTS,
        )

    def open_index(self) -> "Index":
        """The index at its newest snapshot."""
        from index.handle import Index

        return Index(self.path, self.encoder())

    def ledger(self) -> "Ledger":
        """The ledger of the index, whoever asks. The chain's end is kept in this home, outside the index."""
        from index.handle import read_settings
        from tools.core.ledger_folder import open_ledger

        anchor = self.home.folder("anchors") / f"{read_settings(self.path).id}.head"
        return open_ledger(self.path / "ledger", anchor, self.analyst_name())

    def analyst_name(self) -> str:
        """Who asks here, as the ledger names them."""
        return _who(self.settings.analyst)

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
        """The same over another index here, by its path."""
        if self.gate is not None and Path(path) != self.path:
            return replace(self, path=Path(path), gate=None, sessions="sessions")
        return replace(self, path=Path(path))

    def of_session(self, session: str) -> "App":
        """The same over the index that a stored session asked."""
        store = self.store()
        try:
            return self.on_index(store.runs(session)[0].index_path)
        finally:
            store.close()

    def session(self, *, built_in: bool = False, reopen: str | None = None) -> "Session":
        """A session on the index, with model roles where a credential or endpoint is set, else the built-in ones. `reopen`:
        the id of a stored session to go on with."""
        from tools.toolbox import Toolbox

        context, fallback = self.tool_context(built_in=built_in), self.built_in_roles()
        roles = self.model_roles() if self.uses_model(built_in=built_in) else fallback
        made = self.session_over(Toolbox(context), roles, fallback)
        if reopen is not None:
            made.reopen(reopen)
        return made

    def asking_session(self, *, built_in: bool = False, reopen: str | None = None) -> "AskingSession":
        """The same, or one that a gate elsewhere answers."""
        if self.gate is None:
            return self.session(built_in=built_in, reopen=reopen)
        from agent.engine.remote_session import RemoteSession

        made = RemoteSession(self.gate, self.store(), self.path)
        if reopen is not None:
            made.reopen(reopen)
        return made

    def session_over(self, toolbox: "Toolbox", roles: "RoleSource", fallback: "RoleSource") -> "Session":
        """A session with these tools and roles, kept where this home keeps sessions."""
        from agent.engine.session import Session
        from agent.storage.session_store import SessionStore

        folder = self.home.folder(self.sessions)
        return Session(toolbox, roles, fallback, self.settings, SessionStore(folder), folder)

    def uses_model(self, *, built_in: bool) -> bool:
        """Whether a model does the roles: one is configured, and the built-in ones were not asked for."""
        return self.settings.has_model and not built_in

    def tool_context(self, *, built_in: bool = False, ledger: "Ledger | None" = None) -> "ToolContext":
        """Tools on the newest snapshot behind a gate of their own, which writes into `ledger` where one is open. Data plane."""
        from tools.context import ToolContext
        from tools.core.policy import load_policy
        from tools.release.gate import Gate

        index = self.open_index()
        policy = load_policy(index.settings.policy, self.settings.policy)
        gate = Gate(index, policy, ledger or self.ledger(), to_model=self.uses_model(built_in=built_in))
        return ToolContext(gate)

    def toolbox(self, *, built_in: bool = False) -> "Toolbox":
        """The tools as the talk plane holds them."""
        from tools.toolbox import Toolbox

        return Toolbox(self.tool_context(built_in=built_in))

    def built_in_roles(self) -> "RoleSource":
        """The built-in roles: no network, no key, the same for every run."""
        from agent.engine.role_source import RoleSource
        from agent.roles.builtin.auditor import BuiltinAuditor
        from agent.roles.builtin.investigator import BuiltinInvestigator
        from agent.roles.builtin.lead.lead import BuiltinPlanner
        from agent.roles.builtin.writer import BuiltinWriter
        from agent.roles.protocols import RoleSet

        roles = RoleSet(
            "built-in",
            BuiltinPlanner(self.question_reader()),
            BuiltinInvestigator(),
            BuiltinAuditor(),
            BuiltinWriter(),
            uses_model=False,
        )
        return RoleSource(roles.name, False, lambda _: roles, lambda _: None, _nothing)

    def model_roles(self) -> "RoleSource":
        """Roles and readers over one client, bound to each run."""
        from agent.engine.role_source import RoleSource
        from agent.roles.claude import claude_roles, client_of, local_roles, model_names, name_auditor

        settings, client = self.settings, client_of(self.settings)
        built_in = self.built_in_roles()

        def roles(run: "RunContext") -> "RoleSet":
            if settings.profile == "local":
                return local_roles(settings, client.for_run(run), built_in.roles(run))
            return claude_roles(settings, client.for_run(run))

        def auditor(run: "RunContext") -> "NameAuditor | None":
            return name_auditor(settings, client.for_run(run))

        return RoleSource(model_names(settings), True, roles, auditor, client.close)

    def readers(
        self,
        writer: "Writer",
        run: "RunContext | None",
        waiting: Callable[[int, int], None] = lambda _answered, _asked: None,
        *,
        batch: bool = False,
    ) -> "Readers":
        """What reads conversations and summaries for an index that is written. `run`: what a model's work is charged to;
        None uses no model. `waiting` hears of batches: answered, asked."""
        from agent.roles.claude import claude_readers

        if run is not None:
            sent = self.home.folder("batches") / f"{writer.settings.id}.json" if batch else None
            return claude_readers(
                self.settings,
                run,
                writer.settings.facets,
                embed=lambda names: self.encoder().encode(names),
                batches=sent,
                key_of=writer.sealer.content,
                waiting=waiting,
            )
        return self._built_in_readers(writer.settings.facets)

    def readers_of_facets(self, own: Sequence["FacetSpec"], run: "RunContext | None") -> "Readers":
        """What reads conversations for facets that are tried and belong to no index yet."""
        from agent.roles.claude import claude_readers

        if run is not None:
            return claude_readers(self.settings, run, own, embed=lambda names: self.encoder().encode(names))
        return self._built_in_readers(own)

    def _built_in_readers(self, own: Sequence["FacetSpec"]) -> "Readers":
        from agent.roles.builtin.extractor import BuiltinExtractor
        from agent.roles.builtin.namer import BuiltinNamer
        from agent.roles.claude import Readers
        from index.publish.taxonomy import FieldTaxonomist

        namer: Namer = BuiltinNamer()
        return Readers(BuiltinExtractor(own), namer, FieldTaxonomist(), _nothing)


async def _nothing() -> None:
    """Closes what holds no connection."""


def _who(analyst: str) -> str:
    """Who asks, for the record: the operating system's user, which no setting or variable changes, and the name in the
    settings where it is another one."""
    user = pwd.getpwuid(os.getuid()).pw_name
    return user if analyst in ("", user) else f"{user} ({analyst})"
