"""What "near a phrase" selects, and how it depends on wording: `python -m bench.nearness FOLDER`, FOLDER holding
clinc150.jsonl. It also needs the demo index (`shoal demo`).

First: each of CLINC150's 150 intents is asked for by its name; precision and recall of what is near, for fixed cuts on
each summary and for the rule of `index.geometry.nearness`. Second: subjects of the demo, each in four wordings: how much the size of the scope
differs between wordings, how much of two wordings' scopes is shared, and what phrases that nothing is about select.
"""

import itertools
import json
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agent.wiring import DEMO, App
from index.geometry.nearness import near_cells
from index.geometry.partition import Least, cells
from index.snapshots.snapshot import snapshot_numbers, vectors_path
from index.stores.frozen import FrozenVectors

Rule = Callable[[NDArray[np.float32], NDArray[np.int32]], NDArray[np.bool_]]


def _fixed(value: float) -> Rule:
    return lambda similarity, _: similarity >= value


def _whole_cells(similarity: NDArray[np.float32], cells: NDArray[np.int32]) -> NDArray[np.bool_]:
    sizes = np.bincount(cells)
    return near_cells(np.bincount(cells, weights=similarity) / sizes, sizes, len(similarity))[cells]


RULES: dict[str, Rule] = {
    **{f"each, from {value:.2f}": _fixed(value) for value in (0.25, 0.30, 0.33, 0.40, 0.45)},
    "whole cells": lambda similarity, cells: _whole_cells(similarity, cells),
}
WORDINGS = (
    ("cover letter", "help writing a cover letter", "job application letter", "write an application letter for a job"),
    ("sql query", "writing a database query", "help with an SQL statement", "SQL select join"),
    ("vegan recipe", "vegan cooking", "recipes without meat", "a vegetarian dish"),
    ("tax return", "filing my taxes", "help with a tax declaration", "income tax form"),
    ("university entrance exam", "preparing for an entrance exam", "exam preparation", "study for the university exam"),
    ("fake product reviews", "write many positive reviews", "product reviews in bulk", "five star reviews for a shop"),
    ("seo article with backlinks", "article with keywords for search engines", "seo text", "keyword rich blog article"),
    ("translate to english", "translation into English", "translate a text", "English translation of a letter"),
    ("failed logins on a server", "server log with login attempts", "brute force attempts", "ssh login failures"),
)  # fmt: skip
NOTHING = ("quantum gravity", "medieval falconry", "zeppelin maintenance", "submarine cable repair")


def by_intent(
    similarity: NDArray[np.float32], held: NDArray[np.int32], intents: list[str], truth: NDArray[np.str_]
) -> None:
    print(f"{'150 intents by name':<22}{'precision':>10}{'recall':>8}{'F1':>7}   sizes, 10th to 90th percentile")
    for name, rule in RULES.items():
        near = [rule(values, held) for values in similarity]
        hits = [float((chosen & (truth == intent)).sum()) for chosen, intent in zip(near, intents, strict=True)]
        precision = np.mean([hit / max(1, chosen.sum()) for hit, chosen in zip(hits, near, strict=True)])
        recall = np.mean([hit / (truth == intent).sum() for hit, intent in zip(hits, intents, strict=True)])
        low, high = np.quantile([chosen.sum() for chosen in near], [0.1, 0.9])
        both = 2 * precision * recall / (precision + recall)
        print(f"{name:<22}{precision:>10.2f}{recall:>8.2f}{both:>7.2f}   {low:.0f} to {high:.0f}")


def by_wording(of: Callable[[str], NDArray[np.float32]], held: NDArray[np.int32]) -> None:
    print(f"\n{'9 subjects, 4 wordings':<22}{'largest over smallest':>22}{'worst':>7}{'shared':>8}   of nothing")
    for name, rule in RULES.items():
        spread, shared = [], []
        for phrases in WORDINGS:
            near = [rule(values, held) for values in map(of, phrases)]
            sizes = [max(1, int(chosen.sum())) for chosen in near]
            spread.append(max(sizes) / min(sizes))
            pairs = itertools.combinations(near, 2)
            shared.append(np.mean([(a & b).sum() / max(1, (a | b).sum()) for a, b in pairs]))
        empty = [int(rule(values, held).sum()) for values in map(of, NOTHING)]
        print(f"{name:<22}{np.median(spread):>22.1f}{max(spread):>7.1f}{np.mean(shared):>8.2f}   {empty}")


def main(folder: Path) -> None:
    app = App.start(DEMO)
    encoder = app.encoder()
    rows = [json.loads(line) for line in (folder / "clinc150.jsonl").open(encoding="utf-8")]
    rows = [row for row in rows if row["split"] in ("test", "oos_test")]
    truth = np.array([str(row["intent"]) for row in rows])
    intents = sorted(set(truth.tolist()) - {"oos"})
    print(f"{platform.processor() or platform.machine()}, {len(rows):,} texts of CLINC150")
    texts = encoder.encode([row["text"] for row in rows])
    held = cells(texts, np.arange(len(texts)), Least(15, 5, 0.5))
    by_intent(encoder.encode([intent.replace("_", " ") for intent in intents]) @ texts.T, held, intents, truth)
    snapshots = app.path / "snapshots"
    vectors = FrozenVectors(vectors_path(snapshots, snapshot_numbers(snapshots)[-1]))
    by_wording(lambda phrase: vectors.mapped @ encoder.encode([phrase])[0], app.open_index().cells())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("Which folder?  python -m bench.nearness FOLDER")
    main(Path(sys.argv[1]))
