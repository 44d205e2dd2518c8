"""An answer as a reader wants it: its first paragraph, and what supports it folded under it. Pure: turn in, Markdown out.

An answer without fields (a question back, an answer of an older store) is shown whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.core.answer import findings_markdown, first_paragraph, lead_markdown, method_markdown
from index.core.untrusted import safe
from tui.state.view import Part, Turn
from tui.text.untrusted import many

if TYPE_CHECKING:
    from agent.core.answer import Draft

_MOST_TYPED, _MOST_LINES = 400, 4
"""Characters and lines of a typed text that the chat shows; a pasted report is longer."""


@dataclass(frozen=True, slots=True)
class Fold:
    """A part of an answer: the line that stands for it, and its Markdown."""

    part: Part
    title: str
    markdown: str


def always(turn: Turn) -> str:
    """The Markdown that is always shown."""
    return safe(turn.answer if turn.draft is None else first_paragraph(turn.draft))


def folds(turn: Turn) -> tuple[Fold, ...]:
    """The parts that are there, in order."""
    return () if turn.draft is None else tuple(_folds(turn.draft))


def _folds(draft: "Draft") -> Iterator[Fold]:
    if draft.findings:
        yield Fold("findings", many(len(draft.findings), "more finding"), safe(findings_markdown(draft)))
    if draft.leads:
        count = f" ({len(draft.leads)})" if len(draft.leads) > 1 else ""
        yield Fold("lead", f"lead{count}: {draft.leads[0].claim}", safe("\n\n".join(map(lead_markdown, draft.leads))))
    if method := method_markdown(draft):
        yield Fold("method", "method and limits", safe(method))


def typed(text: str) -> str:
    """What was typed, as the chat shows it: a long text by its beginning and its length."""
    shown = safe(text)
    short = "\n".join(shown.split("\n")[:_MOST_LINES])[:_MOST_TYPED]
    return shown if len(short) == len(shown) else f"{short.rstrip()} … ({len(shown):,} characters)"
