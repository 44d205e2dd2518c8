"""Small screens over the desk: help that runs what it lists, and a question before something is lost.

Each closes with esc. None changes the view; they give back what the person chose.
"""

from collections.abc import Iterator, Sequence
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
from tui.text.asking import EXAMPLES
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


class ListPanel(Panel[Chosen]):
    """A panel with a field and a list under it: up and down go through the list while one types."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "cursor(1)", "Down", show=False, priority=True),
        Binding("up", "cursor(-1)", "Up", show=False, priority=True),
    ]

    def action_cursor(self, step: int) -> None:
        """To the next entry, or the one before."""
        listed = self.query_one(OptionList)
        listed.action_cursor_down() if step > 0 else listed.action_cursor_up()


class HelpScreen(ListPanel[str]):
    """What can be asked, and what works now with its keys and commands; both are filtered as one types. Enter takes what
    is marked: gives back a question (`ASK` and its text), or an action's call."""

    ASK = "ask:"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "close", "Close", show=False),
        Binding("tab", "turn_page", "Other page", priority=True, id="help_page"),
    ]

    def __init__(self, actions: Sequence[Action], keys: dict[str, str], place: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._actions = list(actions)
        self._keys = keys
        self._place = list(place)
        self._taken: list[str] = []
        """What each line of the list gives back."""
        self._is_asking = True

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield Static("", classes="title", id="help-title", markup=False)
            yield Input(placeholder="type to filter: a word, or a key", id="filter")
            yield OptionList(id="actions", markup=False)
            yield Static(LEGEND, classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._fill()

    def on_input_changed(self) -> None:
        self._fill()

    def action_turn_page(self) -> None:
        """From questions to keys and commands, and back."""
        self._is_asking = not self._is_asking
        self._fill()

    def _fill(self) -> None:
        words = self.query_one(Input).value.casefold().split()
        lines = list(self._questions(words) if self._is_asking else self._keys_and_commands(words))
        if not any(taken for _, taken in lines) and words and self._is_asking:
            self._is_asking = False  # what is looked for is no question
            lines = list(self._keys_and_commands(words))
        marks = ("▸", " ") if self._is_asking else (" ", "▸")
        pages = f"{marks[0]} What can be asked   {marks[1]} Keys and commands"
        self.query_one("#help-title", Static).update(f"Help   {pages}   (tab turns, enter takes)")
        listed = self.query_one(OptionList)
        listed.clear_options()
        lines = lines or [("nothing matches", "")]
        listed.add_options(Option(Text(text), disabled=not taken) for text, taken in lines)
        self._taken = [taken for _, taken in lines]
        listed.highlighted = next((place for place, taken in enumerate(self._taken) if taken), None)

    def _questions(self, words: Sequence[str]) -> Iterator[tuple[str, str]]:
        for title, questions in EXAMPLES:
            kept = [text for text in questions if all(word in f"{title} {text}".casefold() for word in words)]
            if kept:
                yield title, ""
            for text in kept:
                yield f"  {text}", f"{self.ASK}{text}"

    def _keys_and_commands(self, words: Sequence[str]) -> Iterator[tuple[str, str]]:
        width = max(20, min(150, self.app.size.width * 92 // 100) - 52)  # the panel, less its edges and three columns
        for action in self._actions:
            slash = f"/{action.slash}" if action.slash else ""
            key = self._keys[action.id] if self._keys[action.id] != slash else ""
            text = f"{action.id} {action.label} {action.says} {key} {slash}".casefold()
            if all(word in text for word in words):
                line = f"{fit(key, 12)} {fit(slash, 11)} {fit(action.label, 13)} {fit(action.says, width).rstrip()}"
                yield line, action.call

        place = [
            (key, label) for key, label in self._place if all(word in f"{key} {label}".casefold() for word in words)
        ]
        if place:
            yield "", ""
            yield "Where you are:", ""
        for key, label in place:
            yield f"{fit(key, 12)} {fit('', 11)} {label}", ""

    def on_input_submitted(self) -> None:
        place = self.query_one(OptionList).highlighted
        if place is not None and place < len(self._taken) and self._taken[place]:
            self.dismiss(self._taken[place])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._taken[event.option_index])


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


class FindScreen(ListPanel[int]):
    """Turns of this session whose question or answer holds all the words. Gives back the number of the chosen one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+f", "close", "Close", show=False, priority=True),
    ]

    def __init__(self, turns: Sequence[Turn], words: str = "") -> None:
        super().__init__()
        self._turns = turns
        self._words = words
        self._found: list[int] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield Static("Find in this session", classes="title", id="find-title", markup=False)
            yield Input(value=self._words, placeholder="words of a question or an answer")
            yield OptionList()
            yield Static("enter goes there · esc closes", classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._fill(self._words)

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

    def on_input_submitted(self) -> None:
        place = self.query_one(OptionList).highlighted
        if place is not None and self._found:
            self.dismiss(self._found[place])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._found[event.option_index])
