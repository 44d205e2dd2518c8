"""Every sign that is not a letter, in two sets: one for terminals that draw them, one of ASCII.

Which one is decided once, from the encoding, TERM and the analyst's wish. Nothing else may spell a sign of its own.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Glyphs:
    """A set of signs. `blocks` and `shades` go from nothing to full."""

    planned: str = "·"
    running: str = "●"
    waiting: str = "⧗"
    done: str = "✓"
    failed: str = "✗"
    stopped: str = "■"
    stopping: str = "◍"
    starting: str = "◌"
    empty: str = "○"
    fault: str = "✖"
    open: str = "▾"
    shut: str = "▸"
    bar: str = "│"
    ask: str = "❯"
    dot: str = "·"
    arrow: str = "→"
    down: str = "↓"
    up: str = "↑"
    change: str = "◆"
    chosen: str = "◉"
    full: str = "█"
    span: str = "─"
    ellipsis: str = "…"
    blocks: str = " ▁▂▃▄▅▆▇█"
    shades: str = " ░▒▓█"
    halves: str = " ▏▎▍▌▋▊▉█"


UNICODE = Glyphs()
ASCII = Glyphs(
    planned=".", running="*", waiting="~", done="+", failed="x", stopped="#", stopping="o", starting="o", empty="o",
    fault="!", open="v", shut=">", bar="|", ask=">", dot="-", arrow="->", down="v", up="^", change="*", chosen="@", full="#", span="-",
    ellipsis="~", blocks=" .:-=+*#@", shades=" .:*#", halves=" ########",
)  # fmt: skip


def chosen(environ: Mapping[str, str] = os.environ, encoding: str = "utf-8", *, ascii_only: bool = False) -> Glyphs:
    """The set for a terminal: ASCII by wish, on a terminal that names no more, or where the encoding is not Unicode."""
    plain = environ.get("TERM", "") in ("dumb", "linux", "vt100", "vt220") or "utf" not in encoding.lower()
    return ASCII if ascii_only or plain else UNICODE
