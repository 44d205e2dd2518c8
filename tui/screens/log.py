"""What happened in this session, for a report of a fault: runs, agents, calls, refusals, seconds, how each ended.

It holds nothing that was asked or found: no question, no name of a group, no number of a finding, no text of a model.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from index.core.untrusted import safe
from tui.screens.panels import Panel
from tui.screens.saving import Form
from tui.state.view import TaskRow, View


class LogScreen(Panel[None]):
    """`save` asks for a form and a file: a title, the file's stem, the forms."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "export", "Save", id="log_save"),
        Binding("ctrl+l", "close", "Close", show=False, priority=True),
    ]

    def __init__(self, view: View, save: Callable[[str, str, Sequence[Form]], object]) -> None:
        super().__init__()
        self._text = "\n".join(log(view))
        self._save = save

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield Static("Log of this session, without questions, names or numbers", classes="title", markup=False)
            with VerticalScroll():
                yield Static(self._text or "Nothing has happened yet.", id="log", markup=False)
            yield Static("e saves it · esc closes", classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def action_export(self) -> None:
        form = Form(".txt", "Text", "plain lines", lambda: self._text + "\n")
        self._save("Save the log", "shoal-log", (form,))


def log(view: View) -> Iterator[str]:
    """The session as lines that can be sent to anybody."""
    for turn in view.turns:
        ended = turn.ended or "not ended"
        code = f" exit code {turn.exit_code}" if turn.exit_code else ""
        yield safe(f"{turn.run}  {ended} after {turn.elapsed_s:.1f} s{code} · {len(turn.handles)} findings")
        for row in turn.tasks:
            yield from _task(row)


def _task(row: TaskRow) -> Iterator[str]:
    seconds = "" if row.elapsed_s is None else f" {row.elapsed_s:.1f} s"
    yield safe(f"   {row.label.partition(':')[0]} {row.state}{seconds}")
    for call in row.calls:
        outcome = "refused" if call.refusal else call.finding or "open"
        took = "" if call.elapsed_s is None else f" {call.elapsed_s:.1f} s"
        yield safe(f"      {call.text.partition('(')[0]} {outcome}{took}")
