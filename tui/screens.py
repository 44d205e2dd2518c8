"""Screens over the chat: help, and the ledger as a table."""

from collections.abc import Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import DataTable, Markdown, Static

from tui.text import fit

HELP = """
**Ask** in plain language and press enter. Answers cite findings such as [F3]; the pane beside the chat shows their numbers.

| key | does |
|---|---|
| enter | ask |
| up, down | earlier questions |
| esc | close what is on top; twice while agents run: stop |
| f5 | go on with a stopped run; what is finished is not done again |
| f2 f3 f4 | chat, findings, ledger |
| alt+left, alt+right | previous, next finding |
| ctrl+o | ask about the selected cluster or row |
| ctrl+y | copy the last answer |
| pageup, pagedown | scroll the chat |
| tab | move between panes |
| ctrl+p | command palette |
| ctrl+q | quit |

**What you see** are aggregates that the privacy gate released. A count that is *withheld* is under the threshold; it may
be zero. *Outside* is the share that lies in no cluster. Nothing here shows a conversation, a summary or an account.
"""


class HelpScreen(ModalScreen[None]):
    """Keys and words, one key away."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f1,q", "dismiss", "Close")]

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield Static("Help", classes="title")
            yield Markdown(HELP, open_links=False)


class LedgerScreen(ModalScreen[None]):
    """Every release of this index and analyst, newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f4,f2", "dismiss", "Close")]

    def __init__(self, releases: Sequence[Any], broken: int | None) -> None:
        super().__init__()
        self._releases = releases
        self._broken = broken

    def compose(self) -> ComposeResult:
        chain = "the chain holds" if self._broken is None else f"the chain is broken at entry {self._broken}"
        with Vertical(classes="panel"):
            yield Static(f"Ledger · {len(self._releases)} releases · {chain}", classes="title", markup=False)
            yield DataTable(id="ledger", cursor_type="row", zebra_stripes=True)

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.add_columns("time", "tool", "asked", "shown", "withheld", "smallest", "to model", "scope")
        for item in self._releases:
            smallest = "-" if item.smallest is None else str(item.smallest)
            cells = (item.at[11:19], item.tool, item.asked, item.shown, item.withheld, smallest)
            left = "yes" if item.to_model else "no"
            table.add_row(*(Text(str(cell)) for cell in (*cells, left, fit(item.scope, 48))))
        table.focus()
