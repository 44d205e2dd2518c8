"""What flag_gaps finds of the demo's planted gaps: `python -m bench.flag_gaps`, after `shoal demo`.

Asked twice of the whole demo, each time with a ledger of its own: with the built-in grades, and with the grades that the
demo's generator knows, so that the arithmetic of the tool is measured apart from the lexicon. A cluster counts as a gap
where most of it is of a planted theme; it is called where its share, at least, or all of the share's interval lies above
one half.
"""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agent.wiring import DEMO, App
from index.demo.generate import DemoConversation, conversations
from index.handle import Index
from index.snapshots.snapshot import Codes, Snapshot
from tools.catalog.flag_gaps import FALSE, FLAGGED, MISSED
from tools.context import ToolContext
from tools.core.finding import Finding
from tools.core.ledger import Ledger
from tools.core.policy import PrivacyPolicy
from tools.registry import call
from tools.release.gate import Gate

STORIES = {"not flagged": "false-negatives", "flagged in error": "false-positives"}
COLUMNS = {"not flagged": (MISSED,), "flagged in error": (FALSE, FLAGGED)}


class TrueGrades(Snapshot):
    """The snapshot with the generator's grades: 3 for what it planted as concerning, 1 for everything else."""

    planted: NDArray[np.bool_]

    def facet(self, name: str) -> Codes:
        return Codes(("1", "3"), self.planted.astype(np.int32)) if name == "concern" else super().facet(name)


def asked(index: Index) -> Finding:
    with tempfile.TemporaryDirectory() as folder:
        gate = Gate(index, PrivacyPolicy(), Ledger(Path(folder) / "bench.sqlite3"))
        finding = asyncio.run(call("flag_gaps", {}, ToolContext(gate)))
        gate.ledger.close()
    return finding


def told(finding: Finding, truth: list[DemoConversation], labels: NDArray[np.int32], ids: list[str]) -> None:
    """Precision and recall by cluster, how much of the planted is counted, and how often the true share is inside."""
    print(f"columns: {', '.join(finding.columns)}; totals {finding.totals}")
    print("".join(f"  {note}\n" for note in finding.notes), end="")
    rows = {row.id: row for row in finding.rows}
    for name, story in STORIES.items():
        is_story = np.array([item.story == story for item in truth])
        is_gap = np.array([item.flagged == (name == "flagged in error") for item in truth]) & is_story
        place = next(finding.columns.index(column) for column in COLUMNS[name] if column in finding.columns)
        real = {ids[at] for at in range(len(ids)) if is_story[labels == at].mean() > 0.5}
        shares = {id: measure for id, row in rows.items() for measure in row.measures if measure.name == name}
        called = {id for id, found in shares.items() if ((found.value if found.is_bound else found.low) or 0) > 50}
        counted = sum(rows[id].values[place].count or 0 for id in called & real)
        print(
            f"{name}: {len(real)} clusters planted, {len(called)} called, {len(called & real)} of them planted; ",
            end="",
        )
        print(
            f"they count {counted} conversations, of {is_gap.sum()} planted ({is_gap[labels >= 0].sum()} in a cluster)"
        )
        for id in sorted(filter(None, called | real)):
            inside = labels == ids.index(id)
            share = shares.get(id)
            stated = f"{share.value} % ({share.low} to {share.high} %)" if share else "no share"
            known = f"{is_gap[inside].sum()} of {is_story[inside].sum()}"
            print(
                f"  {rows[id].label if id in rows else 'suppressed'}: {stated}; truth {known} planted in {inside.sum()}"
            )


def main() -> None:
    app, truth = App.start(DEMO), list(conversations())
    planted = np.array([item.story == "false-negatives" for item in truth])
    opened: dict[str, Callable[[Snapshot], Snapshot]] = {"built-in grades": lambda known: known, "true grades": graded}
    for name, made in opened.items():
        index = app.open_index()
        index.snapshot = made(index.snapshot)
        if isinstance(index.snapshot, TrueGrades):
            index.snapshot.planted = planted
        print(f"\n== {name}")
        ids = [cluster.id for cluster in index.snapshot.base_clusters]
        told(asked(index), truth, index.snapshot.base_labels, ids)


def graded(known: Snapshot) -> Snapshot:
    return TrueGrades(known.path)


if __name__ == "__main__":
    main()
