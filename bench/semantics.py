"""What themes, names and the field facet are worth, through the whole built-in pipeline (ingest, publish).

    python -m bench.semantics FOLDER [clinc] [clinc-test] [xsid] [demo]

FOLDER holds clinc150.jsonl and xsid_test.jsonl. Everything is ingested and published into a home of its own, which is removed.
Prints, a line a set: themes, share unclustered, ARI and AMI of base clusters with the intents (noise given to the nearest
centre, for scoring only), how often a theme holds nearly one language; for the demo how much of the corpus its top level
and its field facet give back of the planted category; and how often a name's theme is the nearest to the name.
"""

import asyncio
import json
import os
import platform
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score, f1_score

from agent.services.ingest import ingest
from agent.wiring import App
from index.core.records import Conversation, Turn
from index.embedding.encoder import CompiledEncoder
from index.geometry.clustering import OUTSIDE, centres_of
from index.handle import Index
from index.sources.base import Read

FIELD_OF = {
    "learning": ("Education and study",),
    "career": ("Careers and jobs",),
    "translation": ("Translation and languages",),
    "coding": ("Software development",),
    "cooking": ("Food and cooking",),
    "travel": ("Travel and transport",),
    "writing": ("Writing and editing", "Marketing and online presence"),
    "games": ("Games, sport and hobbies",),
    "data": ("Data, spreadsheets and statistics",),
    "relationships": ("Relationships and family",),
    "security": ("Security and privacy",),
    "work": ("Work and office", "Computers and devices"),
    "daily-life": ("Home, garden and pets", "Law, government and society"),
    "finance": ("Money, tax and insurance",),
    "health": ("Health and fitness",),
    "creative": ("Creative writing and arts",),
}
"""The fields that are a category of the demo; a field belongs to one category."""

UNKNOWN_TO_THE_ENCODER = ("Hindi",)


@dataclass(frozen=True, slots=True)
class Labelled:
    """One text with its truth."""

    text: str
    intent: str
    language: str
    conversation: Conversation


class Texts:
    """An ingest source in memory."""

    name, format = "bench", "in memory"

    def __init__(self, rows: Sequence[Labelled]) -> None:
        self._rows = rows
        self.total = len(rows)

    def __iter__(self) -> Iterator[Read]:
        for done, row in enumerate(self._rows, start=1):
            yield Read(f"row {done}", done, row.conversation)


