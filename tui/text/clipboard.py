"""Copying so that it arrives: the system's own tool, else the terminal (OSC 52) with a file beside it.

Terminals may ignore OSC 52 without a word, so a copy that went that way says where the file lies. Nothing is ever said
to be copied that was only tried.
"""

import asyncio
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from index.core.home import private_folder

_TOOLS = (
    ("pbcopy", ()),
    ("wl-copy", ()),
    ("xclip", ("-selection", "clipboard")),
    ("xsel", ("--input", "--clipboard")),
    ("clip.exe", ()),
)
_NEEDS = {"wl-copy": "WAYLAND_DISPLAY", "xclip": "DISPLAY", "xsel": "DISPLAY"}
_TIMEOUT_S = 2.0


def tool(
    environ: Mapping[str, str] = os.environ, which: Callable[[str], str | None] = shutil.which
) -> list[str] | None:
    """The command that fills this system's clipboard. None over ssh, where it would be another machine's."""
    if "SSH_CONNECTION" in environ:
        return None
    for name, arguments in _TOOLS:
        found = which(name)
        if found and (name not in _NEEDS or environ.get(_NEEDS[name])):
            return [found, *arguments]
    return None


async def copy(text: str, terminal: Callable[[str], None], folder: Path, command: list[str] | None) -> str:
    """Copy `text`; returns the sentence that says where it went."""
    if command is not None and await _given_to(command, text):
        return "copied"
    terminal(text)
    file = private_folder(folder) / "copied.txt"
    file.write_text(text, "utf-8")
    file.chmod(0o600)
    return f"sent to the terminal; also in {file}"


async def _given_to(command: list[str], text: str) -> bool:
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await asyncio.wait_for(process.communicate(text.encode()), _TIMEOUT_S)
    except (OSError, TimeoutError):
        return False
    return process.returncode == 0
