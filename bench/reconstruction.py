"""How well the built-in pipeline gives back known categories: `python -m bench.reconstruction FOLDER`, FOLDER holding
clinc150.jsonl. Both it and the demo corpus are taken into indexes of their own in a folder that is removed afterwards.

As in Clio's evaluation a true category is planted in each conversation, and the question is whether the finished
taxonomy leads to it. Half of the conversations decide which category each cluster stands for (its most frequent one);
the other half is scored. A conversation outside every cluster counts as not given back. The random baseline gives the
clusters' categories to the scored half in a drawn order. ARI and AMI are over what lies in a cluster.
"""

import asyncio
import json
import os
import platform
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from agent.services.ingest import ingest
from agent.wiring import App
from index.core.home import Home
from index.core.records import Conversation, Turn
from index.demo.generate import conversations
from index.demo.source import DemoSource
from index.geometry.clustering import OUTSIDE
from index.handle import open_writer
from index.privacy.sealing import Sealer
from index.sources import Read
from index.sources.base import Source

Texts = NDArray[np.str_]


@dataclass(frozen=True)
class Requests:
    """CLINC150's test split without what is out of scope, a conversation and an account a request."""

    rows: Sequence[dict[str, str]]
    name: str = "clinc150"
    format: str = "bench"

    @property
    def total(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Read]:
        for done, row in enumerate(self.rows, start=1):
            yield Read(row["id"], done, Conversation((Turn("user", row["text"]),), row["id"]))


@dataclass(frozen=True, slots=True)
class Placed:
    """The conversations of a source that stand in its snapshot: (category, intent or theme, language) and groups."""

    truth: Sequence[tuple[str, str, str]]
    tops: NDArray[np.int64]
    bases: NDArray[np.int64]

    def show(self, name: str) -> None:
        category, theme, language = (np.array(column) for column in zip(*self.truth, strict=True))
        print(f"\n{name}\n{HEAD}")
        row("top-level groups give back the category", category, self.tops)
        row("base clusters give back the category", category, self.bases)
        row("base clusters give back the intent or theme", theme, self.bases)
        for which in [name for name, count in Counter(language.tolist()).most_common() if count >= LEAST]:
            inside = language == which
            row(f"{which}: base clusters, the category", category[inside], self.bases[inside])


LEAST = 100
"""Conversations of a language below which it gets no row."""

HEAD = """| | conversations | outside | given back | of those inside | random | ARI | AMI |
|---|---|---|---|---|---|---|---|"""


def identity(sealer: Sealer, conversation: Conversation) -> str:
    """The id that ingest gives a conversation."""
    parts = [conversation.account or "", conversation.time.isoformat() if conversation.time else ""]
    return sealer.content(parts + [f"{turn.role}\n{turn.text}" for turn in conversation.turns])


def placed(app: App, source: Source, truth: Sequence[tuple[str, str, str]]) -> Placed:
    """Where the index of an app, made of `source`, put each conversation. `truth` stands in the source's order."""
    writer = open_writer(app.path, app.home)
    known = {
        identity(writer.sealer, read.item): said
        for read, said in zip(source, truth, strict=True)
        if isinstance(read.item, Conversation)
    }
    writer.close()
    with duckdb.connect(str(app.path / "facts.duckdb"), read_only=True) as facts:
        ids = dict(facts.execute("SELECT no, id FROM summaries").fetchall())
    snapshot = app.open_index().snapshot
    kept = [row for row, number in enumerate(snapshot.numbers.tolist()) if ids[number] in known]
    parents = [cluster.id for cluster in snapshot.clusters if cluster.parent is None]
    above = np.array([*(parents.index(cluster.parent or "") for cluster in snapshot.base_clusters), OUTSIDE])
    bases = snapshot.base_labels.astype(np.int64)[kept]
    numbers = snapshot.numbers[kept].tolist()
    return Placed([known[ids[number]] for number in numbers], above[bases], bases)


def clinc(folder: Path) -> tuple[Requests, list[tuple[str, str, str]]]:
    rows = [json.loads(line) for line in (folder / "clinc150.jsonl").open(encoding="utf-8")]
    rows = [row for row in rows if row["split"] == "test"]
    return Requests(rows), [(row["domain"], row["intent"], "English") for row in rows]


def demo() -> tuple[DemoSource, list[tuple[str, str, str]]]:
    return DemoSource(), [(found.category, found.theme, found.language) for found in conversations(7)]


def reconstructed(truth: Texts, groups: NDArray[np.int64], draws: int = 20) -> tuple[float, float]:
    """Accuracy and the random baseline, the mean of several ways to halve. Groups below 0 are outside."""
    found, blind = [], []
    for seed in range(draws):
        chance = np.random.default_rng(seed)
        learn = chance.random(len(truth)) < 0.5
        held: dict[int, Counter[str]] = {}
        for group, category in zip(groups[learn].tolist(), truth[learn].tolist(), strict=True):
            if group >= 0:
                held.setdefault(group, Counter())[category] += 1
        means = {group: counts.most_common(1)[0][0] for group, counts in held.items()}
        said = np.array([means.get(group, "") for group in groups[~learn].tolist()])
        found.append((said == truth[~learn]).mean())
        blind.append((chance.permutation(said) == truth[~learn]).mean())
    return float(np.mean(found)), float(np.mean(blind))


def row(name: str, truth: Texts, groups: NDArray[np.int64]) -> None:
    inside = groups >= 0
    right, blind = reconstructed(truth, groups)
    right_inside, _ = reconstructed(truth[inside], groups[inside])
    ari = adjusted_rand_score(truth[inside], groups[inside])
    ami = adjusted_mutual_info_score(truth[inside], groups[inside])
    print(
        f"| {name} | {len(truth):,} | {100 * (~inside).mean():.0f} % | {100 * right:.0f} % | {100 * right_inside:.0f} % "
        f"| {100 * blind:.0f} % | {ari:.2f} | {ami:.2f} |"
    )


def main(folder: Path) -> None:
    encoders = Home.from_environment().folder("encoders")
    with tempfile.TemporaryDirectory() as made:
        (Path(made) / "encoders").symlink_to(encoders)
        os.environ["SHOAL_HOME"] = made
        print(f"{platform.processor() or platform.machine()}; the paper: 94 % (a model grouped, named and judged)")
        for name, (source, truth) in (("CLINC150, test split", clinc(folder)), ("the demo corpus", demo())):
            app = App.start("clinc" if "CLINC" in name else "demo")
            asyncio.run(ingest(app, source, lambda _: None, built_in=True))
            placed(app, source, truth).show(name)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("Which folder holds clinc150.jsonl?  python -m bench.reconstruction FOLDER")
    main(Path(sys.argv[1]))