def of_texts(rows: Sequence[dict[str, Any]], text: str, intent: str, language: str | None) -> list[Labelled]:
    """Each text by an account of its own."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = []
    for place, row in enumerate(rows):
        told = Conversation((Turn("user", row[text]),), f"account {place}", start + timedelta(minutes=place))
        made.append(Labelled(row[text], row[intent], row[language] if language else "English", told))
    return made


def clinc(folder: Path) -> list[Labelled]:
    """All texts that have an intent: 150 of each."""
    rows = [json.loads(line) for line in (folder / "clinc150.jsonl").open(encoding="utf-8")]
    return of_texts([row for row in rows if row["intent"] != "oos"], "text", "intent", None)


def clinc_test(folder: Path) -> list[Labelled]:
    """The test texts alone: 30 of each intent, hardly more than the smallest theme."""
    rows = [json.loads(line) for line in (folder / "clinc150.jsonl").open(encoding="utf-8")]
    return of_texts([row for row in rows if row["split"] == "test"], "text", "intent", None)


def xsid(folder: Path) -> list[Labelled]:
    rows = [json.loads(line) for line in (folder / "xsid_test.jsonl").open(encoding="utf-8")]
    return of_texts(rows, "text", "intent", "lang")


def demo(_: Path) -> list[Labelled]:
    from index.demo.generate import conversations
    from index.demo.source import DemoSource

    truth = list(conversations(7))
    read = [item.item for item in DemoSource()]
    made = []
    for row, told in zip(truth, read, strict=True):
        assert isinstance(told, Conversation)
        made.append(Labelled("\n".join(told.said_by("user")), row.category, row.language, told))
    return made


SETS = {"clinc": clinc, "clinc-test": clinc_test, "xsid": xsid, "demo": demo}


def built(name: str, rows: Sequence[Labelled]) -> tuple[Index, float]:
    """The index of a set, and how many seconds it took."""
    app = App.start(name)
    app.encoder().encode(["compile before the clock starts"])
    started = time.perf_counter()
    asyncio.run(ingest(app, Texts(rows), lambda _: None, built_in=True))
    return app.open_index(), time.perf_counter() - started


def measured(name: str, rows: Sequence[Labelled]) -> None:
    index, seconds = built(name, rows)
    snapshot = index.snapshot
    # Ingest numbers conversations in the order in which they came; what is in twice came once.
    held = [rows[place] for place in places(rows)]
    assert len(held) == len(snapshot), (len(held), len(snapshot))
    truth, language = (np.array([getattr(row, of) for row in held]) for of in ("intent", "language"))
    labels = snapshot.base_labels
    vectors = index.vectors_of(np.arange(len(snapshot), dtype=np.int64))
    filled = labels.copy()
    outside = labels == OUTSIDE
    filled[outside] = (vectors[outside] @ centres_of(vectors, labels).T).argmax(axis=1)
    ari, ami = adjusted_rand_score(truth, filled), adjusted_mutual_info_score(truth, filled)
    count = len(snapshot.base_clusters)
    one = np.mean([_most(language[labels == place]) >= 0.9 for place in range(count)])
    print(
        f"\n{name}: {len(snapshot):,} conversations in {seconds:.0f} s; {count} themes, {outside.mean():.1%} unclustered"
    )
    print(f"  base clusters: ARI {ari:.3f}, AMI {ami:.3f}; {one:.0%} of themes are one language's")
    _names(index, held)
    if name == "demo":
        _categories(index, truth, language)


def places(rows: Sequence[Labelled]) -> list[int]:
    """Where each distinct conversation is first."""
    seen: dict[Any, int] = {}
    for place, row in enumerate(rows):
        told = row.conversation
        seen.setdefault((told.account, told.time, told.turns), place)
    return sorted(seen.values())


def _most(values: NDArray[Any]) -> float:
    return float(np.unique(values, return_counts=True)[1].max() / len(values)) if len(values) else 0.0


def _names(index: Index, held: Sequence[Labelled]) -> None:
    """Whether a name's theme is the nearest to it: by MiniLM over the English members' own texts, which no name was made
    with, and by the index's encoder over all members."""
    app, snapshot = App.start(), index.snapshot
    named = [(place, cluster.name) for place, cluster in enumerate(snapshot.base_clusters) if cluster.name]
    english = np.array([row.language in ("English", "en") for row in held])
    labels = snapshot.base_labels
    alone = CompiledEncoder(app.home.folder("encoders"), "all-MiniLM-L6-v2")
    for title, encoder, texts, among in (
        ("MiniLM, English members", alone, [row.text[:400] for row in held], english),
        ("the index's encoder", app.encoder(), [row.text[:400] for row in held], np.ones(len(held), dtype=bool)),
    ):
        kept = [(place, name) for place, name in named if (among & (labels == place)).sum() >= 10]
        if not kept:
            continue
        rows = np.flatnonzero(among & (labels >= 0))
        found = encoder.encode([texts[row] for row in rows.tolist()])
        centres = np.vstack([found[labels[rows] == place].mean(axis=0) for place, _ in kept])
        centres /= np.linalg.norm(centres, axis=1, keepdims=True)
        nearness = encoder.encode([name for _, name in kept]) @ centres.T
        ranks = (nearness > np.diag(nearness)[:, None]).sum(axis=1)
        print(
            f"  names ({title}): {len(kept)}; own theme first {np.mean(ranks < 1):.2f}, among three {np.mean(ranks < 3):.2f}"
        )
    print(f"  {len({name for _, name in named})} different names of {len(snapshot.base_clusters)} themes")


def _categories(index: Index, truth: NDArray[Any], language: NDArray[Any]) -> None:
    snapshot = index.snapshot
    parents = np.array([cluster.parent for cluster in snapshot.base_clusters])
    top = np.where(snapshot.base_labels == OUTSIDE, "outside", parents[snapshot.base_labels])
    groups = [group for group in set(top.tolist()) if group != "outside"]
    mostly = {group: Counter(truth[top == group].tolist()).most_common(1)[0][0] for group in groups}
    right = np.array(
        [mostly.get(group) == category for group, category in zip(top.tolist(), truth.tolist(), strict=True)]
    )
    print(f"  top level: {len(groups)} groups give back {right.mean():.1%} of all conversations' categories")
    category_of = {field: category for category, fields in FIELD_OF.items() for field in fields}
    codes = snapshot.facet("field")
    if set(codes.values) == {"unknown"}:  # of an older Shoal
        return
    told = np.array([category_of.get(value, value) for value in codes.values])[codes.codes]
    known = ~np.isin(language, UNKNOWN_TO_THE_ENCODER)
    unclear = np.mean(np.array(codes.values)[codes.codes] == "unclear")
    print(f"  field: macro F1 {_macro(truth[known], told[known]):.3f}; {unclear:.1%} unclear")
    each = {name: _macro(truth[language == name], told[language == name]) for name in sorted(set(language.tolist()))}
    print("  by language: " + ", ".join(f"{name} {score:.2f}" for name, score in each.items()))


def _macro(truth: NDArray[Any], told: NDArray[Any]) -> float:
    return float(f1_score(truth, told, labels=sorted(set(truth.tolist())), average="macro", zero_division=0))


def main(folder: Path, names: Sequence[str]) -> None:
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as home:
        encoders = App.start().home.folder("encoders")
        os.environ["SHOAL_HOME"] = home
        (Path(home) / "encoders").symlink_to(encoders)
        for name in names or SETS:
            measured(name, SETS[name](folder))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(
            "Which folder holds the data?  python -m bench.semantics FOLDER [clinc] [clinc-test] [xsid] [demo]"
        )
    main(Path(sys.argv[1]), sys.argv[2:])
