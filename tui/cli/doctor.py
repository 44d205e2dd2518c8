"""The command `shoal doctor`: look everything over, and probe the model where that is asked for."""

from dataclasses import asdict
from typing import Annotated

import typer

from tui.cli.options import IndexOption, JsonOption, run
from tui.cli.output import say, say_json


def doctor(
    index: IndexOption = None,
    as_json: JsonOption = False,
    with_probe: Annotated[
        bool,
        typer.Option(
            "--probe", help="Ask the configured model three short things: its speed, tools, and how much it reads."
        ),
    ] = False,
) -> None:
    """Look everything over: versions, disk, hashes, integrity, permissions, and what would leave the machine. Changes
    nothing; exit code 3 when something is wrong."""
    run(_looked_over(index, as_json=as_json, with_probe=with_probe))


async def _looked_over(index: str | None, *, as_json: bool, with_probe: bool) -> None:
    from agent.services.doctor import checks
    from agent.services.probe import described, probe
    from agent.wiring import App

    app = App.start(index)
    found = checks(app)
    if with_probe:
        found += described(app, await probe(app))
    if as_json:
        say_json([asdict(check) for check in found])
    else:
        from tui.rendering.tables import doctor_table

        say(doctor_table(found))
    if any(check.state == "wrong" for check in found):
        raise typer.Exit(3)
