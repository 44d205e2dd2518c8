"""Where the analyst asks. Enter sends, alt+enter (or ctrl+j) starts a new line; up and down in it walk through earlier
questions once the cursor stands at the edge. What is typed is never lost by walking."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Key
from textual.message import Message
from textual.widgets import TextArea

PLACEHOLDER = "ask about how the assistant is used"


class Prompt(TextArea):
    """The question being written. It grows to six lines."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("alt+enter,ctrl+j", "newline", "New line", show=False, id="newline"),
    ]

    class Sent(Message):
        """The analyst pressed enter on a text."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self) -> None:
        super().__init__(id="prompt", placeholder=PLACEHOLDER, highlight_cursor_line=False, tab_behavior="focus")
        self._asked: list[str] = []
        self._place = 0
        self._draft = ""

    @property
    def value(self) -> str:
        return self.text

    @value.setter
    def value(self, text: str) -> None:
        self.load_text(text)
        self.move_cursor(self.document.end)

    def remember(self, question: str) -> None:
        """Add a question to those that up and down walk through."""
        if not self._asked or self._asked[-1] != question:
            self._asked.append(question)
        self._place, self._draft = len(self._asked), ""

    async def _on_key(self, event: Key) -> None:
        row, last = self.cursor_location[0], self.document.line_count - 1
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            self.post_message(self.Sent(self.text.strip()))
        elif (event.key == "up" and row == 0) or (event.key == "down" and row == last):
            event.stop()
            event.prevent_default()
            self._walk(-1 if event.key == "up" else 1)
        elif event.key in ("home", "end") and not self.text:
            event.stop()
            event.prevent_default()
            await self.run_action(f"app.scroll('{event.key}')")
        else:
            await super()._on_key(event)

    def _walk(self, step: int) -> None:
        if self._place == len(self._asked):
            self._draft = self.text
        place = max(0, min(len(self._asked), self._place + step))
        if place != self._place:
            self._place = place
            self.value = self._asked[place] if place < len(self._asked) else self._draft

    def action_newline(self) -> None:
        self.insert("\n")
