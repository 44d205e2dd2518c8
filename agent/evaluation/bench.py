"""Where an evaluation runs: a home of its own, so that no ledger, session or index of the user is touched.

The index that is asked is opened read-only with a ledger that is thrown away; corpora that a suite makes are taken into the
bench's own home. Only compiled encoders are shared.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.core.settings import Settings
from agent.engine.asking import AskingSession
from agent.redteam.lab import ApartApp, Lab, Report
from agent.wiring import App
from index.core.records import Conversation


@dataclass(frozen=True, slots=True)
class Bench:
    """`started`: the index that is asked. `settings`: the models, if any; `built_in`: whether none is used. `quick`: a quarter of the
    questions and small corpora."""

    lab: Lab
    started: App
    settings: Settings
    built_in: bool
    quick: bool

    @classmethod
    def of(
        cls, folder: Path, started: App, settings: Settings, report: Report, *, built_in: bool, quick: bool
    ) -> "Bench":
        """A bench with its home in a folder."""
        lab = Lab(folder, report, quick, started.home.folder("encoders"))
        return cls(lab, started, settings, built_in, quick)

    @property
    def app(self) -> App:
        """The index that is asked, as if nobody had asked anything before."""
        return ApartApp(self.lab.home, self.settings, self.started.path, record="evaluation")

    def session(self, app: App | None = None) -> AskingSession:
        """A session with the roles that are evaluated; on the index that is asked unless told."""
        return (app or self.app).asking_session(built_in=self.built_in)

    async def made(self, name: str, corpus: Sequence[Conversation]) -> App:
        """An index of the bench's own, made of a corpus by the built-in readers; once."""
        app = ApartApp(self.lab.home, self.settings, self.lab.home.index_path(name), record=name)
        if not (app.path / "snapshots").exists():
            built_in = ApartApp(self.lab.home, self.lab.app(name).settings, app.path, record=name)
            await self.lab.fill(built_in, corpus)
        return app
