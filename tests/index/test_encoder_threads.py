"""Encoding from many threads of a process that has not encoded before.

OpenVINO's binding could freeze such a process for good (one in ten of these), or abort it at its end.
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from index.embedding.encoder import CompiledEncoder
from tests.fakes.encoding import THREADS

PROCESSES = 8
ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_no_fresh_process_freezes_or_aborts_when_many_threads_encode_at_once(tmp_path: Path) -> None:
    CompiledEncoder(tmp_path).encode(["compile it once"])
    command = [sys.executable, "-m", "tests.fakes.encoding", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def ended(_: int) -> tuple[int, str]:
        done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False, env=environment)
        return done.returncode, done.stdout.strip()

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(ended, range(PROCESSES)))
    assert set(found) == {(0, f"{THREADS} {{(3, 384)}}")}
