"""The ledger as a table: every release of this index and analyst, newest first, with what it adds up to."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import DataTable, Static

from agent.storage.tables import as_csv
from index.core.untrusted import safe, safe_json
from tui.screens.panels import Panel
from tui.screens.saving import Form
from tui.text.untrusted import fit, many

if TYPE_CHECKING:
    from tools.core.ledger import Release

SHOWN = 500
"""Rows that the table draws; the sums and the export have all of them."""
HEADER = (
    "time", "run", "tool", "scope", "asked", "shown", "suppressed", "smallest", "to model", "bytes",
)  # fmt: skip


class LedgerScreen(Panel[None]):
    """`save` asks for a form and a file: a title, the file's stem, the forms."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "export", "Export", id="export_ledger"),
        Binding("f4,f2", "close", "Close", show=False),
        Binding("j", "down", "Down", show=False, id="ledger_j"),
        Binding("k", "up", "Up", show=False, id="ledger_k"),
    ]

    def __init__(
        self, releases: "Sequence[Release]", broken: int | None, save: Callable[[str, str, "Sequence[Form]"], object]
    ) -> None:
        super().__init__()
        self._releases = releases
        self._broken = broken
        self._save = save

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield Static(sums(self._releases, self._broken), classes="title", markup=False)
            yield DataTable(id="ledger", cursor_type="row", zebra_stripes=True)
            more = len(self._releases) - SHOWN
            rest = f"{more:,} older ones are in the export · " if more > 0 else ""
            yield Static(f"{rest}e exports · esc closes", classes="hint", markup=False)

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        numbers = {"asked", "shown", "suppressed", "smallest", "bytes"}
        for name in HEADER:
            table.add_column(Text(name, justify="right" if name in numbers else "left"))
        for item in self._releases[:SHOWN]:
            cells = cells_of(item)
            row = [
                Text(
                    fit(cell, 30).rstrip() if name == "scope" else cell, justify="right" if name in numbers else "left"
                )
                for name, cell in zip(HEADER, cells, strict=True)
            ]
            table.add_row(*row)
        table.focus()

    def action_export(self) -> None:
        rows = [cells_of(item) for item in self._releases]
        self._save("Export the ledger", "shoal-ledger", (
            Form(".csv", "CSV", "one release a row", lambda: as_csv(HEADER, rows)),
            Form(".json", "JSON", "one release an object", lambda: safe_json([dict(zip(HEADER, row, strict=True)) for row in rows])),
        ))  # fmt: skip

    def action_down(self) -> None:
        self.query_one(DataTable).action_cursor_down()

    def action_up(self) -> None:
        self.query_one(DataTable).action_cursor_up()


def cells_of(item: "Release") -> list[str]:
    """One release as text."""
    smallest = "-" if item.smallest is None else str(item.smallest)
    counts = [str(item.asked), str(item.shown), str(item.suppressed), smallest]
    return [item.at[:19].replace("T", " "), safe(item.run), safe(item.tool), safe(item.scope), *counts,
            "yes" if item.to_model else "no", str(item.bytes)]  # fmt: skip


def sums(releases: "Sequence[Release]", broken: int | None) -> str:
    """The whole ledger in two lines."""
    chain = "the chain holds" if broken is None else f"THE CHAIN IS BROKEN at entry {broken}"
    asked, shown = sum(item.asked for item in releases), sum(item.shown for item in releases)
    suppressed = sum(item.suppressed for item in releases)
    to_model = sum(bool(item.to_model) for item in releases)
    sent = sum(item.bytes for item in releases if item.to_model)
    return (
        f"Ledger · {many(len(releases), 'release')} · {chain}\n"
        f"groups asked {asked:,}, shown {shown:,}, suppressed {suppressed:,} · {to_model:,} to a model ({sent:,} bytes)"
    )
