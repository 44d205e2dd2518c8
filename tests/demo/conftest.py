"""The demo, indexed once a test session the way `shoal demo` does it, with the true embedding model."""

import asyncio
import os
from pathlib import Path

import pytest

from agent.services.ingest import ingest
from agent.wiring import DEMO, App
from index.demo.source import LAUNCH, DemoSource
from tests.fakes.homes import with_encoders
from tests.fakes.policy import make_sharp


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory, encoders: Path) -> Path:
    home = with_encoders(tmp_path_factory.mktemp("demo-home"), encoders)
    before = os.environ.get("SHOAL_HOME")
    os.environ["SHOAL_HOME"] = str(home)
    app = App.start(DEMO)
    asyncio.run(ingest(app, DemoSource(), lambda _: None, built_in=True, landmarks={"launch": LAUNCH}))
    make_sharp(app.path)  # so that what is found does not depend on the secret of this index
    if before is None:
        del os.environ["SHOAL_HOME"]
    else:
        os.environ["SHOAL_HOME"] = before
    return home


@pytest.fixture
def demo(demo_home: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setenv("SHOAL_HOME", str(demo_home))
    return App.start(DEMO)
