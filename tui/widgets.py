"""The screen's widgets. Each is given a part of the view and draws it; none computes or asks."""

from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import DataTable, Input, Markdown, Static, TabbedContent, TabPane, Tree
from textual.widgets.tree import TreeNode

from tui import draw
from tui.plain import measure_names, measure_text
from tui.text import fit, safe
from tui.view import Turn, View


class TurnView(Vertical):
    """One question: its text, the agents' rows, the answer, and what stands under it."""

    def __init__(self, turn: Turn) -> None:
        super().__init__()
        self._turn = turn
        self._written = ""
        self._final = False

    def compose(self) -> ComposeResult:
        yield Static(f"❯ {safe(self._turn.question)}", classes="question", markup=False)
        yield Static("", classes="timeline")
        yield Markdown("", open_links=False, classes="answer")
        yield Static("", classes="closing")

    async def show(self, turn: Turn) -> None:
        """Draw the turn as it now is."""
        self._turn = turn
        self.query_one(".timeline", Static).update(draw.timeline(turn, max(40, self.size.width - 2)))
        self.query_one(".closing", Static).update(draw.closing(turn))
        if turn.answer != self._written or turn.is_final != self._final:
            self._written, self._final = turn.answer, turn.is_final
            await self.query_one(Markdown).update(safe(turn.answer))


class Conversation(VerticalScroll):
    """The chat. It stays at the newest line until the reader scrolls up."""

    can_focus = True

    async def show(self, view: View) -> None:
        """Draw the newest turn, mounting it when it is new."""
        shown = list(self.query(TurnView))
        for turn in view.turns[len(shown) :]:
            await self.mount(TurnView(turn))
        if view.turns:
            for hint in self.query("#welcome"):
                await hint.remove()
            await list(self.query(TurnView))[-1].show(view.turns[-1])
        self.anchor()


class Findings(Vertical):
    """What was released, beside the chat: clusters as a tree, a table, a trend, and the evidence of what is selected."""

    class AskAbout(Message):
        """The analyst wants to ask about this row."""

        def __init__(self, row: dict[str, Any]) -> None:
            super().__init__()
            self.row = row

    def __init__(self) -> None:
        super().__init__(id="findings")
        self._finding: dict[str, Any] | None = None
        self._row: dict[str, Any] | None = None

    def compose(self) -> ComposeResult:
        with TabbedContent():
            with TabPane("Clusters", id="tab-clusters"):
                yield Tree("findings", id="tree")
            with TabPane("Table", id="tab-table"):
                yield DataTable(id="table", cursor_type="row", zebra_stripes=True)
            with TabPane("Trend", id="tab-trend"), VerticalScroll():
                yield Static("No trend was asked for yet.", id="trend")
        yield Static("Findings appear here while agents work. Select one to see its numbers.", id="evidence")

    def on_mount(self) -> None:
        self.query_one(Tree).show_root = False

    def show(self, view: View) -> None:
        """Draw the selected finding, if it changed."""
        finding = view.findings.get(view.selected or "")
        if finding is None or finding is self._finding:
            return
        self._finding, self._row = finding, None
        width = max(24, self.size.width - 8)
        self._draw_tree(finding, width)
        self._draw_table(finding)
        latest = next((item for item in reversed(view.findings.values()) if item["shape"] == "trend"), None)
        trend = finding if finding["shape"] == "trend" else latest
        if trend is not None:
            self.query_one("#trend", Static).update(draw.trend(trend, width))
        self.query_one("#evidence", Static).update(draw.evidence(finding, None))
        self.query_one(TabbedContent).active = "tab-trend" if finding["shape"] == "trend" else "tab-clusters"

    def _draw_tree(self, finding: dict[str, Any], width: int) -> None:
        tree: Tree[dict[str, Any]] = self.query_one(Tree)
        tree.clear()
        title = tree.root.add(Text(fit(f"{finding['id']} {finding['title']}", width)), expand=True)
        parents: dict[str, TreeNode[dict[str, Any]]] = {}
        for row in sorted(finding["rows"], key=lambda row: row.get("parent") is not None):
            parent = parents.get(row.get("parent") or "", title)
            has_children = any(other.get("parent") == row.get("id") for other in finding["rows"] if row.get("id"))
            label = draw.row_label(row, width - (4 if row.get("parent") else 2))
            node = parent.add(label, data=row, allow_expand=has_children)
            if row.get("id"):
                parents[row["id"]] = node

    def _draw_table(self, finding: dict[str, Any]) -> None:
        table = self.query_one(DataTable)
        table.clear(columns=True)
        names = measure_names(finding)
        table.add_column(Text(finding["id"]), width=30)
        for column in finding["columns"]:
            table.add_columns(Text(safe(column)), Text("%"))
        for name in names:
            table.add_column(Text(name))
        for row in finding["rows"]:
            cells = [Text(fit(row["label"], 30))]
            for value in row["values"]:
                cells.append(Text("withheld" if value["count"] is None else f"{value['count']:,}"))
                cells.append(Text("" if value["share"] is None else f"{value['share']}"))
            cells += [Text(safe(measure_text(row, name))) for name in names]
            table.add_row(*cells)

    def on_tree_node_highlighted(self, event: Tree.NodeHighlighted[dict[str, Any]]) -> None:
        self._select(event.node.data)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        if self._finding and 0 <= event.cursor_row < len(self._finding["rows"]):
            self._select(self._finding["rows"][event.cursor_row])

    def _select(self, row: dict[str, Any] | None) -> None:
        if self._finding is not None and row is not None:
            self._row = row
            self.query_one("#evidence", Static).update(draw.evidence(self._finding, row))

    def ask_about(self) -> None:
        """Offer the selected row as a new question."""
        if self._row is not None:
            self.post_message(self.AskAbout(self._row))


class Prompt(Input):
    """Where the analyst asks. Up and down walk through earlier questions."""

    def __init__(self) -> None:
        super().__init__(placeholder="ask about how the assistant is used…", id="prompt")
        self._asked: list[str] = []
        self._place = 0

    def remember(self, question: str) -> None:
        self._asked.append(question)
        self._place = len(self._asked)

    def key_up(self) -> None:
        self._walk(-1)

    def key_down(self) -> None:
        self._walk(1)

    def _walk(self, step: int) -> None:
        self._place = max(0, min(len(self._asked), self._place + step))
        self.value = self._asked[self._place] if self._place < len(self._asked) else ""
        self.cursor_position = len(self.value)
