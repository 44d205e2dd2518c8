"""Where the analyst asks. Enter sends, alt+enter (or ctrl+j) starts a new line; up and down walk through earlier questions
once the cursor stands at the edge: with something typed, through those that hold it. What is typed is never lost by walking.

After a slash it offers commands: tab takes the one that is marked, up and down mark another.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Key
from textual.message import Message
from textual.widgets import Static, TextArea

from tui.state.commands import Offer
from tui.text.untrusted import fit

PLACEHOLDER = "ask about how the assistant is used, or / for commands"
_MOST = 8
"""Offers that are shown at once."""


class Offers(Static):
    """What the prompt offers, over it; one is marked."""

    def __init__(self) -> None:
        super().__init__("", id="offers")
        self.display = False

    def draw(self, offered: Sequence[Offer], marked: int) -> None:
        """Show these, or nothing."""
        self.display = bool(offered)
        first = max(0, min(marked - _MOST // 2, len(offered) - _MOST))
        shown = list(enumerate(offered))[first : first + _MOST]
        wide = max([len(offer.text) for offer in offered] + [10]) + 2
        lines = [
            Content.assemble(
                (f" {fit(offer.text, wide)}", "$mark bold reverse" if place == marked else "$mark"),
                (f" {fit(offer.says, max(10, self.app.size.width - wide - 4)).rstrip()}", ""),
            )
            for place, offer in shown
        ]
        if len(offered) > len(shown):
            lines.append(Content.styled(f"   {len(offered)} in all; type on", "$quiet"))
        self.update(Content("\n").join(lines))


class Prompt(TextArea):
    """The question being written. It grows to six lines. `offers` says what could be meant by a text."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("alt+enter,ctrl+j", "newline", "New line", show=False, id="newline"),
    ]

    class Sent(Message):
        """The analyst pressed enter on a text."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Offered(Message):
        """What could be meant, and which one is marked."""

        def __init__(self, offered: Sequence[Offer], marked: int) -> None:
            super().__init__()
            self.offered = offered
            self.marked = marked

    def __init__(self, offers: Callable[[str], Sequence[Offer]]) -> None:
        super().__init__(id="prompt", placeholder=PLACEHOLDER, highlight_cursor_line=False, tab_behavior="focus")
        self._asked: list[str] = []
        self._place = 0
        self._draft = ""
        self._offers = offers
        self._offered: list[Offer] = []
        self._marked = 0

    @property
    def value(self) -> str:
        return self.text

    @value.setter
    def value(self, text: str) -> None:
        self.load_text(text)
        self.move_cursor(self.document.end)
        self._offer()

    @property
    def asked(self) -> Sequence[str]:
        """Earlier questions, oldest first."""
        return self._asked

    def remember(self, *questions: str) -> None:
        """Add questions to those that up and down walk through."""
        for question in questions:
            if question in self._asked:
                self._asked.remove(question)
            self._asked.append(question)
        self._place, self._draft = len(self._asked), ""

    def on_text_area_changed(self) -> None:
        self._offer()

    def _offer(self) -> None:
        found = list(self._offers(self.text))
        if found != self._offered:
            self._offered, self._marked = found, 0
            self.post_message(self.Offered(found, 0))

    def close_offers(self) -> bool:
        """Put the offers away; False where there were none."""
        had = bool(self._offered)
        self._offered = []
        self.post_message(self.Offered((), 0))
        return had

    async def _on_key(self, event: Key) -> None:
        row, last = self.cursor_location[0], self.document.line_count - 1
        if self._offered and event.key in ("up", "down", "tab"):
            _stop(event)
            self._choose(event.key)
        elif event.key == "enter":
            _stop(event)
            self._send()
        elif (event.key == "up" and row == 0) or (event.key == "down" and row == last):
            _stop(event)
            self._walk(-1 if event.key == "up" else 1)
        elif event.key in ("home", "end") and not self.text:
            _stop(event)
            await self.run_action(f"app.scroll('{event.key}')")
        else:
            await super()._on_key(event)

    def _choose(self, key: str) -> None:
        if key == "tab":
            self.value = self._offered[self._marked].text
            return
        self._marked = (self._marked + (1 if key == "down" else -1)) % len(self._offered)
        self.post_message(self.Offered(self._offered, self._marked))

    def _send(self) -> None:
        """Send the text; of a command that is begun, the one that is marked."""
        if self._offered and self.text.strip() not in [offer.text.strip() for offer in self._offered]:
            chosen = self._offered[self._marked]
            self.value = chosen.text
            if not chosen.is_whole:
                return
        text = self.text.strip()
        self.close_offers()
        self.post_message(self.Sent(text))

    def _walk(self, step: int) -> None:
        """To the next earlier question that holds what was typed before walking began."""
        if self._place == len(self._asked):
            self._draft = self.text
        wanted = self._draft.strip().casefold()
        places = [place for place, text in enumerate(self._asked) if wanted in text.casefold()]
        beyond = [place for place in places if (place < self._place if step < 0 else place > self._place)]
        if beyond:
            self._place = beyond[-1] if step < 0 else beyond[0]
            self.value = self._asked[self._place]
        elif step > 0 and self._place < len(self._asked):
            self._place = len(self._asked)
            self.value = self._draft

    def action_newline(self) -> None:
        self.insert("\n")


def _stop(event: Key) -> None:
    event.stop()
    event.prevent_default()
