"""Facts about an index's published snapshots, for the person who keeps them.

Sizes and names of models only: what is in a snapshot is for the tools, through the gate.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.privacy.score import NAMED, RAW, SCREENED, SUMMARISED
from index.snapshots.snapshot import Snapshot, snapshot_numbers, snapshot_path

STAGES = (RAW, SCREENED, SUMMARISED, NAMED)


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing did. `snapshot` None: nothing was published, and `why` says why."""

    snapshot: int | None
    summaries: int
    clusters: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """Facts about a snapshot without opening its members' texts. `accounts` is rounded down to tens."""

    number: int
    published: str
    summaries: int
    accounts: int
    clusters: int
    groups: int
    extractor: str
    encoder: str
    size_mib: float


@dataclass(frozen=True, slots=True)
class StageScores:
    """Privacy scores of one stage: `shares[0]` is the share scored 1 (identifies a person), `shares[4]` that scored 5.
    The scale is that of Clio's auditor (G.8); the grade is built-in rules (`index.privacy.score`)."""

    stage: str
    scored: int
    shares: tuple[float, ...]


def privacy_report(folder: Path) -> list[StageScores]:
    """Shares of each privacy score by stage, of the newest snapshot: the form of Clio's Figure 5. Empty for a snapshot
    of an older Shoal, or when there is none."""
    numbers = snapshot_numbers(folder)
    found = Snapshot(snapshot_path(folder, numbers[-1])).privacy_scores if numbers else {}
    report = []
    for stage in dict.fromkeys(stage for stage, _ in found):
        counts = [found.get((stage, score), 0) for score in range(1, 6)]
        total = sum(counts)
        report.append(StageScores(stage, total, tuple(round(100 * count / total, 1) for count in counts)))
    return sorted(report, key=lambda item: STAGES.index(item.stage) if item.stage in STAGES else len(STAGES))


def published(folder: Path) -> list[SnapshotInfo]:
    """The snapshots of an index, oldest first. Raises IndexFault for a damaged one."""
    return [_info(folder, number) for number in snapshot_numbers(folder)]


def newest(folder: Path) -> SnapshotInfo | None:
    """The newest snapshot of an index; None: none is published. Raises IndexFault for a damaged one."""
    numbers = snapshot_numbers(folder)
    return _info(folder, numbers[-1]) if numbers else None


def _info(folder: Path, number: int) -> SnapshotInfo:
    path = snapshot_path(folder, number)
    snapshot = Snapshot(path)
    base = len(snapshot.base_clusters)
    return SnapshotInfo(
        number,
        snapshot.meta.get("published", "unknown"),
        len(snapshot),
        len(np.unique(snapshot.accounts)) // 10 * 10,
        base,
        len(snapshot.clusters) - base,
        snapshot.meta.get("extractor", "unknown"),
        snapshot.meta.get("encoder", "unknown"),
        round(path.stat().st_size / 2**20, 1),
    )
