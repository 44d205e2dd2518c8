"""A chat in plain lines, for screen readers, slow lines and terminals that draw nothing: `shoal chat --plain`.

Nothing is redrawn, moved or coloured. One line says one thing, in the order in which it happens; an empty line or
ctrl+d ends the chat. Ctrl+c ends it too, in the midst of a run; what was found is kept (`shoal sessions`).
"""

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING

from agent.core.events import Event
from tui.cli.output import say
from tui.cli.plain import PlainPrinter
from tui.rendering.welcome import questions
from tui.state.commands import read
from tui.text.asking import EXAMPLES

if TYPE_CHECKING:
    from agent.engine.asking import AskingSession

HELP = (
    "Commands: resume goes on with a stopped run; a number asks what is offered; help says what can be asked; "
    "export says how to save the session; quit, or an empty line, ends."
)


class PlainChat:
    """`read` gives the next line without its end, or None at the end of the input."""

    def __init__(self, session: "AskingSession", read: Callable[[], str | None]) -> None:
        self._session = session
        self._read = read
        card = session.card
        self._offered: list[str] = list(questions(tuple(card.landmarks), card.own_facets))

    async def run(self) -> None:
        """Ask line by line until the reader ends."""
        say(f"Shoal, {self._session.role_names}, privacy: {self._session.card.policy}")
        say(HELP)
        self._offer()
        while True:
            say("question:", err=True)
            line = await asyncio.to_thread(self._read)
            command = read(line.strip()) if line is not None else None
            if line is None or not line.strip() or (command is not None and command.name == "quit"):
                return
            if command is not None and command.name != "resume":
                self._do(command.name)
                continue
            await self._consume(self._events(line.strip().removeprefix("/")))

    def _events(self, line: str) -> AsyncGenerator[Event, None]:
        if line == "resume":
            return self._session.resume()
        if line.isdigit() and 1 <= int(line) <= len(self._offered):
            line = self._offered[int(line) - 1]
        return self._session.ask(line)

    async def _consume(self, events: AsyncGenerator[Event, None]) -> None:
        printer = PlainPrinter()
        try:
            async for event in events:
                printer.show(event)
                if event.type in ("answer_made", "clarification_asked"):
                    self._offered = list(event.suggestions) or self._offered
        finally:
            await events.aclose()

    def _do(self, command: str) -> None:
        """Answer a command of this chat; the screen has more of them."""
        if command == "help":
            say(HELP)
            for title, questions in EXAMPLES:
                say(f"{title}: {' '.join(questions)}")
        elif command == "export":
            say(f"Save this session: shoal sessions export {self._session.id} --format markdown --output FILE")
        else:
            say(f"There is no command {command} here. {HELP}")

    def _offer(self) -> None:
        for place, question in enumerate(self._offered, start=1):
            say(f"{place}: {question}")


def read_line() -> str | None:
    """A line of standard input."""
    line = sys.stdin.readline()
    return line.rstrip("\n") if line else None
