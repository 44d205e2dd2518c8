"""Kills ingest and publishing at random moments and looks whether anything was lost, doubled or left half done.

`python -m tests.fakes.crash TRIALS FOLDER` prints one JSON line. This process only imports and forks: every child runs
in a fresh copy of it, so that a kill is as sudden as a power cut for the files, and cheap enough for hundreds.
"""

import asyncio
import json
import os
import random
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import chromadb.api.rust  # noqa: F401  (imported once here, not in every child)
import duckdb
import hdbscan  # noqa: F401
import numpy as np
import scranpy  # noqa: F401

import index.ingest.pipeline
from agent.roles.builtin.extractor import BuiltinExtractor
from agent.wiring import prepare_process
from index.core.home import Home
from index.handle import Index, open_writer
from index.ingest.reading import screen_all
from index.privacy.auditor.rules import judge
from tests.fakes.corpus import FakeEncoder, publish_of, records, take

CONVERSATIONS = 400
_KILLS = 2

# Small batches, so that a kill has many places to fall between.
index.ingest.pipeline.READ_BATCH = 32
index.ingest.pipeline.STAGED_AT_ONCE = 64
index.ingest.pipeline.SUMMARY_BATCH = 64


def _take_all(root: Path) -> None:
    async def work() -> None:
        home = Home(root)
        writer = open_writer(home.index_path("made"), home)
        await take(writer, [record.conversation() for record in records()[:CONVERSATIONS]])
        await publish_of(writer)
        writer.close()

    asyncio.run(work())


def _verify(root: Path) -> None:
    """Exit with a sentence on the first thing that is not as one whole run would have left it."""
    home = Home(root)
    path = home.index_path("made")
    writer = open_writer(path, home)
    numbers = writer.facts.numbers()
    assert len(numbers) == CONVERSATIONS, f"{len(numbers)} summaries"
    assert writer.facts.drafts_waiting() == 0, "drafts are left"
    assert not writer.facts.pending(), "a batch is pending"
    assert writer.vectors.count() == CONVERSATIONS, f"{writer.vectors.count()} vectors"
    vectors = np.concatenate(list(writer.vectors.pages(numbers)))
    words = {item.word for item in writer.facts.vocabulary().values()}
    doubled = writer.facts._count(
        "SELECT count(*) FROM (SELECT 1 FROM rare GROUP BY mark, account HAVING count(*) > 1)"
    )
    assert doubled == 0, "support is counted twice"
    writer.close()
    with duckdb.connect(str(path / "facts.duckdb"), read_only=True) as connection:
        rows = connection.execute("SELECT id, text FROM complete ORDER BY no").fetchall()
    assert len({row[0] for row in rows}) == CONVERSATIONS, "a conversation is there twice"
    expected = FakeEncoder().encode([row[1].replace(";", "") for row in rows])
    # A vector is of the words in their order, a text lists them: near, and never another summary's.
    assert ((vectors * expected).sum(axis=1) > 0.4).all(), "a vector is not its summary's"
    assert len(Index(path, FakeEncoder()).snapshot) == CONVERSATIONS, "the snapshot is not whole"
    assert len(words) > 50, "words are lost"
    assert not list(path.rglob("*.partial*")), "a partial file is left"


def _load() -> None:
    """What reads conversations and judges names, loaded once here and not in every child."""
    conversations = [record.conversation() for record in records()[:CONVERSATIONS]]
    screen_all(conversations)
    BuiltinExtractor().extract_here(conversations)
    judge("Letters for a position")


def _run(work: Callable[[Path], None], root: Path, killed_after_s: float = 0.0) -> tuple[int, float]:
    """Do `work` in a child; return its exit code (negative: the signal that ended it) and the processor seconds it took.

    `killed_after_s`: processor seconds after which the kernel kills it, for a clock would kill it earlier in its work
    the slower the machine is. 0: it is left alone.
    """
    pid = os.fork()
    if pid:
        _, status, used = os.wait4(pid, 0)
        return os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime
    signal.setitimer(signal.ITIMER_PROF, killed_after_s)
    try:
        work(root)
    except AssertionError as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)


def _is_whole(root: Path) -> bool:
    """Let a run end, and look."""
    return _run(_take_all, root)[0] == 0 and _run(_verify, root)[0] == 0


def trial(root: Path, chance: random.Random, whole_s: float) -> tuple[int, bool]:
    """Kill a few runs on one index at random moments, let one end, and look. Returns kills that fell, and health."""
    codes = [_run(_take_all, root, chance.uniform(0.02, whole_s))[0] for _ in range(_KILLS)]
    return codes.count(-signal.SIGPROF), _is_whole(root)


def main(trials: int, folder: Path) -> None:
    prepare_process()
    _load()
    chance = random.Random(7)
    with tempfile.TemporaryDirectory(dir=folder) as first:
        code, whole_s = _run(_take_all, Path(first))
        if code or not _is_whole(Path(first)):
            raise SystemExit("a run that nobody killed is not whole")
    killed = sound = 0
    for _ in range(trials):
        with tempfile.TemporaryDirectory(dir=folder) as root:
            kills, healthy = trial(Path(root), chance, whole_s)
            killed, sound = killed + kills, sound + healthy
            if not healthy:
                break
    print(json.dumps({"trials": trials, "sound": sound, "kills": killed, "whole_s": round(whole_s, 2)}))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
