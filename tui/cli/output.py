"""The one way of the command line to stdout and stderr, so that no text steers the terminal, whoever wrote it."""

from typing import Any

import typer

from index.core.untrusted import safe, safe_json


def say(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """A text for a person."""
    typer.echo(safe(text), err=err, nl=nl)


def say_json(value: Any) -> None:
    """A value for a program, on one line."""
    typer.echo(safe_json(value))
