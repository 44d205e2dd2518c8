"""The red team with fakes for what is slow: no model to embed with, threads in place of worker processes."""

from pathlib import Path

import pytest

import index.ingest.reading
from agent.redteam.lab import Lab
from tests.fakes.corpus import FakeEncoder, quiet, workers
from tests.fakes.encoders import use_encoder


class LabEncoder(FakeEncoder):
    """A fake that the doctor can ask about."""

    def verified(self) -> str:
        return "a fake"


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """A lab for small attacks."""
    use_encoder(monkeypatch, LabEncoder())
    monkeypatch.setattr(index.ingest.reading, "worker_pool", workers)
    return Lab(tmp_path / "lab", quiet, quick=True)
