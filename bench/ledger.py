"""What a long ledger costs: `python -m bench.ledger [--releases 5000] [--conversations 400000] [--step 5] [--few 9]`.
STEP is what counts are rounded to: under 5, sums across tables are looked at too. FEW: so many accounts write all
conversations of one language, a quarter of all. Nearly every combination of sets is then likely to be near another one.

A snapshot of generated facets, four conversations an account (so 100,000 accounts by default), is asked
until its ledger holds so many releases: closed facets of drawn scopes of language, concern and period. Printed are the
median and the 95th percentile of a release (from the groups to the ledger's entry) and of a question (the scope's
admission too) over the first and the last hundred, what was refused included. Then: how long a new handle takes to open
the ledger and look its sets up for the first time, the ledger's size and this process's peak memory. Seconds are of the
processor, so that other work of the machine does not count.
"""

import argparse
import os
import platform
import resource
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np

from bench.scale import LANGUAGES, NoEncoder
from index.core.records import as_date
from index.handle import Index
from index.snapshots.snapshot import vectors_path
from index.stores.frozen import freeze
from tools.core.candidate import CandidateTable, Group
from tools.core.errors import ToolRefusal
from tools.core.facets import facet_codes
from tools.core.ledger import Ledger
from tools.core.policy import PrivacyPolicy
from tools.core.scope import Scope
from tools.release.gate import Gate

_MEMBERS = """
CREATE TABLE clusters (id VARCHAR, parent VARCHAR, name VARCHAR, position INTEGER);
CREATE TABLE meta AS SELECT 'accounts' AS key, 'stated' AS value;
CREATE TABLE members AS SELECT i AS no, {account} AS account, -1 AS cluster,
    ['English', 'Spanish', 'Japanese', 'German'][1 + (hash(i * 3) % 4)::INTEGER] AS language,
    1 + (hash(i * 5) % 5)::TINYINT AS concern, 1 + (hash(i * 7) % 9)::INTEGER AS turns,
    20500 + (hash(i * 11) % 240)::INTEGER AS day FROM range(1, {size} + 1) t(i);
"""

BY = ("concern", "language", "turns", "month")
WINDOW = 100


def generated(path: Path, size: int, few: int) -> Index:
    """An index that holds a snapshot of so many conversations, and no more of it than the gate asks for."""
    account = f"1 + {few} + (hash(i) % {size // 4})::INTEGER"
    if few:
        account = f"CASE WHEN hash(i * 3) % 4 = 0 THEN 1 + (hash(i * 13) % {few})::INTEGER ELSE {account} END"
    (path / "snapshots").mkdir(parents=True)
    (path / "index.toml").write_text('id = "bench"\n', "utf-8")
    with duckdb.connect(str(path / "snapshots" / "0001.duckdb")) as made:
        made.execute(_MEMBERS.format(size=size, account=account))
    freeze(vectors_path(path / "snapshots", 1), [], 0)
    return Index(path, NoEncoder())


def asked(chance: np.random.Generator) -> tuple[Scope, str]:
    """A drawn scope, and what to count it by."""
    first, last = np.sort(chance.integers(20500, 20740, 2)).tolist()
    since = as_date(first) if chance.random() < 0.7 else None
    language = str(chance.choice(LANGUAGES)) if chance.random() < 0.5 else None
    concern = int(chance.integers(2, 6)) if language is None and chance.random() < 0.5 else None
    until = as_date(last) + timedelta(days=1) if chance.random() < 0.7 else None
    return Scope(since=since, until=until, language=language, concern_at_least=concern), str(chance.choice(BY))


class Took(NamedTuple):
    """Seconds of a release and of the whole question."""

    release: float
    question: float


def released(gate: Gate, scope: Scope, by: str) -> tuple[Took, bool]:
    """What one question took, and whether it was answered."""
    codes = facet_codes(gate.index.snapshot, by)
    begun = admitted = time.process_time()
    try:
        resolved = gate.admit(scope)
        rows = resolved.rows
        groups = [Group(value, (rows[codes.codes[rows] == place],)) for place, value in enumerate(codes.values)]
        kept = tuple(group for group in groups if len(group.members))
        admitted = time.process_time()
        gate.release(
            CandidateTable("count_by", {}, "made", "table", resolved, ("conversations",), kept, "made", unit=by)
        )
        is_released = True
    except ToolRefusal:
        is_released = False
    ended = time.process_time()
    return Took(ended - admitted, ended - begun), is_released


def row(name: str, times: list[Took]) -> None:
    (release, question), (slow, slow_question) = (1000 * np.quantile(times, share, axis=0) for share in (0.5, 0.95))
    print(
        f"{name}: a release median {release:.1f} ms, p95 {slow:.1f} ms; "
        f"a question median {question:.1f} ms, p95 {slow_question:.1f} ms",
        flush=True,
    )


def main(releases: int, size: int, step: int, few: int) -> None:
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores; {size // 4:,} accounts", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        index, path = generated(Path(folder) / "index", size, few), Path(folder) / "ledger" / "bench.sqlite3"
        policy = PrivacyPolicy().with_values(round_to=step)
        gate, chance = Gate(index, policy, Ledger(path)), np.random.default_rng(5)
        times: list[Took] = []
        answered = 0
        while answered < releases:
            took, is_released = released(gate, *asked(chance))
            times.append(took)
            answered += is_released
        row(f"first {WINDOW} questions", times[:WINDOW])
        row(f"last {WINDOW} of {len(times):,} questions", times[-WINDOW:])
        print(f"{answered:,} of {len(times):,} were answered")
        gate.ledger.close()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"ledger {path.stat().st_size / 2**20:,.0f} MiB; peak memory {memory:,.0f} MiB", flush=True)
        started = time.process_time()
        again = Gate(index, policy, Ledger(path))
        opened = time.process_time() - started
        again.is_releasable(np.arange(100, dtype=np.int64))
        with again.ledger.exclusive():
            sets = len(again.ledger.new_sets(0))
        print(
            f"{sets:,} sets; opening {opened:.2f} s, the first look-up {time.process_time() - started - opened:.1f} s"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--releases", type=int, default=5_000)
    parser.add_argument("--conversations", type=int, default=400_000)
    parser.add_argument("--step", type=int, default=5)
    parser.add_argument("--few", type=int, default=0)
    chosen = parser.parse_args()
    main(chosen.releases, chosen.conversations, chosen.step, chosen.few)
