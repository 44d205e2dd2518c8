"""The command line. It parses, calls the composition root, and prints events; it decides nothing.

Imports at the top stay light: `shoal --help` must not wait for a model or a store. stdout is data, stderr is talk.
"""

import asyncio
import json
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from index.errors import SettingsError, ShoalError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=False,
    rich_markup_mode=None,
    help="Ask how people use an AI assistant, or abuse it. Answers are aggregate findings; no conversation is shown.",
    epilog="Start with: shoal demo. Your own data: shoal ingest FILE, then shoal. Exit codes: 0 answered, "
    "2 settings, 3 index or input, 4 model, 5 budget, 6 privacy check, 130 interrupted.",
)

IndexOption = Annotated[
    str | None,
    typer.Option("--index", "-i", help="Index by name or path. Default: the one in settings.toml, or 'default'."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
BuiltInOption = Annotated[
    bool, typer.Option("--built-in", help="Use the built-in roles even where a model is configured.")
]


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
    _run(_ask(index, question, as_json=as_json, built_in=built_in))


@app.command()
def ingest(
    path: Annotated[Path, typer.Argument(help="A file of conversations: JSON or JSON lines (docs/ingest.md).")],
    index: IndexOption = None,
    as_json: JsonOption = False,
    built_in: BuiltInOption = False,
) -> None:
    """Take a file of conversations into an index and publish a snapshot. Safe to stop and to run again."""
    from index.sources import open_file

    _run(_ingest(index, lambda: open_file(path), as_json=as_json, built_in=built_in))


@app.command()
def publish(index: IndexOption = None, built_in: BuiltInOption = False) -> None:
    """Publish a snapshot of what is stored (ingest does this by itself)."""
    from agent.wiring import App
    from tui.progress import ProgressBar

    async def work() -> None:
        with ProgressBar() as bar:
            published = await App.start(index).publish(bar.update, built_in=built_in)
        typer.echo(_published(published))

    _run(work())


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
        _run(_ingest(DEMO, DemoSource, as_json=False, built_in=True, landmarks={"launch": LAUNCH}, quiet=True))
    if question is None:
        _chat(DEMO, built_in=True)
    elif not question.strip():
        _fail(SettingsError("There is no question.", 'Write: make ask Q="What is new since the launch?"'))
    else:
        _run(_ask(DEMO, question, as_json=as_json, built_in=True))


@app.command()
def audit(index: IndexOption = None, as_json: JsonOption = False) -> None:
    """Verify the ledger's chain and list what was released."""
    from agent.wiring import App

    async def work() -> None:
        ledger = App.start(index).ledger()
        broken = await asyncio.to_thread(ledger.verify)
        releases = ledger.releases()
        if as_json:
            from dataclasses import asdict

            typer.echo(json.dumps({"broken_at": broken, "releases": [asdict(item) for item in releases]}))
        else:
            from tui.plain import ledger_table

            typer.echo(ledger_table(releases, broken))
        if broken is not None:
            raise typer.Exit(6)

    _run(work())


def _chat(index: str | None, *, built_in: bool) -> None:
    from agent.wiring import App
    from tui.app import ShoalApp

    try:
        started = App.start(index)
    except ShoalError as error:
        _fail(error)
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


async def _ingest(
    index: str | None,
    open_source: Any,
    *,
    as_json: bool,
    built_in: bool,
    landmarks: Any = None,
    quiet: bool = False,
) -> None:
    from agent.wiring import App
    from tui.progress import ProgressBar

    started = App.start(index)
    source = open_source()
    with ProgressBar() as bar:
        outcome, published = await started.ingest(source, bar.update, built_in=built_in, landmarks=landmarks)
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "source": source.name,
                    "format": source.format,
                    "taken": outcome.taken,
                    "summarised": outcome.summarised,
                    "without_account": outcome.without_account,
                    "skipped": dict(outcome.skipped),
                    "elapsed_s": round(outcome.elapsed_s, 1),
                    "snapshot": published.snapshot,
                    "clusters": published.clusters,
                    "not_published": published.why,
                }
            )
        )
        return
    lines = [f"{source.name} ({source.format}): {outcome.taken:,} taken in {outcome.elapsed_s:.0f} s"]
    for reason, count in outcome.skipped.most_common():
        lines.append(f"  {count:,} skipped: {reason} (first: {outcome.first_skips[reason]})")
    if outcome.without_account:
        lines.append(f"  {outcome.without_account:,} without an account: each counts as an account of its own")
    lines.append(_published(published))
    typer.echo("\n".join(lines), err=quiet)


def _published(published: Any) -> str:
    if published.snapshot is None:
        return f"No snapshot published: {published.why}."
    return f"Snapshot {published.snapshot}: {published.summaries:,} summaries, {published.clusters} base clusters."


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end; a ShoalError becomes its message, next step and exit code."""
    try:
        asyncio.run(work)
    except ShoalError as error:
        _fail(error)
    except KeyboardInterrupt:
        typer.echo("\nStopped. What was finished is kept; run the same command again to go on.", err=True)
        raise typer.Exit(130) from None


def _fail(error: ShoalError) -> None:
    typer.echo(f"error: {error.message}", err=True)
    if error.hint:
        typer.echo(f"  next: {error.hint}", err=True)
    raise typer.Exit(error.exit_code)


def main() -> None:
    """Entry point of the command `shoal`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    app()
