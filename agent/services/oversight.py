"""What an overseer asks of an index: its snapshots, its ledger, its privacy report. Nothing here changes a finding."""

from contextlib import closing
from dataclasses import dataclass

from agent.wiring import App
from index.handle import read_settings
from index.snapshots.history import SnapshotInfo, StageScores, privacy_report, published
from index.snapshots.snapshot import snapshot_numbers, snapshot_path
from tools.core.ledger import Release
from tools.core.phrases import Phrases
from tools.core.policy import load_policy


@dataclass(frozen=True, slots=True)
class Audit:
    """A ledger, verified. `broken`: the first entry that does not hold; None: the chain is whole. `epsilon`: ε that was
    spent on closed counts, and may be spent in all; None where no noise is added and none was. `phrases`: distinct phrases
    that were asked near this month, and that may be."""

    releases: list[Release]
    refusals: list[Release]
    entries: list[Release]
    broken: int | None
    epsilon: tuple[float, float] | None
    phrases: tuple[int, int]
    privacy: list[StageScores]


def audit(app: App) -> Audit:
    """Verify and read the ledger of this index. Takes seconds where it is long."""
    policy = load_policy(read_settings(app.path).policy, app.settings.policy)
    with closing(app.ledger()) as ledger:
        spent = ledger.spent()
        epsilon = (spent, policy.epsilon_total) if policy.adds_noise or spent else None
        broken = ledger.verify()
        return Audit(
            ledger.releases(),
            ledger.refusals(),
            ledger.entries(),
            broken,
            epsilon,
            (len(Phrases(ledger).known()), policy.phrases_per_month),
            privacy_report(app.path / "snapshots"),
        )


def redact(app: App, entry: int) -> bool:
    """Take what was typed out of an entry of the ledger. False where that is not possible."""
    with closing(app.ledger()) as ledger:
        return ledger.redact(entry)


def snapshots(app: App) -> list[SnapshotInfo]:
    """The published snapshots, oldest first."""
    read_settings(app.path)
    return published(app.path / "snapshots")


def newest_snapshot(app: App) -> int:
    """The number of the newest published snapshot; 0: there is none, and nothing can be asked."""
    return max(snapshot_numbers(app.path / "snapshots"), default=0)


def keep_snapshots(app: App, newest: int) -> int:
    """Remove all but the newest snapshots; returns how many were removed."""
    folder = app.path / "snapshots"
    old = snapshot_numbers(folder)[: -max(1, newest)]
    for number in old:
        snapshot_path(folder, number).unlink()
    return len(old)
