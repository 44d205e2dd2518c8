"""The command line. It parses, calls the composition root, and prints events; it decides nothing.

Imports at the top stay light: `shoal --help` must not wait for a model or a store. stdout is data, stderr is talk.
"""

import json
import sys
from typing import Annotated

import typer

from index.errors import SettingsError, ShoalError
from tui.cli_data import audit, doctor, forget, ingest, publish, snapshots, take
from tui.options import BuiltInOption, IndexOption, JsonOption, fail, run

app = typer.Typer(
    add_completion=False,
    no_args_is_help=False,
    rich_markup_mode=None,
    help="Ask how people use an AI assistant, or abuse it. Answers are aggregate findings; no conversation is shown.",
    epilog="Start with: shoal demo. Your own data: shoal ingest FILE, then shoal. Exit codes: 0 answered, "
    "2 settings, 3 index or input, 4 model, 5 budget, 6 privacy check, 130 interrupted.",
)


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """Without a command: open the terminal UI on the default index."""
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"shoal {installed('shoal')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        _chat(None, built_in=False)


@app.command()
def chat(index: IndexOption = None, built_in: BuiltInOption = False) -> None:
    """Open the terminal UI on an index."""
    _chat(index, built_in=built_in)


@app.command()
def ask(
    question: Annotated[
        str, typer.Argument(help='What you want to know, in plain language: "What is new since March?"')
    ],
    index: IndexOption = None,
    as_json: JsonOption = False,
    built_in: BuiltInOption = False,
) -> None:
    """Ask one question without a screen. With --json: one event a line, the same events the screen reads."""
    run(_ask(index, question, as_json=as_json, built_in=built_in))


@app.command()
def demo(
    question: Annotated[
        str | None, typer.Option("--ask", help="Ask one question instead of opening the screen.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Open the bundled demo: synthetic conversations with planted stories, indexed on first use, built-in roles."""
    from agent.wiring import DEMO, App

    started = App.start(DEMO)
    if not started.has_snapshot():
        from index.demo.source import LAUNCH, DemoSource

        typer.echo("Indexing the demo corpus (synthetic, once).", err=True)
        run(take(App.start(DEMO), DemoSource(), built_in=True, landmarks={"launch": LAUNCH}, quiet=True))
    if question is None:
        _chat(DEMO, built_in=True)
    elif not question.strip():
        fail(SettingsError("There is no question.", 'Write: make ask Q="What is new since the launch?"'))
    else:
        run(_ask(DEMO, question, as_json=as_json, built_in=True))


for command in (ingest, publish, snapshots, forget, audit, doctor):
    app.command()(command)


def _chat(index: str | None, *, built_in: bool) -> None:
    from agent.wiring import App
    from tui.app import ShoalApp

    try:
        started = App.start(index)
    except ShoalError as error:
        fail(error)
        return
    ShoalApp(started, built_in=built_in).run()


async def _ask(index: str | None, question: str, *, as_json: bool, built_in: bool) -> None:
    from agent.events import dump
    from agent.wiring import App
    from tui.plain import PlainPrinter

    session = App.start(index).session(built_in=built_in)
    printer = PlainPrinter()
    code = 0
    try:
        async for event in session.ask(question):
            if event.type == "run_ended":
                code = event.exit_code
            if as_json:
                typer.echo(json.dumps(dump(event), ensure_ascii=False))
            else:
                printer.show(event)
    finally:
        await session.close()
    if code:
        raise typer.Exit(code)


def main() -> None:
    """Entry point of the command `shoal`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    app()
