"""Asking without a screen: one question, its events or its answer on stdout, an exit code that says how it ended."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated

import typer

from index.core.errors import SettingsError
from tui.cli.options import app_of
from tui.cli.output import say, say_json

if TYPE_CHECKING:
    from agent.core.events import Event
    from agent.engine.asking import AskingSession
    from agent.wiring import App

MarkdownOption = Annotated[bool, typer.Option("--markdown", help="Print the answer and its findings as Markdown.")]
FullOption = Annotated[bool, typer.Option("--full", help="Print all findings as tables, with all rows.")]
MaxCostOption = Annotated[
    float | None, typer.Option("--max-cost", min=0.0, help="Make no further model call at this cost, in US dollars.")
]
TimeoutOption = Annotated[
    float | None, typer.Option("--timeout", min=0.1, help="End after this many seconds with what there is.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Carry out every plan without showing it first.")]
SessionOption = Annotated[
    str | None, typer.Option("--session", "-s", help='Ask in this session, with its context: its id, or "last".')
]


async def ask_once(
    app: "App",
    question: str | None,
    *,
    built_in: bool = False,
    reopen: str | None = None,
    as_json: bool = False,
    markdown: bool = False,
    full: bool = False,
    yes: bool = False,
) -> None:
    """Ask a question, or go on with the last run of `reopen` when there is none. Leaves by typer.Exit with the run's
    code."""
    if question is not None and not question.strip():
        raise SettingsError("There is no question.", 'Write: shoal ask "What do people use the assistant for most?"')
    if as_json and markdown:
        raise SettingsError("--json and --markdown exclude each other.", "Give one of them.")
    session = await asyncio.to_thread(app.asking_session, built_in=built_in, reopen=reopen)
    try:
        code = await _shown(session, _events(session, question, yes=yes), as_json=as_json, markdown=markdown, full=full)
        while code is None:
            approved = await asyncio.to_thread(typer.confirm, "Carry it out?", err=True)
            code = await _shown(
                session, session.decide(approved=approved), as_json=as_json, markdown=markdown, full=full
            )
        if markdown:
            from agent.storage.export import document, to_markdown

            say(to_markdown(document(session.store, session.id, session.last_run)))
    finally:
        await session.close()
    if code:
        raise typer.Exit(code)


def _events(session: "AskingSession", question: str | None, *, yes: bool) -> "AsyncGenerator[Event, None]":
    if question is not None:
        return session.ask(question)
    if session.waiting == "plan":
        if not yes:
            raise SettingsError("A plan waits for your approval.", "Carry it out with --yes, or ask another question.")
        return session.decide(approved=True)
    if session.waiting:
        raise SettingsError("The session waits for an answer.", 'Give it: shoal ask --session last "..."')
    return session.resume()


async def _shown(
    session: "AskingSession", events: "AsyncGenerator[Event, None]", *, as_json: bool, markdown: bool, full: bool
) -> int | None:
    """Print a run's events. Its exit code; None when a plan waits and somebody is there to be asked."""
    from agent.core.events import dump
    from tui.cli.plain import PlainPrinter

    printer = PlainPrinter(answers=not markdown, full=full)
    code = 0
    async with aclosing(events):
        async for event in events:
            if event.type == "run_ended":
                code = event.exit_code
            if as_json:
                say_json(dump(event))
            else:
                printer.show(event)
    asked = session.waiting == "plan" and not as_json and sys.stdin.isatty()
    return None if asked else code


def started(index: str | None, session: str | None, connect: str | None = None) -> "tuple[App, str | None]":
    """The app on the index or gate asked for, or on that of a session, with the session's id."""
    app = app_of(index, connect)
    if session is None:
        return app, None
    store = app.store()
    try:
        found = store.find(session)
    finally:
        store.close()
    return (app if index is not None or connect is not None else app.of_session(found)), found
