"""The rows of a finding as a table that can be sorted by any column and filtered by words."""

from typing import Any, ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import DataTable, Input

from tui.rendering.rows import Column, Row, columns, filtered, ordered
from tui.text.glyphs import Glyphs
from tui.text.untrusted import fit

_LABEL = 40
"""Cells of a name that are always shown; the table scrolls to the side where its pane is narrower."""


class FindingRows(Vertical):
    """The table and its filter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "sort", "Sort", show=False, id="sort_rows"),
        Binding("S,shift+s", "reverse", "Other way", show=False, id="reverse_rows"),
        Binding("escape", "close_filter", "All rows", show=False),
        Binding("down", "enter_table", "Down", show=False),
    ]

    class Stands(Message):
        """The reader stands on this row."""

        def __init__(self, row: Row) -> None:
            super().__init__()
            self.row = row

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="rows")
        self._glyphs = glyphs
        self._finding: dict[str, Any] | None = None
        self._width = 0
        self._sorted: int | None = None
        self._is_reversed = False
        self._rows: list[Row] = []
        """Those in the table, as they are drawn."""

    def compose(self) -> ComposeResult:
        yield Input(placeholder="words of a name; esc shows all rows", id="row-filter")
        yield DataTable(id="table", cursor_type="row", zebra_stripes=True)

    def on_mount(self) -> None:
        self.query_one(Input).display = False

    def draw(self, finding: dict[str, Any], width: int) -> None:
        """Show a finding in its own order, or the same one at another width."""
        if self._finding is None or finding["id"] != self._finding["id"]:
            self._sorted, self._is_reversed = None, False
            self.query_one(Input).display = False
            self.query_one(Input).value = ""
        self._finding, self._width = finding, width
        self._fill()

    def clear(self) -> None:
        """Show nothing."""
        self._finding, self._rows = None, []
        self.query_one(DataTable).clear(columns=True)

    def _fill(self) -> None:
        if self._finding is None:
            return
        heads = columns(self._finding)
        chosen = heads[self._sorted] if self._sorted is not None else None
        rows = ordered(self._finding, chosen, is_reversed=self._is_reversed)
        self._rows = filtered(rows, self.query_one(Input).value)
        cells = [[self._cell(head, row, is_outline=chosen is None) for head in heads] for row in self._rows]
        table = self.query_one(DataTable)
        table.clear(columns=True)
        widths = [
            max([cell_len(line[at]) for line in cells] + [cell_len(self._head(at, head))])
            for at, head in enumerate(heads)
        ]
        left = self._width - sum(width + 2 for width in widths[1:]) - 2
        widths[0] = min(widths[0], max(_LABEL, left))
        for at, head in enumerate(heads):
            table.add_column(_cell(self._head(at, head), head), width=widths[at])
        if not cells:
            table.add_row(Text("nothing matches", style="dim"), *[""] * (len(heads) - 1))
        for line in cells:
            label, *others = line
            rest = [_cell(text, head) for text, head in zip(others, heads[1:], strict=True)]
            table.add_row(Text(fit(label, widths[0])), *rest)

    def _cell(self, head: Column, row: Row, *, is_outline: bool) -> str:
        indent = "  " if is_outline and head.kind == "label" and row.get("parent") else ""
        return indent + head.text(row)

    def _head(self, at: int, head: Column) -> str:
        if at != self._sorted:
            return head.head
        is_down = head.descends(is_reversed=self._is_reversed)
        return f"{head.head} {self._glyphs.down if is_down else self._glyphs.up}"

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        """A press on a head sorts by it; a second one turns the order round."""
        self._sort(event.column_index)

    def _sort(self, at: int) -> None:
        self._is_reversed = at == self._sorted and not self._is_reversed
        self._sorted = at
        self._fill()

    def action_sort(self) -> None:
        """By the next column, after the last one in the finding's own order."""
        if self._finding is None:
            return
        after = 0 if self._sorted is None else self._sorted + 1
        self._sorted, self._is_reversed = (after if after < len(columns(self._finding)) else None), False
        self._fill()

    def action_reverse(self) -> None:
        if self._sorted is not None:
            self._is_reversed = not self._is_reversed
            self._fill()

    def action_filter(self) -> None:
        """Open the filter."""
        field = self.query_one(Input)
        field.display = True
        field.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        del parameters
        if action in ("close_filter", "enter_table"):
            return self.query_one(Input).display if action == "close_filter" else self.query_one(Input).has_focus
        return True

    def action_close_filter(self) -> None:
        field = self.query_one(Input)
        field.value, field.display = "", False
        self.query_one(DataTable).focus()

    def action_enter_table(self) -> None:
        self.query_one(DataTable).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._fill()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one(DataTable).focus()

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        event.stop()
        if 0 <= event.cursor_row < len(self._rows) and self.query_one(DataTable).has_focus:
            self.post_message(self.Stands(self._rows[event.cursor_row]))


def _cell(text: str, head: Column) -> Text:
    return Text(text, justify="right" if head.kind in ("count", "share") else "left")
