"""One of many: a list that is filtered as one types. Earlier questions, indexes, who answers, and themes use it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from index.core.errors import ShoalError
from index.core.untrusted import safe
from tui.screens.panels import ListPanel, Panel
from tui.text.untrusted import fit

_EDGES = 8
"""Columns of a panel that no text has."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is given back when it is chosen, and how it is shown. `name` is its text without numbers."""

    key: str
    text: str
    name: str = ""


class ChooseScreen(ListPanel[str]):
    """A list of choices. Gives back the key of the one chosen."""

    def __init__(self, title: str, choices: Sequence[Choice], hint: str, *, words: str = "") -> None:
        super().__init__()
        self._heading = title
        self._choices = list(choices)
        self._hint = hint
        self._words = words
        self._shown: list[Choice] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield Static(safe(self._heading), classes="title", markup=False)
            yield Input(value=self._words, placeholder="type to filter", id="filter")
            yield OptionList(id="choices", markup=False)
            yield Static(safe(self._hint), classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._fill()

    def on_input_changed(self) -> None:
        self._fill()

    def _fill(self) -> None:
        words = self.query_one(Input).value.casefold().split()
        self._shown = [one for one in self._choices if all(word in one.text.casefold() for word in words)]
        listed = self.query_one(OptionList)
        listed.clear_options()
        width = max(20, min(150, self.app.size.width * 92 // 100) - _EDGES)
        listed.add_options(Option(Text(fit(one.text, width).rstrip())) for one in self._shown)
        if not self._shown:
            listed.add_option(Option("nothing matches", disabled=True))
        listed.highlighted = 0 if self._shown else None

    @property
    def at(self) -> Choice | None:
        """The choice under the cursor."""
        place = self.query_one(OptionList).highlighted
        return self._shown[place] if place is not None and place < len(self._shown) else None

    def on_input_submitted(self) -> None:
        if self.at is not None:
            self.dismiss(self.at.key)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._shown[event.option_index].key)


class ThemesScreen(ChooseScreen):
    """All themes. `rename` gives a theme (its id) a name, and says what is kept; an empty name takes it back. `save` asks for a
    form and a file, and writes all of them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "rename", "Rename", id="rename_in_list", priority=True),
        Binding("f3", "export", "Export", id="export_themes", priority=True),
    ]

    def __init__(
        self,
        choices: Sequence[Choice],
        rename: Callable[[Choice], Awaitable[bool]],
        save: Callable[[], object],
        words: str = "",
        note: str = "",
    ) -> None:
        hint = f"enter asks about it · f2 renames · f3 exports all · esc closes\n{note}".strip()
        super().__init__("Themes", choices, hint, words=words)
        self._rename = rename
        self._save = save

    def action_export(self) -> None:
        self._save()

    @work(group="rename", exclusive=True)
    async def action_rename(self) -> None:
        if self.at is not None and await self._rename(self.at):
            self.dismiss(None)


class RenameScreen(Panel[str]):
    """A new name for a theme. `keep` keeps it, or raises what says why not; the screen stays until it is kept or closed."""

    def __init__(self, theme: str, name: str, keep: Callable[[str], Awaitable[str]]) -> None:
        super().__init__()
        self._theme = theme
        self._present = name
        self._keep = keep

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel -small"):
            yield Static(f"A name of your own for {safe(self._theme)}", classes="title", markup=False)
            yield Input(value=safe(self._present), id="new-name")
            yield Static(
                "It is checked like any name, kept with the index, and everybody sees that it is yours. "
                "Empty: the theme has its own name again. enter keeps it · esc closes",
                classes="hint",
                id="rename-said",
                markup=False,
            )

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @work(group="rename", exclusive=True)
    async def on_input_submitted(self, event: Input.Submitted) -> None:
        try:
            kept = await self._keep(event.value)
        except ShoalError as error:
            self.query_one("#rename-said", Static).update(safe(f"{error.message} {error.hint}"))
            return
        self.dismiss(kept or "its own name")
