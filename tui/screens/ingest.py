"""Taking data in: look into a file first, say which field is what where that is not clear, then the work with what is done
and left; stop and go on at any time; in the end the report of the command line.

The work runs in a thread of its own. Counts and names of fields are shown, never a value of the file.
"""

import re
import time
from asyncio import to_thread
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, ProgressBar, Static

from index.core.errors import ShoalError
from index.core.untrusted import safe
from tui.rendering.overall import left, share_done
from tui.screens.background import BackgroundTask
from tui.screens.choose import Choice, ChooseScreen
from tui.screens.panels import Panel
from tui.text.paths import completed
from tui.text.untrusted import fit

if TYPE_CHECKING:
    from agent.services.ingest import Taken
    from agent.wiring import App as Started
    from index.ingest.pipeline import Progress
    from index.sources import Inspection, Source

_HINT = "tab completes the path · enter looks into the file · ctrl+g takes it in · esc closes"
_ON = "esc stops; what is finished is kept, and the same command goes on from there"
_TIME = re.compile(r"time|date|stamp|when|created|day|(?:^|_)(?:at|ts|on)$", re.IGNORECASE)
"""Names of fields that may be a time."""
_NONE = ""
"""The choice that no field states it."""


class IngestScreen(Panel["Started"]):
    """`demo`: take the bundled corpus at once. Gives back the app on the index that a snapshot was published of."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+g", "take", "Take in", id="take", priority=True),
        Binding("tab", "complete", "Complete", show=False, priority=True),
    ]

    def __init__(self, started: "Started", *, built_in: bool, demo: bool = False, path: str = "") -> None:
        super().__init__()
        self._started = started
        self._built_in = built_in
        self._demo = demo
        self._path = path
        self._mapping: dict[str, str] = {}
        self._without_accounts = False
        self._inspected = ""
        self._beside: BackgroundTask[Taken] | None = None
        self._stages: dict[str, str] = {}
        self._step: Progress | None = None
        self._share = 0.0
        self._began = 0.0
        self._is_stopping = False
        self._is_published = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield Static("Add data", classes="title", markup=False)
            yield Input(
                value=self._path,
                placeholder="a file, folder or pattern of conversations (JSONL, CSV, Parquet, ...; docs/guide/ingest.md)",
                id="path",
            )
            yield Input(value=self._default_name(), placeholder="the index: a name", id="index-name")
            yield ProgressBar(total=1.0, show_eta=False, id="progress")
            with VerticalScroll():
                yield Static(self._known(), id="said", markup=False)
            yield Static(_HINT, classes="hint", id="ingest-hint", markup=False)

    def _default_name(self) -> str:
        """The index that is open; for one's own data never the demo's."""
        from agent.wiring import DEMO

        name = self._started.path.name
        return safe(self._started.settings.index if name == DEMO else name)

    def _known(self) -> str:
        from agent.services.indexes import index_paths

        names = [path.name for path in index_paths(self._started)]
        listed = f"Existing indexes: {safe(', '.join(names))}. " if names else ""
        return f"{listed}Another name makes a new index. Look into the file first: that writes nothing."

    def on_mount(self) -> None:
        self.query_one(ProgressBar).display = False
        self.set_interval(0.2, self._draw)
        self.query_one("#path", Input).focus()
        if self._demo:
            for field in self.query(Input):
                field.display = False
            self.action_take()

    def action_complete(self) -> None:
        """Tab: more of the path; where there is no more, the other field."""
        field = self.query_one("#path", Input)
        more = completed(field.value) if field.has_focus else field.value
        if more == field.value:
            self.focus_next()
        else:
            field.value = more
            field.cursor_position = len(more)

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input.id == "path":
            self._mapping, self._without_accounts = {}, False

    def on_input_submitted(self) -> None:
        text = self.query_one("#path", Input).value.strip()
        if self._is_published:
            self.dismiss(self._app)
        elif text and self._beside is None:
            self._inspect(text)

    @property
    def _app(self) -> "Started":
        """The app on the index that is named."""
        if self._demo:
            return self._started
        name = self.query_one("#index-name", Input).value.strip() or self._default_name()
        if name == self._started.path.name:
            return self._started
        return self._started.on_index(str(self._started.home.index_path(name)))

    @work(group="ingest", exclusive=True, exit_on_error=False)
    async def _inspect(self, text: str) -> None:
        from tui.rendering.tables import inspection_table

        self._say("looking …")
        seen = await to_thread(self._seen, text)
        self._inspected = text
        if await self._mapped(seen):
            seen = await to_thread(self._seen, text)
        unclear = self._unclear(seen)
        table = inspection_table(seen, "Press enter to choose the field.")
        self._say(f"{table}\n\nNothing was written. {unclear or 'ctrl+g takes it in.'}")

    def _seen(self, text: str) -> "Inspection":
        from index.sources import files_at, inspect_file

        place = files_at(Path(text).expanduser())[0]
        return inspect_file(place.path, self._mapping, name=place.name)

    async def _mapped(self, seen: "Inspection") -> bool:
        """Ask which field is the account, and which the time, where none is read. True where something was answered."""
        changed = False
        fields = [field.name for field in seen.fields if field.becomes == "ignored"]
        has_time = any(map(_TIME.search, fields)) and bool(seen.conversations) and not seen.dated
        for what, is_open in (("account", self._asks_account(seen)), ("time", has_time)):
            if not is_open or not fields or what in self._mapping:
                continue
            likely = seen.unread_accounts if what == "account" else tuple(filter(_TIME.search, fields))
            left_over = [name for name in fields if name not in self._mapping.values()]
            ordered = sorted(left_over, key=lambda name: name not in likely)
            choices = [Choice(name, safe(name)) for name in ordered]
            none = "none: each conversation counts alone" if what == "account" else "none: conversations stay undated"
            title = f"No field is known to be the {what}. Which one is it?"
            screen = ChooseScreen(title, [*choices, Choice(_NONE, none)], "enter chooses · esc leaves it open")
            chosen = await self.app.push_screen_wait(screen)
            if chosen:
                self._mapping[what], changed = chosen, True
            elif chosen == _NONE and what == "account":
                self._without_accounts = True
        return changed

    def _asks_account(self, seen: "Inspection") -> bool:
        return (
            bool(seen.unread_accounts or (seen.conversations and not seen.with_account)) and not self._without_accounts
        )

    def _unclear(self, seen: "Inspection") -> str:
        if seen.unread_accounts and not self._without_accounts and "account" not in self._mapping:
            return "It cannot be taken in before an account is chosen, or none: enter asks again."
        return ""

    def action_take(self) -> None:
        """Start, or go on with, taking the file in."""
        if self._beside is not None or self._is_published:
            return
        text = self.query_one("#path", Input).value.strip()
        if not self._demo and not text:
            self._say("Write the path of a file first.")
            return
        self._take(text)

    @work(group="ingest", exclusive=True, exit_on_error=False)
    async def _take(self, text: str) -> None:
        from tui.rendering.tables import taken_lines

        self._stages.clear()
        if not self._demo and text != self._inspected:
            self._say("looking …")
            await self._mapped(await to_thread(self._seen, text))
        app, source = await to_thread(self._opened, text)
        self._beside = BackgroundTask(lambda: self._ingest(app, source))
        self._began, self._share = time.monotonic(), 0.0
        self.query_one(ProgressBar).display = True
        self.query_one("#ingest-hint", Static).update(_ON)
        self._say("Starting …")
        taken = await self._beside.run()
        if taken is None:
            self._ended("Stopped. What was finished is kept; ctrl+g goes on from there.")
            return
        self._is_published = taken.published.snapshot is not None
        report = "\n".join(taken_lines(source, taken))
        if self._demo and self._is_published:
            self.dismiss(app)
            return
        ending = "enter opens it" if self._is_published else "Nothing can be asked of it yet. Add more, then publish."
        self._ended(f"{report}\n\n{ending}")

    def say_fault(self, fault: ShoalError) -> None:
        """What stopped the work is said, foreseen or not, and it can be begun again."""
        self._ended(f"{fault.message}\n{fault.hint}")

    def _ended(self, text: str) -> None:
        self._beside, self._step, self._is_stopping = None, None, False
        self.query_one(ProgressBar).display = False
        self.query_one("#ingest-hint", Static).update(_HINT)
        self._say(text)

    def _opened(self, text: str) -> "tuple[Started, Source]":
        """The index and the file; what is wrong with either is said before anything is written."""
        if self._demo:
            from index.demo.source import DemoSource

            return self._started, DemoSource()
        from index.sources import open_files, require_account

        check = (lambda _: None) if self._without_accounts else require_account
        return self._app, open_files([Path(text).expanduser()], self._mapping, check)

    async def _ingest(self, app: "Started", source: "Source") -> "Taken":
        """Runs in the thread."""
        from agent.services.ingest import ingest

        if self._demo:
            from index.demo.source import LAUNCH

            return await ingest(app, source, self._report, built_in=True, landmarks={"launch": LAUNCH})
        return await ingest(app, source, self._report, built_in=self._built_in)

    def _report(self, step: "Progress") -> None:
        """Called from the thread: only remember; the screen's own timer draws."""
        self._step = step

    def _draw(self) -> None:
        if self._beside is None:
            return
        elapsed = time.monotonic() - self._began
        step = self._step
        if step is not None:
            done = f"{step.done:,}" + (f" of {step.total:,}" if step.total else "") if step.done or step.total else ""
            if step.stage not in self._stages:
                self._stages = {name: f"{fit(name, 38)} done" for name in self._stages}
            self._stages[step.stage] = f"{fit(step.stage, 38)} {done} {safe(step.note)}".rstrip()
            self._share = max(self._share, share_done(step) or 0.0)
        self.query_one(ProgressBar).update(progress=self._share)
        clock = f"{int(elapsed) // 60}:{int(elapsed) % 60:02d} · {left(self._share, elapsed)}"
        self._say("\n".join([clock, "", *self._stages.values(), *["Stopping …"] * self._is_stopping]))

    def _say(self, text: str) -> None:
        self.query_one("#said", Static).update(text)

    def action_close(self) -> None:
        if self._beside is not None:
            self._is_stopping = True
            self._beside.cancel()
        else:
            self.dismiss(self._app if self._is_published else None)
