"""One question of the conversation as a widget: its text, the agents' rows, the answer, and what stands under it."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Markdown, Static
from textual.widgets.markdown import MarkdownStream

from index.core.untrusted import safe
from tui.state.view import Density, Turn
from tui.text import inert
from tui.text.glyphs import Glyphs
from tui.widgets.timeline import closing, timeline


class TurnView(Vertical):
    """One question: its text, the agents' rows, the answer, and what stands under it."""

    def __init__(self, turn: Turn, glyphs: Glyphs) -> None:
        super().__init__()
        self.turn = turn
        self._glyphs = glyphs
        self._written = ""
        self._stream: MarkdownStream | None = None
        self._drawn: tuple[Turn, Density, int] | None = None

    def compose(self) -> ComposeResult:
        yield Static(f"{self._glyphs.ask} {safe(self.turn.question)}", classes="question block", markup=False)
        yield Static("", classes="timeline block")
        yield Markdown("", open_links=False, parser_factory=inert.parser, classes="answer block")
        yield Static("", classes="closing")

    async def show(self, turn: Turn, now_s: float, density: Density, width: int) -> None:
        """Draw the turn as it now is."""
        self.draw_timeline(turn, now_s, density, width)
        self.query_one(".closing", Static).update(closing(turn, width, self._glyphs))
        await self._write(turn)
        self.turn = turn

    def draw_timeline(self, turn: Turn, now_s: float, density: Density, width: int) -> None:
        """Draw only the agents' rows, whose clocks run."""
        content = timeline(turn, now_s, max(30, width), density, self._glyphs)
        for line in self.query(".timeline").results(Static):  # none yet, when a clock ticks while the turn is mounted
            line.update(content)

    async def _write(self, turn: Turn) -> None:
        """Append what is new of a streamed answer; the checked answer replaces it whole."""
        answer = self.query_one(Markdown)
        text = safe(turn.answer)
        is_more = text.startswith(self._written) and not turn.is_final
        if is_more and text != self._written:
            if self._stream is None:
                self._stream = Markdown.get_stream(answer)
            await self._stream.write(text[len(self._written) :])
        elif not is_more and (text != answer.source or self._stream is not None):
            await self.settle()
            await answer.update(text)
        self._written = text

    async def settle(self) -> None:
        """End the stream, if one is open."""
        if self._stream is not None:
            stream, self._stream = self._stream, None
            await stream.stop()

    async def on_unmount(self) -> None:
        await self.settle()
