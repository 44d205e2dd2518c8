"""`shoal case`: collect findings and notes over many sessions, ask them again on a newer snapshot, write them out."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli.options import IndexOption, JsonOption, run
from tui.cli.output import say, say_json
from tui.cli.sessions import DarkOption, FindingsOption, FormatOption, OutputOption, write_document

if TYPE_CHECKING:
    from agent.storage.cases import Asked, CaseStore
    from agent.wiring import App

case = typer.Typer(
    help="Cases: findings, leads and notes of many sessions, asked again on newer data.", no_args_is_help=True
)

CaseArgument = Annotated[str, typer.Argument(help="A case: its id, the beginning of it, or its title.")]


@contextmanager
def _open() -> "Iterator[tuple[App, CaseStore]]":
    from agent.wiring import App

    app = App.start()
    store = app.cases()
    try:
        yield app, store
    finally:
        store.close()


@case.command()
def new(title: Annotated[str, typer.Argument()], index: IndexOption = None, as_json: JsonOption = False) -> None:
    """Begin a case on an index."""

    async def work() -> None:
        from agent.wiring import App
        from index.handle import read_settings

        path = App.start(index).path
        read_settings(path)
        with _open() as (_, store):
            made = store.new(title, path)
        say_json({"id": made, "title": title}) if as_json else say(f"{made}  {title}")

    run(work())


@case.command()
def add(
    name: CaseArgument,
    session: Annotated[str, typer.Argument(help='The session that released them: its id, or "last".')],
    handles: Annotated[list[str] | None, typer.Argument(help="Handles such as F1 F3. Default: all of them.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Put findings of a session into a case; without handles also the leads of its answers."""
    from index.core.errors import SettingsError

    async def work() -> None:
        with _open() as (app, store):
            chosen, sessions = store.find(name), app.store()
            try:
                found = sessions.find(session)
                released, leads = sessions.released(found), sessions.leads(found)
            finally:
                sessions.close()
            known = {item.finding["id"] for item in released}
            if missing := sorted(set(handles or ()) - known):
                raise SettingsError(
                    f"The session has no finding {', '.join(missing)}.",
                    f"It has: {', '.join(sorted(known)) or 'none'}.",
                )
            added = store.add(chosen, [item for item in released if not handles or item.finding["id"] in handles])
            more = 0 if handles else store.add_leads(chosen, found, leads)
        if as_json:
            say_json({"id": chosen.id, "added": added, "leads": more})
        else:
            say(f"{added} findings added." + (f" {more} leads added." if more else ""))

    run(work())


@case.command()
def note(name: CaseArgument, text: Annotated[str, typer.Argument()], as_json: JsonOption = False) -> None:
    """Put a note into a case."""

    async def work() -> None:
        with _open() as (_, store):
            chosen = store.find(name)
            store.note(chosen, text)
            kept = store.find(chosen.id).items[-1].text
        if as_json:
            say_json({"id": chosen.id, "note": kept})
        else:
            say("Noted." if kept == text else f"Noted, without what looked like an identifier: {kept}")

    run(work())


@case.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List the cases, the newest first."""

    async def work() -> None:
        with _open() as (_, store):
            found = store.cases()
        if as_json:
            say_json([{**asdict(item), "items": len(item.items)} for item in found])
            return
        for item in found:
            say(f"{item.id}  {item.made[:10]}  {len(item.items):>3} items  {item.title}")

    run(work())


@case.command()
def show(name: CaseArgument, as_json: JsonOption = False) -> None:
    """Print a case: notes, findings, and what changed since the version before."""
    _written(name, "json" if as_json else "markdown")


@case.command()
def mark(
    name: CaseArgument,
    place: Annotated[int, typer.Argument(help="A finding or a lead of the case, by its number.")],
    state: Annotated[str, typer.Argument(help="new, reviewed, escalated, resolved or benign.")],
    as_json: JsonOption = False,
) -> None:
    """Give a finding or a lead a state. Who said it and when is kept and is in the case's timeline."""

    async def work() -> None:
        with _open() as (app, store):
            chosen = store.find(name)
            store.mark(chosen, place, state, app.settings.analyst)
        say_json({"case": chosen.id, "item": place, "state": state}) if as_json else say(f"{place} is {state}.")

    run(work())


@case.command()
def link(
    name: CaseArgument,
    place: Annotated[int, typer.Argument(help="A finding or a lead of the case, by its number.")],
    target: Annotated[str, typer.Argument(help="Another one's number, or the id of a theme that it shows, as C33.")],
    why: Annotated[str, typer.Option("--why", help="What they have in common.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Link a finding or a lead to another one, or to a theme. The report shows links on both sides."""

    async def work() -> None:
        with _open() as (app, store):
            chosen = store.find(name)
            store.link(chosen, place, target, why, app.settings.analyst)
        say_json({"case": chosen.id, "item": place, "to": target}) if as_json else say(
            f"{place} is linked to {target}."
        )

    run(work())


@case.command()
def export(
    name: CaseArgument,
    form: FormatOption = "markdown",
    output: OutputOption = None,
    findings: FindingsOption = None,
    dark: DarkOption = False,
) -> None:
    """Write a case, or some of its findings, in any form of `shoal sessions export`. Names in it are escaped: they cannot
    become markup."""

    async def work() -> None:
        from agent.storage.case_report import case_document

        with _open() as (_, store):
            made = case_document(store.find(name))
        write_document(made, form, findings or [], output, dark=dark)

    run(work())


def _written(name: str, form: str) -> None:
    export(name, form, None, None, dark=False)


@case.command()
def rerun(name: CaseArgument, as_json: JsonOption = False) -> None:
    """Ask every finding of a case again on the newest snapshot, and show what changed beyond rounding."""
    from agent.services.cases import rerun as ask_again

    async def work() -> None:
        with _open() as (app, store):
            chosen = store.find(name)
            asked = await ask_again(app, store, chosen)
        if as_json:
            say_json([asdict(item) for item in asked])
            return
        for item in asked:
            for line in _lines(item):
                say(line)

    run(work())


def _lines(asked: "Asked") -> Iterator[str]:
    before, after = asked.snapshots
    yield f"{asked.place}. {asked.title} (snapshot {before} → {after})"
    if asked.refusal:
        yield f"   no longer answered: {asked.refusal}"
    elif before == after:
        yield "   not asked: there is no newer snapshot"
    elif not asked.changes:
        yield "   nothing changed beyond rounding"
    for change in asked.changes:
        yield f"   {'! ' if change.material else '  '}{change.in_words()}"


@case.command()
def delete(
    name: CaseArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask again.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete a case with its notes and findings."""

    async def work() -> None:
        with _open() as (_, store):
            chosen = store.find(name)
            if not yes:
                typer.confirm(f"Delete {chosen.id} for good?", abort=True, err=True)
            store.delete(chosen)
        say_json({"deleted": chosen.id}) if as_json else say(f"{chosen.id} is deleted.")

    run(work())
