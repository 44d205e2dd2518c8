"""What thousands of phrases give of a yes or no about each person: `python -m bench.phrases [--questions 4000]`.

An attacker knows all of an index, its encoder and its partition; only who was flagged (a coin) it does not. It asks how many
near a phrase are flagged, for phrases of two to four words, and for windows and languages of them, then solves for all flags
by least squares between 0 and 1. Beside it: a coin; whoever is told the commoner flag of groups of five; and the same
attack where nearness is a cut on each summary, as it was. Made conversations, the real encoder and the real gate.
"""

import argparse
import platform
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.wiring import DEMO, App
from index.handle import Index
from index.snapshots.snapshot import Rows
from tests.fakes.worlds import Told, WorldIndex, answer, day, written
from tools.context import ToolContext
from tools.core.ledger import Ledger
from tools.core.policy import PrivacyPolicy
from tools.core.scope import Scope, resolve
from tools.release.gate import Gate

SUBJECTS = (
    "write a polite cover letter for a nurse", "debug a pandas dataframe merge", "plan a mountain trip with trains",
    "recipe for lentil soup with garlic", "explain photosynthesis for a biology exam", "complain to the landlord about heating",
    "training plan for a half marathon", "write lyrics for a song about the sea",
)  # fmt: skip
DETAILS = (
    "with a short example", "for beginners", "in a friendly tone", "with three options", "step by step", "as a list",
    "with reasons", "for a colleague", "in simple words", "before the weekend",
)  # fmt: skip
PLACES = (
    "Lisbon", "a small village", "the harbour", "grandmother", "a startup", "winter", "the library", "a football club",
    "Kyoto", "the hospital", "a vineyard", "the night train", "a choir", "the desert", "a bakery", "the university",
)  # fmt: skip
LANGUAGES = ("English", "Spanish", "German")


class _Real(WorldIndex):
    """A made world with the real encoder. `by_cells`: near is whole cells; else each summary above the earlier cut."""

    def __init__(
        self, told: Sequence[Told], folder: Path, vectors: NDArray[np.float32], of: Any, *, by_cells: bool
    ) -> None:
        super().__init__(written(folder, told), folder)
        self._own, self._of, self._by_cells = vectors, of, by_cells
        self._partitions = {}

    def near(self, phrase: str) -> tuple[Rows, NDArray[np.float32]]:
        from index.geometry.nearness import near_cells

        similarity = self._own @ self._of([phrase])[0]
        if self._by_cells:
            cells = self.cells()
            sizes = np.bincount(cells)
            near = near_cells(np.bincount(cells, weights=similarity) / sizes, sizes, len(similarity))[cells]
        else:
            usual, nearest = similarity.mean(), np.sort(similarity)[-10:].mean()
            near = similarity >= max(0.30, usual + 0.5 * (nearest - usual))
        rows = np.flatnonzero(near).astype(np.int64)
        return rows, similarity[rows]

    def cells(self) -> NDArray[np.int32]:
        from index.geometry.partition import cells

        if self.least not in self._partitions:
            self._partitions[self.least] = cells(self._own, self.snapshot.accounts, self.least)
        return self._partitions[self.least]


def _made(chance: np.random.Generator, people: int, count: int) -> tuple[list[Told], list[str]]:
    told, texts = [], []
    language = chance.choice(LANGUAGES, people, p=[0.5, 0.3, 0.2])
    for _ in range(count):
        account, subject = int(chance.integers(people)), int(chance.integers(len(SUBJECTS)))
        flagged = "true" if chance.random() < 0.5 else "false"
        told.append(
            Told(account, str(language[account]), flagged=flagged, day=int(chance.integers(60)), theme=subject % 4)
        )
        first, second = chance.choice(DETAILS, 2, replace=False)
        texts.append(f"{SUBJECTS[subject]} {first} and {second} about {chance.choice(PLACES)}")
    return told, texts


