"""A day more: `python -m bench.refresh [SIZE]` publishes an index of generated summaries, then ten days of a hundredth more
each, and prints how long each took beside a full publish of the same, and how alike the clusters are (AMI).

Summaries, facets and vectors are generated as in bench/scale.py; a fifth of the new ones' topics change their share.
"""

import asyncio
import os
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import adjusted_mutual_info_score

from agent.roles.builtin.namer import BuiltinNamer
from agent.services.ingest import ATTEST_ACCOUNTS
from bench.scale import _CENTRES, DAYS, DIMENSIONS, TOPICS, build
from index.core.home import Home
from index.handle import Writer, open_writer
from index.publish import going_on
from index.publish.publisher import publish
from index.publish.taxonomy import FieldTaxonomist
from index.snapshots.snapshot import Snapshot, snapshot_numbers, snapshot_path

TEN_DAYS = 10

_ADD = """
INSERT INTO accounts SELECT i, ('\\x' || printf('%02x', i % 256))::BLOB FROM range({next_account}, {next_account} + {accounts}) t(i);
INSERT INTO summaries SELECT i, printf('%032x', i), {next_account} + (hash(i) % {accounts})::INTEGER,
    ['English', 'Spanish', 'Japanese', 'German'][1 + (hash(i * 3) % 4)::INTEGER], 1 + (hash(i * 5) % 5)::TINYINT,
    1 + (hash(i * 7) % 9)::INTEGER, 20500 + {days}, (hash(i * 13) % 20) = 0, 'web', 'none',
    'answered', '{{}}', printf('topic%d; word%d; word%d', i % {topics}, (hash(i) % 900), (hash(i * 17) % 900)), '{{}}', 1, NULL, NULL
    FROM range({first}, {first} + {count}) t(i);
"""


def _add(writer: Writer, count: int, seed: int) -> None:
    """A day's summaries of accounts that are new."""
    first, accounts = writer.facts.last_number() + 1, count // 4
    next_account = writer.facts._count("SELECT max(no) FROM accounts") + 1
    text = _ADD.format(
        first=first, count=count, accounts=accounts, next_account=next_account, topics=TOPICS, days=DAYS + seed
    )
    for statement in text.strip().split(";\n"):
        writer.facts._connection.execute(statement)
    numbers = np.arange(first, first + count)
    noise = np.random.default_rng(seed).standard_normal((count, DIMENSIONS), np.float32)
    vectors = _CENTRES[numbers % TOPICS] + 0.9 * noise
    writer.vectors.add(numbers.tolist(), vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _publish(writer: Writer) -> float:
    started = time.perf_counter()
    found = asyncio.run(
        publish(
            writer.facts, writer.vectors, writer.snapshots, BuiltinNamer(), FieldTaxonomist(), (), ATTEST_ACCOUNTS,
            lambda _: 0.0, lambda *_: None,
        )
    )  # fmt: skip
    if found.snapshot is None:
        raise SystemExit(f"nothing was published: {found.why}")
    return time.perf_counter() - started


def _labels(writer: Writer) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return Snapshot(snapshot_path(writer.snapshots, snapshot_numbers(writer.snapshots)[-1])).base_labels


def main(size: int, kept: Path | None) -> None:
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {size:,} summaries", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        home = Home(kept or Path(folder))
        if kept is None:
            print(f"first publish {build(home, size)['publish']:.1f} s", flush=True)
        writer = open_writer(home.index_path(str(size)), home)
        first = _labels(writer)
        for day in range(1, TEN_DAYS + 1):
            _add(writer, size // 100, day)
            print(f"day {day}: {_publish(writer):.1f} s", flush=True)
        gone_on = _labels(writer)
        shutil.rmtree(writer.snapshots)
        full = _publish(writer)
        anew = _labels(writer)
        print(f"all anew: {full:.1f} s; AMI of the two {adjusted_mutual_info_score(anew, gone_on):.3f}")
        both = (anew >= 0) & (gone_on >= 0)
        print(f"of those in a cluster in both: {adjusted_mutual_info_score(anew[both], gone_on[both]):.3f}")
        alike = adjusted_mutual_info_score(first, anew[: len(first)])
        print(f"two full publishes, of the first {len(first):,}: {alike:.3f}")
        print(f"in no cluster: {np.mean(gone_on < 0):.3f} gone on, {np.mean(anew < 0):.3f} anew")
        writer.close()


if __name__ == "__main__":
    going_on.FEWEST = min(going_on.FEWEST, 1_000)
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, Path(sys.argv[2]) if len(sys.argv) > 2 else None)
