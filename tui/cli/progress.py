"""A progress bar with an ETA for ingest and publishing, on stderr; one line a stage where there is no terminal."""

import sys
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from index.ingest.pipeline import Progress as Step


class ProgressBar:
    """One bar a stage. Use as a context manager and pass `update` as the report."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stderr)
        self._progress = Progress(
            TextColumn("{task.description:<36}"),
            BarColumn(bar_width=30),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            TextColumn("eta"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "ProgressBar":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def update(self, step: Step) -> None:
        """Show where a stage stands."""
        total = float(step.total) or None
        if step.stage not in self._tasks:
            if not self._console.is_terminal:
                self._console.print(f"{step.stage} ...", markup=False)
            self._tasks[step.stage] = self._progress.add_task(step.stage, total=total, note="")
        self._progress.update(self._tasks[step.stage], completed=step.done, total=total, note=step.note)
