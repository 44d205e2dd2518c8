"""Shoal's side of bench/clones.py: one ingest and publishing with a stub that answers at once."""

import asyncio
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sklearn.metrics import adjusted_mutual_info_score

from agent.services.ingest import ATTEST_ACCOUNTS, ingest
from agent.wiring import App
from bench.semantics import Labelled, Texts, places
from index.core.records import Conversation, Turn
from index.handle import open_writer
from index.ingest.extraction import Extraction, Portion
from index.ingest.pipeline import Ingest
from index.ingest.reading import worker_pool
from index.naming.samples import NamingSample
from index.privacy.sealing import Prose
from index.publish.publisher import publish
from index.publish.taxonomy import FieldTaxonomist
from index.sources import open_file
from index.sources.base import Source


def request(text: str) -> str:
    """What the stub answers for a conversation that begins so: as long as a model's summary would be."""
    return " ".join(text.split()[:20])


class StubExtractor:
    """Answers at once."""

    name = "stub"
    portion = Portion(chars=24_000, reply_chars=2_000)
    at_once = 64
    ahead = 1

    async def extract(self, batch: Sequence[Conversation]) -> Sequence[Extraction]:
        return [Extraction(Prose.of(request(item.turns[0].text)), item.language or "English", 1) for item in batch]

    def staged(self, answers: Sequence[object]) -> None:
        """Nothing is kept elsewhere."""


class StubNamer:
    """Names at once."""

    name = "stub"

    async def name_groups(self, samples: Sequence[NamingSample]) -> Sequence[str | None]:
        return [sample.phrases[0].text if sample.phrases else None for sample in samples]


def shoal(log: Path, home: Path) -> None:
    """One ingest and publishing."""
    os.environ["SHOAL_HOME"] = str(home)
    app = App.start("clones")

    async def work(source: Source) -> None:
        writer = open_writer(app.path, app.home)
        await Ingest(
            writer.facts, writer.vectors, app.encoder(), StubExtractor(), worker_pool, writer.sealer, ATTEST_ACCOUNTS,
            (), lambda _: None,
        ).run(source)  # fmt: skip
        found = await publish(
            writer.facts, writer.vectors, writer.snapshots, StubNamer(), FieldTaxonomist(), (), ATTEST_ACCOUNTS,
            writer.sealer.edge, lambda *_: None,
        )  # fmt: skip
        writer.close()
        print(f"{found.summaries} summaries, {found.clusters} base clusters")

    asyncio.run(work(open_file(log)))


def topics(texts: Path) -> None:
    """One ingest and publishing of texts with labels by the built-in roles; what came of it as JSON (as in clones_topics.py).
    Each text is by an account of its own."""
    rows = json.loads(texts.read_text("utf-8"))
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = [
        Labelled(
            row["text"],
            row["label"],
            "English",
            Conversation((Turn("user", row["text"]),), f"account {place}", start + timedelta(minutes=place)),
        )
        for place, row in enumerate(rows)
    ]
    app = App.start(texts.stem)
    asyncio.run(ingest(app, Texts(made), lambda _: None, built_in=True))
    snapshot = app.open_index().snapshot
    labels, truth = snapshot.base_labels, np.array([made[place].intent for place in places(made)])
    inside = labels >= 0
    alone = np.where(inside, labels, 10**6 + np.arange(len(labels)))
    sizes = np.bincount(labels[inside], minlength=len(snapshot.base_clusters))
    largest = [snapshot.base_clusters[place].name or "(no name)" for place in np.argsort(-sizes)[:6]]
    found = {
        "topics": len(snapshot.base_clusters),
        "inside": float(inside.mean()),
        "ami": float(adjusted_mutual_info_score(truth[inside], labels[inside])),
        "ami_all": float(adjusted_mutual_info_score(truth, alone)),
        "names": largest,
    }
    print(json.dumps(found))
