"""Everything that is not the model, against Kura: `python -m bench.clones FILE KURA_PYTHON [CONVERSATIONS]`.

KURA_PYTHON is the interpreter of an environment with `pip install kura sentence-transformers` (0.5.4 was measured).
Both read the same first conversations of FILE, are answered at once by a stub, embed with the same weights on the
processor, and cluster, name and group. The stub says the same of each conversation to both, in the form that each one's
prompt asks for: Kura's begins every summary with the same twelve words, ours with the verb. Prints CPU seconds
(children included) and the ratio.
Kura goes through its four steps (summaries, clusters, hierarchy, map) and keeps nothing; Shoal screens, stores and publishes.
Both start cold.
"""

import ctypes
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from itertools import islice
from pathlib import Path

from agent.wiring import App
from bench.clones_shoal import request
from index.core.records import Conversation
from index.sources import open_file

LEAD_IN = "The user's overall request for the assistant is to "
_BECOME_THE_REAPER = 36
_OURS = (
    "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); from bench.clones_shoal import shoal; "
    "shoal(*map(Path, sys.argv[2:]))"
)
"""Begun so because workers import again the file that a process began from, and the file of the real command is empty."""


def _measured(command: list[str]) -> tuple[float, float, str]:
    """CPU and wall seconds of a command with everything it started, and the last line it printed."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(done.stderr[-2_000:])
    with suppress(ChildProcessError):
        while True:
            os.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, wall, done.stdout.strip().splitlines()[-1]


def main(path: Path, kura: str, count: int) -> None:
    ctypes.CDLL(None).prctl(_BECOME_THE_REAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        os.environ["SHOAL_HOME"] = str(home)
        encoder = App.start("clones").encoder()
        encoder.encode(["compile before the clock starts"])
        log = Path(folder) / "log.json"
        taken = islice((read.item for read in open_file(path) if isinstance(read.item, Conversation)), count)
        # One speaker a conversation, as ShareGPT names none.
        records = [
            {
                "id": f"c{number}",
                "conversations": [
                    {"from": "human" if turn.role == "user" else "gpt", "value": turn.text} for turn in item.turns
                ],
                "summary": LEAD_IN + request(item.turns[0].text),
            }
            for number, item in enumerate(taken)
        ]
        log.write_text(json.dumps(records), "utf-8")
        ours = _measured([sys.executable, "-c", _OURS, str(Path(__file__).parents[1]), str(log), str(home)])
        side = Path(__file__).with_name("clones_kura.py")
        theirs = _measured([kura, str(side), str(log), encoder._weights])
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {len(records):,} of {path.name}")
    for name, (cpu, wall, said) in (("shoal", ours), ("kura", theirs)):
        print(f"{name:<6} {cpu:>7.1f} CPU s {wall:>7.1f} s   {said}")
    print(f"ratio  {theirs[0] / ours[0]:>7.1f}       {theirs[1] / ours[1]:>7.1f}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit("Which file, which Python?  python -m bench.clones FILE KURA_PYTHON [CONVERSATIONS]")
    else:
        main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1_000)
