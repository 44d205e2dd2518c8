"""What an empty chat says: what is possible now, and the exact next step. Pure: facts in, `Content` out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content

from index.core.errors import ShoalError
from index.core.untrusted import safe
from tui.rendering.first_frame import STARTING, TITLE
from tui.rendering.status import is_stale
from tui.state.view import View
from tui.text.untrusted import fit

if TYPE_CHECKING:
    from tools.index_facts import IndexFacts

DEMO_COMMAND = "shoal demo"
OWN_COMMAND = "shoal ingest FILE"
_DEMO = "demo"


@dataclass(frozen=True, slots=True)
class Recent:
    """A session of before, as one line."""

    title: str
    when: str


def questions(landmarks: Sequence[str], facets: Sequence[str]) -> tuple[str, str, str, str]:
    """Four first questions of this index: its own named dates and facets where it has some."""
    newest = f"What is new since the {landmarks[0]}?" if landmarks else "What is the trend of conversations by month?"
    split = f"How are conversations split by {facets[0]}?" if facets else "Which languages are used most?"
    return ("What do people use the assistant for most?", "Is anyone running coordinated spam?", newest, split)


def holds(facts: "IndexFacts") -> str:
    """What an index holds, in a line, as far as it is released."""
    parts = []
    if facts.conversations:
        parts.append(f"{facts.conversations:,} conversations")
    if facts.first_day and facts.last_day:
        parts.append(f"{facts.first_day} to {facts.last_day}")
    if facts.languages:
        most = ", ".join(facts.languages[:3])
        parts.append(most if len(facts.languages) <= 3 else f"{len(facts.languages)} languages, most: {most}")
    if facts.themes:
        parts.append(f"{facts.themes} named themes")
    return " · ".join(parts)


def ready(view: View, examples: Sequence[str], recent: Sequence[Recent], problems: Sequence[str]) -> Content:
    """The desk before its first question."""
    lines = [Content.styled(TITLE, "bold"), Content("")]
    lines += [Content.styled(safe(text), "$warn") for text in (*_banners(view), *problems)]
    if view.phase == "starting":
        lines.append(Content(STARTING))
        lines.append(Content(""))
    else:
        if view.holds:
            lines += [Content.assemble(("This index: ", "bold"), safe(view.holds)), Content("")]
        lines += [Content("Ask how people use the assistant, or abuse it. For example:"), Content("")]
        lines += [Content.assemble("  ", (str(place), "$mark bold"), f"  {safe(text)}")
                  for place, text in enumerate(examples, start=1)]  # fmt: skip
        lines += [
            Content(""),
            Content.styled("A number alone sends that question. f1: what else can be asked. /: commands.", "$quiet"),
        ]
    if recent:
        lines += [Content(""), Content.styled("Earlier (ctrl+r opens them):", "$quiet")]
        lines += [Content.styled(f"  {safe(item.when)}  {fit(item.title, 56).rstrip()}", "$quiet") for item in recent]
    return Content("\n").join(lines)


def _banners(view: View) -> list[str]:
    wording = []
    if view.is_keyless:
        wording.append(
            "No model key: ANTHROPIC_API_KEY and ANTHROPIC_BASE_URL are not set. The built-in analyst answers."
        )
        wording.append("It needs no network; it plans by rules and writes plainly. Set a key and start again for more.")
    if is_stale(view):
        wording.append(
            f"The index was published {view.age_days} days ago; what came later is not in the answers. "
            f"Rebuild: {OWN_COMMAND}"
        )
    return [*wording, ""] if wording else []


def ways_on(others: Sequence[str]) -> list[tuple[str, str]]:
    """What can be opened where there is nothing to ask: a sentence and a command each; a number chooses one."""
    ways = [(f"open the index {name}", f"/index {name}") for name in others[:6] if name != _DEMO]
    return [*ways, (f"open the bundled demo: synthetic, no key ({DEMO_COMMAND})", "/demo")]


def no_index(error: ShoalError, path: Path, *, is_there: bool, others: Sequence[str] = ()) -> Content:
    """There is nothing to ask: what an index is, where Shoal looked, and the ways on. `others`: indexes that there are."""
    what = "This index cannot be opened." if is_there else "There is no index yet."
    if others and not is_there:
        what = "This index does not exist; others do."
    lines = [
        Content.styled(what, "bold"),
        Content(safe(error.message)),
        Content.styled(safe(error.hint), "$warn") if is_there else Content(""),
        Content("An index holds screened summaries of conversations, never the conversations themselves."),
        Content("Answers are aggregates that a privacy gate releases."),
        Content(""),
    ]
    for place, (says, _) in enumerate(ways_on(others), start=1):
        lines.append(Content.assemble("  ", (f"{place:<3}", "$mark bold"), f" {safe(says)}"))
    lines += [
        Content.assemble("  ", ("f7", "$mark bold"), "  look into a file of your own, then take it in"),
        Content.assemble(
            "  ", ("$", "$mark bold"), f"   {OWN_COMMAND}      (the same in a shell; --inspect writes nothing)"
        ),
        Content(""),
        Content.styled("Type a number and enter.", "$quiet"),
        Content.styled(safe(f"Shoal looked at {path}"), "$quiet"),
    ]
    return Content("\n").join(lines)
