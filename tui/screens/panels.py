"""Small screens over the desk: help that runs what it lists, a question before something is lost, and export.

Each closes with esc. None changes the view; they give back what the person chose.
"""

from collections.abc import Sequence
from typing import ClassVar, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import Worker, WorkerState

from index.core.errors import ShoalError
from index.core.untrusted import safe
from tui.state.actions import Action
from tui.state.view import Turn
from tui.text.untrusted import fit

Chosen = TypeVar("Chosen")


class Panel(ModalScreen[Chosen | None]):
    """A box over the desk. Esc gives back None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="close_panel"),
        Binding("ctrl+q", "app.leave", "Quit", show=False),
    ]

    def action_close(self) -> None:
        self.dismiss(None)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        error = event.worker.error
        if event.state is WorkerState.ERROR and error is not None:
            from agent.core.errors import fault_of

            self.say_fault(fault_of(error))

    def say_fault(self, fault: ShoalError) -> None:
        """Say what stopped work of this panel."""
        self.notify(f"{fault.message}\n{fault.hint}", severity="error", markup=False)


class HelpScreen(Panel[str]):
    """What works now, filtered as one types by name, sentence or key; enter runs it. Gives back the action's call."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "close", "Close", show=False),
        Binding("down", "cursor(1)", "Down", show=False, priority=True),
        Binding("up", "cursor(-1)", "Up", show=False, priority=True),
    ]

    def __init__(self, actions: Sequence[Action], keys: dict[str, str], place: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._actions = list(actions)
        self._keys = keys
        self._place = list(place)
        self._shown: list[Action] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield Static("Help: what works now. Type to filter, enter runs it.", classes="title")
            yield Input(placeholder="a word, or a key", id="filter")
            yield OptionList(id="actions", markup=False)
            here = " · ".join(f"{key} {label}" for key, label in self._place)
            yield Static(f"Here too: {here}" if here else "", classes="hint", markup=False)
            yield Static(LEGEND, classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._fill("")

    def on_input_changed(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def _fill(self, wanted: str) -> None:
        words = wanted.casefold().split()
        self._shown = [action for action in self._actions if all(word in self._searched(action) for word in words)]
        listed = self.query_one(OptionList)
        listed.clear_options()
        width = max(20, min(150, self.app.size.width * 92 // 100) - 38)  # the panel, less its edges and two columns
        listed.add_options(
            Option(Text(f"{fit(self._keys[action.id], 12)} {fit(action.label, 13)} {fit(action.says, width).rstrip()}"))
            for action in self._shown
        )
        listed.highlighted = 0 if self._shown else None

    def _searched(self, action: Action) -> str:
        return f"{action.id} {action.label} {action.says} {self._keys[action.id]}".casefold()

    def action_cursor(self, step: int) -> None:
        listed = self.query_one(OptionList)
        listed.action_cursor_down() if step > 0 else listed.action_cursor_up()

    def on_input_submitted(self) -> None:
        place = self.query_one(OptionList).highlighted
        if place is not None and self._shown:
            self.dismiss(self._shown[place].call)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._shown[event.option_index].call)


LEGEND = (
    "Everything shown is an aggregate that the privacy gate released. Suppressed: below the privacy threshold, may be zero. "
    "Outside: in no cluster."
)


class ConfirmScreen(Panel[bool]):
    """One question with a safe default: esc and enter keep everything, y goes on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", "Yes", id="confirm_yes"),
        Binding("n,enter", "close", "No", id="confirm_no"),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel -small"):
            yield Static(safe(self._question), classes="title", markup=False)
            yield Static("y yes · n no (also esc, enter)", classes="hint", markup=False)

    def action_yes(self) -> None:
        self.dismiss(True)


class FindScreen(Panel[int]):
    """Turns of this session whose question or answer holds all the words. Gives back the number of the chosen one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "cursor(1)", "Down", show=False, priority=True),
        Binding("up", "cursor(-1)", "Up", show=False, priority=True),
        Binding("ctrl+f", "close", "Close", show=False, priority=True),
    ]

    def __init__(self, turns: Sequence[Turn]) -> None:
        super().__init__()
        self._turns = turns
        self._found: list[int] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield Static("Find in this session", classes="title", id="find-title", markup=False)
            yield Input(placeholder="words of a question or an answer")
            yield OptionList()
            yield Static("enter goes there · esc closes", classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._fill("")

    def on_input_changed(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def _fill(self, wanted: str) -> None:
        words = wanted.casefold().split()
        texts = [safe(f"{turn.question} {turn.answer}").casefold() for turn in self._turns]
        self._found = [place for place, text in enumerate(texts) if all(word in text for word in words)]
        listed = self.query_one(OptionList)
        listed.clear_options()
        width = max(20, self.app.size.width - 16)
        listed.add_options(Option(Text(fit(self._line(place, words), width).rstrip())) for place in self._found)
        listed.highlighted = len(self._found) - 1 if self._found else None
        self.query_one("#find-title", Static).update(f"Find in this session · {len(self._found)} of {len(self._turns)}")

    def _line(self, place: int, words: list[str]) -> str:
        """The question, and the answer from a little before the first word on."""
        turn = self._turns[place]
        answer = safe(turn.answer).replace("\n", " ")
        at = answer.casefold().find(words[0]) if words else -1
        return f"{place + 1}. {safe(turn.question)}" + (f" · … {answer[max(0, at - 20) :]}" if at >= 0 else "")

    def action_cursor(self, step: int) -> None:
        listed = self.query_one(OptionList)
        listed.action_cursor_down() if step > 0 else listed.action_cursor_up()

    def on_input_submitted(self) -> None:
        place = self.query_one(OptionList).highlighted
        if place is not None and self._found:
            self.dismiss(self._found[place])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._found[event.option_index])


class ExportScreen(Panel[str]):
    """In which form to save the session."""

    FORMS = (
        ("markdown", "Markdown", "questions, answers and every finding as a table"),
        ("json", "JSON events", "one event a line, what --json prints"),
        ("csv", "CSV", "every finding's rows in one table"),
        ("svg", "SVG", "a picture of the screen"),
    )

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel -small"):
            yield Static("Export this session", classes="title")
            yield OptionList(*(Option(Text(f"{fit(name, 12)} {says}"), id=key) for key, name, says in self.FORMS))
            yield Static("enter saves · esc closes", classes="hint")

    def on_mount(self) -> None:
        choices = self.query_one(OptionList)
        choices.styles.height = "auto"
        choices.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)
