"""Ingest on a Ray cluster of two nodes: one is killed and one added, the driver is killed, and the index is the same.

Needs the extra "ray"; `make slow` runs it.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from agent.services import cluster as service
from agent.services.ingest import ingest
from agent.wiring import App
from index.demo.source import DemoSource
from index.handle import SHARDS
from index.ingest import shards
from index.sources import open_files
from index.sources.base import Skipped

pytestmark = pytest.mark.slow
ray = pytest.importorskip("ray")

COUNT = 1_500
FACTS = "SELECT language, concern, turns, day, flagged, surface, harm, outcome, text, texts, kind FROM summaries ORDER BY no"


def _log(folder: Path) -> Path:
    path = folder / "log.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number, read in enumerate(DemoSource()):
            said = read.item
            if number == COUNT:
                break
            assert not isinstance(said, Skipped)
            turns = [{"role": turn.role, "content": turn.text} for turn in said.turns]
            row = {"account": said.account, "time": said.time.isoformat() if said.time else None, "messages": turns}
            file.write(f"{json.dumps(row)}\n")
    return path


def _facts(app: App) -> list[tuple[object, ...]]:
    with duckdb.connect(str(app.path / "facts.duckdb"), read_only=True) as connection:
        return connection.execute(FACTS).fetchall()


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A cluster of a head that reads nothing and one node that does."""
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.setattr(shards, "SHARD_BYTES", 60_000)
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    yield made
    ray.shutdown()
    made.shutdown()


def test_a_node_that_dies_and_one_that_comes_make_the_same_index(own_home: Path, tmp_path: Path, nodes: Any) -> None:
    log = _log(tmp_path)
    first = nodes.add_node(num_cpus=1)
    nodes.add_node(num_cpus=1)
    read: list[int] = []

    def report(progress: Any) -> None:
        if progress.stage == "reading shards":
            read.append(progress.done)

    def swap() -> None:
        while len(read) < 2:
            time.sleep(0.2)
        # Another process, because Ray starts nodes from a main thread alone.
        start = [str(Path(sys.executable).with_name("ray")), "start", "--address", nodes.address, "--num-cpus", "1"]
        subprocess.run(start, check=True, capture_output=True)
        nodes.remove_node(first, allow_graceful=False)

    threading.Thread(target=swap, daemon=True).start()
    there = App.start("there")
    taken = asyncio.run(service.ingest_on_ray(there, [log], {}, nodes.address, report))
    assert taken.outcome.taken == COUNT
    assert len(read) > 5
    here = App.start("here")
    asyncio.run(ingest(here, open_files([log]), lambda _: None, built_in=True))
    assert _facts(there) == _facts(here)
    assert not (there.path / SHARDS).exists()


def test_a_driver_that_is_killed_goes_on_and_no_text_is_left_in_rays_files(own_home: Path, tmp_path: Path) -> None:
    log = _log(tmp_path)
    canary = "a-canary-that-nobody-says-twice"
    with log.open("a", encoding="utf-8") as file:
        row = {
            "account": "who",
            "time": "2026-05-01T10:00:00Z",
            "messages": [{"role": "user", "content": f"bake {canary}"}],
        }
        file.write(f"{json.dumps(row)}\n")
    temporary = Path(tempfile.mkdtemp())  # paths of sockets are short
    code = (
        "import asyncio,sys; from pathlib import Path; from agent.wiring import App; from agent.services import cluster;"
        "from index.ingest import shards; shards.SHARD_BYTES = 60_000;"
        "asyncio.run(cluster.ingest_on_ray(App.start('there'), [Path(sys.argv[1])], {}, None, lambda p: print(p.stage, p.done, flush=True)))"
    )
    environment = {**os.environ, "RAY_TMPDIR": str(temporary), "RAY_AUTH_MODE": "disabled"}
    command = [sys.executable, "-c", code, str(log)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("reading shards 2"):
                os.killpg(process.pid, signal.SIGKILL)
                break
    subprocess.run(["pkill", "-9", "-f", str(temporary)], check=False)
    assert list((own_home / "indexes" / "there" / SHARDS).glob("*.parquet"))
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert "staging" in done.stdout
    here = App.start("here")
    asyncio.run(ingest(here, open_files([log]), lambda _: None, built_in=True))
    assert _facts(App.start("there")) == _facts(here)
    left = [path for place in (temporary, own_home) for path in place.rglob("*") if path.is_file()]
    assert not [path for path in left if canary.encode() in path.read_bytes()]
