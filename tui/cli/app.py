"""The command line. It parses, calls the composition root, and prints events; it decides nothing.

Imports at the top stay light: `shoal --help` must not wait for a model or a store. stdout is data, stderr is talk.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.core.errors import SettingsError, ShoalError
from index.core.orphan import leave_with
from tui.cli.ask import (
    FullOption,
    MarkdownOption,
    MaxCostOption,
    SessionOption,
    TimeoutOption,
    YesOption,
    ask_once,
    started,
)
from tui.cli.ask_file import ask_file, ask_for_finding, until_askable
from tui.cli.cases import case
from tui.cli.data import audit, forget, ingest, publish, snapshots, take
from tui.cli.doctor import doctor
from tui.cli.evaluate import evaluate
from tui.cli.facets import facets
from tui.cli.gateway import mcp, serve_gate, token
from tui.cli.indexes import indexes, themes
from tui.cli.options import BuiltInOption, ConnectOption, IndexOption, JsonOption, app_of, fail, run
from tui.cli.output import say
from tui.cli.redteam import redteam
from tui.cli.refresh import refresh
from tui.cli.report import report
from tui.cli.sessions import DarkOption, FormatOption, OutputOption, sessions
from tui.cli.watches import watch

if TYPE_CHECKING:
    from agent.storage.links import Link

app = typer.Typer(
    add_completion=False,
    no_args_is_help=False,
    rich_markup_mode=None,
    help="Ask how people use an AI assistant, or abuse it. Answers are aggregate findings; no conversation is shown.",
    epilog="Start with: shoal demo. Your own data: shoal ingest FILE, then shoal. Exit codes: 0 answered, "
    "2 settings, 3 index or input, 4 model, 5 budget, 6 privacy check, 7 waits for an answer, 10 and 11 a watch has "
    "something notable or serious, 130 interrupted.",
)


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
    index: IndexOption = None,
    connect: ConnectOption = None,
) -> None:
    """Without a command: open the terminal UI on an index, or on a gate elsewhere."""
    if version:
        from importlib.metadata import version as installed

        say(f"shoal {installed('shoal')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        _require_terminal()
        _chat(index, built_in=False, connect=connect)
    elif index or connect:
        # Each command has these options of its own; taken here they would be dropped, and another index asked.
        given = "--index" if index else "--connect"
        command = context.invoked_subcommand
        fail(
            SettingsError(
                f"{given} stands before the command {command}.",
                f"Put it behind: shoal {command} … {given} {index or connect}",
            )
        )


@app.command()
def chat(
    index: IndexOption = None,
    built_in: BuiltInOption = False,
    connect: ConnectOption = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Plain lines instead of a screen: for screen readers and slow lines.")
    ] = False,
    visitor: Annotated[str | None, typer.Option(hidden=True, help="Set by shoal serve: whose sessions.")] = None,
) -> None:
    """Open the terminal UI on an index, or chat in plain lines."""
    if plain:
        run(_plain_chat(index, built_in=built_in, connect=connect))
    else:
        if visitor:
            leave_with(os.getppid())
        else:
            _require_terminal()
        _chat(index, built_in=built_in, visitor=visitor, connect=connect)


@app.command("open")
def open_(
    link: Annotated[
        str,
        typer.Argument(
            help="shoal:session/ID, shoal:finding/SESSION/F3 or shoal:case/ID, as messages and reports have them."
        ),
    ],
    built_in: BuiltInOption = False,
) -> None:
    """Open the terminal UI where a link leads: at a session, at a finding in it, or at a case."""
    from agent.services.places import place_of
    from agent.wiring import App

    try:
        place = place_of(App.start(), link)
    except ShoalError as error:
        fail(error)
        return
    _require_terminal()
    _chat(place.index_path, built_in=built_in, link=place.link)


@app.command()
def serve(
    index: IndexOption = None,
    built_in: BuiltInOption = False,
    port: Annotated[int, typer.Option(min=1024, max=65535, help="Port on this machine.")] = 8765,
) -> None:
    """The terminal UI in a browser on this machine. Prints the address, which holds a token; needs the extra "browser"."""
    from importlib.util import find_spec

    if find_spec("textual_serve") is None:
        fail(SettingsError("The browser extra is not installed.", 'Install it: pip install "shoal[browser]"'))
    from tui.cli.serving import BrowserServer

    arguments = ["--built-in"] * built_in + (["--index", index] if index else [])
    BrowserServer(arguments, port, lambda address: say(address)).serve()


async def _plain_chat(index: str | None, *, built_in: bool, connect: str | None) -> None:
    from tui.cli.plain_chat import PlainChat, read_line

    session = app_of(index, connect).asking_session(built_in=built_in)
    try:
        await PlainChat(session, read_line).run()
    finally:
        await session.close()


@app.command()
def ask(
    question: Annotated[
        str | None, typer.Argument(help='What you want to know, in plain language: "What is new since August?"')
    ] = None,
    index: IndexOption = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", help='Questions from a TOML file: [[question]] with id = "..." and ask = "...".'),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="With --file: say what would be asked and what it may cost, and ask nothing."),
    ] = False,
    finding: Annotated[
        str | None, typer.Option("--finding", "-F", help="Print this finding alone, for example F1, in the --format.")
    ] = None,
    form: FormatOption = "csv",
    output: OutputOption = None,
    dark: DarkOption = False,
    wait: Annotated[
        bool,
        typer.Option(
            "--wait", help="Where the index cannot be asked yet (being built or erased, nothing published): wait."
        ),
    ] = False,
    as_json: JsonOption = False,
    markdown: MarkdownOption = False,
    full: FullOption = False,
    session: SessionOption = None,
    max_cost: MaxCostOption = None,
    timeout: TimeoutOption = None,
    yes: YesOption = False,
    built_in: BuiltInOption = False,
    connect: ConnectOption = None,
) -> None:
    """Ask one question without a screen, or those of a file. With --json: one event a line, the same events the screen
    reads (docs/reference/events.md); with --file, one answer a line."""

    async def work() -> None:
        if (question is None) == (file is None):
            raise SettingsError(
                "Ask one question, or name a file of them: not both, not neither.",
                'Write: shoal ask "..." or shoal ask --file FILE',
            )
        if dry_run and file is None:
            raise SettingsError("--dry-run is for questions from a file.", "Add --file FILE, or leave it out.")
        app, reopen = started(index, session, connect)
        app = app.limited(max_cost, timeout, yes=yes)
        if wait:
            await until_askable(app)
        if file is not None:
            await ask_file(app, file, built_in=built_in, dry_run=dry_run, as_json=as_json)
            return
        if finding is not None:
            await ask_for_finding(app, question or "", finding, form, output, built_in=built_in, dark=dark)
            return
        await ask_once(
            app, question, built_in=built_in, reopen=reopen, as_json=as_json, markdown=markdown, full=full, yes=yes
        )

    run(work())


@app.command()
def demo(
    question: Annotated[
        str | None, typer.Option("--ask", help="Ask one question instead of opening the screen.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Open the bundled demo: synthetic conversations with planted stories, indexed on first use, built-in roles."""
    from agent.services.oversight import newest_snapshot
    from agent.wiring import DEMO, App

    if question is None:
        if as_json:
            fail(SettingsError("--json needs a question.", 'Write: shoal demo --json --ask "What is new?"'))
        _require_terminal()
    if not newest_snapshot(App.start(DEMO)):
        from index.demo.source import LAUNCH, DemoSource

        say("Indexing the demo corpus (synthetic, once).", err=True)
        run(take(App.start(DEMO), DemoSource(), built_in=True, landmarks={"launch": LAUNCH}, quiet=True))
        App.start(DEMO).question_reader().warm()
    if question is None:
        _chat(DEMO, built_in=True)
    elif not question.strip():
        fail(SettingsError("There is no question.", 'Write: make ask Q="What is new since the launch?"'))
    else:
        run(ask_once(App.start(DEMO), question, as_json=as_json, built_in=True))


