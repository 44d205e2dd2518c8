"""The processes that read conversations end with the ingest, however it ends: an orphan would hold text in memory."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

SCRIPT = """
import time
from concurrent.futures import wait
from index.ingest.reading import worker_pool

if __name__ == "__main__":
    pool = worker_pool()
    print([future.result() for future in [pool.submit(sum, [1, 2]) for _ in range(2)]], flush=True)
    wait([pool.submit(time.sleep, 600) for _ in range(2)])
"""


def family(root: int) -> list[int]:
    tasks = Path(f"/proc/{root}/task").glob("*/children")
    children = [int(child) for task in tasks for child in task.read_text().split()]
    return [root, *(member for child in children for member in family(child))]


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(SCRIPT, "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "[3, 3]\n"
        members = family(parent.pid)
        assert len(members) > 2
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while any(map(alive, members)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [member for member in members if alive(member)]
