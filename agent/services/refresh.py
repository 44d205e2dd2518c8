"""One step of a daily refresh: new files are taken in, a snapshot is published, and due watches are answered.

For cron or a systemd timer. What a file holds already is recognised, so the same folder may be given every day; retention is
applied by ingest and publishing themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from agent.services.ingest import Report, ingest, publish
from agent.services.watches import Look, exit_code, looks
from agent.storage.watches import Watch, WatchStore
from agent.wiring import App
from index.core.errors import ShoalError

if TYPE_CHECKING:
    from agent.services.ingest import Taken
    from index.ingest.pipeline import IngestReport
    from index.snapshots.history import Published
    from index.sources import Source


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh came to. `taken` None: no file was given. `looks`: the watches of this index that were due."""

    taken: "Taken | None"
    published: "Published"
    looks: tuple[Look, ...]

    @property
    def exit_code(self) -> int:
        """0, or that of the worst watch; what stopped the reading of a file is an error of its own."""
        return exit_code(self.looks)

    def in_words(self) -> str:
        """One line for a log."""
        parts = []
        if self.taken is not None:
            parts.append(_in_words(self.taken.outcome))
        snapshot = self.published.snapshot
        parts.append(f"snapshot {snapshot}" if snapshot is not None else f"no snapshot ({self.published.why})")
        answered = [look for look in self.looks if look.state in ("answered", "first answer")]
        notable = [look for look in self.looks if look.changes]
        parts.append(f"{len(answered)} of {len(self.looks)} due watches answered, {len(notable)} with changes")
        return "; ".join(parts)


def _in_words(outcome: "IngestReport") -> str:
    from index.ingest.pipeline import DUPLICATE
    from index.sources.many import NOT_READ

    known, unread = outcome.skipped[DUPLICATE], outcome.skipped[NOT_READ]
    others = sum(outcome.skipped.values()) - known - unread
    counts = {"taken": outcome.taken, "known": known, "skipped": others, "failed": sum(outcome.failed.values())}
    text = ", ".join(f"{count:,} {what}" for what, count in counts.items())
    if outcome.summarised > outcome.taken:
        text += f" ({outcome.summarised - outcome.taken:,} of an earlier run summarised)"
    if unread:
        text += f", {unread:,} {'file' if unread == 1 else 'files'} not read (first: {outcome.first_skips[NOT_READ]})"
    return text


async def refresh(
    app: App,
    source: "Source | None",
    watches: WatchStore,
    now: datetime,
    report: Report,
    failed: Callable[[Watch, ShoalError], None],
    *,
    built_in: bool = False,
    max_cost: float | None = None,
) -> Refreshed:
    """Take `source` in, publish, and answer the watches of this index that are due. `failed` gets a watch that could not be
    answered; it keeps no other from its answer."""
    if source is not None:
        taken = await ingest(app, source, report, built_in=built_in, max_cost=max_cost)
        published = taken.published
    else:
        taken, published = None, await publish(app, report, built_in=built_in)
    due = [item for item in watches.watches() if item.index_path == str(app.path) and item.is_due(now)]
    found = [look async for look in looks(app, watches, due, now, failed, built_in=built_in)]
    return Refreshed(taken, published, tuple(found))
