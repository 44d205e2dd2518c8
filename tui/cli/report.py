"""The command `shoal report`: one document on a whole index, for whoever does not ask themselves."""

from pathlib import Path
from typing import Annotated

import typer

from tui.cli.options import BuiltInOption, IndexOption, run
from tui.cli.sessions import DarkOption, FormatOption, OutputOption, write_document

_WEEK = 7


def report(
    index: IndexOption = None,
    weekly: Annotated[
        bool, typer.Option("--weekly", help="Also what is new in the last seven days of the data.")
    ] = False,
    form: FormatOption = "html",
    output: OutputOption = None,
    dark: DarkOption = False,
    built_in: BuiltInOption = False,
) -> None:
    """Write a report on the whole index: what it is used for, what is new, what looks coordinated or harmful, and what is not
    covered. Default: an HTML page with charts beside you."""

    async def work() -> None:
        from agent.exports.forms import form_of
        from agent.services.report import report as made_report
        from agent.wiring import App
        from tui.cli.progress import ProgressBar

        chosen = form_of(form)
        app = App.start(index)
        with ProgressBar() as bar:
            made, code = await made_report(app, _WEEK if weekly else None, bar.update, built_in=built_in)
        write_document(made, form, [], output or Path.cwd() / f"shoal-report-{app.path.name}{chosen.suffix}", dark=dark)
        if code:
            raise typer.Exit(code)

    run(work())