def _scopes(chance: np.random.Generator, count: int, *, crossed: bool) -> Iterator[dict[str, Any]]:
    words = sorted({word for text in (*SUBJECTS, *DETAILS, *PLACES) for word in text.split() if len(word) > 3})
    for _ in range(count):
        scope: dict[str, Any] = {"near": " ".join(chance.choice(words, int(chance.integers(2, 5)), replace=False))}
        if crossed and chance.random() < 0.3:
            since = int(chance.integers(0, 40))
            scope |= {"since": day(since), "until": day(since + int(chance.integers(5, 20)))}
        if crossed and chance.random() < 0.2:
            scope["language"] = str(chance.choice(LANGUAGES))
        yield scope


def _solved(equations: list[tuple[Rows, float]], count: int) -> NDArray[np.float64]:
    """Each flag between 0 and 1, by projected gradients on the squared errors."""
    guess = np.full(count, 0.5)
    weights = np.zeros(count)
    for rows, _ in equations:
        weights[rows] += len(rows)
    for _ in range(300):
        step = np.zeros(count)
        for rows, said in equations:
            step[rows] += guess[rows].sum() - said
        guess = np.clip(guess - step / np.maximum(1.0, weights), 0, 1)
    return guess


def attacked(of: Callable[[list[str]], Any], questions: int, *, by_cells: bool, crossed: bool, seed: int) -> None:
    chance = np.random.default_rng(seed)
    told, texts = _made(chance, 400, 1_300)
    vectors = np.asarray(of(texts), dtype=np.float32)
    truth = np.array([item.flagged == "true" for item in told])
    equations: list[tuple[Rows, float]] = []
    distinct: set[bytes] = set()
    with TemporaryDirectory() as folder:
        index: Index = _Real(told, Path(folder), vectors, of, by_cells=by_cells)
        ledger = Ledger(Path(folder) / "ledger" / "x.sqlite3")
        # Without the month's budget, which would end the attack sooner.
        policy = PrivacyPolicy(phrases_per_month=questions)
        ctx = ToolContext(Gate(index, policy, ledger))
        for scope in _scopes(chance, questions, crossed=crossed):
            rows = resolve(ctx.index, Scope.model_validate(scope)).rows
            distinct.add(rows.tobytes())
            said = answer(ctx, "count_by", {"by": "flagged", "scope": scope})
            shown = {row["label"]: row["values"][0]["count"] for row in said.get("rows", ())}
            if shown.get("flagged") is not None:
                equations.append((rows, float(shown["flagged"])))
            elif shown.get("not flagged") is not None:
                equations.append((rows, len(rows) - float(shown["not flagged"])))
        ledger.close()
    guess = _solved(equations, len(told))
    right = (guess > 0.5) == truth
    surest = np.argsort(-np.abs(guess - 0.5))[: len(told) // 2]
    name = ("whole cells" if by_cells else "each summary") + (", crossed" if crossed else "")
    print(
        f"{name:<23}{questions:>7,}{len(distinct):>10,}{len(equations):>10,}{100 * right.mean():>10.1f}"
        f"{100 * right[surest].mean():>10.1f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=4_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    encoder = App.start(DEMO).encoder()
    seen: dict[str, Any] = {}

    def of(texts: list[str]) -> Any:
        new = [text for text in dict.fromkeys(texts) if text not in seen]
        seen.update(zip(new, encoder.encode(new), strict=True))
        return np.array([seen[text] for text in texts])

    chance = np.random.default_rng(args.seed)
    groups = (chance.random((20_000, 5)) < 0.5).sum(axis=1)
    print(f"{platform.processor() or platform.machine()}; 1,300 conversations of 400 people; a coin: 50.0 %; told groups of "
          f"five: {100 * np.maximum(groups, 5 - groups).mean() / 5:.1f} %")  # fmt: skip
    print(f"{'near is':<23}{'asked':>7}{'distinct':>10}{'answered':>10}{'right, %':>10}{'surest half':>12}")
    for crossed, by_cells in product((False, True), (False, True)):
        attacked(of, args.questions, by_cells=by_cells, crossed=crossed, seed=args.seed)


if __name__ == "__main__":
    main()
