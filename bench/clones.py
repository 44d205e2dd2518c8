"""Shoal against its neighbours on the same texts, with the same weights, on the processor.

    python -m bench.clones kura FILE KURA_PYTHON [CONVERSATIONS]
    python -m bench.clones topics CLINC150.jsonl TOPICS_PYTHON [TEXTS ...]

**kura.** Everything that is not the model. KURA_PYTHON is the interpreter of an environment with `pip install kura
sentence-transformers` (0.5.4 was measured). Both read the same first conversations of FILE, are answered at once by a stub,
embed, and cluster, name and group. The stub says the same of each conversation to both, in the form that each one's prompt
asks for: Kura's begins every summary with the same twelve words, ours with the verb. Kura goes through its four steps
(summaries, clusters, hierarchy, map) and keeps nothing; Shoal screens, stores and publishes.

**topics.** A BERTopic pipeline and plain scikit-learn (bench/clones_topics.py), built-in roles of Shoal: no model anywhere.
Texts are CLINC150's, drawn evenly; beyond its 22,500 the English ones of the demo's generator, whose truth is the theme they were
written for. BERTopic and scikit-learn are given one text a conversation and make topics and names; Shoal screens,
stores, publishes and names.

Both start cold. Printed: CPU seconds (children included), wall seconds, peak memory of the largest process, and what came out.
"""

import ctypes
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

from agent.wiring import App
from bench.clones_shoal import request
from index.core.records import Conversation
from index.demo.generate import as_record, conversations
from index.embedding.weights import MINILM
from index.sources import open_file
from index.sources.shapes import SHAPES

LEAD_IN = "The user's overall request for the assistant is to "
_BECOME_THE_REAPER = 36
_OURS = (
    "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); from bench.clones_shoal import shoal; "
    "shoal(*map(Path, sys.argv[2:]))"
)
_OURS_TOPICS = (
    "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); from bench.clones_shoal import topics; "
    "topics(Path(sys.argv[2]))"
)
"""Begun so because workers import again the file that a process began from, and the file of the real command is empty."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A command with everything it started: CPU and wall seconds, MiB of its largest process, and the last line it printed."""

    cpu: float
    wall: float
    memory: float
    said: str


def _measured(command: list[str]) -> Measured:
    started = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        out.seek(0)
        said = out.read().decode(errors="replace").strip()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(said[-2_000:])
    return Measured(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, said.splitlines()[-1])


def kura(path: Path, theirs_python: str, most: int) -> None:
    """The table of Kura."""
    ctypes.CDLL(None).prctl(_BECOME_THE_REAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        os.environ["SHOAL_HOME"] = str(home)
        encoder = App.start("clones").encoder()
        encoder.encode(["compile before the clock starts"])
        log = Path(folder) / "log.json"
        taken = islice((read.item for read in open_file(path) if isinstance(read.item, Conversation)), most)
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
        theirs = _measured([theirs_python, str(side), str(log), str(MINILM.verified())])
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {len(records):,} of {path.name}")
    for name, one in (("shoal", ours), ("kura", theirs)):
        print(f"{name:<6} {one.cpu:>7.1f} CPU s {one.wall:>7.1f} s {one.memory:>6.0f} MiB  {one.said}")
    print(f"ratio  {theirs.cpu / ours.cpu:>7.1f}       {theirs.wall / ours.wall:>7.1f}")


def topics(path: Path, theirs_python: str, sizes: Sequence[int]) -> None:
    """The table of topic pipelines, for each number of texts."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SHOAL_HOME"] = str(Path(folder) / "home")
        encoder = App.start("clones").encoder()
        encoder.encode(["compile before the clock starts"])
        side, weights = str(Path(__file__).with_name("clones_topics.py")), str(MINILM.verified())
        print(
            f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores; {path.name} and the demo's generator"
        )
        print(
            f"{'':<9} {'texts':>7} {'CPU s':>7} {'s':>7} {'MiB':>6} {'topics':>6} {'inside':>7} {'AMI':>5} {'all':>5}  names"
        )
        for size in sizes:
            file = Path(folder) / f"texts-{size}.json"
            file.write_text(json.dumps(_texts(path, size)), "utf-8")
            for name, command in (
                ("shoal", [sys.executable, "-c", _OURS_TOPICS, str(Path(__file__).parents[1]), str(file)]),
                ("bertopic", [theirs_python, side, "bertopic", str(file), weights]),
                ("sklearn", [theirs_python, side, "sklearn", str(file), weights]),
            ):
                one = _measured(command)
                said = json.loads(one.said)
                print(
                    f"{name:<9} {size:>7,} {one.cpu:>7.0f} {one.wall:>7.0f} {one.memory:>6.0f} {said['topics']:>6} "
                    f"{said['inside']:>7.1%} {said['ami']:>5.2f} {said['ami_all']:>5.2f}  {'; '.join(said['names'])}",
                    flush=True,
                )


def _texts(path: Path, size: int) -> list[dict[str, str]]:
    rows = [json.loads(line) for line in path.open(encoding="utf-8")]
    known = [{"text": row["text"], "label": row["intent"]} for row in rows if row["intent"] != "oos"]
    if size <= len(known):
        return random.Random(7).sample(known, size)
    return list(islice(_generated(), size))


def _generated() -> Iterator[dict[str, str]]:
    for seed in count(7):
        for item in conversations(seed):
            if item.language == "English":
                told = SHAPES[0].convert(as_record(item))
                if isinstance(told, Conversation):
                    yield {"text": "\n".join(told.said_by("user")), "label": item.theme}


if __name__ == "__main__":
    if len(sys.argv) < 4 or sys.argv[1] not in ("kura", "topics"):
        raise SystemExit(__doc__)
    given = [int(number) for number in sys.argv[4:]]
    if sys.argv[1] == "kura":
        kura(Path(sys.argv[2]), sys.argv[3], given[0] if given else 1_000)
    else:
        topics(Path(sys.argv[2]), sys.argv[3], given or [1_000, 10_000])
