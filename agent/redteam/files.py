"""Attack 6: whoever reads the disk. Permissions, raw text in any file, core dumps; also after a kill in the middle.

The ingest runs in a process of its own (`python -m agent.redteam.files ROOT COUNT`) that makes the same corpus from the
same seed, so that no conversation is handed over by a file.
"""

import asyncio
import os
import random
import re
import resource
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from agent.core.settings import Settings
from agent.redteam import people
from agent.redteam.asking import EVERYTHING, QUESTIONS, ask, call_all
from agent.redteam.lab import Lab, Listed
from agent.redteam.result import Outcome
from agent.redteam.traces import Traces
from agent.services.ingest import ingest
from agent.wiring import App, prepare_process
from index.core.home import Home, private_folder
from index.core.records import Conversation
from index.ingest.pipeline import Progress

_COUNT, _COUNT_QUICK = 900, 150
_SENTENCE = re.compile(r"[.!?\n]+")
_WORDS = 6
_INDEX = "files"


def conversations(count: int) -> list[Conversation]:
    """The corpus: every conversation has a sentence that nobody else says."""
    chance = random.Random("red team: files")
    found = people.ordinary(chance, people.accounts(chance, max(40, count // 3)), count)
    return [
        people.adding(item, f"It is for my {_odd(chance)} and the {_odd(chance)} of my {_odd(chance)} next week.")
        for item in found
    ]


def _odd(chance: random.Random) -> str:
    return "".join(chance.choice("bdfgklmnprstvz") + chance.choice("aeiou") for _ in range(4))


def sentences(output: Sequence[Conversation]) -> list[str]:
    """Every sentence of six words and more that anybody wrote or was told, once."""
    found: dict[str, None] = {}
    for conversation in output:
        for turn in conversation.turns:
            parts = (part.strip() for part in _SENTENCE.split(turn.text))
            found.update(dict.fromkeys(part for part in parts if len(part.split()) >= _WORDS))
    return list(found)


async def run(lab: Lab) -> list[Outcome]:
    """Kill an ingest, look; finish it, use the index, look again."""
    count = _COUNT_QUICK if lab.quick else _COUNT
    corpus = conversations(count)
    root = private_folder(lab.root / "files-home")
    temporary = private_folder(lab.root / "files-tmp")
    if lab.encoders is not None:
        (root / "encoders").symlink_to(lab.encoders)
    killed, dumps = await asyncio.to_thread(_killed, root, temporary, count)
    lab.report(Progress("files: reading what a kill left", 1, 3))
    traces = Traces(sentences(corpus))
    after_kill = traces.look_at_files(root) + traces.look_at_files(temporary)
    loose = _loose(root)
    await _used(lab, root, corpus)
    lab.report(Progress("files: reading everything", 2, 3))
    files = traces.look_at_files(root) + traces.look_at_files(temporary)
    loose |= _loose(root)
    left = sum(path.is_file() for path in temporary.rglob("*"))
    where = sorted({place for places in traces.found.values() for place in places})
    notes = (f"{after_kill} files after the kill ({killed}), {files} at the end, {left} in the temporary folder",)
    return [
        Outcome("files", "sentences on disk", "sentences of six words and more", len(sentences(corpus)),
                len(traces.found), "0", None, (*notes, *([f"found in {where}"] if where else []))),
        Outcome("files", "files that others may read", "files and folders", after_kill + files, len(loose), "0", None,
                tuple(sorted(loose)[:5])),
        Outcome("files", "core dumps that would be written", "processes", 1, int(dumps), "0"),
    ]  # fmt: skip


def _killed(root: Path, temporary: Path, count: int) -> tuple[str, bool]:
    """Start the ingest in another process and kill it without warning once some of it is stored; says when that was,
    and whether the process would have dumped its memory."""
    command = [sys.executable, "-m", "agent.redteam.files", str(root), str(count)]
    paths = {"PYTHONPATH": str(Path(__file__).parents[2]), "TMPDIR": str(temporary)}
    dumps = True
    seen = "it had ended"
    with subprocess.Popen(command, env={**_environment(), **paths}, stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout or ():
            word, _, rest = line.strip().partition(" ")
            if word == "core":
                dumps = rest != "0"
            elif word == "reading" and int(rest) >= count // 3:
                child.kill()
                seen = f"at {rest} of {count} conversations"
                break
    return seen, dumps


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("ANTHROPIC_")}


async def _used(lab: Lab, root: Path, corpus: Sequence[Conversation]) -> None:
    """Finish the killed ingest and do with the index what an analyst does."""
    home = Home(root)
    app = await lab.fill(App(home, Settings(analyst="redteam"), home.index_path(_INDEX)), corpus)
    session = app.session(built_in=True)
    try:
        await call_all(session, EVERYTHING)
        for question in QUESTIONS[:3]:
            await ask(session, question)
    finally:
        await session.close()


def _loose(root: Path) -> set[str]:
    """Files and folders that anybody but their owner may read, write or enter."""
    return {
        f"{path.relative_to(root)} {stat.filemode(path.lstat().st_mode)}"
        for path in [root, *root.rglob("*")]
        if not path.is_symlink() and path.lstat().st_mode & 0o077
    }


def _child(root: Path, count: int) -> None:
    """The process that gets killed: ingest, saying how far it is."""
    prepare_process()
    home = Home(root)
    app = App(home, Settings(analyst="redteam"), home.index_path(_INDEX))
    _say(f"core {resource.getrlimit(resource.RLIMIT_CORE)[0]}")

    def report(step: Progress) -> None:
        if step.total == count:
            _say(f"reading {step.done}")

    asyncio.run(ingest(app, Listed(conversations(count)), report, built_in=True))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _child(Path(sys.argv[1]), int(sys.argv[2]))
