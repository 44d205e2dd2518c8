"""Ingest against its plain form: `python -m bench.pipeline FILE [CONVERSATIONS]` prints the ratio of the two in one run.

The plain form is what one writes first with the same libraries: Presidio's analyzer asked record by record with its own
recognisers (no name model), the built-in extractor in the same process, and sentence-transformers' default torch path.
Everything else (reading, sealing, the stores, publishing) is the same code. Both start cold; the embedding model is
compiled before, which happens once a machine. Vectors of both are compared on the same texts.
"""

import asyncio
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

import index.ingest.pipeline
import index.ingest.reading
from agent.roles.builtin.extractor import BuiltinExtractor
from agent.services.ingest import ATTEST_ACCOUNTS, ingest, publish
from agent.wiring import App
from index.core.records import Conversation, Turn
from index.embedding.encoder import DEFAULT
from index.handle import open_writer
from index.ingest.pipeline import Ingest
from index.sources import Read, open_file
from index.sources.base import Source


@dataclass(frozen=True)
class First:
    """The first conversations of a source."""

    source: Source
    count: int
    name: str = "first"
    format: str = "bench"
    total: int = 0

    def __iter__(self) -> Iterator[Read]:
        return islice((read for read in self.source if isinstance(read.item, Conversation)), self.count)


class TorchEncoder:
    """sentence-transformers as it comes."""

    name = identity = DEFAULT

    def __init__(self) -> None:
        from index.embedding.combined import combined

        self._model = combined()

    def encode(self, texts: Sequence[str]) -> Any:
        return self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)


class PlainScreen:
    """Presidio's analyzer on every turn of every record."""

    def __init__(self) -> None:
        import spacy
        from presidio_analyzer import AnalyzerEngine
        from presidio_analyzer.nlp_engine import SpacyNlpEngine

        class Blank(SpacyNlpEngine):  # type: ignore[misc]
            def __init__(self) -> None:
                super().__init__()
                self.nlp = {"en": spacy.blank("en")}

        self._engine = AnalyzerEngine(nlp_engine=Blank())

    def screened(self, conversation: Conversation) -> Conversation:
        return Conversation(
            tuple(Turn(turn.role, self._mask(turn.text)) for turn in conversation.turns),
            conversation.account,
            conversation.time,
            conversation.flagged,
            conversation.language,
            conversation.surface,
        )

    def _mask(self, text: str) -> str:
        for found in sorted(self._engine.analyze(text, language="en"), key=lambda item: -item.start):
            text = text[: found.start] + " " + text[found.end :]
        return text


async def _plain(app: App, source: Source, encoder: TorchEncoder, screen: PlainScreen) -> float:
    started = time.perf_counter()
    writer = open_writer(app.path, app.home)
    pool: Executor = ThreadPoolExecutor(1)
    index.ingest.reading.screened = screen.screened  # type: ignore[attr-defined]
    work = Ingest(
        writer.facts, writer.vectors, encoder, BuiltinExtractor(), lambda: pool, writer.sealer, ATTEST_ACCOUNTS, (),
        lambda _: None,
    )  # fmt: skip
    await work.run(source)
    writer.close()
    await publish(app, lambda _: None, built_in=True)
    return time.perf_counter() - started


def main(path: Path, count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SHOAL_HOME"] = folder
        ours = App.start("ours")
        ours.encoder().encode(["compile before the clock starts"])
        source = First(open_file(path), count)
        started = time.perf_counter()
        asyncio.run(ingest(ours, source, lambda _: None, built_in=True))
        ours_s = time.perf_counter() - started
        encoder, screen = TorchEncoder(), PlainScreen()
        texts = [f"write a {kind} about {topic}" for kind in ("letter", "poem", "plan") for topic in range(400)]
        agree = (ours.encoder().encode(texts) * encoder.encode(texts)).sum(axis=1)
        speeds = [_speed(encode, texts) for encode in (ours.encoder().encode, encoder.encode)]
        plain_s = asyncio.run(_plain(App.start("plain"), source, encoder, screen))
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {count:,} conversations of {path.name}"
    )
    print(f"ours   {ours_s:>7.1f} s  {count / ours_s:>6.0f} a second")
    print(f"plain  {plain_s:>7.1f} s  {count / plain_s:>6.0f} a second   ratio {plain_s / ours_s:.1f}")
    print(f"embedding alone: {speeds[0]:.0f} and {speeds[1]:.0f} texts a second; lowest cosine {np.min(agree):.6f}")


def _speed(encode: Any, texts: Sequence[str]) -> float:
    encode(texts[:64])
    started = time.perf_counter()
    encode(texts)
    return len(texts) / (time.perf_counter() - started)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit("Which file?  python -m bench.pipeline FILE [CONVERSATIONS]")
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10_000)
