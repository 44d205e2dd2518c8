"""Growth with size: `python -m bench.scale [SIZE ...]` builds generated indexes and prints what storing, publishing and
asking cost at each size (default 10000 100000).

Summaries, facets and vectors are generated (300 topics, as many accounts as a quarter of the summaries); screening and
embedding are left out, bench/ingest.py measures those. Each index is asked in a fresh process: time to open, `count_by`
of a closed facet, a scope near a phrase, the 95th percentile of every tool but clustering, clustering scopes of 20,000 and
100,000 with names, and the peak memory.
"""

import asyncio
import contextlib
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from agent.roles.builtin.namer import BuiltinNamer
from agent.services.ingest import ATTEST_ACCOUNTS
from index.core.home import Home
from index.handle import Index, open_writer
from index.publish.publisher import publish
from index.publish.taxonomy import FieldTaxonomist
from tools.context import ToolContext
from tools.coordination.suspects import keep_suspected
from tools.core.errors import ToolRefusal
from tools.core.ledger import Ledger
from tools.core.policy import PrivacyPolicy
from tools.registry import call
from tools.release.gate import Gate
from tools.suppression.recoding import recoded

TOPICS = 300
DIMENSIONS = 384
PAGE = 20_000
_CENTRES = np.random.default_rng(7).standard_normal((TOPICS, DIMENSIONS)).astype(np.float32)

LANGUAGES = ("English", "Spanish", "Japanese", "German")
TURNS = 12
LATENCY: list[tuple[str, Any]] = [
    ("overview", lambda _: {}),
    ("count_by", lambda turn: {"by": "concern", "scope": {"language": LANGUAGES[turn % 4]}}),
    ("search_topics", lambda turn: {"phrase": f"about topic {turn + 20}"}),
    ("compare", lambda turn: {"first": {"language": LANGUAGES[turn % 4], "near": f"about topic {turn + 40}"}}),
    ("trend", lambda turn: {"by": "month", "scope": {"concern_at_least": 2 + turn % 4}}),
    ("emerging", lambda turn: {"since": str(date(2026, 4, 1) + timedelta(days=7 * turn))}),
    ("flag_gaps", lambda turn: {"concern_at_least": 2 + turn % 4}),
    ("coverage", lambda turn: {"by": ("language", "surface", "concern")[turn % 3]}),
    ("drill_down", lambda turn: {"cluster": f"T{1 + turn % 9}"}),
    ("precedent", lambda turn: {"scope": {"near": f"about topic {turn + 60}"}}),
]
"""Questions for the latency table; what is refused is timed too."""

CLUSTERED = (20_000, 100_000)
FIRST_DAY, DAYS = date(2026, 2, 16), 240
"""The period over which summaries are generated, as many each day."""

_FILL = """
INSERT INTO accounts SELECT i, ('\\x' || printf('%02x', i % 256))::BLOB FROM range(1, {accounts} + 1) t(i);
INSERT INTO batches VALUES (1, TRUE);
INSERT INTO summaries SELECT i, printf('%032x', i), 1 + (hash(i) % {accounts})::INTEGER,
    ['English', 'Spanish', 'Japanese', 'German'][1 + (hash(i * 3) % 4)::INTEGER], 1 + (hash(i * 5) % 5)::TINYINT,
    1 + (hash(i * 7) % 9)::INTEGER, 20500 + (hash(i * 11) % {days})::INTEGER, (hash(i * 13) % 20) = 0, 'web', 'none',
    'answered', '{{}}', printf('topic%d; word%d; word%d', i % {topics}, (hash(i) % 900), (hash(i * 17) % 900)), '{{}}', 1, NULL, NULL
    FROM range(1, {size} + 1) t(i);
"""


class NoEncoder:
    """A phrase is the direction of the topic it ends with."""

    def __init__(self, name: str = "generated") -> None:
        self.name = self.identity = name

    def encode(self, texts: Any) -> Any:
        found = np.stack([_CENTRES[int(text.rsplit(" ", 1)[-1])] for text in texts])
        return found / np.linalg.norm(found, axis=1, keepdims=True)


