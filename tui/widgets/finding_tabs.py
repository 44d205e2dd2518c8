"""One finding as groups, table, chart and map, with its evidence under it: what is in the findings pane.

It is a module of its own because its widgets are many, and the first frame of the desk must not wait for them. It shows
findings only.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Static, TabbedContent, TabPane, Tree
from textual.widgets.tree import TreeNode

from agent.figures.series import series
from tui.rendering import charts
from tui.rendering.density import grid_of
from tui.rendering.evidence import evidence, row_label
from tui.rendering.rows import by_size
from tui.text.glyphs import Glyphs
from tui.text.untrusted import fit, many
from tui.widgets.finding_rows import FindingRows
from tui.widgets.map import DensityMap
from tui.widgets.trend_plot import TrendPlot

EMPTY = "Findings appear here while agents work.\nSelect one to see its numbers, scope, method and what was suppressed."
_PLACES = {"tab-table": "#table", "tab-chart": "#chart-scroll", "tab-map": "#map-list", "tab-plot": "PlotWidget"}


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

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/", id="filter_finding"),
    ]

    class Stands(Message):
        """The reader stands on this row of this finding."""

        def __init__(self, finding: dict[str, Any], row: dict[str, Any]) -> None:
            super().__init__()
            self.finding = finding
            self.row = row

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(classes="found")
        self._glyphs = glyphs
        self._finding: dict[str, Any] | None = None
        self._landmarks: Mapping[str, date] = {}
        self._drawn: tuple[str, int] | None = None
        self._mapped: dict[str, Any] | None = None
        self.row: dict[str, Any] | None = None

    def compose(self) -> ComposeResult:
        yield Static("", classes="found-title", markup=False)
        with TabbedContent():
            with TabPane("Groups", id="tab-groups"):
                yield GroupTree("findings", id="tree")
            with TabPane("Table", id="tab-table"):
                yield FindingRows(self._glyphs)
            with TabPane("Chart", id="tab-chart"), VerticalScroll(id="chart-scroll"):
                yield Static("Nothing to draw yet.", id="chart", markup=False)
            with TabPane("Chart", id="tab-plot"):
                yield TrendPlot(self._glyphs)
            with TabPane("Map", id="tab-map"):
                yield DensityMap(self._glyphs)
        with VerticalScroll(id="evidence-scroll"):
            yield Static(EMPTY, id="evidence", markup=False)

    def on_mount(self) -> None:
        self.query_one(GroupTree).show_root = False
        for tab in ("tab-map", "tab-plot"):
            self.query_one(TabbedContent).hide_tab(tab)

    def on_resize(self) -> None:
        if self._finding is not None:
            self._draw(self._finding)

    def show(self, finding: dict[str, Any] | None, title: str, landmarks: Mapping[str, date]) -> None:
        """Draw the finding, if it is another one than before. The focus stays where it was."""
        self.query_one(".found-title", Static).update(fit(title, max(10, self.size.width - 2)).rstrip())
        if finding is None:
            self._clear()
        if finding is None or finding is self._finding:
            return
        had_focus = self.has_focus_within
        rows = finding["rows"]
        self._finding, self._landmarks, self._drawn = finding, landmarks, None
        self.row = rows[0] if len(rows) == 1 else None  # one row needs nobody to choose it
        self._draw(finding)
        # The groups show one column, so a finding of several opens as a table.
        usual = "tab-table" if finding["shape"] == "table" and len(finding["columns"]) > 1 else "tab-groups"
        self._turn_to({"trend": "tab-plot", "map": "tab-map"}.get(finding["shape"], usual))
        if had_focus:
            self.call_after_refresh(self.focus_inside)

    def _clear(self) -> None:
        """Nothing is selected: another session, or none of its findings yet."""
        if self._finding is None:
            return
        self._finding, self._drawn, self._mapped, self.row = None, None, None, None
        self.query_one(GroupTree).clear()
        self.query_one(FindingRows).clear()
        self.query_one("#evidence", Static).update(EMPTY)
        self.query_one("#chart", Static).update("Nothing to draw yet.")
        self._turn_to("tab-groups")

    def _turn_to(self, tab: str) -> None:
        """Open a tab, and hide those that are of another shape; last, because hiding the open one opens its neighbour."""
        tabs = self.query_one(TabbedContent)
        tab = "tab-chart" if tab == "tab-plot" and not self._can_plot else tab
        hidden = {"tab-plot": ("tab-map", "tab-chart"), "tab-map": ("tab-plot", "tab-chart")}.get(
            tab, ("tab-map", "tab-plot")
        )
        for one in ("tab-plot", "tab-map", "tab-chart"):
            if one not in hidden:
                tabs.show_tab(one)
        tabs.active = tab
        for one in hidden:
            tabs.hide_tab(one)

    @property
    def _can_plot(self) -> bool:
        """Whether the terminal has the signs that a plot is drawn with."""
        return self._glyphs.full == "█"

    def _draw(self, finding: dict[str, Any]) -> None:
        width = max(24, self.size.width - 4)
        if self._drawn == (finding["id"], width):
            return
        self._drawn = (finding["id"], width)
        self._draw_tree(finding, width)
        self.query_one(FindingRows).draw(finding, width)
        self.query_one("#evidence", Static).update(evidence(finding, self.row, width))
        if finding["shape"] == "map":
            if self._mapped is not finding:
                self._mapped = finding
                self.query_one(DensityMap).set_map(grid_of(finding))
        elif finding["shape"] == "trend" and self._can_plot:
            self.query_one(TrendPlot).draw(series(finding, self._landmarks))
        else:
            chart = charts.trend if finding["shape"] == "trend" else charts.bars
            self.query_one("#chart", Static).update(chart(finding, width, self._glyphs))

    def _draw_tree(self, finding: dict[str, Any], width: int) -> None:
        tree = self.query_one(GroupTree)
        tree.clear()
        nodes: dict[str, TreeNode[dict[str, Any]]] = {}
        inner = {row.get("parent") for row in finding["rows"]}
        for row in sorted(by_size(finding), key=lambda row: row.get("parent") is not None):
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

    def on_tree_node_highlighted(self, event: Tree.NodeHighlighted[dict[str, Any]]) -> None:
        self._stand(event.node.data)

    def on_finding_rows_stands(self, event: FindingRows.Stands) -> None:
        self._stand(event.row)

    def _stand(self, row: dict[str, Any] | None) -> None:
        if self._finding is not None and row is not None:
            self.row = row
            self.query_one("#evidence", Static).update(evidence(self._finding, row, max(24, self.size.width - 4)))
            self.post_message(self.Stands(self._finding, row))

    def on_density_map_chosen(self, event: DensityMap.Chosen) -> None:
        """The reader stands on a name of the map: its densest square is the row."""
        rows = [row for row in self._finding["rows"] if row.get("id") == event.area.id] if self._finding else []
        if rows:
            self._stand(max(rows, key=lambda row: row["values"][0]["count"] or 0))

    def action_filter(self) -> None:
        """From any tab: to the table, and its filter."""
        self.query_one(TabbedContent).active = "tab-table"
        self.query_one(FindingRows).action_filter()

    def focus_inside(self) -> None:
        """Put the focus on what the open tab shows."""
        self.query_one(_PLACES.get(self.query_one(TabbedContent).active, "#tree")).focus()
