"""Shared by all tests: no network but loopback, a home of its own, telemetry off as in the product."""

import os
import socket
from pathlib import Path

import pytest
from hypothesis import settings

# One thread a process for linear algebra, as there is a process a core: threads of matrices so small only wait for each
# other, and take twenty times the processor's time. Read by what `agent.wiring` loads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from agent.wiring import prepare_process

prepare_process()
# What is slow is measured in bench, and machines are noisy; `make slow` draws more examples where a test names no number.
settings.register_profile("shoal", deadline=None, max_examples=int(os.environ.get("SHOAL_EXAMPLES", "25")))
settings.load_profile("shoal")


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any connection that leaves this machine fails the test."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        local = isinstance(address, str | bytes) or (isinstance(address, tuple) and address[0] in ("127.0.0.1", "::1"))
        assert local, "a test tried to reach the network"
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def encoders(pytestconfig: pytest.Config) -> Path:
    """Compiled encoders, kept between tests and runs: to compile them takes longer than most tests."""
    assert pytestconfig.cache is not None
    return Path(pytestconfig.cache.mkdir("encoders"))


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, encoders: Path) -> Path:
    home = tmp_path_factory.mktemp("home")
    (home / "encoders").symlink_to(encoders)
    monkeypatch.setenv("SHOAL_HOME", str(home))
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    return home


LONGEST = ("demo", "crash", "attacks", "states", "publish", "panels", "app", "panes", "ask_cli", "forget", "recovery")
"""Test files that take longest, begun in this order, so that no core ends with one of them alone."""


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False  # xdist would begin with the files of most tests, however fast they are


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {f"test_{name}.py": place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(LONGEST)))
