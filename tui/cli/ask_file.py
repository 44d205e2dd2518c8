"""`shoal ask --file`: a set of questions from a file, with stable JSON and an exit code; and one finding of an answer."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tui.cli.output import say, say_json

if TYPE_CHECKING:
    from agent.wiring import App


async def ask_file(app: "App", file: Path, *, built_in: bool, dry_run: bool, as_json: bool) -> None:
    """Ask every question of a file. The exit code is the worst of its runs, 0 where each was answered."""
    from agent.services.question_file import ask_all, read_questions
    from tui.cli.progress import ProgressBar

    questions = read_questions(file)
    if dry_run:
        uses_model = app.uses_model(built_in=built_in)
        most = len(questions) * app.settings.max_run_cost if uses_model else 0.0
        if as_json:
            say_json({"questions": [one.id for one in questions], "at_most_dollars": most})
        else:
            say("\n".join(f"{one.id}: {one.ask}" for one in questions))
            roles = (
                f"a model, at most {most:.2f} US dollars (max_run_cost each)" if uses_model else "built-in roles, free"
            )
            say(f"{len(questions)} questions by {roles}. Nothing was asked.")
        return
    worst = 0
    with ProgressBar() as bar:
        from index.ingest.pipeline import Progress

        done = 0
        async for answered in ask_all(app, questions, built_in=built_in):
            done += 1
            bar.update(Progress("asking", done, len(questions), answered.id))
            worst = max(worst, answered.exit_code)
            if as_json:
                say_json(asdict(answered))
            else:
                said = answered.answer.split("\n\n")[0] if answered.answer else f"({answered.state})"
                say(f"{answered.id}: {said}")
    if worst:
        raise typer.Exit(worst)


_LOOK_S = 2.0
"""Seconds between two looks whether an index can be asked."""


async def until_askable(app: "App") -> None:
    """Wait until the index has a snapshot that can be opened; Ctrl-C ends it. Says once what it waits for. Raises IndexFault where
    there is no index, not even one that is being built."""
    import asyncio

    from agent.services.oversight import newest_snapshot
    from index.handle import FORGETTING, read_settings

    if app.gate is None:
        read_settings(app.path)
    said = False
    while app.gate is None:
        if not (app.path / FORGETTING).exists() and newest_snapshot(app):
            return
        if not said:
            say(f"Waiting until {app.path.name} can be asked.", err=True)
            said = True
        await asyncio.sleep(_LOOK_S)


async def ask_for_finding(
    app: "App", question: str, finding: str, form: str, output: Path | None, *, built_in: bool, dark: bool
) -> None:
    """Ask a question and write one finding of it in a form of `shoal sessions export`. Leaves by the run's exit code where it
    was not answered."""
    from contextlib import aclosing

    from agent.exports.forms import form_of
    from agent.storage.export import document
    from tui.cli.sessions import write_document

    form_of(form)
    session = app.asking_session(built_in=built_in)
    code = 0
    try:
        async with aclosing(session.ask(question)) as events:
            async for event in events:
                if event.type == "run_ended":
                    code = event.exit_code
        if not code:
            write_document(document(session.store, session.id), form, [finding], output, dark=dark)
    finally:
        await session.close()
    if code:
        raise typer.Exit(code)