def build(home: Home, size: int, encoder: str = "generated") -> dict[str, float]:
    """A generated index of that many summaries. `encoder`: the name of what a question's phrases are to be embedded with."""
    path = home.index_path(str(size))
    writer = open_writer(path, home)
    took = {}
    started = time.perf_counter()
    accounts = size // 4
    for statement in _FILL.format(size=size, accounts=accounts, topics=TOPICS, days=DAYS).strip().split(";\n"):
        writer.facts._connection.execute(statement)
    writer.facts.set_manifest("encoder", encoder)
    took["facts"] = time.perf_counter() - started
    started = time.perf_counter()
    generator = np.random.default_rng(3)
    for first in range(1, size + 1, PAGE):
        numbers = np.arange(first, min(first + PAGE, size + 1))
        vectors = _CENTRES[numbers % TOPICS] + 0.9 * generator.standard_normal((len(numbers), DIMENSIONS), np.float32)
        writer.vectors.add(numbers.tolist(), vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    took["vectors"] = time.perf_counter() - started
    started = time.perf_counter()
    asyncio.run(
        publish(
            writer.facts,
            writer.vectors,
            writer.snapshots,
            BuiltinNamer(),
            FieldTaxonomist(),
            (),
            ATTEST_ACCOUNTS,
            writer.sealer.edge,
            lambda *_: None,
        )
    )
    took["publish"] = time.perf_counter() - started
    writer.close()
    started = time.perf_counter()
    keep_suspected(Index(path, NoEncoder(encoder)), PrivacyPolicy())
    took["look for coordination"] = time.perf_counter() - started
    started = time.perf_counter()
    recoded(Index(path, NoEncoder(encoder)), PrivacyPolicy()).keep_cells()
    took["cells"] = time.perf_counter() - started
    took["MiB on disk"] = sum(item.stat().st_size for item in path.rglob("*") if item.is_file()) / 2**20
    took["MiB built"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return took


async def _ask(path: Path) -> dict[str, float]:
    took = {}
    started = time.perf_counter()
    index = Index(path, NoEncoder())
    _ = len(index.snapshot)
    took["open"] = time.perf_counter() - started
    ctx = ToolContext(Gate(index, PrivacyPolicy(), Ledger(path / "bench.sqlite3")))
    for name, tool, arguments in (
        ("count_by", "count_by", {"by": "language"}),
        ("near, first", "count_by", {"by": "language", "scope": {"near": "about topic 7"}}),
        ("near, again", "count_by", {"by": "concern", "scope": {"near": "about topic 8"}}),
    ):
        started = time.perf_counter()
        await call(tool, arguments, ctx)
        took[name] = time.perf_counter() - started
    for tool, arguments in LATENCY:
        times = []
        for turn in range(TURNS):
            started = time.perf_counter()
            with contextlib.suppress(ToolRefusal):
                await call(tool, arguments(turn), ctx)
            times.append(time.perf_counter() - started)
        took[f"p95 {tool}"] = float(np.quantile(times, 0.95))
    for wanted in CLUSTERED:
        if wanted < len(index.snapshot):
            until = FIRST_DAY + timedelta(days=round(DAYS * wanted / len(index.snapshot)) - 1)
            started = time.perf_counter()
            await call("cluster_scope", {"scope": {"until": str(until)}}, ctx)
            took[f"cluster {wanted:,}"] = time.perf_counter() - started
    took["MiB asking"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return took


def main(sizes: list[int]) -> None:
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores; seconds unless MiB", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            building = [sys.executable, __file__, "--build", folder, str(size)]
            asking = [sys.executable, __file__, "--ask", folder, str(size)]
            found: dict[str, float] = {}
            for command in (building, asking):
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                found.update(json.loads(done.stdout.splitlines()[-1]))
            cells = "  ".join(f"{name} {value:,.2f}" for name, value in found.items())
            print(f"{size:>9,}  {cells}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--build"]:
        print(json.dumps(build(Home(Path(sys.argv[2])), int(sys.argv[3]))))
    elif sys.argv[1:2] == ["--ask"]:
        print(json.dumps(asyncio.run(_ask(Home(Path(sys.argv[2])).index_path(sys.argv[3])))))
    else:
        main([int(size) for size in sys.argv[1:]] or [10_000, 100_000])
