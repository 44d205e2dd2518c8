"""Where attacks run: a home of their own, with indexes built by the product from invented conversations.

The user's index, ledger and sessions are never touched; only the compiled embedding model is shared, read-only. An
attack gets applications from here and uses nothing of them but the public doors.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from agent.core.settings import Settings
from agent.engine.session import Session
from agent.redteam.obedient import Obedience, ObedientApp
from agent.services.ingest import ingest
from agent.wiring import App
from index.core.home import Home, private_folder
from index.core.records import Conversation
from index.ingest.pipeline import Progress
from index.sources import Read
from tools.context import ToolContext
from tools.core.ledger import Ledger

Report = Callable[[Progress], None]


_NO_MODEL: dict[str, Any] = {"api_key": None, "auth_token": None, "base_url": None, "service": "anthropic"}
"""Settings by which no model of the analyst's is asked."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Conversations in memory as an ingest source."""

    conversations: Sequence[Conversation]
    name: str = "red team corpus"
    format: str = "generated"

    @property
    def total(self) -> int:
        return len(self.conversations)

    def __iter__(self) -> Iterator[Read]:
        for done, conversation in enumerate(self.conversations, start=1):
            yield Read(f"conversation {done}", done, conversation)


@dataclass(frozen=True, slots=True)
class ApartApp(App):
    """The application with a ledger of its own in the red team's home: nothing of it is in the index's, and nothing of the
    index's is in it. `record` names it."""

    record: str = "redteam"

    def ledger(self) -> Ledger:
        return Ledger(private_folder(self.home.root / "ledger") / f"{self.record}.sqlite3")


def data_behind(session: Session) -> ToolContext:
    """The data plane behind a session, which no role can reach: an attack needs it to check what it guessed."""
    return session.toolbox._context


@dataclass(slots=True)
class Lab:
    """A folder to attack in. `quick`: small corpora, for a first look and for CI. `injections`: a file of further
    injected instructions, one JSON object with `text` a line."""

    root: Path
    report: Report
    quick: bool = False
    encoders: Path | None = None
    injections: Path | None = None
    settings: Settings = field(default_factory=lambda: Settings(analyst="redteam"))

    def __post_init__(self) -> None:
        private_folder(self.root)
        link = self.root / "encoders"
        if self.encoders is not None and not link.exists():
            os.symlink(private_folder(self.encoders), link)

    @property
    def home(self) -> Home:
        return Home(self.root)

    def app(self, name: str) -> App:
        """The application with built-in roles on the index `name`."""
        settings = self.settings.with_values(**_NO_MODEL)
        return App(self.home, settings, self.home.index_path(name))

    def apart(self, app: App, record: str) -> App:
        """The application on the same index, as if nobody had asked anything but those with this record."""
        return ApartApp(self.home, app.settings, app.path, record=record)

    def obedient(self, name: str, obedience: Obedience) -> App:
        """The application with Claude roles and readers behind which a model stands that obeys
        whatever it reads."""
        settings = self.settings.with_values(**{**_NO_MODEL, "base_url": "obedient"})
        return ObedientApp(self.home, settings, self.home.index_path(name), obedience=obedience)

    def visiting(self, started: App) -> App:
        """The application on somebody's index, read-only: its ledger and its sessions are the red team's own."""
        settings = self.settings.with_values(**_NO_MODEL, encoder=started.settings.encoder)
        return ApartApp(self.home, settings, started.path)

    def world(self, name: str) -> "Lab":
        """A lab in a home of its own, for indexes that are compared: they draw their edges alike (`alike`), and each has a
        history of its own."""
        return replace(self, root=self.root / name, encoders=self.encoders or self.root / "encoders")

    async def fill(self, app: App, conversations: Sequence[Conversation]) -> App:
        """Ingest and publish with the application's own roles."""
        await ingest(app, Listed(conversations), self.report)
        return app


def alike(app: App) -> App:
    """The application, before its index is made, with the same id and key as every other one that was here: else two indexes
    that hold the same would differ by how their edges are drawn and in which order accounts are numbered."""
    private_folder(app.path)
    (app.path / "index.toml").write_text('id = "red-team"\n', "utf-8")
    (app.home.folder("keys") / "red-team.key").write_bytes(b"red team: the same key for both ")
    return app
