"""Has an app use another encoder, and read no kinds of requests: nothing is compiled then."""

import pytest

from agent.wiring import App
from index.embedding.encoder import Encoder
from index.ingest.pipeline import unread


def use_encoder(monkeypatch: pytest.MonkeyPatch, encoder: Encoder) -> None:
    monkeypatch.setattr(App, "encoder", lambda self, on_compile=None, made_with=None: encoder)
    monkeypatch.setattr(App, "reader_of_kinds", lambda self, on_compile=None: unread)
