"""One typed text of the conversation as a widget: the text, the agents' rows, the answer, and what is folded under it."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Markdown, Static
from textual.widgets.markdown import MarkdownStream

from index.core.untrusted import safe
from tui.rendering import answer
from tui.state.view import PARTS, Density, Part, Turn
from tui.text import inert
from tui.text.glyphs import Glyphs
from tui.text.untrusted import fit
from tui.widgets.timeline import closing, timeline


class FoldLine(Static):
    """The line of a folded part; pressing it, or enter on it, opens or closes the part."""

    def __init__(self, part: Part, glyphs: Glyphs) -> None:
        super().__init__("", classes="fold block")
        self.part = part
        self._glyphs = glyphs

    def draw(self, title: str, *, is_open: bool, width: int) -> None:
        """Show whether it is open, its key and its title."""
        sign = self._glyphs.open if is_open else self._glyphs.shut
        key = f"  alt+{self.part[0]}"
        wording = fit(title, max(20, width - 12)).rstrip()
        last = "" if self.part != PARTS[-1] else " · ctrl+g opens all"
        self.update(Content.assemble((f" {sign} {wording}", "$title"), (f"{key}{last}", "$quiet")))


class TurnView(Vertical):
    """One typed text and everything under it."""

    def __init__(self, turn: Turn, glyphs: Glyphs) -> None:
        super().__init__()
        self.turn = turn
        self._glyphs = glyphs
        self._written = ""
        self._stream: MarkdownStream | None = None

    def compose(self) -> ComposeResult:
        yield Static(f"{self._glyphs.ask} {answer.typed(self.turn.question)}", classes="question block", markup=False)
        yield Static("", classes="timeline block")
        yield Markdown("", open_links=False, parser_factory=inert.parser, classes="answer block")
        yield Static("", classes="closing")

    async def show(self, turn: Turn, now_s: float, density: Density, width: int) -> None:
        """Draw the turn as it now is."""
        self.draw_timeline(turn, now_s, density, width)
        self.query_one(".closing", Static).update(closing(turn, width, self._glyphs))
        await self._write(turn)
        await self._fold(turn, width)
        self.turn = turn

    def draw_timeline(self, turn: Turn, now_s: float, density: Density, width: int) -> None:
        """Draw only the agents' rows, whose clocks run."""
        content = timeline(turn, now_s, max(30, width), density, self._glyphs)
        for line in self.query(".timeline").results(Static):  # none yet, when a clock ticks while the turn is mounted
            line.update(content)

    async def _write(self, turn: Turn) -> None:
        """Append what is new of a streamed answer; the checked answer replaces it whole."""
        shown = self.query_one(".answer", Markdown)
        text = answer.always(turn)
        is_more = text.startswith(self._written) and not turn.is_final
        if is_more and text != self._written:
            if self._stream is None:
                self._stream = Markdown.get_stream(shown)
            await self._stream.write(text[len(self._written) :])
        elif not is_more and (text != shown.source or self._stream is not None):
            await self.settle()
            await shown.update(text)
        self._written = text

    async def _fold(self, turn: Turn, width: int) -> None:
        """Draw the folded parts. Lines are made when an answer has them, the text of one when it is first opened: many
        turns are widgets at once."""
        there = {fold.part: fold for fold in answer.folds(turn)} if turn.is_final else {}
        lines = {line.part: line for line in self.query(FoldLine)}
        for part, fold in there.items():
            if part not in lines:
                lines[part] = FoldLine(part, self._glyphs)
                await self.mount(lines[part], before=self.query_one(".closing"))
            lines[part].draw(safe(fold.title), is_open=part in turn.unfolded, width=width)
        for part, line in lines.items():
            line.display = part in there
            await self._open(line, there.get(part) if part in turn.unfolded else None)

    async def _open(self, line: FoldLine, fold: answer.Fold | None) -> None:
        """The text under a line; None: it is closed."""
        bodies = list(self.query(f".folded.{line.part}").results(Markdown))
        if fold is not None and not bodies:
            bodies = [Markdown("", open_links=False, parser_factory=inert.parser, classes=f"folded {line.part}")]
            await self.mount(bodies[0], after=line)
        for body in bodies:
            body.display = fold is not None
            if fold is not None and body.source != fold.markdown:
                await body.update(fold.markdown)

    async def settle(self) -> None:
        """End the stream, if one is open."""
        if self._stream is not None:
            stream, self._stream = self._stream, None
            await stream.stop()

    async def on_unmount(self) -> None:
        await self.settle()