for command in (ingest, publish, refresh, snapshots, indexes, forget, audit, doctor, redteam):
    app.command()(command)
app.command("eval")(evaluate)
app.command()(report)
app.command()(mcp)
app.command("serve-gate")(serve_gate)
app.add_typer(token, name="token")
app.add_typer(themes, name="themes")
app.add_typer(sessions, name="sessions")
app.add_typer(case, name="case")
app.add_typer(facets, name="facets")
app.add_typer(watch, name="watch")


def _require_terminal() -> None:
    """Without a terminal nobody can answer a screen, and it would wait for ever."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        fail(
            SettingsError(
                "The screen needs a terminal. Here, input or output is a pipe or a file.",
                'One question: shoal ask "What is new?" (--json for programs). A chat in lines: shoal chat --plain.',
            )
        )


def _chat(
    index: str | None,
    *,
    built_in: bool,
    visitor: str | None = None,
    connect: str | None = None,
    link: "Link | None" = None,
) -> None:
    from tui.rendering.first_frame import first_frame
    from tui.state.preferences import load, signs

    try:
        chosen = app_of(index, connect)
        chosen = chosen.for_visitor(visitor) if visitor else chosen
    except ShoalError as error:
        fail(error)
        return
    with first_frame(chosen.path.name, signs(load(chosen.home.root, frozenset(), frozenset()))):
        from tui.screens.app import ShoalApp

        ShoalApp.for_terminal(chosen, built_in=built_in, link=link).run()


def main() -> None:
    """Entry point of the command `shoal`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    app()
