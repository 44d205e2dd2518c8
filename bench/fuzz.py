"""Reading of damaged files: `python -m bench.fuzz FOLDER [COUNT]`, FOLDER holding log files of any format.

Each file is mutated (bytes changed, cut, repeated, spliced with another file; JSON values exchanged) and read whole, as an
ingest reads it. Anything but conversations, counted skips or a clear refusal is a fault, and so is a file that takes more than
ten seconds. The seed is printed; the same seed mutates alike.
"""

import json
import os
import platform
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from index.core.errors import ShoalError
from index.core.records import Conversation
from index.sources import open_files

_SECONDS = 10
_SEED = 20261201
_MOST_BYTES = 400_000
_ODD = (
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b"NaN",
    b"null",
    b"{",
    b"[",
    b'"',
    b"\n",
    b"\r",
    b"1e999",
    b"\\ud83d",
    b"\xe2\x80\xae",
)
_VALUES: Sequence[object] = (
    None,
    True,
    -1,
    0,
    1e308,
    "",
    "x" * 5_000,
    [],
    {},
    [[[]]],
    {"role": "user"},
    "9999-99-99",
    "\ud83d",
)

Mutation = Callable[[bytes, random.Random, Sequence[bytes]], bytes]


def changed(data: bytes, dice: random.Random, _: Sequence[bytes]) -> bytes:
    found = bytearray(data)
    for _time in range(dice.randint(1, 12)):
        if found:
            found[dice.randrange(len(found))] = dice.randrange(256)
    return bytes(found)


def cut(data: bytes, dice: random.Random, _: Sequence[bytes]) -> bytes:
    start, end = sorted(dice.randint(0, len(data)) for _ in range(2))
    return data[:end] if dice.random() < 0.5 else data[:start] + data[end:]


def planted(data: bytes, dice: random.Random, _: Sequence[bytes]) -> bytes:
    place = dice.randint(0, len(data))
    return data[:place] + dice.choice(_ODD) * dice.randint(1, 3) + data[place:]


def spliced(data: bytes, dice: random.Random, others: Sequence[bytes]) -> bytes:
    other = dice.choice(others)
    return data[: dice.randint(0, len(data))] + other[dice.randint(0, len(other)) :]


def repeated(data: bytes, dice: random.Random, _: Sequence[bytes]) -> bytes:
    return data * dice.randint(2, 3)


def exchanged(data: bytes, dice: random.Random, others: Sequence[bytes]) -> bytes:
    """One value of a JSON document, or of one of its lines, in another type."""
    lines = data.split(b"\n")
    place = dice.randrange(len(lines))
    try:
        value = json.loads(lines[place])
    except ValueError:
        return changed(data, dice, others)
    lines[place] = json.dumps(_exchanged(value, dice)).encode("utf-8", "surrogatepass")
    return b"\n".join(lines)


def _exchanged(value: object, dice: random.Random) -> object:
    if isinstance(value, dict) and value and dice.random() < 0.8:
        key = dice.choice(list(value))
        return {**value, key: _exchanged(value[key], dice)}
    if isinstance(value, list) and value and dice.random() < 0.8:
        place = dice.randrange(len(value))
        return [*value[:place], _exchanged(value[place], dice), *value[place + 1 :]]
    return dice.choice(_VALUES)


MUTATIONS: Sequence[Mutation] = (changed, cut, planted, spliced, repeated, exchanged)


class Hangs(BaseException):
    """A file took too long. Not an Exception, so that no reader swallows it."""


def _stop(*_: object) -> None:
    raise Hangs


def outcome(path: Path) -> str:
    signal.alarm(_SECONDS)
    try:
        reads = list(open_files([path], check=lambda _: None))
        return "taken" if any(isinstance(read.item, Conversation) for read in reads) else "all skipped"
    except ShoalError:
        return "refused"
    finally:
        signal.alarm(0)


def main(folder: Path, count: int) -> int:
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores; seed {_SEED}")
    seeds = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.stat().st_size <= _MOST_BYTES]
    contents = [path.read_bytes() for path in seeds]
    dice = random.Random(_SEED)
    signal.signal(signal.SIGALRM, _stop)
    counts: Counter[str] = Counter()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        for number in range(count):
            which = dice.randrange(len(seeds))
            data = contents[which]
            for _ in range(dice.randint(1, 2)):
                data = dice.choice(MUTATIONS)(data, dice, contents)[: 3 * _MOST_BYTES]
            path = Path(place) / f"{number % 8}{seeds[which].suffix}"
            path.write_bytes(data)
            try:
                counts[outcome(path)] += 1
            except (Exception, Hangs) as fault:
                counts["fault"] += 1
                kept = Path(tempfile.gettempdir()) / f"fuzz-{number}{seeds[which].suffix}"
                kept.write_bytes(data)
                print(f"{seeds[which].name}: {type(fault).__name__}: {fault} ({kept})")
    for name, found in counts.most_common():
        print(f"{name:<12}{found:>7,}")
    print(f"{count:,} files in {time.monotonic() - started:.0f} s")
    return int(counts["fault"] > 0)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit("Which folder holds log files?  python -m bench.fuzz FOLDER [COUNT]")
    raise SystemExit(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10_000))
