"""How often the auditor of names is right: `python -m bench.auditor [FOLDER] [--model] [--misses]`.

Prints, for each half of the validation set, the accuracy by class and by language and the false alarms on safe texts by
kind. With FOLDER, which holds clinc150.jsonl and presidio_spans.jsonl, also what the rules reject of texts that were not
written for them. `--model` also asks the configured model (it costs money); `--misses` lists texts of the tune half that were judged
wrongly. It never lists one of the held-out half, which is there to be measured and not to be read.
"""

import asyncio
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from index.privacy.auditor.rules import judge
from index.privacy.judgement import Judgement, Proposed, stricter

TEXTS = Path(__file__).parent.parent / "tests" / "fixtures" / "auditor" / "texts.jsonl"
GROUP_SIZE = 100
SAMPLED = 3_000


class Case(NamedTuple):
    """A text of the validation set and what is true of it."""

    text: str
    leaks: bool
    kind: str
    language: str
    split: str


def cases() -> list[Case]:
    """The validation set."""
    rows = map(json.loads, TEXTS.read_text("utf-8").splitlines())
    return [Case(row["text"], row["leaks"], row["class"], row["language"], row["split"]) for row in rows]


def accuracy(found: Sequence[tuple[Case, bool]], by: Callable[[Case], str]) -> dict[str, tuple[int, int]]:
    """(right, all) for each value of `by`."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for case, is_rejected in found:
        counts[by(case)][0] += is_rejected == case.leaks
        counts[by(case)][1] += 1
    return {value: (right, total) for value, (right, total) in sorted(counts.items())}


def report(name: str, judged: Sequence[tuple[Case, Judgement]]) -> None:
    for split in ("tune", "held_out"):
        found = [(case, verdict.is_rejected) for case, verdict in judged if case.split == split]
        print(f"\n{name}, {split}: {len(found)} texts")
        for title, leaks in (("leaks found", True), ("safe texts passed", False)):
            part = [item for item in found if item[0].leaks is leaks]
            print(f"  {title}: {_share(sum(hit is leaks for _, hit in part), len(part))}")
            for by in (lambda case: case.kind, lambda case: case.language):
                print("    " + ", ".join(f"{value} {_share(*pair)}" for value, pair in accuracy(part, by).items()))


def _share(right: int, total: int) -> str:
    return f"{100 * right / total:.1f} % ({right}/{total})"


async def by_model(texts: Sequence[Proposed]) -> Sequence[Judgement]:
    """The configured model's verdicts, joined with the rules'."""
    from agent.core.run import RunContext
    from agent.roles.claude import client_of
    from agent.roles.claude.name_auditor import ClaudeNameAuditor
    from agent.wiring import App

    settings = App.start().settings
    if not settings.has_model:
        raise SystemExit("--model needs ANTHROPIC_API_KEY or ANTHROPIC_BASE_URL")
    client = client_of(settings)
    try:
        auditor = ClaudeNameAuditor(client.for_run(RunContext.unlimited()), settings)
        found = await auditor.judge(texts)
    finally:
        await client.close()
    return [stricter(judge(text.text), verdict) for text, verdict in zip(texts, found, strict=True)]


def strangers(folder: Path) -> None:
    """What the rules reject of requests in lower case, and of sentences with labelled identifiers by label."""
    requests = [json.loads(line)["text"] for line in (folder / "clinc150.jsonl").read_text("utf-8").splitlines()]
    requests = random.Random(1).sample(requests, SAMPLED)
    reasons = Counter(reason.value for text in requests for reason in judge(text).reasons)
    print(f"\nCLINC150 rejected: {_share(sum(judge(text).is_rejected for text in requests), SAMPLED)}, {dict(reasons)}")
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for line in (folder / "presidio_spans.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        for label in {span["type"] for span in row["spans"]} or {"nothing labelled"}:
            counts[label][0] += judge(row["text"]).is_rejected
            counts[label][1] += 1
    print(
        "presidio sentences rejected: "
        + ", ".join(f"{label} {_share(*pair)}" for label, pair in sorted(counts.items()))
    )


def main() -> None:
    found = cases()
    judged = [(case, judge(case.text)) for case in found]
    report("built-in", judged)
    folders = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    if folders:
        strangers(Path(folders[0]))
    if "--misses" in sys.argv:
        wrong = [
            (case, verdict) for case, verdict in judged if case.split == "tune" and verdict.is_rejected != case.leaks
        ]
        for case, verdict in wrong:
            print("LEAK " if case.leaks else "safe ", case.kind, "|", case.text, "|", *sorted(verdict.reasons))
        print(Counter(case.kind for case, _ in wrong))
    if "--model" in sys.argv:
        verdicts = asyncio.run(by_model([Proposed(case.text, GROUP_SIZE) for case in found]))
        report("built-in and model", list(zip(found, verdicts, strict=True)))


if __name__ == "__main__":
    main()
