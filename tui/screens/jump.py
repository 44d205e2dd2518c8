"""Jump mode: a letter stands on every pane and tab that is seen, and pressing it goes there.

It knows where things are and what their letters are; it changes nothing and gives back the letter pressed.
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Offset
from textual.screen import ModalScreen, Screen
from textual.widgets import Label, TabbedContent
from textual.widgets.tabbed_content import ContentTab

_PANES = {"p": "#prompt", "c": "#conversation", "e": "#evidence-scroll"}
_TABS = {"g": "tab-groups", "t": "tab-table", "h": "tab-chart", "m": "tab-map"}


class JumpScreen(ModalScreen[str]):
    """Letters over the desk. Gives back the one pressed, None for any other key."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "app.leave", "Quit", show=False)]

    def __init__(self, places: Mapping[str, Offset]) -> None:
        super().__init__()
        self._places = places

    def compose(self) -> ComposeResult:
        for letter, place in self._places.items():
            label = Label(f" {letter} ", classes="jump", markup=False)
            label.styles.offset = (place.x, place.y)
            yield label

    def on_key(self, event: events.Key) -> None:
        event.stop()
        self.dismiss(event.key if event.key in self._places else None)

    def on_click(self) -> None:
        self.dismiss(None)


def places(desk: Screen[object]) -> dict[str, Offset]:
    """Where each letter stands: on panes that can be gone to, and on tabs that are shown."""
    return dict(_seen(desk))


def _seen(desk: Screen[object]) -> Iterator[tuple[str, Offset]]:
    for letter, selector in _PANES.items():
        for pane in desk.query(selector):
            if pane.region.area and not pane.disabled:
                yield letter, pane.region.offset
    for tabs in desk.query(TabbedContent):
        for letter, name in _TABS.items():
            tab = tabs.get_tab(name)
            if isinstance(tab, ContentTab) and tab.region.area:
                yield letter, tab.region.offset


def go(desk: Screen[object], letter: str) -> None:
    """Put the focus on the pane, or open the tab and put it inside."""
    if letter in _PANES:
        desk.query_one(_PANES[letter]).focus()
    else:
        from tui.widgets.finding_tabs import Found

        found = desk.query_one(Found)
        found.query_one(TabbedContent).active = _TABS[letter]
        found.focus_inside()
