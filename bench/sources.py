"""Are real log files read whole and attributed? `python -m bench.sources FOLDER`.

FOLDER holds files and EXPECTED.json, which says of each how many conversations and accounts it holds, how many are dated, the
first day, words that users and the assistant said and words that must not be taken, or how a refusal must read. Printed: one
line a file that is not read as expected, and how many are.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from index.core.errors import IndexFault
from index.core.records import Conversation
from index.sources.base import Skipped
from index.sources.files import open_file

_ANSWERED = ("'", "no label", "second ingest", "answer", "taken", "rc", "skipped", "note")
"""Beginnings of expectations that need an index: tests hold them."""


def main(folder: Path) -> None:
    expected = json.loads((folder / "EXPECTED.json").read_text("utf-8"))
    right = 0
    for name, item in sorted(expected.items()):
        wanted = {key: value for key, value in item["expected"].items() if not key.startswith(_ANSWERED)}
        problems = list(_problems(folder / name, wanted))
        right += not problems
        if problems:
            sys.stdout.write(f"{name}: {'; '.join(problems)[:220]}\n")
    sys.stdout.write(f"{right} of {len(expected)} files are read as expected.\n")


def _problems(path: Path, wanted: Mapping[str, Any]) -> Iterator[str]:
    try:
        reads = list(open_file(path))
    except IndexFault as fault:
        text = f"{fault.message} {fault.hint}"
        if "refuse" not in wanted or not re.search(wanted["refuse"], text):
            yield f"REFUSED {text[:150]}"
        return
    if "refuse" in wanted:
        yield "not refused"
        return
    taken = [read.item for read in reads if isinstance(read.item, Conversation)]
    skipped = [read.item.reason for read in reads if isinstance(read.item, Skipped)]
    users, others, every = (
        "\n".join(turn.text for item in taken for turn in item.turns if turn.role in roles)
        for roles in (("user",), ("assistant",), ("user", "assistant"))
    )
    times = sorted(item.time for item in taken if item.time is not None)
    found = {
        "conv": len(taken), "acc": len({item.account for item in taken if item.account}), "dated": len(times),
        "first": f"{times[0]:%Y-%m-%d}" if times else None, "accounts": len({item.account for item in taken if item.account}),
    }  # fmt: skip
    for key, value in found.items():
        if key in wanted and wanted[key] != value:
            yield f"{key} {value}, expected {wanted[key]} {sorted(set(skipped))[:2] if key == 'conv' else ''}"
    for text in wanted.get("users", ()):
        if text not in users:
            yield f"no user said {text!r}"
    for text in wanted.get("asst", ()):
        if text not in others:
            yield f"the assistant did not say {text!r}"
    for text in (*wanted.get("mustnot", ()),):
        if text in every:
            yield f"{text!r} was taken"
    for text in wanted.get("mustnotuser", ()):
        if text in users:
            yield f"a user said {text!r}"
    for text in wanted.get("skip", ()):
        if not any(text in reason for reason in skipped):
            yield f"nothing was skipped as {text!r}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
