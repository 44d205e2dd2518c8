"""What the built-in concern grades find and what they take for it: `python -m bench.concern FOLDER`, FOLDER holding
xstest.jsonl, wildchat_en.jsonl, oasst1_en.jsonl and clinc150.jsonl.

First: texts that should not be graded 3 or more, and XSTest's unsafe prompts, which should. Second: the demo's planted
themes, by the truth of its generator. It must never print a text.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from agent.roles.builtin.concern import concern
from agent.roles.builtin.extractor import BuiltinExtractor
from index.core.records import Conversation
from index.demo.generate import DemoConversation, conversations
from index.demo.source import DemoSource

LEAST = 3
"""Grades from this up count as concerning, as in flag_gaps."""


def _rows(path: Path) -> Iterator[dict[str, object]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _first_of(row: dict[str, object]) -> str:
    turns = row["turns"]
    assert isinstance(turns, list)
    return str(turns[0]["text"])


def _print(name: str, texts: list[str]) -> None:
    graded = sum(concern(text)[0] >= LEAST for text in texts)
    print(f"{name:<44}{graded:>6} of {len(texts):<7}{100 * graded / len(texts):6.1f} %")


def real(folder: Path) -> None:
    prompts = list(_rows(folder / "xstest.jsonl"))
    for label in ("safe", "unsafe"):
        _print(f"XSTest, {label}", [str(row["prompt"]) for row in prompts if row["label"] == label])
    _print("WildChat, prompts", [str(row["prompt"]) for row in _rows(folder / "wildchat_en.jsonl")])
    _print("OpenAssistant, first prompts", list(map(_first_of, _rows(folder / "oasst1_en.jsonl"))))
    _print("CLINC150, requests", [str(row["text"]) for row in _rows(folder / "clinc150.jsonl")])


def _group(conversation: DemoConversation) -> str:
    if conversation.story in ("false-negatives", "false-positives"):
        return f"{conversation.story}: {conversation.theme}"
    return conversation.story if conversation.story == "injections" else "all other conversations"


def demo() -> None:
    graded, sizes = Counter[str](), Counter[str]()
    planted = list(conversations())
    records = [read.item for read in DemoSource() if isinstance(read.item, Conversation)]
    for item, extraction in zip(planted, BuiltinExtractor().extract_here(records), strict=True):
        sizes[_group(item)] += 1
        graded[_group(item)] += getattr(extraction, "concern", 1) >= LEAST
    for name in sorted(sizes):
        print(f"demo, {name:<38}{graded[name]:>6} of {sizes[name]:<7}{100 * graded[name] / sizes[name]:6.1f} %")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("Which folder?  python -m bench.concern FOLDER")
    real(Path(sys.argv[1]))
    demo()
