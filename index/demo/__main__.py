"""Writes the demo corpus to a folder for people who want to look at it: python -m index.demo --out DIR [--seed N].

The truth goes into a file of its own, never into the conversations.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from index.demo.generate import as_record, conversations, truth


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m index.demo", description="Write the synthetic demo corpus.")
    parser.add_argument("--out", type=Path, required=True, help="folder for conversations.jsonl and truth.json")
    parser.add_argument("--seed", type=int, default=7, help="another seed makes another corpus (default: 7)")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> None:
    arguments = _arguments(given)
    out: Path = arguments.out
    seed: int = arguments.seed
    out.mkdir(parents=True, exist_ok=True)
    with (out / "conversations.jsonl").open("w", encoding="utf-8", newline="\n") as file:
        for conversation in conversations(seed):
            file.write(json.dumps(as_record(conversation), ensure_ascii=False) + "\n")
    text = json.dumps(truth(seed), ensure_ascii=False, indent=1) + "\n"
    (out / "truth.json").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
