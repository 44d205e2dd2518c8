"""Made indexes in memory, so that many pairs of worlds can be asked in little time: one with somebody, one without."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from index.core.records import as_day
from index.geometry.clustering import DIMENSIONS
from index.geometry.partition import Least
from index.handle import Index, IndexSettings
from index.naming.samples import Background
from index.snapshots.snapshot import Rows, Snapshot
from index.stores.vectors import Vectors
from tests.fakes.policy import SHARP
from tools.context import ToolContext
from tools.core.errors import ToolRefusal
from tools.core.ledger import Ledger
from tools.core.policy import PrivacyPolicy
from tools.registry import call
from tools.release.gate import Gate

FIRST = date(2026, 3, 2)
THEMES = (
    "cover letter; nurse; clinic",
    "pandas; dataframe; index",
    "lentil soup; recipe; garlic",
    "mountain; hostel; lake",
)
LEVELS = ("low", "middle", "high")


@dataclass(frozen=True, slots=True)
class Told:
    """One conversation of a made world. `day`: from FIRST; None: undated. `theme`: place in THEMES, or outside any."""

    account: int
    language: str = "English"
    surface: str = "web"
    flagged: str = "false"
    concern: str = "1"
    harm: str = "none"
    outcome: str = "answered"
    turns: str = "1"
    level: str = "low"
    day: int | None = 0
    theme: int = 0

    def value(self, facet: str) -> str:
        return str(getattr(self, facet))


def written(folder: Path, told: Sequence[Told]) -> Snapshot:
    """A snapshot of these conversations, as a publisher would write it."""
    path = folder / "0001.duckdb"
    first = as_day(FIRST)
    columns: dict[str, list[Any]] = {name: [item.value(name) for item in told] for name in _FACETS}
    columns |= {
        "no": list(range(1, len(told) + 1)),
        "account": [item.account for item in told],
        "day": [None if item.day is None else first + item.day for item in told],
        "cluster": [item.theme for item in told],
        "text": [_text(item) for item in told],
        "own": [json.dumps({"level": item.level}) for item in told],
        "plane0": [float(item.theme) for item in told],
        "plane1": [item.account % 7 / 7 for item in told],
        **{
            f"x{axis}": [float(item.theme == axis) + item.account % 11 / 50 for item in told]
            for axis in range(DIMENSIONS)
        },
    }
    background = Background.count(columns["text"], columns["language"])
    phrases = [(language, phrase, uses) for language, of in background.uses.items() for phrase, uses in of.items()]
    clusters: list[tuple[str, str | None, str]] = [("T1", None, "work"), ("T2", None, "home")]
    clusters += [(f"C{place}", f"T{1 + place // 2}", name) for place, name in enumerate(THEMES)]
    with duckdb.connect(str(path)) as made:
        unnested = ", ".join(f'unnest(?) AS "{name}"' for name in columns)
        made.execute(f"CREATE TABLE members AS SELECT {unnested}", list(columns.values()))
        made.execute("CREATE TABLE meta AS SELECT 'extractor' AS key, 'made' AS value")
        made.execute("CREATE TABLE clusters (position INTEGER, id VARCHAR, parent VARCHAR, name VARCHAR)")
        made.executemany("INSERT INTO clusters VALUES (?, ?, ?, ?)", [(at, *row) for at, row in enumerate(clusters)])
        made.execute(
            "CREATE TABLE phrases AS SELECT unnest(?) AS language, unnest(?) AS phrase, unnest(?) AS uses",
            [list(column) for column in zip(*phrases, strict=True)],
        )
        made.execute("CREATE TABLE own_facets (name VARCHAR, kind VARCHAR, question VARCHAR, values VARCHAR[])")
        made.execute("INSERT INTO own_facets VALUES ('level', 'ordinal', 'How far along?', ?)", [list(LEVELS)])
    return Snapshot(path)


_FACETS = ("language", "surface", "flagged", "concern", "harm", "outcome", "turns")


def _text(item: Told) -> str:
    return THEMES[item.theme] if item.theme >= 0 else "other"


class WorldIndex(Index):
    """An index of a made world, in which a phrase is near the themes that have one of its words."""

    def __init__(self, world: Snapshot, path: Path, secret: str = "made") -> None:
        self.path, self.snapshot = path, world
        self.settings = IndexSettings(id=secret)
        self.least = Least(15, 5, 0.5)

    def near(self, phrase: str) -> tuple[Rows, NDArray[np.float32]]:
        world = self.snapshot
        texts = world.texts(np.arange(len(world), dtype=np.int64))
        rows = np.flatnonzero([any(word in text for word in phrase.split()) for text in texts]).astype(np.int64)
        return rows, np.ones(len(rows), dtype=np.float32)

    def vectors_of(self, rows: Rows) -> Vectors:
        return self.snapshot.space(rows)

    def earlier(self) -> list[Snapshot]:
        return []


@contextmanager
def asked_in(told: Sequence[Told], policy: PrivacyPolicy | None = None, secret: str = "made") -> Iterator[ToolContext]:
    """Tools over a made world, with a ledger that has seen nothing. `secret`: by which its edges are drawn."""
    with TemporaryDirectory() as folder:
        index = WorldIndex(written(Path(folder), told), Path(folder), secret)
        ledger = Ledger(Path(folder) / "ledger.sqlite3")
        try:
            yield ToolContext(Gate(index, policy or SHARP, ledger))
        finally:
            ledger.close()


def answer(ctx: ToolContext, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """All that leaves: the finding, or the refusal."""
    try:
        return asyncio.run(call(tool, dict(arguments), ctx)).as_dict()
    except ToolRefusal as refusal:
        return {"refused": str(refusal), "reason": refusal.reason}


def day(number: int) -> str:
    return (FIRST + timedelta(days=number)).isoformat()


EMPTY: tuple[Mapping[str, str], ...] = (
    {"language": "German", "surface": "api"},
    {"surface": "mobile", "flagged": "true"},
    {"language": "Spanish", "theme": "2"},
    {"concern": "3", "outcome": "refused"},
    {"level": "high", "surface": "api"},
)
"""Crossings of common values that nobody of a crowd has."""


def crowd(seed: int, people: int = 600, days: int = 60) -> list[Told]:
    """Ordinary conversations: every value of every facet is a group, and so is most of what they cross to; but nobody of
    EMPTY is there. The first and the last day are groups."""
    chance = np.random.default_rng(seed)
    made = []
    for account in range(people):
        language = str(chance.choice(["English", "Spanish", "German"], p=[0.5, 0.3, 0.2]))
        for _ in range(int(chance.integers(1, 8))):
            one = Told(
                account,
                language,
                str(chance.choice(["web", "mobile", "api"], p=[0.6, 0.25, 0.15])),
                str(chance.choice(["true", "false"], p=[0.15, 0.85])),
                str(chance.choice(["1", "3"], p=[0.85, 0.15])),
                str(chance.choice(["none", "privacy"], p=[0.9, 0.1])),
                str(chance.choice(["answered", "refused"], p=[0.85, 0.15])),
                str(chance.choice(["1", "2", "5", "9"])),
                str(chance.choice(LEVELS)),
                int(chance.choice([0, days - 1]) if chance.random() < 0.1 else chance.integers(0, days)),
                int(chance.integers(-1, len(THEMES))),
            )
            if not any(all(one.value(facet) == value for facet, value in cell.items()) for cell in EMPTY):
                made.append(one)
    return made
