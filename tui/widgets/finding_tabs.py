"""One finding as groups, table, chart and map, with its evidence under it: what is in the findings pane.

It is a module of its own because its widgets are many, and the first frame of the desk must not wait for them. It shows
findings only.
"""

from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import DataTable, Static, TabbedContent, TabPane, Tree
from textual.widgets.tree import TreeNode

from index.core.untrusted import safe
from tools.core.finding import outlined
from tui.rendering import charts
from tui.rendering.evidence import evidence, placed, row_label
from tui.rendering.measures import measure_names, measure_text
from tui.text.glyphs import Glyphs
from tui.text.untrusted import fit, many
from tui.widgets.map import DensityMap

EMPTY = "Findings appear here while agents work.\nSelect one to see its numbers, scope, method and what was suppressed."

_LABEL = 34


class GroupTree(Tree[dict[str, Any]]):
    """Groups and their parts; a digit opens it to that depth."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", show=False, id="tree_j"),
        Binding("k", "cursor_up", "Up", show=False, id="tree_k"),
        *(Binding(str(digit), f"depth({digit})", "Depth", show=False, id=f"depth_{digit}") for digit in range(1, 10)),
    ]

    def action_depth(self, depth: int) -> None:
        """Open the tree so that `depth` levels are seen."""
        self._open(self.root, depth)

    def _open(self, node: TreeNode[dict[str, Any]], depth: int) -> None:
        for child in node.children:
            if depth > 1:
                child.expand()
            else:
                child.collapse()
            self._open(child, depth - 1)


class Found(Vertical):
    """The finding that is shown. `row` is the one the reader stands on, with what it belongs to."""

    class Stands(Message):
        """The reader stands on this row of this finding."""

        def __init__(self, finding: dict[str, Any], row: dict[str, Any]) -> None:
            super().__init__()
            self.finding = finding
            self.row = row

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="found")
        self._glyphs = glyphs
        self._finding: dict[str, Any] | None = None
        self._rows: list[dict[str, Any]] = []
        """Of the table, as they are drawn."""
        self._drawn: tuple[str, int] | None = None
        self.row: dict[str, Any] | None = None

    def compose(self) -> ComposeResult:
        with TabbedContent():
            with TabPane("Groups", id="tab-groups"):
                yield GroupTree("findings", id="tree")
            with TabPane("Table", id="tab-table"):
                yield DataTable(id="table", cursor_type="row", zebra_stripes=True)
            with TabPane("Chart", id="tab-chart"), VerticalScroll(id="chart-scroll"):
                yield Static("Nothing to draw yet.", id="chart", markup=False)
            with TabPane("Map", id="tab-map"):
                yield DensityMap(self._glyphs)
        with VerticalScroll(id="evidence-scroll"):
            yield Static(EMPTY, id="evidence", markup=False)

    def on_mount(self) -> None:
        self.query_one(GroupTree).show_root = False
        self.query_one(TabbedContent).hide_tab("tab-map")

    def on_resize(self) -> None:
        if self._finding is not None:
            self._draw(self._finding)

    def show(self, finding: dict[str, Any] | None) -> None:
        """Draw the finding, if it is another one than before."""
        if finding is None or finding is self._finding:
            return
        rows = finding["rows"]
        self._finding, self._drawn = finding, None
        self.row = rows[0] if len(rows) == 1 else None  # one row needs nobody to choose it
        self._draw(finding)
        tabs = self.query_one(TabbedContent)
        if finding["shape"] == "map":
            tabs.show_tab("tab-map")
        tabs.active = {"trend": "tab-chart", "map": "tab-map"}.get(finding["shape"], "tab-groups")
        if finding["shape"] != "map":
            tabs.hide_tab("tab-map")  # last: hiding the open tab opens its neighbour

    def _draw(self, finding: dict[str, Any]) -> None:
        width = max(24, self.size.width - 5)
        if self._drawn == (finding["id"], width):
            return
        self._drawn = (finding["id"], width)
        self._draw_tree(finding, width)
        self._draw_table(finding)
        self.query_one("#evidence", Static).update(evidence(finding, self.row, width))
        if finding["shape"] == "map":
            self.query_one(DensityMap).set_map(*charts.map_parts(finding))
            self.query_one("#chart", Static).update(charts.bars(finding, width, self._glyphs))
        else:
            chart = charts.trend if finding["shape"] == "trend" else charts.bars
            self.query_one("#chart", Static).update(chart(finding, width, self._glyphs))

    def _draw_tree(self, finding: dict[str, Any], width: int) -> None:
        tree = self.query_one(GroupTree)
        tree.clear()
        nodes: dict[str, TreeNode[dict[str, Any]]] = {}
        inner = {row.get("parent") for row in finding["rows"]}
        for row in sorted(finding["rows"], key=lambda row: row.get("parent") is not None):
            parent = nodes.get(row.get("parent") or "", tree.root)
            indent = 4 if parent is tree.root else 8
            has_parts = row.get("id") is not None and row["id"] in inner
            label = row_label(row, width - indent + (2 if not has_parts else 0))
            node = parent.add(label, data=row, expand=has_parts, allow_expand=has_parts)
            if row.get("id"):
                nodes[row["id"]] = node
        hidden = finding["suppressed"]["groups"]
        if hidden:
            text = f"{self._glyphs.dot} {many(hidden, 'group')} suppressed (too small to show)"
            tree.root.add_leaf(Text(fit(text, width - 2), style="dim"))
        tree.root.expand()

    def _draw_table(self, finding: dict[str, Any]) -> None:
        table = self.query_one(DataTable)
        table.clear(columns=True)
        names = measure_names(finding)
        table.add_column(Text(finding["id"]), width=_LABEL)
        for column in finding["columns"]:
            table.add_columns(Text(safe(column), justify="right"), Text("%", justify="right"))
        for name in names:
            table.add_column(Text(safe(name)))
        self._rows = outlined(finding["rows"])
        for row in self._rows:
            cells = [Text(fit(("  " if row.get("parent") else "") + placed(row), _LABEL))]
            for value in row["values"]:
                cells.append(Text("suppressed" if value["count"] is None else f"{value['count']:,}", justify="right"))
                cells.append(Text("" if value["share"] is None else f"{value['share']:.1f}", justify="right"))
            cells += [Text(safe(measure_text(row, name))) for name in names]
            table.add_row(*cells)

    def on_tree_node_highlighted(self, event: Tree.NodeHighlighted[dict[str, Any]]) -> None:
        self._stand(event.node.data)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        if 0 <= event.cursor_row < len(self._rows) and self.query_one(DataTable).has_focus:
            self._stand(self._rows[event.cursor_row])

    def _stand(self, row: dict[str, Any] | None) -> None:
        if self._finding is not None and row is not None:
            self.row = row
            self.query_one("#evidence", Static).update(evidence(self._finding, row, max(24, self.size.width - 5)))
            self.post_message(self.Stands(self._finding, row))

    def on_density_map_chosen(self, event: DensityMap.Chosen) -> None:
        """The reader stands on a name of the map: its densest square is the row."""
        rows = [row for row in self._finding["rows"] if row.get("id") == event.label.id] if self._finding else []
        if rows:
            self._stand(max(rows, key=lambda row: row["values"][0]["count"] or 0))

    def focus_inside(self) -> None:
        """Put the focus on what the open tab shows."""
        places = {"tab-table": "#table", "tab-chart": "#chart-scroll", "tab-map": "#map"}
        self.query_one(places.get(self.query_one(TabbedContent).active, "#tree")).focus()
