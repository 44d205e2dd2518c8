"""The first frame, in a terminal of its own: before the screen's library, and nothing that is typed is lost."""

import os
import pty
import re
import select
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.rendering.first_frame import frame
from tui.text.glyphs import ASCII, UNICODE

ROOT = Path(__file__).parents[2]
_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
def terminal(own_home: Path) -> Iterator[int]:
    """The screen's side of a terminal in which `shoal` starts."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    command = [sys.executable, "-c", "from tui.cli.app import main; main()"]
    environment = {**os.environ, "TERM": "xterm-256color"}
    with subprocess.Popen(
        command, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    ) as shoal:
        yield ours
        shoal.terminate()
    os.close(ours)
    os.close(theirs)


def _read_until(terminal: int, words: bytes) -> bytes:
    seen = b""
    while words not in seen:
        assert select.select([terminal], [], [], 30)[0], f"{words!r} did not come"
        seen += os.read(terminal, 65_536)
    return seen


def test_what_is_typed_before_the_desk_stands_is_not_echoed_and_reaches_its_prompt(terminal: int) -> None:
    _read_until(terminal, b"tarting")
    os.write(terminal, b"early words")
    seen = _read_until(terminal, b"stay hidden")
    assert b"early" not in seen.partition(b"\x1b[?1000h")[0]
    if b"arly words" not in seen:
        _read_until(terminal, b"arly words")


def test_the_first_frame_needs_nothing_of_the_screens_library() -> None:
    script = "import sys, tui.rendering.first_frame, tui.state.preferences; print([name for name in ('textual', 'agent') if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@given(st.text(max_size=100), st.integers(20, 300), st.integers(4, 100), st.sampled_from([ASCII, UNICODE]))
def test_a_frame_fits_its_window_and_holds_no_code_of_a_name(
    name: str, width: int, height: int, glyphs: object
) -> None:
    drawn = frame(name, width, height, ASCII if glyphs is ASCII else UNICODE)
    rows = [int(row) for row in re.findall(r"\x1b\[(\d+);1H", drawn)]
    assert rows
    assert max(rows) <= height
    for line in re.split(r"\x1b\[\d+;1H", drawn):
        text = _CODES.sub("", line)
        assert "\x1b" not in text
        assert cell_len(text) <= width
