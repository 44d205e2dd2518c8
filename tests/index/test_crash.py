"""A kill at any moment of ingest or publishing loses nothing, doubles nothing and leaves nothing half done."""

import json
import os
import subprocess
import sys
from pathlib import Path

TRIALS = 2


def test_killed_at_random_moments_an_index_is_what_one_whole_run_would_have_made(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fakes.crash", str(TRIALS), str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["sound"] == TRIALS, done.stderr
    assert found["kills"] >= TRIALS  # of two a trial; some fall after the run has ended
