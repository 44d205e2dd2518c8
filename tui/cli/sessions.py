"""`shoal sessions`: list, find, show, rename, delete, export and resume what was asked before."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli.ask import MarkdownOption, MaxCostOption, TimeoutOption, YesOption, ask_once, started
from tui.cli.options import BuiltInOption, JsonOption, run
from tui.cli.output import say, say_json
from tui.text.untrusted import fit

if TYPE_CHECKING:
    from agent.storage.export import Document
    from agent.storage.session_store import SessionStore

sessions = typer.Typer(help="What was asked before: list, show, rename, delete, export, resume.", no_args_is_help=False)

IdArgument = Annotated[
    str, typer.Argument(help='A session: its id, the beginning of it, "last", or a link to it or to a finding of it.')
]
FormatOption = Annotated[
    str,
    typer.Option(
        "--format",
        "-f",
        help="markdown, html, json, csv, tidy, parquet, notebook, stix, attack, atlas, charts, svg or png.",
    ),
]
FindingsOption = Annotated[
    list[str] | None,
    typer.Option("--finding", "-F", help="Only this finding, for example F3. Can be given several times."),
]
DarkOption = Annotated[bool, typer.Option("--dark", help="Charts and pages on a dark ground.")]
OutputOption = Annotated[Path | None, typer.Option("--output", "-o", help="A file to write. Default: stdout.")]


@contextmanager
def _store() -> "Iterator[SessionStore]":
    from agent.wiring import App

    store = App.start().store()
    try:
        yield store
    finally:
        store.close()


@sessions.callback(invoke_without_command=True)
def start(context: typer.Context) -> None:
    """Without a command: the list."""
    if context.invoked_subcommand is None:
        list_(search="", as_json=False)


@sessions.command("list")
def list_(
    search: Annotated[
        str, typer.Option("--search", help="Only those whose title or questions hold all these words.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """List the sessions, the one used last first."""

    async def work() -> None:
        with _store() as store:
            found = store.sessions(search)
        if as_json:
            say_json([asdict(item) for item in found])
            return
        for item in found:
            say(f"{item.id}  {item.last[:16]}  {item.questions:>3}  {fit(item.state, 8)} {item.title}")
        if not found:
            say("No session." if not search else "No session holds these words.", err=True)

    run(work())


@sessions.command()
def show(session: IdArgument, as_json: JsonOption = False) -> None:
    """Print a session again, question by question. With --json: its events, one a line."""

    async def work() -> None:
        from agent.core.events import load
        from agent.storage.links import Link
        from agent.storage.session_store import INTERRUPTED
        from tui.cli.plain import PlainPrinter

        if finding := Link.finding_in(session):
            _written(session, "json" if as_json else "markdown", [finding], None)
            return
        with _store() as store:
            printer = PlainPrinter()
            for exchange in store.exchanges(store.find(session)):
                if not as_json:
                    say(f"\n> {exchange.typed}")
                for event in exchange.events:
                    if as_json:
                        say_json(event)
                    else:
                        printer.show(load(event))
                if exchange.state == INTERRUPTED and not as_json:
                    say("Interrupted: it ended before its answer. Go on: shoal sessions resume", err=True)

    run(work())


@sessions.command()
def rename(
    session: IdArgument, title: Annotated[str, typer.Argument(help="The new title.")], as_json: JsonOption = False
) -> None:
    """Give a session a title."""

    async def work() -> None:
        with _store() as store:
            found = store.find(session)
            store.rename(found, title)
        say_json({"id": found, "title": title.strip()}) if as_json else say(f"{found} is now {title}")

    run(work())


@sessions.command()
def delete(
    session: IdArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask again.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete a session with its events, findings and checkpoints. The ledger keeps that they were released."""

    async def work() -> None:
        from agent.storage.links import Link

        with _store() as store:
            found = store.find(Link.id_in(session, "session"))
            if not yes:
                typer.confirm(f"Delete {found} for good?", abort=True, err=True)
            store.delete(found)
        say_json({"deleted": found}) if as_json else say(f"{found} is deleted.")

    run(work())


@sessions.command()
def export(
    session: IdArgument,
    form: FormatOption = "markdown",
    output: OutputOption = None,
    findings: FindingsOption = None,
    dark: DarkOption = False,
) -> None:
    """Write a session, or some of its findings. As html: a page with charts, to print; tidy and parquet: one value a row, in
    the columns of the Economic Index; stix: a STIX 2.1 bundle; attack, atlas: Navigator layers. Names in it are escaped:
    they cannot become markup."""

    async def work() -> None:
        from agent.storage.links import Link

        _written(session, form, findings or [part for part in [Link.finding_in(session)] if part], output, dark=dark)

    run(work())


def _written(session: str, form: str, findings: list[str], output: Path | None, *, dark: bool = False) -> None:
    from agent.storage.export import document, findings_document

    with _store() as store:
        found = store.find(session)
        made = findings_document(store, found) if findings else document(store, found)
    write_document(made, form, findings, output, dark=dark)


def write_document(
    made: "Document", form: str, findings: list[str], output: Path | None, *, dark: bool = False
) -> None:
    """A document, or some of its findings, in a form: to a file that only its owner can read, or to stdout. Nothing is left half
    written. Raises SettingsError for a form that is none, and where it cannot be written."""
    from agent.exports.forms import form_of, of_findings
    from index.core.errors import SettingsError

    chosen = form_of(form)
    content = chosen.make(of_findings(made, findings), "dark" if dark else "light")
    if output is None:
        if not chosen.is_text:
            raise SettingsError(f"{form} is no text.", f"Name a file: --output findings{chosen.suffix}")
        say(content.decode(), nl=False)
        return
    partial = output.with_name(f".{output.name}.partial")
    try:
        partial.touch(mode=0o600)
        partial.write_bytes(content)
        partial.replace(output)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise SettingsError(f"Cannot write {output}: {error.strerror}.", "Give another file.") from error
    say(f"{output} is written.", err=True)


@sessions.command()
def resume(
    session: IdArgument = "last",
    as_json: JsonOption = False,
    markdown: MarkdownOption = False,
    max_cost: MaxCostOption = None,
    timeout: TimeoutOption = None,
    yes: YesOption = False,
    built_in: BuiltInOption = False,
) -> None:
    """Go on with a run that was stopped, failed or killed: only what was not finished, or failed, is done. With --yes:
    carry out a plan that waits."""

    async def work() -> None:
        app, found = started(None, session)
        app = app.limited(max_cost, timeout, yes=yes)
        await ask_once(app, None, built_in=built_in, reopen=found, as_json=as_json, markdown=markdown, yes=yes)

    run(work())
