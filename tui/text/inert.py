"""Markdown of untrusted text: headings, lists, tables and code, and nothing that leads anywhere.

Links, images, HTML, references and autolinks stay the letters they are. The one thing that can be pressed is a handle
such as [F3], and it leads to a finding on this screen; the address is made here, never taken from the text.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

_HANDLES = re.compile(r"\[(F\d{1,6}(?:\s*,\s*F\d{1,6}){0,20})\]")
SCHEME = "finding:"


def parser() -> MarkdownIt:
    """A parser for `textual.widgets.Markdown`."""
    markdown = MarkdownIt("gfm-like", {"html": False, "linkify": False})
    markdown.disable(["link", "image", "autolink", "html_inline", "html_block", "reference", "linkify"])
    markdown.inline.ruler.before("emphasis", "handle", _handle)
    return markdown


def pressed(href: str) -> str | None:
    """The handle that a pressed address stands for; None for any other address."""
    handle = href.removeprefix(SCHEME)
    return handle if href.startswith(SCHEME) and re.fullmatch(r"F\d{1,6}", handle) else None


def _handle(state: StateInline, silent: bool) -> bool:
    """Inline rule: `[F1, F2]` becomes one thing to press for each handle."""
    found = _HANDLES.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.push("text", "", 0).content = "["
        for place, handle in enumerate(part.strip() for part in found.group(1).split(",")):
            if place:
                state.push("text", "", 0).content = ", "
            state.push("link_open", "a", 1).attrSet("href", f"{SCHEME}{handle}")
            state.push("text", "", 0).content = handle
            state.push("link_close", "a", -1)
        state.push("text", "", 0).content = "]"
    state.pos = found.end()
    return True
