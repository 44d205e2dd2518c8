"""Taking data in: look into a file first, then its stages with what is done and left; stop and go on at any time.

The work runs in a thread of its own. Counts and names of fields are shown, never a value of the file.
"""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, ProgressBar, Static

from index.core.errors import ShoalError
from index.core.untrusted import safe
from tui.screens.background import BackgroundTask
from tui.screens.panels import Panel
from tui.text.untrusted import fit

if TYPE_CHECKING:
    from agent.services.ingest import Taken
    from agent.wiring import App as Started
    from index.ingest.pipeline import Progress
    from index.sources import Source

_HINT = "enter looks into the file · ctrl+g takes it in · esc closes"
_ON = "esc stops; what is finished is kept, and the same command goes on from there"


class IngestScreen(Panel[bool]):
    """`demo`: take the bundled corpus at once. Gives back True when a snapshot was published."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+g", "take", "Take in", id="take", priority=True)]

    def __init__(self, started: "Started", *, built_in: bool, demo: bool = False) -> None:
        super().__init__()
        self._started = started
        self._built_in = built_in
        self._demo = demo
        self._beside: BackgroundTask[Taken] | None = None
        self._stages: dict[str, str] = {}
        self._step: Progress | None = None
        self._is_stopping = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield Static(f"Add data to index {safe(self._started.path.name)}", classes="title", markup=False)
            yield Input(
                placeholder="path of a file of conversations (JSONL, CSV, Parquet, ...: docs/guide/ingest.md)",
                id="path",
            )
            yield ProgressBar(total=None, show_eta=True, id="progress")
            with VerticalScroll():
                yield Static("", id="said", markup=False)
            yield Static(_HINT, classes="hint", id="ingest-hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(ProgressBar).display = False
        self.set_interval(0.2, self._draw)
        self.query_one(Input).focus()
        if self._demo:
            self.query_one(Input).display = False
            self.action_take()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value.strip() and self._beside is None:
            self._inspect(Path(event.value.strip()).expanduser())

    @work(group="ingest", exclusive=True, exit_on_error=False)
    async def _inspect(self, path: Path) -> None:
        from asyncio import to_thread

        from index.sources import inspect_file
        from tui.rendering.tables import inspection_table

        self._say("looking …")
        seen = await to_thread(inspect_file, path, {})
        self._say(f"{inspection_table(seen)}\n\nNothing was written. ctrl+g takes it in.")

    def action_take(self) -> None:
        """Start, or go on with, taking the file in."""
        if self._beside is not None:
            return
        text = self.query_one(Input).value.strip()
        if not self._demo and not text:
            self._say("Write the path of a file first.")
            return
        self._take(Path(text).expanduser())

    @work(group="ingest", exclusive=True, exit_on_error=False)
    async def _take(self, path: Path) -> None:
        self._stages.clear()
        self._beside = BackgroundTask(lambda: self._ingest(path))
        self.query_one(ProgressBar).display = True
        self.query_one("#ingest-hint", Static).update(_ON)
        self._say("Starting …")
        taken = await self._beside.run()
        if taken is not None:
            self.dismiss(True)
        else:
            self._ended("Stopped. What was finished is kept; ctrl+g goes on from there.")

    def say_fault(self, fault: ShoalError) -> None:
        """What stopped the work is said, foreseen or not, and it can be begun again."""
        self._ended(f"{fault.message}\n{fault.hint}")

    def _ended(self, text: str) -> None:
        self._beside, self._step, self._is_stopping = None, None, False
        self.query_one(ProgressBar).display = False
        self.query_one("#ingest-hint", Static).update(_HINT)
        self._say(text)

    async def _ingest(self, path: Path) -> "Taken":
        """Runs in the thread."""
        from agent.services.ingest import ingest

        source: Source
        if self._demo:
            from index.demo.source import LAUNCH, DemoSource

            return await ingest(self._started, DemoSource(), self._report, built_in=True, landmarks={"launch": LAUNCH})
        from index.sources import open_file, require_account

        source = open_file(path, {})
        require_account(source)
        return await ingest(self._started, source, self._report, built_in=self._built_in)

    def _report(self, step: "Progress") -> None:
        """Called from the thread: only remember; the screen's own timer draws."""
        self._step = step

    def _draw(self) -> None:
        step = self._step
        if step is None or self._beside is None:
            return
        done = f"{step.done:,}" + (f" of {step.total:,}" if step.total else "")
        self._stages[step.stage] = f"{fit(step.stage, 38)} {done} {safe(step.note)}".rstrip()
        self.query_one(ProgressBar).update(total=step.total or None, progress=step.done)
        self._say("\n".join([*self._stages.values(), *["Stopping …"] * self._is_stopping]))

    def _say(self, text: str) -> None:
        self.query_one("#said", Static).update(text)

    def action_close(self) -> None:
        if self._beside is not None:
            self._is_stopping = True
            self._beside.cancel()
            self._say("\n".join([*self._stages.values(), "Stopping …"]))
        else:
            self.dismiss(None)
