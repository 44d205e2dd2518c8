"""`shoal indexes` and `shoal themes`: what there is to ask, and what is in it."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui.cli.options import IndexOption, JsonOption, run
from tui.cli.output import say, say_json
from tui.cli.sessions import DarkOption, FormatOption, OutputOption, write_document

if TYPE_CHECKING:
    from agent.engine.asking import AskingSession

themes = typer.Typer(help="The themes of an index: list, search, rename, export.", no_args_is_help=False)


def indexes(as_json: JsonOption = False) -> None:
    """List the indexes of this home: how many conversations each has, and when it was published."""

    async def work() -> None:
        from agent.services.indexes import indexes as all_indexes
        from agent.wiring import App
        from tui.rendering.lists import index_table

        found = all_indexes(App.start())
        say_json([asdict(item) for item in found]) if as_json else say(index_table(found))

    run(work())


@themes.callback(invoke_without_command=True)
def start(context: typer.Context, index: IndexOption = None) -> None:
    """Without a command: the list."""
    if context.invoked_subcommand is None:
        list_(search="", index=index, as_json=False)


@themes.command("list")
def list_(
    search: Annotated[str, typer.Option("--search", "-s", help="Only those whose name holds all these words.")] = "",
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """List all themes with their ids, sizes and shares, the largest fields first."""

    async def work() -> None:
        from tui.rendering.lists import theme_table
        from tui.rendering.rows import filtered

        found = await _released(index)
        rows = filtered(found["rows"], search)
        if as_json:
            say_json({**found, "rows": rows})
            return
        say(theme_table({**found, "rows": rows}))
        if not rows:
            say("No theme's name holds these words.", err=True)

    run(work())


@themes.command()
def rename(
    theme: Annotated[str, typer.Argument(help="A theme's id, as the list has it: C12.")],
    name: Annotated[str, typer.Argument(help="Its new name, in general words.")] = "",
    reset: Annotated[
        bool, typer.Option("--reset", help="Take the name back: the theme has its own name again.")
    ] = False,
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a theme a name of your own. It is checked like any name, kept with the index, and shown as yours."""

    async def work() -> None:
        from index.core.errors import SettingsError

        if bool(name.strip()) == reset:
            raise SettingsError("Give a name, or --reset.", 'Write: shoal themes rename C12 "Reviews for hire"')
        session = _session(index)
        try:
            kept = session.rename_theme(theme, "" if reset else name)
        finally:
            await session.close()
        if as_json:
            say_json({"theme": theme, "name": kept or None})
        else:
            say(f"{theme} is now “{kept}”." if kept else f"{theme} has its own name again.")

    run(work())


@themes.command()
def label(
    text: Annotated[str, typer.Argument(help='A name as an analyst would write it: "Refund of an order".')],
    phrasings: Annotated[
        list[str] | None, typer.Option("--phrasing", "-p", help="What people type who mean it. Give several.")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the label away.")] = False,
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a label of the index's own to the public vocabulary. It is checked like a name that you give a theme; the next
    publishing names themes by it where it fits best."""

    async def work() -> None:
        from agent.wiring import App

        toolbox = App.start(index).toolbox(built_in=True)
        try:
            toolbox.remove_label(text) if remove else toolbox.add_label(text, phrasings or [])
        finally:
            toolbox.close()
        if as_json:
            say_json({"label": text, "removed": remove})
        else:
            say(f"“{text}” is {'removed' if remove else 'kept'}. Name themes anew: shoal publish --anew")

    run(work())


@themes.command()
def labels(index: IndexOption = None, as_json: JsonOption = False) -> None:
    """List the labels that the index has beside the public vocabulary."""

    async def work() -> None:
        from agent.wiring import App
        from index.handle import read_settings

        found = read_settings(App.start(index).path).labels
        if as_json:
            say_json([asdict(item) for item in found])
            return
        for item in found:
            say(f"{item.text}" + (f"  ({', '.join(item.phrasings)})" if item.phrasings else ""))
        if not found:
            say("The index has no labels of its own.", err=True)

    run(work())


@themes.command()
def export(
    index: IndexOption = None, form: FormatOption = "tidy", output: OutputOption = None, dark: DarkOption = False
) -> None:
    """Write the whole taxonomy, as the gate releases it, in any form of `shoal sessions export`."""

    async def work() -> None:
        from agent.storage.export import themes_document

        write_document(themes_document(await _released(index)), form, [], output, dark=dark)

    run(work())


async def _released(index: str | None) -> dict[str, Any]:
    session = _session(index)
    try:
        return await session.themes()
    finally:
        await session.close()


def _session(index: str | None) -> "AskingSession":
    from agent.wiring import App

    return App.start(index).session(built_in=True)
