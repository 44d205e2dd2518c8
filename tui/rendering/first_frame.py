"""The first frame: where one is and that one can type, written as plain text before the screen's library is loaded.

Loading that library is most of a start, and nobody should look at nothing meanwhile. Keys that are typed wait in the
terminal's own queue, unechoed, until the desk's prompt reads them. It must never import the screen's library, and it
leaves the terminal as it found it. Where input or output is no terminal it does nothing.
"""

import shutil
import sys
import termios
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

from tui.text.glyphs import Glyphs
from tui.text.untrusted import fit

TITLE = "Shoal: see the shoal, never the fish."
STARTING = "Starting. You can type; your question is sent as soon as the index is open."

_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l\x1b[2J", "\x1b[?1049l\x1b[?25h"
_MARGIN = 2
"""Cells to the left of the chat's text, as the desk has them."""


def frame(index: str, width: int, height: int, glyphs: Glyphs) -> str:
    """The escape codes and text of a frame of `width` by `height` cells: status, title and sentence where the desk
    has them, and a prompt."""
    status = f" {glyphs.starting} starting {glyphs.bar} index {index}"
    wording = [
        f"\x1b[1m{fit(TITLE, width - _MARGIN).rstrip()}\x1b[0m",
        "",
        *textwrap.wrap(STARTING, width - 2 * _MARGIN),
    ]
    lines = [(1, f"\x1b[7m{fit(status, width)}\x1b[0m")]
    lines += [(row, " " * _MARGIN + text) for row, text in enumerate(wording, start=3)]
    lines.append((height - 3, " " * _MARGIN + glyphs.ask))
    return _ENTER + "".join(f"\x1b[{row};1H{text}" for row, text in lines if 0 < row <= height)


@contextmanager
def first_frame(index: str, glyphs: Glyphs) -> Iterator[None]:
    """Show it; the block then loads and runs the desk, which draws over it. If that fails, the screen is given back."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        yield
        return
    line = sys.stdin.fileno()
    before = termios.tcgetattr(line)
    quiet = termios.tcgetattr(line)
    quiet[0] &= ~termios.ICRNL  # enter must still be enter when the desk reads it
    quiet[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(line, termios.TCSANOW, quiet)
    width, height = shutil.get_terminal_size()
    _write(frame(index, width, height, glyphs))
    try:
        yield
    except BaseException:
        _write(_LEAVE)
        raise
    finally:
        termios.tcsetattr(line, termios.TCSANOW, before)


def _write(text: str) -> None:
    """At once, and to where the screen's library draws."""
    sys.stderr.write(text)
    sys.stderr.flush()
