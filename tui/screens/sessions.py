"""Sessions of before: search their questions and titles, open, rename or delete one."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import DataTable, Input, Static

from index.core.untrusted import safe
from tui.screens.panels import ConfirmScreen, Panel
from tui.text.untrusted import fit

if TYPE_CHECKING:
    from agent.storage.session_store import SessionStore, StoredSession


def ago(then: str, now: datetime) -> str:
    """A stored time as a distance: "3 h ago"."""
    moment = datetime.fromisoformat(then)
    seconds = max(0.0, (now - moment.replace(tzinfo=moment.tzinfo or UTC)).total_seconds())
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {name} ago"
    return "now"


class SessionsScreen(Panel[str]):
    """The list, newest first. Gives back the id of the session to open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "cursor(1)", "Down", show=False, priority=True),
        Binding("up", "cursor(-1)", "Up", show=False, priority=True),
        Binding("f2", "rename", "Rename", id="rename_session"),
        Binding("delete,ctrl+d", "delete", "Delete", id="delete_session", priority=True),
        Binding("ctrl+r", "close", "Close", show=False),
    ]

    def __init__(
        self, store: "SessionStore", current: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        super().__init__()
        self._store = store
        self._current = current
        self._now = now
        self._shown: list[StoredSession] = []
        self._renaming: str | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield Static("Sessions", classes="title", id="sessions-title", markup=False)
            yield Input(placeholder="search titles and questions", id="search")
            yield DataTable(id="sessions", cursor_type="row", zebra_stripes=True)
            yield Static("enter opens · f2 renames · ctrl+d deletes · esc closes", classes="hint")

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.add_column("last used", width=11)
        table.add_column("title", width=max(20, self.app.size.width - 53))
        table.add_column("asked", width=5)
        table.add_column("index", width=8)
        table.add_column("state", width=8)
        self._fill()
        self.query_one(Input).focus()

    def _fill(self) -> None:
        search = "" if self._renaming else self.query_one(Input).value
        self._shown = self._store.sessions(search)
        table = self.query_one(DataTable)
        table.clear()
        now = self._now()
        for item in self._shown:
            mark = "* " if item.id == self._current else ""
            table.add_row(
                Text(ago(item.last, now)), Text(fit(f"{mark}{item.title}", max(20, self.app.size.width - 53)).rstrip()),
                Text(str(item.questions), justify="right"), Text(fit(item.index, 8)), Text(safe(item.state)),
            )  # fmt: skip
        count = len(self._shown)
        self.query_one("#sessions-title", Static).update(
            f"Sessions · {count} shown" if count else "Sessions · none yet"
        )

    def _at(self) -> "StoredSession | None":
        place = self.query_one(DataTable).cursor_row
        return self._shown[place] if 0 <= place < len(self._shown) else None

    def on_input_changed(self) -> None:
        if self._renaming is None:
            self._fill()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if self._renaming is not None:
            if event.value.strip():
                self._store.rename(self._renaming, event.value.strip())
            self._leave_renaming()
        elif (chosen := self._at()) is not None:
            self.dismiss(chosen.id)

    def on_data_table_row_selected(self) -> None:
        if (chosen := self._at()) is not None:
            self.dismiss(chosen.id)

    def action_cursor(self, step: int) -> None:
        table = self.query_one(DataTable)
        table.action_cursor_down() if step > 0 else table.action_cursor_up()

    def action_rename(self) -> None:
        if (chosen := self._at()) is not None:
            self._renaming = chosen.id
            field = self.query_one(Input)
            field.value = safe(chosen.title)
            field.placeholder = "the new title; enter keeps it, esc leaves it"
            field.focus()

    def _leave_renaming(self) -> None:
        self._renaming = None
        field = self.query_one(Input)
        field.value, field.placeholder = "", "search titles and questions"
        self._fill()

    def action_close(self) -> None:
        if self._renaming is not None:
            self._leave_renaming()
        else:
            self.dismiss(None)

    def action_delete(self) -> None:
        chosen = self._at()
        if chosen is None:
            return
        if chosen.id == self._current:
            self.query_one("#sessions-title", Static).update("Sessions · this one is open; quit, then delete it")
            return

        def decided(is_sure: bool | None) -> None:
            if is_sure:
                self._store.delete(chosen.id)
                self._fill()

        self.app.push_screen(
            ConfirmScreen(f"Delete “{fit(chosen.title, 40).rstrip()}” and all it found? It cannot be undone."), decided
        )
