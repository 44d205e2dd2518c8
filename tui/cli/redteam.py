"""The command `shoal redteam`: attack Shoal with its own red team, on invented conversations in a temporary home.

It parses, runs the attacks and prints their table; it decides nothing. Exit code 6 when a goal is missed.
"""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli.options import IndexOption, JsonOption, run
from tui.cli.output import say, say_json

if TYPE_CHECKING:
    from agent.redteam.result import Outcome
    from index.ingest.pipeline import Progress


def redteam(
    attacks: Annotated[
        list[str] | None,
        typer.Argument(help="canaries, differencing, poisoning, injection, analyst, files. Default: all of them."),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Small corpora: about two minutes in place of ten.")] = False,
    injections: Annotated[
        Path | None,
        typer.Option("--injections", help='A file of further instructions to inject, {"text": "..."} a line.'),
    ] = None,
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Attack Shoal and print how often it gave way. Everything happens in a temporary home; with --index the attacks
    differencing and analyst ask that index (read-only, with a ledger that is thrown away)."""
    run(_attack(attacks or [], quick=quick, injections=injections, index=index, as_json=as_json))


async def _attack(names: list[str], *, quick: bool, injections: Path | None, index: str | None, as_json: bool) -> None:
    from agent.redteam.lab import Lab
    from agent.redteam.suite import ATTACKS, chosen, on_index
    from agent.wiring import App
    from tui.cli.progress import ProgressBar

    wanted = chosen(names)
    started = App.start(index)
    encoders = started.home.folder("encoders")
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="shoal-redteam-") as folder, ProgressBar() as bar:

        def report(step: "Progress") -> None:
            bar.update(step)

        for name in wanted:
            lab = Lab(Path(folder) / name, report, quick, encoders, injections)
            outcomes += await (ATTACKS[name](lab) if index is None else on_index(name, lab, started))
    if as_json:
        say_json([outcome.as_dict() for outcome in outcomes])
    else:
        from tui.rendering.tables import redteam_table

        say(redteam_table(outcomes))
    if not all(outcome.is_met for outcome in outcomes):
        raise typer.Exit(6)
