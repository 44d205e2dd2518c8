"""What the commands share: options, and how a command runs to its end or to a clear error."""

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Annotated, Any

import typer

from index.core.errors import SettingsError, ShoalError
from tui.cli.output import say

if TYPE_CHECKING:
    from agent.wiring import App

IndexOption = Annotated[
    str | None,
    typer.Option("--index", "-i", help="Index by name or path. Default: the one in settings.toml, or 'default'."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
BuiltInOption = Annotated[
    bool, typer.Option("--built-in", help="Use the built-in roles even where a model is configured.")
]

ConnectOption = Annotated[
    str | None,
    typer.Option(
        "--connect", metavar="URL", help="Ask a gate elsewhere (shoal serve-gate), with the token in SHOAL_TOKEN."
    ),
]


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end; a ShoalError becomes its message, next step and exit code."""
    try:
        asyncio.run(work)
    except ShoalError as error:
        fail(error)
    except KeyboardInterrupt:
        say("\nStopped. What was finished is kept; run the same command again to go on.", err=True)
        raise typer.Exit(130) from None


def fail(error: ShoalError) -> None:
    say(f"error: {error.message}", err=True)
    if error.hint:
        say(f"  next: {error.hint}", err=True)
    raise typer.Exit(error.exit_code)


def app_of(index: str | None, connect: str | None) -> "App":
    """What is asked: an index here, or a gate elsewhere."""
    from agent.wiring import App

    if connect is None:
        return App.start(index)
    if index is not None:
        raise SettingsError("--connect and --index exclude each other.", "A gate has one index, its own.")
    return App.connected(connect)
